"""Posts of ready-made bodies on kept connections, as cheaply as Python can: the generator shares the cores with what it measures.

A reply is read as far as its status, Retry-After and length go. Only for servers that answer with a Content-Length.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import uvloop

SENDERS = 4


@dataclass(frozen=True)
class Reply:
    """retry_after_s: 0 when the server named none."""

    status: int
    body: bytes
    retry_after_s: float


@dataclass(frozen=True)
class Sent:
    """taken: bodies that were accepted; put_off: answers that told to come back later, which was done."""

    taken: int
    put_off: int


class Connection:
    """One kept connection; one request at a time."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._head = f"POST {parts.path} HTTP/1.1\r\nhost: {self._host}\r\nauthorization: Bearer {secret}\r\n".encode()

    async def __aenter__(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def post(self, body: bytes) -> Reply:
        length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        self._writer.writelines((self._head, length, body))
        await self._writer.drain()
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        answer = await self._reader.readexactly(int(headers["content-length"]))
        return Reply(int(first.split(" ")[1]), answer, float(headers.get("retry-after", 0)))


def send_all(url: str, secret: str, bodies: Iterator[bytes], seconds: float | None = None) -> Sent:
    """Posts the bodies from SENDERS connections until there are none left, or the time is over.

    A body that is put off is sent again once it may. Raises RuntimeError at any other answer than a success.
    """

    async def send() -> Sent:
        loop = asyncio.get_running_loop()
        until = float("inf") if seconds is None else loop.time() + seconds
        counts = await asyncio.gather(*(_sender(url, secret, bodies, until) for _ in range(SENDERS)))
        return Sent(sum(one.taken for one in counts), sum(one.put_off for one in counts))

    return uvloop.run(send())


async def _sender(url: str, secret: str, bodies: Iterator[bytes], until: float) -> Sent:
    time = asyncio.get_running_loop().time
    taken = put_off = 0
    async with Connection(url, secret) as connection:
        for body in bodies:
            while (reply := await connection.post(body)).status == 503 and time() < until:
                put_off += 1
                await asyncio.sleep(reply.retry_after_s)
            if reply.status == 503:
                break
            if reply.status >= 300:
                raise RuntimeError(f"{reply.status}: {reply.body[:300]!r}")
            taken += 1
            if time() >= until:
                break
    return Sent(taken, put_off)
