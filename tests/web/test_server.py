"""Starting and stopping: what is in flight is answered, and a stop always ends."""

import asyncio
import socket
import threading
import time

import pytest

from streamgauge.web.reply import Receive, Scope, Send
from tests.web.conftest import RunningServer, Serve
from tests.web.test_protocol import LAST, bodies, echo, read_all


class SlowApp:
    """Reads its body, says so, and answers when it is told to."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.may_answer = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        self.entered.release()
        await asyncio.to_thread(self.may_answer.wait, 10)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})


def stopping_time(server: RunningServer) -> float:
    begun = time.monotonic()
    server.stop()
    return time.monotonic() - begun


def test_request_in_flight_is_answered_as_the_last_of_its_connection(serve: Serve) -> None:
    app = SlowApp()
    server = serve(app, drain_timeout_s=8)
    with server.connect() as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\n\r\n")
        assert app.entered.acquire(timeout=5)
        server.request_stop()
        app.may_answer.set()
        answer = read_all(connection)
    assert bodies(answer) == [b"200 done"]
    assert b"connection: close" in answer
    server.stop()


def test_pipelined_requests_that_were_read_are_answered(serve: Serve) -> None:
    app = SlowApp()
    server = serve(app, drain_timeout_s=8)
    with server.connect() as connection:
        connection.sendall(b"GET /1 HTTP/1.1\r\n\r\n")
        assert app.entered.acquire(timeout=5)
        app.may_answer.set()
        server.request_stop()
        assert bodies(read_all(connection))[0] == b"200 done"


def test_new_connections_are_not_accepted_while_draining(serve: Serve) -> None:
    app = SlowApp()
    server = serve(app, drain_timeout_s=8)
    with server.connect() as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\n\r\n")
        assert app.entered.acquire(timeout=5)
        server.request_stop()
        assert refused_within(server, 5.0)
        app.may_answer.set()
        assert bodies(read_all(connection)) == [b"200 done"]


def refused_within(server: RunningServer, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with server.connect():
                pass
        except ConnectionError:
            return True
    return False


def test_idle_connections_do_not_hold_a_stop_up(serve: Serve) -> None:
    server = serve(echo, drain_timeout_s=8)
    with server.connect() as fresh, server.connect() as used:
        used.sendall(b"GET /a HTTP/1.1\r\n\r\n")
        assert used.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert stopping_time(server) < 1.5
        assert fresh.recv(1) == b""
        assert used.recv(1) == b""


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"POST /a HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc", id="a stalled body"),
        pytest.param(b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", id="a stalled chunked body"),
        pytest.param(b"POST /a HTTP/1.1\r\nx: y", id="stalled headers"),
    ],
)
def test_what_is_stalled_is_refused_and_the_stop_ends_in_time(serve: Serve, begun: bytes) -> None:
    server = serve(echo, drain_timeout_s=1.0)
    with server.connect() as connection:
        connection.sendall(begun)
        wait_for_connections(server, 1)
        begun_at = time.monotonic()
        server.request_stop()
        assert bodies(read_all(connection)) == [b"503 /a shutting_down"]
        server.stop()
        assert time.monotonic() - begun_at < 2.5


def wait_for_connections(server: RunningServer, count: int) -> None:
    deadline = time.monotonic() + 5
    while server.server.open_connections < count:
        assert time.monotonic() < deadline


def test_a_body_that_arrives_during_the_drain_is_served(serve: Serve) -> None:
    server = serve(echo, drain_timeout_s=8)
    with server.connect() as connection:
        connection.sendall(b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\na")
        wait_for_connections(server, 1)
        server.request_stop()
        assert refused_within(server, 5.0)
        connection.sendall(b"bc")
        assert bodies(read_all(connection)) == [b"200 /a 3"]


def test_an_application_that_hangs_is_cut_off(serve: Serve) -> None:
    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    server = serve(hang, drain_timeout_s=0.5)
    with server.connect() as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\n\r\n")
        wait_for_connections(server, 1)
        assert stopping_time(server) < 2.5


def test_a_client_that_does_not_read_is_cut_off(serve: Serve) -> None:
    async def pour(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})

    server = serve(pour, send_timeout_s=0.4)
    connection = server.connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(b"GET /a HTTP/1.1\r\n\r\n")
    wait_for_connections(server, 1)
    deadline = time.monotonic() + 10
    while server.server.open_connections:
        assert time.monotonic() < deadline
    connection.close()


def test_a_client_that_reads_slowly_is_served(serve: Serve) -> None:
    size = 12_000_000

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": b"x" * size})

    server = serve(large, send_timeout_s=0.3)
    begun = time.monotonic()
    with server.connect() as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\n" + LAST + b"\r\n")
        received = 0
        while data := connection.recv(100_000):
            received += len(data)
            threading.Event().wait(0.01)
    assert received > size
    assert time.monotonic() - begun > 2 * 0.3


def test_every_answer_is_told_with_its_status(serve: Serve) -> None:
    server = serve(echo)
    with server.connect() as connection:
        connection.sendall(b"GET /1 HTTP/1.1\r\n\r\nGET /fail HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n")
        read_all(connection)
    assert server.answered == [200, 500, 400]


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = RunningServer(echo, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="address already in use"):
            running.run_here()
