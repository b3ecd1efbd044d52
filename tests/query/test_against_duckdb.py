"""Every aggregation, window, zone, filter and grouping against DuckDB over the same raw events."""

import json
import random
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamgauge.kernel.query import (
    Aggregation,
    CalendarRule,
    Field,
    FieldKey,
    Filter,
    MetricQuery,
    Missing,
    NumberFilter,
    Order,
    PropertyKey,
    Selection,
    Weekday,
    Window,
)
from streamgauge.kernel.website import Operator
from streamgauge.store import Store
from tests.query.judge import Judge, same
from tests.query.ledger import Ledger, ms

_NAMES = [
    "amount",
    "",
    "it's",
    'say "hi"',
    "back\\slash",
    "tab\there",
    "{p0:String}",
    "a.b",
    "größe ☃",
    "$1",
    "numbers['x']",
    "%s",
]
_VALUES: list[Any] = [
    *(0, 1, -1, 2, 3, 7, 10, 1000, -250, 123456789),
    *(0.1, 0.2, -0.3, 2.5, 99.99, 1234.5678, -0.000001, 0.123456789),
    *("12", "-5.5", "+5", "1e3", ".5", "5.", "00012", "0.1234567899", "-0.1234567899"),
    *("", "abc", " 12", "12 ", "0x10", "nan", "inf", "1,5", "12abc", "1_0", "-", ".", "empty", "1.2.3", "a'b", "\\n", "\t", "ü☃"),
    *(True, False, None, {"x": 1}, [1, 2], {}, []),
]
_TEXTS = ["", "a", "b'c", 'd"e', "\\n", "☃"]
_START, _END = ms("2018-10-01T00:00Z"), ms("2019-04-01T00:00Z")
_ZONES = [
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Berlin",
]
# Where a bucket of several hours always begins at the same distance from what the clock shows.
_ZONES_WITHOUT_CHANGES = ["UTC", "Asia/Kathmandu", "Asia/Kolkata"]


class Court(NamedTuple):
    """The same events on both sides."""

    ledger: Ledger
    judge: Judge


def some_events(chance: random.Random, count: int) -> list[dict[str, Any]]:
    events = []
    for place in range(count):
        properties = {name: chance.choice(_VALUES) for name in _NAMES if chance.random() < 0.6}
        # Some share their millisecond with others: then the later position is the latest.
        # A third of the events crowd into a few minutes around a change of the clock, so that buckets hold more than one.
        near = chance.choice([ms("2018-11-04T03:00Z"), ms("2018-11-04T06:00Z"), ms("2019-03-31T01:00Z")])
        events.append(
            {
                "event_id": f"e{place}",
                "name": chance.choice(["use", "use", "use", "other'name"]),
                "timestamp": near + chance.randrange(-3, 3) * 1_200_000
                if chance.random() < 0.3
                else chance.randrange(_START - 86_400_000, _END + 86_400_000),
                "customer_id": chance.choice(_TEXTS),
                "source": chance.choice(_TEXTS),
                "properties": b"" if chance.random() < 0.05 else json.dumps(properties).encode(),
            }
        )
    return events


@pytest.fixture(scope="module")
def court(store: Store) -> Court:
    chance = random.Random(20181104)
    court = Court(Ledger(store), Judge())
    events = some_events(chance, 500)
    positions = court.ledger.put(events)
    replaced = set(chance.sample(positions[:-1], 40))
    court.ledger.supersede(sorted(replaced), positions[-1])
    court.judge.put([(position, event, position not in replaced) for position, event in zip(positions, events, strict=True)])
    return court


