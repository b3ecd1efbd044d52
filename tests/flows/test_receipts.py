"""Receipts over HTTP: where an event stands, which meters, features and goals count it and for how much, or why not."""

from typing import Any

import httpx

WHEN = "2024-05-01T00:00:00Z"


def send(client: httpx.Client, event_id: str, properties: dict[str, Any] | None = None, **fields: Any) -> None:
    sent = {"event_name": "api_call", "external_customer_id": "c1", "event_id": event_id, "timestamp": WHEN}
    answer = client.post("/events", json={**sent, "properties": properties or {}, **fields})
    assert answer.status_code == 202, answer.text


def receipt(client: httpx.Client, event_id: str) -> Any:
    answer = client.get("/events/lookup", params={"id": event_id})
    assert answer.status_code == 200, answer.text
    return answer.json()


def meter(client: httpx.Client, aggregation: dict[str, Any], filters: Any = (), name: str = "m", event: str = "api_call") -> str:
    body = {
        "name": name,
        "event_name": event,
        "aggregation": aggregation,
        "filters": list(filters),
        "reset_usage": "BILLING_PERIOD",
    }
    answer = client.post("/meters", json=body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def feature(client: httpx.Client, name: str, meter_id: str) -> str:
    answer = client.post("/features", json={"name": name, "type": "metered", "meter_id": meter_id})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def test_without_meters_an_event_is_processed_and_nothing_looked_at_it(flexprice: httpx.Client) -> None:
    send(flexprice, "e", {"n": 1})
    told = receipt(flexprice, "e")
    assert (told["status"], told["processed_events"], told["conversions"], told["stored_versions"]) == ("processed", [], [], 1)
    assert told["debug_tracker"] == {
        "customer_lookup": {"status": "not_found"},
        "meter_matching": {"status": "unprocessed"},
        "price_lookup": {"status": "unprocessed"},
        "subscription_line_item_lookup": {"status": "unprocessed"},
        "attributed_to_customer": {"status": "unprocessed"},
        "failure_point": None,
    }
    assert (told["event"]["standing"], told["event"]["door"]) == ("in_force", "flexprice")
    assert told["event"]["position"] >= 0
    assert told["events"] == [told["event"]]
    assert flexprice.get("/events/e").json() == told
