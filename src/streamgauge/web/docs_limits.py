"""The routes about entitlements, checks and alerts, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.kernel.limit import AlertCondition, AlertState, Verdict
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, object_of, page_of
from streamgauge.wire.flexprice.alerts import FEATURE, LOG_ENTITIES
from streamgauge.wire.flexprice.entitlements import CUSTOMER, PERIODS
from streamgauge.wire.flexprice.resources import DEFAULT_LIMIT, MAX_LIMIT

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": "string", "format": "date-time"}
_TIME_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_TAKEN: Mapping[int, Schema] = MappingProxyType({404: {}, 409: {}})
_BUSY: Mapping[int, Schema] = MappingProxyType({404: {}, 503: {}})
_CHANGES = "Takes a key with the scopes read and ingest."


def _in_path(description: str) -> Schema:
    return {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": description}


_PAGE: Mapping[str, Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "offset": {**_COUNT, "default": 0},
    "order": {"type": "string", "enum": ["asc", "desc"], "default": "desc", "description": "By the time of making."},
}
_PAGING = tuple(in_query(name, schema, "Which part of the list.") for name, schema in _PAGE.items())


_KEPT: Mapping[str, Schema] = {
    "tenant_id": _TEXT, "environment_id": _TEXT, "status": _TEXT, "created_at": _TIME, "updated_at": _TIME,
    "created_by": _TEXT, "updated_by": _TEXT,
}  # fmt: skip
_LIMIT: Schema = {"type": ["string", "number", "null"], "description": "An exact decimal, at least 0; null takes it away."}
_CHANGE: Mapping[str, Schema] = {
    "hard_limit": _LIMIT,
    "soft_limit": _LIMIT,
    "usage_limit": {**_LIMIT, "description": "The original's name of hard_limit; of soft_limit with is_soft_limit."},
    "is_soft_limit": _YES,
    "usage_reset_period": {**_TEXT, "enum": list(PERIODS), "default": "MONTHLY"},
    "billing_anchor": {**_TIME_OR_NULL, "description": "Months start on its day, as the customer's zone sees it."},
    "is_enabled": {**_YES, "default": True},
}
_NEW: Mapping[str, Schema] = {
    "customer_id": {**_TEXT, "description": "Or external_customer_id, or entity_id."},
    "external_customer_id": _TEXT,
    "entity_type": {**_TEXT, "enum": [CUSTOMER]},
    "entity_id": _TEXT,
    "feature_id": {**_TEXT, "description": "Or lookup_key."},
    "lookup_key": _TEXT,
    **_CHANGE,
}
_ENTITLEMENT_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT, "entity_type": _TEXT, "entity_id": _TEXT, "customer_id": _TEXT, "feature_id": _TEXT, "is_enabled": _YES,
    "usage_limit": {"type": ["integer", "null"], "description": "The limit, when it is a whole number."},
    "is_soft_limit": _YES, "hard_limit": _TEXT_OR_NULL, "soft_limit": _TEXT_OR_NULL, "usage_reset_period": _TEXT,
    "billing_anchor": _TIME_OR_NULL, **_KEPT,
}  # fmt: skip
_ENTITLEMENT = object_of(_ENTITLEMENT_FIELDS, *_ENTITLEMENT_FIELDS)
_ENTITLEMENT_SAMPLE = {"external_customer_id": "customer456", "lookup_key": "api_calls", "hard_limit": "10000"}
_CHECK = object_of(
    {
        "external_customer_id": _TEXT,
        "feature": {**_TEXT, "description": "Its id or its lookup key."},
        "units": {**_TEXT, "default": "1", "description": "How much more; an exact decimal."},
        "wait": {**_YES, "default": False, "description": "First wait (bounded) for events accepted before."},
    },
    "external_customer_id",
    "feature",
)
_CHECKED_FIELDS: Mapping[str, Schema] = {
    "allowed": _YES,
    "reason": {**_TEXT, "enum": list(Verdict)},
    "external_customer_id": _TEXT, "customer_id": _TEXT, "feature_id": _TEXT, "lookup_key": _TEXT, "entitlement_id": _TEXT,
    "units": _TEXT, "usage": _TEXT_OR_NULL, "remaining": _TEXT_OR_NULL, "soft_limit": _TEXT_OR_NULL,
    "hard_limit": _TEXT_OR_NULL, "usage_reset_period": _TEXT_OR_NULL, "period_start": _TIME_OR_NULL,
    "period_end": _TIME_OR_NULL,
    "position": {**_COUNT, "description": "Of the journal; every event below it is counted."},
}  # fmt: skip
_THRESHOLD = object_of(
    {"threshold": {**_TEXT, "description": "An exact decimal."}, "condition": {**_TEXT, "enum": list(AlertCondition)}},
    "threshold",
)
_CONFIG = object_of(
    {"alert_enabled": {**_YES, "default": True}, "critical": _THRESHOLD, "warning": _THRESHOLD, "info": _THRESHOLD}
)
_CONFIG_SAMPLE = {"alert_enabled": True, "critical": {"threshold": "9000", "condition": "above"}}
_SETTING_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT, "entity_type": _TEXT, "entity_id": _TEXT, "customer_id": _TEXT, "config": _CONFIG, "enabled": _YES, **_KEPT,
}  # fmt: skip
_SETTING = object_of(_SETTING_FIELDS, *_SETTING_FIELDS)
_NEW_SETTING = object_of(
    {
        "entity_type": {**_TEXT, "enum": [FEATURE]},
        "entity_id": {**_TEXT, "description": "The feature."},
        "customer_id": {**_TEXT, "description": "Only this customer; or external_customer_id. Without them every one."},
        "external_customer_id": _TEXT,
        "config": _CONFIG,
    },
    "entity_type", "entity_id", "config",
)  # fmt: skip
_LOG_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT, "alert_setting_id": _TEXT, "alert_type": _TEXT, "alert_status": {**_TEXT, "enum": list(AlertState)},
    "previous_status": {**_TEXT, "enum": list(AlertState)}, "entity_type": _TEXT, "entity_id": _TEXT, "customer_id": _TEXT,
    "external_customer_id": _TEXT, "value": _TEXT, "threshold": _TEXT, **_KEPT,
}  # fmt: skip
_LOGS = page_of(object_of(_LOG_FIELDS, *_LOG_FIELDS))
_CHOOSE_LOGS: Mapping[str, Schema] = {
    "entity_id": _TEXT, "entity_type": {**_TEXT, "enum": list(LOG_ENTITIES)}, "customer_id": _TEXT,
    "alert_status": {**_TEXT, "enum": list(AlertState)}, "start_time": _TIME, "end_time": _TIME,
}  # fmt: skip
_IDS: Schema = {"type": "array", "items": _TEXT}

LIMIT_DOCS = (
    RouteDoc(
        "POST", "/v1/entitlements", Tag.FLEXPRICE, "flexpriceMakeEntitlement", "Entitle a customer to a feature",
        f"Nothing is carried over from one period to the next. {_CHANGES}", success=201,
        request=object_of(_NEW), example=_ENTITLEMENT_SAMPLE, reply=_ENTITLEMENT, also=_TAKEN,
    ),
    RouteDoc(
        "GET", "/v1/entitlements", Tag.FLEXPRICE, "flexpriceEntitlements", "List entitlements",
        parameters=(
            in_query("customer_id", _TEXT, "Of this customer."),
            in_query("external_customer_id", _TEXT, "Of this customer."),
            in_query("feature_id", _TEXT, "To this feature."),
            *_PAGING,
        ),
        reply=page_of(_ENTITLEMENT),
    ),
    RouteDoc(
        "POST", "/v1/entitlements/search", Tag.FLEXPRICE, "flexpriceSearchEntitlements", "Search entitlements",
        request=object_of({"entity_ids": _IDS, "feature_ids": _IDS, **_PAGE}), example={"feature_ids": ["feat_1"]},
        reply=page_of(_ENTITLEMENT),
    ),
    RouteDoc(
        "POST", "/v1/entitlements/check", Tag.FLEXPRICE, "flexpriceCheck", "May this customer use some more?",
        "From memory, exact to the last loaded event. It reserves nothing.",
        request=_CHECK, example={"external_customer_id": "customer456", "feature": "api_calls"},
        reply=object_of(_CHECKED_FIELDS, *_CHECKED_FIELDS), also=_BUSY,
    ),
    RouteDoc(
        "GET", "/v1/entitlements/{id}", Tag.FLEXPRICE, "flexpriceEntitlement", "Read an entitlement",
        parameters=(_in_path("The entitlement."),), reply=_ENTITLEMENT, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", "/v1/entitlements/{id}", Tag.FLEXPRICE, "flexpriceChangeEntitlement", "Change an entitlement", _CHANGES,
        parameters=(_in_path("The entitlement."),), request=object_of(_CHANGE), example={"hard_limit": "20000"},
        reply=_ENTITLEMENT, also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", "/v1/entitlements/{id}", Tag.FLEXPRICE, "flexpriceDeleteEntitlement", "Delete an entitlement", _CHANGES,
        parameters=(_in_path("The entitlement."),), reply=object_of({"message": _TEXT}, "message"), also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", "/v1/alerts/setting", Tag.FLEXPRICE, "flexpriceMakeAlert", "Be told when usage passes thresholds",
        f"The gravest threshold that holds decides: critical is in_alarm. {_CHANGES}", success=201, request=_NEW_SETTING,
        example={"entity_type": FEATURE, "entity_id": "feat_1", "config": _CONFIG_SAMPLE}, reply=_SETTING, also=_TAKEN,
    ),
    RouteDoc(
        "GET", "/v1/alerts/setting", Tag.FLEXPRICE, "flexpriceAlerts", "List alert settings",
        parameters=(in_query("entity_id", _TEXT, "About this feature."), *_PAGING), reply=page_of(_SETTING),
    ),
    RouteDoc(
        "POST", "/v1/alerts/setting/search", Tag.FLEXPRICE, "flexpriceSearchAlerts", "Search alert settings",
        request=object_of({"entity_id": _TEXT, "entity_ids": _IDS, "enabled": _YES, **_PAGE}), example={"enabled": True},
        reply=page_of(_SETTING),
    ),
    RouteDoc(
        "GET", "/v1/alerts/setting/{id}", Tag.FLEXPRICE, "flexpriceAlert", "Read alert settings",
        parameters=(_in_path("The alert settings."),), reply=_SETTING, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", "/v1/alerts/setting/{id}", Tag.FLEXPRICE, "flexpriceChangeAlert", "Replace the thresholds", _CHANGES,
        parameters=(_in_path("The alert settings."),), request=object_of({"config": _CONFIG}, "config"),
        example={"config": _CONFIG_SAMPLE}, reply=_SETTING, also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", "/v1/alerts/setting/{id}", Tag.FLEXPRICE, "flexpriceDeleteAlert", "Delete alert settings",
        f"Their log stays. {_CHANGES}", success=204, parameters=(_in_path("The alert settings."),), also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/alerts", Tag.FLEXPRICE, "flexpriceAlertLog", "What was noticed",
        parameters=(*(in_query(name, schema, "Only these.") for name, schema in _CHOOSE_LOGS.items()), *_PAGING), reply=_LOGS,
    ),
    RouteDoc(
        "POST", "/v1/alerts/search", Tag.FLEXPRICE, "flexpriceSearchAlertLog", "Search what was noticed",
        request=object_of({**_CHOOSE_LOGS, **_PAGE}), example={"alert_status": "in_alarm"}, reply=_LOGS,
    ),
)  # fmt: skip
