"""The body of a request, whole and decoded, within bounds.

Promises:
- At most `limit` bytes are taken from the wire and at most `limit` bytes come out of decoding; memory stays below about three
  times that. How much a body expands does not matter, only how large it gets: decoding stops at the first byte too many.
- Encodings: gzip (concatenated members, as RFC 1952 allows), deflate (with or without the zlib wrapper, as clients disagree),
  zstd (concatenated frames), identity; several are undone from the last to the first, at most MAX_ENCODINGS of them.
- A body that ends early, fails its checksum or is followed by something else is refused (undecodable_body).
- Decoding more than OFFLOAD_BYTES happens in a thread, so that the loop goes on.
- All bodies together hold at most `max_total_bytes` (Bodies), until their requests are answered; one more is
  refused (server_busy).
"""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import zstandard

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.reply import Receive, Scope

MAX_ENCODINGS = 3
OFFLOAD_BYTES = 64 * 1024
SMALL_BYTES = 64 * 1024
_STEP_BYTES = 256 * 1024
# A zstd block of 4 bytes can become 128 KiB.
_ZSTD_SLICE_BYTES = 512
# A zstd frame may ask for a window of gigabytes; RFC 8878 recommends to support 8 MiB.
_ZSTD_MAX_WINDOW = 8 * 1024 * 1024


class ClientGoneError(OSError):
    """The client hung up; there is nobody to answer. An OSError, as ASGI 2.4 asks of `send`."""


class Holder(Protocol):
    """A request under way. body_bytes: how much of the room for bodies it has taken."""

    body_bytes: int


