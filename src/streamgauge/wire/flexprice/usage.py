"""POST /v1/events/usage of the Flexprice door: one aggregate over events, in total or per window. The published raw reading.

As published:
- aggregation_type in any case; without property_name every type is COUNT. The range is half-open, the last seven days by default.
- A property that is absent or not a number is 0 (and counts in AVG); for COUNT_UNIQUE an absent one is the empty text.
- A negative result is shown as 0, in the total and in every window: refunds that outweigh charges give no negative usage.
- value is absent when it is 0, and in windowed queries unless they are bucketed. results is absent when empty; it holds the
  windows that have events, ascending, each with its start under the key window_size.
- A week starts on Sunday: the published code does so, although its comments say Monday.
- billing_anchor: only its day of the month is used, as the zone of the query sees it, and only by MONTH windows.

Where the original is silent or guesses, here:
- An unknown time zone or window size is refused by name (the original takes UTC and DAY, which gives wrong numbers).
- bucket_size is for MAX and SUM. Without a window_size the results are the buckets; with one they are the windows, each the sum
  of the buckets that start in it. Either way value is the sum of all buckets.
- group_by takes "source" and "properties.<name>". Each of the results then carries `group_by`, an object from those same names
  to the values of its group; without a window there is one result per group, without window_size. Groups are ordered by text.
- SUM_WITH_MULTIPLIER without a multiplier multiplies by one.
- Filters: a property without values to match is refused.
- expression, an addition: arithmetic over properties as meters have it, instead of property_name.
- external_customer_id stands for all ids of its customer; whoever answers the question looks them up.
- as_of ("position:<n>", or a time): what the answer was when no more than that had arrived. as_of "loaded" waits for nothing that
  was accepted and is not loaded yet; X-Streamgauge-Lag then says what the answer does not cover.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from streamgauge.kernel.calendar import check_timezone
from streamgauge.kernel.expression import Expression, parse_expression
from streamgauge.kernel.query import (
    Aggregation,
    AsOf,
    CalendarRule,
    Field,
    FieldKey,
    Key,
    MetricAnswer,
    MetricQuery,
    Missing,
    Number,
    Point,
    PropertyKey,
    Selection,
    Weekday,
    Window,
)
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.numbers import json_number
from streamgauge.wire.parameters import one_of, shown
from streamgauge.wire.timestamps import format_instant

WITH_MULTIPLIER = "SUM_WITH_MULTIPLIER"

AGGREGATION_TYPES: Mapping[str, Aggregation] = {
    "COUNT": Aggregation.COUNT,
    "SUM": Aggregation.SUM,
    "AVG": Aggregation.AVG,
    "MAX": Aggregation.MAX,
    "COUNT_UNIQUE": Aggregation.UNIQUE,
    "LATEST": Aggregation.LATEST,
    WITH_MULTIPLIER: Aggregation.SUM,
    "WEIGHTED_SUM": Aggregation.WEIGHTED_SUM,
}
_TYPE_OF = {aggregation: name for name, aggregation in AGGREGATION_TYPES.items() if name != WITH_MULTIPLIER}
_BUCKETED = ("MAX", "SUM")
_WITH_EXPRESSION = ("SUM", "AVG", "MAX", "LATEST")
_FILTERED_BY = ("external_customer_id", "customer_id")
_SOURCE = "source"
_POSITION = "position:"
_LOADED = "loaded"
_MAX_POSITION_DIGITS = 19
_PROPERTIES = "properties."
_MAX_GROUPS = 10
_MAX_MULTIPLIER_DIGITS = 28
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?|[+-]?\.[0-9]+(?:[eE][+-]?[0-9]{1,3})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_usage(body: bytes, project_id: str, now_ms: int) -> MetricQuery:
    """Raises Refusal, and nothing else, whatever the bytes are."""
    payload = Payload.from_body(body)
    event_name = payload.required_text("event_name").strip()
    expression = _expression(payload)
    type_name, prop = _aggregation_type(payload, expression)
    start_ms, end_ms = payload.time_range(now_ms)
    bucket = _bucket(payload, type_name)
    filters = payload.field_filters(_FILTERED_BY) + payload.property_filters("filters")
    return MetricQuery(
        selection=Selection(project_id, start_ms, end_ms, event_name, filters, as_of(payload)),
        aggregation=AGGREGATION_TYPES[type_name],
        property=prop,
        expression=expression,
        window=window_of(payload, "window_size") or bucket,
        bucket=bucket,
        calendar=_calendar(payload),
        group_by=groups_of(payload),
        multiplier=_multiplier(payload, type_name),
        missing=Missing.ZERO,
    )


def render_usage(query: MetricQuery, answer: MetricAnswer) -> bytes:
    """{"event_name", "type", "value", "results": [{"window_size", "value"}]}; value and results only when not empty."""
    reply: dict[str, object] = {
        "event_name": query.selection.event_name,
        "type": WITH_MULTIPLIER if query.multiplier is not None else _TYPE_OF[query.aggregation],
    }
    value = clamped(answer.value)
    if value and (query.window is None or query.bucket is not None):
        reply["value"] = json_number(value)
    results = [_result(query, point) for point in answer.points if point.count or point.value]
    if results:
        reply["results"] = results
    return msgspec.json.encode(reply)


def _result(query: MetricQuery, point: Point) -> dict[str, object]:
    result: dict[str, object] = {}
    if query.window is not None:
        result["window_size"] = format_instant(point.start_ms)
    result["value"] = json_number(clamped(point.value))
    if query.group_by:
        result["group_by"] = {group_name(key): text for key, text in zip(query.group_by, point.group, strict=True)}
    return result


def clamped(value: Number | None) -> Number:
    """As usage is shown: negative, absent and not finite are all 0."""
    return value if value is not None and value > 0 and value != float("inf") else 0


def _expression(payload: Payload) -> Expression | None:
    text = payload.text("expression").strip()
    if not text:
        return None
    if payload.text("property_name"):
        raise check_payload(Reason.INVALID_PARAMETER, "expression", "property_name or expression, not both")
    try:
        return parse_expression(text)
    except Refusal as refusal:
        raise check_payload(refusal.reason, "expression", refusal.expected or refusal.message) from refusal


def _aggregation_type(payload: Payload, expression: Expression | None) -> tuple[str, str | None]:
    """The type that holds, and the property that it is taken of."""
    name = payload.required_text("aggregation_type").strip().upper()
    prop = payload.text("property_name")
    if expression is not None:
        if name not in _WITH_EXPRESSION:
            raise check_payload(Reason.INVALID_PARAMETER, "expression", f"no expression, but for {one_of(_WITH_EXPRESSION)}")
        return name, None
    if not prop:
        return "COUNT", None
    if name not in AGGREGATION_TYPES:
        raise Refusal(
            Reason.INVALID_PARAMETER,
            "The specified aggregation type is not supported",
            field="aggregation_type",
            expected=one_of(AGGREGATION_TYPES),
            details={"aggregation_type": shown(name)},
        )
    return name, None if name == "COUNT" else prop


def _multiplier(payload: Payload, type_name: str) -> Decimal | None:
    value = payload.raw("multiplier")
    if value is None or value == "":
        return Decimal(1) if type_name == WITH_MULTIPLIER else None
    multiplier = _decimal(value)
    if multiplier <= 0:
        raise _refuse_option("multiplier", "Multiplier must be greater than zero", "a number above 0")
    if type_name != WITH_MULTIPLIER:
        message = "Multiplier can only be used with SUM_WITH_MULTIPLIER aggregations"
        raise _refuse_option("multiplier", message, "no multiplier")
    return multiplier


def _decimal(value: object) -> Decimal:
    """A decimal from its text or a JSON number, of a size that a sum can be multiplied by without loss."""
    expected = f"a decimal number of at most {_MAX_MULTIPLIER_DIGITS} digits before and after the point"
    if isinstance(value, bool) or not isinstance(value, str | int) or _DECIMAL.fullmatch(str(value)) is None:
        raise check_payload(Reason.WRONG_TYPE, "multiplier", expected)
    number = Decimal(value)
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # The pattern lets no NaN and no infinity through.
    if exponent < -_MAX_MULTIPLIER_DIGITS or len(digits) + exponent > _MAX_MULTIPLIER_DIGITS:
        raise check_payload(Reason.NUMBER_OUT_OF_RANGE, "multiplier", expected)
    return number


def window_of(payload: Payload, name: str) -> Window | None:
    """None when absent. Raises Refusal."""
    text = payload.text(name)
    if not text:
        return None
    try:
        return Window(text)
    except ValueError as error:
        raise check_payload(Reason.INVALID_PARAMETER, name, one_of(Window)) from error


def _bucket(payload: Payload, type_name: str) -> Window | None:
    bucket = window_of(payload, "bucket_size")
    if bucket is None:
        return None
    if type_name not in _BUCKETED:
        raise _refuse_option("bucket_size", "bucket_size can only be used with MAX and SUM aggregations", "no bucket_size")
    return bucket


def _calendar(payload: Payload) -> CalendarRule:
    return calendar_of(timezone_of(payload.text("timezone") or "UTC"), payload.instant("billing_anchor"))


def calendar_of(timezone: str, anchor_ms: int | None) -> CalendarRule:
    """How windows are cut at this door, in a zone, with months from the anchor's day."""
    day = 1
    if anchor_ms is not None:
        day = (_EPOCH + timedelta(milliseconds=anchor_ms)).astimezone(ZoneInfo(timezone)).day
    return CalendarRule(timezone=timezone, week_starts_on=Weekday.SUNDAY, month_anchor_day=day)


