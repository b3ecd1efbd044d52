"""GET /v1/events/lookup and GET /v1/events/:id: one event with all its versions, or a clear no."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.query import EventLookup, StoredEvent
from streamgauge.kernel.refusal import Refusal
from streamgauge.wire.flexprice.lookup import LookupRequest, parse_lookup, parse_lookup_by_path
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
    assert [event.position for event in versions if request.asks_for(event)] == [5]


LEAVES_OUT = [
    pytest.param([("id", "e1")], (), id="unknown id"),
    pytest.param([("id", "e1"), ("external_customer_id", "c2")], (version(9, 1),), id="another customer's"),
    pytest.param([("id", "e1"), ("start_time", "2024-03-20T15:04:06Z")], (version(9, 1),), id="before the range"),
]


@pytest.mark.parametrize(("params", "versions"), LEAVES_OUT)
def test_what_is_not_asked_for_is_left_out(params: list[tuple[str, str]], versions: tuple[StoredEvent, ...]) -> None:
    assert not any(map(parse_lookup(params, "p1").asks_for, versions))


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
