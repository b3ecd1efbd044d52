"""One segment: its name, its file, and walking over its frames."""

import re
import secrets
from collections.abc import Iterator

from streamgauge.journal.errors import DamagedJournal
from streamgauge.journal.files import File, Folder
from streamgauge.journal.format import (
    FRAME_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    BadSegmentHeader,
    FrameHeader,
    decode_frame_header,
    decode_payload,
    decode_segment_header,
    encode_segment_header,
)

_NAME = re.compile(r"(\d{20})\.journal")
_SALT_BITS = 64


def name_of(start: int) -> str:
    return f"{start:020d}.journal"


def start_of(name: str) -> int | None:
    """The position in a segment's name; None when the file is no segment."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


class Segment:
    """An open segment that begins at position `start`."""

    def __init__(self, start: int, salt: int, file: File) -> None:
        self.start = start
        self.salt = salt
        self.file = file
        self.name = name_of(start)
        self.first_record = start + SEGMENT_HEADER_BYTES

    def offset_of(self, position: int) -> int:
        return position - self.start

    def frames(self, position: int, end: int, chunk_bytes: int) -> Iterator[tuple[FrameHeader, bytes]]:
        """The frames from `position` up to `end`, with their payloads; stops early at the first place that is no valid frame.

        Reads `chunk_bytes` at a time, and more only for a frame that is longer.
        """
        while position < end:
            data = self.file.read(self.offset_of(position), min(chunk_bytes, end - position))
            header = decode_frame_header(data, 0, position, self.salt)
            if header is None or header.end > end:
                return
            if header.end - position > len(data):
                data = self.file.read(self.offset_of(position), header.end - position)
            at = 0
            while header is not None and header.end <= end:
                payload = decode_payload(data, at, header)
                if payload is None:
                    break
                yield header, payload
                at += FRAME_HEADER_BYTES + header.length
                position = header.end
                header = decode_frame_header(data, at, position, self.salt)
            if at == 0:
                return


def create_segment(folder: Folder, start: int) -> Segment:
    """A new segment whose file and name are durable. Raises OSError; a part of it may then be there."""
    file = folder.create(name_of(start))
    try:
        return begin_segment(folder, start, file)
    except OSError:
        file.close()
        raise


def begin_segment(folder: Folder, start: int, file: File) -> Segment:
    """Write the header into an empty file. Raises OSError."""
    salt = secrets.randbits(_SALT_BITS)
    file.write(0, [encode_segment_header(start, salt)])
    file.sync_all()
    folder.sync()
    return Segment(start, salt, file)


def open_segment(folder: Folder, start: int) -> Segment:
    """Raises DamagedJournal when the header is not right."""
    name = name_of(start)
    file = folder.open(name)
    try:
        salt = decode_segment_header(file.read(0, SEGMENT_HEADER_BYTES), start)
    except BadSegmentHeader as exc:
        file.close()
        raise DamagedJournal(name, 0, str(exc)) from exc
    except OSError:
        file.close()
        raise
    return Segment(start, salt, file)
