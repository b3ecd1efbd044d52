"""Meters at the Flexprice door: parsed, and rendered as its official clients read them.

As published: type in the eight names; all but COUNT need a field or an expression, never both; an expression only for SUM, AVG,
MAX and LATEST, and it is read when the meter is made; a multiplier above 0 for SUM_WITH_MULTIPLIER alone; bucket_size for MAX and
SUM; group_by (one property, or a list of them) for MAX with bucket_size. An update adds filters, and nothing else.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import msgspec

from streamgauge.kernel.catalogue import MAX_METER_FILTER_VALUES, MAX_METER_FILTERS, MeterSpec
from streamgauge.kernel.expression import parse_expression
from streamgauge.kernel.metering import Measure, Meter, MeterType, ResetUsage, Status
from streamgauge.kernel.query import FieldKey, Filter, Key, PropertyKey, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import (
    ListPage,
    bounded_text,
    decimal_at,
    page_of,
    refuse_field,
    render_list,
    required_text,
)
from streamgauge.wire.parameters import Pairs, one_of
from streamgauge.wire.timestamps import format_instant

MAX_NAME_LENGTH = 255
_MAX_GROUPS = 10
_PROPERTIES = "properties."
_WITH_EXPRESSION = (MeterType.SUM, MeterType.AVG, MeterType.MAX, MeterType.LATEST)
_BUCKETED = (MeterType.MAX, MeterType.SUM)


class MetersAsked(msgspec.Struct, frozen=True):
    """Which meters a list shows; None, "" and () for all. status: published ones unless asked otherwise."""

    page: ListPage
    meter_ids: tuple[str, ...] = ()
    event_name: str = ""
    name_contains: str = ""
    status: Status = Status.PUBLISHED

    def shows(self, meter: Meter) -> bool:
        return (
            meter.status is self.status
            and (not self.meter_ids or meter.meter_id in self.meter_ids)
            and self.event_name in ("", meter.event_name)
            and self.name_contains.lower() in meter.name.lower()
        )


def parse_new_meter(body: bytes) -> MeterSpec:
    """Raises Refusal, and nothing else."""
    return meter_spec(Payload.from_body(body))


def meter_spec(payload: Payload, at: str = "") -> MeterSpec:
    """at: what stands before the names of fields in refusals ("meter." for one that a feature brings along)."""
    return MeterSpec(
        name=_named(payload, "name", at),
        event_name=_named(payload, "event_name", at).strip(),
        measure=_measure(payload, f"{at}aggregation"),
        filters=filters_at(payload.raw("filters"), f"{at}filters"),
        reset_usage=_reset_usage(payload, at),
    )


def parse_added_filters(body: bytes) -> tuple[Filter, ...]:
    """Raises Refusal."""
    added = filters_at(Payload.from_body(body).raw("filters"), "filters")
    if not added:
        raise Refusal(
            Reason.MISSING_FIELD,
            "At least one filter must be provided",
            field="filters",
            expected="a list of {key, values}",
            details={"field": "filters", "expected": "a list of {key, values}"},
        )
    return added


def filters_at(value: object, field: str) -> tuple[Filter, ...]:
    """[{"key", "values"}]: joined by AND over the keys, by OR over the values. Raises Refusal."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_METER_FILTERS:
        raise refuse_field(field, f"a list of at most {MAX_METER_FILTERS} filters", Reason.WRONG_TYPE)
    found: dict[Key, Filter] = {}
    for place, entry in enumerate(value):
        at = f"{field}[{place}]"
        if not isinstance(entry, dict):
            raise refuse_field(at, "object with key and values", Reason.WRONG_TYPE)
        key = entry.get("key")
        if type(key) is not str or not key:
            raise refuse_field(f"{at}.key", "name of a property", Reason.MISSING_FIELD)
        if PropertyKey(key) in found:
            raise refuse_field(f"{at}.key", "each property once")
        found[PropertyKey(key)] = Filter(PropertyKey(key), _values(entry.get("values"), f"{at}.values"))
    return tuple(found.values())


