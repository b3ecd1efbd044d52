"""Features at the Flexprice door: parsed, and rendered as its official clients read them.

As published: a metered feature names a meter or brings one along; without lookup_key it is the name in lower case with runs of
other characters as one underscore; units come as a pair.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import UNSET

from streamgauge.kernel.catalogue import FeatureChange, FeatureSpec
from streamgauge.kernel.metering import Feature, FeatureType, Meter, ReportingUnit
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.feature_lists import FeaturesAsked
from streamgauge.wire.flexprice.meters import MAX_NAME_LENGTH, filters_at, meter_fields, meter_spec, told_at
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import (
    bounded_text,
    decimal_at,
    flag_of,
    refuse_field,
    render_list,
    required_text,
    texts_by_name,
)
from streamgauge.wire.parameters import one_of
from streamgauge.wire.timestamps import format_instant

MAX_DESCRIPTION_LENGTH = 1000
LEVELS = ("critical", "warning", "info")
CONDITIONS = ("above", "below")
ABSOLUTE = "absolute"
_OTHER_CHARACTERS = re.compile(r"[^a-z0-9]+")

MeterOf = Callable[[str], Meter]


def parse_new_feature(body: bytes) -> FeatureSpec:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    name, type_ = required_text(payload, "name", MAX_NAME_LENGTH), _type(payload)
    unit_singular, unit_plural = _units(payload)
    brought = _brought_meter(payload)
    meter_id = payload.text("meter_id")
    if type_ is FeatureType.METERED and not meter_id and brought is None:
        raise Refusal(
            Reason.MISSING_FIELD,
            "Please provide meter details to setup a metered feature",
            field="meter_id",
            expected="meter_id or meter",
            details={"field": "meter_id", "expected": "meter_id or meter"},
        )
    if type_ is not FeatureType.METERED and (meter_id or brought is not None):
        raise refuse_field("meter_id" if meter_id else "meter", f"no meter, but for {FeatureType.METERED.value}")
    if meter_id and brought is not None:
        raise refuse_field("meter", "meter_id or meter, not both")
    return FeatureSpec(
        name=name,
        lookup_key=bounded_text(payload, "lookup_key", MAX_NAME_LENGTH) or _OTHER_CHARACTERS.sub("_", name.lower()),
        type=type_,
        meter_id=meter_id,
        meter=None if brought is None else meter_spec(brought, "meter."),
        description=bounded_text(payload, "description", MAX_DESCRIPTION_LENGTH),
        metadata=texts_by_name(payload, "metadata"),
        unit_singular=unit_singular,
        unit_plural=unit_plural,
        reporting_unit=_reporting_unit(payload),
        alert_settings=alert_settings_at(payload.raw("alert_settings"), "alert_settings"),
        group_id=bounded_text(payload, "group_id", 64),
    )


def parse_feature_change(body: bytes) -> FeatureChange:
    """Each field only where it shall be different. Raises Refusal."""
    payload = Payload.from_body(body)
    given: dict[str, object] = {}
    if payload.has("name"):
        given["name"] = required_text(payload, "name", MAX_NAME_LENGTH)
    if payload.has("description"):
        given["description"] = bounded_text(payload, "description", MAX_DESCRIPTION_LENGTH)
    if payload.has("metadata"):
        given["metadata"] = texts_by_name(payload, "metadata")
    if payload.has("unit_singular") or payload.has("unit_plural"):
        given["unit_singular"], given["unit_plural"] = _units(payload)
    if payload.has("reporting_unit"):
        given["reporting_unit"] = _reporting_unit(payload)
    if payload.has("alert_settings"):
        given["alert_settings"] = alert_settings_at(payload.raw("alert_settings"), "alert_settings")
    if payload.has("group_id"):
        given["group_id"] = bounded_text(payload, "group_id", 64)
    filters = filters_at(payload.raw("filters"), "filters") or UNSET
    return FeatureChange(filters=filters, **given)  # type: ignore[arg-type]  # each was read as its field's type


def parse_clone(body: bytes, source: Feature) -> FeatureSpec:
    """A feature like the source, with a name and a lookup key of its own; it shares the source's meter. Raises Refusal."""
    payload = Payload.from_body(body)
    has_metadata = payload.has("metadata")
    return FeatureSpec(
        name=required_text(payload, "name", MAX_NAME_LENGTH),
        lookup_key=required_text(payload, "lookup_key", MAX_NAME_LENGTH),
        type=source.type,
        meter_id=source.meter_id,
        description=bounded_text(payload, "description", MAX_DESCRIPTION_LENGTH) or source.description,
        metadata=texts_by_name(payload, "metadata") if has_metadata else source.metadata,
        unit_singular=source.unit_singular,
        unit_plural=source.unit_plural,
        reporting_unit=source.reporting_unit,
        alert_settings=source.alert_settings,
        group_id=source.group_id,
    )