class Bodies:
    """Reads bodies within the room that all requests share. Bodies up to SMALL_BYTES are not counted: connections bound them."""

    def __init__(self, max_body_bytes: int, max_total_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_total_bytes = max_total_bytes
        self._taken_bytes = 0

    async def read(self, holder: Holder, scope: Scope, receive: Receive) -> bytes:
        """As read_body; also raises Refusal server_busy. What was taken is to be given back by `release`."""

        def take(size: int) -> None:
            more = size - holder.body_bytes
            if more > 0:
                if self._taken_bytes + more > self._max_total_bytes:
                    raise Refusal(Reason.SERVER_BUSY, "Too many large requests at once; try again shortly.", retry_after_s=1)
                self._taken_bytes += more
                holder.body_bytes = size

        return await read_body(scope, receive, self._max_body_bytes, take)

    def release(self, holder: Holder) -> None:
        """The request is answered."""
        self._taken_bytes -= holder.body_bytes
        holder.body_bytes = 0


def _take_nothing(_size: int) -> None:
    """The body counts toward nobody's room."""


async def read_body(scope: Scope, receive: Receive, limit: int, take: Callable[[int], None] = _take_nothing) -> bytes:
    """The decoded body of a request. take: told the size in all, each time it has grown beyond SMALL_BYTES; may refuse.

    Raises Refusal body_too_large, unsupported_encoding or undecodable_body, ClientGoneError, and whatever `receive` and
    `take` raise.
    """
    encodings: list[str] = []
    for name, value in scope["headers"]:
        if name == b"content-encoding":
            encodings += _encodings_of(value)
        elif name == b"content-length" and int(value) > limit:
            raise _too_large(limit)
        elif name == b"content-length" and int(value) > SMALL_BYTES:
            take(int(value))
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
    else:
        body = await _read_rest(message.get("body", b""), message["type"], receive, limit, take)
    if not encodings:
        return body
    decoded = await _decode(body, encodings, limit)
    if len(decoded) > SMALL_BYTES:
        take(len(body) + len(decoded))
    return decoded


async def _read_rest(first: bytes, kind: str, receive: Receive, limit: int, take: Callable[[int], None]) -> bytes:
    parts = [first]
    size = len(first)
    more = True
    while True:
        if kind == "http.disconnect":
            raise ClientGoneError
        if size > limit:
            raise _too_large(limit)
        if not more:
            return b"".join(parts)
        message = await receive()
        kind = message["type"]
        part = message.get("body", b"")
        more = message.get("more_body", False)
        parts.append(part)
        size += len(part)
        if size > SMALL_BYTES:
            take(size)


def _encodings_of(header: bytes) -> list[str]:
    names = [name.strip().lower() for name in header.decode("latin-1").split(",")]
    return [name for name in names if name not in ("", "identity")]


async def _decode(body: bytes, encodings: list[str], limit: int) -> bytes:
    """Undo the encodings, last one first. Raises Refusal."""
    if len(encodings) > MAX_ENCODINGS:
        raise _unsupported(", ".join(encodings))
    steps = []
    for name in reversed(encodings):
        if name not in _DECODERS:
            raise _unsupported(name)
        steps.append(name)
    for name in steps:
        if len(body) > OFFLOAD_BYTES:
            body = await asyncio.to_thread(_DECODERS[name], body, limit)
        else:
            body = await _decode_small(name, body, limit)
    return body


async def _decode_small(name: str, body: bytes, limit: int) -> bytes:
    """Decode here what stays small, and in a thread what turns out to be large (a bomb is small until it is opened)."""
    if limit <= OFFLOAD_BYTES:
        return _DECODERS[name](body, limit)
    try:
        return _DECODERS[name](body, OFFLOAD_BYTES)
    except Refusal as refusal:
        if refusal.reason is not Reason.BODY_TOO_LARGE:
            raise
    return await asyncio.to_thread(_DECODERS[name], body, limit)


def _gunzip(body: bytes, limit: int) -> bytes:
    return _inflate(body, limit, wbits=31, encoding="gzip")


def _undeflate(body: bytes, limit: int) -> bytes:
    # RFC 9110 means the zlib wrapper; some clients send raw deflate. The wrapper's first byte pair tells.
    has_wrapper = len(body) >= 2 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return _inflate(body, limit, wbits=15 if has_wrapper else -15, encoding="deflate")


def _inflate(body: bytes, limit: int, *, wbits: int, encoding: str) -> bytes:
    return _collect(_inflate_parts(body, wbits, encoding), limit)


def _inflate_parts(body: bytes, wbits: int, encoding: str) -> Iterator[bytes]:
    rest = body
    while True:
        member = zlib.decompressobj(wbits)
        while not member.eof:
            try:
                part = member.decompress(rest, _STEP_BYTES)
            except zlib.error as error:
                raise _undecodable(encoding, "it is damaged") from error
            rest = member.unconsumed_tail
            if not part and not rest and not member.eof:
                raise _undecodable(encoding, "it ends early")
            yield part
        rest = member.unused_data
        if not rest:
            return
        if wbits != 31:
            raise _undecodable(encoding, "something follows its end")


def _unzstd(body: bytes, limit: int) -> bytes:
    return _collect(_zstd_parts(body), limit)


def _zstd_parts(body: bytes) -> Iterator[bytes]:
    # The stream reader of this library cannot tell a complete stream from one that ends early, and its decompressobj gives
    # out all that an input holds at once; so the input goes in by slices, of which none can become more than 16 MiB.
    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW)
    frame = frames.decompressobj()
    place = 0
    while place < len(body):
        if frame.eof:
            frame = frames.decompressobj()
        piece = body[place : place + _ZSTD_SLICE_BYTES]
        try:
            part = frame.decompress(piece)
        except zstandard.ZstdError as error:
            raise _undecodable("zstd", "it is damaged") from error
        place += len(piece) - (len(frame.unused_data) if frame.eof else 0)
        yield part
    if not frame.eof:
        raise _undecodable("zstd", "it ends early")


def _collect(parts: Iterator[bytes], limit: int) -> bytes:
    out: list[bytes] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        out.append(part)
    return b"".join(out)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "zstd": _unzstd,
}


def _too_large(limit: int) -> Refusal:
    return Refusal(Reason.BODY_TOO_LARGE, f"The request's body exceeds {limit} bytes.")


def _unsupported(name: str) -> Refusal:
    message = f"Content-Encoding {name[:64]!r} is not supported."
    return Refusal(Reason.UNSUPPORTED_ENCODING, message, field="content-encoding", expected="gzip, deflate, zstd or identity")


def _undecodable(encoding: str, why: str) -> Refusal:
    message = f"The body cannot be decoded as {encoding}: {why}."
    return Refusal(Reason.UNDECODABLE_BODY, message, field="content-encoding", expected=f"a complete {encoding} stream")
