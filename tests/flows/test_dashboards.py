"""Dashboards over HTTP at both mounts: the published cases by number, widgets and their answers, sharing, theft."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.dashboards import ALL_KINDS, PURCHASES, error_of, funnel, made, widget
from tests.flows.running import RunningServer

FIELDS = {
    "id", "name", "description", "layout", "widgets", "is_public", "share_token", "created_at", "updated_at",
}  # fmt: skip
UNKNOWN = "dash_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(params=["/v1", "/solinth/v1"], ids=["root mount", "explicit mount"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def other(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    """A client of another project."""
    with server.client(server.key(f"{project}-other")) as client:
        yield client


def test_23_a_dashboard_is_made_listed_read_changed_and_deleted(bearer: httpx.Client, base: str) -> None:
    dashboard = made(bearer, base, widgets=ALL_KINDS[:1])
    path = f"{base}/dashboards/{dashboard['id']}"
    assert set(dashboard) == FIELDS
    listed = bearer.get(f"{base}/dashboards").json()
    assert listed == {"data": [dashboard], "total": 1}
    assert bearer.get(path).json() == dashboard
    changed = bearer.patch(path, json={"name": "E"})
    assert changed.status_code == 200
    assert changed.json() == {**dashboard, "name": "E", "updated_at": changed.json()["updated_at"]}
    assert bearer.get(path).json() == changed.json()
    deleted = bearer.delete(path)
    assert (deleted.status_code, deleted.json()) == (200, {"success": True})
    error_of(bearer.get(path), 404)
    assert bearer.get(f"{base}/dashboards").json() == {"data": [], "total": 0}


def test_24_unknown_dashboards_and_nameless_ones_are_refused(bearer: httpx.Client, base: str) -> None:
    for path in ("unknown", UNKNOWN, "a%2Fb", "%00", "..", "x" * 5_000):
        error_of(bearer.get(f"{base}/dashboards/{path}"), 404)
    assert "name" in error_of(bearer.post(f"{base}/dashboards", json={}), 400)


def test_25_another_projects_dashboard_is_not_there(bearer: httpx.Client, other: httpx.Client, base: str) -> None:
    dashboard = made(bearer, base, widgets=ALL_KINDS)
    path = f"{base}/dashboards/{dashboard['id']}"
    theft = [
        other.get(path),
        other.patch(path, json={"name": "mine"}),
        other.delete(path),
        other.get(f"{path}/data"),
        other.post(f"{path}/share"),
        other.delete(f"{path}/share"),
    ]
    assert {error_of(answer, 404) for answer in theft} == {"Dashboard not found"}
    assert other.get(f"{base}/dashboards").json() == {"data": [], "total": 0}
    assert bearer.get(path).json() == dashboard


def test_25_a_copied_dashboard_answers_with_the_copiers_own_events(bearer: httpx.Client, other: httpx.Client) -> None:
    _send_purchases(bearer)
    dashboard = made(bearer, widgets=ALL_KINDS)
    copied = made(other, **{name: dashboard[name] for name in ("widgets", "layout", "description")})
    theirs = other.get(f"/v1/dashboards/{copied['id']}/data").json()["widgets"]
    assert [theirs[f"w_{number}"]["data"].get("value", 0) for number in (1, 3, 4)] == [0, 0, 0]


def test_what_is_read_can_be_sent_back_and_a_stale_copy_cannot(bearer: httpx.Client, base: str) -> None:
    dashboard = made(bearer, base, widgets=ALL_KINDS, description="what for")
    path = f"{base}/dashboards/{dashboard['id']}"
    sent_back = bearer.patch(path, json=dashboard)
    assert sent_back.status_code == 200, sent_back.text
    assert {**sent_back.json(), "updated_at": ""} == {**dashboard, "updated_at": ""}
    assert "changed" in error_of(bearer.patch(path, json={**dashboard, "name": "stale"}), 409)
    assert bearer.get(path).json() == sent_back.json()


def test_pages_of_the_list(bearer: httpx.Client) -> None:
    ids = [made(bearer)["id"] for _ in range(3)]
    found = bearer.get("/v1/dashboards", params={"limit": "2", "offset": "1"}).json()
    assert ([each["id"] for each in found["data"]], found["total"]) == (ids[1::-1], 3)
    for bad in ({"limit": "0"}, {"limit": "1001"}, {"offset": "-1"}, {"offset": "x"}, {"page": "1"}):
        assert next(iter(bad)) in error_of(bearer.get("/v1/dashboards", params=bad), 400)


def test_widgets_get_ids_and_places_and_keep_their_query_as_sent(bearer: httpx.Client) -> None:
    widgets = [{"type": "metric", "query": {"event": "e"}, "id": "w_1", "title": "Umsätze ☃"}, *ALL_KINDS]
    dashboard = made(bearer, widgets=widgets)
    assert [each["id"] for each in dashboard["widgets"]] == ["w_1", "w_2", "w_3", "w_4", "w_5", "w_6"]
    assert [each["query"] for each in dashboard["widgets"]] == [each["query"] for each in widgets]
    assert [each["title"] for each in dashboard["widgets"]][:3] == ["Umsätze ☃", "Revenue", ""]
    assert dashboard["widgets"][0]["position"] == {"x": 0, "y": 0, "w": 6, "h": 4}
    assert dashboard["widgets"][1]["position"] == ALL_KINDS[0]["position"]
    assert [each["position"]["y"] for each in dashboard["widgets"]][2:] == [4, 8, 12, 16]


def _send_purchases(client: httpx.Client) -> None:
    events = [
        {
            "event": event,
            "timestamp": f"2024-01-{day:02}T12:00:00Z",
            "properties": {"amount": day / 4, "plan": plan, "co,untry": "x"},
        }
        for day in range(1, 32)
        for event, plan in (("purchase", "pro"), ("purchase", "1.5"), ("cart", "pro"))
    ]
    assert client.post("/v1/events/batch", json={"events": events}).status_code == 200


def _asked_alone(client: httpx.Client, query: dict[str, Any]) -> Any:
    """The answer of GET /v1/metrics to a widget's query."""
    parameters: dict[str, Any] = {}
    for name, value in query.items():
        parameters[name] = json.dumps(value) if name == "filters" else value
    answer = client.get("/v1/metrics", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_all_widgets_are_answered_as_their_questions_alone_would_be(bearer: httpx.Client, base: str) -> None:
    _send_purchases(bearer)
    dashboard = made(bearer, widgets=ALL_KINDS)
    answer = bearer.get(f"{base}/dashboards/{dashboard['id']}/data")
    assert answer.status_code == 200
    data = answer.json()
    assert data["dashboard_id"] == dashboard["id"]
    alone = {each["id"]: {"data": _asked_alone(bearer, each["query"])} for each in dashboard["widgets"]}
    assert data["widgets"] == alone
    assert data["widgets"]["w_1"]["data"] == {"value": 248, "count": 62}
    assert data["widgets"]["w_5"]["data"]["value"] == 248 / 31


def test_a_range_and_a_zone_replace_those_of_all_widgets(bearer: httpx.Client) -> None:
    _send_purchases(bearer)
    queries = [{**PURCHASES}, {"event": "purchase", "interval": "day"}, {"event": "purchase", "to": "2024-01-02T12:00:00Z"}]
    kinds = ("metric", "line", "table")
    widgets = [{"type": kind, "query": query} for kind, query in zip(kinds, queries, strict=True)]
    dashboard = made(bearer, widgets=widgets)
    asked = {"from": "2024-01-30", "to": "2024-01-30", "timezone": "Asia/Tokyo"}
    data = bearer.get(f"/v1/dashboards/{dashboard['id']}/data", params=asked).json()["widgets"]
    alone = [_asked_alone(bearer, {**query, **asked}) for query in queries]
    assert [data[f"w_{number}"]["data"] for number in (1, 2, 3)] == alone
    assert alone[0]["count"] == 2
    for bad in ({"from": "x"}, {"from": "2024-02-01", "to": "2024-01-01"}, {"timezone": "Mars"}, {"event": "e"}):
        assert next(iter(bad)) in error_of(bearer.get(f"/v1/dashboards/{dashboard['id']}/data", params=bad), 400)


def test_a_widget_that_fails_says_so_in_its_own_place(bearer: httpx.Client) -> None:
    _send_purchases(bearer)
    hours_of_centuries = {"event": "purchase", "interval": "hour", "from": "1970-01-01", "to": "2190-12-31"}
    widgets = [{"type": "line", "query": hours_of_centuries}, {"type": "metric", "query": PURCHASES}]
    dashboard = made(bearer, widgets=widgets)
    data = bearer.get(f"/v1/dashboards/{dashboard['id']}/data")
    assert data.status_code == 200
    first, second = data.json()["widgets"]["w_1"], data.json()["widgets"]["w_2"]
    assert set(first) == {"error"}
    assert first["error"]["code"] == "INVALID_REQUEST"
    assert "buckets" in first["error"]["message"]
    assert second["data"]["count"] == 62


def test_fifty_widgets_are_answered_in_one_request_many_times_at_once(bearer: httpx.Client) -> None:
    _send_purchases(bearer)
    query = {**PURCHASES, "group_by": "plan", "interval": "day"}
    dashboard = made(bearer, widgets=[{"type": "line", "query": query}] * 50)
    data = bearer.get(f"/v1/dashboards/{dashboard['id']}/data").json()["widgets"]
    assert len(data) == 50
    assert len({json.dumps(each, sort_keys=True) for each in data.values()}) == 1
    assert data["w_50"]["data"]["total"] == 248


def test_a_dashboard_without_widgets_has_no_answers(bearer: httpx.Client) -> None:
    dashboard = made(bearer)
    data = bearer.get(f"/v1/dashboards/{dashboard['id']}/data")
    assert data.json() == {"dashboard_id": dashboard["id"], "widgets": {}}


def test_a_shared_dashboard_is_seen_without_a_key_until_it_is_taken_back(
    server: RunningServer, bearer: httpx.Client, base: str
) -> None:
    _send_purchases(bearer)
    dashboard = made(bearer, base, widgets=ALL_KINDS)
    path = f"{base}/dashboards/{dashboard['id']}"
    share = bearer.post(f"{path}/share").json()
    assert set(share) == {"share_token", "url"}
    assert bearer.post(f"{path}/share").json() == share
    owners = bearer.get(path).json()
    assert (owners["is_public"], owners["share_token"]) == (True, share["share_token"])
    with httpx.Client(base_url=server.url) as anyone:
        seen = anyone.get(share["url"])
        assert seen.status_code == 200
        assert seen.json() == {name: owners[name] for name in FIELDS - {"is_public", "share_token"}}
        assert int(seen.headers["x-ratelimit-remaining"]) < int(seen.headers["x-ratelimit-limit"]) == 120
        data = anyone.get(f"{base}/shared/{share['share_token']}/data").json()
        assert data == bearer.get(f"{path}/data").json()
        assert bearer.delete(f"{path}/share").json() == {"success": True}
        for after in ("", "/data"):
            error_of(anyone.get(f"{base}/shared/{share['share_token']}{after}"), 404)
    assert bearer.get(path).json()["is_public"] is False


def test_a_shared_dashboard_gives_nothing_else(server: RunningServer, bearer: httpx.Client) -> None:
    dashboard = made(bearer, widgets=ALL_KINDS, is_public=True)
    token = dashboard["share_token"]
    with httpx.Client(base_url=server.url) as anyone:
        for parameters in ({"from": "2020-01-01"}, {"event": "cart"}, {"timezone": "Asia/Tokyo"}):
            error_of(anyone.get(f"/v1/shared/{token}/data", params=parameters), 400)
        for method in ("POST", "PATCH", "PUT", "DELETE"):
            error_of(anyone.request(method, f"/v1/shared/{token}", json={"name": "mine"}), 405)
        for path in (dashboard["id"], "", token[:-1], token + "x", token.swapcase(), "%25", "x" * 5_000, f"{token}/widgets"):
            error_of(anyone.get(f"/v1/shared/{path}"), 404)
        for credential in ({"authorization": f"Bearer {token}"}, {"x-api-key": token}):
            error_of(anyone.get("/v1/metrics", params={"event": "e"}, headers=credential), 401)
            error_of(anyone.get("/v1/dashboards", headers=credential), 401)


def test_being_public_is_a_field_too(bearer: httpx.Client) -> None:
    dashboard = made(bearer)
    path = f"/v1/dashboards/{dashboard['id']}"
    shared = bearer.patch(path, json={"is_public": True}).json()
    assert shared["share_token"]
    assert bearer.patch(path, json={"is_public": True}).json()["share_token"] == shared["share_token"]
    assert bearer.patch(path, json={"is_public": False}).json()["share_token"] is None


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        pytest.param("read", 200, 403, id="reading alone"),
        pytest.param("ingest", 403, 403, id="sending alone"),
        pytest.param("ingest,read", 200, 200, id="as keys are made"),
        pytest.param("admin", 200, 200, id="all"),
    ],
)
def test_who_may_read_and_who_may_change(server: RunningServer, project: str, scopes: str, reads: int, writes: int) -> None:
    with server.client(server.key(project)) as owner, server.client(server.key(project, "unlimited", "--scope", scopes)) as key:
        path = f"/v1/dashboards/{made(owner)['id']}"
        for route in ("/v1/dashboards", path, f"{path}/data"):
            assert key.get(route).status_code == reads
        changes = [
            key.post("/v1/dashboards", json={"name": "D"}),
            key.patch(path, json={"name": "E"}),
            key.post(f"{path}/share"),
            key.delete(f"{path}/share"),
            key.delete(path),
        ]
        assert {answer.status_code for answer in changes} == {writes}