keys = st.one_of(st.sampled_from([FieldKey(Field.CUSTOMER_ID), FieldKey(Field.SOURCE)]), st.sampled_from(_NAMES).map(PropertyKey))
texts = st.one_of(st.sampled_from(_TEXTS), st.sampled_from(["12", "true", "2.5", "0.1", '{"x":1}', "[1,2]", "abc", "1000"]))
patterns = st.sampled_from(["", "^$", "a", "^[0-9.]+$", "(?i)ABC", "[☃ü]", "\\\\", "^.$", "1|2"])
bounds = st.sampled_from(["0", "1", "-0.3", "2.5", "0.123456789", "0.1234567895", "-0.1234567891", "12", "1e3", "-1e19"]).map(
    Decimal
)
one_filter = st.one_of(
    st.builds(Filter, keys, st.lists(texts, max_size=6).map(tuple)),
    st.builds(
        Filter,
        keys,
        st.lists(texts, max_size=3).map(tuple),
        st.sampled_from([Operator.IS_NOT, Operator.CONTAINS]),
    ),
    st.builds(Filter, keys, st.lists(patterns, max_size=2).map(tuple), st.just(Operator.MATCHES)),
    st.builds(NumberFilter, st.sampled_from(_NAMES).map(PropertyKey), st.sampled_from(Order), bounds),
)
# Mostly none, so that answers are made of many events.
filters = st.one_of(st.just(()), st.just(()), st.just(()), st.lists(one_filter, min_size=1, max_size=2).map(tuple))
anchors = st.integers(1, 28)


instants = st.integers(_START, _END)


