"""Webhooks over HTTP: endpoints made, changed, tested and deleted; deliveries listed and sent again; who may."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.flows.running import RunningServer, running
from tests.webhooks.receiver import Receiver, receiving

URL = "https://hooks.example.com/usage"
FIELDS = {"id", "environment_id", "url", "event_types", "description", "is_enabled", "created_at", "updated_at"}
ENDPOINTS, DELIVERIES = "/webhooks/endpoints", "/webhooks/deliveries"
DEADLINE_S = 20.0


@pytest.fixture
def admin(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with server.client(server.key(project, "unlimited", "--scope", "admin"), header="x-api-key", base="/v1") as client:
        yield client


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["http_status_code"]) == (status, status), answer.text
    return body


def test_an_endpoint_is_made_listed_read_changed_and_deleted(admin: httpx.Client) -> None:
    made = admin.post(ENDPOINTS, json={"url": URL, "event_types": ["event.rejected"], "description": "d"})
    assert made.status_code == 201
    endpoint = made.json()
    assert set(endpoint) == FIELDS | {"secret"}
    secret = endpoint.pop("secret")
    path = f"{ENDPOINTS}/{endpoint['id']}"
    assert admin.get(path).json() == endpoint
    assert admin.get(f"{path}/secret").json() == {"id": endpoint["id"], "secret": secret}
    listed = admin.get(ENDPOINTS).json()
    assert listed == {"items": [endpoint], "pagination": {"total": 1, "limit": 50, "offset": 0}}
    changed = admin.put(path, json={"is_enabled": False, "event_types": []}).json()
    assert changed == {**endpoint, "is_enabled": False, "event_types": [], "updated_at": changed["updated_at"]}
    assert admin.get(f"{path}/secret").json()["secret"] == secret
    deleted = admin.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert refused(admin.get(path), 404)["message"] == "Webhook endpoint not found"


REFUSED = {
    "no url": ({}, "url"),
    "url of another type": ({"url": 5}, "url"),
    "private": ({"url": "http://127.0.0.1:80/"}, "url"),
    "metadata of clouds": ({"url": "http://169.254.169.254/latest/meta-data"}, "url"),
    "file": ({"url": "file:///etc/passwd"}, "url"),
    "unknown type": ({"url": URL, "event_types": ["event.accepted"]}, "event_types[0]"),
    "types of another type": ({"url": URL, "event_types": "event.rejected"}, "event_types"),
    "a type twice": ({"url": URL, "event_types": ["event.rejected", "event.rejected"]}, "event_types"),
    "long description": ({"url": URL, "description": "x" * 501}, "description"),
    "enabled as text": ({"url": URL, "is_enabled": "yes"}, "is_enabled"),
}


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_bad_endpoints_are_refused_by_field_and_change_nothing(admin: httpx.Client, body: dict[str, Any], field: str) -> None:
    assert refused(admin.post(ENDPOINTS, json=body), 400)["details"]["field"] == field
    assert admin.get(ENDPOINTS).json()["items"] == []
    if "url" in body:
        path = f"{ENDPOINTS}/{admin.post(ENDPOINTS, json={'url': URL}).json()['id']}"
        before = admin.get(path).json()
        assert refused(admin.put(path, json=body), 400)["details"]["field"] == field
        assert admin.get(path).json() == before


def test_a_project_has_a_bounded_number_of_endpoints(admin: httpx.Client) -> None:
    for number in range(20):
        assert admin.post(ENDPOINTS, json={"url": f"{URL}/{number}"}).status_code == 201
    assert "at most 20" in refused(admin.post(ENDPOINTS, json={"url": URL}), 400)["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ENDPOINTS),
        ("POST", ENDPOINTS),
        ("GET", f"{ENDPOINTS}/x"),
        ("PUT", f"{ENDPOINTS}/x"),
        ("DELETE", f"{ENDPOINTS}/x"),
        ("GET", f"{ENDPOINTS}/x/secret"),
        ("POST", f"{ENDPOINTS}/x/test"),
        ("GET", DELIVERIES),
        ("GET", f"{DELIVERIES}/x"),
        ("POST", f"{DELIVERIES}/x/retry"),
    ],
)
def test_an_ordinary_key_may_do_none_of_it(flexprice: httpx.Client, method: str, path: str) -> None:
    answer = flexprice.request(method, path, json={"url": URL})
    assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})


def test_another_projects_endpoint_is_not_there(server: RunningServer, admin: httpx.Client, project: str) -> None:
    endpoint = admin.post(ENDPOINTS, json={"url": URL}).json()
    path = f"{ENDPOINTS}/{endpoint['id']}"
    with server.client(server.key(f"{project}-other", "unlimited", "--scope", "admin"), header="x-api-key", base="/v1") as other:
        for answer in (
            other.get(path),
            other.put(path, json={"is_enabled": False}),
            other.delete(path),
            other.post(f"{path}/test"),
        ):
            refused(answer, 404)
        assert other.get(ENDPOINTS).json()["items"] == []
    assert admin.get(path).json()["is_enabled"] is True


@pytest.fixture(scope="module")
def private_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that may tell receivers on this machine."""
    environment = {"STREAMGAUGE_WEBHOOK_ADDRESSES": "any"}
    with running(tmp_path_factory.mktemp("webhooks") / "data", environment=environment) as up:
        yield up


