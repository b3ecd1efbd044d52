"""Websites and conversion events over HTTP: the published conformance cases by number (E.2 of the contract), who may do what, and
what becomes of events when their website goes."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import httpx
import pytest

from tests.flows.running import RunningServer


@pytest.fixture(params=["/api", "/thebizness/api"], ids=["root mount", "explicit mount"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(bearer: httpx.Client, project: str) -> str:
    made = bearer.post("/api/websites", json={"id": f"site-of-{project}", "domain": "example.com"})
    return str(made.json()["website"]["id"])


class Settled(NamedTuple):
    """For requests that change nothing, and so can share a project."""

    client: httpx.Client
    site: str


@pytest.fixture(scope="module")
def settled(server: RunningServer) -> Iterator[Settled]:
    with server.client(server.key("settled")) as client:
        made = client.post("/api/websites", json={"domain": "example.com"})
        yield Settled(client, made.json()["website"]["id"])


@pytest.fixture
def owner(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    """A key that may do everything."""
    with server.client(server.key(project, "unlimited", "--scope", "admin")) as client:
        yield client


@pytest.fixture
def stranger(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    """A key that may do everything in another project."""
    with server.client(server.key(f"stranger to {project}", "unlimited", "--scope", "admin")) as client:
        yield client


def _refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of a refusal in theBizness's shape, when it is one."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (set(body), body["success"], body["error"]["code"]) == ({"success", "error"}, False, code)
    error: dict[str, Any] = body["error"]
    return error


def test_18_a_website_is_read_and_changed(bearer: httpx.Client, base: str, site: str) -> None:
    address = f"{base}/websites/{site}"
    before = bearer.get(address)
    assert (before.status_code, before.json()["success"]) == (200, True)
    website = before.json()["website"]
    assert (website["id"], website["name"], website["domain"]) == (site, "example.com", "example.com")
    assert website["snippet"] == (
        f'<script defer src="//{bearer.base_url.netloc.decode()}/js/script.js" data-website-id="{site}"></script>'
    )
    changed = bearer.put(address, json={"name": "N"})
    assert (changed.status_code, changed.json()["website"]["name"]) == (200, "N")
    after = bearer.get(address).json()["website"]
    assert after == {**website, "name": "N", "updated_at": after["updated_at"]}
    error = _refused(bearer.put(address, json={"name": 5}), 400, "INVALID_REQUEST")
    assert error["details"] == {"field": "name", "expected": "string"}
    assert bearer.get(address).json()["website"] == after


def test_18_every_setting_is_changed_at_once(bearer: httpx.Client, base: str, site: str) -> None:
    wanted = {
        "name": "Shop",
        "domain": "shop.example",
        "timezone": "Asia/Tokyo",
        "currency": "JPY",
        "allowed_origins": ["https://shop.example", "http://localhost:3000"],
        "identity": "cookie",
    }
    bearer.put(f"{base}/websites/{site}", json=wanted)
    website = bearer.get(f"{base}/websites/{site}").json()["website"]
    assert {name: website[name] for name in wanted} == wanted


def test_19_an_unknown_website_is_not_found(settled: Settled, base: str) -> None:
    assert "unknown" in _refused(settled.client.get(f"{base}/websites/unknown"), 404, "NOT_FOUND")["message"]


def test_20_a_conversion_event_is_made_and_listed(bearer: httpx.Client, base: str, site: str) -> None:
    address = f"{base}/websites/{site}/conversion-events"
    made = bearer.post(address, json={"name": "Signup", "event_name": "signup"})
    assert (made.status_code, made.json()["success"]) == (200, True)
    event = made.json()["conversion_event"]
    assert (event["id"][:4], event["website_id"], event["name"], event["event_name"]) == ("cev_", site, "Signup", "signup")
    assert (event["conditions"], event["page"], event["value"], event["is_active"]) == ([], None, None, True)
    assert bearer.get(address).json() == {"success": True, "conversion_events": [event]}
    error = _refused(bearer.post(address, json={"event_name": "signup"}), 400, "INVALID_REQUEST")
    assert error["message"] == "Missing required field: name"
    assert error["details"] == {"field": "name", "expected": "string"}
    assert bearer.get(address).json()["conversion_events"] == [event]


def test_conversion_events_change_and_go(bearer: httpx.Client, base: str, site: str) -> None:
    address = f"{base}/websites/{site}/conversion-events"
    body = b'{"name":"Order","page":"/thanks","value":12345678901234567.10,"conditions":[{"property":"plan","value":["a",1]}]}'
    made = bearer.post(address, content=body).json()["conversion_event"]
    own = f"{address}/{made['id']}"
    changed = bearer.put(own, json={"is_active": False, "page": {"operator": "contains", "value": "thank"}})
    shown = bearer.get(own)
    assert shown.json() == changed.json()
    event = httpx.Response(200, content=shown.content).json(parse_float=Decimal)["conversion_event"]
    assert event["value"] == Decimal("12345678901234567.1")
    assert (event["is_active"], event["page"]) == (False, {"operator": "contains", "value": "thank"})
    assert event["conditions"] == [{"property": "plan", "operator": "is", "value": ["a", "1"]}]
    assert bearer.delete(own).json() == {"success": True, "id": made["id"], "deleted": True}
    _refused(bearer.get(own), 404, "NOT_FOUND")
    assert bearer.get(address).json()["conversion_events"] == []


def test_websites_are_made_and_listed_in_pages(bearer: httpx.Client, base: str) -> None:
    ids = [bearer.post(f"{base}/websites", json={"domain": f"a{n}.example"}).json()["website"]["id"] for n in range(3)]
    assert all(one.startswith("web_") for one in ids)
    answer = bearer.get(f"{base}/websites", params={"limit": 2, "offset": 1}).json()
    assert [website["id"] for website in answer.pop("websites")] == ids[1:]
    assert answer == {"success": True, "total": 3, "limit": 2, "offset": 1}
    sent = {"website_id": ids[0], "event_name": "e"}
    assert bearer.post(f"{base}/events", json=sent).status_code == 200


def test_an_id_is_given_once(bearer: httpx.Client, stranger: httpx.Client, base: str, site: str) -> None:
    for client in (bearer, stranger):
        error = _refused(client.post(f"{base}/websites", json={"id": site, "domain": "a.example"}), 409, "CONFLICT")
        assert error["details"]["field"] == "id"


def _everything(base: str, site: str, event_id: str) -> list[tuple[str, str, Any]]:
    """Every request about a website or a conversion event that is there."""
    one = f"{base}/websites/{site}"
    events = f"{one}/conversion-events"
    return [
        ("GET", one, None),
        ("PUT", one, {"name": "mine"}),
        ("PUT", one, {"name": 5}),
        ("GET", events, None),
        ("POST", events, {"name": "A", "event_name": "a"}),
        ("POST", events, {}),
        ("GET", f"{events}/{event_id}", None),
        ("PUT", f"{events}/{event_id}", {"name": "mine"}),
        ("DELETE", f"{events}/{event_id}", None),
        ("DELETE", one, None),
    ]


def test_another_projects_website_is_not_there(bearer: httpx.Client, stranger: httpx.Client, base: str, site: str) -> None:
    address = f"{base}/websites/{site}/conversion-events"
    event = bearer.post(address, json={"name": "A", "event_name": "a"}).json()["conversion_event"]
    own = stranger.post(f"{base}/websites", json={"domain": "b.example"}).json()["website"]
    before = bearer.get(f"{base}/websites/{site}").json()
    for method, path, body in _everything(base, site, event["id"]):
        asked = stranger.request(method, path, json=body)
        unknown = stranger.request(method, path.replace(site, "nobodys"), json=body)
        assert _refused(asked, 404, "NOT_FOUND")["message"] == _refused(unknown, 404, "NOT_FOUND")["message"].replace(
            "nobodys", site
        )
    crossed = f"{base}/websites/{own['id']}/conversion-events/{event['id']}"
    for method, body in (("GET", None), ("PUT", {"name": "mine"}), ("DELETE", None)):
        _refused(stranger.request(method, crossed, json=body), 404, "NOT_FOUND")
    assert [website["id"] for website in stranger.get(f"{base}/websites").json()["websites"]] == [own["id"]]
    assert bearer.get(f"{base}/websites/{site}").json() == before
    assert bearer.get(address).json()["conversion_events"] == [event]


@pytest.mark.parametrize(
    ("scopes", "reads", "changes", "deletes"),
    [
        pytest.param("read,ingest", 200, 200, 403, id="a key as made by default"),
        pytest.param("read", 200, 403, 403, id="for reading alone"),
        pytest.param("ingest", 403, 403, 403, id="for sending alone, as it may lie in a page"),
        pytest.param("admin", 200, 200, 200, id="for everything"),
    ],
)
def test_who_may_do_what(
    server: RunningServer, project: str, site: str, scopes: str, reads: int, changes: int, deletes: int
) -> None:
    one = f"/api/websites/{site}"
    with server.client(server.key(project, "unlimited", "--scope", scopes)) as client:
        assert client.get("/api/websites").status_code == reads
        assert client.get(one).status_code == reads
        assert client.put(one, json={"name": "N"}).status_code == changes
        assert client.post("/api/websites", json={"domain": "a.example"}).status_code == changes
        made = client.post(f"{one}/conversion-events", json={"name": "A", "event_name": "a"})
        assert made.status_code == changes
        event = made.json().get("conversion_event", {"id": "cev_x"})["id"]
        assert client.get(f"{one}/conversion-events").status_code == reads
        assert client.put(f"{one}/conversion-events/{event}", json={"name": "B"}).status_code == changes
        assert client.delete(f"{one}/conversion-events/{event}").status_code == changes
        assert client.delete(one).status_code == deletes


def test_events_of_a_deleted_website_stay_and_new_ones_are_refused(
    bearer: httpx.Client, owner: httpx.Client, stranger: httpx.Client, site: str
) -> None:
    sent = {"website_id": site, "event_name": "kept"}
    assert bearer.post("/api/events", json=sent).status_code == 200
    assert owner.delete(f"/api/websites/{site}").json() == {"success": True, "id": site, "deleted": True}
    assert _refused(bearer.post("/api/events", json=sent), 400, "INVALID_REQUEST")["details"]["field"] == "website_id"
    assert bearer.get("/v1/metrics", params={"event": "kept", "from": "2020-01-01"}).json()["count"] == 1
    again = {"id": site, "domain": "example.com"}
    _refused(stranger.post("/api/websites", json=again), 409, "CONFLICT")
    assert bearer.post("/api/websites", json=again).status_code == 200
    assert bearer.post("/api/events", json=sent).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{", 400, id="half"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b'{"name":"a","name":"b"}', 400, id="a key twice"),
        pytest.param(b'{"name":"\xff"}', 400, id="not UTF-8"),
        pytest.param(b'{"name":' + b"[" * 50_000, 400, id="nested without end"),
        pytest.param(b'{"name":"' + b"a" * 1_048_576 + b'"}', 413, id="too large"),
    ],
)
@pytest.mark.parametrize("place", ["", "/{site}", "/{site}/conversion-events"], ids=["create", "change", "convert"])
def test_bodies_that_cannot_be_read_change_nothing(settled: Settled, place: str, body: bytes, status: int) -> None:
    bearer, site = settled
    before = bearer.get("/api/websites").json()
    method = "PUT" if place == "/{site}" else "POST"
    answer = bearer.request(method, f"/api/websites{place.format(site=site)}", content=body)
    _refused(answer, status, "INVALID_REQUEST" if status == 400 else "REQUEST_TOO_LARGE")
    assert bearer.get("/api/websites").json() == before


def test_other_methods_are_refused_with_those_that_are_there(settled: Settled) -> None:
    bearer, site = settled
    for path, allowed in (
        ("/api/websites", "GET, POST"),
        (f"/api/websites/{site}", "DELETE, GET, PUT"),
        (f"/api/websites/{site}/conversion-events", "GET, POST"),
        (f"/api/websites/{site}/conversion-events/x", "DELETE, GET, PUT"),
    ):
        answer = bearer.patch(path, json={})
        _refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == allowed


def test_a_change_on_the_command_line_is_seen_at_once(server: RunningServer, bearer: httpx.Client, site: str) -> None:
    server.command("websites", "update", site, "--name", "From the shell")
    assert bearer.get(f"/api/websites/{site}").json()["website"]["name"] == "From the shell"
    server.command("websites", "delete", site, "--yes")
    _refused(bearer.get(f"/api/websites/{site}"), 404, "NOT_FOUND")


def test_a_change_that_waits_for_the_database_keeps_nobody_waiting(
    server: RunningServer, bearer: httpx.Client, site: str
) -> None:
    lock = sqlite3.connect(server.data_dir / "control.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(bearer.put(f"/api/websites/{site}", json={"name": "Late"})))
    waiting.start()
    slowest_s, until = 0.0, time.monotonic() + 0.5
    with httpx.Client(base_url=server.url, headers=bearer.headers, timeout=30) as another:
        while time.monotonic() < until:
            began = time.monotonic()
            assert another.get(f"/api/websites/{site}").json()["website"]["name"] == "example.com"
            slowest_s = max(slowest_s, time.monotonic() - began)
        assert answers == []
        lock.rollback()
        lock.close()
        waiting.join(timeout=20)
        assert [answer.status_code for answer in answers] == [200]
        assert another.get(f"/api/websites/{site}").json()["website"]["name"] == "Late"
    assert slowest_s < 5, "the lock is waited for 10 s"
