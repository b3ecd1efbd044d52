"""Which events of a batch are new: each id counts once, the last content of an id wins.

The decision depends only on the records of the batch and on what was known at the checkpoint (index, and store rows below
the batch's start), so after a crash the same batch gets the same decision, down to the order of its rows.

    an id that is not known                      stored
    a known id with the same content             duplicate, not stored
    a known id with other content                stored; it supersedes the latest event with that id (A, B, A ends as A)
    a known id, the event is FIRST_WINS          duplicate, whatever its content
    a VOID mark                                  stored; it supersedes the latest event with its id, and counts for nothing itself

Only ids that came from clients are looked up; the server's own are unique by construction. A client may however send back an
id that the server made: such an id, told by its form, is looked up in the store too when the index does not hold it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import msgspec
from xxhash import xxh3_64_digest, xxh3_128_digest

from streamgauge.kernel.event import Batch, Event, EventFlag
from streamgauge.kernel.identifiers import has_server_form
from streamgauge.loader.tally import Tallies, new_tallies, utc_day
from streamgauge.store import SLOT_MS

IdKey = bytes
"""xxh3_128 of project NUL event id."""

Latest = bytes
"""The latest event of an id: its position (8 bytes, big-endian), its content digest (8 bytes), and the slot in which it happened
(4 bytes, big-endian, signed). Folders of before the roll-ups hold some without the slot."""

_FROM_CLIENT = int(EventFlag.ID_FROM_CLIENT)
_TIMED = int(EventFlag.TIME_FROM_CLIENT)
_VOID = int(EventFlag.VOID)
_FIRST_WINS = int(EventFlag.FIRST_WINS)
_DIGEST = slice(8, 16)
_SLOT = slice(16, 20)
_LAST_SLOT = 2**31 - 1
_encode = msgspec.msgpack.Encoder().encode


class Unpacked(msgspec.Struct, frozen=True, gc=False):
    """A journal record with its batch."""

    position: int
    batch: Batch


class Kept(msgspec.Struct, frozen=True):
    """Events that become rows, as three lists of one length: each event, the batch it came in, and its position."""

    events: list[Event]
    batches: list[Batch]
    positions: list[int]

    @classmethod
    def all_of(cls, records: Sequence[Unpacked]) -> "Kept":
        """Flat lists: one record holds one event or thousands, and neither may cost more per event than the other."""
        return cls(
            [event for record in records for event in record.batch.events],
            [record.batch for record in records for _ in record.batch.events],
            [record.position + place for record in records for place in range(len(record.batch.events))],
        )

    def without(self, places: set[int]) -> "Kept":
        rest = [place for place in range(len(self.events)) if place not in places]
        return Kept(
            [self.events[place] for place in rest],
            [self.batches[place] for place in rest],
            [self.positions[place] for place in rest],
        )


class Superseded(msgspec.Struct, frozen=True):
    """The event at `position` is replaced by the one at `by_position`. slot: in which it happened, None when not known."""

    project_id: str
    position: int
    by_position: int
    at_ms: int
    slot: int | None


class Decision(msgspec.Struct, frozen=True):
    """What to store and what to remember of one batch. marked: projects of which a VOID mark is stored."""

    kept: Kept
    superseded: list[Superseded]
    ids: dict[IdKey, Latest]
    tallies: Tallies
    marked: frozenset[str] = frozenset()


class IdNaming:
    """Keys and digests under the seed of one folder."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def key(self, project_id: str, event_id: str) -> IdKey:
        return xxh3_128_digest(f"{project_id}\0{event_id}".encode(), self._seed)

    def latest(self, event: Event, position: int) -> Latest:
        """A time that the server filled in is no part of the content: it differs each time the event is sent.

        All VOID marks of an id are alike.
        """
        slot = min(event.timestamp_ms // SLOT_MS, _LAST_SLOT).to_bytes(4, "big", signed=True)
        if event.flags & _VOID:
            return position.to_bytes(8, "big") + xxh3_64_digest(b"void", self._seed) + slot
        timestamp_ms = event.timestamp_ms if event.flags & _TIMED else None
        content = (
            event.name,
            timestamp_ms,
            event.customer_id,
            event.account_id,
            event.visitor_id,
            event.website_id,
            event.source,
            event.properties,
        )
        return position.to_bytes(8, "big") + xxh3_64_digest(_encode(content), self._seed) + slot


KnownIds = Callable[[Iterable[IdKey]], Mapping[IdKey, Latest]]
StoredIds = Callable[[Mapping[str, set[str]]], Mapping[IdKey, Latest]]
"""Looks up ids by project in the store, among the rows below the batch's start."""


class Deduplicator:
    """Decides batches. known: the index's look-up; stored: the store's."""

    def __init__(self, naming: IdNaming, known: KnownIds, stored: StoredIds) -> None:
        self._naming = naming
        self._known = known
        self._stored = stored

    def decide(self, records: Sequence[Unpacked]) -> Decision:
        """Goes through the records in order; see the module's docstring for the rules."""
        decision = Decision(Kept.all_of(records), [], {}, _received(records))
        if any(event.flags & _FROM_CLIENT for event in decision.kept.events):
            decision = self._decide_ids(decision)
        for tally in decision.tallies.values():
            tally.stored = tally.received - tally.duplicate
        return decision

    def _decide_ids(self, decision: Decision) -> Decision:
        """Of a decision that keeps everything, the one that knows ids."""
        all_, ids = decision.kept, decision.ids
        naming, events, batches, positions = self._naming, all_.events, all_.batches, all_.positions
        places = [place for place, event in enumerate(events) if event.flags & _FROM_CLIENT]
        keys = [naming.key(batches[place].project_id, events[place].event_id) for place in places]
        known = self._known(set(keys))
        minted: Mapping[int, IdKey] = {}
        if returned := _returned(all_, places, keys, known):
            # Remembered from now on, so that the store is asked once about an id.
            ids.update(self._stored(returned))
            minted = self._minted_keys(all_, returned)
        dropped = set()
        for place, key in _in_order(places, keys, minted):
            batch, position = batches[place], positions[place]
            now = naming.latest(events[place], position)
            before = ids.get(key) or known.get(key)
            if before is not None and place not in minted:
                if before[_DIGEST] == now[_DIGEST] or events[place].flags & _FIRST_WINS:
                    dropped.add(place)
                    decision.tallies[_project_and_day(batch)].duplicate += 1
                    continue
                decision.tallies[_project_and_day(batch)].amended += 1
                decision.superseded.append(_superseded(batch, before, position))
            ids[key] = now
        kept = all_.without(dropped) if dropped else all_
        marked = {batch.project_id for event, batch in zip(kept.events, kept.batches, strict=True) if event.flags & _VOID}
        return msgspec.structs.replace(decision, kept=kept, marked=frozenset(marked))

    def _minted_keys(self, all_: Kept, returned: Mapping[str, set[str]]) -> dict[int, IdKey]:
        """Keys of server-made ids that a client sends back within the same batch of records, by their place."""
        return {
            place: self._naming.key(batch.project_id, event.event_id)
            for place, (event, batch) in enumerate(zip(all_.events, all_.batches, strict=True))
            if not event.flags & _FROM_CLIENT and event.event_id in returned.get(batch.project_id, ())
        }


def _superseded(batch: Batch, before: Latest, by_position: int) -> Superseded:
    slot = int.from_bytes(before[_SLOT], "big", signed=True) if before[_SLOT] else None
    return Superseded(batch.project_id, int.from_bytes(before[:8], "big"), by_position, batch.received_at_ms, slot)


def _project_and_day(batch: Batch) -> tuple[str, int]:
    return batch.project_id, utc_day(batch.received_at_ms)


def _received(records: Sequence[Unpacked]) -> Tallies:
    """Events received, added up once per run of records of the same project and day."""
    tallies = new_tallies()
    for key, run in groupby([record.batch for record in records], _project_and_day):
        tallies[key].received += sum([len(batch.events) for batch in run])
    return tallies


def _returned(all_: Kept, places: Sequence[int], keys: Sequence[IdKey], known: Mapping[IdKey, Latest]) -> dict[str, set[str]]:
    """Ids of clients, by project, that look like ones that the server made and are not known."""
    returned: dict[str, set[str]] = {}
    for place, key in zip(places, keys, strict=True):
        event_id = all_.events[place].event_id
        if event_id.startswith("ev") and key not in known and has_server_form(event_id):
            returned.setdefault(all_.batches[place].project_id, set()).add(event_id)
    return returned


def _in_order(places: Sequence[int], keys: Sequence[IdKey], minted: Mapping[int, IdKey]) -> Iterable[tuple[int, IdKey]]:
    client = zip(places, keys, strict=True)
    return sorted([*client, *minted.items()]) if minted else client
