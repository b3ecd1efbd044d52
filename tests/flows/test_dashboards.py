"""Dashboards over HTTP at both mounts: the published cases by number, widgets and their answers, sharing, theft, bad input."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer, series_of

FIELDS = {
    "id", "name", "description", "layout", "widgets", "is_public", "share_token", "created_at", "updated_at",
}  # fmt: skip
UNKNOWN = "dash_01ARZ3NDEKTSV4RRFFQ69G5FAV"
RANGE = {"from": "2024-01-01", "to": "2024-01-31"}
PURCHASES = {"event": "purchase", "metric": "sum", "property": "amount", **RANGE}
ALL_KINDS = [
    {"type": "metric", "title": "Revenue", "query": PURCHASES, "position": {"x": 0, "y": 0, "w": 3, "h": 2}},
    {"type": "line", "query": {**PURCHASES, "interval": "week", "compare": "previous_period"}},
    {"type": "bar", "query": {**PURCHASES, "group_by": ["plan", "co,untry"], "limit": 5}},
    {"type": "pie", "query": {**PURCHASES, "group_by": "plan"}},
    {
        "type": "table",
        "query": {
            **PURCHASES,
            "filters": [{"property": "amount", "operator": "gte", "value": 0.10}, {"property": "plan", "value": ["pro", 1.5]}],
            "event_b": "cart",
            "formula": "a / b",
        },
    },
]


@pytest.fixture(params=["/v1", "/solinth/v1"], ids=["root mount", "explicit mount"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def other(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    """A client of another project."""
    with server.client(server.key(f"{project}-other")) as client:
        yield client


def made(client: httpx.Client, base: str = "/v1", **fields: Any) -> Any:
    answer = client.post(f"{base}/dashboards", json={"name": "D", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def error_of(answer: httpx.Response, status: int) -> str:
    """The message of a refusal in Solinth's shape."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}
    return str(answer.json()["error"]["message"])


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


def _funnel(website_id: str, **changes: Any) -> dict[str, Any]:
    steps: list[Any] = [
        {"page": "/pricing"},
        {"event_name": "signup", "conditions": [{"property": "plan", "value": ["pro", "team"]}]},
        {"name": "bought", "event_name": "purchase"},
    ]
    return {"type": "funnel", "query": {"website_id": website_id, "steps": steps, "window": "2h", **RANGE, **changes}}


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
    dashboard = made(bearer, widgets=[_funnel(website), _funnel(website, timezone="UTC")])
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
        message = error_of(other.post("/v1/dashboards", json={"name": "D", "widgets": [_funnel(website)]}), 400)
        assert "widgets[0].query.website_id" in message
        path = f"/v1/dashboards/{dashboard['id']}"
        assert error_of(other.patch(path, json={"widgets": [_funnel(website)]}), 400) == message
    owned = made(bearer, widgets=[_funnel(f"w-{project}"), _widget()])
    server.command("websites", "delete", f"w-{project}", "--yes")
    data = bearer.get(f"/v1/dashboards/{owned['id']}/data").json()["widgets"]
    assert data["w_1"]["error"]["code"] == "NOT_FOUND"
    assert data["w_2"]["data"]["count"] == 0


def _widget(**changes: Any) -> dict[str, Any]:
    return {"type": "metric", "query": {"event": "e"}, "position": {"x": 0, "y": 0, "w": 1, "h": 1}, **changes}


def _query(**query: Any) -> list[Any]:
    return [_widget(), _widget(), _widget(query={"event": "e", **query})]


def _at(**position: Any) -> list[Any]:
    return [_widget(position={"x": 0, "y": 0, "w": 1, "h": 1, **position})]


