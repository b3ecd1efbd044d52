"""The short way: which requests it is asked about, and that its answers are answers like all others."""

import asyncio
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.reply import Message, Receive, Respond, Scope, Send
from tests.web.conftest import RunningServer

LINES = b"content-type: text/plain\r\ncontent-length: %d\r\n"
WHOLE = b"POST /lane HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello"


async def the_long_way(scope: Scope, receive: Receive, send: Send) -> None:
    size = 0
    more = True
    while more:
        message: Message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"long %b %d" % (scope["raw_path"], size)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class ShortWay:
    """Takes /lane and answers at once, takes /later and answers on a later turn of the loop, leaves the rest.

    prepared: how many heads it was asked about that it takes. clients: the ports of those it answered.
    """

    def __init__(self) -> None:
        self.prepared = 0
        self.clients: list[int] = []

    def prepare(self, scope: Scope) -> bytes | None:
        if scope["path"] not in ("/lane", "/later"):
            return None
        self.prepared += 1
        path: bytes = scope["raw_path"]
        return path

    def answer(self, prepared: bytes, client: tuple[str, int] | None, body: bytes, respond: Respond) -> None:
        assert client is not None
        self.clients.append(client[1])
        answer = b"short %b %d" % (prepared, len(body))

        def reply() -> None:
            respond(200, LINES % len(answer), answer)

        if prepared == b"/lane":
            reply()
        else:
            asyncio.get_running_loop().call_later(0.02, reply)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer(the_long_way, ServerLimits(header_timeout_s=2, body_timeout_s=2), lane=ShortWay()) as running:
        yield running


def _talk(server: RunningServer, *parts: bytes) -> bytes:
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        return answer


def _bodies(answer: bytes) -> list[bytes]:
    """The bodies of answers that all have a Content-Length."""
    found = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        found.append(rest[:length])
        answer = rest[length:]
    return found


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        pytest.param(WHOLE, b"short /lane 5", id="whole, answered at once"),
        pytest.param(WHOLE.replace(b"/lane", b"/later"), b"short /later 5", id="whole, answered later"),
        pytest.param(WHOLE.replace(b"/lane", b"/other"), b"long /other 5", id="left to the application, body and all"),
        pytest.param(b"POST /lane HTTP/1.1\r\ncontent-length: 0\r\n\r\n", b"short /lane 0", id="no body"),
        pytest.param(
            b"POST /lane HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"short /lane 3",
            id="chunks",
        ),
        pytest.param(WHOLE.replace(b"content", b"content-encoding: gzip\r\ncontent", 1), b"long /lane 5", id="compressed"),
    ],
)
def test_which_way_a_request_goes(server: RunningServer, request_bytes: bytes, expected: bytes) -> None:
    last = request_bytes.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nconnection: close\r\n")
    assert _bodies(_talk(server, last)) == [expected]


def test_a_request_in_two_parts_goes_the_long_way(server: RunningServer) -> None:
    expecting = WHOLE.replace(b"content", b"expect: 100-continue\r\ncontent", 1)
    with server.connect() as connection:
        connection.sendall(expecting[:-5])
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"  # So the head was read before the body was sent.
        connection.sendall(expecting[-5:])
        assert connection.recv(65_536).endswith(b"long /lane 5")


PIPELINE = b"".join(WHOLE.replace(b"/lane", path) for path in (b"/later", b"/lane", b"/other", b"/later")) + WHOLE.replace(
    b"content", b"connection: close\r\ncontent", 1
)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(1, len(PIPELINE) - 1), max_size=8))
def test_answers_come_in_order_however_the_stream_is_cut(server: RunningServer, cuts: list[int]) -> None:
    places = [0, *sorted(set(cuts)), len(PIPELINE)]
    answers = _bodies(_talk(server, *(PIPELINE[start:end] for start, end in pairwise(places))))
    assert [answer.split()[1:] for answer in answers] == [
        [b"/later", b"5"],
        [b"/lane", b"5"],
        [b"/other", b"5"],
        [b"/later", b"5"],
        [b"/lane", b"5"],
    ]


def test_a_stop_waits_for_an_answer_that_comes_later() -> None:
    with RunningServer(the_long_way, ServerLimits(drain_timeout_s=5), lane=ShortWay()) as running:
        with running.connect() as connection:
            connection.sendall(WHOLE.replace(b"/lane", b"/later"))
            running.request_stop()
            answer = connection.recv(65_536)
        if answer:  # the stop may have come before the request was read: then the connection was idle and is closed
            assert b"connection: close" in answer
            assert answer.endswith(b"short /later 5")
    assert running.is_stopped
