"""The journal: an endless log of byte strings on local disk, where an append counts only once it is on disk.

It knows nothing of events. What intake appends here is accepted for good; what the loader has taken from here is released.

The log and its positions
    The log is one endless sequence of bytes that is only added to at its end and only forgotten from its start. A *position*
    is a byte offset in it. A record's position is where its frame begins; positions grow, and one that was ever readable is
    never used again, across restarts too. The bytes of segment headers are part of the sequence, so the offset in a file is
    the position less the start of the segment. `start` is where the kept part begins, `end` where the durable part ends; an
    empty segment ends at its own start.

Format (numbers are little-endian; format.py)
    A segment is a file named by the position of its first byte: twenty digits and `.journal`. Each begins where the one
    before it ends, so the names and the sizes of the files must agree, and a lost file is noticed.

        segment header, 40 bytes   magic 8, format version 4, zero 4, start 8, salt 8, checksum 8 of all before it
        record frame, 24 bytes     marker 4, length 4, back 4, header check 4, checksum 8; then the payload of `length` bytes

    `back` is the distance to the first record of the same commit. All bytes before that one were durable when the record was
    written: this is what tells a torn tail from damage (below). A frame of length 0 is a *mark*; it is written when
    the journal is closed, at the end of the log, and taken off when it is opened again. Records are never empty.

    Checksums are xxh3_64: already among our dependencies, several GB/s from Python, and 64 bits make a chance match
    negligible for frames looked for at every byte (CRC32C has 32 bits, and no implementation in the standard library).
    The header check is over length, back and position, seeded with the salt; the checksum is over the payload, seeded
    with the header's hash. So a frame is valid in one place of one file only. The salt is random and never leaves the
    machine: a sender cannot make a payload that passes for records of ours.

Writing (log.py, journal.py)
    One thread takes all waiting appends as a group: one durable write (files.py: one system call where the platform has it, else
    a write and an fdatasync; below, its two halves are called the write and the sync), one call into the event loop that resolves
    all their futures. The next group gathers meanwhile. A group lies in one segment. A new segment is begun when the group
    would make the active one longer than `max_segment_bytes`; its header, then the folder, are synced before
    its first record is written.

Who deletes what
    `release(position)`, called by the loader, deletes segments that lie wholly below the position, oldest first, syncing the
    folder each time, so that a crash leaves no gap. The active segment stays. Opening cuts a torn tail, nothing else.

Recovery (recovery.py)
    Opening reads the header of every segment and the records of the last one only. The first place there that is no valid
    record is X.
    - Nothing valid after X was written in a later commit: the bytes from X on belong to the last commit, whose
      durable write may never have returned. They are cut, and the cut is reported (`Recovery`).
    - A valid frame after X whose commit began beyond X: the bytes at X were durable before that commit, hence perhaps
      acknowledged, and were damaged later. Opening raises DamagedJournal with file and offset, and changes nothing.
    The mark of an orderly close is such a frame, so damage to a journal that was closed is always told apart.
    Before the last segment is read it is synced, because a killed process leaves bytes that are only in the page cache, and
    its cached pages are dropped, because after a failed sync the cache may show bytes that the disk does not have.

Failures
    - A failed sync, or a write that failed for any reason but a full disk: the group is refused and so is every later append,
      with JOURNAL_FAILED, until the journal is opened anew. A failed sync is never tried again: the kernel may have
      dropped the pages, and the second call would succeed without them.
    - A full disk (ENOSPC, EDQUOT) while writing: the group is refused with DISK_FULL, its bytes are cut off and the cut is
      synced. Appends go on when there is space. When the cut fails, the rule above holds. The cut is safe because all bytes
      before it were durable by earlier commits, and no sync of later ones has failed.
    - A full disk that shows only while syncing is a failed sync. The one call has one error for both halves; the file's
      length tells them apart: it grows when bytes were written, and it does not when there was no space for any.
    - `end - released` reaches `max_backlog_bytes`, or more than `max_waiting_bytes` wait in memory: BACKLOG_FULL at once.

Promises, for the state after any crash at any instant
    1. A record whose future was resolved is read back after reopening, unaltered, in order, until it is released.
    2. A record that was not acknowledged is there as a whole or not at all. Nothing appears that was never appended.
    3. Damage in what may have been acknowledged is an error with a file and an offset, not a shorter log.
    4. One process at a time: a lock on the folder.

Limits
    - Damage to the very last commit before a crash looks like a torn write and is cut; it is reported, not refused.
    - Damage in older segments is found when they are read, not at start.
    - A disk that acknowledges a sync and then loses it is noticed only when it breaks the chain of files or checksums.
    - One disk: what must survive the loss of a machine needs the replicated body.
"""

from streamgauge.journal.errors import (
    DamagedJournal,
    DiskFull,
    JournalClosed,
    JournalError,
    JournalFailed,
    JournalLocked,
    UnknownPosition,
)
from streamgauge.journal.files import DiskFolder
from streamgauge.journal.format import Record
from streamgauge.journal.journal import Journal, JournalSettings, open_journal, resolve
from streamgauge.journal.log import Log, open_log
from streamgauge.journal.recovery import Recovery

__all__ = [
    "DamagedJournal",
    "DiskFolder",
    "DiskFull",
    "Journal",
    "JournalClosed",
    "JournalError",
    "JournalFailed",
    "JournalLocked",
    "JournalSettings",
    "Log",
    "Record",
    "Recovery",
    "UnknownPosition",
    "open_journal",
    "open_log",
    "resolve",
]
