"""Widgets of dashboards: what a JSON list of them means, and the question that each of them asks.

    {"id", "type", "title", "query": {...}, "position": {"x", "y", "w", "h"}}

- id: made here when absent (w_1, w_2, ...). type: metric, line, area, bar, pie, table, funnel, analytics, usage. title: may be
  absent.
- query: an object of the parameters of GET /v1/metrics, read by the very parser of that route, so that what can be asked there
  can be saved here and nothing else. group_by may be a list of names, each taken literally; filters and filters_b a list of
  filters, limit a number. Funnels, analytics and usage have queries of their own
  (funnels, widget_views).
- position: on a grid of 12 columns; absent, it is below all others, half the width. Widgets may overlap.
- What is wrong is named by its path, such as widgets[2].query.interval.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamgauge.kernel.analytics import FunnelQuery
from streamgauge.kernel.dashboard import GRID_COLUMNS, MAX_WIDGETS, Position, Widget, WidgetType
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, Node, Written, load_object
from streamgauge.wire.fields import missing_field, wrong_type
from streamgauge.wire.parameters import Pairs, one_of, shown
from streamgauge.wire.solinth import funnels
from streamgauge.wire.solinth.metrics import MetricRequest, parse_metrics
from streamgauge.wire.solinth.widget_text import json_text
from streamgauge.wire.solinth.widget_views import site_view, usage_asked

MAX_TITLE_LENGTH = 255
MAX_ID_LENGTH = 64
MAX_QUERY_LENGTH = 20_000
MAX_ROWS = 10_000
MAX_HEIGHT = 100

_FIELDS = ("id", "type", "title", "query", "position")
_PLACES = ("x", "y", "w", "h")
_DEFAULT_SIZE = (GRID_COLUMNS // 2, 4)
_JSON_PARAMETERS = frozenset({"filters", "filters_b"})
# What a kind of chart cannot be drawn without: one of these.
_NEEDS: Mapping[WidgetType, Sequence[str]] = {
    WidgetType.LINE: ("interval",),
    WidgetType.AREA: ("interval",),
    WidgetType.BAR: ("interval", "group_by"),
    WidgetType.PIE: ("group_by",),
}


def parse_widgets(node: Node, project_id: str, now_ms: int) -> tuple[Widget, ...]:
    """The widgets of an inspected list. Raises Refusal, whose field is the path of what is wrong."""
    if not isinstance(node, list):
        raise wrong_type("widgets", "array of widgets")
    if len(node) > MAX_WIDGETS:
        raise _invalid("widgets", f"at most {MAX_WIDGETS} widgets")
    given = [_object(item, f"widgets[{place}]", _FIELDS) for place, item in enumerate(node)]
    ids = _ids(given)
    widgets: list[Widget] = []
    for place, item in enumerate(given):
        path = f"widgets[{place}]"
        kind = _kind(item, path)
        query = _object(item.get("query"), f"{path}.query")
        _check_query(kind, query, f"{path}.query", project_id, now_ms)
        bottom = max((each.position.y + each.position.h for each in widgets), default=0)
        title = _text(item, "title", path, MAX_TITLE_LENGTH) or ""
        position = _position(item.get("position"), f"{path}.position", min(bottom, MAX_ROWS))
        widgets.append(Widget(ids[place], kind, title, _json_text(query, f"{path}.query"), position))
    return tuple(widgets)


def metric_of(widget: Widget, project_id: str, now_ms: int, instead: Mapping[str, str]) -> MetricRequest:
    """The question of a saved widget of a kind that GET /v1/metrics answers.

    instead: parameters that replace its own; a bound of a range replaces both bounds.
    """
    replaced = set(instead) | ({"from", "to"} if {"from", "to"} & set(instead) else set())
    pairs = [pair for pair in _pairs(load_object(widget.query.encode())) if pair[0] not in replaced]
    return parse_metrics([*pairs, *instead.items()], project_id, now_ms)


def website_of(widget: Widget) -> str:
    """The website that a saved funnel or analytics widget is about."""
    return funnels.website_of(load_object(widget.query.encode()))


def funnel_of(widget: Widget, project_id: str, now_ms: int, instead: Mapping[str, str], timezone: str) -> FunnelQuery:
    """The question of a saved funnel. timezone: that of its website."""
    return funnels.parse_funnel(load_object(widget.query.encode()), project_id, now_ms, instead, timezone)


def render_widget(widget: Widget) -> Mapping[str, object]:
    return {
        "id": widget.widget_id,
        "type": widget.type.value,
        "title": widget.title,
        "query": msgspec.Raw(widget.query.encode()),
        "position": widget.position,
    }


def _check_query(kind: WidgetType, query: JsonObject, path: str, project_id: str, now_ms: int) -> None:
    needs = _NEEDS.get(kind)
    if needs and not any(query.get(name) for name in needs):
        field = f"{path}.{needs[0]}"
        message = f"Missing required field: {field}; {_named(kind)} needs {' or '.join(needs)}"
        raise Refusal(Reason.MISSING_FIELD, message, field=field, expected="string")
    try:
        if kind is WidgetType.FUNNEL:
            funnels.parse_funnel(query, project_id, now_ms, {})
        elif kind is WidgetType.ANALYTICS:
            site_view(query, {})
        elif kind is WidgetType.USAGE:
            usage_asked(query, now_ms, {})
        else:
            parse_metrics(_pairs(query), project_id, now_ms)
    except Refusal as refusal:
        raise within(path, refusal) from refusal


def _named(kind: WidgetType) -> str:
    return f"{'an' if kind.value.startswith('a') else 'a'} {kind.value}"


def within(path: str, refusal: Refusal) -> Refusal:
    """A refusal of a query, as one of the dashboard that holds it."""
    own = refusal.field
    field = f"{path}.{own}" if own else path
    for beginning in ("Parameter ", "Invalid field: ", "Missing required field: ", ""):
        if refusal.message.startswith(beginning + own):
            message = beginning.replace("Parameter ", "") + field + refusal.message[len(beginning + own) :]
            return Refusal(refusal.reason, message, field=field, expected=refusal.expected)
    return Refusal(refusal.reason, f"{field}: {refusal.message}", field=field, expected=refusal.expected)


def _pairs(query: JsonObject) -> Pairs:
    """The parameters of a query string that say the same."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, Written):
            pairs.append((name, str(value)))
        elif isinstance(value, str):
            pairs.append((name, value))
        elif name == "group_by" and isinstance(value, list) and all(type(item) is str for item in value):
            # The empty one makes that a single name is taken literally too.
            pairs += [(name, item) for item in (*value, "") if isinstance(item, str)]
        elif name in _JSON_PARAMETERS and isinstance(value, list):
            pairs.append((name, json_text(value)))
        elif name == "limit" and isinstance(value, int) and not isinstance(value, bool):
            pairs.append((name, str(value)))
        else:
            raise wrong_type(shown(name), "string")
    return pairs


