"""GET /v1/events/lookup and GET /v1/events/:id: one event with all its versions, or a clear no."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.query import EventLookup, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.lookup import LookupRequest, parse_lookup, parse_lookup_by_path, render_lookup
from streamgauge.wire.timestamps import MAX_MS, MIN_MS, parse_rfc3339

MARCH = parse_rfc3339("2024-03-20T15:04:05Z")


def version(position: int, value: int, timestamp_ms: int = MARCH) -> StoredEvent:
    return StoredEvent(
        event_id="e1",
        name="api_request",
        timestamp_ms=timestamp_ms,
        received_at_ms=timestamp_ms,
        door="flexprice",
        customer_id="c1",
        account_id="",
        visitor_id="",
        website_id="",
        source="",
        properties=b'{"n": %d}' % value,
        position=position,
        superseded=position < 9,
    )


def test_by_parameter_and_by_path_are_the_same() -> None:
    asked = LookupRequest(EventLookup("p1", "a/b::c"), "", MIN_MS, MAX_MS + 1)
    assert parse_lookup([("id", "a/b::c")], "p1") == asked
    assert parse_lookup_by_path("a/b::c", [], "p1") == asked


def test_the_parameters_of_the_client_library_narrow_it() -> None:
    params = [
        ("external_customer_id", "c1"),
        ("start_time", "2024-03-01T00:00:00Z"),
        ("end_time", "2024-03-20T15:04:05Z"),
    ]
    request = parse_lookup([("id", "e1"), *params], "p1")
    assert request == parse_lookup_by_path("e1", params, "p1")
    versions = (version(9, 2, MARCH + 1), version(5, 1))
    body = json.loads(render_lookup(request, versions))
    assert [event["properties"] for event in body["events"]] == [{"n": 1}]


def test_the_last_version_is_the_event() -> None:
    body = json.loads(render_lookup(parse_lookup([("id", "e1")], "p1"), (version(9, 2), version(5, 1))))
    event = {
        "id": "e1",
        "external_customer_id": "c1",
        "customer_id": "",
        "event_name": "api_request",
        "timestamp": "2024-03-20T15:04:05Z",
        "properties": {"n": 2},
        "source": "",
        "environment_id": "p1",
        "ingested_at": "2024-03-20T15:04:05Z",
    }
    unprocessed = {"status": "unprocessed"}
    assert body == {
        "event": event,
        "status": "processed",
        "processed_events": [],
        "debug_tracker": {
            "customer_lookup": unprocessed,
            "meter_matching": unprocessed,
            "price_lookup": unprocessed,
            "subscription_line_item_lookup": unprocessed,
            "attributed_to_customer": unprocessed,
        },
        "events": [event, event | {"properties": {"n": 1}}],
    }


NOT_FOUND = [
    pytest.param([("id", "e1")], (), id="unknown id"),
    pytest.param([("id", "e1"), ("external_customer_id", "c2")], (version(9, 1),), id="another customer's"),
    pytest.param([("id", "e1"), ("start_time", "2024-03-20T15:04:06Z")], (version(9, 1),), id="before the range"),
]


@pytest.mark.parametrize(("params", "versions"), NOT_FOUND)
def test_not_found(params: list[tuple[str, str]], versions: tuple[StoredEvent, ...]) -> None:
    with pytest.raises(Refusal) as caught:
        render_lookup(parse_lookup(params, "p1"), versions)
    assert caught.value.reason is Reason.NOT_FOUND
    assert (caught.value.message, caught.value.kind.value) == ("Event not found in events table", 404)


REFUSALS = [
    pytest.param([], "Please provide a valid event ID", id="no id"),
    pytest.param([("id", "")], "Please provide a valid event ID", id="an empty id"),
    pytest.param([("id", "\udcff")], "Please check the request payload", id="an id that is not UTF-8"),
    pytest.param([("id", "a\x00")], "Please check the request payload", id="an id with NUL"),
    pytest.param([("id", "a"), ("id", "b")], "Please check the request payload", id="two ids"),
    pytest.param([("id", "e"), ("start_time", "today")], "Please check the request payload", id="a bad time"),
    pytest.param(
        [("id", "e"), ("start_time", "2024-01-02T00:00:00Z"), ("end_time", "2024-01-01T00:00:00Z")],
        "Please check the request payload",
        id="a reversed range",
    ),
]


@pytest.mark.parametrize(("params", "message"), REFUSALS)
def test_refusals(params: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_lookup(params, "p1")
    assert (caught.value.message, caught.value.kind.value) == (message, 400)


@given(
    st.text(st.characters(codec=None)),
    st.lists(st.tuples(st.sampled_from(["id", "start_time"]), st.text(st.characters(codec=None)))),
)
def test_whatever_comes_is_read_or_refused(event_id: str, params: list[tuple[str, str]]) -> None:
    with suppress(Refusal):
        assert parse_lookup(params, "p1").versions.event_id
    with suppress(Refusal):
        assert parse_lookup_by_path(event_id, params, "p1").versions.event_id == event_id
