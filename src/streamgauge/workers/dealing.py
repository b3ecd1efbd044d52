"""The port of a server with workers: connections are accepted here and dealt out by the pool."""

import asyncio
import socket

from streamgauge.web.logging import log
from streamgauge.web.server import BACKLOG
from streamgauge.workers.pool import Pool

_PAUSE_S = 0.5


class Dealing:
    """Closed first when the server stops. The workers are told to end then, and answer what is under way."""

    def __init__(self, pool: Pool, listeners: list[socket.socket]) -> None:
        self._pool = pool
        self._listeners = listeners
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.port: int = listeners[0].getsockname()[1]
        for listener in listeners:
            self._accept_from(listener)

    def _accept_from(self, listener: socket.socket) -> None:
        if not self._closed:
            self._loop.add_reader(listener.fileno(), self._accept_all, listener)

    def _accept_all(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except BlockingIOError:
                return
            except OSError as exc:  # such as too many open files; asked again at once it would say the same
                log.warning("connection_not_accepted", why=str(exc))
                self._loop.remove_reader(listener.fileno())
                self._loop.call_later(_PAUSE_S, self._accept_from, listener)
                return
            connection.setblocking(False)
            self._pool.deal(connection)

    def close(self) -> None:
        self._closed = True
        for listener in self._listeners:
            self._loop.remove_reader(listener.fileno())
            listener.close()
        self._pool.begin_stop()


async def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on all addresses that the host's name stands for. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            listener = socket.socket(family, socket.SOCK_STREAM)
            listeners.append(listener)
            listener.setblocking(False)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners
