"""Where a batch of the journal begins and ends, and what its records say."""

import msgspec

from streamgauge.kernel.event import Batch, decode_batch
from streamgauge.loader.dedup import Unpacked
from streamgauge.loader.index import Intent
from streamgauge.loader.journal_port import JournalReader, Record

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a record can raise."""


class BatchLimits(msgspec.Struct, frozen=True):
    """How much is loaded at once. A single record larger than this is still loaded whole.

    docs/loader.md says what a process was measured to take with these limits. Smaller batches were not seen to take less: most
    of it is the engine's, for inserts and merges.
    """

    max_events: int = 50_000
    max_bytes: int = 16 * 2**20


class Unreadable(msgspec.Struct, frozen=True):
    """A record to set aside. events: how many it has; 1 and no project when that cannot be read."""

    record: Record
    why: str
    project_id: str = ""
    events: int = 1
    received_at_ms: int | None = None


class Chosen(msgspec.Struct, frozen=True):
    """One batch: its intent, its readable records and the others."""

    intent: Intent
    records: list[Unpacked]
    unreadable: list[Unreadable]


def choose(journal: JournalReader, start: int, limits: BatchLimits) -> Chosen | None:
    """A new batch from `start`; None when nothing waits there."""
    readable: list[Unpacked] = []
    unreadable: list[Unreadable] = []
    events = size = 0
    at = start
    while events < limits.max_events and size < limits.max_bytes and at < journal.end:
        for record in journal.read(at, limits.max_bytes - size):
            try:
                batch = decode_batch(record.payload)
            except UNREADABLE as error:
                unreadable.append(_unreadable(record, error))
            else:
                readable.append(Unpacked(record.position, batch))
                events += len(batch.events)
            size += len(record.payload)
            at = record.next_position
            if events >= limits.max_events:
                break
    return Chosen(Intent(start, at), readable, unreadable) if at > start else None


def reread(journal: JournalReader, intent: Intent, limits: BatchLimits) -> Chosen:
    """The same batch again, as its intent says."""
    chosen = Chosen(intent, [], [])
    at = intent.start
    while at < intent.end:
        for record in journal.read(at, limits.max_bytes):
            if record.position >= intent.end:
                break
            at = record.next_position
            try:
                batch = decode_batch(record.payload)
            except UNREADABLE as error:
                chosen.unreadable.append(_unreadable(record, error))
                continue
            if record.position in intent.refused:
                chosen.unreadable.append(_refused(record, batch))
            else:
                chosen.records.append(Unpacked(record.position, batch))
    return chosen


def _unreadable(record: Record, error: Exception) -> Unreadable:
    return Unreadable(record, f"the payload is not a batch of events: {type(error).__name__}")


def _refused(record: Record, batch: Batch) -> Unreadable:
    return Unreadable(record, "the store cannot hold its rows", batch.project_id, len(batch.events), batch.received_at_ms)
