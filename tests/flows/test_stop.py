"""Stopping under load, and quotas over restarts."""

import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.flows.refusing import Shape, assert_refused, assert_refused_for_now
from tests.flows.running import RunningServer, running

SENDERS = 6
ROUNDS = 3
DRAIN_S = 2.0


class Senders:
    """Clients that send until the server goes. acknowledged: events; unexpected: answers that are neither yes nor 503."""

    def __init__(self, server: RunningServer, secret: str) -> None:
        self.acknowledged = 0
        self.unexpected: list[str] = []
        self._server = server
        self._secret = secret
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(1 if n % 2 else 50,)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, events: int) -> None:
        deadline = time.monotonic() + 30
        while self.acknowledged < events and time.monotonic() < deadline:
            time.sleep(0.005)
        assert self.acknowledged >= events

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _send(self, size: int) -> None:
        body = {"events": [{"event": "stop", "properties": {"text": "x" * 100}}] * size}
        with self._server.client(self._secret) as client:
            while True:
                try:
                    answer = client.post("/v1/events/batch", json=body)
                except httpx.TransportError:
                    return
                with self._lock:
                    if answer.status_code == 200:
                        self.acknowledged += size
                    elif answer.status_code == 503:
                        assert_refused_for_now(Shape.SOLINTH, answer)
                        return
                    else:
                        self.unexpected.append(f"{answer.status_code} {answer.text}")
                        return


def _count(client: httpx.Client, event: str) -> int:
    return int(client.get("/v1/metrics", params={"event": event, "from": "2020-01-01"}).json()["count"])


def test_sigterm_under_load_loses_nothing_and_exits_0(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    secret = server.key()
    acknowledged = 0
    try:
        for _ in range(ROUNDS):
            senders = Senders(server, secret)
            senders.wait_for(500)
            assert server.terminate() == 0
            senders.join()
            acknowledged += senders.acknowledged
            assert senders.unexpected == []
            server.start()
            with server.client(secret) as client:
                # Exactly: an orderly stop answers whatever it has stored.
                assert _count(client, "stop") == acknowledged
        assert "WRONG" not in server.command("verify")
    finally:
        server.stop()


STALLED = {
    "in its request line": b"POST /v1/ev",
    "in its headers": b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ",
    "before its body": b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\ncontent-length: 100\r\n\r\n",
    "in its body": b'POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\ncontent-length: 100\r\n\r\n{"event":',
    "in a chunk": (
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"
    ),
}


def test_requests_that_stall_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", environment={"STREAMGAUGE_DRAIN_TIMEOUT_S": str(DRAIN_S)}).start()
    secret = server.key().encode()
    connections = {}
    try:
        for case, text in STALLED.items():
            connections[case] = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            connections[case].sendall(text.replace(b"%b", secret))
        connections["silent"] = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        with server.client(secret.decode()) as client:  # The stalled ones were taken before this one, hence are known by now.
            assert client.post("/v1/events", json={"event": "a"}).status_code == 200
        begun = time.monotonic()
        assert server.terminate() == 0
        assert time.monotonic() - begun < DRAIN_S + 3
        for case, connection in connections.items():
            answer = connection.recv(65_536)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 503 "), (case, answer)
            if "body" in case or "chunk" in case:
                assert b'"SERVICE_UNAVAILABLE"' in answer, case
        server.start()
        with server.client(secret.decode()) as client:
            assert _count(client, "a") == 1
    finally:
        for connection in connections.values():
            connection.close()
        server.stop()


def _send_solinth(client: httpx.Client, events: int) -> httpx.Response:
    return client.post("/v1/events/batch", json={"events": [{"event": "q"}] * events})


def _send_thebizness(client: httpx.Client, events: int) -> httpx.Response:
    return client.post("/api/events/batch", json={"website_id": "w", "events": [{"event_name": "q"}] * events})


def _send_flexprice(client: httpx.Client, events: int) -> httpx.Response:
    return client.post("/v1/events/bulk", json={"events": [{"event_name": "q", "external_customer_id": "c"}] * events})


SENDS: dict[Shape, Callable[[httpx.Client, int], httpx.Response]] = {
    Shape.SOLINTH: _send_solinth,
    Shape.THEBIZNESS: _send_thebizness,
    Shape.FLEXPRICE: _send_flexprice,
}


def _leave_midnight_behind() -> None:
    """A quota of the day is new at midnight; a test of it must not straddle that."""
    while (now := datetime.now(UTC)).hour == 23 and now.minute == 59:
        time.sleep(0.5)


@pytest.mark.parametrize("stop", [RunningServer.kill, RunningServer.terminate], ids=["kill -9", "SIGTERM"])
def test_the_days_quota_survives_a_restart(tmp_path: Path, stop: Callable[[RunningServer], object]) -> None:
    _leave_midnight_behind()
    server = RunningServer(tmp_path / "data").start()
    secret = server.key("default", "free")
    server.website("w")
    try:
        with server.client(secret) as client:
            for send in SENDS.values():
                for _ in range(2):
                    assert send(client, 1000).is_success
            stop(server)
            server.start()
            for send in SENDS.values():
                assert send(client, 1000).is_success
            assert _send_solinth(client, 1).is_success
            stop(server)
            server.start()
            for shape, send in SENDS.items():
                refused = send(client, 1000)
                assert_refused(shape, refused, 429)
                assert 1 <= int(refused.headers["retry-after"]) <= 86_400
                assert "999 are left" in refused.text
            assert _send_flexprice(client, 999).is_success
            for shape, send in SENDS.items():
                assert_refused(shape, send(client, 1), 429)
            assert _count(client, "q") == 10_000
    finally:
        server.stop()


def test_a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        secret = server.key()
        second = RunningServer(tmp_path / "data")
        second.port = server.port + 1 if server.port < 31_000 else server.port - 1
        second.log = tmp_path / "second.log"
        with pytest.raises(RuntimeError) as told:
            second.start()
        assert "Traceback" not in str(told.value)
        assert re.search(r"another|running|open", str(told.value))
        with server.client(secret) as client:
            assert client.post("/v1/events", json={"event": "a"}).status_code == 200
            assert _count(client, "a") == 1
        assert server.command("keys", "list")
        assert server.metric("streamgauge_events_accepted_total", door="solinth") == 1
