"""One answer, and how it is sent."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple, Protocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Respond = Callable[[int, bytes, bytes], None]
"""Sends a whole answer: status, header lines, body."""
HeaderList = list[tuple[bytes, bytes]]

JSON = b"application/json"


class Lane(Protocol):
    """A short way for requests that have arrived whole."""

    def prepare(self, scope: Scope) -> Any:
        """What the head alone tells of a request, or None when it is not for the lane. Equal heads are prepared alike, so what is
        made of one may be kept and used for the next, whoever sends it: it holds nothing that may change."""
        ...

    def answer(self, prepared: Any, client: tuple[str, int] | None, body: bytes, respond: Respond) -> None:
        """Answer a request, now or later. client: address and port of who sent it. body: as sent."""
        ...


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