@pytest.fixture
def private(private_server: RunningServer, project: str) -> Iterator[httpx.Client]:
    secret = private_server.key(project, "unlimited", "--scope", "admin")
    with private_server.client(secret, header="x-api-key", base="/v1") as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def finished(client: httpx.Client, delivery_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        delivery: dict[str, Any] = client.get(f"{DELIVERIES}/{delivery_id}").json()
        if delivery["state"] != "pending":
            return delivery
        time.sleep(0.05)
    raise AssertionError(delivery)


def test_a_test_message_comes_signed_and_is_listed(private: httpx.Client, receiver: Receiver) -> None:
    endpoint = private.post(ENDPOINTS, json={"url": receiver.url, "event_types": ["event.rejected"]}).json()
    sent = private.post(f"{ENDPOINTS}/{endpoint['id']}/test")
    assert sent.status_code == 202
    delivery = finished(private, sent.json()["id"])
    assert (delivery["state"], delivery["attempts"], delivery["last_status"]) == ("delivered", 1, 200)
    [came] = receiver.received
    verified = Webhook(endpoint["secret"]).verify(came.body, dict(came.headers))
    assert verified == delivery["payload"] == {**verified, "type": "webhook.test", "data": {"endpoint_id": endpoint["id"]}}
    listed = private.get(DELIVERIES, params={"state": "delivered", "endpoint_id": endpoint["id"]}).json()
    assert listed == {"items": [delivery], "pagination": {"total": 1, "limit": 50, "offset": 0}}
    assert private.get(DELIVERIES, params={"state": "dead"}).json()["items"] == []
    again = private.post(f"{DELIVERIES}/{delivery['id']}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    assert finished(private, delivery["id"])["state"] == "delivered"
    assert [came.headers["webhook-id"] for came in receiver.received] == [delivery["message_id"]] * 2


def test_failing_tries_are_made_again(private: httpx.Client, receiver: Receiver) -> None:
    receiver.answers = [(500, {})]
    endpoint = private.post(ENDPOINTS, json={"url": receiver.url}).json()
    sent = private.post(f"{ENDPOINTS}/{endpoint['id']}/test").json()
    assert finished(private, sent["id"])["attempts"] == 2


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({"state": "x"}, "state"), ({"event_type": "x"}, "event_type"), ({"limit": "0"}, "limit"), ({"order": "up"}, "order")],
)
def test_bad_parameters_are_refused_by_name(admin: httpx.Client, parameters: dict[str, str], field: str) -> None:
    assert refused(admin.get(DELIVERIES, params=parameters), 400)["details"]["field"] == field


def test_messages_that_wait_are_sent_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [(500, {"retry-after": "1"})]
    environment = {"STREAMGAUGE_WEBHOOK_ADDRESSES": "any"}
    server = RunningServer(tmp_path / "data", environment=environment).start()
    secret = server.key("p", "unlimited", "--scope", "admin")
    try:
        with server.client(secret, header="x-api-key", base="/v1") as client:
            endpoint = client.post(ENDPOINTS, json={"url": receiver.url}).json()
            sent = client.post(f"{ENDPOINTS}/{endpoint['id']}/test").json()
            server.kill()
        server.start()
        with server.client(secret, header="x-api-key", base="/v1") as client:
            assert finished(client, sent["id"])["state"] == "delivered"
    finally:
        server.stop()
