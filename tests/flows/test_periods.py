"""Closed periods over HTTP: closed once and for good, what came after them listed; every rule as a named case; who may."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.flows.customers import refused
from tests.flows.running import RunningServer, running

FIELDS = {"id", "environment_id", "start_time", "end_time", "position", "closed_at", "closed_by"}
JANUARY = {"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-02-01T00:00:00Z"}
UNKNOWN = "period_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def client_of(server: RunningServer, secret: str) -> httpx.Client:
    return server.client(secret, header="x-api-key", base="/v1")


@pytest.fixture
def admin(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with client_of(server, server.key(project, "unlimited", "--scope", "admin")) as client:
        yield client


@pytest.fixture(scope="module")
def shared(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a project that has January closed."""
    with client_of(server, server.key("periods", "unlimited", "--scope", "admin")) as client:
        closed(client)
        yield client


def closed(client: httpx.Client, **span: str) -> dict[str, Any]:
    answer = client.post("/periods/close", json=span or JANUARY)
    assert answer.status_code == 201, answer.text
    period: dict[str, Any] = answer.json()
    return period


def send(client: httpx.Client, event_id: str, day: str, **properties: Any) -> None:
    event = {
        "event_name": "use", "external_customer_id": "c1", "event_id": event_id, "timestamp": f"2024-{day}T12:00:00Z",
        "properties": properties,
    }  # fmt: skip
    assert client.post("/events", json=event).status_code == 202


def adjustments(client: httpx.Client, period: dict[str, Any], **parameters: Any) -> list[tuple[str, str, bool]]:
    answer = client.get(f"/periods/{period['id']}/adjustments", params=parameters)
    assert answer.status_code == 200, answer.text
    return [(each["id"], each["kind"], each["superseded"]) for each in answer.json()["items"]]


def test_a_period_is_closed_listed_and_read(admin: httpx.Client) -> None:
    period = closed(admin)
    assert set(period) == FIELDS
    assert {name: period[name] for name in JANUARY} == JANUARY
    assert admin.get(f"/periods/{period['id']}").json() == period
    april = closed(admin, start_time="2024-04-01T02:00:00+02:00", end_time="2024-05-01T00:00:00.5Z")
    assert (april["start_time"], april["end_time"]) == ("2024-04-01T00:00:00Z", "2024-05-01T00:00:00.500Z")
    february = closed(admin, start_time="2024-02-01T00:00:00Z", end_time="2024-03-01T00:00:00Z")
    listed = admin.get("/periods").json()
    assert listed == {"items": [april, february, period], "pagination": {"total": 3, "limit": 50, "offset": 0}}
    assert admin.get("/periods", params={"order": "asc", "limit": 1, "offset": 1}).json()["items"] == [february]


def test_what_comes_later_is_accepted_stored_and_listed(admin: httpx.Client) -> None:
    send(admin, "in time", "01-10", n=1)
    send(admin, "corrected later", "01-11", n=1)
    send(admin, "voided later", "01-12", n=1)
    send(admin, "moved out later", "01-13", n=1)
    send(admin, "of February", "02-01", n=1)
    period = closed(admin)
    assert adjustments(admin, period) == []
    send(admin, "in time", "01-10", n=1)  # The same again changes nothing.
    send(admin, "late", "01-14", n=1)
    send(admin, "corrected later", "01-11", n=2)
    assert admin.delete("/events/voided later").status_code == 200
    send(admin, "moved out later", "02-13", n=1)
    send(admin, "late", "01-15", n=2)
    send(admin, "late too", "01-01", n=1)
    send(admin, "late of February", "02-14", n=1)
    came = [
        ("late too", "late", False),
        ("late", "correction", False),
        ("moved out later", "correction", False),
        ("voided later", "void", False),
        ("corrected later", "correction", False),
        ("late", "late", True),
    ]
    assert adjustments(admin, period) == came
    assert adjustments(admin, period, order="asc") == came[::-1]
    assert adjustments(admin, period, limit=2, offset=1) == came[1:3]
    answer = admin.get(f"/periods/{period['id']}/adjustments", params={"limit": 1}).json()
    assert answer["pagination"] == {"total": 6, "limit": 1, "offset": 0}
    (last,) = answer["items"]
    assert (last["timestamp"], last["external_customer_id"], last["properties"]) == ("2024-01-01T12:00:00Z", "c1", {"n": 1})
    assert last["position"] >= period["position"]
    listed = admin.get("/events", params={"start_time": JANUARY["start_time"], "end_time": JANUARY["end_time"]}).json()
    assert {event["id"] for event in listed["events"]} == {"in time", "corrected later", "late", "late too"}


def test_a_period_is_closed_at_what_is_loaded_then(admin: httpx.Client) -> None:
    for number in range(20):
        send(admin, f"e{number}", "01-10", n=number)
    period = closed(admin)
    send(admin, "late", "01-10")
    assert adjustments(admin, period) == [("late", "late", False)]
    lookup = admin.get("/events/lookup", params={"id": "e19"})
    assert lookup.status_code == 200


