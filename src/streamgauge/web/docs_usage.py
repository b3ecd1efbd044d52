"""The routes about usage, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.kernel.metering import MeterType
from streamgauge.kernel.query import Window
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, object_of
from streamgauge.wire.flexprice.meter_usage import MAX_METERS
from streamgauge.wire.flexprice.query_schema import USAGE

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_WINDOW: Schema = {"type": "string", "enum": [window.value for window in Window]}
_BY_PROPERTY: Schema = {"type": "object", "additionalProperties": _TEXTS, "description": "Besides the meter's own filters."}
_DECIMAL: Schema = {"type": "string", "description": "An exact decimal."}
_MONEY: Schema = {"type": "string", "description": "Always 0: prices are out of this server's scope."}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_POSITION = (
    "The header X-Streamgauge-Position tells what the answer covers; as_of takes it as position:<n>, "
    "and gives the same answer again."
)


_WHO: Mapping[str, Schema] = {
    "external_customer_id": {**_TEXT, "description": "Any of the customer's ids; its events under all of them count."},
    "customer_id": {**_TEXT, "description": "The customer's own id, or the sender's second identifier."},
    "include_children": {"type": "boolean", "default": False, "description": "With the customers below it."},
}
_WHEN: Mapping[str, Schema] = {
    "start_time": {**_TIME, "description": "Included. Without it: seven days before the end."},
    "end_time": {**_TIME, "description": "Excluded. Without it: now."},
    "window_size": {**_WINDOW, "description": "One result per window."},
    "timezone": {**_TEXT, "description": "IANA name. Without it: the customer's own."},
    "billing_anchor": {**_TIME, "description": "Its day of the month starts MONTH windows."},
    "as_of": {
        **_TEXT,
        "description": "position:<n> or a time: what the answer was when no more than that had arrived. loaded: without waiting.",
    },
    "sources": _TEXTS,
    "group_by": {"type": "array", "items": {**_TEXT, "description": "source, or properties.<name>"}},
}
_POINT = object_of(
    {"timestamp": _TIME, "value": _DECIMAL, "event_count": _COUNT, "group_by": {"type": "object", "additionalProperties": _TEXT}},
    "timestamp", "value", "event_count",
)  # fmt: skip
METER_USAGE = object_of(
    {
        "meter_id": _TEXT,
        "aggregation_type": {"type": "string", "enum": list(MeterType)},
        "total_value": _DECIMAL,
        "event_count": _COUNT,
        "points": {"type": "array", "items": _POINT},
    },
    "meter_id", "aggregation_type", "total_value", "event_count",
)  # fmt: skip
_USAGE_POINT_FIELDS: Mapping[str, Schema] = {
    "timestamp": _TIME, "usage": _DECIMAL, "event_count": _COUNT, "subtotal": _MONEY, "discount": _MONEY, "cost": _MONEY,
}  # fmt: skip
_USAGE_POINT = object_of(_USAGE_POINT_FIELDS, *_USAGE_POINT_FIELDS)
_ITEM = object_of(
    {
        "feature_id": _TEXT, "meter_id": _TEXT, "name": _TEXT, "event_name": _TEXT, "external_customer_id": _TEXT,
        "aggregation_type": {"type": "string", "enum": list(MeterType)}, "unit": _TEXT, "unit_plural": _TEXT,
        "total_usage": _DECIMAL,
        "total_usage_display": {**_TEXT, "description": "In the feature's reporting unit; empty without one."},
        "reporting_unit": {"type": "object"},
        "event_count": _COUNT, "currency": _TEXT, "subtotal": _MONEY, "total_discount": _MONEY, "total_cost": _MONEY,
        "source": _TEXT, "sources": _TEXTS, "properties": {"type": "object", "additionalProperties": _TEXT},
        "window_size": _WINDOW, "points": {"type": "array", "items": _USAGE_POINT},
        "meter": {"type": "object"}, "feature": {"type": "object"},
    },
    "feature_id", "meter_id", "name", "total_usage", "event_count",
)  # fmt: skip
_ANALYTICS = object_of(
    {
        "items": {"type": "array", "items": _ITEM}, "currency": _TEXT, "subtotal": _MONEY, "total_discount": _MONEY,
        "total_cost": _MONEY, "custom_analytics": {"type": "array", "maxItems": 0},
    },
    "items", "currency", "subtotal", "total_discount", "total_cost",
)  # fmt: skip
_ANALYTICS_BODY = object_of(
    {
        **_WHO, **_WHEN, "external_customer_ids": _TEXTS, "feature_ids": _TEXTS, "property_filters": _BY_PROPERTY,
        "expand": {"type": "array", "items": {**_TEXT, "description": "meter, feature and source are shown."}},
    }
)  # fmt: skip
_FEATURE_USAGE = object_of(
    {
        "feature": {"type": "object"}, "current_usage": _DECIMAL, "is_enabled": {"type": "boolean"},
        "is_soft_limit": {"type": "boolean"}, "is_unlimited": {"type": "boolean"}, "usage_percent": _DECIMAL,
        "total_limit": {"type": "integer"}, "hard_limit": _DECIMAL, "soft_limit": _DECIMAL, "period_start": _TIME,
        "next_usage_reset_at": _TIME, "sources": {"type": "array", "maxItems": 0},
    },
    "feature", "current_usage", "is_enabled", "is_unlimited",
)  # fmt: skip
_SUMMARY = object_of(
    {
        "customer_id": _TEXT, "external_customer_id": _TEXT, "features": {"type": "array", "items": _FEATURE_USAGE},
        "period": object_of({"start_time": _TIME, "end_time": _TIME, "period": _TEXT}),
        "pagination": object_of({"total": _COUNT, "limit": _COUNT, "offset": _COUNT}),
    },
    "customer_id", "features", "period", "pagination",
)  # fmt: skip
_METER_SAMPLE = {"meter_id": "meter_01J0000000000000000000000", "external_customer_id": "customer456", "window_size": "DAY"}

USAGE_DOCS = (
    RouteDoc(
        "POST", "/v1/events/usage/meter", Tag.FLEXPRICE, "usageByMeter", "Usage of one meter",
        f"Late events into a closed period count after it. {_POSITION}",
        request=object_of({"meter_id": _TEXT, **_WHO, **_WHEN, "filters": _BY_PROPERTY}, "meter_id"), example=_METER_SAMPLE,
        reply=USAGE, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", "/v1/events/analytics", Tag.FLEXPRICE, "usageAnalytics", "Usage of a customer by feature", _POSITION,
        request=_ANALYTICS_BODY, example={"external_customer_id": "customer456", "window_size": "DAY"}, reply=_ANALYTICS,
        also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", "/v1/meter-usage/query", Tag.FLEXPRICE, "meterUsage", "Usage of one meter, as exact decimals",
        f"total_value is the aggregate of the range, not the sum of its points. {_POSITION}",
        request=object_of({"meter_id": _TEXT, **_WHO, **_WHEN, "filters": _BY_PROPERTY, "aggregation_type": _TEXT}, "meter_id"),
        example=_METER_SAMPLE,
        reply=METER_USAGE, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", "/v1/meter-usage/analytics", Tag.FLEXPRICE, "meterUsages", f"The same of 1 to {MAX_METERS} meters", _POSITION,
        request=object_of({"meter_ids": {**_TEXTS, "minItems": 1, "maxItems": MAX_METERS}, **_WHO, **_WHEN}, "meter_ids"),
        example={"meter_ids": ["meter_01J0000000000000000000000"]},
        reply=object_of({"items": {"type": "array", "items": METER_USAGE}}, "items"), also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", "/v1/meter-usage/detailed-analytics", Tag.FLEXPRICE, "detailedUsageAnalytics",
        "The same as /v1/events/analytics", _POSITION,
        request=_ANALYTICS_BODY, example={"external_customer_id": "customer456"}, reply=_ANALYTICS, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/customers/usage", Tag.FLEXPRICE, "customerUsage", "What a customer used of all features, against its limits",
        "Over the calendar month of the customer's zone, or the period of its entitlement.",
        parameters=(
            in_query("customer_id", _TEXT, "This, or customer_lookup_key."),
            in_query("customer_lookup_key", _TEXT, "An external id or alias."),
            in_query("external_customer_id", _TEXT, "The same as customer_lookup_key."),
            in_query("feature_ids", _TEXTS, "These only; repeated, or with commas between."),
            in_query("feature_lookup_keys", _TEXTS, "With these keys only."),
            in_query("include_children", {"type": "boolean", "default": False}, "With the customers below it."),
        ),
        reply=_SUMMARY, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/events/monitoring", Tag.FLEXPRICE, "monitorEvents", "How many events, and how far loading is behind",
        parameters=(
            in_query("start_time", _TIME, "With end_time; without both the last 24 hours."),
            in_query("end_time", _TIME, "With start_time."),
            in_query("window_size", {**_WINDOW, "default": "HOUR"}, "Of the points."),
        ),
        reply=object_of(
            {
                "total_count": _COUNT,
                "consumption_lag": {**_COUNT, "description": "Bytes of the journal that wait to be loaded."},
                "post_processing_lag": _COUNT,
                "points": {"type": "array", "items": object_of({"timestamp": _TIME, "event_count": _COUNT})},
            },
            "total_count", "consumption_lag", "post_processing_lag", "points",
        ),
    ),
)  # fmt: skip
