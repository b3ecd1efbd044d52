"""Receipts over HTTP: where an event stands, which meters, features and goals count it and for how much, or why not."""

from typing import Any

import httpx
import pytest
from flexprice import Flexprice

from streamgauge.wire.flexprice.receipt_schema import RECEIPT
from tests.flows.running import RunningServer
from tests.flows.sending import feature, meter, receipt, send
from tests.wire.schemas import misfits

UNPROCESSED = {"status": "unprocessed"}


def test_without_meters_an_event_is_processed_and_nothing_looked_at_it(flexprice: httpx.Client) -> None:
    send(flexprice, "e", {"n": 1})
    told = receipt(flexprice, "e")
    assert (told["status"], told["processed_events"], told["conversions"], told["stored_versions"]) == ("processed", [], [], 1)
    assert told["debug_tracker"] == {
        "customer_lookup": {"status": "not_found"},
        "meter_matching": UNPROCESSED,
        "price_lookup": UNPROCESSED,
        "subscription_line_item_lookup": UNPROCESSED,
        "attributed_to_customer": UNPROCESSED,
        "failure_point": None,
    }
    assert (told["event"]["standing"], told["event"]["door"]) == ("in_force", "flexprice")
    assert told["event"]["position"] >= 0
    assert told["events"] == [told["event"]]
    assert flexprice.get("/events/e").json() == told


def test_meters_and_features_that_counted_it(flexprice: httpx.Client) -> None:
    count = meter(flexprice, {"type": "COUNT"})
    total = meter(flexprice, {"type": "SUM", "field": "gb"}, [{"key": "region", "values": ["eu", "us"]}])
    elsewhere = meter(flexprice, {"type": "SUM", "field": "gb"}, [{"key": "region", "values": ["asia"]}])
    worded = meter(flexprice, {"type": "SUM", "expression": "region * 2"})
    meter(flexprice, {"type": "COUNT"}, event="other")
    storage, traffic = feature(flexprice, "Storage", total), feature(flexprice, "Traffic", total)
    send(flexprice, "e", {"gb": "2.50", "region": "eu"})
    told = receipt(flexprice, "e")
    assert [(one["meter_id"], one["feature_id"], one["qty_total"]) for one in told["processed_events"]] == [
        (count, "", "1"), (total, storage, "2.5"), (total, traffic, "2.5"),
    ]  # fmt: skip
    assert {one["customer_id"] for one in told["processed_events"]} == {""}
    assert told["status"] == "processed"
    tracker = told["debug_tracker"]
    assert tracker["failure_point"] is None
    assert tracker["meter_matching"]["status"] == "found"
    assert [one["meter"]["id"] for one in tracker["meter_matching"]["matched_meters"]] == [count, total]
    assert tracker["meter_matching"]["unmatched_meters"] == [
        {"meter_id": elsewhere, "event_name": "api_call", "reason": "filtered_out"},
        {"meter_id": worded, "event_name": "api_call", "reason": "not_a_number"},
    ]
    assert tracker["attributed_to_customer"] == {
        "status": "attributed",
        "meter_usage": {"external_customer_id": "c1", "meter_id": count, "qty_total": "1"},
    }
    assert misfits(RECEIPT, told) == []


QUANTITIES = {
    "COUNT": ({"type": "COUNT"}, "1"),
    "SUM": ({"type": "SUM", "field": "v"}, "-7.125"),
    "AVG": ({"type": "AVG", "field": "v"}, "-7.125"),
    "MAX": ({"type": "MAX", "field": "v"}, "-7.125"),
    "COUNT_UNIQUE": ({"type": "COUNT_UNIQUE", "field": "v"}, "1"),
    "LATEST": ({"type": "LATEST", "field": "v"}, "-7.125"),
    "SUM_WITH_MULTIPLIER": ({"type": "SUM_WITH_MULTIPLIER", "field": "v", "multiplier": "0.001"}, "-0.007125"),
    "WEIGHTED_SUM": ({"type": "WEIGHTED_SUM", "field": "v"}, "-7.125"),
    "an expression": ({"type": "SUM", "expression": "v * v"}, "50.765625"),
    "a missing property": ({"type": "SUM", "field": "other"}, "0"),
}


def test_the_quantity_is_what_each_meter_takes(flexprice: httpx.Client) -> None:
    made = {meter(flexprice, aggregation): quantity for aggregation, quantity in QUANTITIES.values()}
    send(flexprice, "e", {"v": -7.125})
    assert {one["meter_id"]: one["qty_total"] for one in receipt(flexprice, "e")["processed_events"]} == made


