"""One HTTP/1.1 connection: httptools parses, a Cycle runs the application, and nothing lasts or grows without bound.

Promises, each with its limit in ServerLimits (hygiene.py):
- A request head must be complete within `header_timeout_s` of its first byte (408) and within `max_header_bytes` (431).
- A body must be complete within `body_timeout_s` plus one second for every BODY_BYTES_PER_SECOND bytes received (408), and
  hold at most `max_body_bytes` on the wire (413; told by Content-Length, the answer goes out before any of the body is read).
- A client that does not read its answer for `send_timeout_s` is cut off; an idle connection is closed after `keep_alive_s`.
- A refusal reaches the client even while it is still sending: the answer is written, the sending side is shut, and what
  comes in is read and thrown away for at most LINGER_S seconds and LINGER_BYTES bytes. Closing at once would make the
  kernel reset the connection, and the client would never see the answer.
- Answers come in the order of the requests. Pipelined requests wait, and reading pauses while they do.

Deadlines are plain numbers that the server's sweep compares with the clock a few times a second; so a request costs no
timer, and a deadline may be late by one sweep. HTTP/1.0 and 1.1 only; TLS and HTTP/2 are the work of a proxy in front.
Upgrades are ignored, as a server may.
"""

import asyncio
import math
from collections import deque
from enum import IntEnum

import httptools

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.cycle import Cycle, KnownCycle
from streamgauge.web.head import RequestHead
from streamgauge.web.hygiene import (
    BODY_BYTES_PER_SECOND,
    LINGER_BYTES,
    LINGER_S,
    LINGER_WHILE_DRAINING_S,
    MAX_FRAMING_RATIO,
    body_too_large,
    headers_too_large,
    malformed,
    overdue,
)
from streamgauge.web.reply import App, Scope
from streamgauge.web.shared import Shared, refusing


class Phase(IntEnum):
    """What the connection waits for from its client."""

    IDLE = 0
    HEAD = 1
    BODY = 2
    # Refused: whatever still comes is thrown away.
    DEAF = 3
    # As DEAF, with the answer written and our side shut.
    LINGERING = 4


_IDLE, _HEAD, _BODY, _DEAF, _LINGERING = Phase


