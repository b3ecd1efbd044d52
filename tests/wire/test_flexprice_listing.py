"""GET /v1/events and POST /v1/events/query: what is asked for, how pages look, cursors, and refusals."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.query import EventListQuery, EventPage, Field, FieldKey, Filter, Place, PropertyKey, SortKey, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.listing import (
    cursor,
    parse_cursor,
    parse_event_list_body,
    parse_event_list_parameters,
    render_event_list,
)
from streamgauge.wire.timestamps import parse_rfc3339

NOW = parse_rfc3339("2024-02-10T12:34:56.789Z")
WEEK_MS = 7 * 86_400_000
CHECK = "Please check the request payload"


def from_body(**fields: object) -> EventListQuery:
    return parse_event_list_body(json.dumps(fields).encode(), "p1", NOW)


def from_query_string(query_string: str) -> EventListQuery:
    return parse_event_list_parameters(parse_qsl(query_string, keep_blank_values=True), "p1", NOW)


def stored(event_id: str, timestamp_ms: int = 1_710_947_045_000, **fields: Any) -> StoredEvent:
    values: dict[str, Any] = {
        "name": "api_request",
        "received_at_ms": 1_710_947_046_120,
        "door": "flexprice",
        "customer_id": "customer456",
        "account_id": "customer456",
        "visitor_id": "",
        "website_id": "",
        "source": "api",
        "properties": b"",
        "position": 0,
    }
    return StoredEvent(event_id=event_id, timestamp_ms=timestamp_ms, **(values | fields))


def test_the_bare_question_is_the_last_seven_days_newest_first() -> None:
    for query in (from_body(), from_query_string("")):
        assert (query.selection.start_ms, query.selection.end_ms) == (NOW - WEEK_MS, NOW + 1)
        assert (query.selection.project_id, query.selection.event_name, query.selection.filters) == ("p1", None, ())
        assert (query.limit, query.offset, query.sort, query.descending) == (50, 0, SortKey.TIMESTAMP, True)
        assert (query.newer_than, query.older_than, query.with_total) == (None, None, True)


def test_both_ends_of_the_range_are_included() -> None:
    query = from_body(start_time="2024-01-01T00:00:00Z", end_time="2024-01-01T00:00:00Z")
    assert query.selection.end_ms - query.selection.start_ms == 1


def test_body_and_query_string_ask_for_the_same() -> None:
    asked = from_body(
        external_customer_id="c1",
        customer_id="a1",
        event_name="api_request",
        event_id="e1",
        source="api",
        start_time="2024-01-01T00:00:00+05:30",
        end_time="2024-01-02T00:00:00Z",
        property_filters={"region": ["eu", "us"], "tier": ["x:y"]},
        page_size=20,
        offset=40,
        sort="event_name",
        order="asc",
    )
    assert asked == from_query_string(
        "external_customer_id=c1&customer_id=a1&event_name=api_request&event_id=e1&source=api"
        "&start_time=2024-01-01T00:00:00%2B05:30&end_time=2024-01-02T00:00:00Z"
        "&property_filters=region:eu,us;tier:x:y&page_size=20&offset=40&sort=event_name&order=asc"
    )
    assert asked.selection.filters == (
        Filter(FieldKey(Field.EVENT_ID), ("e1",)),
        Filter(FieldKey(Field.CUSTOMER_ID), ("c1",)),
        Filter(FieldKey(Field.ACCOUNT_ID), ("a1",)),
        Filter(FieldKey(Field.SOURCE), ("api",)),
        Filter(PropertyKey("region"), ("eu", "us")),
        Filter(PropertyKey("tier"), ("x:y",)),
    )
    assert (asked.limit, asked.offset, asked.sort, asked.descending) == (20, 40, SortKey.EVENT_NAME, False)


PAGE_SIZES = [
    pytest.param("1", 1, 1, id="one"),
    pytest.param("50", 50, 50, id="fifty"),
    pytest.param("51", 50, 51, id="over fifty is fifty in the query string only"),
    pytest.param("0", 50, 50, id="zero"),
    pytest.param("-3", 50, 50, id="negative"),
    pytest.param("100000", 50, 10_000, id="more than a page may hold"),
]


@pytest.mark.parametrize(("written", "in_query_string", "in_body"), PAGE_SIZES)
def test_page_sizes(written: str, in_query_string: int, in_body: int) -> None:
    assert from_query_string(f"page_size={written}").limit == in_query_string
    assert from_body(page_size=int(written)).limit == in_body


def test_names_that_nobody_knows_are_ignored_as_published() -> None:
    assert from_body(colour="red") == from_query_string("colour=red") == from_body()


REFUSED_BODIES = [
    pytest.param(
        {"sort": "name"},
        "Request validation failed due to invalid sort field",
        {"sort": "name", "allowed_values": ["timestamp", "event_name"]},
        id="E.3.13 unknown sort",
    ),
    pytest.param(
        {"order": "DESC"},
        "Request validation failed due to invalid order by value",
        {"order": "DESC", "allowed_values": ["asc", "desc"]},
        id="E.3.13 order in capitals",
    ),
    pytest.param(
        {"start_time": "2024-01-02T00:00:00Z", "end_time": "2024-01-01T00:00:00Z"},
        CHECK,
        {"field": "end_time", "expected": "a time not before start_time"},
        id="E.3.13 start after end",
    ),
    pytest.param(
        {"iter_last_key": "x"},
        "Invalid cursor key format",
        {"cursor": "x", "expected": "<unix nanoseconds>::<event id>"},
        id="E.3.13 malformed cursor",
    ),
    pytest.param({"page_size": "20"}, CHECK, {"field": "page_size", "expected": "integer"}, id="page size is a text"),
    pytest.param({"page_size": 2.5}, CHECK, {"field": "page_size", "expected": "integer"}, id="half a page"),
    pytest.param({"page_size": True}, CHECK, {"field": "page_size", "expected": "integer"}, id="page size is true"),
    pytest.param({"offset": -1}, CHECK, {"field": "offset", "expected": "0 or more"}, id="negative offset"),
    pytest.param({"offset": 10**20}, CHECK, {"field": "offset", "expected": "integer"}, id="huge offset"),
    pytest.param({"event_id": 5}, CHECK, {"field": "event_id", "expected": "string"}, id="event id is a number"),
    pytest.param(
        {"property_filters": {"a": [None]}}, CHECK, {"field": "property_filters.a", "expected": "string"}, id="a null to match"
    ),
    pytest.param(
        {"sort": "event_name", "iter_last_key": "5::e"},
        CHECK,
        {"field": "sort", "expected": "timestamp when a cursor is given"},
        id="a cursor cannot walk by name",
    ),
    pytest.param(
        {"order": "asc", "iter_last_key": "5::e"},
        CHECK,
        {"field": "order", "expected": "desc when iter_last_key is given"},
        id="older events cannot be walked in ascending order",
    ),
]


@pytest.mark.parametrize(("fields", "message", "details"), REFUSED_BODIES)
def test_refused_bodies(fields: dict[str, object], message: str, details: dict[str, object]) -> None:
    with pytest.raises(Refusal) as caught:
        from_body(**fields)
    assert (caught.value.message, caught.value.details, caught.value.kind.value) == (message, details, 400)


REFUSED_QUERY_STRINGS = [
    pytest.param("page_size=ten", id="page size is a word"),
    pytest.param("page_size=" + "9" * 5000, id="huge page size"),
    pytest.param("page_size=%D9%A3", id="digits of another script"),
    pytest.param("offset=1.5", id="half an offset"),
    pytest.param("property_filters=region", id="a filter without values"),
    pytest.param("property_filters=a:1;a:2", id="a filter twice"),
    pytest.param("property_filters=a:1;", id="an empty filter at the end"),
    pytest.param("start_time=2024-01-01", id="a date alone"),
    pytest.param("source=a&source=b", id="a repeated parameter"),
]


@pytest.mark.parametrize("query_string", REFUSED_QUERY_STRINGS)
def test_refused_query_strings(query_string: str) -> None:
    with pytest.raises(Refusal) as caught:
        from_query_string(query_string)
    assert caught.value.kind.value == 400


CURSORS = [
    pytest.param("1710947045000000000::event123", Place(1_710_947_045_000, "event123"), id="as made"),
    pytest.param("1710947045123456789::event123", Place(1_710_947_045_123, "event123"), id="with nanoseconds"),
    pytest.param("5::a::b::", Place(0, "a::b::"), id="an event id with the separator in it"),
    pytest.param("-1000000::e", Place(-1, "e"), id="before 1970"),
    pytest.param("", None, id="empty"),
]


@pytest.mark.parametrize(("text", "place"), CURSORS)
def test_cursors(text: str, place: Place | None) -> None:
    assert parse_cursor(text) == place
    assert from_body(iter_last_key=text).older_than == place
    assert from_body(iter_first_key=text).newer_than == place


MALFORMED_CURSORS = [
    "x",
    "::",
    "5::",
    "::e",
    "5:e",
    "5.5::e",
    "1e3::e",
    " 5::e",
    "+5::e",
    "9" * 20 + "::e",
    "--5::e",
    "٣::e",
]


@pytest.mark.parametrize("text", MALFORMED_CURSORS)
def test_malformed_cursors(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_cursor(text)
    assert (caught.value.reason, caught.value.message) == (Reason.INVALID_CURSOR, "Invalid cursor key format")


@given(st.integers(0, 7_258_118_399_999), st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_cursor_leads_back_to_its_event(timestamp_ms: int, event_id: str) -> None:
    assert parse_cursor(cursor(stored(event_id, timestamp_ms))) == Place(timestamp_ms, event_id)


def test_a_page_as_published() -> None:
    """E.3.12 with the seed's own sample: the odd keys come back byte for byte."""
    sent = b'{"\\"response_status\\"": "200}", "{\\"request_size\\"": "100", "big": 1.10e2}'
    query = from_body(event_name="api_request", external_customer_id="customer456")
    body = render_event_list(query, EventPage((stored("event123", properties=sent),), has_more=False, total=1))
    assert sent in body
    assert json.loads(body) == {
        "events": [
            {
                "id": "event123",
                "external_customer_id": "customer456",
                "customer_id": "customer456",
                "event_name": "api_request",
                "timestamp": "2024-03-20T15:04:05Z",
                "properties": {'"response_status"': "200}", '{"request_size"': "100", "big": 110.0},
                "source": "api",
                "environment_id": "p1",
                "ingested_at": "2024-03-20T15:04:06.120Z",
            }
        ],
        "has_more": False,
        "iter_first_key": "1710947045000000000::event123",
        "total_count": 1,
        "offset": 50,
    }


