"""Whose turn it is: how many statements run at once, how many wait, and who gives way to whom.

Promises
- At most `threads` statements run at once and at most `waiting` wait for a turn; one more is refused by name
  (TOO_MANY_QUERIES) at once, and so is one that has waited longer than a statement may run.
- Of questions of many statements, all together, at most `lanes` run at once, on one thread of the engine each: pages of analytics
  leave turns to single questions, and processors to what takes events in. While more than `give_way_bytes` wait to be loaded it
  is one at a time, with a pause after each as long as it took.

Limits
- A caller who goes away does not stop a running statement; its thread is taken until the statement ends or hits its time limit.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.store import StatementLimits

T = TypeVar("T")

_RETRY_AFTER_S = 1
_LONGEST_PAUSE_S = 2.0


class QuerySettings(msgspec.Struct, frozen=True):
    """threads: statements at once; lanes: of questions that have many; waiting: statements that may wait; read_wait_s: longest
    wait for the loader; buckets: most per query; give_way_bytes: of the journal that wait to be loaded, see above."""

    limits: StatementLimits = StatementLimits()
    threads: int = 4
    lanes: int = 2
    waiting: int = 64
    read_wait_s: float = 5.0
    buckets: int = 200_000
    give_way_bytes: int = 16 * 2**20


class Turns:
    """The threads on which statements run. Use it from one event loop. behind: bytes of the journal that wait to be loaded."""

    def __init__(self, settings: QuerySettings, behind: Callable[[], int]) -> None:
        self._settings = settings
        self._behind = behind
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="query")
        self._turns = asyncio.Semaphore(settings.threads)
        self._lanes = asyncio.Semaphore(settings.lanes)
        self._narrow = asyncio.Semaphore(1)
        self._waiting = 0

    async def take(self, work: Callable[[], T]) -> T:
        """Run the work on a thread of its own, when it is its turn. Raises Refusal TOO_MANY_QUERIES, and what the work raises."""
        await self._acquire(self._turns)
        loop = asyncio.get_running_loop()
        try:
            running = self._threads.submit(work)
        except BaseException:
            self._turns.release()
            raise
        # The turn ends with the thread's work, not with the caller's patience.
        running.add_done_callback(lambda _: loop.call_soon_threadsafe(self._turns.release))
        return await asyncio.wrap_future(running)

    async def take_lane(self, work: Callable[[], T]) -> T:
        """As `take`, for one of many. Two that have a core each take less of both than one on two cores after the other."""
        await self._acquire(self._lanes)
        try:
            if self._behind() < self._settings.give_way_bytes:
                return await self.take(work)
            return await self._giving_way(work)
        finally:
            self._lanes.release()

    def close(self) -> None:
        """Refuse what waits, and wait for what runs."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _giving_way(self, work: Callable[[], T]) -> T:
        """Events come faster than they are loaded: questions of many statements take half of one processor at most."""
        await self._acquire(self._narrow)
        try:
            started = time.monotonic()
            found = await self.take(work)
            await asyncio.sleep(min(time.monotonic() - started, _LONGEST_PAUSE_S))
            return found
        finally:
            self._narrow.release()

    async def _acquire(self, turns: asyncio.Semaphore) -> None:
        if turns.locked() and self._waiting >= self._settings.waiting:
            raise _too_many()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._settings.limits.timeout_s):
                await turns.acquire()
        except TimeoutError as error:
            raise _too_many() from error
        finally:
            self._waiting -= 1


def _too_many() -> Refusal:
    return Refusal(Reason.TOO_MANY_QUERIES, "Too many queries are waiting; try again shortly", retry_after_s=_RETRY_AFTER_S)
