"""Widgets: their query is the query of GET /v1/metrics, whatever form its values have; and whatever comes is read or refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.dashboard import GRID_COLUMNS, MAX_WIDGETS, Dashboard, WidgetType
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.solinth.dashboards import (
    parse_dashboard_change,
    parse_new_dashboard,
    render_dashboard,
    render_data,
)
from streamgauge.wire.solinth.metrics import OF_B, PARAMETERS, parse_metrics
from streamgauge.wire.solinth.widgets import metric_of
from streamgauge.wire.timestamps import parse_rfc3339

NOW = parse_rfc3339("2024-02-10T12:34:56.789Z")


def made(*widgets: Any) -> Dashboard:
    spec = parse_new_dashboard(json.dumps({"name": "D", "widgets": widgets}).encode(), "p1", NOW)
    return Dashboard("dash_1", "p1", spec.name, spec.description, spec.widgets, None, 0, 0)


def widget_of(query: Any) -> Any:
    return made({"type": "table", "query": query}).widgets[0]


SAME = [
    pytest.param({"event": "e"}, [("event", "e")], id="the least"),
    pytest.param({"event": "e", "metric": None}, [("event", "e")], id="null is absent"),
    pytest.param(
        {"event": "e", "group_by": ["a,b"]}, [("event", "e"), ("group_by", "a,b"), ("group_by", "")], id="a literal name"
    ),
    pytest.param(
        {"event": "e", "group_by": ["a", "b"], "limit": 3},
        [("event", "e"), ("group_by", "a,b"), ("limit", "3")],
        id="names in a list",
    ),
    pytest.param({"event": "e", "group_by": "a,b"}, [("event", "e"), ("group_by", "a,b")], id="names with commas"),
    pytest.param({"event": "e", "group_by": []}, [("event", "e")], id="no names"),
    pytest.param(
        {"event": "e", "filters": [{"property": "p", "operator": "gt", "value": 0.1}], "filter[q]": "x"},
        [("event", "e"), ("filters", '[{"property":"p","operator":"gt","value":0.1}]'), ("filter[q]", "x")],
        id="filters in a list",
    ),
    pytest.param(
        {"event": "e", "filters": '[{"property":"p","value":[1,true]}]'},
        [("event", "e"), ("filters", '[{"property":"p","value":[1,true]}]')],
        id="filters as text",
    ),
    pytest.param(
        {"event": "e", "event_b": "f", "formula": "a/b", "filters_b": [], "from": "2024-01-01", "timezone": "Asia/Tokyo"},
        [
            ("event", "e"),
            ("event_b", "f"),
            ("formula", "a/b"),
            ("filters_b", "[]"),
            ("from", "2024-01-01"),
            ("timezone", "Asia/Tokyo"),
        ],
        id="a formula",
    ),
]


@pytest.mark.parametrize(("query", "parameters"), SAME)
def test_a_saved_query_asks_what_the_parameters_ask(query: Any, parameters: list[tuple[str, str]]) -> None:
    assert metric_of(widget_of(query), "p1", NOW, {}) == parse_metrics(parameters, "p1", NOW)


def test_a_number_keeps_every_digit() -> None:
    filters = b'[{"property":"p","value":0.10000000000000000001}]'
    body = b'{"name":"D","widgets":[{"type":"table","query":{"event":"e","filters":%b}}]}' % filters
    (widget,) = parse_new_dashboard(body, "p1", NOW).widgets
    assert '"value":0.10000000000000000001' in widget.query


REPLACED = [
    pytest.param({}, [("from", "2024-01-01"), ("to", "2024-01-31"), ("timezone", "Asia/Tokyo")], id="nothing"),
    pytest.param({"from": "2024-02-01"}, [("from", "2024-02-01"), ("timezone", "Asia/Tokyo")], id="from replaces both bounds"),
    pytest.param({"to": "2023-12-31"}, [("to", "2023-12-31"), ("timezone", "Asia/Tokyo")], id="to replaces both bounds"),
    pytest.param({"timezone": "UTC"}, [("from", "2024-01-01"), ("to", "2024-01-31"), ("timezone", "UTC")], id="the zone"),
]


@pytest.mark.parametrize(("instead", "parameters"), REPLACED)
def test_what_a_request_replaces(instead: dict[str, str], parameters: list[tuple[str, str]]) -> None:
    widget = widget_of({"event": "e", "from": "2024-01-01", "to": "2024-01-31", "timezone": "Asia/Tokyo"})
    assert metric_of(widget, "p1", NOW, instead) == parse_metrics([("event", "e"), *parameters], "p1", NOW)


def test_the_range_without_bounds_moves_with_the_day() -> None:
    widget = widget_of({"event": "e"})
    later = NOW + 40 * 86_400_000
    assert metric_of(widget, "p1", later, {}) == parse_metrics([("event", "e")], "p1", later)


def test_what_is_shown_can_be_sent_back() -> None:
    dashboard = made(
        {"type": "line", "query": {"event": "e", "interval": "day"}, "title": "☃", "id": "mine"},
        {"type": "pie", "query": {"event": "e", "group_by": ["a"], "limit": 5}, "position": {"x": 11, "y": 3, "w": 1, "h": 1}},
    )
    change = parse_dashboard_change(render_dashboard(dashboard), "p1", NOW)
    assert change.widgets == dashboard.widgets
    assert (change.name, change.description, change.is_public, change.seen_at_ms) == ("D", None, False, 0)


def test_answers_stand_by_widget_and_failures_in_their_place() -> None:
    dashboard = made({"type": "metric", "query": {"event": "e"}}, {"type": "metric", "query": {"event": "f"}})
    body = render_data(dashboard, [b'{"value":1}', Refusal(Reason.QUERY_TIMEOUT, "too slow")])
    assert json.loads(body)["widgets"] == {
        "w_1": {"data": {"value": 1}},
        "w_2": {"error": {"code": "SERVICE_UNAVAILABLE", "message": "too slow"}},
    }


def test_ids_are_made_around_those_that_are_given() -> None:
    query = {"event": "e"}
    given = ["w_2", None, "x", None, "w_1"]
    found = made(*({"type": "metric", "query": query, "id": each} for each in given))
    assert [widget.widget_id for widget in found.widgets] == ["w_2", "w_3", "x", "w_4", "w_1"]


def test_as_many_widgets_as_there_may_be_get_a_place_each() -> None:
    widgets = made(*[{"type": "metric", "query": {"event": "e"}}] * MAX_WIDGETS).widgets
    assert len({widget.widget_id for widget in widgets}) == len({widget.position for widget in widgets}) == MAX_WIDGETS
    assert all(widget.position.x + widget.position.w <= GRID_COLUMNS for widget in widgets)


def test_a_body_that_is_too_large_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        parse_new_dashboard(b'{"name":"D"' + b" " * (5 << 20) + b"}", "p1", NOW)
    assert caught.value.reason is Reason.BODY_TOO_LARGE


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_likely = st.sampled_from(["e", "count", "sum", "2024-01-01", "day", "UTC", "a/b", "ratio", "previous_year", "5", ""]) | _json
_queries = st.dictionaries(st.sampled_from([*PARAMETERS, *OF_B, "filter[p]"]), _likely) | _json
_widgets = st.fixed_dictionaries(
    {"type": st.sampled_from(WidgetType), "query": _queries},
    optional={
        "id": _likely,
        "title": _likely,
        "position": st.dictionaries(st.sampled_from(["x", "y", "w", "h"]), st.integers(-1, 13)) | _json,
    },
)
_dashboards = st.fixed_dictionaries(
    {}, optional={"name": _likely, "widgets": st.lists(_widgets | _json) | _json, "layout": _json}
)


@given(_dashboards | _json)
def test_whatever_comes_is_read_or_refused(body: Any) -> None:
    try:
        spec = parse_new_dashboard(json.dumps(body).encode(), "p1", NOW)
    except Refusal:
        return
    for widget in spec.widgets:
        if widget.type not in (WidgetType.FUNNEL, WidgetType.ANALYTICS, WidgetType.USAGE):
            assert metric_of(widget, "p1", NOW, {}).first.selection.project_id == "p1"