def later(text: str) -> dict[str, str]:
    return {**JANUARY, "end_time": text}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no start": ({"end_time": JANUARY["end_time"]}, "start_time"),
    "no end": ({"start_time": JANUARY["start_time"]}, "end_time"),
    "start of another type": ({**JANUARY, "start_time": 1}, "start_time"),
    "end of another type": ({**JANUARY, "end_time": ["2024-02-01T00:00:00Z"]}, "end_time"),
    "day for a time": ({**JANUARY, "start_time": "2024-01-01"}, "start_time"),
    "time without a zone": (later("2024-02-01T00:00:00"), "end_time"),
    "day that is not": (later("2024-02-30T00:00:00Z"), "end_time"),
    "out of range": (later("2200-01-01T00:00:00Z"), "end_time"),
    "not ended yet": (later("2199-01-01T00:00:00Z"), "end_time"),
    "empty": ({"start_time": "2023-01-01T00:00:00Z", "end_time": "2023-01-01T00:00:00Z"}, "end_time"),
    "reversed": ({"start_time": "2023-02-01T00:00:00Z", "end_time": "2023-01-01T00:00:00Z"}, "end_time"),
}


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_bad_periods_are_refused_by_field_and_not_closed(shared: httpx.Client, body: dict[str, Any], field: str) -> None:
    before = shared.get("/periods").json()
    assert refused(shared.post("/periods/close", json=body))["details"]["field"] == field
    assert shared.get("/periods").json() == before


OVERLAPS = {
    "the same": ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"),
    "within": ("2024-01-10T00:00:00Z", "2024-01-11T00:00:00Z"),
    "around": ("2023-12-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    "its first moment": ("2023-12-01T00:00:00Z", "2024-01-01T00:00:00.001Z"),
    "its last moment": ("2024-01-31T23:59:59.999Z", "2024-03-01T00:00:00Z"),
}


@pytest.mark.parametrize(("start", "end"), OVERLAPS.values(), ids=OVERLAPS)
def test_periods_do_not_overlap(shared: httpx.Client, start: str, end: str) -> None:
    answer = refused(shared.post("/periods/close", json={"start_time": start, "end_time": end}), 409)
    assert (answer["code"], answer["message"]) == ("already_exists", "The period overlaps one that is closed already")


def test_what_is_no_body_is_refused(shared: httpx.Client) -> None:
    for body in (b"", b"[]", b"{", b'{"start_time":"2024-01-01T00:00:00Z","start_time":"x"}', b"\xff"):
        refused(shared.post("/periods/close", content=body))


def test_bad_parameters_are_refused_by_name(shared: httpx.Client) -> None:
    (period,) = shared.get("/periods").json()["items"]
    for path in ("/periods", f"/periods/{period['id']}/adjustments"):
        for name, value in (("limit", "0"), ("limit", "1001"), ("offset", "-1"), ("order", "up")):
            assert refused(shared.get(path, params={name: value}))["details"]["field"] == name


def test_a_closed_period_can_be_neither_changed_nor_opened_again(shared: httpx.Client) -> None:
    (period,) = shared.get("/periods").json()["items"]
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        assert shared.request(method, f"/periods/{period['id']}", json=JANUARY).status_code == 405
    assert shared.get("/periods").json()["items"] == [period]


def test_who_may(server: RunningServer, project: str, admin: httpx.Client, flexprice: httpx.Client) -> None:
    period = closed(admin)
    path = f"/periods/{period['id']}"
    for route in ("/periods", path, f"{path}/adjustments"):
        assert flexprice.get(route).status_code == 200
    answer = flexprice.post("/periods/close", json={"start_time": "2023-01-01T00:00:00Z", "end_time": "2023-02-01T00:00:00Z"})
    assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})
    with client_of(server, server.key(f"{project}-other", "unlimited", "--scope", "admin")) as other:
        for unknown in (path, f"{path}/adjustments", f"/periods/{UNKNOWN}"):
            assert refused(other.get(unknown), 404)["message"] == "Closed period not found"
        assert other.get("/periods").json()["items"] == []
        send(other, "theirs", "01-10")
        assert closed(other)["position"] > period["position"]
    assert adjustments(admin, period) == []


def test_closed_periods_outlive_the_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        running(tmp_path_factory.mktemp("periods") / "data") as server,
        client_of(server, server.key("p", "unlimited", "--scope", "admin")) as client,
    ):
        send(client, "in time", "01-10")
        period = closed(client)
        send(client, "late", "01-10")
        server.kill()
        server.start()
        assert client.get(f"/periods/{period['id']}").json() == period
        assert adjustments(client, period) == [("late", "late", False)]
        refused(client.post("/periods/close", json=JANUARY), 409)


def test_the_moment_that_is_now_can_be_closed(admin: httpx.Client) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    period = closed(admin, start_time="2024-01-01T00:00:00Z", end_time=now.isoformat())
    assert datetime.fromisoformat(period["closed_at"]) >= datetime.fromisoformat(period["end_time"])
