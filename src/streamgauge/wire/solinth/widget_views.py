"""The queries of widgets that ask what other doors answer: `analytics` of a website, `usage` of a meter. These kinds are ours.

    analytics   {"website_id", "view", "draw", ...}    view: metrics, series or breakdown (GET /api/analytics), retention or
                attribution (the routes of these names). All else are parameters of that route, by name, read by its very parser;
                filters may be a list, group_by a list of names, numbers numbers. A breakdown needs group_by.
    usage       {"meter_id", "period", "draw", ...}    fields of POST /v1/meter-usage/query, read by its very parser. period: as
                in GET /api/analytics, instead of start_time and end_time; its days are those of timezone, UTC when absent.

draw says how the answer is shown: number, line, area, bar, pie, table or map. Nothing of the answer depends on it. A range that
replaces the widgets' own takes the place of whatever says when: period, start_date and end_date, start_time and end_time.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from streamgauge.kernel.calendar import check_timezone
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, Written, load_object
from streamgauge.wire.fields import missing_field, read_required_id, wrong_type
from streamgauge.wire.flexprice.meter_usage import MeterUsageRequest, parse_meter_usage
from streamgauge.wire.parameters import Pairs, one_of, shown
from streamgauge.wire.solinth.metric_range import parse_range
from streamgauge.wire.solinth.widget_text import json_text
from streamgauge.wire.thebizness.analytics import analytics_asked
from streamgauge.wire.thebizness.asking import Asked
from streamgauge.wire.thebizness.attribution import attribution_asked
from streamgauge.wire.thebizness.period import CUSTOM, PERIODS, read_range
from streamgauge.wire.thebizness.retention import retention_asked
from streamgauge.wire.timestamps import format_instant


class View(StrEnum):
    """What an analytics widget shows of its website."""

    METRICS = "metrics"
    SERIES = "series"
    BREAKDOWN = "breakdown"
    RETENTION = "retention"
    ATTRIBUTION = "attribution"


class Drawing(StrEnum):
    """How the answer of an analytics or usage widget is shown."""

    NUMBER = "number"
    LINE = "line"
    AREA = "area"
    BAR = "bar"
    PIE = "pie"
    TABLE = "table"
    MAP = "map"


class SiteView(NamedTuple):
    view: View
    asked: Asked


USAGE_PERIODS = tuple(period for period in PERIODS if period != CUSTOM)
_READERS = {View.RETENTION: retention_asked, View.ATTRIBUTION: attribution_asked}
_OWN = ("view", "draw")
_SITE_WHEN = ("period", "start_date", "end_date")
_USAGE_WHEN = ("period", "start_time", "end_time")
_USAGE_FIELDS = (
    "meter_id", "draw", *_USAGE_WHEN, "timezone", "window_size", "group_by", "filters", "sources", "external_customer_id",
    "external_customer_ids", "customer_id", "include_children", "billing_anchor",
)  # fmt: skip


def read_site_view(text: str, instead: Mapping[str, str]) -> SiteView:
    """The question of a saved analytics widget. instead: from, to and timezone in place of its own. Raises Refusal."""
    return site_view(load_object(text.encode()), instead)


def site_view(query: JsonObject, instead: Mapping[str, str]) -> SiteView:
    """The same of an inspected tree."""
    read_required_id(query, "website_id")
    view = View(_word(query, "view", View) or _missing("view", View))
    _word(query, "draw", Drawing)
    pairs = [pair for pair in _site_pairs(query) if pair[0] not in _OWN]
    if view is View.BREAKDOWN and not any(name in ("group_by", "breakdown") and value for name, value in pairs):
        raise missing_field("group_by")
    if {"from", "to"} & set(instead):
        pairs = [pair for pair in pairs if pair[0] not in _SITE_WHEN]
    pairs = [pair for pair in pairs if pair[0] != "timezone" or "timezone" not in instead]
    names = {"from": "start_date", "to": "end_date", "timezone": "timezone"}
    asked = _READERS.get(view, analytics_asked)([*pairs, *((names[name], value) for name, value in instead.items())])
    return SiteView(view, asked)


def read_usage(text: str, now_ms: int, instead: Mapping[str, str]) -> MeterUsageRequest:
    """The question of a saved usage widget, as read_site_view."""
    return usage_asked(load_object(text.encode()), now_ms, instead)


def usage_asked(query: JsonObject, now_ms: int, instead: Mapping[str, str]) -> MeterUsageRequest:
    """The same of an inspected tree."""
    for name in query:
        if name not in _USAGE_FIELDS:
            raise _invalid(shown(name), f"absent: known are {', '.join(_USAGE_FIELDS)}")
    read_required_id(query, "meter_id")
    _word(query, "draw", Drawing)
    fields: dict[str, object] = {name: value for name, value in query.items() if name not in ("period", "draw")}
    if "timezone" in instead:
        fields["timezone"] = instead["timezone"]
    when = _usage_range(query, fields, now_ms, instead)
    if when is not None:
        fields |= {"start_time": format_instant(when[0]), "end_time": format_instant(when[1])}
    try:
        return parse_meter_usage(json_text(fields).encode(), now_ms)
    except Refusal as refusal:
        # The door's own message names no field.
        field, expected = refusal.field, refusal.expected
        message = f"Invalid field: {field} must be {expected}" if field else refusal.message
        raise Refusal(refusal.reason, message, field=field, expected=expected) from refusal


def _usage_range(
    query: JsonObject, fields: Mapping[str, object], now_ms: int, instead: Mapping[str, str]
) -> tuple[int, int] | None:
    """None: what start_time and end_time say."""
    timezone = fields.get("timezone")
    zone = check_timezone(timezone) if isinstance(timezone, str) and timezone else "UTC"
    if {"from", "to"} & set(instead):
        return parse_range(instead, zone, now_ms)
    period = query.get("period")
    if period is None:
        return None
    if type(period) is not str or period not in USAGE_PERIODS:
        raise _invalid("period", one_of(USAGE_PERIODS))
    if any(query.get(name) is not None for name in ("start_time", "end_time")):
        raise _invalid("period", "absent when start_time or end_time is given")
    found = read_range({"period": period}, zone, now_ms)
    return found.start_ms, found.end_ms


def _site_pairs(query: JsonObject) -> Pairs:
    """The parameters of a query string that say the same."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            pairs.append((name, str(value)))
        elif name == "filters" and isinstance(value, list):
            pairs.append((name, json_text(value)))
        elif name == "group_by" and isinstance(value, list) and all(type(item) is str for item in value):
            pairs += [(name, item) for item in value if isinstance(item, str)]
        else:
            raise wrong_type(shown(name), "string")
    return pairs


def _word(query: JsonObject, name: str, words: type[StrEnum]) -> str | None:
    value = query.get(name)
    if value is None:
        return None
    if isinstance(value, Written) or not isinstance(value, str) or value not in tuple(words):
        raise _invalid(name, one_of(words))
    return value


def _missing(name: str, words: type[StrEnum]) -> str:
    raise missing_field(name, one_of(words))


def _invalid(field: str, expected: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, f"Invalid field: {field} must be {expected}", field=field, expected=expected)
