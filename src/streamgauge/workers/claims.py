"""What workers and the owner tell each other: claims in one direction, verdicts in the other, many to a frame.

A frame is its length in 4 bytes, low ones first, and a MessagePack array. A worker's first frame is empty: it is ready.
"""

import struct
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from streamgauge.kernel.access import RateClass
from streamgauge.kernel.refusal import Reason, Refusal

_LENGTH = struct.Struct("<I")
_encoder = msgspec.msgpack.Encoder()
_T = TypeVar("_T")


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A request is to be counted, and its events are to be made durable.

    number: by which the verdict names it. counted_as: the key's id, or who is counted in its stead. plan: its name. events: how
    many the payload holds; 0 with an empty payload, when the request is refused and only counted.
    """

    number: int
    counted_as: str
    rate_class: RateClass
    plan: str
    project_id: str
    now_ms: int
    events: int
    payload: bytes


class Refused(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Refusal on its way; the parts that one of the journal or of a quota can have."""

    reason: Reason
    message: str
    retry_after_s: int | None

    @classmethod
    def of(cls, refusal: Refusal) -> "Refused":
        return cls(refusal.reason, refusal.message, refusal.retry_after_s)

    def refusal(self) -> Refusal:
        return Refusal(self.reason, self.message, retry_after_s=self.retry_after_s)


class Verdict(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """limit to retry_after_s: what is left of the window, see limits.windows. position: of the record, -1 when there is none.

    refused: why nothing was stored although the window allowed the request.
    """

    number: int
    limit: int
    remaining: int
    reset_s: int
    allowed: bool
    retry_after_s: int
    position: int
    refused: Refused | None


def to_frame(messages: Sequence[Claim] | Sequence[Verdict]) -> bytes:
    body = _encoder.encode(messages)
    return _LENGTH.pack(len(body)) + body


class Frames(Generic[_T]):
    """Puts frames together from what comes of a stream. kind: of the messages in them."""

    def __init__(self, kind: type[_T]) -> None:
        self._decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]  # a type that only the caller knows
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[list[_T]]:
        """The frames that are whole now, each once. Raises msgspec.DecodeError, which only a fault of ours can cause."""
        rest = self._rest
        rest += data
        frames: list[list[_T]] = []
        begin = 0
        while len(rest) - begin >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(rest, begin)
            end = begin + _LENGTH.size + length
            if len(rest) < end:
                break
            with memoryview(rest) as view:
                frames.append(self._decoder.decode(view[begin + _LENGTH.size : end]))
            begin = end
        del rest[:begin]
        return frames
