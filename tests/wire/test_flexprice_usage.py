"""POST /v1/events/usage: what each body means, how answers look, and how bad bodies are refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.query import (
    Aggregation,
    Field,
    FieldKey,
    Filter,
    MetricAnswer,
    MetricQuery,
    Missing,
    Number,
    Point,
    PropertyKey,
    Weekday,
    Window,
)
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.refusals import render_refusal
from streamgauge.wire.flexprice.usage import AGGREGATION_TYPES, parse_usage, render_usage
from streamgauge.wire.timestamps import parse_rfc3339

NOW = parse_rfc3339("2024-02-10T12:34:56.789Z")
WEEK_MS = 7 * 86_400_000


def parsed(**fields: object) -> MetricQuery:
    body = {"event_name": "api_request", "aggregation_type": "SUM", "property_name": "amount", **fields}
    return parse_usage(json.dumps(body).encode(), "p1", NOW)


def rendered(query: MetricQuery, answer: MetricAnswer) -> dict[str, Any]:
    body = json.loads(render_usage(query, answer), parse_float=Decimal)
    assert isinstance(body, dict)
    return body


def ms(text: str) -> int:
    return parse_rfc3339(text)


# The published worked examples, by type: how each is asked for, and how its result is shown.
GOLDEN = [
    pytest.param({"aggregation_type": "COUNT", "property_name": None}, Aggregation.COUNT, 2, "COUNT", id="count"),
    pytest.param({}, Aggregation.SUM, Decimal("10.9"), "SUM", id="sum"),
    pytest.param({"aggregation_type": "AVG"}, Aggregation.AVG, Decimal("16.5"), "AVG", id="avg"),
    pytest.param({"aggregation_type": "MAX"}, Aggregation.MAX, Decimal(40), "MAX", id="max"),
    pytest.param({"aggregation_type": "MAX", "bucket_size": "HOUR"}, Aggregation.MAX, Decimal(18), "MAX", id="bucketed max"),
    pytest.param({"aggregation_type": "COUNT_UNIQUE"}, Aggregation.UNIQUE, 3, "COUNT_UNIQUE", id="count unique"),
    pytest.param({"aggregation_type": "LATEST"}, Aggregation.LATEST, Decimal(4), "LATEST", id="latest"),
    pytest.param(
        {"aggregation_type": "SUM_WITH_MULTIPLIER", "multiplier": "0.001"},
        Aggregation.SUM,
        Decimal("4.800"),
        "SUM_WITH_MULTIPLIER",
        id="sum with multiplier",
    ),
    pytest.param(
        {"aggregation_type": "WEIGHTED_SUM"},
        Aggregation.WEIGHTED_SUM,
        Decimal("19.506048387096776"),
        "WEIGHTED_SUM",
        id="weighted sum, by its formula",
    ),
]


@pytest.mark.parametrize(("fields", "aggregation", "value", "type_name"), GOLDEN)
def test_golden_aggregates(fields: dict[str, object], aggregation: Aggregation, value: Number, type_name: str) -> None:
    query = parsed(**fields)
    assert query.aggregation is aggregation
    assert query.missing is Missing.ZERO
    assert query.calendar.week_starts_on is Weekday.SUNDAY
    assert rendered(query, MetricAnswer(value, 3)) == {"event_name": "api_request", "type": type_name, "value": value}


def test_bucketed_max_by_group_is_the_golden_45() -> None:
    query = parsed(aggregation_type="MAX", bucket_size="HOUR", group_by=["properties.resource_id"])
    assert (query.window, query.bucket) == (Window.HOUR, Window.HOUR)
    ten, eleven = ms("2024-01-15T10:00:00Z"), ms("2024-01-15T11:00:00Z")
    points = (
        Point(ten, Decimal(10), 1, ("a",)),
        Point(ten, Decimal(20), 1, ("b",)),
        Point(eleven, Decimal(15), 1, ("a",)),
    )
    assert rendered(query, MetricAnswer(Decimal(45), 3, points)) == {
        "event_name": "api_request",
        "type": "MAX",
        "value": 45,
        "results": [
            {"window_size": "2024-01-15T10:00:00Z", "value": 10, "group_by": {"properties.resource_id": "a"}},
            {"window_size": "2024-01-15T10:00:00Z", "value": 20, "group_by": {"properties.resource_id": "b"}},
            {"window_size": "2024-01-15T11:00:00Z", "value": 15, "group_by": {"properties.resource_id": "a"}},
        ],
    }


def test_without_a_property_every_type_is_count() -> None:
    for name in ("SUM", "sum", "MAX", "MEDIAN"):
        for prop in (None, ""):
            query = parsed(aggregation_type=name, property_name=prop)
            assert (query.aggregation, query.property) == (Aggregation.COUNT, None)
            assert rendered(query, MetricAnswer(1, 1))["type"] == "COUNT"


def test_type_in_any_case() -> None:
    query = parsed(aggregation_type="sum")
    assert rendered(query, MetricAnswer(Decimal(1), 1))["type"] == "SUM"


RANGES = [
    pytest.param({}, NOW - WEEK_MS, NOW, id="the last seven days"),
    pytest.param({"end_time": "2024-01-08T00:00:00Z"}, ms("2024-01-01T00:00:00Z"), ms("2024-01-08T00:00:00Z"), id="seven before"),
    pytest.param({"start_time": "2024-02-01T00:00:00+05:30"}, ms("2024-01-31T18:30:00Z"), NOW, id="until now"),
    pytest.param(
        {"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-01-01T00:00:00Z"},
        ms("2024-01-01T00:00:00Z"),
        ms("2024-01-01T00:00:00Z"),
        id="an empty range",
    ),
    pytest.param({"start_time": "0001-01-01T00:00:00Z"}, NOW - WEEK_MS, NOW, id="the zero time of Go is absent"),
]


@pytest.mark.parametrize(("fields", "start_ms", "end_ms"), RANGES)
def test_ranges_are_half_open(fields: dict[str, object], start_ms: int, end_ms: int) -> None:
    selection = parsed(**fields).selection
    assert (selection.start_ms, selection.end_ms) == (start_ms, end_ms)


def test_filters_are_by_field_and_by_property() -> None:
    query = parsed(external_customer_id="c1", customer_id="a1", filters={"region": ["eu", "us"], '"odd"': ["200}"]})
    assert query.selection.filters == (
        Filter(FieldKey(Field.CUSTOMER_ID), ("c1",)),
        Filter(FieldKey(Field.ACCOUNT_ID), ("a1",)),
        Filter(PropertyKey("region"), ("eu", "us")),
        Filter(PropertyKey('"odd"'), ("200}",)),
    )


def test_group_by_names_the_source_and_properties() -> None:
    assert parsed(group_by=["source", "properties.a.b"]).group_by == (FieldKey(Field.SOURCE), PropertyKey("a.b"))
    assert parsed(group_by_property="a.b").group_by == (PropertyKey("a.b"),)


def test_groups_without_a_window_have_no_start() -> None:
    query = parsed(group_by=["source"])
    answer = MetricAnswer(Decimal(3), 2, (Point(0, Decimal(1), 1, ("api",)), Point(0, Decimal(2), 1, ("web",))))
    assert rendered(query, answer) == {
        "event_name": "api_request",
        "type": "SUM",
        "value": 3,
        "results": [{"value": 1, "group_by": {"source": "api"}}, {"value": 2, "group_by": {"source": "web"}}],
    }


ANCHORS = [
    pytest.param("2024-03-05T00:00:00Z", "UTC", 5, id="its day"),
    pytest.param("2024-03-31T23:00:00Z", "Asia/Tokyo", 1, id="its day as the zone sees it"),
    pytest.param("2024-03-01T00:30:00Z", "America/New_York", 29, id="the day before in New York, in a leap year"),
]


@pytest.mark.parametrize(("anchor", "timezone", "day"), ANCHORS)
def test_billing_anchor(anchor: str, timezone: str, day: int) -> None:
    query = parsed(window_size="MONTH", billing_anchor=anchor, timezone=timezone)
    assert query.calendar.month_anchor_day == day
    assert query.calendar.timezone == timezone


@pytest.mark.parametrize("window", list(Window))
def test_every_published_window_size(window: Window) -> None:
    assert parsed(window_size=window.value).window is window
    assert parsed(bucket_size=window.value).bucket is window


def test_a_windowed_query_has_results_and_no_value() -> None:
    query = parsed(window_size="HOUR")
    points = (
        Point(ms("2024-01-15T10:00:00Z"), Decimal("10.90"), 2),
        Point(ms("2024-01-15T11:00:00Z"), Decimal(0), 0),
        Point(ms("2024-01-15T12:00:00Z"), Decimal(0), 1),
    )
    assert rendered(query, MetricAnswer(Decimal("10.9"), 3, points)) == {
        "event_name": "api_request",
        "type": "SUM",
        "results": [
            {"window_size": "2024-01-15T10:00:00Z", "value": Decimal("10.9")},
            {"window_size": "2024-01-15T12:00:00Z", "value": 0},
        ],
    }


def test_a_bucketed_query_has_results_and_value() -> None:
    query = parsed(bucket_size="HOUR")
    points = (Point(ms("2024-01-15T10:00:00Z"), Decimal(8), 2), Point(ms("2024-01-15T11:00:00Z"), Decimal(10), 1))
    body = rendered(query, MetricAnswer(Decimal(18), 3, points))
    assert body["value"] == 18
    assert [result["value"] for result in body["results"]] == [8, 10]


def test_a_window_over_buckets_shows_the_windows() -> None:
    query = parsed(bucket_size="HOUR", window_size="DAY")
    assert (query.window, query.bucket) == (Window.DAY, Window.HOUR)


NOTHING = [
    pytest.param(0, id="zero"),
    pytest.param(Decimal("0.000"), id="exact zero"),
    pytest.param(None, id="no value"),
    pytest.param(Decimal("-12.5"), id="refunds that outweigh charges"),
    pytest.param(float("nan"), id="not a number"),
    pytest.param(float("inf"), id="infinite"),
]


@pytest.mark.parametrize("value", NOTHING)
def test_value_is_absent_when_there_is_none(value: Number | None) -> None:
    """E.3.18 and the clamp of the raw reading."""
    assert render_usage(parsed(event_name="x"), MetricAnswer(value, 0)) == b'{"event_name":"x","type":"SUM"}'


def test_a_negative_window_is_shown_as_zero() -> None:
    query = parsed(window_size="DAY")
    body = rendered(query, MetricAnswer(None, 1, (Point(0, Decimal(-5), 1),)))
    assert body["results"] == [{"window_size": "1970-01-01T00:00:00Z", "value": 0}]


CHECK = "Please check the request payload"
REFUSALS = [
    pytest.param({"event_name": None}, CHECK, "event_name", id="E.3.17 no event name"),
    pytest.param({"event_name": ""}, CHECK, "event_name", id="empty event name"),
    pytest.param({"event_name": 5}, CHECK, "event_name", id="event name is a number"),
    pytest.param({"property_name": 1.5}, CHECK, "property_name", id="property name is a number with a point"),
    pytest.param({"aggregation_type": None}, CHECK, "aggregation_type", id="no type"),
    pytest.param({"start_time": "2024-01-01"}, CHECK, "start_time", id="a date alone"),
    pytest.param({"start_time": ""}, CHECK, "start_time", id="an empty time"),
    pytest.param({"start_time": 1704067200}, CHECK, "start_time", id="a time as a number"),
    pytest.param({"end_time": "2300-01-01T00:00:00Z"}, CHECK, "end_time", id="a time too far"),
    pytest.param({"start_time": "2024-01-02T00:00:00Z", "end_time": "2024-01-01T00:00:00Z"}, CHECK, "end_time", id="reversed"),
    pytest.param({"filters": ["a"]}, CHECK, "filters", id="filters are a list"),
    pytest.param({"filters": {"a": "b"}}, CHECK, "filters.a", id="filter values are a text"),
    pytest.param({"filters": {"a": [1]}}, CHECK, "filters.a", id="a filter value is a number"),
    pytest.param({"filters": {"a": []}}, CHECK, "filters.a", id="a filter without values"),
    pytest.param({"filters": {str(n): ["v"] for n in range(51)}}, CHECK, "filters", id="too many filters"),
    pytest.param({"filters": {"a": ["v"] * 1001}}, CHECK, "filters", id="too many filter values"),
    pytest.param({"window_size": "FORTNIGHT"}, CHECK, "window_size", id="unknown window"),
    pytest.param({"expression": "a + b"}, CHECK, "expression", id="a property and an expression"),
    pytest.param({"property_name": None, "expression": "a +"}, CHECK, "expression", id="an expression that ends too soon"),
    pytest.param({"property_name": None, "expression": 5}, CHECK, "expression", id="an expression that is a number"),
    pytest.param({"property_name": None, "expression": "a", "aggregation_type": "COUNT"}, CHECK, "expression", id="of no count"),
    pytest.param({"bucket_size": 5}, CHECK, "bucket_size", id="bucket size is a number"),
    pytest.param({"group_by": "source"}, CHECK, "group_by", id="group_by is a text"),
    pytest.param({"group_by": ["customer"]}, CHECK, "group_by", id="unknown group"),
    pytest.param({"group_by": ["source", "source"]}, CHECK, "group_by", id="a group twice"),
    pytest.param({"group_by": ["source"], "group_by_property": "a"}, CHECK, "group_by_property", id="both forms of grouping"),
    pytest.param({"billing_anchor": "5"}, CHECK, "billing_anchor", id="the anchor is no time"),
    pytest.param({"multiplier": "x", "aggregation_type": "SUM_WITH_MULTIPLIER"}, CHECK, "multiplier", id="multiplier is a word"),
    pytest.param({"multiplier": "NaN", "aggregation_type": "SUM_WITH_MULTIPLIER"}, CHECK, "multiplier", id="multiplier is NaN"),
    pytest.param({"multiplier": "1e99", "aggregation_type": "SUM_WITH_MULTIPLIER"}, CHECK, "multiplier", id="huge multiplier"),
    pytest.param({"multiplier": "1e-999999999", "aggregation_type": "SUM_WITH_MULTIPLIER"}, CHECK, "multiplier", id="tiny one"),
    pytest.param({"multiplier": "1_000", "aggregation_type": "SUM_WITH_MULTIPLIER"}, CHECK, "multiplier", id="underscores"),
    pytest.param({"multiplier": True, "aggregation_type": "SUM_WITH_MULTIPLIER"}, CHECK, "multiplier", id="multiplier is true"),
    pytest.param(
        {"multiplier": "0", "aggregation_type": "SUM_WITH_MULTIPLIER"},
        "Multiplier must be greater than zero",
        "multiplier",
        id="0",
    ),
    pytest.param({"multiplier": -1}, "Multiplier must be greater than zero", "multiplier", id="a negative multiplier"),
    pytest.param(
        {"multiplier": "2"},
        "Multiplier can only be used with SUM_WITH_MULTIPLIER aggregations",
        "multiplier",
        id="E.3.17 multiplier with SUM",
    ),
    pytest.param(
        {"aggregation_type": "AVG", "bucket_size": "HOUR"},
        "bucket_size can only be used with MAX and SUM aggregations",
        "bucket_size",
        id="bucketed average",
    ),
    pytest.param(
        {"timezone": "Mars/Base"},
        "Unknown timezone: 'Mars/Base'; an IANA name is expected, such as Europe/Berlin",
        "timezone",
        id="unknown zone",
    ),
]


@pytest.mark.parametrize(("fields", "message", "field"), REFUSALS)
def test_refusals(fields: dict[str, object], message: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        parsed(**fields)
    assert (caught.value.message, caught.value.field, caught.value.kind.value) == (message, field, 400)


def test_a_refusal_as_it_is_sent() -> None:
    """E.3.17: message, code and status as published, and the field at fault beside them."""
    with pytest.raises(Refusal) as caught:
        parsed(event_name=None)
    reply = render_refusal(caught.value)
    assert reply.status == 400
    assert json.loads(reply.body) == {
        "code": "validation_error",
        "message": "Please check the request payload",
        "http_status_code": 400,
        "details": {"field": "event_name", "expected": "string"},
    }


def test_unknown_type_with_a_property() -> None:
    """E.3.17: here MEDIAN is refused, as published; the Solinth door has it."""
    with pytest.raises(Refusal) as caught:
        parsed(aggregation_type="median")
    assert caught.value.message == "The specified aggregation type is not supported"
    assert caught.value.details == {"aggregation_type": "MEDIAN"}


def test_multiplier_as_text_or_number() -> None:
    for written in ("0.001", 0.001):
        assert parsed(aggregation_type="SUM_WITH_MULTIPLIER", multiplier=written).multiplier == Decimal("0.001")
    assert parsed(aggregation_type="SUM_WITH_MULTIPLIER").multiplier == 1


BODIES = [
    pytest.param(b"", Reason.MALFORMED_JSON, id="empty"),
    pytest.param(b"{", Reason.MALFORMED_JSON, id="cut"),
    pytest.param(b"{} {}", Reason.MALFORMED_JSON, id="two values"),
    pytest.param(b"[]", Reason.BODY_NOT_OBJECT, id="a list"),
    pytest.param(b"null", Reason.BODY_NOT_OBJECT, id="null"),
    pytest.param(b'{"a":"\xff"}', Reason.INVALID_UTF8, id="invalid UTF-8"),
    pytest.param('{"event_name":"e"}'.encode("utf-16"), Reason.INVALID_UTF8, id="UTF-16"),
    pytest.param(b"\xef\xbb\xbf{}", Reason.MALFORMED_JSON, id="a byte order mark"),
    pytest.param(b'{"event_name":"a","event_name":"b"}', Reason.DUPLICATE_KEY, id="a duplicate key"),
    pytest.param(b'{"filters":{"a":["x"],"a":["y"]}}', Reason.DUPLICATE_KEY, id="a duplicate key inside"),
    pytest.param(b'{"a":NaN}', Reason.MALFORMED_JSON, id="NaN"),
    pytest.param(b'{"a":-Infinity}', Reason.MALFORMED_JSON, id="minus infinity"),
    pytest.param(b'{"a":' + b"9" * 5000 + b"}", Reason.NUMBER_OUT_OF_RANGE, id="a huge integer"),
    pytest.param(b'{"a":1e' + b"9" * 50 + b"}", Reason.NUMBER_OUT_OF_RANGE, id="a huge exponent"),
    pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", Reason.NESTING_TOO_DEEP, id="deep nesting"),
    pytest.param(b'{"event_name":"\\ud800"}', Reason.INVALID_UTF8, id="a lone surrogate"),
    pytest.param(b'{"event_name":"\\u0000"}', Reason.NUL_CHARACTER, id="NUL"),
]


@pytest.mark.parametrize(("body", "reason"), BODIES)
def test_bodies_that_are_no_payload(body: bytes, reason: Reason) -> None:
    with pytest.raises(Refusal) as caught:
        parse_usage(body, "p1", NOW)
    assert (caught.value.reason, caught.value.message) == (reason, CHECK)


_FIELDS = [
    "event_name",
    "aggregation_type",
    "property_name",
    "expression",
    "external_customer_id",
    "customer_id",
    "start_time",
    "end_time",
    "window_size",
    "bucket_size",
    "filters",
    "multiplier",
    "billing_anchor",
    "timezone",
    "group_by",
    "group_by_property",
]
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*AGGREGATION_TYPES, "HOUR", "UTC"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        parse_usage(body, "p1", NOW)


@given(st.dictionaries(st.sampled_from(_FIELDS), _json))
def test_any_json_is_read_or_refused(fields: dict[str, object]) -> None:
    try:
        query = parsed(**fields)
    except Refusal:
        return
    assert query.selection.event_name
    render_usage(query, MetricAnswer(1, 1))