def render_feature(feature: Feature, meter_of: MeterOf) -> bytes:
    """With its meter, as official clients show it."""
    return msgspec.json.encode(feature_fields(feature, meter_of))


def render_features(features: Sequence[Feature], asked: FeaturesAsked, meter_of: MeterOf) -> bytes:
    """features: all of the project, in the order of their making."""
    found = asked.of(features)
    shown = found[asked.page.offset : asked.page.offset + asked.page.limit]
    return render_list([feature_fields(feature, meter_of) for feature in shown], len(found), asked.page)


def feature_fields(feature: Feature, meter_of: MeterOf) -> dict[str, object]:
    """What is empty is left out, but for names and times."""
    unit = feature.reporting_unit
    optional: Mapping[str, object] = {
        "description": feature.description,
        "meter_id": feature.meter_id,
        "meter": meter_fields(meter_of(feature.meter_id)) if feature.meter_id else None,
        "metadata": feature.metadata,
        "unit_singular": feature.unit_singular,
        "unit_plural": feature.unit_plural,
        "reporting_unit": None if unit is None else _unit_fields(unit),
        "alert_settings": feature.alert_settings,
        "group_id": feature.group_id,
    }
    return {
        "id": feature.feature_id,
        "name": feature.name,
        "lookup_key": feature.lookup_key,
        "type": feature.type,
        **{name: value for name, value in optional.items() if value},
        "status": feature.status,
        "tenant_id": feature.project_id,
        "environment_id": feature.project_id,
        "created_at": format_instant(feature.created_at_ms),
        "updated_at": format_instant(feature.updated_at_ms),
    }


def alert_settings_at(value: object, field: str) -> Mapping[str, object]:
    """{"alert_enabled", and critical, warning, info: {"threshold": decimal text, "condition": above or below}}; {} when absent.

    Raises Refusal.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refuse_field(field, "object with alert_enabled, critical, warning, info", Reason.WRONG_TYPE)
    given = Payload(value)
    with told_at(f"{field}."):
        settings: dict[str, object] = {"alert_enabled": flag_of(given, "alert_enabled", default=True)}
        kind = given.text("alert_threshold_type") or ABSOLUTE
    if kind != ABSOLUTE:
        raise refuse_field(f"{field}.alert_threshold_type", f"{ABSOLUTE}: a threshold is an amount of usage")
    for level in LEVELS:
        entry = given.raw(level)
        if entry is None:
            continue
        condition = (entry.get("condition") or CONDITIONS[0]) if isinstance(entry, dict) else ""
        if not isinstance(entry, dict) or condition not in CONDITIONS:
            raise refuse_field(
                f"{field}.{level}", f"object with threshold, and condition {one_of(CONDITIONS)}", Reason.WRONG_TYPE
            )
        threshold = decimal_at(entry.get("threshold"), f"{field}.{level}.threshold")
        settings[level] = {"threshold": format(threshold, "f"), "condition": condition}
    return settings


def _type(payload: Payload) -> FeatureType:
    try:
        return FeatureType(payload.text("type"))
    except ValueError as error:
        reason = Reason.INVALID_PARAMETER if payload.has("type") else Reason.MISSING_FIELD
        raise refuse_field("type", one_of(FeatureType), reason) from error


def _brought_meter(payload: Payload) -> Payload | None:
    value = payload.raw("meter")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise refuse_field("meter", "object", Reason.WRONG_TYPE)
    return Payload(value)


def _units(payload: Payload) -> tuple[str, str]:
    singular, plural = bounded_text(payload, "unit_singular", 255), bounded_text(payload, "unit_plural", 255)
    if bool(singular) != bool(plural):
        raise refuse_field("unit_plural" if singular else "unit_singular", "both unit_singular and unit_plural, or neither")
    return singular, plural


def _reporting_unit(payload: Payload) -> ReportingUnit | None:
    value = payload.raw("reporting_unit")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise refuse_field("reporting_unit", "object", Reason.WRONG_TYPE)
    given = Payload(value)
    rate = decimal_at(given.raw("conversion_rate"), "reporting_unit.conversion_rate", above_zero=True)
    with told_at("reporting_unit."):
        singular, plural = required_text(given, "unit_singular", 255), required_text(given, "unit_plural", 255)
    return ReportingUnit(singular, plural, format(rate, "f"))


def _unit_fields(unit: ReportingUnit) -> Mapping[str, object]:
    """conversion_rate as a JSON number, as official clients want it, with all its digits."""
    return {
        "unit_singular": unit.unit_singular,
        "unit_plural": unit.unit_plural,
        "conversion_rate": msgspec.Raw(unit.conversion_rate.encode()),
    }