BAD_FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "name null": ({"name": None}, "name"),
    "name a number": ({"name": 5}, "name"),
    "name a list": ({"name": ["D"]}, "name"),
    "name empty": ({"name": ""}, "name"),
    "name blank": ({"name": " \t"}, "name"),
    "name too long": ({"name": "x" * 256}, "name"),
    "description a number": ({"description": 1}, "description"),
    "description too long": ({"description": "x" * 2001}, "description"),
    "layout a list": ({"layout": []}, "layout"),
    "layout of 6 columns": ({"layout": {"columns": 6}}, "layout.columns"),
    "layout of true columns": ({"layout": {"columns": True}}, "layout.columns"),
    "layout of rows": ({"layout": {"rows": 2}}, "layout.rows"),
    "is_public text": ({"is_public": "yes"}, "is_public"),
    "a misspelt field": ({"widget": []}, "widget"),
    "widgets an object": ({"widgets": {}}, "widgets"),
    "widgets text": ({"widgets": "x"}, "widgets"),
    "51 widgets": ({"widgets": [_widget()] * 51}, "widgets"),
    "a widget null": ({"widgets": [_widget(), None]}, "widgets[1]"),
    "a widget a list": ({"widgets": [[]]}, "widgets[0]"),
    "a widget with another field": ({"widgets": [_widget(colour="red")]}, "widgets[0].colour"),
    "no type": ({"widgets": [_widget(type=None)]}, "widgets[0].type"),
    "an unknown type": ({"widgets": [_widget(type="gauge")]}, "widgets[0].type"),
    "type a number": ({"widgets": [_widget(type=1)]}, "widgets[0].type"),
    "title a number": ({"widgets": [_widget(title=1.5)]}, "widgets[0].title"),
    "title too long": ({"widgets": [_widget(title="x" * 256)]}, "widgets[0].title"),
    "id a number": ({"widgets": [_widget(id=1)]}, "widgets[0].id"),
    "id too long": ({"widgets": [_widget(id="x" * 65)]}, "widgets[0].id"),
    "an id twice": ({"widgets": [_widget(id="a"), _widget(id="a")]}, "widgets[1].id"),
    "no query": ({"widgets": [_widget(query=None)]}, "widgets[0].query"),
    "query text": ({"widgets": [_widget(query="event=e")]}, "widgets[0].query"),
    "query without event": ({"widgets": [_widget(query={})]}, "widgets[0].query.event"),
    "event a number": ({"widgets": _query(event=5)}, "widgets[2].query.event"),
    "event true": ({"widgets": _query(event=True)}, "widgets[2].query.event"),
    "event an object": ({"widgets": _query(event={})}, "widgets[2].query.event"),
    "an unknown metric": ({"widgets": _query(metric="mode")}, "widgets[2].query.metric"),
    "sum without property": ({"widgets": _query(metric="sum")}, "widgets[2].query.property"),
    "an unknown interval": ({"widgets": _query(interval="minute")}, "widgets[2].query.interval"),
    "from no time": ({"widgets": _query(**{"from": "soon"})}, "widgets[2].query.from"),
    "from after to": ({"widgets": _query(**{"from": "2024-02-01", "to": "2024-01-01"})}, "widgets[2].query.from"),
    "an unknown zone": ({"widgets": _query(timezone="Mars")}, "widgets[2].query.timezone"),
    "4 groups": ({"widgets": _query(group_by=["a", "b", "c", "d"])}, "widgets[2].query.group_by"),
    "a group twice": ({"widgets": _query(group_by=["a", "a"])}, "widgets[2].query.group_by"),
    "groups of numbers": ({"widgets": _query(group_by=[1])}, "widgets[2].query.group_by"),
    "limit without groups": ({"widgets": _query(limit=5)}, "widgets[2].query.limit"),
    "limit too large": ({"widgets": _query(group_by="a", limit=10**20)}, "widgets[2].query.limit"),
    "limit true": ({"widgets": _query(group_by="a", limit=True)}, "widgets[2].query.limit"),
    "filters an object": ({"widgets": _query(filters={})}, "widgets[2].query.filters"),
    "filters of text": ({"widgets": _query(filters=["plan"])}, "widgets[2].query.filters[0]"),
    "an unknown operator": (
        {"widgets": _query(filters=[{"property": "a", "operator": "like", "value": "x"}])}, "widgets[2].query.filters[0].operator"
    ),
    "no expression": (
        {"widgets": _query(filters=[{"property": "a", "operator": "matches", "value": "("}])}, "widgets[2].query.filters[0].value"
    ),
    "more than a list": (
        {"widgets": _query(filters=[{"property": "a", "operator": "gt", "value": [1]}])}, "widgets[2].query.filters[0].value"
    ),
    "formula of code": ({"widgets": _query(event_b="f", formula="__import__('os')")}, "widgets[2].query.formula"),
    "formula of a number": ({"widgets": _query(formula=1)}, "widgets[2].query.formula"),
    "compare of nothing": ({"widgets": _query(compare="next_week")}, "widgets[2].query.compare"),
    "a misspelt parameter": ({"widgets": _query(intervall="day")}, "widgets[2].query.intervall"),
    "a query too long": ({"widgets": _query(**{"filter[a]": "x" * 20_000})}, "widgets[2].query"),
    "a line without interval": ({"widgets": [_widget(type="line")]}, "widgets[0].query.interval"),
    "a pie without groups": ({"widgets": [_widget(type="pie")]}, "widgets[0].query.group_by"),
    "a bar without either": ({"widgets": [_widget(type="bar")]}, "widgets[0].query.interval"),
    "position a list": ({"widgets": [_widget(position=[0, 0, 1, 1])]}, "widgets[0].position"),
    "no x": ({"widgets": _at(x=None)}, "widgets[0].position.x"),
    "x negative": ({"widgets": _at(x=-1)}, "widgets[0].position.x"),
    "x beyond the grid": ({"widgets": _at(x=12)}, "widgets[0].position.x"),
    "x a fraction": ({"widgets": _at(x=0.5)}, "widgets[0].position.x"),
    "x text": ({"widgets": _at(x="0")}, "widgets[0].position.x"),
    "x true": ({"widgets": _at(x=True)}, "widgets[0].position.x"),
    "w of 0": ({"widgets": _at(w=0)}, "widgets[0].position.w"),
    "w over the edge": ({"widgets": _at(x=6, w=7)}, "widgets[0].position.w"),
    "y huge": ({"widgets": _at(y=10**27)}, "widgets[0].position.y"),
    "h of 0": ({"widgets": _at(h=0)}, "widgets[0].position.h"),
    "h huge": ({"widgets": _at(h=101)}, "widgets[0].position.h"),
    "z": ({"widgets": _at(z=1)}, "widgets[0].position.z"),
}  # fmt: skip
_LAST_WIDGET = b'{"name":"D","widgets":[{"type":"metric","query":'
_STEP = {"event_name": "a"}
BAD_FUNNELS: dict[str, tuple[dict[str, Any], str]] = {
    "no website": ({"website_id": None}, "website_id"),
    "an empty website": ({"website_id": ""}, "website_id"),
    "website a number": ({"website_id": 5}, "website_id"),
    "no steps": ({"steps": None}, "steps"),
    "steps an object": ({"steps": {}}, "steps"),
    "one step": ({"steps": [_STEP]}, "steps"),
    "9 steps": ({"steps": [_STEP] * 9}, "steps"),
    "a step of text": ({"steps": [_STEP, "a"]}, "steps[1]"),
    "a step of nothing": ({"steps": [_STEP, {}]}, "steps[1].event_name"),
    "a step with an empty event": ({"steps": [_STEP, {"event_name": " "}]}, "steps[1].event_name"),
    "a step with event 5": ({"steps": [_STEP, {"event_name": 5}]}, "steps[1].event_name"),
    "a step with name 5": ({"steps": [_STEP, {"event_name": "a", "name": 5}]}, "steps[1].name"),
    "a step with another field": ({"steps": [{"event": "a"}, _STEP]}, "steps[0].event"),
    "page a number": ({"steps": [{"page": 5}, _STEP]}, "steps[0].page"),
    "page by size": ({"steps": [{"page": {"operator": "gt", "value": 5}}, _STEP]}, "steps[0].page.operator"),
    "page without value": ({"steps": [{"page": {"operator": "is"}}, _STEP]}, "steps[0].page.value"),
    "page of a property": ({"steps": [{"page": {"property": "p", "value": "x"}}, _STEP]}, "steps[0].page"),
    "conditions an object": ({"steps": [{"event_name": "a", "conditions": {}}, _STEP]}, "steps[0].conditions"),
    "21 conditions": (
        {"steps": [{"event_name": "a", "conditions": [{"property": "p", "value": 1}] * 21}, _STEP]}, "steps[0].conditions"
    ),
    "a condition by size": (
        {"steps": [{"event_name": "a", "conditions": [{"property": "p", "operator": "gt", "value": 1}]}, _STEP]},
        "steps[0].conditions[0].operator",
    ),
    "window a number": ({"window": 7}, "window"),
    "window without unit": ({"window": "7"}, "window"),
    "window of nothing": ({"window": "0d"}, "window"),
    "window of years": ({"window": "367d"}, "window"),
    "from no time": ({"from": "soon"}, "from"),
    "an unknown zone": ({"timezone": "Mars"}, "timezone"),
    "a parameter of metrics": ({"event": "a"}, "event"),
}  # fmt: skip
BAD_FIELDS |= {
    f"funnel: {case}": ({"widgets": [_widget(), {**_funnel("w"), "query": {**_funnel("w")["query"], **changes}}]}, path)
    for case, (changes, own) in BAD_FUNNELS.items()
    for path in [f"widgets[1].query.{own}"]
}
BAD_BODIES = {
    "empty": (b"", "malformed_json"),
    "cut short": (b'{"name":"D"', "malformed_json"),
    "a list": (b"[]", "body_not_object"),
    "null": (b"null", "body_not_object"),
    "a key twice": (b'{"name":"D","name":"E"}', "duplicate_key"),
    "a query's key twice": (_LAST_WIDGET + b'{"event":"a","event":"b"}}]}', "duplicate_key"),
    "NUL": (b'{"name":"a\\u0000"}', "nul_character"),
    "NUL in a query": (_LAST_WIDGET + b'{"event":"a\\u0000"}}]}', "nul_character"),
    "half a surrogate": (b'{"name":"\\ud83d"}', "invalid_utf8"),
    "no UTF-8": (b'{"name":"\xff"}', "invalid_utf8"),
    "a number out of range": (b'{"name":"D","layout":{"columns":1e999}}', "number_out_of_range"),
    "a filter's number out of range": (
        _LAST_WIDGET + b'{"event":"a","filters":[{"property":"p","operator":"gt","value":1e28}]}}]}',
        "number_out_of_range",
    ),
    "nested 40 levels": (b'{"name":' + b"[" * 40 + b"]" * 40 + b"}", "nesting_too_deep"),
    "nested 10,000 levels": (b'{"name":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nesting_too_deep"),
    "a query nested 10,000 levels": (_LAST_WIDGET + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}]}", "nesting_too_deep"),
}


