"""Keys, plans and the server's state over HTTP: what is told, what is told once, and what is refused."""

from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer


@pytest.fixture
def admin(server: RunningServer, project: str) -> Any:
    with server.client(server.key(project, "unlimited", "--scope", "admin"), base="/console/v1") as client:
        yield client


def test_a_key_is_made_used_rotated_and_taken_back(server: RunningServer, admin: httpx.Client) -> None:
    made = admin.post("/keys", json={"name": "shop", "scopes": ["ingest", "read"], "plan": "pro"}).json()
    assert made["secret"].startswith(made["prefix"])
    assert (made["state"], made["plan"], made["scopes"], made["last_used_at"]) == ("active", "pro", ["ingest", "read"], None)
    with server.client(made["secret"]) as client:
        assert client.post("/v1/events", json={"event": "signup"}).status_code == 200
    listed = {key["id"]: key for key in admin.get("/keys").json()["keys"]}
    assert listed[made["id"]]["last_used_at"] is not None
    assert "secret" not in listed[made["id"]]
    rotated = admin.post(f"/keys/{made['id']}/rotate", json={"grace_hours": 1}).json()
    assert (rotated["name"], rotated["secret"] != made["secret"]) == ("shop", True)
    states = {key["id"]: (key["state"], key["replaced_by"]) for key in admin.get("/keys").json()["keys"]}
    assert states[made["id"]] == ("replaced", rotated["id"])
    assert admin.delete(f"/keys/{rotated['id']}").json() == {"success": True}
    with server.client(rotated["secret"]) as client:
        assert client.get("/v1/metrics", params={"event": "signup"}).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "name", id="without a name"),
        pytest.param({"name": 5}, "name", id="a name that is a number"),
        pytest.param({"name": "x", "scopes": ["everything"]}, "scope", id="an unknown scope"),
        pytest.param({"name": "x", "scopes": []}, "scope", id="no scope"),
        pytest.param({"name": "x", "plan": "golden"}, "plan", id="an unknown plan"),
        pytest.param({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at", id="a time that is over"),
        pytest.param({"name": "x", "expires_at": "soon"}, "expires_at", id="no time"),
        pytest.param({"name": "x", "colour": "red"}, "colour", id="an unknown field"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(admin: httpx.Client, body: dict[str, Any], field: str) -> None:
    before = len(admin.get("/keys").json()["keys"])
    answer = admin.post("/keys", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert len(admin.get("/keys").json()["keys"]) == before


def test_keys_of_others_are_not_there(server: RunningServer, admin: httpx.Client, project: str) -> None:
    with server.client(server.key(f"other than {project}", "unlimited", "--scope", "admin"), base="/console/v1") as other:
        theirs = other.get("/keys").json()["keys"][0]["id"]
    assert admin.delete(f"/keys/{theirs}").status_code == 404
    assert admin.post(f"/keys/{theirs}/rotate", json={}).status_code == 404
    assert theirs not in admin.get("/keys").text


def test_plans_tell_what_is_used_of_them(server: RunningServer, admin: httpx.Client) -> None:
    secret = admin.post("/keys", json={"name": "counted", "plan": "free"}).json()["secret"]
    with server.client(secret) as client:
        for _ in range(3):
            client.post("/v1/events", json={"event": "signup"})
    told = admin.get("/plans").json()
    counted = next(key for key in told["use"]["keys"] if key["name"] == "counted")
    assert (counted["requests_this_minute"], counted["requests_per_minute"]) == (3, 100)
    assert told["use"]["events_today"] == 3
    assert {plan["name"]: plan["events_per_day"] for plan in told["plans"]}["free"] == 10_000


def test_the_state_of_the_server(admin: httpx.Client) -> None:
    told = admin.get("/system").json()
    assert (told["ready"], told["faults"]) == (True, [])
    assert 0 < told["disk_free_bytes"] <= told["disk_total_bytes"]
    assert told["store_bytes"] > 0
    assert told["memory_bytes"] > 2**26
    assert told["backlog_limit_bytes"] == 2**30


@pytest.mark.parametrize("path", ["/keys", "/system"])
def test_who_may_not_administrate_sees_neither(server: RunningServer, project: str, path: str) -> None:
    with server.client(server.key(project), base="/console/v1") as client:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")
