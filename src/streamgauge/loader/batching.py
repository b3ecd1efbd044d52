"""Where a batch of the journal begins and ends, and what its records say."""

import msgspec

from streamgauge.kernel.event import decode_batch
from streamgauge.loader.dedup import Unpacked
from streamgauge.loader.index import Intent
from streamgauge.loader.journal_port import JournalReader, Record


class BatchLimits(msgspec.Struct, frozen=True):
    """How much is loaded at once. A single record larger than this is still loaded whole.

    While it is worked on a batch takes about eight times its payload in memory (payload, decoded events, columns, the
    engine's block), hence about 8 * max_bytes.
    """

    max_events: int = 100_000
    max_bytes: int = 32 * 2**20


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
            unpacked = unpack(record)
            if isinstance(unpacked, Unreadable):
                unreadable.append(unpacked)
            else:
                readable.append(unpacked)
                events += len(unpacked.batch.events)
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
            unpacked = unpack(record)
            if isinstance(unpacked, Unreadable):
                chosen.unreadable.append(unpacked)
            elif record.position in intent.refused:
                chosen.unreadable.append(refused(record, unpacked))
            else:
                chosen.records.append(unpacked)
            at = record.next_position
    return chosen


def unpack(record: Record) -> Unpacked | Unreadable:
    try:
        batch = decode_batch(record.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(record, f"the payload is not a batch of events: {type(error).__name__}")
    return Unpacked(record.position, record.next_position, batch)


def refused(record: Record, unpacked: Unpacked) -> Unreadable:
    batch = unpacked.batch
    return Unreadable(record, "the store cannot hold its rows", batch.project_id, len(batch.events), batch.received_at_ms)
