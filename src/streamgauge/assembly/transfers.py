"""Import and export on a folder that no server runs on, and the desks with which a running server serves them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import pyarrow as pa
import uvloop

from streamgauge.assembly.parts import Parts, absolute, opened_parts
from streamgauge.intake import Intake
from streamgauge.intake.enrichment import Enricher, open_enricher
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.export import ExportPage, UsagePage
from streamgauge.kernel.query import MetricAnswer, MetricQuery
from streamgauge.kernel.settings import Settings
from streamgauge.limits import EventQuota
from streamgauge.query import ExportDesk, IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.store import StatementLimits
from streamgauge.transfer import AppendDesk, LocalTaker, UsageDesk

T = TypeVar("T")

_WAIT_S = 5.0


class FolderEnds(NamedTuple):
    """What a transfer needs of a folder that is opened for it. stored, duplicates: of this opening, so far."""

    taker: LocalTaker
    source: "LocalSource"
    stored: Callable[[], int]
    duplicates: Callable[[], int]


def work_on_folder(settings: Settings, work: Callable[[FolderEnds], T]) -> T:
    """Opens the folder, works on a thread, and waits until all that was taken is loaded. Raises what either raises."""

    async def run() -> T:
        given = absolute(settings)
        async with opened_parts(given) as parts:
            enricher = open_enricher(given.geo_database, given.proxy_networks, given.data_dir, SystemClock())
            loop = asyncio.get_running_loop()
            taker = LocalTaker(append_desk(parts, enricher), loop)
            limits = StatementLimits(given.query_timeout_s, given.query_memory_bytes, given.query_rows)
            settled = QuerySettings(limits=limits, read_wait_s=given.query_timeout_s)
            runner = QueryRunner(parts.store, parts.loader, lambda: parts.journal.end, settled, IgnoredTimes())
            source = LocalSource(export_desk(given, parts), usage_desk(parts, runner), loop)
            ends = FolderEnds(taker, source, lambda: parts.loader.stored, lambda: parts.loader.duplicates)
            working = asyncio.create_task(asyncio.to_thread(work, ends))
            try:
                result = await asyncio.shield(working)
            except asyncio.CancelledError:
                taker.stop()
                await asyncio.wait([working])
                raise
            finally:
                runner.close()
            while not parts.loader.failed and not await parts.loader.wait_until_loaded(parts.journal.end, timeout_s=_WAIT_S):
                pass
            return result

    return uvloop.run(run())


class LocalSource:
    """A Source and a UsageSource (transfer) in this process, for a thread beside the event loop."""

    def __init__(self, desk: ExportDesk, usage: UsageDesk, loop: asyncio.AbstractEventLoop) -> None:
        self._desk = desk
        self._usage = usage
        self._loop = loop

    def position(self) -> int:
        """See Source."""
        return asyncio.run_coroutine_threadsafe(self._desk.position(), self._loop).result()

    def page(self, page: ExportPage) -> pa.Table:
        """See Source."""
        return asyncio.run_coroutine_threadsafe(self._desk.page(page), self._loop).result()

    def usage(self, page: UsagePage) -> pa.Table:
        """See UsageSource."""
        return asyncio.run_coroutine_threadsafe(self._usage.page(page), self._loop).result()


def usage_desk(parts: Parts, runner: QueryRunner) -> UsageDesk:
    """Where usage comes from."""

    async def ask(queries: Sequence[MetricQuery]) -> Sequence[MetricAnswer]:
        return (await runner.metrics(queries)).answer

    control = parts.control
    return UsageDesk(control.catalogue, control.customers, control.closed_periods, ask)


def export_desk(settings: Settings, parts: Parts) -> ExportDesk:
    """Where pages of exports come from."""
    limits = StatementLimits(settings.query_timeout_s, settings.query_memory_bytes)
    return ExportDesk(parts.store, parts.loader, lambda: parts.journal.end, limits)


def append_desk(parts: Parts, enricher: Enricher) -> AppendDesk:
    """Where imported records are appended."""
    return AppendDesk(parts.journal, Intake(parts.journal, parts.control, EventQuota(), enricher).enriched)
