"""Features, entitlements and checks as the tests make and read them over HTTP."""

import time
from collections.abc import Callable
from typing import Any

import httpx

DEADLINE_S = 20.0


def metered(client: httpx.Client, name: str = "Calls", **measure: Any) -> dict[str, Any]:
    """A metered feature of the event name `call`; its lookup key is the name in small letters."""
    meter = {
        "name": name,
        "event_name": "call",
        "aggregation": {"type": "SUM", "field": "n", **measure},
        "reset_usage": "BILLING_PERIOD",
    }
    return posted(client, "/features", name=name, type="metered", meter=meter)


def customer(client: httpx.Client, external_id: str = "c1", **rest: Any) -> dict[str, Any]:
    return posted(client, "/customers", external_id=external_id, name="N", **rest)


def posted(client: httpx.Client, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    read: dict[str, Any] = answer.json()
    return read


def used(client: httpx.Client, number: float, external_id: str = "c1", **rest: Any) -> None:
    event = {"event_name": "call", "external_customer_id": external_id, "properties": {"n": number}, **rest}
    posted(client, "/events", 202, **event)


def checked(client: httpx.Client, feature: str = "calls", external_id: str = "c1", **rest: Any) -> dict[str, Any]:
    """After what was accepted before."""
    return posted(client, "/entitlements/check", 200, external_customer_id=external_id, feature=feature, wait=True, **rest)


def soon(look: Callable[[], Any], wanted: Any) -> None:
    """Look until it is as wanted."""
    deadline = time.monotonic() + DEADLINE_S
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen} is not {wanted}"
        time.sleep(0.02)
