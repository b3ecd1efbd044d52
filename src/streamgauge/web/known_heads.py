"""Heads of requests that were read before. On a kept connection they come again byte for byte, and parsing them takes longer than
all that an event needs afterwards.

Promise: a known head leads to what parsing it again would. Only heads enter that the parser itself has read, of requests that
came whole, over HTTP/1.1, with a Content-Length, and that ask for nothing but an answer; equal bytes mean the same. What may
change (a key, its limits, its plan) is not kept here: a head leads to the text of its credentials, which is judged anew each
time.

Limits: at most MAX_HEADS heads of at most MAX_HEAD_BYTES each; when they are full all are forgotten, and read again as they come.
"""

from typing import Any, NamedTuple

MAX_HEADS = 1024
MAX_HEAD_BYTES = 2048
_END = b"\r\n\r\n"


class KnownHead(NamedTuple):
    """prepared: what the lane made of the head. request_bytes: how long the whole request is, head and body."""

    prepared: Any
    head_bytes: int
    request_bytes: int


class KnownHeads:
    """What all connections of a server have in common."""

    def __init__(self) -> None:
        self._heads: dict[bytes, KnownHead] = {}

    def find(self, data: bytes) -> KnownHead | None:
        """The head with which data begins, when it is known and data is one whole request."""
        end = data.find(_END, 0, MAX_HEAD_BYTES)
        if end < 0:
            return None
        known = self._heads.get(data[: end + 4])
        return known if known is not None and known.request_bytes == len(data) else None

    def learn(self, data: bytes, content_length: int, prepared: Any) -> None:
        """data: one read, which the parser took for a request with such a body; nothing is learned when it holds more or less."""
        head_bytes = data.find(_END, 0, MAX_HEAD_BYTES) + 4
        if head_bytes < 4 or head_bytes + content_length != len(data):
            return
        if len(self._heads) >= MAX_HEADS:
            self._heads.clear()
        self._heads[data[:head_bytes]] = KnownHead(prepared, head_bytes, len(data))
