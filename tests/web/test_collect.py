"""The route of the tracker over HTTP: origins, limits, quotas, preflights, and what stands in the journal after it."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from streamgauge.web.collect import EVENTS_PER_HOUR
from streamgauge.wire.thebizness.collect import MAX_BODY_BYTES
from tests.flows.running import RunningServer, running

VIEW = {"name": "page_view", "url": "https://shop.example/a"}
PAGE = {"origin": "https://www.shop.example", "content-type": "text/plain;charset=UTF-8"}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Small plans, so that a quota is used up quickly."""
    environment = {"STREAMGAUGE_PLAN_FREE_EVENTS_PER_DAY": "10", "STREAMGAUGE_PLAN_PRO_EVENTS_PER_DAY": "20"}
    with running(tmp_path_factory.mktemp("collect") / "data", environment=environment) as up:
        yield up


@pytest.fixture
def project() -> str:
    return f"collected-{next(_numbers)}"


@pytest.fixture
def website(server: RunningServer, project: str) -> str:
    """A website of a project without any key."""
    name = f"site-of-{project}"
    server.command("websites", "create", "--project", project, "--domain", "shop.example", "--id", name)
    return name


def collect(
    server: RunningServer, website: str, *events: object, headers: dict[str, str] = PAGE, base: str = ""
) -> httpx.Response:
    body = json.dumps({"website_id": website, "events": list(events)})
    return httpx.post(f"{server.url}{base}/api/collect", content=body, headers=headers)


@pytest.mark.parametrize("base", ["", "/thebizness"])
def test_what_is_good_is_accepted_and_the_rest_itemised(server: RunningServer, project: str, website: str, base: str) -> None:
    server.key(project)
    answer = collect(server, website, VIEW, {"name": "x"}, {**VIEW, "id": "abc"}, base=base)
    assert answer.status_code == 202
    told = answer.json()
    assert (told["success"], told["processed"], told["failed"], told["event_ids"][1]) == (True, 2, 1, "trk_abc")
    (error,) = told["errors"]
    assert (error["index"], error["details"]) == (1, {"field": "url", "expected": "string"})
    assert answer.headers["access-control-allow-origin"] == PAGE["origin"]
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["x-ratelimit-limit"] == str(EVENTS_PER_HOUR)
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param({}, "FORBIDDEN", id="no origin"),
        pytest.param({"origin": "null"}, "FORBIDDEN", id="an opaque origin"),
        pytest.param({"origin": "https://evil.example"}, "FORBIDDEN", id="a foreign page"),
    ],
)
def test_foreign_pages_are_refused_and_cannot_read_why(
    server: RunningServer, project: str, website: str, headers: dict[str, str], code: str
) -> None:
    secret = server.key(project)
    answer = collect(server, website, VIEW, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)
    assert answer.json()["error"]["details"]["field"] == "Origin"
    assert "access-control-allow-origin" not in answer.headers
    with server.client(secret) as client:
        assert client.post("/flexprice/v1/events/query", json={}).json()["events"] == []


def test_a_website_that_is_not_there_is_refused(server: RunningServer) -> None:
    answer = collect(server, "nowhere", VIEW)
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, "website_id")


def test_a_body_that_is_too_large_is_refused(server: RunningServer, website: str) -> None:
    answer = collect(server, website, {**VIEW, "title": "x" * MAX_BODY_BYTES})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "REQUEST_TOO_LARGE")


def test_a_preflight_is_answered_for_every_origin_without_credentials(server: RunningServer) -> None:
    asked = {"origin": "https://any.example", "access-control-request-method": "POST"}
    answer = httpx.options(f"{server.url}/api/collect", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://any.example"
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "Content-Type"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("plans", "limit"),
    [
        pytest.param([], 0, id="no key"),
        pytest.param(["free"], 10, id="one key"),
        pytest.param(["pro", "free"], 20, id="the larger of two"),
    ],
)
def test_the_day_of_the_project_is_that_of_its_largest_plan(
    server: RunningServer, project: str, website: str, plans: list[str], limit: int
) -> None:
    for plan in plans:
        server.key(project, plan)
    if limit:
        assert collect(server, website, *[VIEW] * limit).status_code == 202
    answer = collect(server, website, VIEW)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "QUOTA_EXCEEDED")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["access-control-allow-origin"] == PAGE["origin"]


def test_one_address_cannot_send_without_end(server: RunningServer, project: str, website: str) -> None:
    server.key(project)
    with httpx.Client(base_url=server.url, headers=PAGE) as client:
        body = json.dumps({"website_id": website, "events": [VIEW] * 50})
        for left in range(EVENTS_PER_HOUR - 50, -1, -50):
            answer = client.post("/api/collect", content=body)
            assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (202, str(left))
    refused = collect(server, website, VIEW)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["retry-after"]) <= 3_600


def test_an_address_is_not_kept(server: RunningServer, project: str, website: str, tmp_path: Path) -> None:
    """What stands of the sender is a hash of today."""
    secret = server.key(project)
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 UnlikelyWord/7"
    assert collect(server, website, VIEW, headers={**PAGE, "user-agent": agent}).status_code == 202
    with server.client(secret) as client:
        (event,) = client.post("/flexprice/v1/events/query", json={}).json()["events"]
    assert "UnlikelyWord" not in json.dumps(event)
    assert "127.0.0.1" not in json.dumps(event)
