"""Alert settings and their log at the Flexprice door.

Here alerts are about the usage of features (entity_type feature); the original's other entities need wallets and subscriptions
and are refused by name. Ours: customer_id or external_customer_id for an alert about one customer only.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamgauge.kernel.limit import AlertConfig, AlertLog, AlertSetting, AlertState
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.alert_config import config_fields, parse_config
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import ListPage, page_of, refuse_field, render_list
from streamgauge.wire.parameters import Pairs, one_of
from streamgauge.wire.timestamps import format_instant

FEATURE = "feature"
ENTITLEMENT = "entitlement"
LOG_ENTITIES = (FEATURE, ENTITLEMENT)
_ONLY_FEATURES = "feature: wallets and subscriptions are not kept here"


class NewAlert(msgspec.Struct, frozen=True):
    """customer_id and external_id: "" for every customer; at most one is given."""

    feature_id: str
    config: AlertConfig
    customer_id: str
    external_id: str


class SettingsAsked(msgspec.Struct, frozen=True):
    """None: whatever."""

    page: ListPage
    feature_ids: tuple[str, ...] | None
    enabled: bool | None


class LogsAsked(msgspec.Struct, frozen=True):
    """None and "": whatever. customer: a customer's id, ours or the one of its events."""

    page: ListPage
    entity_id: str
    entity_type: str
    customer: str
    state: AlertState | None
    start_ms: int | None
    end_ms: int | None


def parse_new_alert(body: bytes) -> NewAlert:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    entity = payload.text("entity_type")
    if not entity:
        raise refuse_field("entity_type", _ONLY_FEATURES, Reason.MISSING_FIELD)
    _require_feature(payload, "entity_type")
    feature_id = payload.text("entity_id") or payload.text("feature_id")
    if not feature_id:
        raise refuse_field("entity_id", "the id of a feature", Reason.MISSING_FIELD)
    for name in ("parent_entity_id", "parent_entity_type"):
        if payload.text(name):
            raise refuse_field(name, "nothing: a feature has no parent")
    customer_id, external_id = payload.text("customer_id"), payload.text("external_customer_id")
    if customer_id and external_id:
        raise refuse_field("customer_id", "either customer_id or external_customer_id")
    return NewAlert(feature_id, parse_config(payload.raw("config"), "config"), customer_id, external_id)


def parse_alert_change(body: bytes) -> AlertConfig:
    """config. Raises Refusal."""
    return parse_config(Payload.from_body(body).raw("config"), "config")


def parse_setting_list(parameters: Pairs) -> SettingsAsked:
    """Raises Refusal."""
    return _settings_asked(Payload.from_query_string(parameters), None)


def parse_setting_search(body: bytes) -> SettingsAsked:
    """Raises Refusal."""
    payload = Payload.from_body(body)
    enabled = payload.raw("enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise refuse_field("enabled", "true or false", Reason.WRONG_TYPE)
    return _settings_asked(payload, enabled)


def parse_log_list(parameters: Pairs) -> LogsAsked:
    """Raises Refusal."""
    return _logs_asked(Payload.from_query_string(parameters))


def parse_log_search(body: bytes) -> LogsAsked:
    """Raises Refusal."""
    payload = Payload.from_body(body)
    for name in ("filters", "sort"):
        if payload.raw(name):
            raise refuse_field(name, "nothing: only the named fields choose")
    return _logs_asked(payload)


def render_setting(setting: AlertSetting) -> bytes:
    return msgspec.json.encode(_setting_fields(setting))


def render_settings(found: Sequence[AlertSetting], total: int, page: ListPage) -> bytes:
    return render_list([_setting_fields(each) for each in found], total, page)


def render_logs(found: Sequence[AlertLog], customer_ids: Mapping[str, str], total: int, page: ListPage) -> bytes:
    """customer_ids: by the ids of events."""
    return render_list([_log_fields(each, customer_ids.get(each.customer_id, "")) for each in found], total, page)


def _settings_asked(payload: Payload, enabled: bool | None) -> SettingsAsked:
    _require_feature(payload, "entity_type")
    ids = payload.texts("entity_ids") if not isinstance(payload.raw("entity_ids"), str) else (payload.text("entity_ids"),)
    if payload.text("entity_id"):
        ids = (payload.text("entity_id"),) if not ids or payload.text("entity_id") in ids else ("",)
    return SettingsAsked(page_of(payload), ids or None, enabled)


def _logs_asked(payload: Payload) -> LogsAsked:
    entity = payload.text("entity_type")
    if entity and entity not in LOG_ENTITIES:
        raise refuse_field("entity_type", one_of(LOG_ENTITIES))
    status = payload.text("alert_status")
    if status and status not in tuple(AlertState):
        raise refuse_field("alert_status", one_of(AlertState))
    return LogsAsked(
        page_of(payload),
        payload.text("entity_id"),
        entity,
        payload.text("customer_id") or payload.text("external_customer_id"),
        AlertState(status) if status else None,
        payload.instant("start_time"),
        payload.instant("end_time"),
    )


def _require_feature(payload: Payload, name: str) -> None:
    entity = payload.text(name)
    if entity and entity != FEATURE:
        raise refuse_field(name, _ONLY_FEATURES)


def _setting_fields(setting: AlertSetting) -> Mapping[str, object]:
    return {
        "id": setting.alert_setting_id,
        "entity_type": FEATURE,
        "entity_id": setting.feature_id,
        "customer_id": setting.customer_id,
        "config": config_fields(setting.config),
        "enabled": setting.config.alert_enabled,
        "tenant_id": setting.project_id,
        "environment_id": setting.project_id,
        "status": "published",
        "created_at": format_instant(setting.created_at_ms),
        "updated_at": format_instant(setting.updated_at_ms),
        "created_by": "",
        "updated_by": "",
    }


def _log_fields(log: AlertLog, customer_id: str) -> Mapping[str, object]:
    at = format_instant(log.created_at_ms)
    return {
        "id": log.alert_log_id,
        "alert_setting_id": log.alert_setting_id,
        "alert_type": f"{log.entity_type}_usage",
        "alert_status": log.state.value,
        "previous_status": log.previous_state.value,
        "entity_type": log.entity_type,
        "entity_id": log.entity_id,
        "customer_id": customer_id,
        "external_customer_id": log.customer_id,
        "value": log.value,
        "threshold": log.threshold,
        "tenant_id": log.project_id,
        "environment_id": log.project_id,
        "status": "published",
        "created_at": at,
        "updated_at": at,
        "created_by": "",
        "updated_by": "",
    }
