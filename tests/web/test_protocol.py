"""The server over real sockets: deadlines, caps, order and framing."""

import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.web.reply import Receive, Scope, Send
from tests.web.conftest import RunningServer, Serve

LIMITS = {"header_timeout_s": 0.4, "body_timeout_s": 0.4, "max_body_bytes": 100_000, "max_header_bytes": 8_192}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the path and the body's length; /deaf does not read its body; /stream answers in parts without a length."""
    size = 0
    more = scope["path"] != "/deaf"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    body = b"%b %d" % (scope["raw_path"], size)
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})
        return
    if scope["path"] == "/fail":
        raise ZeroDivisionError
    injected = scope["query_string"].replace(b"%0A", b"\n").replace(b"%00", b"\0")
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"x-echo", injected), (b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


def talk(server: RunningServer, *pieces: bytes, half_close: bool = False) -> bytes:
    """Send everything, then read to the end of the connection (or until the server has been silent for two seconds)."""
    with server.connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def read_all(connection: socket.socket, silence_s: float = 2.0) -> bytes:
    connection.settimeout(silence_s)
    out = b""
    try:
        while data := connection.recv(65_536):
            out += data
    except TimeoutError:
        out += b"<still open>"
    return out


def bodies(answer: bytes) -> list[bytes]:
    """The bodies of answers that have a Content-Length."""
    out = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0]) if lengths else 0
        out.append(head.split(b" ")[1] + b" " + rest[:length])
        answer = rest[length:]
    return out


