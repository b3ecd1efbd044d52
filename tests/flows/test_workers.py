"""A server of several processes keeps every promise that one process keeps."""

import contextlib
import itertools
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.flows.malformed import ROUTES, Route
from tests.flows.processes import FLAGS, WORKERS, count, is_held_by, sockets_of, until, workers_of
from tests.flows.running import RunningServer, running


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("several") / "data", *FLAGS) as server:
        server.website("w", "same")
        yield server


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("one") / "data") as server:
        server.website("w", "same")
        yield server


def test_connections_go_to_all_workers_in_turn(several: RunningServer) -> None:
    secret = several.key("turns")
    workers = workers_of(several)
    assert len(workers) == WORKERS
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(several.client(secret)) for _ in range(2 * WORKERS)]
        for client in clients:
            assert client.post("/v1/events", json={"event": "turn"}).status_code == 200
        with_two = [len(sockets_of(pid)) for pid in workers]
    until(lambda: [len(sockets_of(pid)) + 2 for pid in workers] == with_two)
    assert count(several, secret, "turn") == 2 * WORKERS


def test_what_was_acknowledged_is_read_at_once(several: RunningServer) -> None:
    secret = several.key("readers")
    with several.client(secret) as sender, several.client(secret) as reader:
        for number in range(1, 40):
            assert sender.post("/v1/events", json={"event": "read"}).status_code == 200
            assert reader.get("/v1/metrics", params={"event": "read"}).json()["count"] == number


def test_one_connection_may_ask_for_anything(several: RunningServer) -> None:
    """It goes from a worker to the owner, and stays there."""
    secret = several.key("mixed")
    with several.client(secret) as client:
        for number in range(1, 6):
            assert client.post("/v1/events", json={"event": "mixed", "properties": {"n": number}}).status_code == 200
            answer = client.get("/v1/metrics", params={"event": "mixed", "metric": "sum", "property": "n"})
            assert answer.json()["value"] == number * (number + 1) / 2
        assert client.get("/healthz").status_code == 200
        assert client.get("/docs").status_code == 200


def test_an_event_that_comes_again_by_another_worker_counts_once(several: RunningServer) -> None:
    secret = several.key("again")
    event = {"event_name": "again", "external_customer_id": "c", "event_id": "id-1"}
    for _ in range(2 * WORKERS):
        with several.client(secret, header="x-api-key") as client:
            assert client.post("/flexprice/v1/events", json=event).status_code == 202
    assert count(several, secret, "again") == 1


@pytest.mark.parametrize("valid", [True, False], ids=["events", "refused requests"])
def test_a_window_is_one_for_all_workers(tmp_path: Path, valid: bool) -> None:
    with running(tmp_path / "data", *FLAGS, environment={"STREAMGAUGE_PLAN_FREE_REQUESTS_PER_MINUTE": "100"}) as server:
        secret = server.key("windows", "free")
        body = {"event": "window"} if valid else {"event": 1}

        def send(_: int) -> list[httpx.Response]:
            with server.client(secret) as client:
                return [client.post("/v1/events", json=body) for _ in range(25)]

        with ThreadPoolExecutor(12) as threads:
            answers = list(itertools.chain.from_iterable(threads.map(send, range(12))))
        allowed = [answer for answer in answers if answer.status_code != 429]
        assert {answer.status_code for answer in allowed} == {200 if valid else 400}
        assert sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in allowed) == list(range(100))
        assert all(int(answer.headers["retry-after"]) <= 60 for answer in answers if answer.status_code == 429)


def test_a_day_is_one_for_all_workers(tmp_path: Path) -> None:
    with running(tmp_path / "data", *FLAGS, environment={"STREAMGAUGE_PLAN_FREE_EVENTS_PER_DAY": "100"}) as server:
        secret = server.key("days", "free")

        def send(_: int) -> int:
            with server.client(secret) as client:
                body = {"events": [{"event": "day"}] * 3}
                return sum(client.post("/v1/events/batch", json=body).status_code == 200 for _ in range(10))

        with ThreadPoolExecutor(8) as threads:
            accepted = sum(threads.map(send, range(8)))
        assert accepted == 33
        with server.client(server.key("days")) as reader:
            assert reader.get("/v1/metrics", params={"event": "day"}).json()["count"] == 99


