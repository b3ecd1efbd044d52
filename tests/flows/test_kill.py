"""kill -9 under mixed load, again and again on one folder: what was acknowledged is there once, and nothing is there twice."""

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer

ROUNDS = 10
BATCH = 50


@dataclass
class Sent:
    """What one door was sent: acknowledged numbers, and those whose answer never came (they may or may not be there)."""

    acknowledged: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)


def _properties(n: int) -> dict[str, Any]:
    return {"n": n, "text": f"event {n}"}


def _solinth(client: httpx.Client, numbers: list[int]) -> int:
    if len(numbers) == 1:
        return client.post("/v1/events", json={"event": "solinth", "properties": _properties(numbers[0])}).status_code
    events = [{"event": "solinth", "properties": _properties(n)} for n in numbers]
    return client.post("/v1/events/batch", json={"events": events}).status_code


def _thebizness(client: httpx.Client, numbers: list[int]) -> int:
    events = [{"event_name": "thebizness", "properties": _properties(n)} for n in numbers]
    if len(numbers) == 1:
        return client.post("/api/events", json={"website_id": "w", **events[0]}).status_code
    return client.post("/api/events/batch", json={"website_id": "w", "events": events}).status_code


def _flexprice(client: httpx.Client, numbers: list[int]) -> int:
    events = [
        {
            "event_name": "flexprice",
            "external_customer_id": f"c{n % 7}",
            "event_id": f"id-{n}",
            "timestamp": "2024-05-01T00:00:00Z",
            "properties": _properties(n),
        }
        for n in numbers
    ]
    if len(numbers) == 1:
        return client.post("/flexprice/v1/events", json=events[0]).status_code
    return client.post("/flexprice/v1/events/bulk", json={"events": events}).status_code


DOORS: dict[str, Callable[[httpx.Client, list[int]], int]] = {
    "solinth": _solinth,
    "thebizness": _thebizness,
    "flexprice": _flexprice,
}


def _send_until(stop: threading.Event, server: RunningServer, secret: str, door: str, sent: Sent, first: int) -> None:
    n = first
    with server.client(secret) as client:
        while not stop.is_set():
            numbers = [n] if random.random() < 0.7 else list(range(n, n + BATCH))
            n += len(numbers)
            try:
                status = DOORS[door](client, numbers)
            except httpx.TransportError:
                sent.unanswered.update(numbers)
                return
            assert status in (200, 202), status
            sent.acknowledged.update(numbers)


def _load_and_kill(server: RunningServer, secret: str, sent: dict[str, Sent], round_number: int) -> None:
    stop = threading.Event()
    first = round_number * 1_000_000
    threads = [threading.Thread(target=_send_until, args=(stop, server, secret, door, sent[door], first)) for door in DOORS]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.2, 0.8))  # the moment of the kill, not a wait for anything
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def _stored(server: RunningServer, secret: str, name: str) -> Counter[int]:
    """The numbers of all stored events of a name, walked by cursor."""
    numbers: Counter[int] = Counter()
    body: dict[str, Any] = {"event_name": name, "page_size": 5000, "start_time": "2020-01-01T00:00:00Z"}
    with server.client(secret, header="x-api-key") as client:
        while True:
            page = client.post("/flexprice/v1/events/query", json=body).json()
            numbers.update(event["properties"]["n"] for event in page.get("events") or [])
            if not page["has_more"]:
                return numbers
            body["iter_last_key"] = page["iter_last_key"]


def _assert_each_once(stored: Counter[int], sent: Sent) -> None:
    assert [n for n, times in stored.items() if times > 1] == []
    assert sent.acknowledged - stored.keys() == set()
    assert stored.keys() - sent.acknowledged - sent.unanswered == set()


@pytest.mark.timeout(300)
def test_acknowledged_events_survive_kill_9_and_count_once(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data")
    sent = {door: Sent() for door in DOORS}
    secret = server.key()
    server.website("w")
    try:
        for round_number in range(ROUNDS):
            server.start()
            _load_and_kill(server, secret, sent, round_number)
        server.start()
        for door in DOORS:
            _assert_each_once(_stored(server, secret, door), sent[door])
        assert all(len(sent[door].acknowledged) > ROUNDS for door in DOORS)

        everything = sorted(sent["flexprice"].acknowledged | sent["flexprice"].unanswered)
        with server.client(secret) as client:
            for start in range(0, len(everything), 1000):
                assert _flexprice(client, everything[start : start + 1000]) == 202
        assert _stored(server, secret, "flexprice") == Counter(everything)
        assert "received" in server.command("verify").lower()
    finally:
        with contextlib.suppress(AssertionError):
            server.stop()
