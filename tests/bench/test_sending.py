"""Ready-made bodies reach a server, and one that is put off is sent again."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from bench.sending import Sent, send_all


@contextlib.contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers with these statuses in turn, then with 200; yields its address and the bodies that came."""
    came: list[bytes] = []
    waiting = iter(statuses)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                assert "authorization: Bearer secret" in head
                came.append(await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0])))
                status = next(waiting, 200)
                writer.write(f"HTTP/1.1 {status} Text\r\nRetry-After: 0.01\r\nContent-Length: 2\r\n\r\nno".encode())
        writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/events", came
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait(others, timeout=5) if others else None


def test_every_body_is_taken_once() -> None:
    with answering() as (url, came):
        assert send_all(url, "secret", iter([b"one", b"two", b"three", b"four", b"five"])) == Sent(5, 0)
    assert sorted(came) == [b"five", b"four", b"one", b"three", b"two"]


def test_what_is_put_off_is_sent_again() -> None:
    with answering(503, 503) as (url, came):
        assert send_all(url, "secret", iter([b"one"])) == Sent(1, 2)
    assert came == [b"one"] * 3


def test_another_answer_ends_it() -> None:
    with answering(400) as (url, _), pytest.raises(RuntimeError, match="400"):
        send_all(url, "secret", iter([b"one"]))
