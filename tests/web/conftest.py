"""A real server on a real port, in a thread with a loop of its own, and a raw socket to speak to it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import pytest
import uvloop

from streamgauge.kernel.refusal import Refusal
from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.reply import App, HeaderList, Lane, Scope
from streamgauge.web.server import Server

Serve = Callable[..., "RunningServer"]


def render_plainly(scope: Scope, refusal: Refusal) -> tuple[int, HeaderList, bytes]:
    """Path and reason as text, so that tests see both."""
    return refusal.kind.value, [(b"content-type", b"text/plain")], b"%b %b" % (scope["raw_path"], refusal.reason.value.encode())


class RunningServer:
    """Starts when entered; `stop` ends it and returns once `serve` has returned."""

    def __init__(self, app: App, limits: ServerLimits | None = None, *, port: int = 0, lane: Lane | None = None) -> None:
        self._app = app
        self._lane = lane
        self._limits = limits
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()))
        self.port = port
        self.answered: list[int] = []

    def run_here(self) -> None:
        """Serve in this thread; for a server that is expected not to start."""
        uvloop.run(self._run())

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = Server(
            self._app,
            render_plainly,
            host="127.0.0.1",
            port=self.port,
            limits=self._limits,
            on_answer=self.answered.append,
            lane=self._lane,
        )
        await self.server.serve(self._on_ready)

    def _on_ready(self, port: int) -> None:
        self.port = port
        self._ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def request_stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.server.request_stop)

    def stop(self) -> None:
        self.request_stop()
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def is_stopped(self) -> bool:
        return not self._thread.is_alive()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """serve(app, **limits) -> RunningServer; whatever still runs is stopped at the end of the test."""
    running: list[RunningServer] = []

    def start(app: App, **limits: float) -> RunningServer:
        server = RunningServer(app, ServerLimits(**limits))  # type: ignore[arg-type]  # numbers by name
        running.append(server)
        return server.__enter__()

    yield start
    for server in running:
        server.stop()
