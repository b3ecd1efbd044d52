"""Malformed dashboards of every kind: refused in the shape of the door, by the path of what is wrong; nothing is changed."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.dashboards import ALL_KINDS, error_of, funnel, made, widget
from tests.flows.running import RunningServer, series_of


def _query(**query: Any) -> list[Any]:
    return [widget(), widget(), widget(query={"event": "e", **query})]


def _at(**position: Any) -> list[Any]:
    return [widget(position={"x": 0, "y": 0, "w": 1, "h": 1, **position})]


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
    "51 widgets": ({"widgets": [widget()] * 51}, "widgets"),
    "a widget null": ({"widgets": [widget(), None]}, "widgets[1]"),
    "a widget a list": ({"widgets": [[]]}, "widgets[0]"),
    "a widget with another field": ({"widgets": [widget(colour="red")]}, "widgets[0].colour"),
    "no type": ({"widgets": [widget(type=None)]}, "widgets[0].type"),
    "an unknown type": ({"widgets": [widget(type="gauge")]}, "widgets[0].type"),
    "type a number": ({"widgets": [widget(type=1)]}, "widgets[0].type"),
    "title a number": ({"widgets": [widget(title=1.5)]}, "widgets[0].title"),
    "title too long": ({"widgets": [widget(title="x" * 256)]}, "widgets[0].title"),
    "id a number": ({"widgets": [widget(id=1)]}, "widgets[0].id"),
    "id too long": ({"widgets": [widget(id="x" * 65)]}, "widgets[0].id"),
    "an id twice": ({"widgets": [widget(id="a"), widget(id="a")]}, "widgets[1].id"),
    "no query": ({"widgets": [widget(query=None)]}, "widgets[0].query"),
    "query text": ({"widgets": [widget(query="event=e")]}, "widgets[0].query"),
    "query without event": ({"widgets": [widget(query={})]}, "widgets[0].query.event"),
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
    "a line without interval": ({"widgets": [widget(type="line")]}, "widgets[0].query.interval"),
    "a pie without groups": ({"widgets": [widget(type="pie")]}, "widgets[0].query.group_by"),
    "a bar without either": ({"widgets": [widget(type="bar")]}, "widgets[0].query.interval"),
    "position a list": ({"widgets": [widget(position=[0, 0, 1, 1])]}, "widgets[0].position"),
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
    f"funnel: {case}": ({"widgets": [widget(), {**funnel("w"), "query": {**funnel("w")["query"], **changes}}]}, path)
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
