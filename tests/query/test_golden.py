"""The worked examples that the metering API publishes, as the store holds them after the loader's rule for repeated ids."""

import json
from decimal import Decimal

import pytest
from msgspec.structs import replace

from streamgauge.kernel.measuring import UsageAsked, usage_of, usage_questions
from streamgauge.kernel.metering import Measure, Meter, MeterType
from streamgauge.kernel.query import Aggregation, Filter, MetricQuery, Missing, PropertyKey, Window
from tests.query.ledger import Ledger, ms


def put(ledger: Ledger, *events: tuple[str, str, object]) -> None:
    """Events as (id, time of 2025-01-01, value or properties); a repeated id replaces the earlier event."""
    last: dict[str, int] = {}
    for event_id, time, value in events:
        stamp = ms(f"{time}Z" if "T" in time else f"2025-01-01T{time}Z")
        body = value if isinstance(value, dict) else {"v": value}
        (position,) = ledger.put([{"event_id": event_id, "timestamp": stamp, "properties": json.dumps(body).encode()}])
        if event_id in last:
            ledger.supersede([last[event_id]], position)
        last[event_id] = position


DAY = ("2025-01-01T00:00Z", "2025-01-02T00:00Z")


@pytest.mark.parametrize(
    ("aggregation", "events", "expected"),
    [
        pytest.param(Aggregation.COUNT, [("001", 1), ("002", 1), ("001", 2)], 2, id="count: an id that comes twice counts once"),
        pytest.param(
            Aggregation.SUM, [("001", 5.2), ("002", 3.8), ("001", 7.1)], Decimal("10.9"), id="sum: the last value of an id wins"
        ),
        pytest.param(
            Aggregation.AVG,
            list(zip("abcdef", [10, 20, 30, 40, -1, 0], strict=True)),
            Decimal("16.5"),
            id="average with negative and zero",
        ),
        pytest.param(Aggregation.MAX, [("a", 25), ("b", 40), ("c", 35)], Decimal(40), id="maximum"),
        pytest.param(
            Aggregation.UNIQUE,
            list(zip("abcd", ["alice", "bob", "alice", "charlie"], strict=True)),
            3,
            id="unique count of texts",
        ),
    ],
)
def test_published_examples(ledger: Ledger, aggregation: Aggregation, events: list[tuple[str, object]], expected: object) -> None:
    put(ledger, *((event_id, f"10:{minute:02}", value) for minute, (event_id, value) in enumerate(events)))
    query = MetricQuery(ledger.selection(*DAY), aggregation, "v", missing=Missing.ZERO)
    assert ledger.metric(query).value == expected


def test_sum_with_multiplier_uses_the_last_value_of_an_id(ledger: Ledger) -> None:
    put(ledger, ("001", "10:00", 1000), ("002", "10:01", 2500), ("003", "10:02", 1500), ("001", "10:03", 800))
    query = MetricQuery(ledger.selection(*DAY), Aggregation.SUM, "v", multiplier=Decimal("0.001"), missing=Missing.ZERO)
    assert ledger.metric(query).value == Decimal("4.8")


def test_latest_is_the_value_at_the_greatest_time_whatever_the_order_of_arrival(ledger: Ledger) -> None:
    put(ledger, ("a", "10:00", 1), ("b", "12:00", 2), ("c", "09:00", 3), ("d", "14:00", 4), ("e", "13:00", 5))
    assert ledger.metric(MetricQuery(ledger.selection(*DAY), Aggregation.LATEST, "v")).value == 4


@pytest.mark.parametrize(
    ("aggregation", "expected"), [(Aggregation.MAX, 18), (Aggregation.SUM, 36)], ids=["maximum of each hour", "sum of each hour"]
)
def test_buckets_are_summed(ledger: Ledger, aggregation: Aggregation, expected: int) -> None:
    put(ledger, ("a", "10:00", 8), ("b", "10:30", 4), ("c", "11:00", 10), ("d", "11:10", 5), ("e", "11:59:59.999", 9))
    query = MetricQuery(ledger.selection(*DAY), aggregation, "v", bucket=Window.HOUR, missing=Missing.ZERO)
    assert ledger.metric(query).value == expected


@pytest.mark.parametrize(
    ("group_by", "expected"), [((PropertyKey("resource_id"),), 45), ((), 35)], ids=["per resource", "in all"]
)
def test_maximum_of_each_hour_and_group(ledger: Ledger, group_by: tuple[PropertyKey, ...], expected: int) -> None:
    for time, resource, value in (("10:00", "a", 10), ("10:30", "b", 20), ("11:15", "a", 15)):
        body = json.dumps({"resource_id": resource, "v": value}).encode()
        ledger.put([{"timestamp": ms(f"2025-01-01T{time}Z"), "properties": body}])
    query = MetricQuery(
        ledger.selection(*DAY),
        Aggregation.MAX,
        "v",
        bucket=Window.HOUR,
        window=Window.HOUR,
        group_by=group_by,
        missing=Missing.ZERO,
    )
    answer = ledger.metric(query)
    assert answer.value == expected
    assert sum(point.value for point in answer.points if point.value is not None) == expected


