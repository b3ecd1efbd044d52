"""Workers that die, an owner that dies, stopping: nothing that was acknowledged is lost, what is under way is answered."""

import contextlib
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx

from tests.flows.processes import FLAGS, count, is_held_by, none_runs, until, until_replaced, workers_of
from tests.flows.running import RunningServer, running


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    with running(tmp_path / "data", *FLAGS) as server:
        secret = server.key()
        stop = threading.Event()

        def send(number: int) -> tuple[int, int]:
            acknowledged = unanswered = 0
            while not stop.is_set():
                try:
                    with server.client(secret) as client:
                        while not stop.is_set():
                            acknowledged += client.post("/v1/events", json={"event": "kept"}).status_code == 200
                except httpx.TransportError:
                    unanswered += 1
            return acknowledged, unanswered

        with ThreadPoolExecutor(6) as threads:
            sending = [threads.submit(send, number) for number in range(6)]
            try:
                for _ in range(4):
                    before = workers_of(server)
                    os.kill(before[0], signal.SIGKILL)
                    until_replaced(server, before[0])
            finally:
                stop.set()
            results = [each.result() for each in sending]
        acknowledged, unanswered = (sum(column) for column in zip(*results, strict=True))
        assert acknowledged > 0
        # One that was not answered may have become durable all the same.
        assert acknowledged <= count(server, secret, "kept") <= acknowledged + unanswered


def test_when_the_owner_dies_its_workers_end_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", *FLAGS).start()
    secret = server.key()
    acknowledged = unanswered = 0
    try:
        for _ in range(3):
            workers = workers_of(server)
            tally = [0] * 4

            def send(number: int, tally: list[int] = tally) -> None:
                with server.client(secret) as client, contextlib.suppress(httpx.TransportError):
                    while True:
                        tally[number] += client.post("/v1/events", json={"event": "kept"}).status_code == 200

            with ThreadPoolExecutor(4) as threads:
                sending = [threads.submit(send, number) for number in range(4)]
                until(partial(_more_than, tally, 300))
                server.kill()
                for each in sending:
                    each.result()
            acknowledged, unanswered = acknowledged + sum(tally), unanswered + len(tally)
            until(partial(none_runs, workers))
            server.start()
        assert acknowledged <= count(server, secret, "kept") <= acknowledged + unanswered
    finally:
        server.stop()


def _more_than(tally: list[int], wanted: int) -> bool:
    return sum(tally) > wanted


def test_a_request_that_is_half_there_when_the_server_stops_is_answered(tmp_path: Path) -> None:
    with running(tmp_path / "data", *FLAGS) as server:
        secret = server.key()
        event = b'{"event":"late"}'
        head = b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\ncontent-length: %d\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.settimeout(10)
            connection.sendall(head % (secret.encode(), len(event)) + event[:5])
            until(lambda: any(is_held_by(pid, connection) for pid in workers_of(server)))
            os.kill(server.pid, signal.SIGTERM)
            until(lambda: not _listens(server))
            connection.sendall(event[5:])
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer
        assert server.terminate() == 0
        server.start()
        assert count(server, secret, "late") == 1


def _listens(server: RunningServer) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0


def test_stopping_under_load_answers_what_is_under_way(tmp_path: Path) -> None:
    with running(tmp_path / "data", *FLAGS) as server:
        secret = server.key()
        workers = workers_of(server)
        accepted = [0] * 6
        odd: list[str] = []

        def send(number: int) -> None:
            with server.client(secret) as client:
                while True:
                    try:
                        answer = client.post("/v1/events", json={"event": "stop"})
                    except httpx.TransportError:
                        return
                    if answer.status_code == 200:
                        accepted[number] += 1
                    elif answer.status_code != 503:
                        odd.append(answer.text)

        with ThreadPoolExecutor(6) as threads:
            sending = [threads.submit(send, number) for number in range(6)]
            until(lambda: sum(accepted) > 500)
            assert server.terminate() == 0
            for each in sending:
                each.result()
        assert not odd
        assert none_runs(workers)
        server.start()
        assert count(server, secret, "stop") >= sum(accepted)
        assert "worker_ended" not in server.log.read_text()
