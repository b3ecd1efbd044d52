"""GET /v1/metrics of the Solinth door: the query string into a MetricRequest. Its answer: metrics_reply.

What the published document leaves open, and what holds here:

- metric is count when absent. Beyond the document there are unique (of a property), median, p90, p95 and p99.
- Ranges and comparisons: metric_range. Filters: filters. Formulas: formula.
- A week starts on Monday. A property that is absent or not a number is left out of the aggregate, but the event still counts in
  `count`.
- group_by: up to 3 properties. One parameter holds them separated by commas; given more than once, each holds one name, commas
  and all.
- event_b, metric_b, property_b and filters_b say what b is in a formula; the event and the filters of b are those of a when
  absent, its metric is count. There is no b without one of them.
- An empty parameter is an absent one. A repeated or unknown one is refused: a misspelt name would give a wrong number.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from streamgauge.kernel.calendar import check_timezone
from streamgauge.kernel.query import Aggregation, CalendarRule, MetricQuery, PropertyKey, Selection, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.parameters import Pairs, one_of, refuse_unknown, shown, single_values
from streamgauge.wire.solinth.filters import AnyFilter, parse_filters, short_filters, split_short_forms
from streamgauge.wire.solinth.formula import Formula, parse_formula
from streamgauge.wire.solinth.metric_range import Range, parse_comparison, parse_range

OF_B = ("event_b", "metric_b", "property_b", "filters_b")
PARAMETERS = (
    "event",
    "metric",
    "property",
    "from",
    "to",
    "interval",
    "timezone",
    "group_by",
    "filters",
    "compare",
    "limit",
    "formula",
    *OF_B,
)
"""Besides these there is `filter[NAME]`."""

METRICS: Mapping[str, Aggregation] = {
    "count": Aggregation.COUNT,
    "sum": Aggregation.SUM,
    "avg": Aggregation.AVG,
    "min": Aggregation.MIN,
    "max": Aggregation.MAX,
    "unique": Aggregation.UNIQUE,
    "median": Aggregation.MEDIAN,
    "p90": Aggregation.P90,
    "p95": Aggregation.P95,
    "p99": Aggregation.P99,
}

INTERVALS: Mapping[str, Window] = {
    "hour": Window.HOUR,
    "day": Window.DAY,
    "week": Window.WEEK,
    "month": Window.MONTH,
}

MAX_GROUP_BY = 3
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000

_Meant = TypeVar("_Meant")


class MetricRequest(msgspec.Struct, frozen=True):
    """sides: the metric, or a and b of a formula; both over the same range, interval and groups.

    compare: the range to compare with. limit: how many groups are shown, the largest first.
    """

    sides: tuple[MetricQuery, ...]
    formula: Formula | None = None
    compare: Range | None = None
    limit: int = DEFAULT_LIMIT

    @property
    def first(self) -> MetricQuery:
        return self.sides[0]

    @property
    def is_grouped(self) -> bool:
        return bool(self.first.group_by)


def parse_metrics(params: Pairs, project_id: str, now_ms: int) -> MetricRequest:
    """Raises Refusal: missing_parameter, invalid_parameter, invalid_timestamp, timestamp_out_of_range, range_reversed."""
    others, short = split_short_forms(params)
    refuse_unknown(others, PARAMETERS)
    group_by, single = _group_by(others)
    values = single_values(single)
    event = values.get("event", "").strip()
    if not event:
        raise Refusal(Reason.MISSING_PARAMETER, "Parameter event is required", field="event", expected="string")
    window = _choice(values, "interval", INTERVALS)
    timezone = parse_timezone(values.get("timezone", "UTC"))
    range_ = parse_range(values, timezone, now_ms)
    filters = short_filters(short) + (parse_filters(values["filters"], "filters") if "filters" in values else ())
    a = MetricQuery(
        selection=Selection(project_id, *range_, event_name=event, filters=filters),
        aggregation=_choice(values, "metric", METRICS) or Aggregation.COUNT,
        property=_property(values, "metric", "property"),
        window=window,
        calendar=CalendarRule(timezone=timezone),
        group_by=group_by,
    )
    formula = parse_formula(values["formula"]) if "formula" in values else None
    return MetricRequest(
        sides=_sides(values, a, formula),
        formula=formula,
        compare=parse_comparison(values["compare"], range_, timezone) if "compare" in values else None,
        limit=_limit(values, bool(group_by)),
    )


def _sides(values: Mapping[str, str], a: MetricQuery, formula: Formula | None) -> tuple[MetricQuery, ...]:
    given = [name for name in OF_B if name in values]
    if formula is None:
        if given:
            message = f"Parameter formula is required beside {given[0]}"
            raise Refusal(Reason.MISSING_PARAMETER, message, field="formula", expected="string")
        return (a,)
    if "b" not in formula.uses:
        if given:
            message = f"Parameter {given[0]} has no effect: the formula does not use b"
            raise Refusal(Reason.INVALID_PARAMETER, message, field=given[0], expected="a formula that uses b")
        return (a,)
    if not given:
        message = f"The formula uses b: one of {', '.join(OF_B)} must say what it is; event_b is missing"
        raise Refusal(Reason.MISSING_PARAMETER, message, field="event_b", expected="string")
    filters: tuple[AnyFilter, ...] = a.selection.filters
    if "filters_b" in values:
        filters = parse_filters(values["filters_b"], "filters_b")
    event = values.get("event_b", a.selection.event_name or "").strip()
    if not event:
        raise Refusal(Reason.INVALID_PARAMETER, "Parameter event_b must be a name", field="event_b", expected="string")
    b = msgspec.structs.replace(
        a,
        selection=msgspec.structs.replace(a.selection, event_name=event, filters=filters),
        aggregation=_choice(values, "metric_b", METRICS) or Aggregation.COUNT,
        property=_property(values, "metric_b", "property_b"),
    )
    return a, b


def _group_by(params: Pairs) -> tuple[tuple[PropertyKey, ...], list[tuple[str, str]]]:
    """The properties to group by, and the other parameters."""
    given = [value for name, value in params if name == "group_by"]
    others = [(name, value) for name, value in params if name != "group_by"]
    names = [name for name in given if name]
    if len(given) == len(names) == 1:
        names = given[0].split(",")
    # Read as a parameter each, so that text that is none is refused as everywhere.
    for name in names:
        single_values([("group_by", name)])
    expected = f"1 to {MAX_GROUP_BY} different names of properties"
    if len(names) > MAX_GROUP_BY or len(set(names)) < len(names) or not all(names):
        raise Refusal(Reason.INVALID_PARAMETER, f"Parameter group_by must be {expected}", field="group_by", expected=expected)
    return tuple(PropertyKey(name) for name in names), others


def _limit(values: Mapping[str, str], is_grouped: bool) -> int:
    text = values.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    expected = f"a whole number from 1 to {MAX_LIMIT}"
    if not is_grouped:
        expected = "given only together with group_by"
    elif len(text) <= len(str(MAX_LIMIT)) and text.isascii() and text.isdigit() and 0 < int(text) <= MAX_LIMIT:
        return int(text)
    raise Refusal(Reason.INVALID_PARAMETER, f"Parameter limit must be {expected}", field="limit", expected=expected)


def parse_timezone(name: str) -> str:
    """The name of a zone. Raises Refusal invalid_parameter."""
    try:
        return check_timezone(name)
    except Refusal as refusal:
        message = f"Parameter timezone must be an IANA time zone name; it is {shown(name)}"
        raise Refusal(refusal.reason, message, field="timezone", expected=refusal.expected) from refusal


def _property(values: Mapping[str, str], metric: str, parameter: str) -> str | None:
    """The property of the metric that a parameter names; None for count."""
    name = values.get(metric, Aggregation.COUNT)
    if name == Aggregation.COUNT:
        return None
    if parameter not in values:
        message = f"Parameter {parameter} is required for metric {shown(name)}"
        raise Refusal(Reason.MISSING_PARAMETER, message, field=parameter, expected="string")
    return values[parameter]


def _choice(values: Mapping[str, str], name: str, choices: Mapping[str, _Meant]) -> _Meant | None:
    text = values.get(name)
    if text is None:
        return None
    if text not in choices:
        expected = one_of(choices)
        message = f"Parameter {name} must be {expected}; it is {shown(text)}"
        raise Refusal(Reason.INVALID_PARAMETER, message, field=name, expected=expected)
    return choices[text]
