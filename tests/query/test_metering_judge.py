"""Every type of meter against DuckDB over the raw events, as they came: duplicates, corrections, marks, late events and all.

Ours go the way of the product: the loader's own decision about ids, its rows, the meter's questions, the runner. The judge reads
the raw events, decides by a statement of its own which of them count, and aggregates those.
"""

import json
import random
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamgauge.kernel import measuring
from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.metering import CustomerScope, Measure, Meter, MeterType, ResetUsage
from streamgauge.kernel.query import (
    Aggregation,
    CalendarRule,
    Field,
    FieldKey,
    Filter,
    Key,
    MetricQuery,
    Point,
    PropertyKey,
    Weekday,
    Window,
)
from streamgauge.loader.dedup import Deduplicator, IdNaming, Unpacked
from streamgauge.loader.rows import event_rows
from streamgauge.loader.visits import VisitChanges
from streamgauge.store import Store
from tests.query.judge import Judge, same
from tests.query.ledger import Ledger, ms

_START, _END = ms("2025-01-26T00:00Z"), ms("2025-04-06T00:00Z")
_VALUES: list[Any] = [
    0,
    1,
    2,
    3.5,
    -1,
    -2.25,
    0.1,
    1000,
    "5",
    "-0.5",
    "1e2",
    "+7",
    "abc",
    "",
    "1,5",
    None,
    True,
    {"n": 1},
    123456.789,
]
_PROPERTIES = ("v", "w", "it's")
_CUSTOMERS = ("c1", "c2", "c'3")
_CLIENT = EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT


class Court(NamedTuple):
    """The same raw events on both sides."""

    ledger: Ledger
    judge: Judge


def raw_events(chance: random.Random, count: int) -> list[Event]:
    """A third repeats an earlier id: with the same content, with another one, or to take it back."""
    events: list[Event] = []
    for place in range(count):
        # Some crowd into the hours in which New York changes its clocks; some lie outside the ranges that are asked for.
        at = chance.choice([ms("2025-03-09T06:00Z"), ms("2025-02-28T23:00Z")]) + chance.randrange(0, 12) * 600_000
        if chance.random() < 0.7:
            at = chance.randrange(_START - 86_400_000, _END + 86_400_000)
        properties = {name: chance.choice(_VALUES) for name in _PROPERTIES if chance.random() < 0.8}
        event = Event(
            event_id=f"e{place}",
            name=chance.choice(["use", "use", "use", "other"]),
            timestamp_ms=at,
            customer_id=chance.choice(_CUSTOMERS),
            source=chance.choice(["", "api", "it's"]),
            flags=int(_CLIENT),
            properties=json.dumps(properties).encode(),
        )
        if events and chance.random() < 0.35:
            before = chance.choice(events)
            event = chance.choice(
                [
                    before,
                    replace(event, event_id=before.event_id),
                    replace(before, flags=int(_CLIENT | EventFlag.VOID), properties=b""),
                ]
            )
        events.append(event)
    return events


def load(ledger: Ledger, events: Sequence[Event]) -> list[int]:
    """As the loader does it, in one load. Returns the positions."""
    records = [
        Unpacked(100 + 10 * place, Batch(ledger.project_id, Door.FLEXPRICE, _END + place, [event]))
        for place, event in enumerate(events)
    ]
    decision = Deduplicator(IdNaming(7), lambda keys: {}, lambda ids: {}).decide(records)
    nothing = VisitChanges([], [], {}, [], [], [])
    ledger.store.insert("events", event_rows(decision.kept, nothing), f"judge-{ledger.project_id}")
    ledger.insert_superseded(decision.superseded)
    ledger.amended = True
    return [record.position for record in records]