def _ordered(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


@st.composite
def queries(draw: st.DrawFn) -> MetricQuery:
    aggregation = draw(st.sampled_from(Aggregation))
    window = draw(st.one_of(st.none(), st.sampled_from(Window)))
    bucket = (
        draw(st.sampled_from([None, Window.HOUR, Window.DAY, Window.MONTH]))
        if aggregation in (Aggregation.SUM, Aggregation.MAX)
        else None
    )
    many_hours = {window, bucket} & {Window.HOURS_3, Window.HOURS_6, Window.HOURS_12}
    by_hour = {window, bucket} & {Window.HOUR, Window.MINUTES_30, Window.MINUTES_15, Window.MINUTE}
    zones = _ZONES_WITHOUT_CHANGES if many_hours else [zone for zone in _ZONES if not (by_hour and zone == "Australia/Lord_Howe")]
    rule = CalendarRule(draw(st.sampled_from(zones)), draw(st.sampled_from(Weekday)), draw(anchors))
    start_ms, end_ms = draw(st.one_of(st.just((_START, _END)), st.builds(_ordered, instants, instants)))
    if window is Window.MINUTE:
        end_ms = min(end_ms, start_ms + 30 * 86_400_000)
    return MetricQuery(
        Selection("", start_ms, end_ms, draw(st.sampled_from([None, "use", "other'name"])), draw(filters)),
        aggregation,
        None if aggregation is Aggregation.COUNT else draw(st.sampled_from(_NAMES)),
        window,
        bucket,
        rule,
        draw(st.lists(keys, max_size=2).map(tuple)),
        missing=draw(st.sampled_from(Missing)),
    )


def of_project(query: MetricQuery, project_id: str) -> MetricQuery:
    return replace(query, selection=replace(query.selection, project_id=project_id))


def agree(court: Court, query: MetricQuery) -> None:
    """Hold the answer of the product against the judge's: the total, and each point."""
    ours = court.ledger.metric(of_project(query, court.ledger.project_id))
    points, (total, count) = court.judge.answer(query)
    assert ours.count == (count or 0)
    assert same(ours.value, total, query.aggregation)
    if query.bucket is not None:
        assert sum(point.count for point in ours.points) in (0, ours.count)
        assert not ours.points or same(sum(point.value or 0 for point in ours.points) or None, total or None, query.aggregation)
        return
    found = {
        (court.judge.bucket_of(point.start_ms, query.window, query), *point.group): point for point in ours.points if point.count
    }
    if query.window is None and not query.group_by:
        assert not found
        return
    assert set(found) == set(points)
    for key, point in found.items():
        value, events = points[key]
        assert point.count == events
        if query.aggregation is not Aggregation.WEIGHTED_SUM or query.window is None:
            assert same(point.value, value, query.aggregation)


@pytest.mark.parametrize("missing", Missing)
@pytest.mark.parametrize("aggregation", Aggregation)
def test_every_property_by_month_of_new_york(court: Court, aggregation: Aggregation, missing: Missing) -> None:
    for name in _NAMES:
        rule = CalendarRule("America/New_York")
        selection = Selection("", _START, _END, "use")
        agree(court, MetricQuery(selection, aggregation, name, Window.MONTH, calendar=rule, missing=missing))


@pytest.mark.parametrize("missing", Missing)
@pytest.mark.parametrize("bucket", [Window.HOUR, Window.DAY, Window.WEEK, Window.MONTH])
@pytest.mark.parametrize("aggregation", [Aggregation.SUM, Aggregation.MAX])
def test_sums_of_buckets(court: Court, aggregation: Aggregation, bucket: Window, missing: Missing) -> None:
    for group_by in ((), (PropertyKey("it's"),)):
        rule = CalendarRule("America/Sao_Paulo")
        selection = Selection("", _START, _END, "use")
        agree(court, MetricQuery(selection, aggregation, "amount", Window.MONTH, bucket, rule, group_by, missing=missing))


FILTERS = [
    *[Filter(PropertyKey("amount"), ("", "12", "a'b"), operator) for operator in (Operator.IS, Operator.IS_NOT)],
    *[Filter(PropertyKey("it's"), values, Operator.CONTAINS) for values in [("1",), ("x", "☃"), ("",), ("'", "\\"), ()]],
    *[Filter(FieldKey(Field.SOURCE), ("'",), operator) for operator in (Operator.IS_NOT, Operator.CONTAINS)],
    *[Filter(PropertyKey("a.b"), (pattern,), Operator.MATCHES) for pattern in ["^[0-9]", "(?i)A|t", "^.$", "\\\\n", "^$"]],
    Filter(PropertyKey("amount"), ("^1", "^2"), Operator.MATCHES),
    Filter(PropertyKey("amount"), (), Operator.MATCHES),
    *[NumberFilter(PropertyKey("amount"), order, Decimal(bound)) for order in Order for bound in ("0", "12", "0.1234567891")],
    *[NumberFilter(PropertyKey(""), order, Decimal(bound)) for order in Order for bound in ("-0.1234567891", "1e19")],
]


@pytest.mark.parametrize("chosen", FILTERS, ids=str)
def test_every_way_to_compare(court: Court, chosen: Filter | NumberFilter) -> None:
    agree(court, MetricQuery(Selection("", _START, _END, "use", (chosen,)), Aggregation.SUM, "amount"))
    agree(court, MetricQuery(Selection("", _START, _END, "use", (chosen,)), Aggregation.COUNT, group_by=(PropertyKey("amount"),)))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(query=queries())
def test_answers_equal_duckdb(court: Court, query: MetricQuery) -> None:
    agree(court, query)


@pytest.mark.parametrize("bound", ["9.999999999999999999999999999e27", "9999999999999999999999999999.999999999", "1e-5000"])
def test_bounds_at_the_edge_of_what_can_be_stored(court: Court, bound: str) -> None:
    """The judge has no decimal of this size; every number of the events lies between such bounds, or beside zero."""
    own = Selection(court.ledger.project_id, _START, _END, "use")
    number = Decimal(bound)

    def count(*chosen: NumberFilter) -> int:
        return court.ledger.metric(MetricQuery(replace(own, filters=chosen), Aggregation.COUNT)).count

    amount = PropertyKey("amount")
    numbers = count(NumberFilter(amount, Order.ABOVE, Decimal("-1e20")))
    beyond = count(NumberFilter(amount, Order.ABOVE, number)), count(NumberFilter(amount, Order.AT_LEAST, number))
    below = count(NumberFilter(amount, Order.BELOW, number)), count(NumberFilter(amount, Order.AT_MOST, number))
    assert beyond[0] == beyond[1]
    assert below[0] == below[1]
    assert beyond[0] + below[0] == numbers
    assert (beyond[0] == 0) == (number > 1)
    zeros = count(NumberFilter(amount, Order.AT_LEAST, Decimal(0)), NumberFilter(amount, Order.AT_MOST, Decimal(0)))
    assert zeros
