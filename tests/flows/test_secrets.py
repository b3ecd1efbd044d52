"""API keys over HTTP: made, used, listed and taken back; every rule as a named case; who may; other projects."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.flows.customers import refused
from tests.flows.running import RunningServer

KEYS = "/secrets/api/keys"
FIELDS = {"id", "name", "display_id", "type", "provider", "roles", "status", "created_at", "updated_at"}
DEADLINE_S = 20.0


def client_of(server: RunningServer, secret: str) -> httpx.Client:
    return server.client(secret, header="x-api-key", base="/v1")


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> Iterator[httpx.Client]:
    with client_of(server, server.key("secrets", "pro", "--scope", "admin", "--name", "owner")) as client:
        yield client


def made(client: httpx.Client, **spec: Any) -> tuple[str, dict[str, Any]]:
    answer = client.post(KEYS, json={"name": "K", "type": "private_key", **spec})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert set(body) == {"api_key", "secret"}
    return body["api_key"], body["secret"]


def listed(client: httpx.Client, **parameters: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(KEYS, params=parameters).json()["items"]
    return items


def test_a_key_is_shown_once_works_at_once_and_is_refused_at_once(server: RunningServer, admin: httpx.Client) -> None:
    api_key, secret = made(admin, name="backend ☃")
    assert set(secret) == FIELDS
    assert (api_key[:3], len(api_key)) == ("sk_", 35)
    assert secret["display_id"] == f"{api_key[:5]}***{api_key[-2:]}"
    assert (secret["name"], secret["type"], secret["roles"]) == ("backend ☃", "private_key", ["all_reader", "all_writer"])
    with client_of(server, api_key) as own:
        assert own.get("/customers").status_code == 200
        assert own.get("/customers").headers["x-ratelimit-limit"] == admin.get("/customers").headers["x-ratelimit-limit"]
        page = admin.get(KEYS)
        assert page.json()["items"][0] == secret
        assert api_key not in page.text
        assert admin.delete(f"{KEYS}/{secret['id']}").status_code == 204
        assert (own.get("/customers").status_code, own.get("/customers").json()) == (401, {"error": "Unauthorized"})
    assert refused(admin.delete(f"{KEYS}/{secret['id']}"), 404)["message"] == "API key not found"
    assert secret["id"] not in [each["id"] for each in listed(admin)]
    assert listed(admin, status="archived")[0]["id"] == secret["id"]


def test_a_publishable_key_sends_and_reads_nothing(server: RunningServer, admin: httpx.Client) -> None:
    api_key, secret = made(admin, type="publishable_key")
    assert (api_key[:3], secret["type"], secret["roles"]) == ("pk_", "publishable_key", ["event_ingestor"])
    with client_of(server, api_key) as own:
        assert own.post("/events", json={"event_name": "e", "external_customer_id": "c"}).status_code == 202
        for answer in (own.get("/events"), own.get("/customers"), own.get(KEYS), own.post(KEYS, json={})):
            assert answer.status_code == 403


def test_a_key_ends_when_it_was_to_end(server: RunningServer, admin: httpx.Client) -> None:
    ends = datetime.fromtimestamp(time.time() + 2, UTC)
    api_key, secret = made(admin, expires_at=ends.isoformat())
    assert secret["expires_at"] == ends.isoformat(timespec="milliseconds").replace("+00:00", "Z").replace(".000Z", "Z")
    deadline = time.monotonic() + DEADLINE_S
    with client_of(server, api_key) as own:
        while own.get("/customers").status_code != 401:
            assert time.monotonic() < deadline
    assert secret["id"] in [each["id"] for each in listed(admin)]


def test_keys_of_the_command_line_are_listed_and_can_be_taken_back(server: RunningServer, admin: httpx.Client) -> None:
    by_hand = server.key("secrets", "free", "--name", "by hand", "--scope", "read")
    found = next(each for each in listed(admin) if each["name"] == "by hand")
    assert (found["display_id"], found["type"], found["roles"]) == ("sk_li***", "private_key", ["all_reader"])
    assert next(each for each in listed(admin) if each["name"] == "owner")["roles"] == ["super_admin"]
    with client_of(server, by_hand) as own:
        assert own.get("/customers").status_code == 200
        assert admin.delete(f"{KEYS}/{found['id']}").status_code == 204
        assert own.get("/customers").status_code == 401


def test_keys_of_this_door_are_listed_and_rotated_by_the_command_line(server: RunningServer, admin: httpx.Client) -> None:
    api_key, secret = made(admin, type="publishable_key", name="to be rotated")
    assert secret["display_id"] in server.command("keys", "list")
    new = server.command("keys", "rotate", secret["id"], "--grace", "0s")
    assert new.startswith("pk_")
    with client_of(server, api_key) as old, client_of(server, new) as own:
        event = {"event_name": "e", "external_customer_id": "c"}
        assert (old.post("/events", json=event).status_code, own.post("/events", json=event).status_code) == (401, 202)


def test_pages_of_keys(server: RunningServer, project: str) -> None:
    with client_of(server, server.key(project, "unlimited", "--scope", "admin")) as admin:
        ids = [made(admin, name=str(number))[1]["id"] for number in range(3)]
        assert [each["id"] for each in listed(admin, limit=2)] == ids[:0:-1]
        assert [each["id"] for each in listed(admin, order="asc", offset=1)] == ids
        assert admin.get(KEYS, params={"limit": 1, "offset": 2}).json()["pagination"] == {"total": 4, "limit": 1, "offset": 2}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": None}, "name"),
    "blank name": ({"name": " "}, "name"),
    "long name": ({"name": "x" * 101}, "name"),
    "name of two lines": ({"name": "a\nb"}, "name"),
    "name of another type": ({"name": 1}, "name"),
    "no type": ({"type": None}, "type"),
    "unknown type": ({"type": "admin"}, "type"),
    "a type that is not made here": ({"type": "integration"}, "type"),
    "type of another type": ({"type": ["private_key"]}, "type"),
    "ended already": ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    "end without a zone": ({"expires_at": "2099-01-01T00:00:00"}, "expires_at"),
    "end of another type": ({"expires_at": 4102444800}, "expires_at"),
    "for a service account": ({"service_account_id": "sa_1"}, "service_account_id"),
    "service account of another type": ({"service_account_id": 1}, "service_account_id"),
}


@pytest.mark.parametrize(("wrong", "field"), REFUSED.values(), ids=REFUSED)
def test_bad_keys_are_refused_by_field_and_not_made(admin: httpx.Client, wrong: dict[str, Any], field: str) -> None:
    before = listed(admin)
    body = {"name": "K", "type": "private_key", **wrong}
    assert refused(admin.post(KEYS, json=body))["details"]["field"] == field
    assert listed(admin) == before


@pytest.mark.parametrize(("parameter", "value"), [("limit", "0"), ("offset", "-1"), ("order", "up"), ("status", "deleted")])
def test_bad_parameters_are_refused_by_name(admin: httpx.Client, parameter: str, value: str) -> None:
    assert refused(admin.get(KEYS, params={parameter: value}))["details"]["field"] == parameter


def test_a_request_cannot_name_scopes_or_a_plan(server: RunningServer, admin: httpx.Client) -> None:
    api_key, secret = made(admin, scopes=["admin"], roles=["super_admin"], plan="unlimited", project_id="x")
    assert secret["roles"] == ["all_reader", "all_writer"]
    with client_of(server, api_key) as own:
        assert own.get(KEYS).status_code == 403
        assert own.get("/customers").headers["x-ratelimit-limit"] == admin.get("/customers").headers["x-ratelimit-limit"]


def test_an_ordinary_key_may_do_none_of_it(flexprice: httpx.Client) -> None:
    for answer in (
        flexprice.get(KEYS),
        flexprice.post(KEYS, json={"name": "K", "type": "private_key"}),
        flexprice.delete(f"{KEYS}/key_x"),
    ):
        assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})


def test_another_projects_key_is_not_there(server: RunningServer, admin: httpx.Client, project: str) -> None:
    api_key, secret = made(admin)
    with client_of(server, server.key(project, "unlimited", "--scope", "admin")) as other:
        assert secret["id"] not in [each["id"] for each in listed(other)]
        assert len(listed(other)) == 1
        refused(other.delete(f"{KEYS}/{secret['id']}"), 404)
    with client_of(server, api_key) as own:
        assert own.get("/customers").status_code == 200
