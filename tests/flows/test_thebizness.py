"""The theBizness door over HTTP: the published conformance cases, by number (E.2 of the contract)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer

MISSING_WEBSITE = {
    "success": False,
    "error": {
        "code": "INVALID_REQUEST",
        "message": "Missing required field: website_id",
        "details": {"field": "website_id", "expected": "string"},
    },
}


@pytest.fixture(params=["/api", "/thebizness/api"], ids=["root mount", "explicit mount"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(server: RunningServer, project: str) -> str:
    """A known website of the test's project."""
    return server.website(f"site-of-{project}", project)


def _count(client: httpx.Client, event: str) -> int:
    return int(client.get("/v1/metrics", params={"event": event, "from": "2020-01-01"}).json()["count"])


def test_1_an_event_is_answered_with_its_time(bearer: httpx.Client, base: str, site: str) -> None:
    body = {
        "website_id": site,
        "event_name": "button_click",
        "visitor_id": "v",
        "properties": {"value": 29.99},
        "timestamp": "2024-01-15T10:30:00Z",
    }
    answer = bearer.post(f"{base}/events", json=body)
    assert answer.status_code == 200
    assert answer.json().pop("event_id").startswith("evt_")
    assert {**answer.json(), "event_id": ""} == {"success": True, "event_id": "", "timestamp": "2024-01-15T10:30:00Z"}


def test_2_without_timestamp_now_is_echoed(bearer: httpx.Client, base: str, site: str) -> None:
    answer = bearer.post(f"{base}/events", json={"website_id": site, "event_name": "e"}).json()
    assert abs(datetime.fromisoformat(answer["timestamp"]) - datetime.now(UTC)).total_seconds() < 10


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        pytest.param({"event_name": None}, "event_name", "string", id="4 name absent"),
        pytest.param({"website_id": 5}, "website_id", "string", id="5 website a number"),
        pytest.param({"properties": "x"}, "properties", "object", id="6 properties text"),
        pytest.param({"timestamp": "x"}, "timestamp", None, id="6 timestamp unreadable"),
        pytest.param({"website_id": "nobody's"}, "website_id", None, id="unknown website"),
    ],
)
def test_4_to_6_bad_events_name_the_field(
    bearer: httpx.Client, base: str, site: str, change: dict[str, Any], field: str, expected: str | None
) -> None:
    body = {"website_id": site, "event_name": "bad", **change}
    answer = bearer.post(f"{base}/events", json={name: value for name, value in body.items() if value is not None})
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    details = answer.json()["error"]["details"]
    assert details["field"] == field
    assert expected is None or details["expected"] == expected
    assert _count(bearer, "bad") == 0


def test_3_the_published_error_sample(bearer: httpx.Client, base: str) -> None:
    for path in (f"{base}/events", f"{base}/events/batch"):
        answer = bearer.post(path, json={"event_name": "x", "events": [{"event_name": "x"}]})
        assert (answer.status_code, answer.json()) == (400, MISSING_WEBSITE)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nothing"}], ids=["no key", "unknown key"])
def test_7_without_a_valid_key_401(server: RunningServer, base: str, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{server.url}{base}/events", json={}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["success"] is False


def test_8_a_batch_returns_its_ids_in_order(bearer: httpx.Client, base: str, site: str) -> None:
    events = [{"event_name": "page_view", "timestamp": "2024-01-15T10:30:00Z", "properties": {"n": n}} for n in range(2)]
    answer = bearer.post(f"{base}/events/batch", json={"website_id": site, "events": events}).json()
    ids = answer.pop("event_ids")
    assert answer == {"success": True, "processed": 2, "failed": 0}
    for n, event_id in enumerate(ids):
        stored = bearer.get("/flexprice/v1/events/lookup", params={"id": event_id}).json()["event"]
        assert stored["properties"] == {"n": n}


def test_10_bad_elements_are_itemised(bearer: httpx.Client, base: str, site: str) -> None:
    events = [{"event_name": "p"}, {}, {"event_name": "p"}, {"event_name": "p", "website_id": "nobody's"}]
    answer = bearer.post(f"{base}/events/batch", json={"website_id": site, "events": events}).json()
    assert (answer["success"], answer["processed"], answer["failed"], len(answer["event_ids"])) == (True, 2, 2, 2)
    assert [error["index"] for error in answer["errors"]] == [1, 3]
    assert [error["details"]["field"] for error in answer["errors"]] == ["event_name", "website_id"]
    assert _count(bearer, "p") == 2


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([{}, {"event_name": 5}], id="all invalid"),
        pytest.param([], id="empty"),
        pytest.param([{"event_name": "p"}] * 1001, id="one too many"),
    ],
)
def test_11_batches_without_a_good_event_are_refused(bearer: httpx.Client, base: str, site: str, events: list[Any]) -> None:
    answer = bearer.post(f"{base}/events/batch", json={"website_id": site, "events": events})
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert _count(bearer, "p") == 0


def test_12_not_json(bearer: httpx.Client, base: str) -> None:
    answer = bearer.post(f"{base}/events", content=b"{")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_REQUEST"


@pytest.fixture
def small_plan(server: RunningServer, project: str, site: str) -> Iterator[httpx.Client]:
    with server.client(server.key(project, "free")) as client:
        yield client


def test_13_and_14_request_1001_of_an_hour_is_refused_and_batches_have_their_own_window(
    small_plan: httpx.Client, site: str
) -> None:
    event = {"website_id": site, "event_name": "e"}
    answers = [small_plan.post("/api/events", json=event) for _ in range(1000)]
    assert {answer.status_code for answer in answers} == {200}
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers] == list(range(999, -1, -1))
    late = small_plan.post("/api/events", json=event)
    assert late.status_code == 429
    assert late.json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(late.headers["retry-after"]) <= 3600
    batch = small_plan.post("/api/events/batch", json={"website_id": site, "events": [{"event_name": "e"}]})
    assert batch.status_code == 200
    assert int(batch.headers["x-ratelimit-limit"]) > 1000
