"""Connections that change their process: taken over from another one, or handed on when they ask for what is not done here.

Promise: what was read of a connection goes with it, so the process that gets it sees what it would have seen from the start. A
connection is handed on between two requests only, before anything of the next one is parsed; all before it was answered.

A process that takes nothing but events keeps a request whose head it knows (known_heads.py), or whose head came whole in one
read, is a POST to an ingest route, and brings no cookie: who is signed in is known to the owner alone. A request for something
else that is pipelined behind one of these cannot move: the answer before it closes the connection, as RFC 9112 (9.3.2) lets a
server do.
"""

import asyncio
import os
from collections.abc import Callable

from streamgauge.web.doors import INGEST_ROUTES
from streamgauge.web.logging import log
from streamgauge.web.protocol import HttpProtocol, Phase
from streamgauge.web.shared import Shared

HandOn = Callable[[int, bytes], None]
"""Hands on an open file, the connection, with what was read of it. Raises BlockingIOError when it cannot now, OSError when it
never can. The file stays the caller's."""

_TRY_AGAIN_S, _TRIES = 0.01, 500
_METHOD = b"POST "
_PATHS = frozenset(path.encode() for path in INGEST_ROUTES)
_COOKIE = b"\r\ncookie:"


def takes_events(read: bytes) -> bool:
    """Whether a read begins with a whole head of a request that a process may take which takes nothing but events."""
    end = read.find(b"\r\n\r\n")
    if end < 0 or not read.startswith(_METHOD):
        return False
    target = read[len(_METHOD) : read.find(b" ", len(_METHOD), end)]
    return target.partition(b"?")[0] in _PATHS and _COOKIE not in read[: end + 2].lower()


class Adopted(HttpProtocol):
    """A connection that another process accepted, and may have read from."""

    def __init__(self, shared: Shared, loop: asyncio.AbstractEventLoop, read: bytes) -> None:
        super().__init__(shared, loop)
        self._read = read

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in HttpProtocol
        super().connection_made(transport)
        read, self._read = self._read, b""
        if read:
            self.data_received(read)


class EventsOnly(Adopted):
    """A connection of a process that takes events and hands all else on."""

    def __init__(self, shared: Shared, loop: asyncio.AbstractEventLoop, read: bytes, hand_on: HandOn) -> None:
        super().__init__(shared, loop, read)
        self._hand_on = hand_on

    def data_received(self, data: bytes) -> None:
        if self._phase == Phase.IDLE and self._running is None:
            if not self._shared.is_draining and self._take_known(data):
                return
            if not takes_events(data):
                self.transport.pause_reading()
                self._leave(data, _TRIES)
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        before = self._pipeline[-1][0] if self._pipeline else self._running
        if before is not None and self._phase == Phase.HEAD and not self._is_ours():
            before.keep_alive = False
        super().on_headers_complete()

    def _is_ours(self) -> bool:
        head = self._head
        has_cookie = any(name == b"cookie" for name, _ in head.headers)
        return self._parser.get_method() == b"POST" and head.path in _PATHS and not has_cookie

    def _leave(self, read: bytes, tries: int) -> None:
        """The connection goes on in another process; for this one it is lost. Tried again when that one does not keep up."""
        transport = self.transport
        if transport.is_closing():
            return
        descriptor = os.dup(transport.get_extra_info("socket").fileno())
        try:
            self._hand_on(descriptor, read)
        except BlockingIOError as exc:
            if tries:
                self._loop.call_later(_TRY_AGAIN_S, self._leave, read, tries - 1)
                return
            log.warning("connection_not_handed_on", why=str(exc))
        except OSError as exc:
            log.warning("connection_not_handed_on", why=str(exc))
        finally:
            os.close(descriptor)
        # Also where nobody took it: the client sees a connection that breaks before its request was answered.
        transport.abort()