def test_an_event_without_properties_has_an_empty_object() -> None:
    body = json.loads(render_event_list(from_body(), EventPage((stored("e"),), has_more=False)))
    assert body["events"][0]["properties"] == {}


def test_an_empty_page() -> None:
    assert render_event_list(from_body(), EventPage((), False, 0)) == b'{"events":[],"has_more":false,"offset":50}'


def test_offset_is_that_of_the_next_page() -> None:
    body = json.loads(render_event_list(from_body(offset=40, page_size=20), EventPage((), False, 41)))
    assert (body["offset"], body["total_count"]) == (60, 41)


KEYS = [
    pytest.param({}, True, "3000000::c", "1000000::a", id="newest first, more to come"),
    pytest.param({}, False, "3000000::c", None, id="newest first, the last page"),
    pytest.param({"order": "asc"}, True, "3000000::c", None, id="oldest first: go on with what is newer"),
    pytest.param({"sort": "event_name"}, True, None, None, id="by name there are no cursors"),
]


@pytest.mark.parametrize(("fields", "has_more", "first", "last"), KEYS)
def test_keys_of_a_page(fields: dict[str, object], has_more: bool, first: str | None, last: str | None) -> None:
    query = from_body(**fields)
    events = tuple(
        sorted((stored("a", 1), stored("b", 2), stored("c", 3)), key=lambda e: e.timestamp_ms, reverse=query.descending)
    )
    body = json.loads(render_event_list(query, EventPage(events, has_more)))
    assert (body.get("iter_first_key"), body.get("iter_last_key"), body["has_more"]) == (first, last, has_more)


