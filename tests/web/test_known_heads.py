"""Heads that were read before: which are known, and that a known one makes no difference to what is answered."""

import socket
import time
from collections.abc import Iterator
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.known_heads import MAX_HEAD_BYTES, MAX_HEADS, KnownHeads
from tests.web.conftest import RunningServer
from tests.web.test_lane import ShortWay, the_long_way

HEAD = b"POST /lane HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n"
CHUNKED = HEAD.replace(b"content-length: 5", b"transfer-encoding: chunked")
LATER = HEAD.replace(b"/lane", b"/later")


@pytest.fixture
def way() -> ShortWay:
    return ShortWay()


@pytest.fixture
def server(way: ShortWay) -> Iterator[RunningServer]:
    with RunningServer(the_long_way, ServerLimits(header_timeout_s=2, keep_alive_s=5), lane=way) as running:
        yield running


class Talk:
    """One connection, and what of its answers was read and not yet asked for."""

    def __init__(self, server: RunningServer) -> None:
        self.connection = server.connect()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self.connection.getsockname()[1]
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.connection.sendall(part)

    def answer(self) -> tuple[bytes, bytes]:
        """Head and body of the next answer, which has a Content-Length or no body; two empty ones when the connection ends."""
        while True:
            head, found, rest = self._unread.partition(b"\r\n\r\n")
            length = sum(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            if found and len(rest) >= length:
                self._unread = rest[length:]
                return head, rest[:length]
            part = self.connection.recv(65_536)
            if not part:
                return b"", b""
            self._unread += part

    def body(self) -> bytes:
        return self.answer()[1]

    def ask(self, request: bytes) -> bytes:
        self.send(request)
        return self.body()


def test_a_head_that_comes_again_is_not_read_again_on_any_connection(server: RunningServer, way: ShortWay) -> None:
    ports = []
    for _ in range(3):
        with Talk(server) as talk:
            ports.append(talk.port)
            assert [talk.ask(HEAD + body) for body in (b"hello", b"other")] == [b"short /lane 5"] * 2
    assert way.prepared == 1
    assert way.clients == [port for port in ports for _ in range(2)]


def test_every_answer_is_counted(server: RunningServer) -> None:
    with Talk(server) as talk:
        for _ in range(3):
            talk.ask(HEAD + b"hello")
    assert server.answered == [200, 200, 200]


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        pytest.param(HEAD.replace(b"/lane", b"/other") + b"hello", b"long /other 5", id="not for the lane"),
        pytest.param(HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + b"hello", b"short /lane 5", id="HTTP/1.0"),
        pytest.param(
            HEAD.replace(b"host", b"connection: close\r\nhost") + b"hello", b"short /lane 5", id="the last of its connection"
        ),
        pytest.param(HEAD.replace(b"host", b"expect: 100-continue\r\nhost") + b"hello", b"short /lane 5", id="expects 100"),
        pytest.param(HEAD.replace(b"host", b"content-encoding: gzip\r\nhost") + b"hello", b"long /lane 5", id="compressed"),
        pytest.param(HEAD.replace(b"5", b"0"), b"short /lane 0", id="without a body"),
        pytest.param(
            HEAD.replace(b"content-length: 5", b"transfer-encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
            b"short /lane 5",
            id="chunks",
        ),
        pytest.param(HEAD.replace(b"host: a", b"host: " + b"a" * MAX_HEAD_BYTES) + b"hello", b"short /lane 5", id="a long head"),
    ],
)
def test_what_is_read_each_time(server: RunningServer, way: ShortWay, request_bytes: bytes, expected: bytes) -> None:
    for _ in range(2):
        with Talk(server) as talk:
            talk.send(request_bytes)
            head, body = talk.answer()
            if head == b"HTTP/1.1 100 Continue":
                head, body = talk.answer()
            assert body == expected
    assert way.prepared in (0, 2)


def test_a_known_head_with_less_or_more_than_its_body_is_parsed(server: RunningServer) -> None:
    with Talk(server) as talk:
        assert talk.ask(HEAD + b"hello") == b"short /lane 5"
        talk.send(HEAD + b"he")
        assert talk.ask(b"llo").endswith(b" /lane 5")
        talk.send(HEAD + b"hello" + LATER + b"hello" + HEAD + b"hello")
        assert [talk.body() for _ in range(3)] == [b"short /lane 5", b"long /later 5", b"long /lane 5"]
        assert talk.ask(HEAD + b"hello") == b"short /lane 5"


