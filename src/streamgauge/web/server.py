"""The listener: opens the port, sweeps deadlines, and stops without losing a request.

Stopping: the port is closed first; idle connections are closed; requests in flight are answered, each as the last on its
connection; a request that is still being received gets half of `drain_timeout_s` and is then refused (shutting_down); what
is left at `drain_timeout_s` is cut off. `serve` returns when all of that is done, so its caller may then close what the
application stands on. The server installs no signal handlers.
"""

import asyncio
from collections.abc import Callable
from email.utils import formatdate

from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.protocol import HttpProtocol
from streamgauge.web.reply import App, Lane, Respond, Scope
from streamgauge.web.shared import RenderRefusal, Shared

_BACKLOG = 2048
_SWEEP_S = 0.5
_DRAIN_POLL_S = 0.02
# How long cancelled requests may take to let go, on top of drain_timeout_s.
_CANCEL_S = 1.0


def _ignore(_status: int) -> None:
    """Nobody counts answers."""


class _NoLane:
    """Every request goes to the application."""

    def prepare(self, scope: Scope) -> None:
        return None

    def answer(self, prepared: None, client: tuple[str, int] | None, body: bytes, respond: Respond) -> None:
        raise NotImplementedError


class Server:
    """Serves one ASGI application on one address.

    app: called with scopes of type "http" only (no lifespan).
    render_refusal: scope and Refusal -> status, headers, body; for refusals that no application was there to render.
    port: 0 picks a free one; `on_ready` tells which. on_answer: called with the status of every answer; must be quick.
    lane: is asked first about every request that arrives whole; it answers itself or leaves the request to app.
    """

    def __init__(
        self,
        app: App,
        render_refusal: RenderRefusal,
        *,
        host: str,
        port: int,
        limits: ServerLimits | None = None,
        on_answer: Callable[[int], None] = _ignore,
        lane: Lane | None = None,
    ) -> None:
        self._limits = limits or ServerLimits()
        self._shared = Shared(app, lane or _NoLane(), render_refusal, on_answer, self._limits)
        self._host = host
        self._port = port
        self._stop = asyncio.Event()

    @property
    def open_connections(self) -> int:
        return len(self._shared.connections)

    async def serve(self, on_ready: Callable[[int], None]) -> None:
        """Serve until `request_stop`, then drain. on_ready is called once with the port. Raises OSError when it cannot listen."""
        loop = asyncio.get_running_loop()
        self._shared.date_line = _date_line()
        listener = await loop.create_server(
            lambda: HttpProtocol(self._shared, loop), self._host, self._port, backlog=_BACKLOG, reuse_address=True
        )
        try:
            on_ready(listener.sockets[0].getsockname()[1])
            await self._sweep_until_stopped(loop)
        finally:
            listener.close()
        await self._drain(loop)

    def request_stop(self) -> None:
        """Begin to stop. To be called in the server's loop; more than once does nothing more."""
        self._shared.is_draining = True
        self._stop.set()

    async def _sweep_until_stopped(self, loop: asyncio.AbstractEventLoop) -> None:
        limits = self._limits
        shortest_s = min(limits.header_timeout_s, limits.body_timeout_s, limits.send_timeout_s, limits.keep_alive_s)
        while not self._stop.is_set():
            try:
                await asyncio.wait_for(self._stop.wait(), min(_SWEEP_S, shortest_s / 4))
            except TimeoutError:
                self._shared.date_line = _date_line()
                self._sweep(loop.time())

    def _sweep(self, now: float) -> None:
        for connection in list(self._shared.connections):
            connection.sweep(now)

    async def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        shared = self._shared
        deadline = loop.time() + self._limits.drain_timeout_s
        for connection in list(shared.connections):
            connection.stop(self._limits.drain_timeout_s / 2)
        while (shared.connections or shared.tasks) and loop.time() < deadline:
            await asyncio.sleep(_DRAIN_POLL_S)
            self._sweep(loop.time())
        for connection in list(shared.connections):
            connection.transport.abort()
        for task in list(shared.tasks):
            task.cancel()
        if shared.tasks:
            await asyncio.wait(shared.tasks, timeout=_CANCEL_S)
        # One more turn, so that aborted connections are told before the loop ends.
        await asyncio.sleep(0)


def _date_line() -> bytes:
    return f"date: {formatdate(usegmt=True)}\r\n".encode()
