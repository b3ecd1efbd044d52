"""What the web floor adds at each door: which window a request is counted in, what is counted, and what browsers are told."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.flows.running import RunningServer, running

TOO_LARGE = b" " * 4096
SITE = "site-1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder: Path = tmp_path_factory.mktemp("doors")
    with running(folder / "data", environment={"STREAMGAUGE_MAX_BODY_BYTES": "2048"}) as up:
        up.website(SITE)
        yield up


def refused_at_thebizness(server: RunningServer) -> dict[str, float]:
    """Refusals of that door by name."""
    series = {name: value for name, value in server.metrics().items() if name.startswith("streamgauge_refused_total")}
    return {name.rpartition('reason="')[2][:-2]: value for name, value in series.items() if 'door="thebizness"' in name}


@pytest.mark.parametrize(
    ("events", "counted"),
    [
        pytest.param(
            [{"event_name": ""}, {"event_name": 1}, {"event_name": " "}], {"empty_name": 2, "wrong_type": 1}, id="by parsing"
        ),
        pytest.param(
            [{"event_name": "a", "website_id": "x"}, {"event_name": "b", "website_id": "y"}],
            {"unknown_website": 2},
            id="by their websites",
        ),
        pytest.param(
            [{"event_name": "a", "website_id": "x"}, {"event_name": ""}], {"unknown_website": 1, "empty_name": 1}, id="by both"
        ),
    ],
)
def test_a_batch_of_which_nothing_is_accepted_counts_every_event(
    server: RunningServer, events: list[dict[str, object]], counted: dict[str, int]
) -> None:
    with server.client(server.key()) as client:
        before = refused_at_thebizness(server)
        answer = client.post("/api/events/batch", json={"website_id": SITE, "events": events})
        after = refused_at_thebizness(server)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Event 0: ")
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == counted


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        pytest.param("POST", "/api/events", "1000", id="an event"),
        pytest.param("POST", "/api/events/batch", "5000", id="a batch"),
        pytest.param("PUT", "/thebizness/api/events/batch", "5000", id="another method where batches are sent"),
        pytest.param("POST", "/api/elsewhere", "1000", id="a path that does not exist"),
    ],
)
def test_a_refusal_before_the_route_is_counted_in_the_window_of_the_route(
    server: RunningServer, method: str, path: str, limit: str
) -> None:
    """The declared length is refused by the server itself, the others by the router."""
    with server.client(server.key("windows", "free")) as client:
        answer = client.request(method, path, content=TOO_LARGE)
    assert answer.status_code in (404, 405, 413)
    assert answer.headers["x-ratelimit-limit"] == limit


@pytest.mark.parametrize("path", ["/v1/events/batch", "/v1/events/bulk", "/flexprice/v1/events/bulk", "/v1/events/usage"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_where_only_posts_are_taken_no_event_is_looked_up(server: RunningServer, method: str, path: str) -> None:
    with server.client(server.key()) as client:
        answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


FLEXPRICE_PATHS = [
    "/flexprice/v1/events",
    "/flexprice/v1/events/bulk",
    "/flexprice/v1/elsewhere",
    "/v1/events",
    "/v1/events/usage",
    "/v1/events/evt_1",
]


@pytest.mark.parametrize("path", FLEXPRICE_PATHS)
def test_browsers_may_ask_at_the_flexprice_door_without_a_key(server: RunningServer, path: str) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    answer = httpx.options(server.url + path, headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE, OPTIONS"
    assert "x-api-key" in answer.headers["access-control-allow-headers"].lower()
    assert answer.headers["content-security-policy"] == "default-src 'none'"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v1/events", 200, id="an answer"),
        pytest.param("POST", "/v1/events", 400, id="a refusal where two doors meet"),
        pytest.param("GET", "/v1/events/nothing", 404, id="not found"),
        pytest.param("GET", "/flexprice/v1/elsewhere", 404, id="no route"),
        pytest.param("POST", "/v1/events/bulk", 400, id="a refused batch"),
    ],
)
def test_every_answer_of_the_flexprice_door_is_open_to_pages(server: RunningServer, method: str, path: str, status: int) -> None:
    with server.client(server.key(), header="x-api-key") as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-security-policy"] == "default-src 'none'"


def test_a_refusal_by_the_server_itself_is_open_to_pages_at_the_flexprice_door(server: RunningServer) -> None:
    with server.client(server.key(), header="x-api-key") as client:
        answer = client.post("/v1/events", content=TOO_LARGE)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (400, "*")


@pytest.mark.parametrize("path", ["/solinth/v1/events", "/v1/metrics", "/api/events", "/thebizness/api/events", "/healthz"])
def test_the_other_doors_are_closed_to_pages_of_other_origins(server: RunningServer, path: str) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    answers = [httpx.options(server.url + path, headers=asked), httpx.post(server.url + path, json={})]
    assert answers[0].status_code == 405
    assert [name for answer in answers for name in answer.headers if name.startswith("access-control")] == []
