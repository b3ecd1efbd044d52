"""GET /console/v1/system: how the server is: what waits, how far loading is behind, how much room is left."""

import asyncio
import resource
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from streamgauge import __version__
from streamgauge.kernel.access import Scope
from streamgauge.web.console.parameters import read_known
from streamgauge.web.console.routes import ConsoleRoute
from streamgauge.web.door_routes import Question
from streamgauge.web.reply import Reply
from streamgauge.wire.timestamps import format_instant


class Room(NamedTuple):
    """Bytes on the disk. store: None for a store elsewhere."""

    free: int
    total: int
    store: int | None
    journal: int


class Work(NamedTuple):
    """What waits and what was done. backlog: accepted and not yet released. The events are those since the start."""

    backlog_bytes: int
    backlog_limit_bytes: int
    lag_bytes: int
    lag_ms: int
    loaded: int
    duplicates: int
    set_aside: int


class StateDesk(NamedTuple):
    """What the route needs. room: looks at the disk, and may take a while. faults: of what is not ready, by name."""

    started_at_ms: int
    work: Callable[[], Work]
    room: Callable[[], Room]
    faults: Callable[[], Mapping[str, str]]


async def answer_system(desk: StateDesk, question: Question) -> Reply:
    read_known(question.parameters)
    work, room, faults = desk.work(), await asyncio.to_thread(desk.room), desk.faults()
    told = {
        "version": __version__,
        "started_at": format_instant(desk.started_at_ms),
        "uptime_s": (question.now_ms - desk.started_at_ms) // 1_000,
        "ready": not faults,
        "faults": [{"part": part, "fault": fault} for part, fault in faults.items()],
        "backlog_bytes": work.backlog_bytes,
        "backlog_limit_bytes": work.backlog_limit_bytes,
        "lag_bytes": work.lag_bytes,
        "lag_s": work.lag_ms / 1_000,
        "events_loaded": work.loaded,
        "events_duplicate": work.duplicates,
        "events_set_aside": work.set_aside,
        "disk_free_bytes": room.free,
        "disk_total_bytes": room.total,
        "store_bytes": room.store,
        "journal_bytes": room.journal,
        "memory_bytes": _memory_bytes(),
    }
    return Reply(200, msgspec.json.encode(told))


def _memory_bytes() -> int:
    """Of this process, in use now; where the system does not tell it, the most it ever was."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


STATE_ROUTES = (ConsoleRoute("GET", "/system", answer_system, Scope.ADMIN),)
