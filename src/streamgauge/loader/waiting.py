"""How far loading has come, and who waits for it: one thread publishes, coroutines of any event loop wait."""

import asyncio
import contextlib
import threading


class LoadedPosition:
    """The position below which all is loaded."""

    def __init__(self, loaded: int) -> None:
        self._loaded = loaded
        self._guard = threading.Lock()
        self._waiters: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    @property
    def loaded(self) -> int:
        return self._loaded

    @property
    def awaited(self) -> bool:
        """True when somebody waits."""
        return bool(self._waiters)

    async def wait(self, position: int, timeout_s: float) -> bool:
        """True once `loaded` has reached the position; False when the time ran out first."""
        if self._loaded >= position:
            return True
        loop = asyncio.get_running_loop()
        reached: asyncio.Future[None] = loop.create_future()
        waiter = (position, loop, reached)
        with self._guard:
            if self._loaded >= position:
                return True
            self._waiters.append(waiter)
        try:
            await asyncio.wait_for(reached, timeout_s)
        except TimeoutError:
            return self._loaded >= position
        finally:
            with self._guard, contextlib.suppress(ValueError):
                self._waiters.remove(waiter)
        return True

    def publish(self, loaded: int) -> None:
        """Called by the loading thread only."""
        with self._guard:
            self._loaded = loaded
            due = [waiter for waiter in self._waiters if waiter[0] <= loaded]
            self._waiters = [waiter for waiter in self._waiters if waiter[0] > loaded]
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for _, loop, reached in due:
            by_loop.setdefault(loop, []).append(reached)
        for loop, futures in by_loop.items():
            # A loop that was closed meanwhile has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, futures)


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
