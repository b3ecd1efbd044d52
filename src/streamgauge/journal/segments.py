"""One segment: its name and its file."""

import re
import secrets

from streamgauge.journal.errors import DamagedJournal
from streamgauge.journal.files import File, Folder
from streamgauge.journal.format import (
    SEGMENT_HEADER_BYTES,
    BadSegmentHeader,
    decode_frame_header,
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

    def read(self, position: int, length: int) -> bytes:
        return self.file.read(position - self.start, length)

    def longer_record(self, data: bytes, position: int, end: int) -> int | None:
        """The length of the record at `position` when `data` is only a part of it and `end` is not in it; None otherwise."""
        header = decode_frame_header(data, 0, position, self.salt)
        if header is None or header.end > end or header.end - position <= len(data):
            return None
        return header.end - position


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
