"""Which events of a batch are new: each id counts once, the last content of an id wins.

The decision depends only on the records of the batch and on what was known at the checkpoint (index, and store rows below
the batch's start), so after a crash the same batch gets the same decision, down to the order of its rows.

    an id that is not known                      stored
    a known id with the same content             duplicate, not stored
    a known id with other content                stored; it supersedes the latest event with that id (A, B, A ends as A)

Only ids that came from clients are looked up; the server's own are unique by construction. A client may however send back an
id that the server made: such an id, told by its form, is looked up in the store too when the index does not hold it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from xxhash import xxh3_64_digest, xxh3_128_digest

from streamgauge.kernel.event import Batch, Event, EventFlag
from streamgauge.kernel.identifiers import has_server_form
from streamgauge.loader.tally import Tallies, new_tallies, utc_day

IdKey = bytes
"""xxh3_128 of project NUL event id."""

Latest = bytes
"""The latest event of an id: its position (8 bytes, big-endian) and its content digest (8 bytes)."""

_FROM_CLIENT = int(EventFlag.ID_FROM_CLIENT)
_TIMED = int(EventFlag.TIME_FROM_CLIENT)
_encode = msgspec.msgpack.Encoder().encode


class Unpacked(msgspec.Struct, frozen=True):
    """A journal record with its batch."""

    position: int
    next_position: int
    batch: Batch


class Kept(msgspec.Struct, frozen=True):
    """The events of one record that become rows, with their positions."""

    batch: Batch
    events: Sequence[Event]
    positions: Sequence[int]


class Superseded(msgspec.Struct, frozen=True):
    """The event at `position` is replaced by the one at `by_position`."""

    project_id: str
    position: int
    by_position: int
    at_ms: int


class Decision(msgspec.Struct, frozen=True):
    """What to store and what to remember of one batch."""

    kept: list[Kept]
    superseded: list[Superseded]
    ids: dict[IdKey, Latest]
    tallies: Tallies


class IdNaming:
    """Keys and digests under the seed of one folder."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def key(self, project_id: str, event_id: str) -> IdKey:
        return xxh3_128_digest(f"{project_id}\0{event_id}".encode(), self._seed)

    def latest(self, event: Event, position: int) -> Latest:
        """A time that the server filled in is no part of the content: it differs each time the event is sent."""
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
        return position.to_bytes(8, "big") + xxh3_64_digest(_encode(content), self._seed)


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
        keys = [self._client_keys(record.batch) for record in records]
        decision = Decision([], [], {}, new_tallies())
        latest, returned = self._look_up(records, keys)
        if returned:
            # Remembered from now on, so that the store is asked once about an id.
            decision.ids.update(self._stored(returned))
            latest.update(decision.ids)
        for record, record_keys in zip(records, keys, strict=True):
            extra = self._minted_keys(record.batch, returned) if returned else {}
            if record_keys or extra:
                self._decide_record(record, record_keys, extra, latest, decision)
            else:
                self._keep(
                    decision, record, record.batch.events, range(record.position, record.position + len(record.batch.events))
                )
        return decision

    def _client_keys(self, batch: Batch) -> dict[int, IdKey]:
        """Keys of the events with a client's id, by their place in the batch."""
        places = [place for place, event in enumerate(batch.events) if event.flags & _FROM_CLIENT]
        key, project_id, events = self._naming.key, batch.project_id, batch.events
        return {place: key(project_id, events[place].event_id) for place in places}

    def _look_up(
        self, records: Sequence[Unpacked], keys: Sequence[dict[int, IdKey]]
    ) -> tuple[dict[IdKey, Latest], dict[str, set[str]]]:
        """What is known of the batch's ids, and which unknown ids, by project, look like ones that the server made."""
        latest = dict(self._known({key for record_keys in keys for key in record_keys.values()}))
        returned: dict[str, set[str]] = {}
        for record, record_keys in zip(records, keys, strict=True):
            events = record.batch.events
            for place, key in record_keys.items():
                event_id = events[place].event_id
                if event_id.startswith("ev") and key not in latest and has_server_form(event_id):
                    returned.setdefault(record.batch.project_id, set()).add(event_id)
        return latest, returned

    def _minted_keys(self, batch: Batch, returned: Mapping[str, set[str]]) -> dict[int, IdKey]:
        """Keys of server-made ids that a client sends back within the same batch of records."""
        wanted = returned.get(batch.project_id, set())
        return {
            place: self._naming.key(batch.project_id, event.event_id)
            for place, event in enumerate(batch.events)
            if not event.flags & _FROM_CLIENT and event.event_id in wanted
        }

    def _decide_record(
        self,
        record: Unpacked,
        client: dict[int, IdKey],
        minted: dict[int, IdKey],
        latest: dict[IdKey, Latest],
        decision: Decision,
    ) -> None:
        batch, position, naming = record.batch, record.position, self._naming
        dropped, amended = set(), 0
        for place, key in sorted((client | minted).items()) if minted else client.items():
            now = naming.latest(batch.events[place], position + place)
            before = latest.get(key)
            if before is not None and place not in minted:
                if before[8:] == now[8:]:
                    dropped.add(place)
                    continue
                amended += 1
                old = int.from_bytes(before[:8], "big")
                decision.superseded.append(Superseded(batch.project_id, old, position + place, batch.received_at_ms))
            latest[key] = decision.ids[key] = now
        places = [place for place in range(len(batch.events)) if place not in dropped] if dropped else range(len(batch.events))
        events = [batch.events[place] for place in places] if dropped else batch.events
        self._keep(decision, record, events, [position + place for place in places], amended)

    def _keep(
        self, decision: Decision, record: Unpacked, events: Sequence[Event], positions: Sequence[int], amended: int = 0
    ) -> None:
        batch = record.batch
        tally = decision.tallies[batch.project_id, utc_day(batch.received_at_ms)]
        tally.received += len(batch.events)
        tally.stored += len(events)
        tally.duplicate += len(batch.events) - len(events)
        tally.amended += amended
        if events:
            decision.kept.append(Kept(batch, events, positions))
