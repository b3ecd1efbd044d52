"""Keys made, revoked, rotated and expired by the command line while the server runs, and what a key's scopes allow."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.flows.refusing import Shape, assert_refused
from tests.flows.running import RunningServer

FLEXPRICE_EVENT = {"event_name": "a", "external_customer_id": "c"}
INGEST: list[tuple[Shape, str, Any]] = [
    (Shape.SOLINTH, "/v1/events", {"event": "a"}),
    (Shape.SOLINTH, "/v1/events/batch", {"events": [{"event": "a"}]}),
    (Shape.SOLINTH, "/solinth/v1/events", {"event": "a"}),
    (Shape.THEBIZNESS, "/api/events", {"website_id": "w", "event_name": "a"}),
    (Shape.THEBIZNESS, "/api/events/batch", {"website_id": "w", "events": [{"event_name": "a"}]}),
    (Shape.THEBIZNESS, "/thebizness/api/events", {"website_id": "w", "event_name": "a"}),
    (Shape.FLEXPRICE, "/v1/events", FLEXPRICE_EVENT),
    (Shape.FLEXPRICE, "/v1/events/bulk", {"events": [FLEXPRICE_EVENT]}),
    (Shape.FLEXPRICE, "/flexprice/v1/events", FLEXPRICE_EVENT),
]
QUESTIONS: list[tuple[Shape, str, str, Any]] = [
    (Shape.SOLINTH, "GET", "/v1/metrics?event=a", None),
    (Shape.SOLINTH, "GET", "/solinth/v1/metrics?event=a", None),
    (Shape.FLEXPRICE, "GET", "/flexprice/v1/events", None),
    (Shape.FLEXPRICE, "POST", "/v1/events/query", {}),
    (Shape.FLEXPRICE, "POST", "/v1/events/usage", {"event_name": "a", "aggregation_type": "COUNT"}),
    (Shape.FLEXPRICE, "GET", "/v1/events/lookup?id=x", None),
]


@pytest.fixture
def plain(server: RunningServer) -> Iterator[httpx.Client]:
    """A client without a key of its own."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def _bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def _status(client: httpx.Client, secret: str) -> int:
    return client.get("/v1/metrics", params={"event": "a"}, headers=_bearer(secret)).status_code


def _key_id(server: RunningServer, project: str) -> str:
    """The id of the one key of a project."""
    rows = [line.split() for line in server.command("keys", "list").splitlines()]
    (key_id,) = (row[0] for row in rows if row[1] == project)
    return key_id


def test_a_revoked_key_stops_at_once_at_every_door(server: RunningServer, plain: httpx.Client, project: str) -> None:
    secret, other = server.key(project), server.key(f"{project}-other")
    assert _status(plain, secret) == 200
    server.command("keys", "revoke", _key_id(server, project))
    for shape, path, body in INGEST:
        assert_refused(shape, plain.post(path, json=body, headers=_bearer(secret)), 401)
    for shape, method, path, body in QUESTIONS:
        assert_refused(shape, plain.request(method, path, json=body, headers=_bearer(secret)), 401)
    assert _status(plain, other) == 200


def test_a_rotated_key_works_for_its_grace_and_its_successor_at_once(
    server: RunningServer, plain: httpx.Client, project: str
) -> None:
    first = server.key(project)
    second = server.command("keys", "rotate", _key_id(server, project), "--grace", "1h")
    assert [_status(plain, first), _status(plain, second)] == [200, 200]
    assert first != second


def test_a_rotated_key_stops_when_its_grace_is_over(server: RunningServer, plain: httpx.Client, project: str) -> None:
    first = server.key(project)
    second = server.command("keys", "rotate", _key_id(server, project), "--grace", "2s")
    deadline = time.monotonic() + 10
    while _status(plain, first) == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [_status(plain, first), _status(plain, second)] == [401, 200]


def test_what_a_rotated_key_may_do_stays_the_same(server: RunningServer, plain: httpx.Client, project: str) -> None:
    server.key(project, "free", "--scope", "read")
    second = server.command("keys", "rotate", _key_id(server, project))
    answer = plain.get("/v1/metrics", params={"event": "a"}, headers=_bearer(second))
    assert (answer.status_code, answer.headers["x-ratelimit-limit"]) == (200, "100")
    assert plain.post("/v1/events", json={"event": "a"}, headers=_bearer(second)).status_code == 403


@pytest.mark.parametrize(
    "expires",
    [
        pytest.param(lambda: "2020-01-01", id="long ago"),
        pytest.param(lambda: (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ"), id="a second ago"),
    ],
)
def test_an_expired_key_is_refused(server: RunningServer, plain: httpx.Client, project: str, expires: Callable[[], str]) -> None:
    secret = server.key(project, "unlimited", "--expires", expires())
    for shape, path, body in INGEST:
        assert_refused(shape, plain.post(path, json=body, headers=_bearer(secret)), 401)


def test_a_key_expires_while_it_is_used(server: RunningServer, plain: httpx.Client, project: str) -> None:
    ends = (datetime.now(UTC) + timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    secret = server.key(project, "unlimited", "--expires", ends)
    statuses = [_status(plain, secret)]
    deadline = time.monotonic() + 10
    while statuses[-1] == 200 and time.monotonic() < deadline:
        statuses.append(_status(plain, secret))
    assert (statuses[0], statuses[-1]) == (200, 401)


def test_a_key_that_may_only_read_cannot_send(server: RunningServer, plain: httpx.Client, project: str) -> None:
    secret = server.key(project, "unlimited", "--scope", "read")
    for shape, path, body in INGEST:
        before = server.metric("streamgauge_refused_total", door=shape, reason="insufficient_scope")
        assert_refused(shape, plain.post(path, json=body, headers=_bearer(secret)), 403)
        assert server.metric("streamgauge_refused_total", door=shape, reason="insufficient_scope") == before + 1
    for _, method, path, body in QUESTIONS:
        assert plain.request(method, path, json=body, headers=_bearer(secret)).status_code in (200, 404)


def test_a_key_that_may_only_send_cannot_ask(server: RunningServer, plain: httpx.Client, project: str) -> None:
    secret = server.key(project, "unlimited", "--scope", "ingest")
    server.website(f"w-{project}", project)
    for shape, method, path, body in QUESTIONS:
        assert_refused(shape, plain.request(method, path, json=body, headers=_bearer(secret)), 403)
    assert plain.post("/v1/events", json={"event": "a"}, headers=_bearer(secret)).status_code == 200


HOSTILE_KEYS = {
    "SQL": "' OR 1=1 --",
    "very long": "sk_live_" + "x" * 10_000,
    "bytes beyond ASCII": "sk_\xff\xfe",
    "half a key": "sk_live_",
    "two keys": "sk_a, Bearer sk_b",
}


@pytest.mark.parametrize("case", HOSTILE_KEYS)
def test_what_is_no_key_is_refused(plain: httpx.Client, case: str) -> None:
    for shape, path, body in INGEST:
        value = f"Bearer {HOSTILE_KEYS[case]}".encode("latin-1")
        assert_refused(shape, plain.post(path, json=body, headers={b"authorization": value}), 401)
    for path in ("/v1/events", "/flexprice/v1/events/bulk"):
        value = HOSTILE_KEYS[case].encode("latin-1")
        assert_refused(Shape.FLEXPRICE, plain.post(path, json=FLEXPRICE_EVENT, headers={b"x-api-key": value}), 401)
