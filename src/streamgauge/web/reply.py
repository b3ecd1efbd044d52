"""One answer, and how it is sent."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Respond = Callable[[int, bytes, bytes], None]
"""Sends a whole answer: status, header lines, body."""
Lane = Callable[[Scope, bytes, Respond], bool]
"""A short way for requests that have arrived whole: scope, body as sent, how to answer (now or later); False when not taken."""
HeaderList = list[tuple[bytes, bytes]]

JSON = b"application/json"


class Reply(NamedTuple):
    """status, body and the headers that belong to this answer (content-length is added when it is sent)."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def send_reply(send: Send, reply: Reply, headers: HeaderList, *, body: bool = True) -> None:
    """Send a reply with the exchange's own headers before its own. body=False answers a HEAD request."""
    headers.append((b"content-type", reply.content_type))
    headers.append((b"content-length", b"%d" % len(reply.body)))
    headers.extend(reply.headers)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if body else b""})
