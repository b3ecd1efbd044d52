"""Widgets about a website and about a meter: they say what the routes say that ask the same, also to whoever has the link."""

from typing import Any

import httpx
import pytest

from tests.flows.dashboards import error_of, made
from tests.flows.running import RunningServer
from tests.flows.sending import meter

JANUARY = {"start_date": "2024-01-01", "end_date": "2024-01-31"}
VIEWS: dict[str, tuple[dict[str, Any], str, list[tuple[str, str]]]] = {
    "metrics": ({"view": "metrics", "metrics": "visitors,visits", "draw": "number"}, "", [("metrics", "visitors,visits")]),
    "series": (
        {"view": "series", "metric": "page_views", "interval": "week", "compare": "previous_period", "draw": "area"},
        "",
        [("metric", "page_views"), ("interval", "week"), ("compare", "previous_period")],
    ),
    "breakdown": (
        {
            "view": "breakdown",
            "group_by": ["page", "country"],
            "limit": 2,
            "filters": [{"dimension": "page", "operator": "is", "value": ["/", "/pricing"]}],
            "draw": "map",
        },
        "",
        [
            ("group_by", "page"),
            ("group_by", "country"),
            ("limit", "2"),
            ("filters", '[{"dimension":"page","operator":"is","value":["/","/pricing"]}]'),
        ],
    ),
    "retention": ({"view": "retention", "interval": "day", "periods": 3}, "/retention", [("interval", "day"), ("periods", "3")]),
    "attribution": ({"view": "attribution", "model": "first_touch"}, "/attribution", [("model", "first_touch")]),
}


@pytest.fixture
def website(server: RunningServer, bearer: httpx.Client, project: str) -> str:
    """A website with visits of January 2024, and what was bought."""
    name = f"w-{project}"
    server.website(name, project)
    events = [
        {
            "event_name": "page_view",
            "visitor_id": f"v{day % 5}",
            "timestamp": f"2024-01-{day:02}T12:00:00Z",
            "properties": {"page_url": f"https://shop.example{page}"},
        }
        for day in range(1, 32)
        for page in ("/", "/pricing", "/about")
    ]
    sent = bearer.post("/api/events/batch", json={"website_id": name, "events": events})
    assert (sent.status_code, sent.json()["failed"]) == (200, 0)
    return name


@pytest.fixture
def tokens(flexprice: httpx.Client) -> str:
    """A meter with 30 days of usage by two customers."""
    meter_id = meter(flexprice, {"type": "SUM", "field": "n"}, event="tokens")
    events = [
        {
            "event_name": "tokens",
            "external_customer_id": customer,
            "timestamp": f"2024-01-{day:02}T12:00:00Z",
            "properties": {"n": "0.1", "model": customer},
        }
        for day in range(1, 31)
        for customer in ("a", "b")
    ]
    assert flexprice.post("/events/bulk", json={"events": events}).status_code == 202
    return meter_id


def _answers(client: httpx.Client, *widgets: dict[str, Any], **instead: str) -> list[Any]:
    """The answers of widgets, which whoever has the link sees too."""
    dashboard = made(client, widgets=list(widgets), is_public=True)
    data = client.get(f"/v1/dashboards/{dashboard['id']}/data", params=instead)
    assert data.status_code == 200, data.text
    if not instead:
        assert httpx.get(f"{str(client.base_url).rstrip('/')}/v1/shared/{dashboard['share_token']}/data").json() == data.json()
    return [data.json()["widgets"][widget["id"]] for widget in dashboard["widgets"]]


def test_a_view_of_a_website_says_what_its_route_says(bearer: httpx.Client, website: str) -> None:
    widgets = [{"type": "analytics", "query": {"website_id": website, **JANUARY, **view}} for view, _, _ in VIEWS.values()]
    answers = _answers(bearer, *widgets)
    for answer, (name, (_, route, parameters)) in zip(answers, VIEWS.items(), strict=True):
        asked = bearer.get(f"/api/analytics{route}", params=[("website_id", website), *JANUARY.items(), *parameters])
        assert asked.status_code == 200, asked.text
        assert answer == {"data": asked.json()}, name
    assert answers[0]["data"]["metrics"]["visitors"] == 5


