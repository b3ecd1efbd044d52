"""The roll-up and the events give the same answer: whatever was amended, is being loaded, or lies at the edge of a slot."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import (
    Aggregation,
    AsOf,
    CalendarRule,
    Closed,
    Filter,
    MetricAnswer,
    MetricQuery,
    Missing,
    PropertyKey,
    Window,
)
from streamgauge.query.clauses import Snapshot
from streamgauge.query.metric import compile_metric, plan, read_metric
from streamgauge.query.rollup import MOST_UNSETTLED, metric_rows
from streamgauge.store import SLOT_MS, Statement, StatementLimits, Store
from tests.query.ledger import Ledger, ms

_START = ms("2025-03-29T00:00Z")
_SLOTS = 3 * 96
_EVERYTHING = 2**63 - 1
_RAW = "metric."
_VALUES = [b"", b"{}", b'{"v":1}', b'{"v":-2.5,"w":7}', b'{"v":"0.000000001"}', b'{"v":"x"}', b'{"w":3}', b'{"":4}']
_ADDED_UP = [Aggregation.COUNT, Aggregation.SUM, Aggregation.AVG, Aggregation.MIN, Aggregation.MAX]

_events = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.one_of(
            st.integers(-SLOT_MS, (_SLOTS + 1) * SLOT_MS),
            st.integers(0, _SLOTS).flatmap(
                lambda slot: st.sampled_from([slot * SLOT_MS - 1, slot * SLOT_MS, slot * SLOT_MS + 1])
            ),
        ),
        st.sampled_from(["use", "use", "buy"]),
        st.sampled_from(_VALUES),
        st.sampled_from([0, 0, 0, 0, int(EventFlag.VOID)]),
    ),
    max_size=30,
)


@st.composite
def queries(draw: st.DrawFn) -> MetricQuery:
    aggregation = draw(st.sampled_from(_ADDED_UP))
    first, last = sorted(draw(st.lists(st.integers(0, _SLOTS * SLOT_MS), min_size=2, max_size=2)))
    if draw(st.booleans()):
        first, last = first // SLOT_MS * SLOT_MS, last // SLOT_MS * SLOT_MS
    return MetricQuery(
        Ledger.any_selection(_START + first, _START + last, event_name=draw(st.sampled_from([None, "use"]))),
        aggregation,
        None if aggregation is Aggregation.COUNT else draw(st.sampled_from(["v", "w", "", "nowhere"])),
        draw(st.sampled_from([None, Window.MINUTES_15, Window.HOUR, Window.DAY])),
        calendar=CalendarRule(draw(st.sampled_from(["UTC", "Asia/Kathmandu", "Europe/Berlin"]))),
        missing=draw(st.sampled_from(Missing)),
    )


class Selecting:
    """Runs statements and remembers their names."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.names: list[str] = []

    def __call__(self, statement: Statement) -> Sequence[tuple[Any, ...]]:
        self.names.append(statement.name)
        return self._store.select(statement, StatementLimits())


def both(store: Store, query: MetricQuery, snapshot: Snapshot) -> tuple[MetricAnswer, MetricAnswer, list[str]]:
    """The answer as it is given, the one that the events give, and the statements of the first."""
    planned = plan(query, 10_000)
    selecting = Selecting(store)
    given_answer = read_metric(planned, metric_rows(planned, snapshot, selecting))
    raw = read_metric(planned, store.select(compile_metric(planned, snapshot), StatementLimits()))
    return given_answer, raw, selecting.names


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(events=_events, loaded=st.integers(0, 30), pinned=st.booleans(), asked=st.lists(queries(), min_size=1, max_size=3))
def test_the_rollup_gives_what_the_events_give(
    store: Store, events: list[tuple[int, int, str, bytes, int]], loaded: int, pinned: bool, asked: list[MetricQuery]
) -> None:
    """An event replaces the one before it with the same id; those from `loaded` on are in the store and not yet to be seen."""
    ledger = Ledger(store)
    positions: list[int] = []
    latest: dict[int, int] = {}
    for number, after_ms, name, properties, flags in events:
        row = {"timestamp": _START + after_ms, "name": name, "properties": properties, "flags": flags}
        positions += ledger.put([row])
        if number in latest:
            ledger.supersede([latest[number]], positions[-1])
        latest[number] = positions[-1]
    amended = ledger.amended or any(event[4] for event in events)
    below = positions[loaded] if loaded < len(positions) else _EVERYTHING
    snapshot = Snapshot(below, amended, pinned)
    for query in asked:
        own = replace(query, selection=replace(query.selection, project_id=ledger.project_id))
        ours, raw, _ = both(store, own, snapshot)
        assert ours == raw