HOST = b"host: here\r\n"
LAST = b"connection: close\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        pytest.param(b"GET /a HTTP/1.1\r\n" + HOST + LAST + b"\r\n", [b"200 /a 0"], id="a request without a body"),
        pytest.param(b"GET /a%20b HTTP/1.1\r\n" + LAST + b"\r\n", [b"200 /a%20b 0"], id="the path stays as it was sent"),
        pytest.param(
            b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n" + LAST + b"\r\nabc", [b"200 /a 3"], id="a body with its length"
        ),
        pytest.param(
            b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n"
            + LAST
            + b"\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n",
            [b"200 /a 5"],
            id="a chunked body with an extension and a trailer",
        ),
        pytest.param(
            b"GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\ncontent-length: 2\r\n\r\nabGET /3 HTTP/1.1\r\n" + LAST + b"\r\n",
            [b"200 /1 0", b"200 /2 2", b"200 /3 0"],
            id="pipelined requests are answered in order",
        ),
        pytest.param(
            b"GET /1 HTTP/1.1\r\n" + LAST + b"\r\nGET /2 HTTP/1.1\r\n\r\n",
            [b"200 /1 0"],
            id="nothing is answered after connection: close",
        ),
        pytest.param(b"GET /1 HTTP/1.0\r\n\r\n", [b"200 /1 0"], id="HTTP 1.0 closes after the answer"),
        pytest.param(
            b"POST /1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nabGET /2 HTTP/1.1\r\n"
            + LAST
            + b"\r\n",
            [b"200 /1 2", b"200 /2 0"],
            id="an upgrade is ignored and the body behind it is read",
        ),
        pytest.param(
            b"POST /1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
            b"GET /2 HTTP/1.1\r\n" + LAST + b"\r\n",
            [b"200 /1 2", b"200 /2 0"],
            id="an upgrade is ignored and the chunked body behind it is read",
        ),
        pytest.param(
            b"GET /1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\nGET /2 HTTP/1.1\r\n" + LAST + b"\r\n",
            [b"200 /1 0", b"200 /2 0"],
            id="an upgrade without a body is ignored",
        ),
        pytest.param(b"GARBAGE\r\n\r\n", [b"400  malformed_http"], id="what is not HTTP is refused"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", [b"400  malformed_http"], id="a TLS hello is refused"),
        pytest.param(
            b"POST /a HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            [b"400 /a malformed_http"],
            id="both framings at once are refused",
        ),
        pytest.param(
            b"POST /a HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
            [b"400 /a malformed_http"],
            id="two lengths are refused",
        ),
        pytest.param(
            b"POST /a HTTP/1.1\r\ncontent-length: -1\r\n\r\n", [b"400 /a malformed_http"], id="a negative length is refused"
        ),
        pytest.param(
            b"GET /a HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n", [b"200 /a 0", b"400  malformed_http"], id="garbage after a request"
        ),
        pytest.param(b"CONNECT a:1 HTTP/1.1\r\n\r\n", [b"400 a:1 malformed_http"], id="CONNECT has no path here"),
        pytest.param(
            b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            [b"400 /a malformed_http"],
            id="a chunk without a size",
        ),
        pytest.param(
            b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;" + b"x" * 20_000,
            [b"400 /a malformed_http"],
            id="an endless chunk extension",
        ),
        pytest.param(
            b"GET /a HTTP/1.1\r\nx: " + b"y" * 8_192 + b"\r\n\r\n", [b"431 /a headers_too_large"], id="large headers, complete"
        ),
        pytest.param(b"GET /a HTTP/1.1\r\nx: " + b"y" * 20_000, [b"431 /a headers_too_large"], id="large headers without an end"),
        pytest.param(
            b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nx: " + b"y" * 8_192 + b"\r\n\r\n",
            [b"200 /1 0", b"431 /2 headers_too_large"],
            id="large headers of a pipelined request",
        ),
        pytest.param(
            b"POST /a HTTP/1.1\r\ncontent-length: 100001\r\n\r\n",
            [b"413 /a body_too_large"],
            id="a large body, by its length alone",
        ),
        pytest.param(
            b"POST /a HTTP/1.1\r\ncontent-length: 20000000\r\n\r\n" + b"x" * 20_000_000,
            [b"413 /a body_too_large"],
            id="the refusal reaches a client that sends on",
        ),
        pytest.param(
            b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + (b"ffff\r\n" + b"x" * 65_535 + b"\r\n") * 100,
            [b"413 /a body_too_large"],
            id="a large chunked body",
        ),
        pytest.param(
            b"POST /deaf HTTP/1.1\r\ncontent-length: 90000\r\n\r\n" + b"x" * 90_000 + b"GET /2 HTTP/1.1\r\n" + LAST + b"\r\n",
            [b"200 /deaf 0", b"200 /2 0"],
            id="a body that nobody reads is skipped",
        ),
        pytest.param(b"GET /a HTTP/1.1\r\nho", [b"408 /a headers_timeout"], id="headers that stop coming"),
        pytest.param(b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\na", [b"408 /a body_timeout"], id="a body that stops coming"),
        pytest.param(b"", [], id="a connection that never says anything is closed"),
        pytest.param(b"GET /fail HTTP/1.1\r\n" + LAST + b"\r\n", [b"500 /fail internal_error"], id="an application that fails"),
        pytest.param(
            b"GET /a?%0Ax HTTP/1.1\r\n" + LAST + b"\r\n",
            [b"500 /a internal_error"],
            id="a header with a line break is never sent",
        ),
        pytest.param(
            b"GET /a?%00x HTTP/1.1\r\n" + LAST + b"\r\n", [b"500 /a internal_error"], id="a header with NUL is never sent"
        ),
    ],
)
def test_answers(serve: Serve, request_bytes: bytes, expected: list[bytes]) -> None:
    server = serve(echo, **LIMITS)
    assert bodies(talk(server, request_bytes)) == expected


def test_streamed_answer_is_chunked_and_keeps_the_connection(serve: Serve) -> None:
    server = serve(echo, **LIMITS)
    answer = talk(server, b"GET /stream HTTP/1.1\r\n\r\nGET /stream HTTP/1.1\r\n" + LAST + b"\r\n")
    assert answer.count(b"transfer-encoding: chunked\r\n") == 2
    assert answer.endswith(b"3\r\n/st\r\n6\r\nream 0\r\n0\r\n\r\n")