def test_a_revoked_key_is_refused_by_every_worker_at_once(several: RunningServer) -> None:
    admin = several.key("revoking", "unlimited", "--scope", "admin")
    with several.client(admin) as client:
        for _ in range(5):
            made = client.post(
                "/flexprice/v1/secrets/api/keys", json={"name": "k", "type": "private_key"}, headers={"x-api-key": admin}
            )
            assert made.status_code == 201, made.text
            secret, key_id = made.json()["api_key"], made.json()["secret"]["id"]
            kept = [several.client(secret) for _ in range(WORKERS)]
            for each in kept:
                assert each.post("/v1/events", json={"event": "before"}).status_code == 200
            gone = client.delete(f"/flexprice/v1/secrets/api/keys/{key_id}", headers={"x-api-key": admin})
            assert gone.status_code < 300, gone.text
            for each in kept:
                assert each.post("/v1/events", json={"event": "after"}).status_code == 401
                each.close()


def _stable(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """An answer without what differs from one request to the next."""
    changing = {"date", "x-request-id", "x-ratelimit-reset", "content-length"}
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    body = answer.content if answer.status_code >= 400 else b""
    return answer.status_code, body, headers


BODIES = [b"", b"{", b"[]", b"{}", b'{"event":1}', b"\xff", b'{"events":[]}', b'{"events":[{"event":""},{"event":"a"}]}']


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.path} {route.credential}")
def test_workers_answer_as_one_process_does(several: RunningServer, one: RunningServer, route: Route) -> None:
    """Each body with a good key, with none and with a wrong one, on new connections."""
    heard = []
    for server in (one, several):
        secret = server.key("same")
        bearer = "Bearer " if route.credential == "authorization" else ""
        credentials: tuple[dict[str, str], ...] = (
            {route.credential: bearer + secret},
            {},
            {route.credential: bearer + "sk_live_wrong"},
        )
        asked = itertools.product([*BODIES, route.good], credentials)
        heard.append([_stable(httpx.post(server.url + route.path, content=body, headers=sent)) for body, sent in asked])
    for of_one, of_several in zip(*heard, strict=True):
        # What nobody's address has left depends on what was sent before.
        for answer in (of_one, of_several):
            if answer[0] == 401:
                answer[2].pop("x-ratelimit-remaining", None)
        assert of_several == of_one


def test_a_key_was_used_as_soon_as_a_worker_used_it(several: RunningServer) -> None:
    admin, secret = several.key("used", "unlimited", "--scope", "admin"), several.key("used")
    with several.client(secret) as client:
        assert client.post("/v1/events", json={"event": "used"}).status_code == 200
    with several.client(admin) as client:
        keys = client.get("/console/v1/keys").json()["keys"]
    assert [key["last_used_at"] is not None for key in keys] == [True, True]


def test_figures_are_of_all_processes(tmp_path: Path) -> None:
    with running(tmp_path / "data", *FLAGS) as server:
        secret = server.key()
        for number in range(2 * WORKERS):
            with server.client(secret) as client:
                assert client.post("/v1/events", json={"event": "a"}).status_code == 200
                assert client.post("/v1/events", json={"event": number}).status_code == 400
        assert server.metric("streamgauge_events_accepted_total", door="solinth") == 2 * WORKERS
        assert server.metric("streamgauge_refused_total", door="solinth", reason="wrong_type") == 2 * WORKERS
        assert server.metric("streamgauge_http_requests_total", status="400") == 2 * WORKERS


def _exchange(server: RunningServer, request: bytes) -> bytes:
    """All that comes back until the server closes, or is silent for a second."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(1)
        connection.sendall(request)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except TimeoutError:
            pass
    return answer


def test_a_request_for_something_else_behind_an_event_closes_the_connection(several: RunningServer) -> None:
    """It cannot move; the answer before it says that the connection ends, so its client asks again on another."""
    secret = several.key("pipelined")
    event = b'{"event":"pipelined"}'
    post = b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\ncontent-length: %d\r\n\r\n%b"
    first = post % (secret.encode(), len(event), event)
    answer = _exchange(several, first + first + b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"connection: close") == 1
    assert answer.rindex(b"connection: close") > answer.rindex(b"HTTP/1.1 200")
    assert count(several, secret, "pipelined") == 2


@pytest.mark.parametrize("cut", [1, 5, 20, 60])
def test_a_head_that_comes_in_parts_is_answered_all_the_same(several: RunningServer, cut: int) -> None:
    secret = several.key("parts")
    request = (
        b'POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\ncontent-length: 17\r\n\r\n{"event":"parts"}'
        % secret.encode()
    )
    with socket.create_connection(("127.0.0.1", several.port)) as connection:
        connection.settimeout(10)
        connection.sendall(request[:cut])
        # A worker has read the first part, and the owner waits for the rest.
        until(lambda: is_held_by(several.pid, connection))
        connection.sendall(request[cut:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