def test_a_funnel_says_how_many_visitors_took_each_step(server: RunningServer, bearer: httpx.Client, project: str) -> None:
    website = f"w-{project}"
    server.website(website, project, "--timezone", "America/New_York")
    ways = {
        "all": [(0, "page_view", {"page_url": "/pricing"}), (10, "signup", {"plan": "pro"}), (30, "purchase", {})],
        "slow": [(0, "page_view", {"page_url": "/pricing"}), (10, "signup", {"plan": "team"}), (121, "purchase", {})],
        "free": [(0, "page_view", {"page_url": "/pricing"}), (10, "signup", {"plan": "free"}), (30, "purchase", {})],
        "other": [(0, "page_view", {"page_url": "/"}), (10, "signup", {"plan": "pro"})],
    }
    events = [
        {
            "event_name": name,
            "visitor_id": visitor,
            "timestamp": f"2024-02-01T{4 + minute // 60:02}:{minute % 60:02}:00Z",  # Still January in New York.
            "properties": properties,
        }
        for visitor, way in ways.items()
        for minute, name, properties in way
    ]
    sent = bearer.post("/api/events/batch", json={"website_id": website, "events": events})
    assert (sent.status_code, sent.json()["failed"]) == (200, 0)
    dashboard = made(bearer, widgets=[funnel(website), funnel(website, timezone="UTC")])
    data = bearer.get(f"/v1/dashboards/{dashboard['id']}/data").json()["widgets"]
    assert data["w_1"] == {
        "data": {
            "steps": [
                {"name": "/pricing", "visitors": 3, "rate": 1, "step_rate": 1, "median_seconds": None},
                {
                    "name": "signup",
                    "visitors": 2,
                    "rate": pytest.approx(2 / 3),
                    "step_rate": pytest.approx(2 / 3),
                    "median_seconds": 600,
                },
                {"name": "bought", "visitors": 1, "rate": pytest.approx(1 / 3), "step_rate": 0.5, "median_seconds": 1200},
            ]
        }
    }
    assert [step["visitors"] for step in data["w_2"]["data"]["steps"]] == [0, 0, 0]
    february = {"from": "2024-02-01", "to": "2024-02-01", "timezone": "UTC"}
    replaced = bearer.get(f"/v1/dashboards/{dashboard['id']}/data", params=february).json()["widgets"]
    assert [step["visitors"] for step in replaced["w_2"]["data"]["steps"]] == [3, 2, 1]


