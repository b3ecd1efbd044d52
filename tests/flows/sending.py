"""What several tests about usage send and make through the Flexprice door."""

from typing import Any

import httpx

WHEN = "2024-05-01T00:00:00Z"
ALL_TIME = {"start_time": "2024-01-01T00:00:00Z", "end_time": "2199-12-31T00:00:00Z"}


def send(client: httpx.Client, event_id: str, properties: dict[str, Any] | None = None, **fields: Any) -> None:
    sent = {"event_name": "api_call", "external_customer_id": "c1", "event_id": event_id, "timestamp": WHEN}
    answer = client.post("/events", json={**sent, "properties": properties or {}, **fields})
    assert answer.status_code == 202, answer.text


def usage(client: httpx.Client, kind: str = "SUM", of: str = "n", **asked: Any) -> float:
    """Of all events named api_call, at all times."""
    body = {"event_name": "api_call", "aggregation_type": kind, "property_name": of, **ALL_TIME, **asked}
    answer = client.post("/events/usage", json=body)
    assert answer.status_code == 200, answer.text
    return float(answer.json().get("value", 0))


def receipt(client: httpx.Client, event_id: str) -> Any:
    answer = client.get("/events/lookup", params={"id": event_id})
    assert answer.status_code == 200, answer.text
    return answer.json()


def meter(client: httpx.Client, aggregation: dict[str, Any], filters: Any = (), name: str = "m", event: str = "api_call") -> str:
    """A new meter; its id."""
    body = {"name": name, "event_name": event, "aggregation": aggregation, "filters": list(filters)}
    answer = client.post("/meters", json={**body, "reset_usage": "BILLING_PERIOD"})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def feature(client: httpx.Client, name: str, meter_id: str) -> str:
    """A new metered feature; its id."""
    answer = client.post("/features", json={"name": name, "type": "metered", "meter_id": meter_id})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made