def test_streamed_answer_to_http_1_0_ends_with_the_connection(serve: Serve) -> None:
    answer = talk(serve(echo, **LIMITS), b"GET /stream HTTP/1.0\r\n\r\n")
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"\r\n\r\n/stream 0")


def test_head_is_answered_without_a_body(serve: Serve) -> None:
    answer = talk(serve(echo, **LIMITS), b"HEAD /a HTTP/1.1\r\n" + LAST + b"\r\n")
    assert b"content-length: 4\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_continue_is_sent_when_the_body_is_wanted(serve: Serve) -> None:
    server = serve(echo, **LIMITS)
    with server.connect() as connection:
        connection.sendall(b"POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n" + LAST + b"\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ab")
        assert bodies(read_all(connection)) == [b"200 /a 2"]


def test_connection_closes_when_a_promised_body_was_not_wanted(serve: Serve) -> None:
    server = serve(echo, **LIMITS)
    with server.connect() as connection:
        connection.sendall(b"POST /deaf HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        answer = read_all(connection)
    assert bodies(answer) == [b"200 /deaf 0"]
    assert b"connection: close" in answer


def test_slowly_dripping_headers_do_not_move_the_deadline(serve: Serve) -> None:
    server = serve(echo, **LIMITS)
    begun = time.monotonic()
    with server.connect() as connection:
        connection.settimeout(0.05)
        answer = b""
        connection.sendall(b"GET /a HTTP/1.1\r\nx: ")
        while not answer and time.monotonic() - begun < 5:
            connection.sendall(b"y")
            try:
                answer = connection.recv(4096)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 2


def test_idle_connection_is_closed_after_keep_alive(serve: Serve) -> None:
    server = serve(echo, **LIMITS, keep_alive_s=0.3)
    with server.connect() as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\n\r\n")
        assert bodies(read_all(connection)) == [b"200 /a 0"]


def test_client_that_half_closes_after_its_request_is_let_go(serve: Serve) -> None:
    server = serve(echo, **LIMITS)
    assert not talk(server, b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\na", half_close=True).endswith(b"<still open>")


def test_many_pipelined_requests_do_not_count_as_one_large_head(serve: Serve) -> None:
    server = serve(echo, **LIMITS)
    requests = 600
    whole = b"GET /1 HTTP/1.1\r\n\r\n" * requests + b"GET /2 HTTP/1.1\r\n"
    answer = talk(server, whole, LAST + b"\r\n")
    assert bodies(answer) == [b"200 /1 0"] * requests + [b"200 /2 0"]


def test_trailers_do_not_become_headers(serve: Serve) -> None:
    seen: list[bytes] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        seen.extend(name for name, _ in scope["headers"])
        await echo({**scope, "path": "/deaf"}, receive, send)

    request = (
        b"POST /a HTTP/1.1\r\nx-real: 1\r\ntransfer-encoding: chunked\r\n" + LAST + b"\r\n1\r\na\r\n0\r\nauthorization: x\r\n\r\n"
    )
    talk(serve(note, **LIMITS), request)
    assert seen == [b"x-real", b"transfer-encoding", b"connection"]


MESSAGES = (
    b"POST /1 HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello"
    b"GET /2 HTTP/1.1\r\nx-long: " + b"v" * 300 + b"\r\n\r\n"
    b"POST /3 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n"
    b"POST /4 HTTP/1.1\r\nupgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\nab"
    b"GET /5 HTTP/1.1\r\nconnection: close\r\n\r\n"
)


@pytest.fixture(scope="module")
def echo_server() -> Iterator[RunningServer]:
    with RunningServer(echo) as server:
        yield server


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, len(MESSAGES) - 1), max_size=12))
def test_answers_do_not_depend_on_how_the_stream_is_cut(echo_server: RunningServer, cuts: list[int]) -> None:
    places = [0, *sorted(set(cuts)), len(MESSAGES)]
    with echo_server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in pairwise(places):
            connection.sendall(MESSAGES[start:end])
        assert bodies(read_all(connection)) == [b"200 /1 5", b"200 /2 0", b"200 /3 5", b"200 /4 2", b"200 /5 0"]
