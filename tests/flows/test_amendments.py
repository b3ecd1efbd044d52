"""One event per id: the same content again is a duplicate, other content replaces the earlier, atomically for every reader."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer, running

WHEN = "2024-05-01T00:00:00Z"
ALL_TIME = {"start_time": "2024-01-01T00:00:00Z", "end_time": "2199-12-31T00:00:00Z"}


def _event(event_id: str, value: int, **fields: Any) -> dict[str, Any]:
    sent = {"event_name": "amended", "external_customer_id": "c", "event_id": event_id, "timestamp": WHEN}
    return {**sent, "properties": {"n": value}, **fields}


def _send(client: httpx.Client, *events: dict[str, Any]) -> None:
    answer = client.post("/events/bulk", json={"events": list(events)})
    assert answer.status_code == 202, answer.text


def _usage(client: httpx.Client, kind: str = "SUM") -> float:
    body = {"event_name": "amended", "aggregation_type": kind, "property_name": "n", **ALL_TIME}
    answer = client.post("/events/usage", json=body)
    assert answer.status_code == 200, answer.text
    return float(answer.json().get("value", 0))


def _listed(client: httpx.Client) -> list[int]:
    answer = client.post("/events/query", json={"event_name": "amended", **ALL_TIME}).json()
    return [event["properties"]["n"] for event in answer["events"]]


@pytest.mark.parametrize("timestamp", [{}, {"timestamp": None}], ids=["with its time", "without a time"])
def test_the_same_content_again_is_a_duplicate(flexprice: httpx.Client, timestamp: dict[str, None]) -> None:
    event = _event("e", 5, **timestamp)
    for _ in range(3):
        _send(flexprice, event)
        assert (_usage(flexprice, "COUNT"), _usage(flexprice)) == (1, 5)
    _send(flexprice, event, event, event)
    assert (_usage(flexprice, "COUNT"), _usage(flexprice)) == (1, 5)


CHANGES: dict[str, dict[str, Any]] = {
    "another value": {"properties": {"n": 7}},
    "another property": {"properties": {"n": 5, "m": 1}},
    "another time": {"timestamp": "2024-05-02T00:00:00Z"},
    "another customer": {"external_customer_id": "d"},
    "another account": {"customer_id": "a"},
    "another source": {"source": "s"},
    "no properties": {"properties": None},
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_content_replaces_the_earlier(flexprice: httpx.Client, change: str) -> None:
    _send(flexprice, _event("e", 5))
    assert _usage(flexprice) == 5
    changed = _event("e", 5, **CHANGES[change])
    _send(flexprice, changed)
    assert _usage(flexprice, "COUNT") == 1
    assert _usage(flexprice) == (changed["properties"] or {}).get("n", 0)
    found = flexprice.get("/events/lookup", params={"id": "e"}).json()["event"]
    assert found["properties"] == (changed["properties"] or {})
    assert found["timestamp"] == changed["timestamp"]


def test_another_name_moves_the_event(flexprice: httpx.Client) -> None:
    _send(flexprice, _event("e", 5))
    _send(flexprice, _event("e", 5, event_name="renamed"))
    assert (_usage(flexprice, "COUNT"), _listed(flexprice)) == (0, [])


@pytest.mark.parametrize("together", [True, False], ids=["in one request", "one by one"])
def test_the_last_of_a_b_a_stays(flexprice: httpx.Client, together: bool) -> None:
    versions = [_event("e", value) for value in (1, 2, 1)]
    if together:
        _send(flexprice, *versions)
    else:
        for version in versions:
            _send(flexprice, version)
            assert _usage(flexprice) == version["properties"]["n"]
    assert (_usage(flexprice), _usage(flexprice, "COUNT"), _listed(flexprice)) == (1, 1, [1])


def test_an_id_belongs_to_its_project(server: RunningServer, flexprice: httpx.Client, project: str) -> None:
    with server.client(server.key(f"{project}-other"), header="x-api-key", base="/v1") as other:
        _send(flexprice, _event("e", 5))
        _send(other, _event("e", 7))
        _send(other, _event("e", 8))
        assert (_usage(flexprice), _usage(other)) == (5, 8)


def test_an_id_of_another_door_sent_back_is_the_same_event(
    server: RunningServer, flexprice: httpx.Client, bearer: httpx.Client
) -> None:
    sent = {"event": "amended", "timestamp": WHEN, "properties": {"n": 5}}
    made = bearer.post("/v1/events", json=sent).json()["event_id"]
    assert _usage(flexprice) == 5
    _send(flexprice, _event(made, 6))
    assert (_usage(flexprice), _usage(flexprice, "COUNT")) == (6, 1)


class Reader:
    """Asks for the sum again and again, and keeps every answer that was none of those expected."""

    def __init__(self, server: RunningServer, secret: str, expected: set[float]) -> None:
        self.wrong: list[float] = []
        self.answers = 0
        self._server, self._secret, self._expected = server, secret, expected
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _read(self) -> None:
        with self._server.client(self._secret, header="x-api-key", base="/v1") as client:
            while not self._stop.is_set():
                value = _usage(client)
                self.answers += 1
                if value not in self._expected:
                    self.wrong.append(value)


@pytest.mark.parametrize("events", [1, 500], ids=["one event", "500 events in one request"])
def test_readers_see_the_old_total_or_the_new_one(
    server: RunningServer, flexprice: httpx.Client, secret: str, events: int
) -> None:
    """Each version of all events has its own total; every one is a whole multiple, so a mixture would show."""
    rounds = 12
    _send(flexprice, *(_event(f"e{n}", 1) for n in range(events)), _event("constant", 1_000_000))
    assert _usage(flexprice) == 1_000_000 + events
    expected = {1_000_000.0 + events * value for value in range(1, rounds + 2)}
    with Reader(server, secret, expected) as first, Reader(server, secret, expected) as second:
        for value in range(2, rounds + 2):
            _send(flexprice, *(_event(f"e{n}", value) for n in range(events)))
            assert _usage(flexprice) == 1_000_000 + events * value
    assert first.answers + second.answers > rounds
    assert first.wrong + second.wrong == []
    assert _usage(flexprice, "COUNT") == events + 1


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[RunningServer]:
    with running(tmp_path / "data") as server:
        yield server


def test_ids_are_known_after_restarts_and_kills(restarted: RunningServer) -> None:
    secret = restarted.key()
    with restarted.client(secret, header="x-api-key", base="/v1") as client:
        _send(client, *(_event(f"e{n}", 1) for n in range(100)))
        for turn, stop in enumerate(("kill", "terminate", "kill"), start=2):
            getattr(restarted, stop)()
            restarted.start()
            _send(client, *(_event(f"e{n}", turn - 1) for n in range(100)))
            assert (_usage(client), _usage(client, "COUNT")) == (100 * (turn - 1), 100)
            _send(client, *(_event(f"e{n}", turn) for n in range(100)))
        restarted.kill()
        restarted.start()
        assert (_usage(client), _usage(client, "COUNT")) == (400, 100)
    assert "WRONG" not in restarted.command("verify")