def counting(events: Sequence[Event], positions: Sequence[int]) -> set[int]:
    """The positions of the events that count, by the judge's own reading of the raw events."""
    db = duckdb.connect()
    db.execute("CREATE TABLE raw (position BIGINT, id VARCHAR, void BOOLEAN, content VARCHAR)")
    rows = [
        (position, event.event_id, bool(event.flags & EventFlag.VOID), "" if event.flags & EventFlag.VOID else repr(event))
        for position, event in zip(positions, events, strict=True)
    ]
    db.executemany("INSERT INTO raw VALUES (?, ?, ?, ?)", rows)
    # What says the same as the one before it was not said; of the rest, the last of each id counts, unless it is a mark.
    found = db.execute(
        """
        WITH said AS (
            SELECT *, lag(content) OVER (PARTITION BY id ORDER BY position) IS NOT DISTINCT FROM content AS again FROM raw
        )
        SELECT position FROM (
            SELECT * FROM said WHERE NOT again QUALIFY row_number() OVER (PARTITION BY id ORDER BY position DESC) = 1
        ) WHERE NOT void
        """
    ).fetchall()
    return {position for (position,) in found}


@pytest.fixture(scope="module")
def court(store: Store) -> Court:
    events = raw_events(random.Random(20250309), 600)
    court = Court(Ledger(store), Judge())
    positions = load(court.ledger, events)
    counts = counting(events, positions)
    court.judge.put(
        [
            (
                position,
                {
                    "event_id": event.event_id,
                    "name": event.name,
                    "timestamp": event.timestamp_ms,
                    "customer_id": event.customer_id,
                    "source": event.source,
                    "properties": event.properties,
                },
                position in counts,
            )
            for position, event in zip(positions, events, strict=True)
        ]
    )
    return court


def meter_of(kind: MeterType, **rest: Any) -> Meter:
    """A meter of this type over "v"."""
    measure = Measure(
        type=kind,
        field="" if kind is MeterType.COUNT else rest.pop("field", "v"),
        multiplier=Decimal("0.001") if kind is MeterType.SUM_WITH_MULTIPLIER else None,
        bucket_size=rest.pop("bucket_size", None),
        group_by=rest.pop("group_by", ()),
    )
    return Meter("m", "", "Meter", "use", measure, **rest)


def agree(court: Court, meter: Meter, asked: measuring.UsageAsked) -> None:
    """Hold the usage against the judge's answer: the value, and each point."""
    project = replace(meter, project_id=court.ledger.project_id)
    questions = measuring.usage_questions(project, asked)
    usage = measuring.usage_of(meter, asked, [court.ledger.metric(question) for question in questions])
    points, (value, count) = court.judge.answer(questions[0])
    assert usage.count == (count or 0)
    if meter.reset_usage is ResetUsage.NEVER:
        _, (value, _) = court.judge.answer(questions[1])
    assert same(usage.value, value, questions[0].aggregation)
    if questions[0].aggregation is Aggregation.WEIGHTED_SUM:
        _same_weights(court, questions[0], usage.points)
    elif not meter.measure.group_by and questions[0].bucket in (None, questions[0].window):
        _same_points(court, questions[0], usage.points, points)


def _same_points(court: Court, query: MetricQuery, ours: Sequence[Point], theirs: dict[Any, Any]) -> None:
    if query.window is None and not query.group_by:
        assert not ours
        return
    found = {(court.judge.bucket_of(point.start_ms, query.window, query), *point.group): point for point in ours if point.count}
    assert set(found) == set(theirs)
    for key, point in found.items():
        value, events = theirs[key]
        assert point.count == events
        assert same(point.value, value, query.aggregation)


def _same_weights(court: Court, query: MetricQuery, ours: Sequence[Point]) -> None:
    """A window weighs by its own length: each is asked of the judge as a range of its own."""
    if query.group_by or query.window is None:
        return
    selection = query.selection
    bounds = [max(point.start_ms, selection.start_ms) for point in ours] + [selection.end_ms]
    for point, (start_ms, end_ms) in zip(ours, pairwise(bounds), strict=True):
        if point.count:
            own = replace(query, window=None, selection=replace(selection, start_ms=start_ms, end_ms=end_ms))
            _, (value, events) = court.judge.answer(own)
            assert point.count == events
            assert same(point.value, value, query.aggregation)


