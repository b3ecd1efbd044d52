"""The log itself, without asyncio: groups in, records out. The package docstring says what it promises.

Threads: one thread appends and closes; any thread reads, waits, releases and asks for `start`, `end` and `backlog_bytes`.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise

from streamgauge.journal.errors import (
    DamagedJournal,
    DiskFull,
    JournalClosed,
    JournalError,
    JournalFailed,
    JournalLocked,
    UnknownPosition,
)
from streamgauge.journal.files import Folder, SyncFailed, is_full
from streamgauge.journal.format import FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES, Record, decode_records, encode_group
from streamgauge.journal.recovery import Recovery, recover
from streamgauge.journal.segments import Segment, create_segment, name_of

# All of the last segment is read at start: 32 MiB of 200-byte records take well under a second.
DEFAULT_SEGMENT_BYTES = 32 * 1024 * 1024


def framed_bytes(payload: bytes) -> int:
    """What a record takes in the log."""
    return FRAME_HEADER_BYTES + len(payload)


class Log:
    """An open log. Use `open_log`."""

    def __init__(self, folder: Folder, segments: list[Segment], recovery: Recovery, max_segment_bytes: int) -> None:
        self.recovery = recovery
        self._folder = folder
        self._segments = segments
        self._max_segment_bytes = max_segment_bytes
        self._end = recovery.end
        self._released = recovery.start
        # Why nothing is taken any more; None while all is well. Others only read it.
        self.failure: str | None = None
        self._closed = False
        # Held while the list of segments is read or changed, so that no file is closed under a reader.
        self._segments_lock = threading.Lock()
        # Held while segments are deleted. Taken before the other one.
        self._release_lock = threading.Lock()
        self._grown = threading.Condition()

    @property
    def start(self) -> int:
        """The position from which records are kept."""
        return self._segments[0].start

    @property
    def end(self) -> int:
        """All below is durable."""
        return self._end

    @property
    def backlog_bytes(self) -> int:
        """Durable bytes that nobody has released."""
        return max(self._end - self._released, 0)

    def append(self, payloads: Sequence[bytes]) -> list[int]:
        """Write one group, at least one payload, and return the positions of its records once they are durable.

        Raises ValueError (empty or oversized payload), DiskFull, JournalFailed, JournalClosed; nothing of the group counts then.
        """
        self._require_writable()
        lengths = list(map(len, payloads))
        for length in (min(lengths), max(lengths)):
            if not 0 < length <= MAX_PAYLOAD_BYTES:
                raise ValueError(f"a record has 1 to {MAX_PAYLOAD_BYTES} bytes, not {length}")
        segment = self._segment_for(FRAME_HEADER_BYTES * len(lengths) + sum(lengths))
        buffers, positions, end = encode_group(payloads, self._write_position(segment), segment.salt)
        self._write(segment, buffers)
        self._publish(end)
        return positions

    def read(self, position: int, max_bytes: int) -> list[Record]:
        """Durable records from `position` on: at least one if there is any, otherwise about `max_bytes` of one segment.

        Raises UnknownPosition, DamagedJournal, JournalClosed.
        """
        wanted = max(max_bytes, FRAME_HEADER_BYTES)
        while True:
            segment, position, end, data = self._bytes_at(position, wanted)
            records = decode_records(data, position, segment.salt)
            if records or position == end:
                return records
            longer = segment.longer_record(data, position, end)
            if longer is None:
                raise DamagedJournal(segment.name, segment.offset_of(position), "no valid record begins there")
            wanted = longer

    def _bytes_at(self, position: int, wanted: int) -> tuple[Segment, int, int, bytes]:
        """The segment of a record, where the record begins, where the segment's durable part ends, and bytes from the one on."""
        with self._segments_lock:
            self._require_open()
            segment, end = self._find(position, self._end)
            if position < end:  # an empty segment ends at its own start
                position = max(position, segment.first_record)
            return segment, position, end, segment.read(position, min(wanted, end - position))

    def wait_for_end(self, beyond: int, timeout_s: float) -> bool:
        """Wait until `end` is greater than `beyond`. False when the time ran out or the log was closed first."""
        with self._grown:
            self._grown.wait_for(lambda: self._end > beyond or self._closed, timeout_s)
            return self._end > beyond

    def release(self, position: int) -> None:
        """All below `position` is no longer needed.

        Raises UnknownPosition beyond `end`, JournalClosed, OSError when a file cannot be deleted (it may be tried again).
        """
        if position > self._end:
            raise UnknownPosition(f"position {position} cannot be released: the journal ends at {self._end}")
        self._released = max(self._released, position)
        # Deleting and syncing take long, so a new segment may be added meanwhile; it is the oldest that goes.
        with self._release_lock:
            self._require_open()
            while len(self._segments) > 1 and self._segments[1].start <= position:
                # Gone already when the folder's sync failed the last time.
                with contextlib.suppress(FileNotFoundError):
                    self._folder.remove(self._segments[0].name)
                # Synced one by one: a crash must not bring back a segment without the ones that follow it.
                self._folder.sync()
                with self._segments_lock:
                    self._segments.pop(0).file.close()

    def fail(self, why: str) -> None:
        """Refuse every later append; the first reason given is kept."""
        self.failure = self.failure or why

    def close(self) -> None:
        """Mark the end, so that later damage is told from a torn write; close all files. Closing twice is allowed."""
        if self._closed:
            return
        try:
            if self.failure is None:
                # All that was acknowledged is durable without the mark; `failure` says when it could not be written.
                with contextlib.suppress(JournalError):
                    self._write_mark()
        finally:
            self._shut()

    def _require_open(self) -> None:
        if self._closed:
            raise JournalClosed("the journal is closed")

    def _require_writable(self) -> None:
        self._require_open()
        if self.failure is not None:
            raise JournalFailed(self.failure)

    def _write_position(self, segment: Segment) -> int:
        return max(self._end, segment.first_record)

    def _segment_for(self, group_bytes: int) -> Segment:
        """The active segment, or a new one when the group would make it too long."""
        active = self._segments[-1]
        used = active.offset_of(self._end)
        if used <= 0 or used + group_bytes <= self._max_segment_bytes:
            return active
        try:
            following = create_segment(self._folder, self._end)
        except OSError as exc:
            raise self._undo(exc, f"segment {name_of(self._end)} could not be created", self._remove_unborn) from exc
        with self._segments_lock:
            self._segments.append(following)
        return following

    def _remove_unborn(self) -> None:
        """Take away what is left of a segment that could not be created; the active one may still grow past its start."""
        name = name_of(self._end)
        if name in self._folder.sizes():
            self._folder.remove(name)
        self._folder.sync()

    def _write(self, segment: Segment, buffers: Sequence[bytes]) -> None:
        offset = segment.offset_of(self._write_position(segment))

        def cut_off() -> None:
            segment.file.truncate(offset)
            segment.file.sync_all()

        try:
            segment.file.write_durably(offset, buffers)
        except SyncFailed as exc:
            raise self._failed(f"syncing {segment.name} failed: {exc}") from exc
        except OSError as exc:
            raise self._undo(exc, f"writing {segment.name} at byte {offset} failed", cut_off) from exc

    def _undo(self, cause: OSError, what: str, undo: Callable[[], None]) -> JournalError:
        """After a full disk, put things back as they were; after anything else, or when that fails, fail for good."""
        if not is_full(cause):
            return self._failed(f"{what}: {cause}")
        try:
            undo()
        except OSError as exc:
            return self._failed(f"{what}: {cause}; and it could not be undone: {exc}")
        return DiskFull(f"{what}: {cause}")

    def _failed(self, why: str) -> JournalFailed:
        self.fail(why)
        return JournalFailed(why)

    def _publish(self, end: int) -> None:
        with self._grown:
            self._end = end
            self._grown.notify_all()

    def _find(self, position: int, end: int) -> tuple[Segment, int]:
        """The segment that holds the record at `position`, and where its durable part ends."""
        if not self._segments[0].start <= position <= end:
            raise UnknownPosition(f"position {position} is not in the journal, which has {self.start} to {end}")
        for segment, following in pairwise(self._segments):
            if position < following.start:
                return segment, min(following.start, end)
        return self._segments[-1], end

    def _write_mark(self) -> None:
        segment = self._segments[-1]
        mark, _, _ = encode_group([b""], self._write_position(segment), segment.salt)
        self._write(segment, mark)

    def _shut(self) -> None:
        with self._release_lock, self._segments_lock, self._grown:
            self._closed = True
            self._grown.notify_all()
            for segment in self._segments:
                segment.file.close()
        self._folder.unlock()


def open_log(folder: Folder, max_segment_bytes: int = DEFAULT_SEGMENT_BYTES) -> Log:
    """Open the log in a folder, or begin one. Raises JournalLocked, DamagedJournal, OSError."""
    try:
        folder.lock()
    except BlockingIOError as exc:
        raise JournalLocked("the journal is open in another process; stop that one first") from exc
    try:
        segments, recovery = recover(folder)
    except BaseException:
        folder.unlock()
        raise
    return Log(folder, segments, recovery, max_segment_bytes)
