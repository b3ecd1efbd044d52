"""One request on a connection and its answer, as the ASGI application sees them.

Promises:
- The head of an answer is written together with the first part of its body, so an application that fails in between still
  gets an honest 500.
- `receive` raises the Refusal with which the connection gave the request up (body too large, too slow, server stopping), so
  an application renders it like any other refusal; one that does not catch it is answered for by `render_refusal`.
- `receive` says http.disconnect, once the body was read, when the client is gone or the server stops: an answer without an end
  is to end then.
- A header that would smuggle a line break is an error of the application and never reaches the wire.
"""

import asyncio
import http
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.body import ClientGoneError
from streamgauge.web.logging import log_failure
from streamgauge.web.reply import App, HeaderList, Lane, Message, Scope

_HIGH_WATER_BYTES = 65_536
_NO_BODY_STATUSES = frozenset({204, 304})
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_DISCONNECT: Message = {"type": "http.disconnect"}


def _status_line(status: int) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}


class Connection(Protocol):
    """What a cycle needs of the connection it runs on.

    date_line: the Date header, with its line end. is_draining: the server stops, no connection is kept.
    """

    transport: asyncio.Transport
    write_paused: bool

    @property
    def date_line(self) -> bytes: ...

    @property
    def is_draining(self) -> bool: ...

    def render_refusal(self, scope: Scope, refusal: Refusal) -> tuple[int, HeaderList, bytes]: ...

    def want_body(self, cycle: "Cycle") -> None: ...

    def cycle_finished(self, cycle: "Cycle | KnownCycle") -> None: ...

    async def drain(self) -> None: ...


