"""Workers, made of the parts: for `serve --workers N` with N of 2 or more."""

import contextlib
import sys
from collections.abc import Awaitable, Callable

from streamgauge.assembly.parts import Parts
from streamgauge.intake import Intake
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.settings import Settings
from streamgauge.limits import RateLimits
from streamgauge.web.counts import Counts
from streamgauge.web.server import Listening, Server
from streamgauge.workers import Board, ClaimDesk, Dealing, Pool, WorkerFailed, bound


def board_of(settings: Settings, parts: Parts) -> Board | None:
    """Memory shared with the workers; None when there are none. Raises WorkerFailed where there can be none."""
    if settings.workers < 2:
        return None
    if not sys.platform.startswith("linux"):
        raise WorkerFailed("several workers need Linux; leave `workers` at 1 here")
    board = Board(settings.workers)

    def tell(generation: int) -> None:
        board.generation = generation

    parts.control.watch(tell)
    return board


def counts_of(board: Board | None, settings: Settings) -> list[Counts]:
    """What the workers count."""
    return [] if board is None else [board.counts_of(worker) for worker in range(settings.workers)]


def listening(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    parts: Parts,
    windows: RateLimits,
    intake: Intake,
    board: Board | None,
) -> Callable[[Server], Awaitable[Listening]] | None:
    """How the server listens with workers, which end with the stack; None when it has none and listens itself. windows, intake:
    those of the owner, in which everything is counted."""
    if board is None:
        return None

    async def listen(server: Server) -> Listening:
        listeners = await bound(settings.host, settings.port)
        desk = ClaimDesk(settings.plans, windows, intake, SystemClock(), parts.control.used)
        pool = Pool(settings, desk, board, server.adopt)
        stack.push_async_callback(pool.stopped)
        await pool.start()
        return Dealing(pool, listeners)

    return listen
