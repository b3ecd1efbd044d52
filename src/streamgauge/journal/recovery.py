"""Opening what is on disk: which segments there are, where the log ends, and what of its tail was torn.

The rule for telling a torn tail from damage is in the package docstring.
"""

from itertools import pairwise

import msgspec

from streamgauge.journal.errors import DamagedJournal
from streamgauge.journal.files import Folder
from streamgauge.journal.format import (
    FRAME_MARKER,
    SEGMENT_HEADER_BYTES,
    FrameHeader,
    decode_frame_header,
    decode_payload,
    decode_records,
)
from streamgauge.journal.segments import Segment, begin_segment, create_segment, name_of, open_segment, start_of

_CHUNK_BYTES = 1024 * 1024


class Recovery(msgspec.Struct, frozen=True):
    """What opening found.

    start, end: the kept part of the log; segments: its number of files; records: those of the last segment, the only ones read.
    cut_at: position from which a torn tail of `cut_bytes` bytes was cut off; None when nothing was.
    closed: the log had been closed in order.
    """

    start: int
    end: int
    segments: int
    records: int
    cut_at: int | None = None
    cut_bytes: int = 0
    closed: bool = False


def recover(folder: Folder) -> tuple[list[Segment], Recovery]:
    """All segments, oldest first, and the report. Raises DamagedJournal (nothing is changed then) or OSError."""
    sizes = {start: size for name, size in folder.sizes().items() if (start := start_of(name)) is not None}
    if not sizes:
        segment = create_segment(folder, 0)
        return [segment], Recovery(start=0, end=0, segments=1, records=0)
    starts = sorted(sizes)
    _check_chain(starts, sizes)
    segments: list[Segment] = []
    try:
        segments.extend(open_segment(folder, start) for start in starts[:-1])
        last, tail = _recover_last(folder, starts[-1])
    except BaseException:
        for segment in segments:
            segment.file.close()
        raise
    segments.append(last)
    return segments, msgspec.structs.replace(tail, start=starts[0], segments=len(segments))


def _check_chain(starts: list[int], sizes: dict[int, int]) -> None:
    """Each segment was full, and synced, before the next was begun: it must end exactly where that one starts."""
    for start, following in pairwise(starts):
        if start + sizes[start] != following:
            raise DamagedJournal(
                name_of(start),
                min(sizes[start], following - start),
                f"it has {sizes[start]} bytes, and the next file says {following - start}; a file is missing or was changed",
            )


def _recover_last(folder: Folder, start: int) -> tuple[Segment, Recovery]:
    size = _settle(folder, name_of(start))
    if size <= SEGMENT_HEADER_BYTES:
        return _recover_begun(folder, start, size)
    segment = open_segment(folder, start)
    try:
        return segment, _recover_tail(segment, size)
    except BaseException:
        segment.file.close()
        raise


def _settle(folder: Folder, name: str) -> int:
    """Make the disk and the cache agree about a file before it is believed; its size.

    A killed process leaves bytes that are only in the cache: they are synced. A failed sync leaves bytes in the cache that
    count as clean and are not on the disk: they are dropped.
    """
    file = folder.open(name)
    try:
        file.sync_all()
        file.drop_cache()
    finally:
        file.close()
    folder.sync()
    return folder.sizes()[name]


def _recover_begun(folder: Folder, start: int, size: int) -> tuple[Segment, Recovery]:
    """A segment without records: its header may be torn, and is then written anew, which loses nothing."""
    try:
        return open_segment(folder, start), Recovery(start=start, end=start, segments=1, records=0)
    except DamagedJournal:
        file = folder.open(name_of(start))
        try:
            file.truncate(0)
            segment = begin_segment(folder, start, file)
        except OSError:
            file.close()
            raise
        return segment, Recovery(start=start, end=start, segments=1, records=0, cut_at=start, cut_bytes=size)


def _recover_tail(segment: Segment, size: int) -> Recovery:
    """Find the end of the valid records, and refuse or cut what follows."""
    file_end = segment.start + size
    valid_end, records, closed = _read_records(segment, file_end)
    end = valid_end if records else segment.start
    if valid_end == file_end:
        return Recovery(start=segment.start, end=end, segments=1, records=records)
    if not closed:
        _refuse_damage(segment, valid_end, file_end)
    segment.file.truncate(segment.offset_of(valid_end))
    segment.file.sync_all()
    if closed:
        return Recovery(start=segment.start, end=end, segments=1, records=records, closed=True)
    return Recovery(start=segment.start, end=end, segments=1, records=records, cut_at=valid_end, cut_bytes=file_end - valid_end)


def _read_records(segment: Segment, file_end: int) -> tuple[int, int, bool]:
    """Where the valid records from the segment's first one on end, how many there are, and whether only a mark follows."""
    position, count, wanted = segment.first_record, 0, _CHUNK_BYTES
    while position < file_end:
        data = segment.read(position, min(wanted, file_end - position))
        records = decode_records(data, position, segment.salt)
        if not records:
            longer = segment.longer_record(data, position, file_end)
            if longer is None:
                break
            wanted = longer
            continue
        last = records[-1]
        if not last.payload:
            return last.position, count + len(records) - 1, last.next_position == file_end
        position, count, wanted = last.next_position, count + len(records), _CHUNK_BYTES
    return position, count, False


def _refuse_damage(segment: Segment, bad_at: int, file_end: int) -> None:
    """Raise DamagedJournal when a frame behind `bad_at` proves that the bytes at `bad_at` had been durable."""
    data = segment.file.read(segment.offset_of(bad_at), file_end - bad_at)
    at = data.find(FRAME_MARKER, 1)
    while at >= 0:
        header = _valid_frame(data, at, bad_at + at, segment.salt)
        if header is not None and header.group_start > bad_at:
            what = f"no valid record, but the one at byte {segment.offset_of(header.position)} was written after it was durable"
            raise DamagedJournal(segment.name, segment.offset_of(bad_at), what)
        at = data.find(FRAME_MARKER, at + 1)


def _valid_frame(data: bytes, at: int, position: int, salt: int) -> FrameHeader | None:
    header = decode_frame_header(data, at, position, salt)
    if header is None or decode_payload(data, at, header) is None:
        return None
    return header
