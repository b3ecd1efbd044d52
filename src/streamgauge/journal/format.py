"""The bytes of segments and records. The package docstring is the description; this is its only implementation."""

import struct
from collections.abc import Sequence
from itertools import accumulate

import msgspec
from xxhash import xxh3_64_intdigest

FORMAT_VERSION = 1
MAX_PAYLOAD_BYTES = 128 * 1024 * 1024

_SEGMENT_MAGIC = b"SGjrnl\r\n"
_SEGMENT_FIELDS = struct.Struct("<8sIIQQ")
_CHECKSUM = struct.Struct("<Q")
SEGMENT_HEADER_BYTES = _SEGMENT_FIELDS.size + _CHECKSUM.size

FRAME_MARKER = b"\xf5rec"
_FRAME = struct.Struct("<4sIIIQ")
_FRAME_IDENTITY = struct.Struct("<IIQ")
FRAME_HEADER_BYTES = _FRAME.size
_LOW_32_BITS = 0xFFFFFFFF


class Record(msgspec.Struct, frozen=True, gc=False):
    """One durable record. Reading goes on at `next_position`."""

    position: int
    payload: bytes
    next_position: int


class FrameHeader(msgspec.Struct, frozen=True, gc=False):
    """A frame header whose check is right, so that its length can be trusted.

    group_start: position of the first record of the same commit; all before it was durable when this was written.
    """

    position: int
    length: int
    group_start: int
    payload_seed: int
    checksum: int

    @property
    def end(self) -> int:
        return self.position + FRAME_HEADER_BYTES + self.length


def encode_segment_header(start: int, salt: int) -> bytes:
    fields = _SEGMENT_FIELDS.pack(_SEGMENT_MAGIC, FORMAT_VERSION, 0, start, salt)
    return fields + _CHECKSUM.pack(xxh3_64_intdigest(fields))


class BadSegmentHeader(Exception):
    """The bytes are no header of a segment that starts there; the text says why."""


def decode_segment_header(data: bytes, start: int) -> int:
    """The salt of the segment. Raises BadSegmentHeader."""
    if len(data) < SEGMENT_HEADER_BYTES:
        raise BadSegmentHeader("the segment header is incomplete")
    fields = data[: _SEGMENT_FIELDS.size]
    magic, version, _, named_start, salt = _SEGMENT_FIELDS.unpack(fields)
    (checksum,) = _CHECKSUM.unpack_from(data, _SEGMENT_FIELDS.size)
    if magic != _SEGMENT_MAGIC:
        raise BadSegmentHeader("this is not a journal segment")
    if checksum != xxh3_64_intdigest(fields):
        raise BadSegmentHeader("the checksum of the segment header is wrong")
    if version != FORMAT_VERSION:
        raise BadSegmentHeader(f"format version {version} is not known here (known: {FORMAT_VERSION})")
    if named_start != start:
        raise BadSegmentHeader(f"the header says position {named_start}, the file name says {start}")
    return int(salt)


def encode_group(payloads: Sequence[bytes], group_start: int, salt: int) -> tuple[list[bytes], list[int], int]:
    """The frames of one commit: buffers to write one after the other, the position of each record, and the end.

    An empty payload makes a mark.
    """
    lengths = list(map(len, payloads))
    positions = list(accumulate((FRAME_HEADER_BYTES + length for length in lengths), initial=group_start))
    end = positions.pop()
    buffers: list[bytes] = []
    # This loop runs once per append of the whole server, hence the local names.
    add, identity, frame, digest = buffers.append, _FRAME_IDENTITY.pack, _FRAME.pack, xxh3_64_intdigest
    for payload, length, position in zip(payloads, lengths, positions, strict=True):
        back = position - group_start
        seed = digest(identity(length, back, position), salt)
        add(frame(FRAME_MARKER, length, back, seed & _LOW_32_BITS, digest(payload, seed)))
        add(payload)
    return buffers, positions, end


def decode_records(data: bytes, position: int, salt: int) -> list[Record]:
    """The whole and valid records that data, which begins at `position` of the log, begins with.

    A mark is the last of them, as a record with an empty payload.
    """
    records: list[Record] = []
    at, size = 0, len(data)
    # This loop runs once per record, when one is loaded and when the log is opened, hence the local names.
    add, unpack, identity, digest = records.append, _FRAME.unpack_from, _FRAME_IDENTITY.pack, xxh3_64_intdigest
    while size - at >= FRAME_HEADER_BYTES:
        marker, length, back, check, checksum = unpack(data, at)
        seed = digest(identity(length, back, position), salt)
        begin = at + FRAME_HEADER_BYTES
        at = begin + length
        if check != seed & _LOW_32_BITS or marker != FRAME_MARKER or at > size:
            break
        payload = data[begin:at]
        if digest(payload, seed) != checksum:
            break
        following = position + FRAME_HEADER_BYTES + length
        add(Record(position, payload, following))
        if not length:
            break
        position = following
    return records


def decode_frame_header(data: bytes, at: int, position: int, salt: int) -> FrameHeader | None:
    """The frame header at data[at:], which is the byte `position` of the log; None when there is no valid one."""
    if len(data) - at < FRAME_HEADER_BYTES:
        return None
    marker, length, back, check, checksum = _FRAME.unpack_from(data, at)
    if marker != FRAME_MARKER or length > MAX_PAYLOAD_BYTES:
        return None
    seed = xxh3_64_intdigest(_FRAME_IDENTITY.pack(length, back, position), salt)
    if check != seed & _LOW_32_BITS:
        return None
    return FrameHeader(position, length, position - back, seed, checksum)


def decode_payload(data: bytes, at: int, header: FrameHeader) -> bytes | None:
    """The payload of the frame that begins at data[at:]; None when it is cut off or altered."""
    begin = at + FRAME_HEADER_BYTES
    payload = data[begin : begin + header.length]
    if len(payload) != header.length or xxh3_64_intdigest(payload, header.payload_seed) != header.checksum:
        return None
    return payload