def parse_meter_list(parameters: Pairs) -> MetersAsked:
    """limit, offset, order, meter_ids (with commas), event_name, name_contains, status. Raises Refusal."""
    payload = Payload.from_query_string(parameters, ("meter_ids",))
    return MetersAsked(
        page_of(payload),
        payload.texts("meter_ids"),
        payload.text("event_name"),
        payload.text("name_contains"),
        status_of(payload),
    )


def status_of(payload: Payload) -> Status:
    """published unless asked otherwise; what the original calls deleted is archived here. Raises Refusal."""
    text = payload.text("status") or Status.PUBLISHED.value
    if text == "deleted":
        return Status.ARCHIVED
    try:
        return Status(text)
    except ValueError as error:
        raise refuse_field("status", one_of((*Status, "deleted"))) from error


def render_meter(meter: Meter) -> bytes:
    return msgspec.json.encode(meter_fields(meter))


def render_meters(meters: Sequence[Meter], asked: MetersAsked) -> bytes:
    """meters: all of the project, in the order of their making."""
    found = [meter for meter in meters if asked.shows(meter)]
    ordered = found[::-1] if asked.page.newest_first else found
    shown = ordered[asked.page.offset : asked.page.offset + asked.page.limit]
    return render_list([meter_fields(meter) for meter in shown], len(found), asked.page)


def render_message(text: str) -> bytes:
    return msgspec.json.encode({"message": text})


def meter_fields(meter: Meter) -> dict[str, object]:
    return {
        "id": meter.meter_id,
        "name": meter.name,
        "tenant_id": meter.project_id,
        "environment_id": meter.project_id,
        "event_name": meter.event_name,
        "aggregation": _aggregation_fields(meter.measure),
        "filters": [{"key": _name_of(chosen.key), "values": chosen.values} for chosen in meter.filters],
        "reset_usage": meter.reset_usage,
        "status": meter.status,
        "created_at": format_instant(meter.created_at_ms),
        "updated_at": format_instant(meter.updated_at_ms),
    }


def _aggregation_fields(measure: Measure) -> dict[str, object]:
    """group_by: a text when there is one, as published; a list when there are more."""
    groups = [_name_of(key) for key in measure.group_by]
    fields: dict[str, object] = {
        "type": measure.type,
        "field": measure.field,
        "expression": measure.expression,
        "multiplier": None if measure.multiplier is None else format(measure.multiplier, "f"),
        "bucket_size": measure.bucket_size,
        "group_by": groups[0] if len(groups) == 1 else groups,
    }
    return {name: value for name, value in fields.items() if value}


def _name_of(key: Key) -> str:
    return key.field.value if isinstance(key, FieldKey) else key.name


@contextmanager
def told_at(at: str) -> Iterator[None]:
    """What is read in here is part of something greater: `at` ("meter.") stands before its names in refusals."""
    try:
        yield
    except Refusal as refusal:
        raise refuse_field(f"{at}{refusal.field}", refusal.expected, refusal.reason) from refusal


def _text(given: Payload, name: str, at: str) -> str:
    with told_at(at):
        return given.text(name)


def _named(payload: Payload, name: str, at: str) -> str:
    with told_at(at):
        return required_text(payload, name, MAX_NAME_LENGTH)


