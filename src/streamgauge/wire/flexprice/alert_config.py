"""Thresholds of alerts as they are sent: {"alert_enabled", "critical" | "warning" | "info": {"threshold", "condition"}}."""

from collections.abc import Mapping

from streamgauge.kernel.limit import AlertCondition, AlertConfig, Threshold
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.resources import decimal_at, refuse_field
from streamgauge.wire.parameters import one_of

_LEVELS = ("critical", "warning", "info")
_ABSOLUTE = "absolute"


def parse_config(value: object, field: str) -> AlertConfig:
    """field: its name in the request. A level that is absent or null is none. Raises Refusal."""
    if not isinstance(value, Mapping):
        raise refuse_field(field, "object with critical, warning or info", Reason.WRONG_TYPE)
    enabled = value.get("alert_enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise refuse_field(f"{field}.alert_enabled", "true or false", Reason.WRONG_TYPE)
    if value.get("alert_threshold_type") not in (None, "", _ABSOLUTE):
        raise refuse_field(f"{field}.alert_threshold_type", "absolute: percentages are of balances, which are not kept here")
    levels = {name: _threshold(value.get(name), f"{field}.{name}") for name in _LEVELS}
    if not any(levels.values()):
        raise refuse_field(field, "at least one of critical, warning and info", Reason.MISSING_FIELD)
    return AlertConfig(alert_enabled=enabled is not False, **levels)


def config_fields(config: AlertConfig) -> Mapping[str, object]:
    """As it is shown."""
    levels = {name: getattr(config, name) for name in _LEVELS}
    shown = {
        name: {"threshold": format(level.threshold, "f"), "condition": level.condition.value}
        for name, level in levels.items()
        if level is not None
    }
    return {"alert_enabled": config.alert_enabled, **shown}


def _threshold(value: object, field: str) -> Threshold | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise refuse_field(field, "object with threshold and condition", Reason.WRONG_TYPE)
    condition = value.get("condition", AlertCondition.ABOVE)
    if condition not in tuple(AlertCondition):
        raise refuse_field(f"{field}.condition", one_of(AlertCondition))
    return Threshold(decimal_at(value.get("threshold"), f"{field}.threshold"), AlertCondition(condition))
