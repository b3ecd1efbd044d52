"""The store holds back: events are refused for now, nothing acknowledged is lost, memory stays bounded, and all goes on."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.flows.refusing import Shape, assert_refused_for_now
from tests.flows.running import RunningServer, running
from tests.flows.small_disk import MIB, SmallDisk, small_disk

BACKLOG_BYTES = MIB
SMALLEST = {
    "STREAMGAUGE_JOURNAL_BACKLOG_BYTES": str(BACKLOG_BYTES),
    "STREAMGAUGE_MAX_BODY_BYTES": str(BACKLOG_BYTES),
    "STREAMGAUGE_JOURNAL_SEGMENT_BYTES": str(256 * 1024),
}
EVENTS = 500
SENDERS, PUSHES = 4, 22
# What the process, once warm, may grow by while the store stands still and eighty times the backlog is sent.
STANDING_GROWTH_BYTES = 32 * MIB
# What it may grow by while the store works; the engine's own memory goes up and down by about 100 MiB.
WORKING_GROWTH_BYTES = 192 * MIB


def _properties(n: int) -> dict[str, object]:
    return {"n": 1, "text": f"{n:0700d}"}


def _send_solinth(client: httpx.Client, events: int) -> httpx.Response:
    return client.post("/v1/events/batch", json={"events": [{"event": "b", "properties": _properties(n)} for n in range(events)]})


def _send_thebizness(client: httpx.Client, events: int) -> httpx.Response:
    sent = [{"event_name": "b", "properties": _properties(n)} for n in range(events)]
    return client.post("/api/events/batch", json={"website_id": "w", "events": sent})


def _send_flexprice(client: httpx.Client, events: int) -> httpx.Response:
    sent = [{"event_name": "b", "external_customer_id": "c", "properties": _properties(n)} for n in range(events)]
    return client.post("/v1/events/bulk", json={"events": sent})


SENDS: dict[Shape, Callable[[httpx.Client, int], httpx.Response]] = {
    Shape.SOLINTH: _send_solinth,
    Shape.THEBIZNESS: _send_thebizness,
    Shape.FLEXPRICE: _send_flexprice,
}


def _send_through_every_door(client: httpx.Client, rounds: int, refused: dict[Shape, int]) -> int:
    """Batches for each door in turn; counts what is refused and returns how many events were acknowledged."""
    acknowledged = 0
    for _ in range(rounds):
        for shape, send in SENDS.items():
            answer = send(client, EVENTS)
            if answer.is_success:
                acknowledged += EVENTS
            else:
                assert_refused_for_now(shape, answer)
                refused[shape] += 1
    return acknowledged


def _send_until_warm(server: RunningServer, client: httpx.Client, refused: dict[Shape, int]) -> int:
    """Sends until the process has stopped growing: the loader has tried and failed a few times, every arena is in use.

    A process that never stops growing fails here.
    """
    acknowledged = 0
    sizes: list[int] = []
    for _ in range(40):
        acknowledged += _send_through_every_door(client, 10, refused)
        sizes.append(server.resident_bytes)
        if len(sizes) > 6 and max(sizes[-4:]) - min(sizes[-4:]) < 4 * MIB:
            return acknowledged
    raise AssertionError(f"still growing after {len(sizes)} rounds: {[size // MIB for size in sizes]} MiB")


def _sum(client: httpx.Client) -> int:
    question = {"event": "b", "metric": "sum", "property": "n", "from": "2020-01-01"}
    answer = client.get("/v1/metrics", params=question)
    assert "x-streamgauge-lag" not in answer.headers
    return int(answer.json()["value"])


def _await(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def store_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """The store has a disk of its own, the journal has not: so the store can stand still while the journal goes on."""
    with small_disk(tmp_path / "data" / "store", 64) as disk:
        yield disk


@pytest.fixture
def held_back(store_disk: SmallDisk, tmp_path: Path) -> Iterator[RunningServer]:
    with running(tmp_path / "data", environment=SMALLEST) as server:
        server.website("w")
        yield server


def test_a_full_backlog_refuses_until_the_store_goes_on(held_back: RunningServer, store_disk: SmallDisk) -> None:
    server = held_back
    acknowledged = 0
    refused = dict.fromkeys(SENDS, 0)
    with server.client(server.key()) as client:
        for send in SENDS.values():
            assert send(client, 1).is_success
            acknowledged += 1
        assert _sum(client) == acknowledged
        store_disk.fill()
        acknowledged += _send_until_warm(server, client, refused)
        warm = server.resident_bytes
        acknowledged += _send_through_every_door(client, 80, refused)
        assert server.resident_bytes - warm < STANDING_GROWTH_BYTES
        assert min(refused.values()) >= 10
        for shape in SENDS:
            assert server.metric("streamgauge_refused_total", door=shape, reason="backlog_full") == refused[shape]
        # One request more than fits is the most that may be on top.
        assert BACKLOG_BYTES <= server.metric("streamgauge_journal_backlog_bytes") < 2.5 * BACKLOG_BYTES
        _await(lambda: httpx.get(f"{server.url}/readyz").status_code == 503)
        late = client.get("/v1/metrics", params={"event": "b", "from": "2020-01-01"})
        assert late.status_code == 200
        assert int(late.headers["x-streamgauge-lag"]) > 0
        store_disk.give_back()
        _await(lambda: server.metric("streamgauge_load_lag_bytes") == 0)
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        for send in SENDS.values():
            assert send(client, EVENTS).is_success
            acknowledged += EVENTS
        assert _sum(client) == acknowledged
    assert "WRONG" not in server.command("verify")


def test_what_waits_in_a_full_backlog_survives_kill_9(held_back: RunningServer, store_disk: SmallDisk) -> None:
    server = held_back
    acknowledged = 0
    with server.client(server.key()) as client:
        assert _sum(client) == 0
        store_disk.fill()
        while (answer := _send_solinth(client, EVENTS)).is_success:
            acknowledged += EVENTS
        assert_refused_for_now(Shape.SOLINTH, answer)
        server.kill()
        store_disk.give_back()
        server.start()
        _await(lambda: server.metric("streamgauge_load_lag_bytes") == 0)
        assert _sum(client) == acknowledged
    assert "WRONG" not in server.command("verify")


def test_senders_that_outrun_the_store_are_slowed_and_lose_nothing(tmp_path: Path) -> None:
    """Four senders push thirty times what the backlog holds, twice; whoever is refused sends the same again."""
    server = RunningServer(tmp_path / "data", environment=SMALLEST).start()
    refusals: list[int] = []

    def push(secret: str) -> None:
        with server.client(secret) as client:
            for _ in range(PUSHES):
                while not (answer := _send_solinth(client, EVENTS)).is_success:
                    assert_refused_for_now(Shape.SOLINTH, answer)
                    refusals.append(1)
                    time.sleep(0.05)

    def push_from_all_sides(secret: str) -> None:
        threads = [threading.Thread(target=push, args=(secret,)) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    try:
        secret = server.key()
        push_from_all_sides(secret)
        warm = server.resident_bytes
        push_from_all_sides(secret)
        assert server.resident_bytes - warm < WORKING_GROWTH_BYTES
        with server.client(secret) as client:
            _await(lambda: server.metric("streamgauge_load_lag_bytes") == 0)
            assert _sum(client) == 2 * SENDERS * PUSHES * EVENTS
        assert refusals
        assert server.metric("streamgauge_refused_total", door="solinth", reason="backlog_full") == len(refusals)
    finally:
        server.stop()