def test_weighted_sum_counts_a_value_for_the_time_that_is_left(ledger: Ledger) -> None:
    put(
        ledger,
        ("a", "2025-08-16T00:00", 20),
        ("b", "2025-08-18T00:00", 10),
        ("c", "2025-08-20T00:00", 10),
        ("d", "2025-08-25T00:00", 5),
    )
    selection = ledger.selection("2025-07-31T18:30Z", "2025-08-31T18:30Z")
    value = ledger.metric(MetricQuery(selection, Aggregation.WEIGHTED_SUM, "v", missing=Missing.ZERO)).value
    assert value is not None
    assert float(value) == 19.506048387096776


@pytest.mark.parametrize(("filters", "expected"), [(("ok",), 300), (("ok", "failed"), 350)], ids=["one value", "two values"])
def test_sum_of_events_that_a_filter_keeps(ledger: Ledger, filters: tuple[str, ...], expected: int) -> None:
    for status, value in (("ok", 100), ("ok", 200), ("failed", 50), ("other", 7)):
        body = json.dumps({"status": status, "v": value}).encode()
        ledger.put([{"timestamp": ms("2025-01-01T10:00Z"), "properties": body}])
    selection = ledger.selection(*DAY, filters=(Filter(PropertyKey("status"), filters),))
    assert ledger.metric(MetricQuery(selection, Aggregation.SUM, "v")).value == expected


@pytest.mark.parametrize(
    ("measure", "events", "expected"),
    [
        pytest.param(Measure(MeterType.COUNT), [("001", "10:00", 1), ("002", "10:01", 1), ("001", "10:02", 2)], 2, id="count"),
        pytest.param(
            Measure(MeterType.SUM, "v"), [("001", "10:00", 5.2), ("002", "10:01", 3.8), ("001", "10:02", 7.1)], 10.9, id="sum"
        ),
        pytest.param(
            Measure(MeterType.AVG, "v"),
            [(str(value), "10:00", value) for value in (10, 20, 30, 40, -1, 0)],
            16.5,
            id="average",
        ),
        pytest.param(Measure(MeterType.MAX, "v"), [(str(value), "10:00", value) for value in (25, 40, 35)], 40, id="maximum"),
        pytest.param(
            Measure(MeterType.COUNT_UNIQUE, "v"),
            [(str(place), "10:00", name) for place, name in enumerate(["alice", "bob", "alice", "charlie"])],
            3,
            id="unique",
        ),
        pytest.param(
            Measure(MeterType.LATEST, "v"),
            [("a", "10:00", 1), ("b", "12:00", 2), ("c", "09:00", 3), ("d", "14:00", 4)],
            4,
            id="latest",
        ),
        pytest.param(
            Measure(MeterType.SUM_WITH_MULTIPLIER, "v", multiplier=Decimal("0.001")),
            [("001", "10:00", 1000), ("002", "10:01", 2500), ("003", "10:02", 1500), ("001", "10:03", 800)],
            4.8,
            id="sum with multiplier",
        ),
        pytest.param(
            Measure(MeterType.MAX, "v", bucket_size=Window.HOUR),
            [("a", "10:00", 8), ("b", "10:30", 4), ("c", "11:00", 10), ("d", "11:10", 5), ("e", "11:50", 9)],
            18,
            id="maxima of hours",
        ),
        pytest.param(
            Measure(MeterType.MAX, "v", bucket_size=Window.HOUR, group_by=(PropertyKey("resource_id"),)),
            [
                ("1", "10:00", {"v": 10, "resource_id": "a"}),
                ("2", "10:30", {"v": 20, "resource_id": "b"}),
                ("3", "11:15", {"v": 15, "resource_id": "a"}),
            ],
            45,
            id="maxima of hours and groups",
        ),
        pytest.param(
            Measure(MeterType.WEIGHTED_SUM, "v"),
            [
                ("a", "2025-08-16T00:00", 20),
                ("b", "2025-08-18T00:00", 10),
                ("c", "2025-08-20T00:00", 10),
                ("d", "2025-08-25T00:00", 5),
            ],
            19.506048387096776,
            id="weighted sum",
        ),
    ],
)
@pytest.mark.parametrize("written", ["field", "expression"])
def test_published_examples_by_meter(
    ledger: Ledger, measure: Measure, events: list[tuple[str, str, object]], expected: float, written: str
) -> None:
    """Through the questions that every metered route asks; where a meter may say its field as an expression, that way too."""
    put(ledger, *events)
    if written == "expression" and measure.type.value in ("SUM", "AVG", "MAX", "LATEST"):
        measure = replace(measure, field="", expression="v")
    start, end = DAY if measure.type is not MeterType.WEIGHTED_SUM else ("2025-07-31T18:30Z", "2025-08-31T18:30Z")
    meter = Meter("m", ledger.project_id, "Meter", "use", measure)
    asked = UsageAsked(start_ms=ms(start), end_ms=ms(end))
    usage = usage_of(meter, asked, [ledger.metric(question) for question in usage_questions(meter, asked)])
    assert usage.value is not None
    assert float(usage.value) == expected