def _values(value: object, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(type(text) is not str or not text for text in value):
        raise refuse_field(field, "a list of at least one text, none of them empty", Reason.WRONG_TYPE)
    if len(value) > MAX_METER_FILTER_VALUES:
        raise refuse_field(field, f"at most {MAX_METER_FILTER_VALUES} values")
    return tuple(dict.fromkeys(value))


def _reset_usage(payload: Payload, at: str) -> ResetUsage:
    try:
        return ResetUsage(_text(payload, "reset_usage", at))
    except ValueError as error:
        reason = Reason.INVALID_PARAMETER if payload.has("reset_usage") else Reason.MISSING_FIELD
        raise refuse_field(f"{at}reset_usage", one_of(ResetUsage), reason) from error


def _measure(payload: Payload, at: str) -> Measure:
    value = payload.raw("aggregation")
    if not isinstance(value, dict):
        reason = Reason.MISSING_FIELD if value is None else Reason.WRONG_TYPE
        raise refuse_field(at, "object with type, and field or expression", reason)
    given = Payload(value)
    type_ = _type(given, at)
    field, expression = _what_is_measured(given, type_, at)
    bucket = _bucket(given, type_, at)
    return Measure(type_, field, expression, _multiplier(given, type_, at), bucket, _group_by(given, type_, bucket, at))


def _type(given: Payload, at: str) -> MeterType:
    try:
        return MeterType(_text(given, "type", f"{at}.").upper())
    except ValueError as error:
        reason = Reason.INVALID_PARAMETER if given.has("type") else Reason.MISSING_FIELD
        raise refuse_field(f"{at}.type", one_of(MeterType), reason) from error


def _what_is_measured(given: Payload, type_: MeterType, at: str) -> tuple[str, str]:
    """Field and expression; of COUNT neither."""
    with told_at(f"{at}."):
        field, expression = bounded_text(given, "field", MAX_NAME_LENGTH), given.text("expression").strip()
    if expression and type_ not in _WITH_EXPRESSION:
        raise refuse_field(f"{at}.expression", f"no expression, but for {one_of(_WITH_EXPRESSION)}")
    if field and expression:
        raise refuse_field(f"{at}.expression", "a field or an expression, not both")
    if type_ is MeterType.COUNT:
        return "", ""
    if not field and not expression:
        raise refuse_field(f"{at}.field", f"a property, which {type_.value} is taken of", Reason.MISSING_FIELD)
    if expression:
        _check_expression(expression, f"{at}.expression")
    return field, expression


def _check_expression(text: str, field: str) -> None:
    try:
        parse_expression(text)
    except Refusal as refusal:
        raise refuse_field(field, refusal.expected or refusal.message, refusal.reason) from refusal


def _multiplier(given: Payload, type_: MeterType, at: str) -> Decimal | None:
    value = given.raw("multiplier")
    if type_ is MeterType.SUM_WITH_MULTIPLIER:
        return decimal_at(value, f"{at}.multiplier", above_zero=True)
    if value not in (None, ""):
        raise refuse_field(f"{at}.multiplier", f"no multiplier, but for {MeterType.SUM_WITH_MULTIPLIER.value}")
    return None


def _bucket(given: Payload, type_: MeterType, at: str) -> Window | None:
    text = _text(given, "bucket_size", f"{at}.")
    if not text:
        return None
    if type_ not in _BUCKETED:
        raise refuse_field(f"{at}.bucket_size", f"no bucket_size, but for {one_of(_BUCKETED)}")
    try:
        return Window(text)
    except ValueError as error:
        raise refuse_field(f"{at}.bucket_size", one_of(Window)) from error


def _group_by(given: Payload, type_: MeterType, bucket: Window | None, at: str) -> tuple[Key, ...]:
    value = given.raw("group_by")
    if value in (None, "", []):
        return ()
    if type_ is not MeterType.MAX or bucket is None:
        raise refuse_field(f"{at}.group_by", "no group_by, but for MAX with bucket_size")
    names = [value] if type(value) is str else value
    if not isinstance(names, list) or any(type(name) is not str or not name for name in names):
        raise refuse_field(f"{at}.group_by", "the name of a property, or a list of them", Reason.WRONG_TYPE)
    if len(names) > _MAX_GROUPS or len(set(names)) < len(names):
        raise refuse_field(f"{at}.group_by", f"at most {_MAX_GROUPS} names, each once")
    return tuple(PropertyKey(name.removeprefix(_PROPERTIES)) for name in names)
