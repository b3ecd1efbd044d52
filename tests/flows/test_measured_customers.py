"""Aliases, trees and closed periods as usage by meter sees them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.customers import made
from tests.flows.running import RunningServer

JANUARY = {"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-02-01T00:00:00Z"}
FEBRUARY = {"start_time": "2024-02-01T00:00:00Z", "end_time": "2024-03-01T00:00:00Z"}


@pytest.fixture
def admin(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with server.client(server.key(project, "unlimited", "--scope", "admin"), header="x-api-key", base="/v1") as client:
        yield client


@pytest.fixture
def meter_id(admin: httpx.Client) -> str:
    wanted = {"name": "M", "event_name": "use", "aggregation": {"type": "SUM", "field": "n"}, "reset_usage": "BILLING_PERIOD"}
    meter_id: str = admin.post("/meters", json=wanted).json()["id"]
    return meter_id


def send(client: httpx.Client, event_id: str, customer: str, day: str, n: int) -> None:
    event = {
        "event_name": "use", "external_customer_id": customer, "event_id": event_id, "timestamp": f"2024-{day}T12:00:00Z",
        "properties": {"n": n},
    }  # fmt: skip
    assert client.post("/events", json=event).status_code == 202


def usage(client: httpx.Client, meter_id: str, span: dict[str, str] = JANUARY, **rest: Any) -> float:
    answer = client.post("/events/usage/meter", json={"meter_id": meter_id, **span, **rest})
    assert answer.status_code == 200, answer.text
    return float(answer.json().get("value", 0))


def test_an_alias_takes_its_earlier_events_along_and_leaves_them_again(admin: httpx.Client, meter_id: str) -> None:
    send(admin, "e1", "c1", "01-10", 1)
    send(admin, "e2", "c1-eu", "01-11", 10)
    send(admin, "e3", "c2", "01-12", 100)
    customer = made(admin, "c1")
    assert usage(admin, meter_id, external_customer_id="c1") == 1
    for aliases, total in ((["c1-eu"], 11), (["c1-eu", "c2"], 111), (["c2"], 101), ([], 1)):
        assert admin.put(f"/customers/{customer['id']}", json={"aliases": aliases}).status_code == 200
        assert usage(admin, meter_id, external_customer_id="c1") == total
        for alias in aliases:
            assert usage(admin, meter_id, external_customer_id=alias) == total
    admin.delete(f"/customers/{customer['id']}")
    assert [usage(admin, meter_id, external_customer_id=one) for one in ("c1", "c1-eu", "c2")] == [1, 10, 100]


def test_a_customer_with_children_has_the_usage_of_all_below(admin: httpx.Client, meter_id: str) -> None:
    for place, (customer, parent) in enumerate((("top", ""), ("left", "top"), ("right", "top"), ("low", "left"), ("beside", ""))):
        made(admin, customer, parent_external_id=parent)
        send(admin, f"e{place}", customer, "01-10", 10**place)
    assert usage(admin, meter_id, external_customer_id="top") == 1
    assert usage(admin, meter_id, external_customer_id="top", include_children=True) == 1111
    assert usage(admin, meter_id, external_customer_id="left", include_children=True) == 1010
    assert usage(admin, meter_id) == 11111


def test_a_closed_period_keeps_its_usage_and_what_came_later_counts_after_it(admin: httpx.Client, meter_id: str) -> None:
    send(admin, "e1", "c1", "01-10", 1)
    send(admin, "e2", "c1", "01-31", 10)
    send(admin, "f1", "c1", "02-10", 1000)
    period = admin.post("/periods/close", json=JANUARY).json()
    assert (usage(admin, meter_id), usage(admin, meter_id, FEBRUARY)) == (11, 1000)
    send(admin, "late", "c1", "01-20", 100)
    assert (usage(admin, meter_id), usage(admin, meter_id, FEBRUARY)) == (11, 1100)
    send(admin, "e2", "c1", "01-31", 15)
    assert (usage(admin, meter_id), usage(admin, meter_id, FEBRUARY)) == (11, 1105)
    assert admin.delete("/events/e1").status_code == 200
    assert (usage(admin, meter_id), usage(admin, meter_id, FEBRUARY)) == (11, 1104)
    then = f"position:{period['position']}"
    assert (usage(admin, meter_id, as_of=then), usage(admin, meter_id, FEBRUARY, as_of=then)) == (11, 1000)
    by_time = {"event_name": "use", "aggregation_type": "SUM", "property_name": "n", **JANUARY}
    assert admin.post("/events/usage", json=by_time).json()["value"] == 115
    assert admin.get(f"/periods/{period['id']}/adjustments").json()["pagination"]["total"] == 3