class Cycle:
    """Made by the protocol when a request's head is complete; `run` is then one task of the loop.

    keep_alive: whether the connection may serve another request afterwards; the protocol may clear it until the head is sent.
    more_body: the request's body has not been read to its end. received_bytes: how much of it came.
    refusal: why the rest of the request will not be read. status: of the answer, 0 until its head is made.
    """

    __slots__ = (
        "_answered_bytes",
        "_answered_length",
        "_body",
        "_changed",
        "_chunked",
        "_connection",
        "_end_given",
        "_head",
        "_scope",
        "_waiting_bytes",
        "_without_body",
        "disconnected",
        "expects_continue",
        "keep_alive",
        "more_body",
        "received_bytes",
        "refusal",
        "response_complete",
        "response_started",
        "status",
    )

    def __init__(self, connection: Connection, scope: Scope, *, keep_alive: bool, expects_continue: bool = False) -> None:
        self._connection = connection
        self._scope = scope
        self.keep_alive = keep_alive
        self.expects_continue = expects_continue
        self.more_body = True
        self.received_bytes = 0
        self.disconnected = False
        self.refusal: Refusal | None = None
        self.response_started = False
        self.response_complete = False
        self.status = 0
        self._body: list[bytes] = []
        self._waiting_bytes = 0
        self._end_given = False
        self._changed: asyncio.Event | None = None
        self._head: bytes | None = None
        self._chunked = False
        self._without_body = False
        self._answered_length: int | None = None
        self._answered_bytes = 0

    # What the connection tells the cycle.

    def feed(self, body: bytes) -> bool:
        """Take a part of the body; True when so much waits that reading should pause."""
        self.received_bytes += len(body)
        if self.response_complete or self.refusal is not None:
            return False
        self._body.append(body)
        self._waiting_bytes += len(body)
        self._wake()
        return self._waiting_bytes > _HIGH_WATER_BYTES

    def feed_end(self) -> None:
        self.more_body = False
        self._wake()

    def give_up(self, refusal: Refusal) -> None:
        """The rest of the body will not be read; whoever waits for it gets the refusal."""
        self.refusal = refusal
        self.keep_alive = False
        self._body.clear()
        self._wake()

    def disconnect(self) -> None:
        self.disconnected = True
        self._wake()

    def stop(self) -> None:
        """The server stops: this answer is the last of its connection, and one without an end is to end."""
        self.keep_alive = False
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()

    # What the application does.

    async def run(self, app: App) -> None:
        """Call the application, and answer for it when it does not."""
        try:
            await app(self._scope, self.receive, self.send)
        except Refusal as refusal:
            await self._answer_refusal(refusal)
        except ClientGoneError:
            return
        except asyncio.CancelledError:
            self._connection.transport.abort()
            raise
        except Exception as error:  # noqa: BLE001 the top of a request: whatever failed, its sender must hear of it
            log_failure(self._scope, error)
        await self._answer_refusal(Refusal(Reason.INTERNAL_ERROR, "Internal error."))

    def take_lane(self, lane: Lane) -> Any:
        """Let the lane answer a request that has arrived whole. Returns what it made of the head; None when it leaves the request
        to the application."""
        prepared = lane.prepare(self._scope)
        if prepared is not None:
            lane.answer(
                prepared, self._scope["client"], self._body[0] if len(self._body) == 1 else b"".join(self._body), self.reply
            )
        return prepared

    def reply(self, status: int, lines: bytes, body: bytes) -> None:
        """The whole answer in one write. lines: header lines with their ends, Content-Length among them; their maker vouches
        that no value in them holds a line break."""
        if self.disconnected or self.response_complete:
            return
        self.response_started = self.response_complete = True
        _write_whole(self, self._connection, status, lines, body)

    @property
    def is_plain(self) -> bool:
        """Asks for nothing but an answer, over a connection that is kept."""
        return self.keep_alive and not self.expects_continue and self._scope["http_version"] == "1.1"

    async def _answer_refusal(self, refusal: Refusal) -> None:
        """Answer with a refusal, unless there is an answer already; when a part of one is on the wire, only a cut is honest."""
        if self.response_complete or self.disconnected:
            return
        if self.response_started:
            self._connection.transport.abort()
            return
        status, headers, body = self._connection.render_refusal(self._scope, refusal)
        if all(name != b"content-length" for name, _ in headers):
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        self._head = None
        self._answered_bytes = 0
        with suppress(ClientGoneError):
            await self.send({"type": "http.response.start", "status": status, "headers": headers})
            await self.send({"type": "http.response.body", "body": body})

    async def receive(self) -> Message:
        """The next part of the body. Raises the Refusal with which the request was given up."""
        if self.expects_continue and not self.disconnected:
            self.expects_continue = False
            self._connection.transport.write(_CONTINUE)
        while True:
            if self.disconnected or self.response_complete or (self._end_given and self._connection.is_draining):
                return _DISCONNECT
            if self.refusal is not None:
                raise self.refusal
            if self._body or not (self.more_body or self._end_given):
                return self._take_body()
            self._connection.want_body(self)
            if self._changed is None:
                self._changed = asyncio.Event()
            self._changed.clear()
            await self._changed.wait()

    def _take_body(self) -> Message:
        waiting = self._body
        body = waiting[0] if len(waiting) == 1 else b"".join(waiting)
        self._body = []
        self._waiting_bytes = 0
        self._end_given = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """Take a part of the answer.

        Raises ClientGoneError, and RuntimeError when the application breaks the order of ASGI.
        """
        connection = self._connection
        if connection.write_paused and not self.disconnected:
            await connection.drain()
        if self.disconnected:
            raise ClientGoneError
        kind = message["type"]
        if self.response_complete:
            raise RuntimeError(f"{kind} after the answer was complete")
        if self._head is None and not self.response_started:
            if kind != "http.response.start":
                raise RuntimeError(f"expected http.response.start, got {kind}")
            self._head = self._build_head(message["status"], message.get("headers", ()))
        elif kind == "http.response.body":
            self._write_body(message.get("body", b""), message.get("more_body", False))
        else:
            raise RuntimeError(f"expected http.response.body, got {kind}")

    def _build_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        connection = self._connection
        # A client that waits for "100 Continue" may never send the body we did not ask for: this connection cannot go on.
        if self.expects_continue or connection.is_draining:
            self.keep_alive = False
        parts = [_STATUS_LINES[status], connection.date_line]
        lines = 2
        length: int | None = None
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"connection":
                self.keep_alive = self.keep_alive and value.lower() != b"close"
                continue
            parts += (name, b": ", value, b"\r\n")
            lines += 1
        self.status = status
        self._answered_length = length
        self._without_body = status in _NO_BODY_STATUSES or self._scope["method"] == "HEAD"
        self._chunked = length is None and not self._without_body
        if self._chunked:
            if self._scope["http_version"] == "1.0":
                self._chunked = self.keep_alive = False  # The end of such a body is the end of the connection.
            else:
                parts.append(b"transfer-encoding: chunked\r\n")
                lines += 1
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
            lines += 1
        head = b"".join(parts)
        if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
            raise RuntimeError("a header of the answer holds a line break or NUL")
        return head + b"\r\n"

    def _write_body(self, body: bytes, more_body: bool) -> None:
        if self._without_body:
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more_body else b"0\r\n\r\n")
        elif self._answered_length is not None:
            self._answered_bytes += len(body)
            if self._answered_bytes > self._answered_length or not (more_body or self._answered_bytes == self._answered_length):
                raise RuntimeError("the answer's body does not have its Content-Length")
        if self._head is not None:
            body = self._head + body
            self._head = None
            self.response_started = True
        if body:
            self._connection.transport.write(body)
        if not more_body:
            self.response_complete = True
            self._wake()
            self._connection.cycle_finished(self)


class KnownCycle:
    """A request with a known head, and its answer. It was whole when it came, so there is nothing to receive. One serves all such
    requests of a connection, one after the other."""

    __slots__ = ("_connection", "disconnected", "keep_alive", "response_complete", "status")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = True
        self.status = 0

    def reply(self, status: int, lines: bytes, body: bytes) -> None:
        """As Cycle.reply."""
        if not (self.disconnected or self.response_complete):
            self.response_complete = True
            _write_whole(self, self._connection, status, lines, body)

    def disconnect(self) -> None:
        self.disconnected = True

    def stop(self) -> None:
        """The server stops: this answer is the last of its connection."""
        self.keep_alive = False


def _write_whole(cycle: Cycle | KnownCycle, connection: Connection, status: int, lines: bytes, body: bytes) -> None:
    if connection.is_draining:
        cycle.keep_alive = False
    end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
    cycle.status = status
    connection.transport.write(b"".join((_STATUS_LINES[status], connection.date_line, lines, end, body)))
    connection.cycle_finished(cycle)