def _ids(given: Sequence[JsonObject]) -> list[str]:
    """An id for each: its own, or the first free one of w_1, w_2, ..."""
    own = [_text(item, "id", f"widgets[{place}]", MAX_ID_LENGTH) or None for place, item in enumerate(given)]
    taken: set[str] = set()
    for place, widget_id in enumerate(own):
        if widget_id in taken:
            raise _invalid(f"widgets[{place}].id", "another id than those before it")
        if widget_id is not None:
            taken.add(widget_id)
    free = (name for number in range(1, 2 * MAX_WIDGETS + 1) if (name := f"w_{number}") not in taken)
    return [widget_id or next(free) for widget_id in own]


def _kind(item: JsonObject, path: str) -> WidgetType:
    value = item.get("type")
    if value is None:
        raise missing_field(f"{path}.type")
    if type(value) is not str or value not in tuple(WidgetType):
        raise _invalid(f"{path}.type", one_of(WidgetType))
    return WidgetType(value)


def _position(node: Node, path: str, bottom: int) -> Position:
    if node is None:
        return Position(0, bottom, *_DEFAULT_SIZE)
    given = _object(node, path, _PLACES)
    x = _whole(given, "x", path, 0, GRID_COLUMNS - 1)
    y = _whole(given, "y", path, 0, MAX_ROWS)
    w = _whole(given, "w", path, 1, GRID_COLUMNS)
    h = _whole(given, "h", path, 1, MAX_HEIGHT)
    if x + w > GRID_COLUMNS:
        raise _invalid(f"{path}.w", f"at most {GRID_COLUMNS - x}, so that the widget ends within {GRID_COLUMNS} columns")
    return Position(x, y, w, h)


def _whole(given: JsonObject, name: str, path: str, least: int, most: int) -> int:
    value = given.get(name)
    field = f"{path}.{name}"
    if value is None:
        raise missing_field(field, "integer")
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(field, "integer")
    if not least <= value <= most:
        raise _invalid(field, f"a whole number from {least} to {most}")
    return value


def _text(item: JsonObject, name: str, path: str, max_length: int) -> str | None:
    value = item.get(name)
    if value is None:
        return None
    field = f"{path}.{name}"
    if type(value) is not str:
        raise wrong_type(field, "string")
    if len(value) > max_length:
        message = f"Invalid field: {field} must not be longer than {max_length} characters"
        raise Refusal(Reason.TEXT_TOO_LONG, message, field=field, expected=f"at most {max_length} characters")
    return value


def _object(node: Node, path: str, known: Sequence[str] | None = None) -> JsonObject:
    if node is None:
        raise missing_field(path, "object")
    if not isinstance(node, JsonObject):
        raise wrong_type(path, "object")
    for name in node if known else ():
        if known and name not in known:
            raise _invalid(f"{path}.{shown(name)}", f"absent: known are {', '.join(known)}")
    return node


def _json_text(query: JsonObject, path: str) -> str:
    text = json_text(query)
    if len(text) > MAX_QUERY_LENGTH:
        expected = f"at most {MAX_QUERY_LENGTH} characters"
        raise Refusal(Reason.TEXT_TOO_LONG, f"{path} must have {expected} as JSON", field=path, expected=expected)
    return text


def _invalid(field: str, expected: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, f"Invalid field: {field} must be {expected}", field=field, expected=expected)