REASONS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str, str]] = {
    "no meter of its name": ({"type": "COUNT"}, [], "other", "no_meter_for_event_name"),
    "filtered out": ({"type": "COUNT"}, [{"key": "region", "values": ["eu"]}], "api_call", "no_matching_meter"),
    "not a number": ({"type": "SUM", "expression": "region * 2"}, [], "api_call", "not_a_number"),
}


@pytest.mark.parametrize("name", REASONS)
def test_why_no_meter_counts_it(flexprice: httpx.Client, name: str) -> None:
    aggregation, filters, event, reason = REASONS[name]
    meter(flexprice, aggregation, filters, event=event)
    send(flexprice, "e", {"region": "us"})
    told = receipt(flexprice, "e")
    tracker = told["debug_tracker"]
    assert (told["status"], told["processed_events"]) == ("failed", [])
    assert (tracker["meter_matching"]["status"], tracker["meter_matching"]["reason"]) == ("not_found", reason)
    assert tracker["failure_point"]["failure_point_type"] == "meter_lookup"
    assert tracker["failure_point"]["error"]["message"].startswith(f"{reason}: ")
    assert tracker["attributed_to_customer"] == UNPROCESSED
    assert misfits(RECEIPT, told) == []


def test_a_duplicate_is_stored_once_and_an_amendment_twice(flexprice: httpx.Client) -> None:
    meter(flexprice, {"type": "SUM", "field": "n"})
    for n in (1, 1, 2):
        send(flexprice, "e", {"n": n})
    told = receipt(flexprice, "e")
    assert told["stored_versions"] == 2
    new, old = told["events"]
    assert [(one["properties"]["n"], one["standing"]) for one in (new, old)] == [(2, "in_force"), (1, "superseded")]
    assert new["position"] > old["position"]
    assert old["replaced_by"] == {"position": new["position"], "at": new["ingested_at"], "key_id": new["key_id"]}
    assert "replaced_by" not in new
    assert misfits(RECEIPT, told) == []
    assert [one["qty_total"] for one in told["processed_events"]] == ["2"]


def test_an_archived_meter_counts_nothing_any_more(flexprice: httpx.Client) -> None:
    made = meter(flexprice, {"type": "COUNT"})
    send(flexprice, "e")
    assert receipt(flexprice, "e")["status"] == "processed"
    assert flexprice.delete(f"/meters/{made}").status_code == 200
    told = receipt(flexprice, "e")
    assert (told["status"], told["debug_tracker"]["meter_matching"]) == ("processed", UNPROCESSED)


def test_a_customer_that_was_made_is_found_by_the_event(flexprice: httpx.Client) -> None:
    meter(flexprice, {"type": "COUNT"})
    send(flexprice, "e")
    made = flexprice.post("/customers", json={"external_id": "c1", "name": "Acme"}).json()
    told = receipt(flexprice, "e")
    assert told["debug_tracker"]["customer_lookup"]["status"] == "found"
    assert told["debug_tracker"]["customer_lookup"]["customer"]["id"] == made["id"]
    assert [one["customer_id"] for one in told["processed_events"]] == [made["id"]]
    assert misfits(RECEIPT, told) == []


def test_a_narrowed_lookup_tells_of_the_version_that_is_asked_for(flexprice: httpx.Client) -> None:
    meter(flexprice, {"type": "COUNT"})
    send(flexprice, "e")
    send(flexprice, "e", external_customer_id="c2")
    told = flexprice.get("/events/lookup", params={"id": "e", "external_customer_id": "c1"}).json()
    assert (told["event"]["standing"], told["processed_events"], told["stored_versions"]) == ("superseded", [], 2)
    assert told["debug_tracker"]["meter_matching"]["reason"] == "superseded"
    assert (told["status"], told["debug_tracker"]["failure_point"]) == ("processed", None)
    unknown = flexprice.get("/events/lookup", params={"id": "e", "external_customer_id": "c3"})
    assert (unknown.status_code, unknown.json()["message"]) == (404, "Event not found in events table")


def test_another_project_has_no_such_event(flexprice: httpx.Client, server: RunningServer) -> None:
    send(flexprice, "e")
    with server.client(server.key("receipts-stranger"), header="x-api-key", base="/v1") as stranger:
        assert stranger.get("/events/lookup", params={"id": "e"}).status_code == 404


