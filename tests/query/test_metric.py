"""What the worked examples and the judge leave open: exactness, empty buckets, edges of the range, refusals, the statement."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from streamgauge.kernel.progress import AllLoaded
from streamgauge.kernel.query import (
    Aggregation,
    CalendarRule,
    Closed,
    Field,
    FieldKey,
    Filter,
    MetricQuery,
    Missing,
    PropertyKey,
    Selection,
    Window,
)
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.query.clauses import Snapshot
from streamgauge.query.metric import compile_metric, plan
from streamgauge.query.timetable import runs
from tests.query.ledger import Ledger, ms

_HOUR = 3_600_000
_DAY = ("2025-01-01T00:00Z", "2025-01-02T00:00Z")


def values(ledger: Ledger, *numbers: str, start: str = _DAY[0]) -> None:
    """One event a minute with the number written out in JSON, as the doors make it exact."""
    bodies = [f'{{"v":"{number}"}}'.encode() for number in numbers]
    ledger.put([{"timestamp": ms(start) + 60_000 * place, "properties": body} for place, body in enumerate(bodies)])


def test_sums_of_18_integer_and_9_fractional_digits_are_exact(ledger: Ledger) -> None:
    values(ledger, *["999999999999999999.999999999"] * 1000, "0.000000001")
    query = MetricQuery(ledger.selection(*_DAY), Aggregation.SUM, "v", Window.DAY)
    answer = ledger.metric(query)
    assert answer.value == Decimal("999999999999999999999.999999001")
    assert answer.points[0].value == answer.value


def test_sums_do_not_wrap_where_a_decimal_of_38_digits_would(ledger: Ledger) -> None:
    largest = "9999999999999999999999999999.999999999"
    values(ledger, *[largest] * 100, f"-{largest}")
    answers = {
        kind: ledger.metric(MetricQuery(ledger.selection(*_DAY), kind, "v")).value for kind in (Aggregation.SUM, Aggregation.AVG)
    }
    assert answers[Aggregation.SUM] == Decimal("989999999999999999999999999999.999999901")
    assert answers[Aggregation.AVG] == Decimal("9801980198019801980198019802.0")  # Rounded to 28 significant digits.


def test_multiplied_sums_and_percentiles_keep_every_digit(ledger: Ledger) -> None:
    values(ledger, "999999999999999999.999999999", "0.000000001")
    selection = ledger.selection(*_DAY)
    multiplied = ledger.metric(MetricQuery(selection, Aggregation.SUM, "v", multiplier=Decimal("0.000000001")))
    assert multiplied.value == Decimal("1000000000")
    assert ledger.metric(MetricQuery(selection, Aggregation.MEDIAN, "v")).value == Decimal("500000000000000000")
    assert ledger.metric(MetricQuery(selection, Aggregation.P90, "v")).value == Decimal("899999999999999999.9999999992")


def test_digits_after_the_ninth_are_cut(ledger: Ledger) -> None:
    values(ledger, "0.1234567899", "-0.1234567899")
    selection = ledger.selection(*_DAY)
    assert ledger.metric(MetricQuery(selection, Aggregation.MAX, "v")).value == Decimal("0.123456789")
    assert ledger.metric(MetricQuery(selection, Aggregation.MIN, "v")).value == Decimal("-0.123456789")


@pytest.mark.parametrize(
    ("aggregation", "missing", "expected"),
    [
        pytest.param(Aggregation.COUNT, Missing.SKIP, 4, id="count takes every event"),
        pytest.param(Aggregation.AVG, Missing.SKIP, 3, id="average of those that have a number"),
        pytest.param(Aggregation.AVG, Missing.ZERO, Decimal("1.5"), id="average with zeros"),
        pytest.param(Aggregation.MIN, Missing.SKIP, 2, id="minimum of those that have a number"),
        pytest.param(Aggregation.MIN, Missing.ZERO, 0, id="minimum with zeros"),
        pytest.param(Aggregation.LATEST, Missing.SKIP, 4, id="latest of those that have a number"),
        pytest.param(Aggregation.LATEST, Missing.ZERO, 0, id="latest with zeros"),
        pytest.param(Aggregation.UNIQUE, Missing.SKIP, 3, id="unique texts"),
        pytest.param(Aggregation.UNIQUE, Missing.ZERO, 4, id="unique texts and the empty one"),
    ],
)
def test_events_without_a_number(ledger: Ledger, aggregation: Aggregation, missing: Missing, expected: object) -> None:
    bodies = [b'{"v":2}', b'{"v":"4"}', b'{"v":"abc"}', b'{"v":null}']
    ledger.put([{"timestamp": ms(_DAY[0]) + place, "properties": body} for place, body in enumerate(bodies)])
    answer = ledger.metric(MetricQuery(ledger.selection(*_DAY), aggregation, "v", missing=missing))
    assert (answer.value, answer.count) == (expected, 4)


@pytest.mark.parametrize("aggregation", Aggregation)
def test_nothing_at_all(ledger: Ledger, aggregation: Aggregation) -> None:
    empty = 0 if aggregation in (Aggregation.COUNT, Aggregation.SUM, Aggregation.UNIQUE) else None
    answer = ledger.metric(MetricQuery(ledger.selection(*_DAY), aggregation, "v", Window.HOURS_6))
    assert (answer.value, answer.count) == (empty, 0)
    assert [(point.start_ms - ms(_DAY[0]), point.value, point.count) for point in answer.points] == [
        (hours * _HOUR, empty, 0) for hours in (0, 6, 12, 18)
    ]


def test_the_range_takes_its_start_and_leaves_its_end(ledger: Ledger) -> None:
    start, end = (ms(bound) for bound in _DAY)
    ledger.put([{"timestamp": at} for at in (start - 1, start, end - 1, end)])
    assert ledger.metric(MetricQuery(ledger.selection(*_DAY), Aggregation.COUNT)).value == 2


def test_the_first_bucket_keeps_its_own_start_but_holds_only_the_range(ledger: Ledger) -> None:
    ledger.put([{"timestamp": ms(f"2025-01-01T0{hour}:15Z")} for hour in range(4)])
    answer = ledger.metric(
        MetricQuery(ledger.selection("2025-01-01T01:00Z", "2025-01-01T03:00Z"), Aggregation.COUNT, None, Window.DAY)
    )
    assert [(point.start_ms, point.count) for point in answer.points] == [(ms(_DAY[0]), 2)]


@pytest.mark.parametrize("before_1970", [False, True], ids=["today", "before 1970"])
def test_latest_is_decided_by_time_and_then_by_position(ledger: Ledger, before_1970: bool) -> None:
    at = ms("1960-01-01T12:00Z" if before_1970 else "2025-01-01T12:00Z")
    for position, time, number in ((2**62, at - 1, 1), (30, at, 2), (40, at, 3), (35, at, 4)):
        ledger.put([{"timestamp": time, "position": position, "properties": f'{{"v":{number}}}'.encode()}])
    selection = ledger.selection(at - 10, at + 10)
    assert ledger.metric(MetricQuery(selection, Aggregation.LATEST, "v")).value == 3


def test_an_empty_range_has_an_empty_answer(ledger: Ledger) -> None:
    answer = ledger.metric(MetricQuery(ledger.selection(_DAY[0], _DAY[0]), Aggregation.SUM, "v", Window.DAY))
    assert (answer.value, answer.count, answer.points) == (0, 0, ())


def test_all_of_time_can_be_asked_for(ledger: Ledger) -> None:
    values(ledger, "1", "2")
    answer = ledger.metric(MetricQuery(ledger.selection(-(10**15), 10**15), Aggregation.SUM, "v"))
    assert answer.value == 3


def test_groups_come_by_start_then_text(ledger: Ledger) -> None:
    for hour, customer, size in ((2, "b", "l"), (0, "b", "s"), (0, "a", "s"), (0, "a", "l"), (2, "b", "l")):
        ledger.put(
            [{"timestamp": ms(_DAY[0]) + hour * _HOUR, "customer_id": customer, "properties": f'{{"size":"{size}"}}'.encode()}]
        )
    group_by = (FieldKey(Field.CUSTOMER_ID), PropertyKey("size"))
    answer = ledger.metric(MetricQuery(ledger.selection(*_DAY), Aggregation.COUNT, None, Window.HOUR, group_by=group_by))
    assert [(point.start_ms, point.group, point.value) for point in answer.points] == [
        (ms(_DAY[0]), ("a", "l"), 1),
        (ms(_DAY[0]), ("a", "s"), 1),
        (ms(_DAY[0]), ("b", "s"), 1),
        (ms(_DAY[0]) + 2 * _HOUR, ("b", "l"), 2),
    ]


def test_weighted_sum_weighs_each_window_by_its_own_length(ledger: Ledger) -> None:
    values(ledger, "10", start="2025-01-01T06:00Z")
    values(ledger, "8", start="2025-01-01T18:00Z")
    selection = ledger.selection("2025-01-01T00:00Z", "2025-01-01T20:00Z")
    answer = ledger.metric(MetricQuery(selection, Aggregation.WEIGHTED_SUM, "v", Window.HOURS_12))
    assert answer.value == Decimal("7.8")  # 10 * 14/20 + 8 * 2/20
    assert [point.value for point in answer.points] == [5, 2]  # 10 * 6/12; 8 * 2/8, the window being cut to the range


def test_a_bucket_belongs_to_the_window_in_which_it_starts(ledger: Ledger) -> None:
    # The week of 30 December 2024 reaches into January.
    for day, number in (("2024-12-30", 5), ("2025-01-02", 9), ("2025-01-07", 4)):
        ledger.put([{"timestamp": ms(f"{day}T12:00Z"), "properties": f'{{"v":{number}}}'.encode()}])
    selection = ledger.selection("2024-12-01T00:00Z", "2025-02-01T00:00Z")
    answer = ledger.metric(MetricQuery(selection, Aggregation.MAX, "v", Window.MONTH, bucket=Window.WEEK))
    assert answer.value == 13
    assert [point.value for point in answer.points] == [9, 4]


def test_a_project_without_amendments_reads_what_one_with_them_leaves_out(ledger: Ledger) -> None:
    values(ledger, "1", "2")
    before = ledger.metric(MetricQuery(ledger.selection(*_DAY), Aggregation.SUM, "v")).value
    (late,) = ledger.put([{"timestamp": ms(_DAY[0]), "properties": b'{"v":10}'}])
    ledger.supersede([100], late)
    assert (before, ledger.metric(MetricQuery(ledger.selection(*_DAY), Aggregation.SUM, "v")).value) == (3, 12)


@pytest.mark.parametrize("group_by", [(), (PropertyKey("size"),)], ids=["in all", "in groups"])
def test_buckets_of_all_of_time_are_cut_from_the_first_event_on(ledger: Ledger, group_by: tuple[PropertyKey, ...]) -> None:
    beginning, end = -2_208_988_800_000, ms("2025-02-01T00:00Z")
    asked = MetricQuery(ledger.selection(beginning, end), Aggregation.MAX, "v", bucket=Window.HOUR, group_by=group_by)
    assert ledger.metric(asked).value is None
    values(ledger, "1", "4", start="2025-01-05T10:59Z")
    values(ledger, "2", "3", start="2025-01-01T00:00Z")
    answer = ledger.metric(asked)
    assert (answer.value, answer.count) == (8, 4)
    assert [(point.start_ms, point.value) for point in answer.points] == ([(beginning, 8)] if group_by else [])
    closed = (Closed(ms("2025-01-01T00:00Z"), ms("2025-01-06T00:00Z"), 0),)
    assert ledger.metric(replace(asked, closed=closed)).value == 4
    runner = QueryRunner(ledger.store, AllLoaded(), lambda: 0, QuerySettings(), IgnoredTimes())
    assert [each.value for each in asyncio.run(runner.metrics([asked, asked])).answer] == [8, 8]
    runner.close()
    values(ledger, "1", start="1990-01-01T00:00Z")
    with pytest.raises(Refusal) as refused:
        ledger.metric(asked)
    assert refused.value.reason is Reason.TOO_MANY_BUCKETS


def query(**change: Any) -> MetricQuery:
    fields: dict[str, Any] = {
        "selection": Selection("p", 0, 90 * 24 * _HOUR, "n"),
        "aggregation": Aggregation.SUM,
        "property": "v",
    }
    return MetricQuery(**{**fields, **change})


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param(query(property=None), Reason.MISSING_PARAMETER, id="a sum of nothing"),
        pytest.param(query(selection=Selection("p", 2, 1)), Reason.RANGE_REVERSED, id="an end before the start"),
        pytest.param(query(window=Window.MINUTE), Reason.TOO_MANY_BUCKETS, id="90 days of minutes"),
        pytest.param(query(window=Window.DAY, calendar=CalendarRule("Mars")), Reason.INVALID_PARAMETER, id="an unknown zone"),
        pytest.param(query(aggregation=Aggregation.MIN, bucket=Window.DAY), Reason.INVALID_PARAMETER, id="a minimum per bucket"),
        pytest.param(
            query(aggregation=Aggregation.AVG, multiplier=Decimal(2)), Reason.INVALID_PARAMETER, id="a multiplied average"
        ),
    ],
)
def test_senseless_questions_are_refused_before_the_store_is_asked(asked: MetricQuery, reason: Reason) -> None:
    with pytest.raises(Refusal) as refused:
        plan(asked, 50_000)
    assert refused.value.reason is reason


def test_the_statement_holds_no_value_of_the_request() -> None:
    hostile = "x') OR 1=1 --"
    asked = MetricQuery(
        Selection(hostile, 0, _HOUR, hostile, (Filter(PropertyKey(hostile), (hostile,)),)),
        Aggregation.SUM,
        hostile,
        Window.MINUTE,
        group_by=(PropertyKey(hostile),),
    )
    statement = compile_metric(plan(asked, 100), Snapshot(2**63 - 1, True))
    assert hostile not in statement.sql
    assert [value for value in statement.parameters.values() if value == hostile] == [hostile] * 6
    assert statement.name == "metric.sum"


@pytest.mark.parametrize(
    ("edges", "end", "expected"),
    [
        pytest.param((0, 24, 48), 72, ([0], [24]), id="all alike"),
        pytest.param((0, 24, 48), 50, ([0], [24]), id="the last one cut"),
        pytest.param((0, 24, 49, 73), 97, ([0, 24, 49], [24, 25, 24]), id="one longer"),
        pytest.param((0, 24, 48), 73, ([0, 48], [24, 25]), id="the last one longer"),
        pytest.param((0,), 5, ([0], [5]), id="only one"),
        pytest.param((0, 31, 59, 90), 120, ([0, 31, 59], [31, 28, 31]), id="months"),
    ],
)
def test_buckets_as_runs(edges: tuple[int, ...], end: int, expected: tuple[list[int], list[int]]) -> None:
    assert runs(edges, end) == expected