@pytest.fixture(scope="module")
def victim(server: RunningServer) -> Iterator[tuple[httpx.Client, Any]]:
    """A client, and a dashboard of its own that no refused change may touch."""
    with server.client(server.key("dashboards-malformed")) as client:
        dashboard = made(client, widgets=ALL_KINDS)
        yield client, dashboard
        assert client.get("/v1/dashboards").json() == {"data": [dashboard], "total": 1}


@pytest.mark.parametrize("case", BAD_FIELDS)
def test_a_bad_field_is_refused_by_its_path_and_changes_nothing(victim: tuple[httpx.Client, Any], case: str) -> None:
    client, dashboard = victim
    fields, path = BAD_FIELDS[case]
    message = error_of(client.post("/v1/dashboards", json={"name": "D", **fields}), 400)
    assert path in message, message
    if case != "name null":  # Null is absent: no change.
        message = error_of(client.patch(f"/solinth/v1/dashboards/{dashboard['id']}", json=fields), 400)
        assert path in message, message


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_refused_by_name(server: RunningServer, victim: tuple[httpx.Client, Any], case: str) -> None:
    client, dashboard = victim
    body, reason = BAD_BODIES[case]
    series = series_of("streamgauge_refused_total", door="solinth", reason=reason)
    before = server.metrics()[series]
    error_of(client.post("/v1/dashboards", content=body), 400)
    error_of(client.patch(f"/v1/dashboards/{dashboard['id']}", content=body), 400)
    assert server.metrics()[series] == before + 2


def test_dashboards_outlive_the_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = RunningServer(tmp_path_factory.mktemp("dashboards") / "data").start()
    try:
        with server.client(server.key("default")) as client:
            dashboard = made(client, widgets=ALL_KINDS, is_public=True)
            server.kill()
            server.start()
            assert client.get(f"/v1/dashboards/{dashboard['id']}").json() == dashboard
            assert client.get(f"/v1/shared/{dashboard['share_token']}").status_code == 200
    finally:
        server.stop()
