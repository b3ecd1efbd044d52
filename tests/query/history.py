"""A history of one project as an accountant would keep it: the judge of closed periods and of answers as of a moment.

It goes through what arrived in its order, with a ledger of entries: an event is entered at its time, or after the period that
is closed already; a correction strikes the earlier entry out, or, where the book of its period is closed, enters it once more
with a minus.
Nothing here looks like the statement that is judged.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import Aggregation, Closed, MetricQuery
from tests.query.ledger import Ledger, ms

DAY = 86_400_000
START = ms("2025-01-01T00:00Z")
DAYS = 8
END = START + DAYS * DAY


class Arrival(msgspec.Struct, frozen=True):
    """value None: a mark that takes the event back."""

    event_id: int
    timestamp_ms: int
    value: int | None
    received_ms: int = 0
    position: int = 0
    customer: str = ""


class Entry(NamedTuple):
    at_ms: int
    sign: int
    arrival: Arrival


def placed(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Each with its position, and received one second after the one before it."""
    return [
        msgspec.structs.replace(arrival, position=100 + 10 * place, received_ms=END + 1000 * place)
        for place, arrival in enumerate(arrivals)
    ]


def put(ledger: Ledger, arrivals: Sequence[Arrival], earlier: Sequence[Arrival] = ()) -> None:
    """Load them as the loader does. earlier: what is loaded already."""
    if not arrivals:
        return
    ledger.put([_row(arrival) for arrival in arrivals])
    latest = {arrival.event_id: arrival for arrival in earlier}
    for arrival in arrivals:
        if arrival.value is None:
            ledger.amended = True
        if arrival.event_id in latest:
            ledger.supersede([latest[arrival.event_id].position], arrival.position, arrival.received_ms)
        latest[arrival.event_id] = arrival


def _row(arrival: Arrival) -> dict[str, Any]:
    return {
        "event_id": f"e{arrival.event_id}",
        "timestamp": arrival.timestamp_ms,
        "received_at": arrival.received_ms,
        "position": arrival.position,
        "customer_id": arrival.customer,
        "flags": EventFlag.ID_FROM_CLIENT | (EventFlag.VOID if arrival.value is None else 0),
        "properties": b"" if arrival.value is None else json.dumps({"v": arrival.value}).encode(),
    }


def entries(arrivals: Sequence[Arrival], closed: Sequence[Closed], signed: bool) -> list[Entry]:
    """The book. signed: entries of closed periods are taken back; otherwise they are left as they are."""
    book: list[Entry] = []
    standing: dict[int, Entry | None] = {}
    for arrival in arrivals:
        shut = [period for period in closed if period.position <= arrival.position]
        before = standing.get(arrival.event_id)
        if before is not None:
            if any(period.start_ms <= before.at_ms < period.end_ms for period in shut):
                if signed:
                    book.append(Entry(_open_time(before.at_ms, shut), -1, before.arrival))
            else:
                book.remove(before)
        entry = None if arrival.value is None else Entry(_open_time(arrival.timestamp_ms, shut), 1, arrival)
        if entry is not None:
            book.append(entry)
        standing[arrival.event_id] = entry
    return book


def _open_time(at_ms: int, shut: Sequence[Closed]) -> int:
    while found := [period for period in shut if period.start_ms <= at_ms < period.end_ms]:
        at_ms = found[0].end_ms
    return at_ms


def answer(query: MetricQuery, arrivals: Sequence[Arrival]) -> tuple[Decimal | int | None, int]:
    """Value and number of events of the query's range, by the book."""
    signed = query.aggregation in (Aggregation.COUNT, Aggregation.SUM)
    start_ms, end_ms = query.selection.start_ms, query.selection.end_ms
    book = [entry for entry in entries(arrivals, query.closed, signed) if start_ms <= entry.at_ms < end_ms]
    return _aggregate(query, book), sum(entry.sign for entry in book)


def by_day(query: MetricQuery, arrivals: Sequence[Arrival]) -> list[tuple[Decimal | int | None, int]]:
    """The same for each day of the range."""
    days = range(query.selection.start_ms, query.selection.end_ms, DAY)
    return [
        answer(
            msgspec.structs.replace(query, selection=msgspec.structs.replace(query.selection, start_ms=day, end_ms=day + DAY)),
            arrivals,
        )
        for day in days
    ]


def _aggregate(query: MetricQuery, book: Sequence[Entry]) -> Decimal | int | None:
    numbers = [entry.sign * Decimal(entry.arrival.value or 0) for entry in book]
    match query.aggregation:
        case Aggregation.COUNT:
            return sum(entry.sign for entry in book)
        case Aggregation.SUM:
            return sum(numbers)
        case Aggregation.UNIQUE:
            return len(set(numbers))
    if not book:
        return None
    match query.aggregation:
        case Aggregation.AVG:
            return sum(numbers, Decimal(0)) / len(numbers)
        case Aggregation.MAX:
            return max(numbers)
        case Aggregation.LATEST:
            return Decimal(max(book, key=lambda entry: (entry.at_ms, entry.arrival.position)).arrival.value or 0)
        case Aggregation.WEIGHTED_SUM:
            start_ms, end_ms = query.selection.start_ms, query.selection.end_ms
            weighted = sum(number * (end_ms - entry.at_ms) for number, entry in zip(numbers, book, strict=True))
            return Decimal(weighted) / (end_ms - start_ms)
    raise AssertionError(query.aggregation)
