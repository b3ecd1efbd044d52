"""GET /api/analytics: a question about a website into a SiteQuery, and its answer. Parameters beyond those of asking.py:

interval                  hour, day (the default; month for period=all), week, month
metrics, metric           which numbers, separated by commas; all when absent
group_by, breakdown       by what they are broken down: KEYs separated by commas, or one KEY each when given more than once
breakdown_metrics         which numbers by value; without it those of metrics when it is given, else visitors (and sort)
sort                      the metric by which values are ordered, largest first; visitors when asked for, else the first metric
limit, offset or page     which values of a breakdown
compare                   previous_period, previous_year or START..END
currency                  of revenue; the website's when absent
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from streamgauge.kernel import calendar
from streamgauge.kernel.analytics import (
    Breakdown,
    BreakdownAnswer,
    Dimension,
    SiteAnswer,
    SiteFilter,
    SiteKey,
    SiteMetric,
    SitePoint,
    SiteQuery,
    SiteTotals,
)
from streamgauge.kernel.query import CalendarRule, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Operator
from streamgauge.wire.parameters import Pairs, one_of
from streamgauge.wire.solinth.metric_range import parse_comparison
from streamgauge.wire.thebizness import asking
from streamgauge.wire.thebizness.asking import Asked, Site, invalid
from streamgauge.wire.thebizness.figures import period_shape, revenue_shape, values_shape

INTERVALS: Mapping[str, Window] = {"hour": Window.HOUR, "day": Window.DAY, "week": Window.WEEK, "month": Window.MONTH}
DEFAULT_LIMIT = 10
MAX_LIMIT = 1_000
MAX_BREAKDOWNS = 10
_GROUPING = ("group_by", "breakdown")
PARAMETERS = (
    *asking.SELECTING,
    "interval",
    "metrics",
    "metric",
    "breakdown_metrics",
    "sort",
    *asking.PAGING,
    "compare",
    "currency",
)
VALUE_PARAMETERS = (*asking.SELECTING, "dimension", "search", *asking.PAGING)


class AnalyticsRequest(NamedTuple):
    """names: what the breakdowns are called in the answer. skips_empty: buckets before the first that holds anything."""

    query: SiteQuery
    interval: str
    names: tuple[str, ...]
    skips_empty: bool


def analytics_asked(parameters: Pairs) -> Asked:
    """Raises Refusal."""
    return asking.of_parameters(parameters, PARAMETERS, _GROUPING)


def parse_analytics(asked: Asked, site: Site, now_ms: int) -> AnalyticsRequest:
    """Raises Refusal: invalid_parameter, missing_parameter, invalid_timestamp, timestamp_out_of_range, range_reversed."""
    timezone = asking.read_zone(asked, site)
    selection, range_ = asking.read_selection(asked, site, now_ms)
    interval = asked.values.get("interval", "month" if range_.is_all else "day")
    if interval not in INTERVALS:
        raise invalid("interval", one_of(INTERVALS), interval)
    metrics = _metrics(asked)
    keys = _keys(asked)
    limit, offset = asking.read_page(asked, DEFAULT_LIMIT, MAX_LIMIT)
    sort, by_value = _by_value(asked, metrics)
    compare = asked.values.get("compare")
    query = SiteQuery(
        selection=selection,
        metrics=metrics,
        conversions=site.conversions,
        window=INTERVALS[interval],
        calendar=CalendarRule(timezone=timezone),
        breakdowns=tuple(Breakdown(key, limit, offset, sort, by_value) for key in keys.values()),
        compare=None if compare is None else parse_comparison(compare, (range_.start_ms, range_.end_ms), timezone),
        currency=asking.read_currency(asked, site),
        rates=site.rates,
    )
    return AnalyticsRequest(query, interval, tuple(keys), range_.is_all)


def render_analytics(request: AnalyticsRequest, answer: SiteAnswer) -> bytes:
    query = request.query
    selection = query.selection
    reply: dict[str, object] = {
        "success": True,
        "website_id": selection.website_id,
        "period": period_shape(selection.start_ms, selection.end_ms, query.calendar.timezone),
        "interval": request.interval,
        "currency": query.currency,
        **_totals_shape(request, answer.totals),
    }
    if answer.compared is not None and query.compare is not None:
        compared = _totals_shape(request, answer.compared)
        reply["compare"] = {"period": period_shape(*query.compare, query.calendar.timezone), **compared}
    if request.names:
        reply["breakdowns"] = {
            name: _breakdown_shape(found) for name, found in zip(request.names, answer.breakdowns, strict=True)
        }
    return msgspec.json.encode(reply)


def values_asked(parameters: Pairs) -> Asked:
    """Raises Refusal."""
    return asking.of_parameters(parameters, VALUE_PARAMETERS)


def parse_values(asked: Asked, site: Site, now_ms: int) -> SiteQuery:
    """The values of one key, for those who choose among them: `dimension`, and `search`, a part of the value. Raises Refusal."""
    name = asked.values.get("dimension")
    if name is None:
        raise Refusal(Reason.MISSING_PARAMETER, "Parameter dimension is required", field="dimension", expected="string")
    key = asking.read_key(name, "dimension")
    selection, _ = asking.read_selection(asked, site, now_ms)
    if search := asked.values.get("search"):
        found = SiteFilter(key, Operator.CONTAINS, (search,))
        selection = msgspec.structs.replace(selection, filters=(*selection.filters, found))
    limit, offset = asking.read_page(asked, DEFAULT_LIMIT, MAX_LIMIT)
    metrics = (SiteMetric.EVENTS if key in (Dimension.EVENT_NAME, Dimension.PAGE) else SiteMetric.VISITORS,)
    return SiteQuery(selection, metrics, breakdowns=(Breakdown(key, limit, offset, metrics[0]),))


def render_values(query: SiteQuery, answer: SiteAnswer) -> bytes:
    (found,) = answer.breakdowns
    shape = _breakdown_shape(found)
    reply = {"success": True, "website_id": query.selection.website_id, "values": shape["rows"], "total": shape["total"]}
    return msgspec.json.encode(reply)


def _metrics(asked: Asked) -> tuple[SiteMetric, ...]:
    if "metric" in asked.values and "metrics" in asked.values:
        raise invalid("metric", "absent when metrics is given", asked.values["metric"])
    return _listed(asked, "metric" if "metric" in asked.values else "metrics") or tuple(SiteMetric)


def _by_value(asked: Asked, metrics: tuple[SiteMetric, ...]) -> tuple[SiteMetric, tuple[SiteMetric, ...]]:
    """The metric that sorts values, and those that are told of each: few unless asked for, since they are counted by value."""
    sort = asking.read_choice(asked, "sort", SiteMetric)
    by_value = _listed(asked, "breakdown_metrics")
    if not by_value and not asked.values.keys() & {"metric", "metrics"}:
        by_value = tuple(dict.fromkeys((SiteMetric.VISITORS, sort or SiteMetric.VISITORS)))
    by_value = by_value or metrics
    return sort or (SiteMetric.VISITORS if SiteMetric.VISITORS in by_value else by_value[0]), by_value


def _listed(asked: Asked, name: str) -> tuple[SiteMetric, ...]:
    """Metrics separated by commas, each once; none when the parameter is absent."""
    text = asked.values.get(name)
    if text is None:
        return ()
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in tuple(SiteMetric):
            raise invalid(name, one_of(SiteMetric), word)
    return tuple(dict.fromkeys(SiteMetric(word) for word in words))


def _keys(asked: Asked) -> Mapping[str, SiteKey]:
    """By the name under which each was asked for."""
    given = [value for _, value in asked.repeated]
    words = [word.strip() for word in given[0].split(",")] if len(given) == 1 else given
    field = asked.repeated[0][0] if asked.repeated else "group_by"
    keys: dict[str, SiteKey] = {}
    for word in words:
        key = asking.read_key(word, field)
        if key in keys.values():
            raise invalid(field, "each dimension once", word)
        keys[word] = key
    if len(keys) > MAX_BREAKDOWNS:
        raise invalid(field, f"at most {MAX_BREAKDOWNS} dimensions", str(len(keys)))
    return keys


def _totals_shape(request: AnalyticsRequest, totals: SiteTotals) -> Mapping[str, object]:
    window, rule = request.query.window, request.query.calendar
    assert window is not None
    points = _from_the_first(totals.points) if request.skips_empty else totals.points
    shape: dict[str, object] = {
        "metrics": values_shape(totals.values),
        "data": [{"date": calendar.label(point.start_ms, window, rule), **values_shape(point.values)} for point in points],
    }
    if totals.revenue is not None:
        shape["revenue"] = revenue_shape(totals.revenue)
    return shape


def _from_the_first(points: Sequence[SitePoint]) -> Sequence[SitePoint]:
    """Without the buckets before the first one that holds anything."""
    first = next((place for place, point in enumerate(points) if any(point.values.values())), len(points))
    return points[first:]


def _breakdown_shape(found: BreakdownAnswer) -> Mapping[str, object]:
    return {"rows": [{"value": row.value, **values_shape(row.values)} for row in found.rows], "total": found.total}