def test_a_pipelined_request_waits_for_the_answer_of_a_known_one(server: RunningServer) -> None:
    with Talk(server) as talk:
        talk.ask(LATER + b"hello")
        talk.ask(HEAD + b"hello")
        talk.send(LATER + b"hello")
        talk.send(HEAD + b"other")
        assert [talk.body().split()[1] for _ in range(2)] == [b"/later", b"/lane"]


def test_after_a_known_request_the_deadlines_hold(way: ShortWay) -> None:
    limits = ServerLimits(header_timeout_s=0.3, keep_alive_s=0.3, body_timeout_s=0.3)
    with RunningServer(the_long_way, limits, lane=way) as server:
        with Talk(server) as talk:
            for _ in range(2):
                talk.ask(HEAD + b"hello")
            assert talk.answer() == (b"", b"")  # Idle for too long: closed.
        with Talk(server) as talk:
            for _ in range(2):
                talk.ask(HEAD + b"hello")
            talk.send(HEAD[:10])
            assert talk.answer()[0].startswith(b"HTTP/1.1 408")


def test_a_client_that_leaves_before_its_answer_disturbs_nobody(server: RunningServer) -> None:
    with Talk(server) as talk:
        talk.ask(LATER + b"hello")
        talk.send(LATER + b"hello")
    with Talk(server) as talk:
        assert talk.ask(LATER + b"hello") == b"short /later 5"


def test_a_stop_answers_a_known_request_as_the_last(way: ShortWay) -> None:
    with RunningServer(the_long_way, ServerLimits(drain_timeout_s=5), lane=way) as server:
        with Talk(server) as talk:
            talk.ask(LATER + b"hello")
            talk.send(LATER + b"hello")
            deadline = time.monotonic() + 5
            while len(way.clients) < 2 and time.monotonic() < deadline:
                time.sleep(0.001)
            server.request_stop()
            head, body = talk.answer()
        assert b"connection: close" in head
        assert body == b"short /later 5"
    assert server.is_stopped


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    """One connection for all examples, so that what one leaves behind would be seen by the next."""
    with RunningServer(the_long_way, ServerLimits(), lane=ShortWay()) as running, Talk(running) as talking:
        yield talking


_REQUESTS = [
    HEAD + b"hello",
    LATER + b"hello",
    HEAD.replace(b"/lane", b"/other") + b"hello",
    HEAD.replace(b"5", b"2") + b"ab",
    CHUNKED + b"3\r\nabc\r\n0\r\n\r\n",
]
_SIZES = [b"/lane 5", b"/later 5", b"/other 5", b"/lane 2", b"/lane 3"]


@settings(max_examples=60, deadline=None)
@given(
    chosen=st.lists(st.tuples(st.integers(0, len(_REQUESTS) - 1), st.integers(0, 3)), min_size=1, max_size=12),
    waits=st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_however_requests_are_cut_and_mixed_they_are_answered_in_order(
    talk: Talk, chosen: list[tuple[int, int]], waits: list[bool]
) -> None:
    """Each request is sent in up to four parts; whether the next one waits for its answer is by chance."""
    expected: list[bytes] = []
    for (kind, cuts), wait in zip(chosen, waits, strict=False):
        request = _REQUESTS[kind]
        step = -(-len(request) // (cuts + 1))
        for start in range(0, len(request), step):
            talk.send(request[start : start + step])
        expected.append(_SIZES[kind])
        if wait:
            while expected:
                assert talk.body().split(b" ", 1)[1] == expected.pop(0)
    while expected:
        assert talk.body().split(b" ", 1)[1] == expected.pop(0)


def test_the_table_is_bounded() -> None:
    heads = KnownHeads()
    requests = [HEAD.replace(b"host: a", b"host: %d" % number) + b"hello" for number in range(MAX_HEADS + 1)]
    for request in requests:
        heads.learn(request, 5, "prepared")
    assert heads.find(requests[0]) is None
    known = heads.find(requests[-1])
    assert known is not None
    assert requests[-1][known.head_bytes :] == b"hello"