def timezone_of(name: str) -> str:
    """The name of a zone that is known. Raises Refusal."""
    try:
        return check_timezone(name)
    except Refusal as refusal:
        details = {"field": "timezone", "expected": refusal.expected}
        raise Refusal(refusal.reason, refusal.message, field="timezone", expected=refusal.expected, details=details) from refusal


def groups_of(payload: Payload) -> tuple[Key, ...]:
    """group_by, or the deprecated group_by_property. Raises Refusal."""
    names = payload.texts("group_by")
    deprecated = payload.text("group_by_property")
    if names and deprecated:
        raise check_payload(Reason.INVALID_PARAMETER, "group_by_property", "absent when group_by is given")
    if deprecated:
        return (PropertyKey(deprecated),)
    if len(names) > _MAX_GROUPS or len(set(names)) < len(names):
        raise check_payload(Reason.INVALID_PARAMETER, "group_by", f"at most {_MAX_GROUPS} names, each once")
    return tuple(_group_key(name) for name in names)


def _group_key(name: str) -> Key:
    if name == _SOURCE:
        return FieldKey(Field.SOURCE)
    if not name.startswith(_PROPERTIES):
        raise check_payload(Reason.INVALID_PARAMETER, "group_by", f"{_SOURCE} or {_PROPERTIES}<name>")
    return PropertyKey(name.removeprefix(_PROPERTIES))


def group_name(key: Key) -> str:
    """As group_by names it."""
    return _PROPERTIES + key.name if isinstance(key, PropertyKey) else _SOURCE


def as_of(payload: Payload) -> AsOf | None:
    """None when absent. Raises Refusal."""
    text = payload.text("as_of")
    if not text:
        return None
    if text == _LOADED:
        return AsOf(loaded=True)
    if text.startswith(_POSITION):
        digits = text.removeprefix(_POSITION)
        if not (digits.isascii() and digits.isdigit() and len(digits) < _MAX_POSITION_DIGITS):
            raise check_payload(Reason.INVALID_PARAMETER, "as_of", "position:<whole number>, loaded, or a time")
        return AsOf(position=int(digits))
    return AsOf(instant_ms=payload.instant("as_of"))


def _refuse_option(field: str, message: str, expected: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, message, field=field, expected=expected, details={"field": field})
