"""Import and export on a folder that no server runs on, and the desks with which a running server serves them."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import uvloop

from streamgauge.assembly.parts import Parts, absolute, opened_parts
from streamgauge.intake import Intake
from streamgauge.intake.enrichment import Enricher, open_enricher
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.settings import Settings
from streamgauge.limits import EventQuota
from streamgauge.transfer import AppendDesk, LocalTaker

T = TypeVar("T")

_WAIT_S = 5.0


class FolderEnds(NamedTuple):
    """What a transfer needs of a folder that is opened for it. stored, duplicates: of this opening, so far."""

    taker: LocalTaker
    stored: Callable[[], int]
    duplicates: Callable[[], int]


def work_on_folder(settings: Settings, work: Callable[[FolderEnds], T]) -> T:
    """Opens the folder, works on a thread, and waits until all that was taken is loaded. Raises what either raises."""

    async def run() -> T:
        given = absolute(settings)
        async with opened_parts(given) as parts:
            enricher = open_enricher(given.geo_database, given.proxy_networks, given.data_dir, SystemClock())
            taker = LocalTaker(append_desk(parts, enricher), asyncio.get_running_loop())
            working = asyncio.create_task(
                asyncio.to_thread(work, FolderEnds(taker, lambda: parts.loader.stored, lambda: parts.loader.duplicates))
            )
            try:
                result = await asyncio.shield(working)
            except asyncio.CancelledError:
                taker.stop()
                await asyncio.wait([working])
                raise
            while not parts.loader.failed and not await parts.loader.wait_until_loaded(parts.journal.end, timeout_s=_WAIT_S):
                pass
            return result

    return uvloop.run(run())


def append_desk(parts: Parts, enricher: Enricher) -> AppendDesk:
    """Where imported records are appended."""
    return AppendDesk(parts.journal, Intake(parts.journal, parts.control, EventQuota(), enricher).enriched)