def test_a_funnel_of_another_projects_website_is_refused(
    server: RunningServer, bearer: httpx.Client, project: str, other: httpx.Client
) -> None:
    server.website(f"w-{project}", project)
    dashboard = made(other)
    for website in (f"w-{project}", "unknown"):
        message = error_of(other.post("/v1/dashboards", json={"name": "D", "widgets": [funnel(website)]}), 400)
        assert "widgets[0].query.website_id" in message
        path = f"/v1/dashboards/{dashboard['id']}"
        assert error_of(other.patch(path, json={"widgets": [funnel(website)]}), 400) == message
    owned = made(bearer, widgets=[funnel(f"w-{project}"), widget()])
    server.command("websites", "delete", f"w-{project}", "--yes")
    data = bearer.get(f"/v1/dashboards/{owned['id']}/data").json()["widgets"]
    assert data["w_1"]["error"]["code"] == "NOT_FOUND"
    assert data["w_2"]["data"]["count"] == 0


def test_visitors_of_shared_dashboards_are_counted_by_address_and_dashboards_outlive_the_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = RunningServer(tmp_path_factory.mktemp("dashboards") / "data").start()
    try:
        with server.client(server.key("default")) as client:
            dashboard = made(client, widgets=ALL_KINDS, is_public=True)
            shared = f"/v1/shared/{dashboard['share_token']}"
            # Of the 121st request within a minute it does not matter whether it finds something, nor which key it has.
            answers = [client.get(shared if place % 2 else "/solinth/v1/shared/unknown") for place in range(121)]
            assert [answer.status_code for answer in answers] == [404, 200] * 60 + [429]
            assert 0 < int(answers[-1].headers["retry-after"]) <= 60
            assert client.get("/v1/dashboards").status_code == 200
            server.kill()
            server.start()
            assert client.get(f"/v1/dashboards/{dashboard['id']}").json() == dashboard
            assert client.get(f"/v1/shared/{dashboard['share_token']}").status_code == 200
    finally:
        server.stop()