class HttpProtocol(asyncio.Protocol):
    """One connection. Made by the server's listener; lives in `shared.connections` until it is lost."""

    transport: asyncio.Transport

    def __init__(self, shared: Shared, loop: asyncio.AbstractEventLoop) -> None:
        self._shared = shared
        self._loop = loop
        self._pipeline: deque[tuple[Cycle, App]] = deque()
        self._running: Cycle | KnownCycle | None = None
        self._known_cycle = KnownCycle(self)
        self._receiving: Cycle | None = None
        # The first request of a read waits for the end of the read: when it is whole then, the lane may take it.
        self._held: Cycle | None = None
        self._phase = _IDLE
        self._deadline = math.inf
        self._read_bytes = 0
        self._head_bytes = 0
        self._body_wire_bytes = 0
        self._linger_bytes = 0
        self._reading_paused = False
        self._unsent_bytes = 0
        self._send_deadline = math.inf
        self._writable: asyncio.Event | None = None
        self.write_paused = False
        self.render_refusal = shared.render_refusal
        self._client: tuple[str, int] | None = None
        self._server: tuple[str, int] | None = None
        self._head = RequestHead()
        # The parser's callbacks: these two are the head's own.
        self.on_url = self._head.on_url
        self.on_header = self._head.on_header
        self._parser = httptools.HttpRequestParser(self)

    @property
    def date_line(self) -> bytes:
        return self._shared.date_line

    @property
    def is_draining(self) -> bool:
        return self._shared.is_draining

    # Called by the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvloop's is no asyncio.Transport
        self.transport = transport
        self._client = _address(transport.get_extra_info("peername"))
        self._server = _address(transport.get_extra_info("sockname"))
        self._shared.connections.add(self)
        self._deadline = self._loop.time() + self._shared.limits.header_timeout_s

    def connection_lost(self, exc: Exception | None) -> None:
        self._shared.connections.discard(self)
        for cycle in (self._running, self._receiving):
            if cycle is not None:
                cycle.disconnect()
        self._pipeline.clear()
        self.resume_writing()

    def pause_writing(self) -> None:
        self.write_paused = True

    def resume_writing(self) -> None:
        self.write_paused = False
        if self._writable is not None:
            self._writable.set()

    async def drain(self) -> None:
        """Wait until the client has read enough of what was written."""
        if self._writable is None:
            self._writable = asyncio.Event()
        self._writable.clear()
        await self._writable.wait()

    def data_received(self, data: bytes) -> None:
        if self._phase >= _DEAF:
            self._discard(len(data))
            return
        begins = self._phase == _IDLE
        if begins:
            if self._running is None and not self._shared.is_draining and self._take_known(data):
                return
            self._phase = _HEAD
            self._head_bytes = 0
            self._deadline = self._loop.time() + self._shared.limits.header_timeout_s
        self._read_bytes = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(malformed(error))
        else:
            if self._phase == _HEAD or self._phase == _BODY:
                self._check_framing()
        if self._held is not None:
            self._let_go(self._held, data if begins else b"")

    def _take_known(self, data: bytes) -> bool:
        """Answer a whole request whose head is known. The parser stands between two messages and need not see it."""
        known = self._shared.known_heads.find(data)
        if known is None:
            return False
        cycle = self._known_cycle
        cycle.response_complete = False
        self._running = cycle
        self._deadline = math.inf
        self._shared.lane.answer(known.prepared, self._client, data[known.head_bytes :], cycle.reply)
        return True

    def _let_go(self, held: Cycle, data: bytes) -> None:
        """The read is over that brought the first request of a pipeline: the lane takes it when it is whole. data: the read, when
        the request began with it."""
        self._held = None
        if held.more_body or held.refusal is not None:
            self._start(held, self._shared.app)
            return
        head, is_plain = self._head, held.is_plain
        prepared = held.take_lane(self._shared.lane)
        if prepared is None:
            self._start(held, self._shared.app)
        elif is_plain and head.content_length and not (head.is_chunked or head.asks_upgrade):
            self._shared.known_heads.learn(data, head.content_length, prepared)

    def _decline_upgrade(self, rest: bytes) -> None:
        """Go on behind a request that asked for an upgrade (Java's client does so with every first request).

        The parser stops at the end of such a head and takes the request to have no body. A new parser reads on; when there
        is a body, a head that stands in for the real one tells it so.
        """
        self._parser = httptools.HttpRequestParser(self)
        if self._phase == _BODY:
            rest = self._head.stand_in() + rest
        if rest:
            self.data_received(rest)

    def _check_framing(self) -> None:
        """A message is still incomplete after this read: is it worth waiting for the rest?"""
        limits = self._shared.limits
        if self._phase == _HEAD:
            self._head_bytes += self._read_bytes
            if self._head_bytes > limits.max_header_bytes:
                self._refuse(headers_too_large(limits))
            return
        assert self._receiving is not None
        self._body_wire_bytes += self._read_bytes
        if self._body_wire_bytes > MAX_FRAMING_RATIO * self._receiving.received_bytes + limits.max_header_bytes:
            self._refuse(Refusal(Reason.MALFORMED_HTTP, "The chunks of the body carry more framing than content."))

    # Called by the parser.

    def on_message_begin(self) -> None:
        if self._phase >= _DEAF:
            return
        if self._phase == _IDLE:  # A pipelined request: its first byte came together with the end of the one before.
            self._phase = _HEAD
            self._head_bytes = -self._read_bytes  # How much of this read is its own is not known; it counts as nothing.
            self._deadline = self._loop.time() + self._shared.limits.header_timeout_s
        self._head.begin()

    def on_headers_complete(self) -> None:
        if self._phase != _HEAD:  # Deaf, or the head that stands in for one which asked for an upgrade.
            return
        shared = self._shared
        limits = shared.limits
        parser = self._parser
        http_version = parser.get_http_version()
        head = self._head
        may_exceed = self._read_bytes > limits.max_header_bytes or self._head_bytes + self._read_bytes > limits.max_header_bytes
        exceeds = may_exceed and head.size > limits.max_header_bytes
        scope = head.take_scope(parser.get_method(), http_version, self._client, self._server)
        keep_alive = http_version == "1.1" and not shared.is_draining and parser.should_keep_alive()
        cycle = Cycle(self, scope, keep_alive=keep_alive, expects_continue=head.expects_continue)
        self._receiving = cycle
        self._phase = _BODY
        self._deadline = self._loop.time() + limits.body_timeout_s
        self._body_wire_bytes = 0
        if exceeds:
            self._refuse_head(cycle, headers_too_large(limits))
        elif head.content_length > limits.max_body_bytes:
            self._refuse_head(cycle, body_too_large(limits))
        elif self._running is None and not head.is_encoded:
            self._running = self._held = cycle
        else:
            self._queue(cycle, shared.app)

    def on_body(self, body: bytes) -> None:
        cycle = self._receiving
        if cycle is None or self._phase >= _DEAF:
            return
        if cycle.feed(body):
            self._pause_reading()
        limits = self._shared.limits
        if cycle.received_bytes > limits.max_body_bytes:
            self._refuse(body_too_large(limits))

    def on_message_complete(self) -> None:
        if self._phase != _BODY or (self._head.asks_upgrade and self._upgrade_hides_body()):
            return
        cycle = self._receiving
        assert cycle is not None
        cycle.feed_end()
        self._phase = _IDLE
        self._deadline = math.inf
        if cycle.response_complete:
            self._await_next_request()

    def _upgrade_hides_body(self) -> bool:
        return self._parser.should_upgrade() and self._head.has_body

    # Requests and answers.

    def _queue(self, cycle: Cycle, app: App) -> None:
        """Start the cycle, or let it wait until those before it are answered."""
        if self._running is None:
            self._start(cycle, app)
        else:
            self._pause_reading()
            self._pipeline.append((cycle, app))

    def _start(self, cycle: Cycle, app: App) -> None:
        self._running = cycle
        tasks = self._shared.tasks
        task = self._loop.create_task(cycle.run(app))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def want_body(self, cycle: Cycle) -> None:
        """The application waits for more of the body. While later requests wait, what is read would not be for it."""
        if cycle is self._receiving and not self._pipeline:
            self._resume_reading()

    def cycle_finished(self, cycle: Cycle | KnownCycle) -> None:
        """The answer is written: go on with the next request, or close."""
        self._shared.on_answer(cycle.status)
        self._running = None
        if not cycle.keep_alive:
            self._finish()
        elif self._pipeline:
            self._start(*self._pipeline.popleft())
        else:
            self._resume_reading()
            if self._phase == _IDLE:
                self._await_next_request()

    def _await_next_request(self) -> None:
        if self._running is None:
            self._deadline = self._loop.time() + self._shared.limits.keep_alive_s

    def _finish(self) -> None:
        """Close so that the answer reaches the client. What was pipelined behind it is dropped unanswered."""
        self._pipeline.clear()
        if self._phase == _IDLE and not self._shared.is_draining:
            self.transport.close()
            return
        self._phase = _LINGERING
        self._deadline = self._loop.time() + (LINGER_WHILE_DRAINING_S if self._shared.is_draining else LINGER_S)
        self._resume_reading()
        self.transport.write_eof()

    def _refuse(self, refusal: Refusal) -> None:
        """Give up what is being received, answer it when its turn comes, and close."""
        if self._phase != _BODY:
            path = self._head.path
            scope: Scope = {"type": "http", "method": "", "path": path.decode("latin-1"), "raw_path": path, "http_version": "1.1"}
            scope["headers"] = []
            self._refuse_head(Cycle(self, scope, keep_alive=False), refusal)
            return
        cycle = self._receiving
        assert cycle is not None
        self._become_deaf()
        cycle.give_up(refusal)
        if cycle.response_complete:
            self._finish()

    def _refuse_head(self, cycle: Cycle, refusal: Refusal) -> None:
        """Refuse a request that the application never sees."""
        self._become_deaf()
        cycle.keep_alive = False
        self._queue(cycle, refusing(refusal))

    def _become_deaf(self) -> None:
        self._phase = _DEAF
        self._deadline = math.inf
        self._resume_reading()

    def _discard(self, size: int) -> None:
        self._linger_bytes += size
        if self._linger_bytes > LINGER_BYTES:
            self.transport.abort()

    def _pause_reading(self) -> None:
        if not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._reading_paused and not self.transport.is_closing():
            self._reading_paused = False
            self.transport.resume_reading()

    # Called by the server.

    def sweep(self, now: float) -> None:
        """Act on what is overdue. now: the loop's time."""
        self._sweep_sending(now)
        if now < self._deadline:
            return
        if self._phase == _LINGERING:
            self.transport.abort()
        elif self._phase == _IDLE:
            self.transport.close()
        elif self._reading_paused:
            self._deadline = now + self._shared.limits.body_timeout_s  # We are the slow side.
        elif self._phase == _HEAD:
            self._refuse(overdue(Reason.HEADERS_TIMEOUT, is_draining=self._shared.is_draining))
        elif self._phase == _BODY:
            assert self._receiving is not None
            earned_s = self._receiving.received_bytes / BODY_BYTES_PER_SECOND
            if self._shared.is_draining or now >= self._deadline + earned_s:
                self._refuse(overdue(Reason.BODY_TIMEOUT, is_draining=self._shared.is_draining))

    def _sweep_sending(self, now: float) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or self._unsent_bytes == 0 or unsent < self._unsent_bytes:
            self._send_deadline = now + self._shared.limits.send_timeout_s
        elif now >= self._send_deadline:
            self.transport.abort()
        self._unsent_bytes = unsent

    def stop(self, grace_s: float) -> None:
        """Close when idle; otherwise this request is the last, ends if it is a stream, is refused if not received in grace_s."""
        for cycle in (self._running, self._receiving):
            if cycle is not None:
                cycle.stop()
        if self._running is None and self._phase == _IDLE:
            self.transport.close()
        else:
            self._deadline = min(self._deadline, self._loop.time() + grace_s)


def _address(address: object) -> tuple[str, int] | None:
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) and len(address) >= 2 else None