_WINDOWS = {
    Window.MINUTE: "2025-03-10T00:00Z",
    Window.MINUTES_15: "2025-03-15T00:00Z",
    Window.MINUTES_30: "2025-03-15T00:00Z",
    Window.HOUR: "2025-03-20T00:00Z",
    Window.HOURS_3: "2025-03-20T00:00Z",
    Window.HOURS_6: "2025-03-20T00:00Z",
    Window.HOURS_12: "2025-03-20T00:00Z",
    Window.DAY: "2025-04-05T12:34Z",
    Window.WEEK: "2025-04-05T12:34Z",
    Window.MONTH: "2025-04-05T12:34Z",
}


@pytest.mark.parametrize("window", _WINDOWS)
@pytest.mark.parametrize("kind", MeterType)
def test_every_type_by_every_window(court: Court, kind: MeterType, window: Window) -> None:
    """In Kathmandu, whose clock is three quarters of an hour off, weeks from Sunday, months from the 17th."""
    start_ms = ms("2025-03-08T10:20Z") if window not in (Window.DAY, Window.WEEK, Window.MONTH) else _START
    rule = CalendarRule("Asia/Kathmandu", Weekday.SUNDAY, 17)
    asked = measuring.UsageAsked(start_ms=start_ms, end_ms=ms(_WINDOWS[window]), window=window, calendar=rule)
    agree(court, meter_of(kind), asked)


@pytest.mark.parametrize("group_by", [(), (PropertyKey("w"),), (PropertyKey("w"), FieldKey(Field.SOURCE))], ids=str)
@pytest.mark.parametrize("bucket", [Window.MINUTES_15, Window.HOUR, Window.DAY, Window.WEEK, Window.MONTH])
@pytest.mark.parametrize("kind", [MeterType.MAX, MeterType.SUM])
def test_buckets_and_their_groups(court: Court, kind: MeterType, bucket: Window, group_by: tuple[Key, ...]) -> None:
    if kind is MeterType.SUM and group_by:
        group_by = ()
    meter = meter_of(kind, bucket_size=bucket, group_by=group_by)
    for window in (None, bucket):
        rule = CalendarRule("America/New_York", Weekday.SUNDAY, 28)
        agree(court, meter, measuring.UsageAsked(start_ms=_START, end_ms=_END, window=window, calendar=rule))


filters = st.lists(
    st.builds(
        Filter,
        st.one_of(st.sampled_from(_PROPERTIES).map(PropertyKey), st.just(FieldKey(Field.SOURCE))),
        st.lists(st.sampled_from(["1", "-1", "0.1", "abc", "", "api", "true", "it's", "1000"]), min_size=1, max_size=4).map(
            tuple
        ),
    ),
    max_size=1,
).map(tuple)


@st.composite
def meters(draw: st.DrawFn) -> Meter:
    kind = draw(st.sampled_from(MeterType))
    rest: dict[str, Any] = {"filters": draw(filters), "reset_usage": draw(st.sampled_from(ResetUsage))}
    if kind is not MeterType.COUNT:
        rest["field"] = draw(st.sampled_from(_PROPERTIES))
    if kind in (MeterType.MAX, MeterType.SUM):
        rest["bucket_size"] = draw(st.sampled_from([None, Window.HOUR, Window.DAY, Window.WEEK]))
    return meter_of(kind, **rest)


@st.composite
def askings(draw: st.DrawFn) -> measuring.UsageAsked:
    bounds = draw(st.tuples(st.integers(_START, _END), st.integers(_START, _END)))
    zone = draw(st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "America/Sao_Paulo"]))
    ids = draw(st.lists(st.sampled_from(_CUSTOMERS), unique=True, min_size=1).map(tuple))
    return measuring.UsageAsked(
        start_ms=min(bounds),
        end_ms=max(bounds),
        scope=draw(st.sampled_from([None, CustomerScope(ids)])),
        window=draw(st.sampled_from([None, Window.HOUR, Window.DAY, Window.WEEK, Window.MONTH])),
        calendar=CalendarRule(zone, Weekday.SUNDAY, draw(st.integers(1, 28))),
        filters=draw(filters),
        group_by=draw(st.sampled_from([(), (), (FieldKey(Field.SOURCE),), (PropertyKey("w"),)])),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(meter=meters(), asked=askings())
def test_usage_equals_duckdb(court: Court, meter: Meter, asked: measuring.UsageAsked) -> None:
    agree(court, meter, asked)
