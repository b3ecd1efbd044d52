"""Closed periods: an accountant's book as judge, what is conserved, what never changes, and that nothing is paid without them."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamgauge.kernel.expression import parse_expression
from streamgauge.kernel.query import Aggregation, AsOf, Closed, Field, FieldKey, MetricQuery, Number, Selection, Window
from streamgauge.query.clauses import Snapshot
from streamgauge.query.closing import relevant
from streamgauge.query.metric import compile_metric, plan
from streamgauge.store import Store
from tests.query import history
from tests.query.history import DAY, DAYS, END, START, Arrival
from tests.query.ledger import Ledger

_AGGREGATIONS = (
    Aggregation.COUNT,
    Aggregation.SUM,
    Aggregation.AVG,
    Aggregation.MAX,
    Aggregation.UNIQUE,
    Aggregation.LATEST,
    Aggregation.WEIGHTED_SUM,
)

_arrivals = st.lists(
    st.builds(
        Arrival,
        event_id=st.integers(0, 5),
        timestamp_ms=st.integers(0, 2 * DAYS - 1).map(lambda half: START + half * DAY // 2),
        value=st.one_of(st.integers(-3, 9), st.none()),
    ),
    max_size=14,
).map(history.placed)


@st.composite
def closings(draw: st.DrawFn) -> tuple[Closed, ...]:
    """Up to three periods that do not overlap, closed in any order at positions among the arrivals."""
    edges = sorted(draw(st.lists(st.integers(0, DAYS), max_size=6, unique=True)))
    found: list[Closed] = []
    for first, second in pairwise(edges):
        if len(found) < 3 and draw(st.booleans()):
            position = 95 + 5 * draw(st.integers(0, 28))
            found.append(Closed(START + first * DAY, START + second * DAY, position))
    return tuple(draw(st.permutations(found)))


ranges = st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).map(
    lambda days: (START + min(days) * DAY, START + max(days) * DAY)
)


def ask(ledger: Ledger, aggregation: Aggregation, start_ms: int, end_ms: int, **rest: Any) -> MetricQuery:
    prop = None if aggregation is Aggregation.COUNT else "v"
    return MetricQuery(ledger.selection(start_ms, end_ms), aggregation, prop, **rest)


def same(ours: Number | None, theirs: Number | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return abs(Decimal(ours) - Decimal(theirs)) < Decimal("1e-20")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(arrivals=_arrivals, closed=closings(), bounds=ranges, aggregation=st.sampled_from(_AGGREGATIONS))
def test_answers_are_those_of_the_book(
    store: Store, arrivals: list[Arrival], closed: tuple[Closed, ...], bounds: tuple[int, int], aggregation: Aggregation
) -> None:
    ledger = Ledger(store)
    history.put(ledger, arrivals)
    query = ask(ledger, aggregation, *bounds, window=Window.DAY, closed=closed)
    ours = ledger.metric(query)
    value, count = history.answer(query, arrivals)
    assert ours.count == count
    assert same(ours.value, value)
    for point, (value, count) in zip(ours.points, history.by_day(query, arrivals), strict=True):
        assert point.count == count
        assert same(point.value, value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(arrivals=_arrivals, closed=closings(), more=st.sampled_from([{}, {"window": Window.DAY}, {"bucket": Window.HOURS_12}]))
def test_nothing_is_lost(store: Store, arrivals: list[Arrival], closed: tuple[Closed, ...], more: dict[str, Any]) -> None:
    ledger = Ledger(store)
    history.put(ledger, arrivals)
    # Events may be moved to the end of the last day, never further.
    for aggregation in (Aggregation.COUNT, Aggregation.SUM) if "bucket" not in more else (Aggregation.SUM,):
        plain = ledger.metric(ask(ledger, aggregation, START, END + 1, **more))
        moved = ledger.metric(ask(ledger, aggregation, START, END + 1, closed=closed, **more))
        assert (plain.value, plain.count) == (moved.value, moved.count)
        assert sum(point.value or 0 for point in plain.points) == sum(point.value or 0 for point in moved.points)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(arrivals=_arrivals, closed=closings(), aggregation=st.sampled_from(_AGGREGATIONS))
def test_closed_periods_never_change(
    store: Store, arrivals: list[Arrival], closed: tuple[Closed, ...], aggregation: Aggregation
) -> None:
    ledger = Ledger(store)
    history.put(ledger, arrivals)
    for period in closed:
        known = tuple(other for other in closed if other.position <= period.position)
        now = ask(ledger, aggregation, period.start_ms, period.end_ms, closed=closed)
        then = replace(now, closed=known, selection=replace(now.selection, as_of=AsOf(position=period.position)))
        assert ledger.metric(now) == ledger.metric(then)


def correction(ledger: Ledger, old: int | None = 10, new: int | None = 12) -> Closed:
    """1 January is closed; then an event of it is corrected, and another one comes late."""
    first = Arrival(1, START, old, position=100)
    other = Arrival(2, START + DAY, 1, position=110)
    history.put(ledger, [first, other])
    history.put(ledger, [Arrival(1, START + 1, new, position=200), Arrival(3, START + 2, 5, position=210)], [first, other])
    return Closed(START, START + DAY, 150)


@pytest.mark.parametrize(
    ("aggregation", "closed_day", "next_day"),
    [
        pytest.param(Aggregation.COUNT, (1, 1), (2, 2), id="count: the old version is taken back"),
        pytest.param(Aggregation.SUM, (10, 1), (8, 2), id="sum: 1 - 10 + 12 + 5"),
        pytest.param(Aggregation.AVG, (10, 1), (6, 3), id="average of the next day: 1, 12, 5"),
        pytest.param(Aggregation.MAX, (10, 1), (12, 3), id="maximum"),
        pytest.param(Aggregation.LATEST, (10, 1), (5, 3), id="latest: what comes late counts at one moment, by position"),
        pytest.param(Aggregation.UNIQUE, (1, 1), (3, 3), id="unique"),
        pytest.param(Aggregation.WEIGHTED_SUM, (10, 1), (18, 3), id="weighted sum: late values weigh from the day's start"),
    ],
)
def test_a_correction_and_a_late_event(
    ledger: Ledger, aggregation: Aggregation, closed_day: tuple[int, int], next_day: tuple[int, int]
) -> None:
    closed = (correction(ledger),)
    days = [ledger.metric(ask(ledger, aggregation, START + day * DAY, START + (day + 1) * DAY, closed=closed)) for day in (0, 1)]
    assert [(day.value, day.count) for day in days] == [closed_day, next_day]


def test_an_event_taken_back_after_closing_is_a_negative_entry(ledger: Ledger) -> None:
    closed = (correction(ledger, new=None),)
    query = ask(ledger, Aggregation.SUM, START, START + 2 * DAY, window=Window.DAY, closed=closed)
    answer = ledger.metric(query)
    assert [(point.value, point.count) for point in answer.points] == [(10, 1), (-4, 1)]
    assert (answer.value, answer.count) == (6, 2)


def test_entries_that_cancel_by_number_still_add_up(ledger: Ledger) -> None:
    """1 January has +1 and -1 events, but their values differ."""
    before = Arrival(1, START - DAY, 10, position=100)
    history.put(ledger, [before])
    history.put(ledger, [Arrival(1, START - DAY, 12, position=200)], [before])
    closed = (Closed(START - DAY, START, 150),)
    answer = ledger.metric(ask(ledger, Aggregation.SUM, START, END, window=Window.DAY, closed=closed))
    assert (answer.value, answer.count) == (2, 0)
    assert (answer.points[0].value, answer.points[0].count) == (2, 0)


@pytest.mark.parametrize(
    ("change", "closed_day", "next_day"),
    [
        pytest.param({"bucket": Window.HOUR}, 10, 8, id="sums of buckets"),
        pytest.param({"property": None, "expression": parse_expression("v * 2 + 1")}, 21, 18, id="an expression"),
        pytest.param({"multiplier": Decimal("0.5")}, 5, 4, id="a multiplier"),
        pytest.param({"group_by": (FieldKey(Field.EVENT_ID),)}, 10, 8, id="groups"),
        pytest.param({"aggregation": Aggregation.MAX, "bucket": Window.HOUR}, 10, 12, id="maxima of buckets are not taken back"),
    ],
)
def test_forms_of_a_sum(ledger: Ledger, change: dict[str, Any], closed_day: int, next_day: int) -> None:
    closed = (correction(ledger),)
    days = [
        replace(ask(ledger, Aggregation.SUM, START + day * DAY, START + (day + 1) * DAY, closed=closed), **change)
        for day in (0, 1)
    ]
    assert [ledger.metric(day).value for day in days] == [closed_day, next_day]


def test_groups_show_what_is_taken_back(ledger: Ledger) -> None:
    query = ask(ledger, Aggregation.SUM, START + DAY, START + 2 * DAY, closed=(correction(ledger),))
    points = ledger.metric(replace(query, group_by=(FieldKey(Field.EVENT_ID),))).points
    assert [(point.group, point.value, point.count) for point in points] == [(("e1",), 2, 0), (("e2",), 1, 1), (("e3",), 5, 1)]


def test_a_project_without_amendments(ledger: Ledger) -> None:
    history.put(ledger, [Arrival(1, START, 10, position=100), Arrival(2, START, 3, position=200)])
    assert not ledger.amended
    closed = (Closed(START, START + DAY, 150),)
    answer = ledger.metric(ask(ledger, Aggregation.SUM, START, START + 3 * DAY, window=Window.DAY, closed=closed))
    assert [point.value for point in answer.points] == [10, 3, 0]


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        pytest.param((150, 250), [0, 0, 1, 0], id="it came when both were closed"),
        pytest.param((150, 251), [0, 1, 0, 0], id="the second was closed after it came"),
        pytest.param((251, 150), [1, 0, 0, 0], id="the first was closed after it came"),
        pytest.param((250, 150), [0, 0, 1, 0], id="the first was closed at its very position"),
    ],
)
@pytest.mark.parametrize("amended", [False, True])
def test_where_a_late_event_counts(ledger: Ledger, positions: tuple[int, int], expected: list[int], amended: bool) -> None:
    history.put(ledger, [Arrival(1, START, 1, position=250)])
    ledger.amended = amended
    closed = tuple(Closed(START + day * DAY, START + (day + 1) * DAY, position) for day, position in enumerate(positions))
    asked = [ask(ledger, Aggregation.SUM, START + day * DAY, START + (day + 1) * DAY, closed=closed) for day in range(4)]
    assert [ledger.metric(query).value for query in asked] == expected


_JANUARY, _FEBRUARY, _APRIL = Closed(0, 10, 5), Closed(10, 20, 6), Closed(30, 40, 7)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        pytest.param((10, 20), (_JANUARY, _FEBRUARY), id="a closed period and the one before it"),
        pytest.param((20, 30), (_JANUARY, _FEBRUARY), id="what follows a chain"),
        pytest.param((20, 21), (_JANUARY, _FEBRUARY), id="its first moment"),
        pytest.param((21, 30), (), id="nothing is moved beyond the first moment"),
        pytest.param((0, 10), (_JANUARY,), id="the first"),
        pytest.param((35, 50), (_APRIL,), id="partly closed"),
        pytest.param((40, 50), (_APRIL,), id="after one that adjoins nothing"),
        pytest.param((-9, 0), (), id="before all"),
        pytest.param((-9, 99), (_JANUARY, _FEBRUARY, _APRIL), id="all"),
    ],
)
def test_which_periods_matter(bounds: tuple[int, int], expected: tuple[Closed, ...]) -> None:
    assert relevant((_APRIL, _JANUARY, _FEBRUARY), *bounds) == expected


def test_periods_that_do_not_matter_leave_the_statement_as_it_is() -> None:
    query = MetricQuery(Selection("p", 21, 30), Aggregation.SUM, "v", Window.DAY)
    plain, spared = (
        compile_metric(plan(asked, 10), Snapshot(100, True))
        for asked in (query, replace(query, closed=(_APRIL, _JANUARY, _FEBRUARY)))
    )
    assert plain == spared