def one(ledger: Ledger, **changes: Any) -> MetricQuery:
    selection = ledger.selection(_START, _START + _SLOTS * SLOT_MS, **changes.pop("selection", {}))
    return MetricQuery(selection, **{"aggregation": Aggregation.SUM, "property": "v", "window": Window.DAY, **changes})


@pytest.mark.parametrize(
    ("changes", "is_rolled"),
    [
        pytest.param({}, True, id="a sum by day"),
        pytest.param({"aggregation": Aggregation.COUNT, "property": None, "window": None}, True, id="a count in all"),
        pytest.param({"selection": {"event_name": None}}, True, id="of all names"),
        pytest.param({"selection": {"as_of": AsOf(loaded=True)}}, True, id="of what is loaded"),
        pytest.param({"calendar": CalendarRule("Asia/Kathmandu")}, True, id="in a zone of quarter hours"),
        pytest.param({"window": Window.MINUTE}, False, id="by minute"),
        pytest.param({"aggregation": Aggregation.P95}, False, id="a percentile"),
        pytest.param({"aggregation": Aggregation.UNIQUE}, False, id="distinct values"),
        pytest.param({"group_by": (PropertyKey("w"),)}, False, id="grouped"),
        pytest.param({"bucket": Window.HOUR}, False, id="summed per bucket"),
        pytest.param({"selection": {"filters": (Filter(PropertyKey("w"), ("7",)),)}}, False, id="filtered"),
        pytest.param({"selection": {"as_of": AsOf(position=5)}}, False, id="as of a position"),
        pytest.param({"selection": {"as_of": AsOf(instant_ms=5)}}, False, id="as of a time"),
        pytest.param({"closed": (Closed(_START, _START + SLOT_MS, 3),)}, False, id="with a closed period"),
    ],
)
def test_what_is_answered_from_the_rollup(ledger: Ledger, changes: dict[str, Any], is_rolled: bool) -> None:
    ledger.put([{"timestamp": _START + SLOT_MS, "properties": b'{"v":2,"w":7}'}])
    ours, raw, names = both(ledger.store, one(ledger, **changes), Snapshot(_EVERYTHING, amended=False))
    assert ours == raw
    assert any(name.startswith(_RAW) for name in names) != is_rolled


def test_a_short_range_is_asked_of_the_events(ledger: Ledger) -> None:
    query = one(ledger, window=None)
    short = replace(query, selection=replace(query.selection, end_ms=_START + 15 * SLOT_MS))
    assert both(ledger.store, short, Snapshot(_EVERYTHING, amended=False))[2] == ["metric.sum"]


def test_slots_with_amended_events_and_with_newer_ones_are_asked_of_the_events(ledger: Ledger) -> None:
    rows = [{"timestamp": _START + slot * SLOT_MS, "properties": b'{"v":1}'} for slot in (3, 40, 40, 41, 90)]
    positions = ledger.put(rows)
    ledger.supersede([positions[1]], positions[2])
    ours, raw, names = both(ledger.store, one(ledger), Snapshot(positions[4], amended=True))
    assert ours == raw
    assert ours.value == 3
    assert names == ["rollup.unsettled", "rollup.sum"]


