"""Pages of events, and all versions of one event: the statements, and their rows as StoredEvents.

A page is exact: a page asks for one row more than it shows, so `has_more` is known; the order is total (ties of the sort key
are decided by time, then event id, then position), so cursors and offsets never repeat or leave out an event.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import EventListQuery, EventLookup, EventPage, Matcher, Place, SortKey, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Bindings, Snapshot, conditions, filter_of, superseded_positions, where
from streamgauge.query.expression import gives_number
from streamgauge.store import Statement

EVENT_COLUMNS = (
    "event_id, name, toUnixTimestamp64Milli(timestamp), toUnixTimestamp64Milli(received_at), door, customer_id, account_id,\n"
    "  visitor_id, website_id, source, properties, flags, path, key_id, position"
)
_SORT_COLUMNS = {
    SortKey.TIMESTAMP: ("timestamp", "event_id", "position"),
    SortKey.EVENT_NAME: ("name", "timestamp", "event_id", "position"),
}


def check_page(query: EventListQuery) -> None:
    """Raises Refusal RANGE_REVERSED or INVALID_PARAMETER."""
    if query.selection.end_ms < query.selection.start_ms:
        raise Refusal(Reason.RANGE_REVERSED, "The range ends before it starts")
    if query.limit < 1:
        raise Refusal(Reason.INVALID_PARAMETER, "A page holds at least one event", field="page_size", expected="positive integer")
    if query.offset < 0:
        raise Refusal(Reason.INVALID_PARAMETER, "The offset must not be negative", field="offset", expected="integer from 0")


def compile_page(query: EventListQuery, snapshot: Snapshot) -> Statement:
    """One row more than the page, as far as there are any."""
    bindings = Bindings()
    found = _found(query, snapshot, bindings)
    if query.newer_than is not None:
        found.append(_beyond(query.newer_than, ">", bindings))
    if query.older_than is not None:
        found.append(_beyond(query.older_than, "<", bindings))
    direction = "DESC" if query.descending else "ASC"
    order = ", ".join(f"{column} {direction}" for column in _SORT_COLUMNS[query.sort])
    limit, offset = bindings.whole(query.limit + 1), bindings.whole(query.offset)
    sql = f"SELECT {EVENT_COLUMNS}\nFROM events\n{where(found)}\nORDER BY {order}\nLIMIT {limit} OFFSET {offset}"
    return Statement("events.page", sql, bindings.values())


def compile_total(query: EventListQuery, snapshot: Snapshot) -> Statement:
    """The number of events of the selection; cursors and offset do not change it."""
    bindings = Bindings()
    sql = f"SELECT count()\nFROM events\n{where(_found(query, snapshot, bindings))}"
    return Statement("events.total", sql, bindings.values())


def compile_lookup(lookup: EventLookup, snapshot: Snapshot) -> Statement:
    """All versions of the event, also those that another one replaced; the newest is the one last put into the journal.

    A mark that takes the event back is no version of it: the newest version is then a replaced one.
    """
    bindings = Bindings()
    replaced = superseded_positions(lookup.project_id, snapshot, bindings)
    found = [f"project_id = {bindings.text(lookup.project_id)}", f"event_id = {bindings.text(lookup.event_id)}"]
    found.append(f"position < {bindings.whole(snapshot.loaded)}")
    found.append(f"bitAnd(flags, {EventFlag.VOID.value}) = 0")
    sql = (
        f"SELECT {EVENT_COLUMNS}, position IN ({replaced})\nFROM events\n{where(found)}\n"
        f"ORDER BY position DESC\nLIMIT {bindings.whole(lookup.limit)}"
    )
    return Statement("events.lookup", sql, bindings.values())


def compile_history(lookup: EventLookup, snapshot: Snapshot) -> Statement:
    """As compile_lookup, with the marks that took the event back, and what took the place of each."""
    bindings = Bindings()
    project_id, loaded = bindings.text(lookup.project_id), bindings.whole(snapshot.loaded)
    replaced = (
        f"SELECT position AS replaced, min(by_position) AS replaced_by FROM superseded\n"  # noqa: S608 - placeholders only
        f"WHERE project_id = {project_id} AND by_position < {loaded} GROUP BY position"
    )
    found = [f"project_id = {project_id}", f"event_id = {bindings.text(lookup.event_id)}", f"position < {loaded}"]
    sql = (
        f"SELECT {EVENT_COLUMNS}, replaced_by != 0, replaced_by\nFROM events\n"
        f"LEFT JOIN ({replaced}) AS later ON position = replaced\n{where(found)}\n"
        f"ORDER BY position DESC\nLIMIT {bindings.whole(lookup.limit)}"
    )
    return Statement("events.history", sql, bindings.values())


def read_history(rows: Sequence[tuple[Any, ...]]) -> tuple[StoredEvent, ...]:
    """The versions and marks from the rows of compile_history."""
    return tuple(msgspec.structs.replace(stored_event(row[:-1]), replaced_by=row[-1] if row[-2] else None) for row in rows)


def read_page(query: EventListQuery, rows: Sequence[tuple[Any, ...]], total: int | None) -> EventPage:
    """The page from the rows of compile_page."""
    return EventPage(tuple(map(stored_event, rows[: query.limit])), len(rows) > query.limit, total)


def read_versions(rows: Sequence[tuple[Any, ...]]) -> tuple[StoredEvent, ...]:
    """The versions from the rows of compile_lookup."""
    return tuple(map(stored_event, rows))


def _found(query: EventListQuery, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    # Bounded by the snapshot in every project, so that a page and its total speak of the same events.
    found = [*conditions(query.selection, snapshot, bindings), f"position < {bindings.whole(snapshot.loaded)}"]
    if query.of_customers:
        found.append("customer_id != ''")
    if query.matched_by_none:
        found.append(f"NOT ({_matched_by_any(query.matched_by_none, bindings)})")
    if query.payments_of:
        found.append(f"website_id = {bindings.text(query.payments_of)}")
        found.append(f"bitAnd(flags, {EventFlag.REVENUE.value}) != 0")
    return found


def _matched_by_any(matchers: Sequence[Matcher], bindings: Bindings) -> str:
    """One list of names where the name alone decides: a condition for each of a thousand takes the engine seconds to read."""
    plain = tuple(matcher.event_name for matcher in matchers if not matcher.filters and matcher.expression is None)
    tests = [f"name IN {bindings.texts(plain)}"] if plain else []
    tests += [_matched(matcher, bindings) for matcher in matchers if matcher.filters or matcher.expression is not None]
    return " OR ".join(tests)


def _matched(matcher: Matcher, bindings: Bindings) -> str:
    found = [f"name = {bindings.text(matcher.event_name)}", *(filter_of(chosen, bindings) for chosen in matcher.filters)]
    if matcher.expression is not None:
        found.append(gives_number(matcher.expression, bindings))
    return f"({' AND '.join(found)})"


def _beyond(place: Place, sign: str, bindings: Bindings) -> str:
    instant, event_id = bindings.instant(place.timestamp_ms), bindings.text(place.event_id)
    # The first part lets the store skip by time; the second decides among events of the same millisecond.
    return f"timestamp {sign}= {instant} AND (timestamp, event_id) {sign} ({instant}, {event_id})"


def stored_event(row: tuple[Any, ...]) -> StoredEvent:
    """The event from EVENT_COLUMNS, and perhaps whether it is superseded."""
    (
        event_id,
        name,
        timestamp_ms,
        received_at_ms,
        door,
        customer_id,
        account_id,
        visitor_id,
        website_id,
        source,
        properties,
        flags,
        path,
        key_id,
        position,
        *rest,
    ) = row
    return StoredEvent(
        event_id=event_id,
        name=name,
        timestamp_ms=timestamp_ms,
        received_at_ms=received_at_ms,
        door=door,
        customer_id=customer_id,
        account_id=account_id,
        visitor_id=visitor_id,
        website_id=website_id,
        source=source,
        properties=properties.encode(),
        position=position,
        superseded=bool(rest and rest[0]),
        flags=flags,
        path=path,
        key_id=key_id,
    )