def test_a_walk_by_cursor_sees_each_event_once() -> None:
    """E.3.14 over a list that answers as the query room does."""
    events = sorted(
        (stored(f"event{n}", 1000 + n // 7) for n in range(120)), key=lambda e: (e.timestamp_ms, e.event_id), reverse=True
    )
    seen: list[str] = []
    pages, key = 0, ""
    while key or not pages:
        query = from_body(page_size=50, iter_last_key=key)
        place = query.older_than
        rest = [e for e in events if place is None or (e.timestamp_ms, e.event_id) < (place.timestamp_ms, place.event_id)]
        page = EventPage(tuple(rest[: query.limit]), len(rest) > query.limit, len(events))
        body = json.loads(render_event_list(query, page))
        seen += [event["id"] for event in body["events"]]
        key = body.get("iter_last_key", "")
        pages += 1
    assert pages == 3
    assert seen == [event.event_id for event in events]


_NAMES = [
    "event_id",
    "event_name",
    "start_time",
    "end_time",
    "sort",
    "order",
    "iter_last_key",
    "property_filters",
    "page_size",
    "offset",
]
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["asc", "timestamp", "1::e"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(_NAMES), _json))
def test_any_json_is_read_or_refused(fields: dict[str, object]) -> None:
    try:
        query = from_body(**fields)
    except Refusal:
        return
    assert query.limit >= 1


@given(
    st.lists(
        st.tuples(st.sampled_from(_NAMES) | st.text(), st.text(st.characters(codec=None)) | st.sampled_from(["a:b", "7", "asc"]))
    )
)
def test_any_query_string_is_read_or_refused(params: list[tuple[str, str]]) -> None:
    try:
        query = parse_event_list_parameters(params, "p1", NOW)
    except Refusal:
        return
    assert 1 <= query.limit <= 50