def test_an_event_that_comes_between_the_two_statements_is_not_counted(ledger: Ledger) -> None:
    (position,) = ledger.put([{"timestamp": _START, "properties": b'{"v":1}'}])
    planned = plan(one(ledger), 10_000)

    class Meanwhile(Selecting):
        def __call__(self, statement: Statement) -> Sequence[tuple[Any, ...]]:
            if statement.name == "rollup.sum":
                ledger.put([{"timestamp": _START, "properties": b'{"v":10}'}])
            return super().__call__(statement)

    selecting = Meanwhile(ledger.store)
    rows = metric_rows(planned, Snapshot(position + 1, amended=False, pinned=True), selecting)
    assert read_metric(planned, rows).value == 1
    assert selecting.names == ["rollup.unsettled", "rollup.sum", "metric.sum"]


def test_where_too_much_is_unsettled_the_events_are_asked(ledger: Ledger) -> None:
    old = ledger.put([{"timestamp": _START + slot * SLOT_MS, "properties": b'{"v":1}'} for slot in range(MOST_UNSETTLED + 1)])
    (new,) = ledger.put([{"timestamp": _START, "properties": b'{"v":1}'}])
    ledger.supersede(old, new)
    ours, raw, names = both(ledger.store, one(ledger), Snapshot(_EVERYTHING, amended=True))
    assert ours == raw
    assert ours.value == 1
    assert names == ["rollup.unsettled", "metric.sum"]


def test_the_edges_of_a_range_hold_what_lies_in_it(ledger: Ledger) -> None:
    """Events a millisecond before, at and after every edge of a slot, and ranges that begin and end at such places."""
    times = [_START + slot * SLOT_MS + off for slot in range(40) for off in (-1, 0, 1)]
    ledger.put([{"timestamp": time} for time in times])
    for start in (times[0], times[1], times[2], times[3]):
        for end in (times[-6], times[-5], times[-4], times[-3]):
            query = MetricQuery(ledger.selection(start, end), Aggregation.COUNT)
            ours, _, names = both(ledger.store, query, Snapshot(_EVERYTHING, amended=False))
            assert (names, ours.value) == (["rollup.count"], sum(start <= time < end for time in times))


@pytest.mark.parametrize(
    ("aggregation", "missing", "expected"),
    [
        (Aggregation.MIN, Missing.SKIP, 2),
        (Aggregation.MIN, Missing.ZERO, 0),
        (Aggregation.MAX, Missing.SKIP, 5),
        (Aggregation.AVG, Missing.SKIP, 3.5),
        (Aggregation.AVG, Missing.ZERO, 1.75),
        (Aggregation.COUNT, Missing.SKIP, 4),
    ],
)
def test_events_without_the_property(ledger: Ledger, aggregation: Aggregation, missing: Missing, expected: float) -> None:
    bodies = [b'{"v":2}', b'{"v":5}', b"{}", b'{"w":1}']
    ledger.put([{"timestamp": _START + place * SLOT_MS, "properties": body} for place, body in enumerate(bodies)])
    query = one(ledger, aggregation=aggregation, missing=missing)
    ours, raw, names = both(ledger.store, query, Snapshot(_EVERYTHING, amended=False))
    assert (ours.value, names) == (expected, [f"rollup.{aggregation.value}"])
    assert ours == raw


def test_the_greatest_of_numbers_below_zero_is_zero_where_some_have_none(ledger: Ledger) -> None:
    ledger.put([{"timestamp": _START, "properties": body} for body in (b'{"v":-2}', b"{}")])
    query = one(ledger, aggregation=Aggregation.MAX, missing=Missing.ZERO)
    ours, raw, _ = both(ledger.store, query, Snapshot(_EVERYTHING, amended=False))
    assert (ours.value, raw.value) == (0, 0)
