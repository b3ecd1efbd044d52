"""An answer in parts, for as long as there are any: nobody knows its length.

Promises
- It ends with its parts, when the client goes away, or when the server stops; in each case its parts are closed once.
- A client that reads slowly is waited for (no part is asked for meanwhile), one that reads nothing for `send_timeout_s` is cut
  off, and a stop of the server waits for neither.
"""

import asyncio
from typing import NamedTuple, Protocol

from streamgauge.web.body import ClientGoneError
from streamgauge.web.reply import HeaderList, Receive, Send

_FAREWELL_S = 0.2


class Parts(Protocol):
    """The parts of an answer as they come."""

    async def next(self) -> bytes | None:
        """The next part, never empty; None at the end. May be cancelled while it waits."""
        ...

    def close(self) -> None:
        """Nobody will ask for another part; perhaps nobody has asked for the first."""
        ...


class StreamedReply(NamedTuple):
    """The head goes out with the first part, so the first should come soon."""

    status: int
    content_type: bytes
    parts: Parts
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def send_stream(receive: Receive, send: Send, reply: StreamedReply, headers: HeaderList, *, body: bool = True) -> None:
    """Send a streamed reply after the exchange's own headers. body=False answers a HEAD request.

    Raises what a part raises: before the first one it can still be answered, later the answer is cut off.
    """
    try:
        own = [(b"content-type", reply.content_type), *reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": [*headers, *own]})
        if body:
            await _send_parts(receive, send, reply.parts)
        async with asyncio.timeout(_FAREWELL_S):
            await send({"type": "http.response.body", "body": b""})
    except (ClientGoneError, TimeoutError):
        return  # The connection cuts off what has no end.
    finally:
        reply.parts.close()


async def _send_parts(receive: Receive, send: Send, parts: Parts) -> None:
    sending = asyncio.create_task(_pass_on(send, parts))
    leaving = asyncio.create_task(_until_told_to_end(receive))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
    finally:
        sending.cancel()
        leaving.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _pass_on(send: Send, parts: Parts) -> None:
    while (part := await parts.next()) is not None:
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _until_told_to_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
