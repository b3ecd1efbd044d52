"""The floor of any Python server: `python -m bench.bare_protocol PORT` answers every request with the same few bytes.

An asyncio.Protocol with httptools on uvloop, and nothing else: no headers are kept, no body is read, nothing is awaited, no
deadline is watched. What a request costs here, it costs every server that speaks HTTP from Python.
"""

import asyncio
import sys
from typing import cast

import httptools
import uvloop

_REPLY = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{"success":true}'


class Responder(asyncio.Protocol):
    """One connection. The parser calls back only for what is defined here, which is the end of a request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(_REPLY)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Responder, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