def test_events_of_the_other_doors_have_receipts(
    flexprice: httpx.Client, bearer: httpx.Client, server: RunningServer, project: str
) -> None:
    made = meter(flexprice, {"type": "SUM", "field": "amount"}, event="purchase")
    own = bearer.post("/solinth/v1/events", json={"event": "purchase", "properties": {"amount": 5}}).json()["event_id"]
    told = receipt(flexprice, own)
    assert (told["event"]["door"], told["event"]["external_customer_id"]) == ("solinth", "")
    assert told["debug_tracker"]["customer_lookup"] == UNPROCESSED
    assert told["debug_tracker"]["attributed_to_customer"] == UNPROCESSED
    assert [(one["meter_id"], one["qty_total"]) for one in told["processed_events"]] == [(made, "5")]
    site = server.website(f"receipts-{project}", project)
    assert site
    sent = bearer.post("/api/events", json={"website_id": f"receipts-{project}", "event_name": "purchase"}).json()["event_id"]
    assert [one["qty_total"] for one in receipt(flexprice, sent)["processed_events"]] == ["0"]


GOALS: dict[str, tuple[dict[str, Any], bool]] = {
    "its name": ({"event_name": "signup"}, True),
    "another name": ({"event_name": "login"}, False),
    "a property": ({"event_name": "signup", "conditions": [{"property": "plan", "operator": "is", "value": "pro"}]}, True),
    "another value": ({"event_name": "signup", "conditions": [{"property": "plan", "operator": "is", "value": "free"}]}, False),
    "switched off": ({"event_name": "signup", "is_active": False}, False),
}


@pytest.fixture
def site(server: RunningServer, project: str) -> str:
    website_id = f"goals-{project}"
    server.website(website_id, project)
    return website_id


def test_goals_of_its_website_that_counted_it(flexprice: httpx.Client, bearer: httpx.Client, site: str) -> None:
    for name, (goal, _) in GOALS.items():
        answer = bearer.post(f"/api/websites/{site}/conversion-events", json={"name": name, "value": 2.5, **goal})
        assert answer.status_code == 200, answer.text
    event = {"website_id": site, "event_name": "signup", "properties": {"plan": "pro"}}
    told = receipt(flexprice, bearer.post("/api/events", json=event).json()["event_id"])
    assert {one["name"] for one in told["conversions"]} == {name for name, (_, counts) in GOALS.items() if counts}
    assert {(one["value"], one["website_id"]) for one in told["conversions"]} == {("2.5", site)}
    assert misfits(RECEIPT, told) == []


def test_a_page_goal_looks_at_the_page(flexprice: httpx.Client, bearer: httpx.Client, site: str) -> None:
    bearer.post(
        f"/api/websites/{site}/conversion-events", json={"name": "thanks", "page": {"operator": "is", "value": "/thanks"}}
    )
    pages = {}
    for path in ("/thanks", "/other"):
        event = {"website_id": site, "event_name": "page_view", "properties": {"page_url": f"https://example.com{path}"}}
        told = receipt(flexprice, bearer.post("/api/events", json=event).json()["event_id"])
        pages[path] = [one["name"] for one in told["conversions"]]
    assert pages == {"/thanks": ["thanks"], "/other": []}


def test_the_official_client_reads_it(flexprice: httpx.Client, server: RunningServer, secret: str) -> None:
    made = meter(flexprice, {"type": "SUM", "field": "gb"})
    of_it = feature(flexprice, "Storage", made)
    flexprice.post("/customers", json={"external_id": "c1", "name": "Acme"})
    send(flexprice, "counted", {"gb": 2})
    send(flexprice, "ignored", event_name="nobodys")
    with Flexprice(server_url=f"{server.url}/v1", api_key_auth=secret) as sdk:
        counted = sdk.events.get_event(id="counted", external_customer_id="c1", start_time="2024-01-01T00:00:00Z")
        ignored = sdk.events.get_event(id="ignored", external_customer_id="c1", start_time="2024-01-01T00:00:00Z")
    assert counted.status == "processed"
    assert counted.processed_events is not None
    assert [(one.meter_id, one.feature_id, one.qty_total) for one in counted.processed_events] == [(made, of_it, "2")]
    tracker = counted.debug_tracker
    assert tracker is not None
    assert tracker.meter_matching is not None
    assert tracker.meter_matching.matched_meters is not None
    assert tracker.meter_matching.matched_meters[0].meter is not None
    assert tracker.meter_matching.matched_meters[0].meter.id == made
    assert tracker.customer_lookup is not None
    assert tracker.customer_lookup.customer is not None
    assert tracker.customer_lookup.customer.external_id == "c1"
    assert ignored.status == "failed"
    assert ignored.debug_tracker is not None
    assert ignored.debug_tracker.failure_point is not None
    assert ignored.debug_tracker.failure_point.failure_point_type == "meter_lookup"
