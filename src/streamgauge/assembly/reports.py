"""What `verify` says, of a running server and of a folder that no server runs on."""

import asyncio

import msgspec
import uvloop

from streamgauge.assembly.parts import absolute, opened_parts
from streamgauge.kernel.settings import Settings
from streamgauge.loader import Loader, VerifyReport


class ReportLine(msgspec.Struct, frozen=True):
    """One thing that `verify` checked."""

    check: str
    result: str
    ok: bool


class Report(msgspec.Struct, frozen=True):
    """What `verify` found. ok: every line is."""

    ok: bool
    lines: tuple[ReportLine, ...]


def verify_folder(settings: Settings) -> Report:
    """Check a folder that no server runs on."""

    async def check() -> Report:
        async with opened_parts(absolute(settings)) as parts:
            await parts.loader.wait_until_loaded(parts.journal.end, timeout_s=600)
            return await asyncio.to_thread(report, parts.loader)

    return uvloop.run(check())


def report(loader: Loader) -> Report:
    return _lines_of(loader.verify())


def _lines_of(report: VerifyReport) -> Report:
    totals = [
        ReportLine(
            f"project {project_id or '(unreadable)'}",
            f"received {tally.received} = stored {tally.stored} + duplicate {tally.duplicate} + refused {tally.refused}",
            tally.received == tally.stored + tally.duplicate + tally.refused,
        )
        for project_id, tally in sorted(report.accounts.by_project.items())
    ]
    journal = ReportLine(
        "journal", f"from {report.journal_start} to {report.journal_end}, loaded to {report.checkpoint}", ok=True
    )
    faults = [ReportLine("agreement", fault, ok=False) for fault in report.faults]
    agreement = faults or [ReportLine("agreement", "journal, index and store agree", ok=True)]
    return Report(report.agrees, (*totals, journal, *agreement))
