"""GET /v1/metrics of the Solinth door: the query string into a MetricQuery, and the answer into one of the two shapes.

What the published document leaves open, and what holds here:

- metric is count when absent. Beyond the document there are unique (of a property), median, p90, p95 and p99.
- from and to: a date alone is a whole day of `timezone`, the day of `to` included. A full time is a time; `to` itself is then
  excluded. A time without an offset is meant in `timezone`.
- Without to the range ends now; without from it starts with the day 30 days before the day of its end.
- A week starts on Monday. Buckets without events are 0 for count, sum and unique, and left out for every other metric.
- total is the metric over the whole range: for count and sum the sum of the points, for all others not.
- A property that is absent or not a number is left out of the aggregate, but the event still counts in `count`.
- An empty parameter is an absent one. A repeated or unknown one is refused: a misspelt name would give a wrong number.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from streamgauge.kernel.calendar import check_timezone, day_start_ms, label, local_date
from streamgauge.kernel.query import Aggregation, CalendarRule, MetricAnswer, MetricQuery, Number, Selection, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.numbers import json_number
from streamgauge.wire.parameters import Pairs, one_of, refuse_unknown, shown, single_values
from streamgauge.wire.timestamps import parse_date, parse_iso8601

PARAMETERS = ("event", "metric", "property", "from", "to", "interval", "timezone")

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

_Meant = TypeVar("_Meant")

_DEFAULT_DAYS = 30
_ZERO_WHEN_EMPTY = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.UNIQUE})


def parse_metrics(params: Pairs, project_id: str, now_ms: int) -> MetricQuery:
    """Raises Refusal: missing_parameter, invalid_parameter, invalid_timestamp, timestamp_out_of_range, range_reversed."""
    refuse_unknown(params, PARAMETERS)
    values = single_values(params)
    event = values.get("event", "").strip()
    if not event:
        raise Refusal(Reason.MISSING_PARAMETER, "Parameter event is required", field="event", expected="string")
    aggregation = _choice(values, "metric", METRICS) or Aggregation.COUNT
    window = _choice(values, "interval", INTERVALS)
    timezone = _timezone(values.get("timezone", "UTC"))
    start_ms, end_ms = _range(values, timezone, now_ms)
    return MetricQuery(
        selection=Selection(project_id, start_ms, end_ms, event_name=event),
        aggregation=aggregation,
        property=_property(values, aggregation),
        window=window,
        calendar=CalendarRule(timezone=timezone),
    )


def render_metrics(query: MetricQuery, answer: MetricAnswer) -> bytes:
    """{"value", "count"} without an interval, {"data": [{"date", "value"}], "total"} with one."""
    if query.window is None:
        return msgspec.json.encode({"value": json_number(_shown_value(query, answer.value)), "count": answer.count})
    data = []
    for point in answer.points:
        value = _shown_value(query, point.value)
        if value is not None:
            data.append({"date": label(point.start_ms, query.window, query.calendar), "value": json_number(value)})
    return msgspec.json.encode({"data": data, "total": json_number(_shown_value(query, answer.value))})


def _shown_value(query: MetricQuery, value: Number | None) -> Number | None:
    if value is None and query.aggregation in _ZERO_WHEN_EMPTY:
        return 0
    return value


def _timezone(name: str) -> str:
    try:
        return check_timezone(name)
    except Refusal as refusal:
        message = f"Parameter timezone must be an IANA time zone name; it is {shown(name)}"
        raise Refusal(refusal.reason, message, field="timezone", expected=refusal.expected) from refusal


def _property(values: Mapping[str, str], aggregation: Aggregation) -> str | None:
    if aggregation is Aggregation.COUNT:
        return None
    if "property" not in values:
        message = f"Parameter property is required for metric {aggregation}"
        raise Refusal(Reason.MISSING_PARAMETER, message, field="property", expected="string")
    return values["property"]


def _choice(values: Mapping[str, str], name: str, choices: Mapping[str, _Meant]) -> _Meant | None:
    text = values.get(name)
    if text is None:
        return None
    if text not in choices:
        expected = one_of(choices)
        message = f"Parameter {name} must be {expected}; it is {shown(text)}"
        raise Refusal(Reason.INVALID_PARAMETER, message, field=name, expected=expected)
    return choices[text]


def _range(values: Mapping[str, str], timezone: str, now_ms: int) -> tuple[int, int]:
    """Start and end, the end excluded."""
    start, end = values.get("from"), values.get("to")
    last_day = _day(end, "to") if end else None
    if last_day is not None:
        end_ms = day_start_ms(last_day + timedelta(days=1), timezone)
    elif end:
        end_ms = _instant(end, "to", timezone)
    else:
        end_ms = now_ms + 1  # What arrived in this very millisecond is in.
    if start:
        first_day = _day(start, "from")
        start_ms = _instant(start, "from", timezone) if first_day is None else day_start_ms(first_day, timezone)
    else:
        before = last_day or local_date(end_ms, timezone)
        start_ms = day_start_ms(before - timedelta(days=_DEFAULT_DAYS), timezone)
    # An empty range of times is a fair question with the answer 0; a day is never empty.
    if start_ms > end_ms or (last_day is not None and start_ms == end_ms):
        raise Refusal(Reason.RANGE_REVERSED, "Parameter from must not be after to", field="from", expected="a time before to")
    return start_ms, end_ms


def _day(text: str, name: str) -> date | None:
    """The day when the text is a date alone."""
    day = parse_date(text)
    if day is not None:
        parse_iso8601(text, name)  # Refuses what lies outside the years that can be asked for.
    return day


def _instant(text: str, name: str, timezone: str) -> int:
    try:
        return parse_iso8601(text, name, ZoneInfo(timezone))
    except Refusal as refusal:
        if refusal.reason is not Reason.INVALID_TIMESTAMP or " " not in text:
            raise
        # A plus sign that was not percent-encoded arrives as a space: the most common slip with offsets.
        message = f"{refusal.message}; in a query string write the + of an offset as %2B"
        raise Refusal(refusal.reason, message, field=name, expected=refusal.expected) from refusal