def test_usage_of_a_meter_says_what_its_route_says(bearer: httpx.Client, tokens: str) -> None:
    asked = {"meter_id": tokens, "start_time": "2024-01-01T00:00:00Z", "end_time": "2024-02-01T00:00:00Z"}
    by_day = {**asked, "external_customer_id": "a", "window_size": "DAY", "group_by": ["properties.model"]}
    answers = _answers(
        bearer, {"type": "usage", "query": {**asked, "draw": "number"}}, {"type": "usage", "query": {**by_day, "draw": "bar"}}
    )
    for answer, question in zip(answers, (asked, by_day), strict=True):
        assert answer == {"data": bearer.post("/flexprice/v1/meter-usage/query", json=question).json()}
    assert (answers[0]["data"]["total_value"], len(answers[1]["data"]["points"])) == ("6", 30)


def test_a_range_for_the_dashboard_replaces_theirs(bearer: httpx.Client, website: str, tokens: str) -> None:
    widgets = (
        {"type": "analytics", "query": {"website_id": website, "view": "metrics", "metric": "page_views", "period": "7d"}},
        {"type": "usage", "query": {"meter_id": tokens, "period": "today", "timezone": "Asia/Tokyo"}},
    )
    now = _answers(bearer, *widgets)
    assert (now[0]["data"]["metrics"]["page_views"], now[1]["data"]["total_value"]) == (0, "0")
    two_days = _answers(bearer, *widgets, **{"from": "2024-01-02", "to": "2024-01-03", "timezone": "UTC"})
    assert (two_days[0]["data"]["metrics"]["page_views"], two_days[1]["data"]["total_value"]) == (6, "0.4")


SITE, USED = {"view": "metrics"}, {"type": "usage"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no view": ({"view": None}, "view"),
    "an unknown view": ({"view": "heatmap"}, "view"),
    "an unknown drawing": ({**SITE, "draw": "gauge"}, "draw"),
    "a website that is not there": ({**SITE, "website_id": "elsewhere"}, "website_id"),
    "no website": ({**SITE, "website_id": None}, "website_id"),
    "a breakdown of nothing": ({"view": "breakdown"}, "group_by"),
    "an unknown dimension": ({"view": "breakdown", "group_by": "colour"}, "group_by"),
    "an unknown metric": ({**SITE, "metric": "fame"}, "metric"),
    "an unknown parameter": ({**SITE, "colour": "red"}, "colour"),
    "a parameter of another view": ({"view": "retention", "model": "linear"}, "model"),
    "filters that are text": ({**SITE, "filters": "x"}, "filters"),
    "an unknown conversion event": ({"view": "retention", "returning": "cev_x"}, "returning"),
    "a meter that is not there": ({**USED, "meter_id": "meter_x"}, "meter_id"),
    "no meter": ({**USED}, "meter_id"),
    "an unknown window": ({**USED, "meter_id": "m", "window_size": "EON"}, "window_size"),
    "an unknown period": ({**USED, "meter_id": "m", "period": "soon"}, "period"),
    "a period and a time": ({**USED, "meter_id": "m", "period": "7d", "end_time": "2024-01-01T00:00:00Z"}, "period"),
    "an unknown field": ({**USED, "meter_id": "m", "windowsize": "DAY"}, "windowsize"),
}


@pytest.mark.parametrize(("query", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_answered_is_refused_when_it_is_saved(
    server: RunningServer, bearer: httpx.Client, project: str, query: dict[str, Any], field: str
) -> None:
    server.website(f"w-{project}", project)
    kind = query.get("type", "analytics")
    asked = {name: value for name, value in query.items() if name != "type"}
    sent = asked if kind == "usage" else {"website_id": f"w-{project}", **asked}
    refused = bearer.post("/v1/dashboards", json={"name": "D", "widgets": [{"type": kind, "query": sent}]})
    status = 404 if field == "returning" else 400
    assert f"widgets[0].query.{field}" in error_of(refused, status)
