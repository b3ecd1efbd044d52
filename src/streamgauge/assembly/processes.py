"""Workers, made of the parts: for `serve --workers N` with N of 2 or more."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from streamgauge.assembly.parts import Parts
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.settings import Settings
from streamgauge.limits import EventQuota, RateLimits
from streamgauge.web.counts import Counts
from streamgauge.web.server import Listening, Server
from streamgauge.workers import Board, ClaimDesk, Dealing, Pool, bound


class Allowances(NamedTuple):
    """What requests and events are counted in, by the one process that owns everything."""

    windows: RateLimits
    quota: EventQuota


def board_of(settings: Settings, parts: Parts) -> Board | None:
    """Memory shared with the workers; None when there are none."""
    if settings.workers < 2:
        return None
    board = Board(settings.workers)

    def tell(generation: int) -> None:
        board.generation = generation

    parts.control.watch(tell)
    return board


def counts_of(board: Board | None, settings: Settings) -> list[Counts]:
    """What the workers count."""
    return [] if board is None else [board.counts_of(worker) for worker in range(settings.workers)]


def listening(
    stack: contextlib.AsyncExitStack, settings: Settings, parts: Parts, allowances: Allowances, board: Board | None
) -> Callable[[Server], Awaitable[Listening]] | None:
    """How the server listens with workers, which end with the stack; None when it has none and listens itself."""
    if board is None:
        return None

    async def listen(server: Server) -> Listening:
        listeners = await bound(settings.host, settings.port)
        desk = ClaimDesk(settings.plans, allowances.windows, allowances.quota, parts.journal, SystemClock())
        pool = Pool(settings, desk, board, server.adopt)
        stack.push_async_callback(pool.stopped)
        await pool.start()
        return Dealing(pool, listeners)

    return listen
