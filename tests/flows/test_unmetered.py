"""Events that no meter counts: one list with reasons, and a message to who asked for it."""

import time
from typing import Any

import httpx
import pytest

from streamgauge.wire.flexprice.receipt_schema import UNMETERED
from tests.flows.running import RunningServer
from tests.flows.sending import ALL_TIME, meter, receipt, send
from tests.wire.schemas import misfits


def unmetered(client: httpx.Client, **asked: str) -> Any:
    answer = client.get("/events/unmetered", params={**ALL_TIME, **asked})
    assert answer.status_code == 200, answer.text
    assert misfits(UNMETERED, answer.json()) == []
    return answer.json()


def _reasons(told: Any) -> dict[str, str]:
    return {event["id"]: event["reason"] for event in told["events"]}


def test_each_event_that_none_counts_is_there_with_its_reason(flexprice: httpx.Client) -> None:
    meter(flexprice, {"type": "COUNT"}, [{"key": "region", "values": ["eu", "us"]}])
    meter(flexprice, {"type": "SUM", "expression": "n * 2"}, [{"key": "plan", "values": ["pro"]}])
    meter(flexprice, {"type": "SUM", "expression": "n / m"}, event="ratio")
    meter(flexprice, {"type": "SUM", "field": "n"}, event="sure")
    meter(flexprice, {"type": "COUNT"}, [{"key": "region", "values": ["eu"]}], event="sure")
    send(flexprice, "counted", {"region": "eu"})
    send(flexprice, "counted by the second", {"plan": "pro", "n": "3"})
    send(flexprice, "another region", {"region": "asia"})
    send(flexprice, "a word", {"plan": "pro", "n": "three"})
    send(flexprice, "no properties", None)
    send(flexprice, "unknown", event_name="other")
    send(flexprice, "a ratio", {"n": 1, "m": 2}, event_name="ratio")
    send(flexprice, "divided by nothing", {"n": 1}, event_name="ratio")
    send(flexprice, "sure", {"n": "a word is 0"}, event_name="sure")
    told = unmetered(flexprice)
    expected = {
        "another region": "no_matching_meter",
        "a word": "not_a_number",
        "no properties": "no_matching_meter",
        "unknown": "no_meter_for_event_name",
        "divided by nothing": "not_a_number",
    }
    assert _reasons(told) == expected
    assert told["total_count"] == len(expected)
    for event_id, reason in expected.items():
        assert receipt(flexprice, event_id)["debug_tracker"]["meter_matching"]["reason"] == reason
    assert _reasons(unmetered(flexprice, event_name="ratio")) == {"divided by nothing": "not_a_number"}
    assert _reasons(unmetered(flexprice, event_name="other")) == {"unknown": "no_meter_for_event_name"}
    assert _reasons(unmetered(flexprice, event_name="sure")) == {}


def test_without_meters_every_event_of_a_customer_is_there(flexprice: httpx.Client, bearer: httpx.Client) -> None:
    send(flexprice, "e")
    own = bearer.post("/solinth/v1/events", json={"event": "x", "timestamp": "2024-05-01T00:00:00Z"}).json()["event_id"]
    assert set(_reasons(unmetered(flexprice))) == {"e"}
    assert set(_reasons(unmetered(flexprice, include_without_customer="true"))) == {"e", own}


def test_a_meter_that_is_made_later_takes_events_off_the_list(flexprice: httpx.Client) -> None:
    send(flexprice, "e")
    assert set(_reasons(unmetered(flexprice))) == {"e"}
    made = meter(flexprice, {"type": "COUNT"})
    assert _reasons(unmetered(flexprice)) == {}
    flexprice.delete(f"/meters/{made}")
    assert _reasons(unmetered(flexprice)) == {"e": "no_meter_for_event_name"}


def test_what_was_corrected_or_taken_back_is_not_there(flexprice: httpx.Client) -> None:
    meter(flexprice, {"type": "COUNT"}, [{"key": "region", "values": ["eu"]}])
    for event_id in ("corrected", "taken back", "left"):
        send(flexprice, event_id, {"region": "us"})
    send(flexprice, "corrected", {"region": "eu"})
    flexprice.delete("/events/taken back")
    assert set(_reasons(unmetered(flexprice))) == {"left"}


def test_it_is_walked_by_pages(flexprice: httpx.Client) -> None:
    events = [
        {"event_name": f"n{n % 3}", "external_customer_id": "c", "event_id": f"e{n}", "timestamp": f"2024-05-01T00:00:{n:02d}Z"}
        for n in range(20)
    ]
    assert flexprice.post("/events/bulk", json={"events": events}).status_code == 202
    meter(flexprice, {"type": "COUNT"}, event="n1")
    left = [event["event_id"] for event in reversed(events) if event["event_name"] != "n1"]
    seen: list[str] = []
    asked = {"page_size": "4"}
    while True:
        told = unmetered(flexprice, **asked)
        assert told["total_count"] == len(left)
        seen += [event["id"] for event in told["events"]]
        if "iter_last_key" not in told:
            break
        asked["iter_last_key"] = told["iter_last_key"]
    assert seen == left


REFUSED = {
    "neither true nor false": ({"include_without_customer": "yes"}, "Request validation failed", "include_without_customer"),
    "a bad time": ({"start_time": "today"}, "Please check the request payload", "start_time"),
    "a bad cursor": ({"iter_last_key": "x"}, "Invalid cursor key format", None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_refuses(flexprice: httpx.Client, name: str) -> None:
    asked, message, field = REFUSED[name]
    answer = flexprice.get("/events/unmetered", params=asked)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert field is None or answer.json()["details"]["field"] == field


def test_who_asked_for_it_is_told_by_a_webhook(flexprice: httpx.Client, server: RunningServer, project: str) -> None:
    meter(flexprice, {"type": "COUNT"}, [{"key": "region", "values": ["eu"]}])
    with server.client(server.key(project, "unlimited", "--scope", "admin"), header="x-api-key", base="/v1") as admin:
        endpoint = {"url": "https://hooks.example.com/usage", "event_types": ["event.rejected"]}
        assert admin.post("/webhooks/endpoints", json=endpoint).status_code == 201
        send(flexprice, "counted", {"region": "eu"})
        send(flexprice, "other", event_name="other")
        for n in range(3):
            send(flexprice, f"asia {n}", {"region": "asia"})
        send(flexprice, "last", event_name="last")
        deadline = time.monotonic() + 10
        while len(told := _told(admin)) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
    assert told == [
        ("asia 0", "no_matching_meter"), ("last", "no_meter_for_event_name"), ("other", "no_meter_for_event_name"),
    ]  # fmt: skip


def _told(admin: httpx.Client) -> list[tuple[str, str]]:
    payloads = [one["payload"]["data"] for one in admin.get("/webhooks/deliveries").json()["items"]]
    return sorted((data["event"]["id"], data["reason"]) for data in payloads)
