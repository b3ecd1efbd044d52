"""Answers without an end, over real sockets: framing, a client that leaves, one that does not read, a server that stops."""

import asyncio
import socket
import threading
import time

import pytest

from streamgauge.web.reply import Receive, Scope, Send
from streamgauge.web.streaming import StreamedReply, send_stream
from tests.web.conftest import RunningServer, Serve
from tests.web.test_protocol import read_all

LARGE = b"x" * 262_144


class Ticks:
    """Parts without an end; /few ends after three, /large has large ones, /fail has one part and then fails."""

    def __init__(self, path: str) -> None:
        self.taken = 0
        self.closed = threading.Semaphore(0)
        self._path = path

    async def next(self) -> bytes | None:
        self.taken += 1
        if self._path == "/large":
            return LARGE
        if self.taken > 1:
            if self._path == "/fail":
                raise ZeroDivisionError
            if self._path == "/few" and self.taken > 3:
                return None
            await asyncio.sleep(0.01)
        return b"tick"

    def close(self) -> None:
        self.closed.release()


class Streaming:
    """The application. opened: what it streams, by request."""

    def __init__(self) -> None:
        self.opened: list[Ticks] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ticks = Ticks(scope["path"])
        self.opened.append(ticks)
        await send_stream(receive, send, StreamedReply(200, b"text/plain", ticks), [], body=scope["method"] != "HEAD")


def begun(server: RunningServer, request: bytes) -> socket.socket:
    """A connection on which the first part has come."""
    connection = server.connect()
    connection.sendall(request)
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")
    return connection


def assert_closed_once(ticks: Ticks) -> None:
    assert ticks.closed.acquire(timeout=5)
    assert not ticks.closed.acquire(blocking=False)


@pytest.mark.parametrize(
    ("request_head", "body"),
    [
        pytest.param(b"GET /few HTTP/1.1\r\n\r\n", b"4\r\ntick\r\n" * 3 + b"0\r\n\r\n<still open>", id="chunks"),
        pytest.param(b"GET /few HTTP/1.0\r\n\r\n", b"tick" * 3, id="to the end of the connection"),
        pytest.param(b"HEAD /few HTTP/1.1\r\n\r\n", b"<still open>", id="head alone"),
        pytest.param(b"GET /fail HTTP/1.1\r\n\r\n", b"4\r\ntick\r\n", id="cut off without an end when a part fails"),
    ],
)
def test_framing(serve: Serve, request_head: bytes, body: bytes) -> None:
    app = Streaming()
    server = serve(app)
    with server.connect() as connection:
        connection.sendall(request_head)
        answer = read_all(connection, silence_s=0.5)
    assert answer.partition(b"\r\n\r\n")[2] == body
    assert_closed_once(app.opened[0])


def test_another_request_may_follow_a_stream(serve: Serve) -> None:
    server = serve(Streaming())
    with server.connect() as connection:
        connection.sendall(b"GET /few HTTP/1.1\r\n\r\nGET /few HTTP/1.1\r\nconnection: close\r\n\r\n")
        assert read_all(connection).count(b"HTTP/1.1 200 OK") == 2


def test_a_client_that_leaves_ends_the_stream(serve: Serve) -> None:
    app = Streaming()
    server = serve(app)
    begun(server, b"GET /endless HTTP/1.1\r\n\r\n").close()
    assert_closed_once(app.opened[0])


def test_a_client_that_does_not_read_is_waited_for_and_then_cut_off(serve: Serve) -> None:
    app = Streaming()
    server = serve(app, send_timeout_s=0.5)
    with begun(server, b"GET /large HTTP/1.1\r\n\r\n"):
        assert_closed_once(app.opened[0])
    assert app.opened[0].taken * len(LARGE) < 64 * 2**20  # What the two sockets hold, and no more.


@pytest.mark.parametrize("path", [pytest.param(b"/endless", id="reading"), pytest.param(b"/large", id="not reading")])
def test_a_stop_does_not_wait_for_streams(serve: Serve, path: bytes) -> None:
    app = Streaming()
    server = serve(app, drain_timeout_s=8)
    with begun(server, b"GET " + path + b" HTTP/1.1\r\n\r\n") as connection:
        at = time.monotonic()
        server.request_stop()
        assert_closed_once(app.opened[0])
        assert read_all(connection).endswith(b"0\r\n\r\n") == (path == b"/endless")
        server.stop()
        assert time.monotonic() - at < 4
