"""Which requests a process keeps that takes nothing but events, and where the others go."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from functools import partial

import pytest
import uvloop

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.handing import EventsOnly, takes_events
from streamgauge.web.server import Server
from streamgauge.web.shared import refusing
from tests.web.conftest import render_plainly

HEAD = b"POST %b HTTP/1.1\r\nHost: x\r\n%b\r\n"


@pytest.mark.parametrize(
    ("read", "taken"),
    [
        (HEAD % (b"/v1/events", b""), True),
        (HEAD % (b"/v1/events", b"") + b'{"event":"a"}', True),
        (HEAD % (b"/v1/events/batch?source=x", b""), True),
        (HEAD % (b"/flexprice/v1/events/bulk", b"x-api-key: k\r\n"), True),
        (HEAD % (b"/v1/events", b"") + b"\r\nCookie: in the body\r\n", True),
        (HEAD % (b"/v1/events/usage", b""), False),
        (HEAD % (b"/api/collect", b""), False),
        (HEAD % (b"/", b""), False),
        (HEAD % (b"http://x/v1/events", b""), False),
        (HEAD % (b"/v1/events", b"CooKie: streamgauge_session=1\r\n"), False),
        (b"GET /v1/events HTTP/1.1\r\n\r\n", False),
        (b"OPTIONS /v1/events HTTP/1.1\r\n\r\n", False),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\n", False),
        (b"POST /v1/eve", False),
        (b"POST /v1/events\r\n\r\n", False),
        (b"\r\nPOST /v1/events HTTP/1.1\r\n\r\n", False),
        (b"", False),
    ],
)
def test_a_read_is_taken_when_its_head_tells_all(read: bytes, taken: bool) -> None:
    assert takes_events(read) is taken


class Other:
    """The other process. Does not keep up at first, or is gone."""

    def __init__(self, *fails: type[OSError]) -> None:
        self._fails = list(fails)
        self.taken: asyncio.Future[tuple[socket.socket, bytes]] = asyncio.get_running_loop().create_future()

    def hand_on(self, descriptor: int, read: bytes) -> None:
        if self._fails:
            raise self._fails.pop(0)
        self.taken.set_result((socket.socket(fileno=os.dup(descriptor)), read))


def with_client(*fails: type[OSError]) -> Callable[[Callable[..., object]], None]:
    """Run a scene with the other process and a client that is connected to a process that takes nothing but events."""

    async def run(scene: Callable[..., object]) -> None:
        other = Other(*fails)
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[int] = loop.create_future()
        app = refusing(Refusal(Reason.INTERNAL_ERROR, "not here"))
        connection = partial(EventsOnly, hand_on=other.hand_on)
        server = Server(app, render_plainly, host="127.0.0.1", port=0, connection=connection)
        serving = asyncio.create_task(server.serve(ready.set_result))
        reader, writer = await asyncio.open_connection("127.0.0.1", await ready)
        writer.write(b"GET /elsewhere HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(10):
            await scene(other, reader, writer)  # type: ignore[misc]  # scenes are coroutine functions
        writer.close()
        server.request_stop()
        await serving

    return lambda scene: uvloop.run(run(scene))


@pytest.mark.parametrize("busy", [0, 1, 5])
def test_a_connection_goes_on_elsewhere_as_soon_as_it_is_taken(busy: int) -> None:
    async def scene(other: Other, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection, read = await other.taken
        assert read == b"GET /elsewhere HTTP/1.1\r\n\r\n"
        with connection:
            connection.sendall(b"answered elsewhere")
            assert await reader.read(100) == b"answered elsewhere"
            writer.write(b"and more")
            connection.setblocking(False)
            assert await asyncio.get_running_loop().sock_recv(connection, 100) == b"and more"

    with_client(*[BlockingIOError] * busy)(scene)


def test_a_connection_that_nobody_takes_breaks() -> None:
    async def scene(other: Other, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read(100) == b""
        assert not other.taken.done()

    with_client(BrokenPipeError)(scene)
