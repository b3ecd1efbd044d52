"""An event is taken back by its id: it counts for nothing at any door, stays known, and counts again when it is sent again."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.flows.running import RunningServer
from tests.flows.sending import ALL_TIME, meter, receipt, send, usage

VOIDED = {"message": "Event voided successfully"}


def void(client: httpx.Client, event_id: str) -> None:
    answer = client.delete(f"/events/{event_id}")
    assert (answer.status_code, answer.json()) == (200, {**VOIDED, "event_id": event_id})


def counts(client: httpx.Client, bearer: httpx.Client) -> tuple[float, float, int, int]:
    """How many events each way of asking counts, and their sum."""
    metrics = bearer.get("/solinth/v1/metrics", params={"event": "api_call", "from": "2024-01-01", "to": "2024-12-31"}).json()
    listed = client.post("/events/query", json={"event_name": "api_call", **ALL_TIME}).json()
    return usage(client, "COUNT"), usage(client), metrics["value"], len(listed["events"])


EVENTS: dict[str, dict[str, Any]] = {
    "with properties": {"properties": {"n": 5}},
    "without properties": {"properties": None},
    "of no customer's account": {"properties": {"n": 5}, "customer_id": "inner", "source": "api"},
    "with an odd id": {"properties": {"n": 5}, "event_id": "a/b c::ü"},
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_taken_back_and_may_come_again(flexprice: httpx.Client, bearer: httpx.Client, name: str) -> None:
    event = {"event_id": "e", **EVENTS[name]}
    n = (event["properties"] or {}).get("n", 0)
    send(flexprice, "other", {"n": 100})
    for _ in range(2):
        send(flexprice, **event)
        assert counts(flexprice, bearer) == (2, 100 + n, 2, 2)
        for _ in range(2):  # The second time it changes nothing.
            void(flexprice, event["event_id"])
            assert counts(flexprice, bearer) == (1, 100, 1, 1)


def test_the_receipt_of_what_was_taken_back_says_so(flexprice: httpx.Client) -> None:
    made = meter(flexprice, {"type": "COUNT"})
    send(flexprice, "e", {"n": 1})
    assert [one["meter_id"] for one in receipt(flexprice, "e")["processed_events"]] == [made]
    void(flexprice, "e")
    told = receipt(flexprice, "e")
    assert (told["event"]["standing"], told["processed_events"], told["stored_versions"]) == ("voided", [], 1)
    assert told["event"]["replaced_by"]["position"] > told["event"]["position"]
    assert told["event"]["replaced_by"]["key_id"] == told["event"]["key_id"] != ""
    assert told["debug_tracker"]["meter_matching"]["reason"] == "voided"
    send(flexprice, "e", {"n": 1})
    told = receipt(flexprice, "e")
    assert [one["standing"] for one in told["events"]] == ["in_force", "voided"]
    assert [one["meter_id"] for one in told["processed_events"]] == [made]


def test_a_corrected_event_is_taken_back_as_a_whole(flexprice: httpx.Client) -> None:
    for n in (1, 2):
        send(flexprice, "e", {"n": n}, event_name=f"name {n}")
    void(flexprice, "e")
    assert [one["standing"] for one in receipt(flexprice, "e")["events"]] == ["voided", "superseded"]
    assert flexprice.post("/events/query", json=ALL_TIME).json()["events"] == []


def test_meters_forget_it(flexprice: httpx.Client) -> None:
    made = meter(flexprice, {"type": "SUM", "field": "n"})
    send(flexprice, "e", {"n": 3})
    send(flexprice, "f", {"n": 4})
    void(flexprice, "e")
    answer = flexprice.post("/events/usage/meter", json={"meter_id": made, **ALL_TIME})
    assert answer.json()["value"] == 4


def test_events_of_the_other_doors_are_taken_back(
    flexprice: httpx.Client, bearer: httpx.Client, server: RunningServer, project: str
) -> None:
    server.website(f"void-{project}", project)
    sent = [
        bearer.post("/solinth/v1/events", json={"event": "api_call"}).json()["event_id"],
        bearer.post("/api/events", json={"website_id": f"void-{project}", "event_name": "api_call"}).json()["event_id"],
    ]
    assert usage(flexprice, "COUNT") == 2
    for event_id in sent:
        void(flexprice, event_id)
    assert usage(flexprice, "COUNT") == 0
    assert [receipt(flexprice, event_id)["event"]["standing"] for event_id in sent] == ["voided", "voided"]


def test_what_is_not_there_cannot_be_taken_back(flexprice: httpx.Client, server: RunningServer) -> None:
    answer = flexprice.delete("/events/nothing")
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (
        404, "not_found", "Event not found in events table",
    )  # fmt: skip
    send(flexprice, "e", {"n": 1})
    with server.client(server.key("void-stranger"), header="x-api-key", base="/v1") as stranger:
        assert stranger.delete("/events/e").status_code == 404
    assert usage(flexprice) == 1


@pytest.mark.parametrize("event_id", ["a?b=c", "a#b", "%2F", "x" * 128, "'; DROP TABLE events; --", "☃\u202e", "a\nb"])
def test_any_id_can_be_taken_back(flexprice: httpx.Client, event_id: str) -> None:
    send(flexprice, event_id, {"n": 1})
    answer = flexprice.delete(f"/events/{quote(event_id, safe='')}")
    assert (answer.status_code, answer.json()["event_id"]) == (200, event_id)
    assert usage(flexprice) == 0
    changes = flexprice.get(f"/events/{quote(event_id, safe='')}/history").json()["changes"]
    assert [one["change"] for one in changes] == ["created", "voided"]


@pytest.mark.parametrize("path", ["%00", "%ff", "%ed%a0%80"])
def test_a_path_that_is_no_text_is_refused(flexprice: httpx.Client, path: str) -> None:
    for answer in (flexprice.delete(f"/events/{path}"), flexprice.get(f"/events/{path}/history")):
        assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize("scope", ["ingest", "read"])
def test_a_key_that_may_not_both_read_and_send_takes_nothing_back(
    flexprice: httpx.Client, server: RunningServer, project: str, scope: str
) -> None:
    send(flexprice, "e", {"n": 1})
    with server.client(server.key(project, "unlimited", "--scope", scope), header="x-api-key", base="/v1") as client:
        answer = client.delete("/events/e")
    assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})
    assert usage(flexprice) == 1


def test_web_analytics_forgets_it(flexprice: httpx.Client, bearer: httpx.Client, server: RunningServer, project: str) -> None:
    site = f"void-web-{project}"
    server.website(site, project)
    bearer.post(f"/api/websites/{site}/conversion-events", json={"name": "signup", "event_name": "signup"})

    def sent(name: str, visitor: str, minute: int) -> str:
        event = {"website_id": site, "event_name": name, "visitor_id": visitor, "timestamp": f"2024-03-05T10:{minute:02d}:00Z"}
        answer = bearer.post("/api/events", json={**event, "properties": {"page_url": "https://example.com/"}})
        event_id: str = answer.json()["event_id"]
        return event_id

    def totals() -> tuple[int, int, int, int]:
        """Visitors, visits, page views, conversions."""
        asked = {"website_id": site, "start_date": "2024-03-01", "end_date": "2024-03-20"}
        told = bearer.get("/api/analytics", params=asked).json()["metrics"]
        return told["visitors"], told["visits"], told["page_views"], told["conversions"]

    first, _ = sent("page_view", "v1", 0), sent("page_view", "v1", 1)
    assert totals() == (1, 1, 2, 0)
    alone, goal = sent("page_view", "v2", 0), sent("signup", "v1", 2)
    assert totals() == (2, 2, 3, 1)
    void(flexprice, alone)
    void(flexprice, goal)
    assert totals() == (1, 1, 2, 0)
    void(flexprice, first)
    assert totals() == (1, 1, 1, 0)
