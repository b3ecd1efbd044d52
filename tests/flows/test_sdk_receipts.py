"""Receipts and faults through the official Python SDK of Flexprice, unmodified: each method and its asynchronous twin."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flexprice.models.errors import ErrorResponse, FlexpriceDefaultError

from tests.flows.running import RunningServer
from tests.flows.sdk_python import STYLES, Ask, World, world


@pytest.fixture(params=list(STYLES.values()), ids=list(STYLES))
def ask(request: pytest.FixtureRequest, server: RunningServer, secret: str) -> Ask:
    style: Callable[..., Ask] = request.param
    return style(f"{server.url}/v1", secret)


@pytest.fixture(params=list(STYLES.values()), ids=list(STYLES), scope="module")
def ask_in_vain(request: pytest.FixtureRequest, server: RunningServer) -> Ask:
    """One key for all requests that are refused: they change nothing."""
    style: Callable[..., Ask] = request.param
    return style(f"{server.url}/v1", server.key("faults of the client"))


@pytest.fixture
def made(server: RunningServer, secret: str) -> World:
    return world(f"{server.url}/v1", secret)


def test_the_receipt_of_a_counted_event(ask: Ask, made: World) -> None:
    told = ask("events.get_event", id="e-eu", external_customer_id="acme")
    assert (told.status, told.event.id, told.event.source, told.event.properties["gb"]) == ("processed", "e-eu", "api", "4.10")
    assert told.event.timestamp == "2024-05-12T12:00:00Z"
    assert abs(datetime.now(UTC) - told.event.ingested_at) < timedelta(minutes=5)
    (counted,) = told.processed_events
    assert (counted.meter_id, counted.feature_id, counted.customer_id) == (made.meter_id, made.feature_id, made.customer_id)
    assert counted.qty_total == "4.1"
    assert counted.processed_at == told.event.ingested_at
    tracker = told.debug_tracker
    customer, matching, attributed = tracker.customer_lookup, tracker.meter_matching, tracker.attributed_to_customer
    assert (customer.status, customer.customer.id, customer.customer.name) == ("found", made.customer_id, "Acme")
    (matched,) = matching.matched_meters
    assert (matching.status, matched.meter_id, matched.event_name, matched.meter.name) == (
        "found", made.meter_id, "transfer", "Traffic",
    )  # fmt: skip
    assert attributed.status == "attributed"
    assert (attributed.meter_usage.external_customer_id, attributed.meter_usage.qty_total) == ("acme", "4.1")
    assert (tracker.price_lookup.status, tracker.subscription_line_item_lookup.status) == ("unprocessed", "unprocessed")
    assert tracker.failure_point is None


@pytest.mark.usefixtures("made")
def test_the_receipt_of_an_event_that_no_meter_counts(ask: Ask) -> None:
    told = ask("events.get_event", id="e-us", external_customer_id="acme")
    tracker = told.debug_tracker
    assert (told.status, told.processed_events, tracker.meter_matching.status) == ("failed", [], "not_found")
    failure = tracker.failure_point
    assert (failure.failure_point_type, failure.error.code, failure.error.http_status_code) == ("meter_lookup", "not_found", 404)
    assert failure.error.message.startswith("no_matching_meter")


@pytest.mark.usefixtures("made")
def test_times_and_customers_narrow_the_search(ask: Ask) -> None:
    within = {"start_time": "2024-05-12T12:00:00Z", "end_time": "2024-05-12T12:00:00Z"}
    assert ask("events.get_event", id="e-eu", external_customer_id="acme", **within).event.id == "e-eu"
    for narrowed in (
        {"external_customer_id": "acme", "start_time": "2024-05-12T12:00:01Z"},
        {"external_customer_id": "acme", "end_time": "2024-05-12T11:59:59Z"},
        {"external_customer_id": "other"},
    ):
        with pytest.raises(ErrorResponse) as told:
            ask("events.get_event", id="e-eu", **narrowed)
        assert told.value.data.code == "not_found"


def test_an_event_that_was_corrected_is_told_in_both_versions(ask: Ask, made: World) -> None:
    sent = {"event_name": "transfer", "external_customer_id": "acme", "event_id": "e-eu", "timestamp": "2024-05-12T12:00:00Z"}
    ask("events.ingest_event", **sent, properties={"gb": "5", "region": "eu"})
    told = ask("events.get_event", id="e-eu", external_customer_id="acme")
    assert [event.properties["gb"] for event in told.events] == ["5", "4.10"]
    assert [(one.meter_id, one.qty_total) for one in told.processed_events] == [(made.meter_id, "5")]


WRONG = {
    "a meter that is unknown": ("events.get_usage_by_meter", {"meter_id": "meter_x"}, 404),
    "a meter without an id": ("events.get_usage_by_meter", {"meter_id": ""}, 400),
    "a zone that is unknown": ("events.get_usage_by_meter", {"meter_id": "m", "timezone": "Mars/Olympus"}, 400),
    "nobody's usage": ("events.get_usage_analytics", {}, 400),
    "a word that cannot be expanded": ("events.get_usage_analytics", {"external_customer_id": "c", "expand": ["x"]}, 400),
    "no customer": ("customers.get_customer_usage_summary", {}, 400),
    "two customers": ("customers.get_customer_usage_summary", {"customer_id": "a", "customer_lookup_key": "b"}, 400),
    "an event that is unknown": ("events.get_event", {"id": "e", "external_customer_id": "c"}, 404),
    "a time that is none": ("events.get_event", {"id": "e", "external_customer_id": "c", "start_time": "yesterday"}, 400),
}
CODES = {400: "validation_error", 404: "not_found"}


@pytest.mark.parametrize(("method", "asked", "status"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_the_clients_own_error(ask_in_vain: Ask, method: str, asked: dict[str, Any], status: int) -> None:
    with pytest.raises(ErrorResponse) as told:
        ask_in_vain(method, **asked)
    assert (told.value.status_code, told.value.data.http_status_code, told.value.data.code) == (status, status, CODES[status])
    assert told.value.data.message


UNTYPED = {
    "a feature that is unknown": ("events.get_usage_analytics", {"external_customer_id": "c", "feature_ids": ["feat_x"]}),
    "a customer that is unknown": ("customers.get_customer_usage_summary", {"customer_id": "cust_x"}),
}


@pytest.mark.parametrize(("method", "asked"), UNTYPED.values(), ids=list(UNTYPED))
def test_where_the_client_has_no_404_it_tells_status_and_body(ask_in_vain: Ask, method: str, asked: dict[str, Any]) -> None:
    with pytest.raises(FlexpriceDefaultError) as told:
        ask_in_vain(method, **asked)
    assert told.value.status_code == 404
    assert '"code":"not_found"' in told.value.body
