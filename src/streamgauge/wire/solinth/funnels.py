"""The query of a funnel widget, and its answer.

    {"website_id", "steps": [{"name", "event_name", "conditions": [{"property", "operator", "value"}], "page"}], "window",
     "from", "to", "timezone"}

- steps: 2 to 8, in this order. A step is an event by its name, a page view by its page ("/pricing", or {"operator", "value"}), or
  both; conditions are filters of GET /v1/metrics that compare texts. name: what the step is called in the answer, else its page
  or event.
- window: how long after the first step the last one may come, as a number and s, m, h or d; 7d when absent, at most 366d.
- from, to, timezone: as in GET /v1/metrics; the zone is that of the website when absent.

The answer: {"steps": [{"name", "visitors", "rate", "step_rate", "median_seconds"}]}. rate: share of those who took the first
step; step_rate: of those who took the step before; both null when nobody did. median_seconds: from the step before to this one.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from streamgauge.kernel.analytics import FunnelAnswer, FunnelQuery, FunnelStep, SiteSelection
from streamgauge.kernel.query import Filter, PropertyKey
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import PAGE_VIEW, Condition, ConversionEvent, Operator, PageMatch
from streamgauge.wire.body import JsonObject, Node, Written
from streamgauge.wire.fields import missing_field, read_name, read_required_id, wrong_type
from streamgauge.wire.numbers import json_number
from streamgauge.wire.parameters import one_of, shown
from streamgauge.wire.solinth.filters import read_filter
from streamgauge.wire.solinth.metric_range import parse_range
from streamgauge.wire.solinth.metrics import parse_timezone

FEWEST_STEPS, MOST_STEPS = 2, 8
MAX_CONDITIONS = 20
DEFAULT_WINDOW = "7d"
MAX_WINDOW_DAYS = 366

_FIELDS = ("website_id", "steps", "window", "from", "to", "timezone")
_STEP_FIELDS = ("name", "event_name", "conditions", "page")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WINDOW = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_MS_PER_SECOND = Decimal(1000)


def website_of(query: JsonObject) -> str:
    """The website of a funnel. Raises Refusal."""
    return read_required_id(query, "website_id")


def parse_funnel(
    query: JsonObject, project_id: str, now_ms: int, instead: Mapping[str, str], timezone: str = "UTC"
) -> FunnelQuery:
    """instead: parameters that replace its own range and zone. timezone: of the website. Raises Refusal; its field is the place
    in the query."""
    _refuse_unknown(query, _FIELDS, "")
    website_id = website_of(query)
    values = {name: text for name in ("from", "to", "timezone") if (text := _text(query, name))}
    if {"from", "to"} & set(instead):
        values = {name: text for name, text in values.items() if name not in ("from", "to")}
    values |= instead
    range_ = parse_range(values, parse_timezone(values.get("timezone", timezone)), now_ms)
    steps = query.get("steps")
    if steps is None:
        raise missing_field("steps", "array of steps")
    if not isinstance(steps, list):
        raise wrong_type("steps", "array of steps")
    if not FEWEST_STEPS <= len(steps) <= MOST_STEPS:
        raise _invalid("steps", f"{FEWEST_STEPS} to {MOST_STEPS} steps")
    return FunnelQuery(
        selection=SiteSelection(project_id, website_id, *range_),
        steps=tuple(read_step(node, f"steps[{place}]", website_id) for place, node in enumerate(steps)),
        within_ms=read_window(_text(query, "window") or DEFAULT_WINDOW),
    )


def render_funnel(answer: FunnelAnswer) -> bytes:
    steps = [
        {
            "name": step.name,
            "visitors": step.visitors,
            "rate": json_number(step.rate),
            "step_rate": json_number(step.step_rate),
            "median_seconds": json_number(None if step.median_ms is None else step.median_ms / _MS_PER_SECOND),
        }
        for step in answer.steps
    ]
    return msgspec.json.encode({"steps": steps})


def read_step(node: Node, path: str, website_id: str) -> FunnelStep:
    """One step of an inspected tree. path: what it is called when it is refused."""
    if not isinstance(node, JsonObject):
        raise wrong_type(path, "object")
    _refuse_unknown(node, _STEP_FIELDS, f"{path}.")
    page = _page(node.get("page"), f"{path}.page")
    try:
        event_name = PAGE_VIEW if page and node.get("event_name") is None else read_name(node, "event_name")
        name = _text(node, "name")
    except Refusal as refusal:
        field = f"{path}.{refusal.field}"
        message = refusal.message.replace(f": {refusal.field}", f": {field}")
        raise Refusal(refusal.reason, message, field=field, expected=refusal.expected) from refusal
    conditions = _conditions(node.get("conditions"), f"{path}.conditions")
    match = ConversionEvent("", website_id, "", event_name, conditions, page)
    return FunnelStep(name or (page.values[0] if page else event_name), match)


def _conditions(node: Node, path: str) -> tuple[Condition, ...]:
    if node is None:
        return ()
    if not isinstance(node, list):
        raise wrong_type(path, "array of conditions")
    if len(node) > MAX_CONDITIONS:
        raise _invalid(path, f"at most {MAX_CONDITIONS} conditions")
    return tuple(_condition(item, f"{path}[{place}]") for place, item in enumerate(node))


def _condition(node: Node, path: str) -> Condition:
    found = read_filter(node, path)
    if not isinstance(found, Filter):
        raise _invalid(f"{path}.operator", one_of(Operator))
    assert isinstance(found.key, PropertyKey)
    return Condition(found.key.name, found.operator, found.values)


def _page(node: Node, path: str) -> PageMatch | None:
    """Text alone means: is this path."""
    if node is None:
        return None
    given = JsonObject([("value", node)]) if type(node) is str else node
    if not isinstance(given, JsonObject) or "property" in given:
        raise wrong_type(path, "path such as /pricing, or an object with operator and value")
    found = read_filter(JsonObject([("property", ""), *given.items()]), path)
    if not isinstance(found, Filter):
        raise _invalid(f"{path}.operator", one_of(Operator))
    return PageMatch(found.operator, found.values)


def read_window(text: str, field: str = "window") -> int:
    """Milliseconds of 7d, 30m and the like. field: what it is called when it is refused."""
    found = _WINDOW.fullmatch(text)
    within_ms = int(found[1]) * _UNIT_MS[found[2]] if found else 0
    if not 0 < within_ms <= MAX_WINDOW_DAYS * _UNIT_MS["d"]:
        raise _invalid(field, f"a number and s, m, h or d, such as {DEFAULT_WINDOW}, of at most {MAX_WINDOW_DAYS} days")
    return within_ms


def _text(node: JsonObject, name: str) -> str | None:
    value = node.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or isinstance(value, Written):
        raise wrong_type(name, "string")
    return value


def _refuse_unknown(node: JsonObject, known: tuple[str, ...], path: str) -> None:
    for name in node:
        if name not in known:
            raise _invalid(f"{path}{shown(name)}", f"absent: known are {', '.join(known)}")


def _invalid(field: str, expected: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, f"Invalid field: {field} must be {expected}", field=field, expected=expected)
