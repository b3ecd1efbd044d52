"""What every refusal carries, also one that no route was reached for: the limit headers, a request id, the hardening."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.flows.running import RunningServer, running

TOO_LARGE = b" " * 4096


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder: Path = tmp_path_factory.mktemp("refusals")
    with running(folder / "data", environment={"STREAMGAUGE_MAX_BODY_BYTES": "2048"}) as up:
        yield up


def test_every_refusal_at_a_door_is_counted_once_and_shows_the_window(server: RunningServer) -> None:
    with server.client(server.key("counted", "free")) as client:
        answers = [
            client.get("/v1/dashboards/unknown"),
            client.put("/v1/events"),
            client.post("/v1/events", content=TOO_LARGE),
            client.post("/v1/events", content=gzip.compress(TOO_LARGE), headers={"content-encoding": "gzip"}),
            client.post("/solinth/v1/events", content=b"{bad"),
        ]
    assert [answer.status_code for answer in answers] == [404, 405, 413, 413, 400]
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers] == [99, 98, 97, 96, 95]
    for answer in answers:
        assert answer.headers["x-ratelimit-limit"] == "100"
        assert answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_used_up_window_refuses_unknown_routes_too(server: RunningServer) -> None:
    with server.client(server.key("used-up", "free")) as client:
        answers = [client.get("/v1/dashboards/unknown") for _ in range(101)]
    assert [answer.status_code for answer in answers[99:]] == [404, 429]
    assert int(answers[100].headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("PUT", "/v1/events", "GET, POST", id="two doors meet"),
        pytest.param("GET", "/api/events", "POST", id="an ingest route"),
        pytest.param("POST", "/healthz", "GET", id="a page of our own"),
    ],
)
def test_405_names_the_methods_in_allow(server: RunningServer, method: str, path: str, allowed: str) -> None:
    answer = httpx.request(method, server.url + path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_a_single_event_with_an_unknown_website_is_not_called_one_of_a_batch(server: RunningServer) -> None:
    with server.client(server.key("websites")) as client:
        answer = client.post("/api/events", json={"website_id": "nobodys", "event_name": "a"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Unknown website: nobodys.")
