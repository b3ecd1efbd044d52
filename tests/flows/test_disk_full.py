"""A full disk: events are refused with 503, nothing acknowledged is lost, and all goes on when there is space again."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.flows.refusing import Shape, assert_refused_for_now
from tests.flows.running import RunningServer
from tests.flows.small_disk import MIB, SmallDisk, small_disk

DISK_MIB = 128
TEXT = "".join(chr(33 + n * 7919 % 90) for n in range(2000)).replace('"', "x").replace("\\", "x")
# Segments are small, so that what is loaded is deleted soon, and the journal itself stays within the disk.
ENVIRONMENT = {"STREAMGAUGE_JOURNAL_SEGMENT_BYTES": "1MiB"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", DISK_MIB) as mounted:
        yield mounted


@pytest.fixture
def full_server(disk: SmallDisk, tmp_path: Path) -> Iterator[RunningServer]:
    server = RunningServer(disk.path / "data", environment=ENVIRONMENT)
    server.log = tmp_path / "server.log"
    try:
        yield server.start()
    finally:
        server.stop()


def _send_solinth(client: httpx.Client, events: int) -> httpx.Response:
    return client.post("/v1/events/batch", json={"events": [{"event": "full", "properties": {"n": 1, "text": TEXT}}] * events})


def _send_thebizness(client: httpx.Client, events: int) -> httpx.Response:
    event = {"event_name": "full", "properties": {"n": 1, "text": TEXT}}
    return client.post("/api/events/batch", json={"website_id": "w", "events": [event] * events})


def _send_flexprice(client: httpx.Client, events: int) -> httpx.Response:
    event = {"event_name": "full", "external_customer_id": "c", "properties": {"n": 1, "text": TEXT}}
    return client.post("/v1/events/bulk", json={"events": [event] * events})


SENDS: dict[Shape, Callable[[httpx.Client, int], httpx.Response]] = {
    Shape.SOLINTH: _send_solinth,
    Shape.THEBIZNESS: _send_thebizness,
    Shape.FLEXPRICE: _send_flexprice,
}


def _fill_through_every_door(client: httpx.Client, disk: SmallDisk) -> int:
    """Send until every door has refused for now; returns how many events were acknowledged."""
    disk.fill(leave_bytes=6 * MIB)
    acknowledged = 0
    refusing: set[Shape] = set()
    for _ in range(300):
        for shape, send in SENDS.items():
            answer = send(client, 100)
            if answer.is_success:
                acknowledged += 100
            else:
                assert_refused_for_now(shape, answer)
                refusing.add(shape)
        if len(refusing) == len(SENDS):
            return acknowledged
    raise AssertionError("the disk never became full")


def _sum(client: httpx.Client) -> int:
    question = {"event": "full", "metric": "sum", "property": "n", "from": "2020-01-01"}
    return int(client.get("/v1/metrics", params=question).json()["value"])


def _await(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _loaded(server: RunningServer) -> bool:
    return server.metric("streamgauge_load_lag_bytes") == 0


def _readiness(server: RunningServer) -> tuple[int, str]:
    answer = httpx.get(f"{server.url}/readyz", timeout=10)
    return answer.status_code, answer.text


def test_a_full_disk_refuses_and_events_flow_again_when_there_is_space(full_server: RunningServer, disk: SmallDisk) -> None:
    server = full_server
    secret = server.key()
    server.website("w")
    with server.client(secret) as client:
        assert _send_solinth(client, 100).is_success
        acknowledged = 100 + _fill_through_every_door(client, disk)
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        for shape in SENDS:
            assert server.metric("streamgauge_refused_total", door=shape, reason="disk_full") >= 1
        _await(lambda: _readiness(server)[0] == 503)
        disk.give_back()
        _await(lambda: _readiness(server)[0] == 200)
        for send in SENDS.values():
            assert send(client, 100).is_success
            acknowledged += 100
        _await(lambda: _loaded(server))
        assert _sum(client) == acknowledged
    assert "WRONG" not in server.command("verify")


@pytest.mark.parametrize("stop", [RunningServer.kill, RunningServer.terminate], ids=["kill -9", "SIGTERM"])
def test_nothing_acknowledged_is_lost_when_the_server_ends_on_a_full_disk(
    full_server: RunningServer, disk: SmallDisk, stop: Callable[[RunningServer], object]
) -> None:
    server = full_server
    secret = server.key()
    server.website("w")
    with server.client(secret) as client:
        acknowledged = _fill_through_every_door(client, disk)
        stop(server)
        disk.give_back()
        server.start()
        _await(lambda: _loaded(server))
        assert _sum(client) == acknowledged
        assert _send_solinth(client, 100).is_success
        assert _sum(client) == acknowledged + 100
    assert "WRONG" not in server.command("verify")


def test_a_full_disk_is_told_before_anything_is_refused(full_server: RunningServer, disk: SmallDisk) -> None:
    assert _readiness(full_server)[0] == 200
    disk.fill()
    status, text = _readiness(full_server)
    assert (status, '"disk"' in text) == (503, True)
    disk.give_back()
    assert _readiness(full_server)[0] == 200


def _assert_names_the_folder(server: RunningServer, told: str) -> None:
    assert told.strip().splitlines()[-1].startswith(f"Error: {server.data_dir}: No space left on device.")


def test_a_first_start_on_a_full_disk_names_the_folder(full_server: RunningServer, disk: SmallDisk) -> None:
    server = full_server
    server.kill()
    shutil.rmtree(server.data_dir)
    disk.fill()
    with pytest.raises(RuntimeError) as told:
        server.start()
    _assert_names_the_folder(server, str(told.value))
    disk.give_back()
    server.start()


def test_a_start_on_a_full_disk_loses_nothing(full_server: RunningServer, disk: SmallDisk) -> None:
    """How far it comes depends on what was loaded before the kill: either it says why it cannot, or it runs and is not ready."""
    server = full_server
    secret = server.key()
    with server.client(secret) as client:
        assert _send_solinth(client, 100).is_success
        acknowledged = 100
        server.kill()
        disk.fill()
        server.launch()
        try:
            server.await_readiness(503)
        except RuntimeError as told:
            _assert_names_the_folder(server, str(told))
            disk.give_back()
            server.start()
        else:
            # The open segment may still have room that was taken for it before.
            acknowledged += 100 if _send_solinth(client, 100).is_success else 0
            disk.give_back()
            server.await_readiness(200)
        assert _sum(client) == acknowledged
