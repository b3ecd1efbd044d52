"""The listener: opens the port, sweeps deadlines, and stops without losing a request.

Stopping: the port is closed first; idle connections are closed; requests in flight are answered, each as the last on its
connection; a request that is still being received gets half of `drain_timeout_s` and is then refused (shutting_down); what
is left at `drain_timeout_s` is cut off. `serve` returns when all of that is done, so its caller may then close what the
application stands on. The server installs no signal handlers.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import partial
from typing import Protocol

from streamgauge.web.handing import Adopted
from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.protocol import HttpProtocol
from streamgauge.web.reply import App, Lane, Respond, Scope
from streamgauge.web.shared import RenderRefusal, Shared

BACKLOG = 2048
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


class Listening(Protocol):
    """Where connections come from. port: 0 when that is not a port."""

    @property
    def port(self) -> int: ...

    def close(self) -> None: ...


MakeConnection = Callable[[Shared, asyncio.AbstractEventLoop, bytes], HttpProtocol]


class Server:
    """Serves one ASGI application on one address.

    app: called with scopes of type "http" only (no lifespan).
    render_refusal: scope and Refusal -> status, headers, body; for refusals that no application was there to render.
    port: 0 picks a free one; `on_ready` tells which. on_answer: called with the status of every answer; must be quick.
    lane: is asked first about every request that arrives whole; it answers itself or leaves the request to app.
    listen: begins to take connections, in the place of an own port at host. connection: makes the protocol of each.
    """

    def __init__(
        self,
        app: App,
        render_refusal: RenderRefusal,
        *,
        host: str = "",
        port: int = 0,
        limits: ServerLimits | None = None,
        on_answer: Callable[[int], None] = _ignore,
        lane: Lane | None = None,
        listen: "Listen | None" = None,
        connection: MakeConnection = Adopted,
    ) -> None:
        self._limits = limits or ServerLimits()
        self._shared = Shared(app, lane or _NoLane(), render_refusal, on_answer, self._limits)
        self._listen = listen or partial(_listen, host=host, port=port)
        self._connection = connection
        self._stop = asyncio.Event()

    @property
    def open_connections(self) -> int:
        return len(self._shared.connections)

    async def serve(self, on_ready: Callable[[int], None]) -> None:
        """Serve until `request_stop`, then drain. on_ready is called once with the port. Raises OSError when it cannot listen."""
        loop = asyncio.get_running_loop()
        self._shared.date_line = _date_line()
        listener = await self._listen(self)
        try:
            on_ready(listener.port)
            await self._sweep_until_stopped(loop)
        finally:
            listener.close()
        await self._drain(loop)

    def new_connection(self, read: bytes = b"") -> HttpProtocol:
        """The protocol of one more connection. read: what was read of it before."""
        return self._connection(self._shared, asyncio.get_running_loop(), read)

    def adopt(self, connection: socket.socket, read: bytes) -> None:
        """Serve an open connection that was accepted elsewhere. read: what was read of it there."""
        if self._shared.is_draining:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._adopt(connection, read))
        self._shared.tasks.add(task)
        task.add_done_callback(self._shared.tasks.discard)

    async def _adopt(self, connection: socket.socket, read: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: self.new_connection(read), connection)
        except OSError:  # the client is gone already
            connection.close()

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


Listen = Callable[[Server], Awaitable[Listening]]


class _OwnPort:
    """A port that this process alone listens on."""

    def __init__(self, listener: asyncio.Server) -> None:
        self._listener = listener
        self.port: int = listener.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._listener.close()


async def _listen(server: Server, host: str, port: int) -> _OwnPort:
    loop = asyncio.get_running_loop()
    return _OwnPort(await loop.create_server(server.new_connection, host, port, backlog=BACKLOG, reuse_address=True))


def _date_line() -> bytes:
    return f"date: {formatdate(usegmt=True)}\r\n".encode()
