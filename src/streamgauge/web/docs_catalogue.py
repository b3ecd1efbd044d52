"""The routes about meters and features, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.control.catalogue import MAX_FEATURES, MAX_METERS
from streamgauge.kernel.customer import TextOperator
from streamgauge.kernel.metering import FeatureType, MeterType, ResetUsage, Status
from streamgauge.kernel.query import Window
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, object_of, page_of
from streamgauge.wire.flexprice.feature_lists import FeatureOrder, FeatureText
from streamgauge.wire.flexprice.features import CONDITIONS, LEVELS, MAX_DESCRIPTION_LENGTH
from streamgauge.wire.flexprice.meters import MAX_NAME_LENGTH
from streamgauge.wire.flexprice.resources import DEFAULT_LIMIT, MAX_LIMIT

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH}
_BY_NAME: Schema = {"type": "object", "additionalProperties": _TEXT}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_TAKEN: Mapping[int, Schema] = MappingProxyType({404: {}, 409: {}})
_CHANGES = "Takes a key with the scopes read and ingest, as keys are made by default."


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def _id(description: str) -> Schema:
    return {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": description}


_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
_OFFSET: Schema = {**_COUNT, "default": 0}
_ORDER: Schema = {"type": "string", "enum": ["asc", "desc"], "default": "desc"}
_PAGING = (
    in_query("limit", _LIMIT, "How many."),
    in_query("offset", _OFFSET, "How many to leave out first."),
    in_query("order", _ORDER, "By the time of making."),
)
_STATUS = _one_of(*Status, "deleted")
_FILTERS: Schema = {
    "type": "array",
    "items": object_of({"key": _TEXT, "values": {**_TEXTS, "minItems": 1}}, "key", "values"),
    "description": "Joined by AND over the properties, by OR over the values.",
}
_AGGREGATION: Schema = {
    **object_of(
        {
            "type": _one_of(*MeterType),
            "field": {**_TEXT, "description": "The property; needed by all but COUNT, unless there is an expression."},
            "expression": {**_TEXT, "description": "Arithmetic over properties, instead of field; for SUM, AVG, MAX, LATEST."},
            "multiplier": {"type": ["string", "number"], "description": "Above 0; for SUM_WITH_MULTIPLIER."},
            "bucket_size": {**_one_of(*Window), "description": "For MAX and SUM: per bucket, then summed."},
            "group_by": {
                "description": "For MAX with bucket_size: a property, or a list of them.",
                "anyOf": [_TEXT, _TEXTS],
            },
        },
        "type",
    )
}
_METER_SPEC: Mapping[str, Schema] = {
    "name": _NAME,
    "event_name": _NAME,
    "aggregation": _AGGREGATION,
    "filters": _FILTERS,
    "reset_usage": {**_one_of(*ResetUsage), "description": "NEVER: usage counts from the beginning of time."},
}
_KEPT: Mapping[str, Schema] = {
    "id": _TEXT, "tenant_id": _TEXT, "environment_id": _TEXT, "status": _one_of(*Status),
    "created_at": _TIME, "updated_at": _TIME,
}  # fmt: skip
_METER = object_of({**_METER_SPEC, **_KEPT}, *_METER_SPEC, *_KEPT)
_NEW_METER = object_of(_METER_SPEC, "name", "event_name", "aggregation", "reset_usage")
_ALERT: Schema = object_of({"threshold": _TEXT, "condition": _one_of(*CONDITIONS)}, "threshold")
_FEATURE_PARTS: Mapping[str, Schema] = {
    "name": _NAME,
    "description": {**_TEXT, "maxLength": MAX_DESCRIPTION_LENGTH},
    "metadata": _BY_NAME,
    "unit_singular": _TEXT,
    "unit_plural": _TEXT,
    "reporting_unit": object_of(
        {
            "unit_singular": _TEXT,
            "unit_plural": _TEXT,
            "conversion_rate": {"type": ["number", "string"], "description": "Usage times this is what people are shown."},
        },
        "unit_singular", "unit_plural", "conversion_rate",
    ),
    "alert_settings": object_of({"alert_enabled": {"type": "boolean"}, **dict.fromkeys(LEVELS, _ALERT)}),
    "group_id": _TEXT,
}  # fmt: skip
_FEATURE_HEAD: Mapping[str, Schema] = {
    "lookup_key": {**_NAME, "description": "Unique; without it the name in lower case, other characters as underscores."},
    "type": _one_of(*FeatureType),
    "meter_id": {**_TEXT, "description": "For metered features, unless `meter` makes a new one."},
}
_FEATURE = object_of(
    {**_FEATURE_PARTS, **_FEATURE_HEAD, "meter": _METER, **_KEPT}, "name", "lookup_key", "type", *_KEPT
)  # fmt: skip
_NEW_FEATURE = object_of({**_FEATURE_PARTS, **_FEATURE_HEAD, "meter": _NEW_METER}, "name", "type")
_CONDITION = object_of(
    {
        "field": _one_of(*FeatureText),
        "operator": _one_of(*TextOperator),
        "value": object_of({"string": _TEXT, "array": _TEXTS}),
    },
    "field", "operator", "value",
)  # fmt: skip
_SORT = object_of({"field": _one_of(*FeatureOrder), "direction": _one_of("asc", "desc")}, "field")
_SEARCH: Mapping[str, Schema] = {
    "limit": _LIMIT, "offset": _OFFSET, "order": _ORDER, "feature_ids": _TEXTS, "meter_ids": _TEXTS, "lookup_key": _TEXT,
    "lookup_keys": _TEXTS, "name_contains": _TEXT, "status": _STATUS, "start_time": _TIME, "end_time": _TIME,
    "filters": {"type": "array", "items": _CONDITION}, "sort": {"type": "array", "items": _SORT},
}  # fmt: skip
_SAID = object_of({"message": _TEXT}, "message")
_METER_SAMPLE = {
    "name": "Traffic",
    "event_name": "request",
    "aggregation": {"type": "SUM", "field": "gigabytes"},
    "reset_usage": "BILLING_PERIOD",
}
_METERS, _FEATURES = "/v1/meters", "/v1/features"
_ONE_METER, _ONE_FEATURE = f"{_METERS}/{{id}}", f"{_FEATURES}/{{id}}"
_METER_ID, _FEATURE_ID = _id("The meter."), _id("The feature.")

CATALOGUE_DOCS = (
    RouteDoc(
        "POST", _METERS, Tag.FLEXPRICE, "createMeter", "Make a meter", f"At most {MAX_METERS:,} per project. {_CHANGES}",
        request=_NEW_METER, example=_METER_SAMPLE, success=201, reply=_METER,
    ),
    RouteDoc(
        "GET", _METERS, Tag.FLEXPRICE, "listMeters", "Meters of the project",
        parameters=(
            *_PAGING,
            in_query("meter_ids", _TEXT, "These only, with commas between."),
            in_query("event_name", _TEXT, "Of this event name only."),
            in_query("name_contains", _TEXT, "With this in their name, in any case."),
            in_query("status", {**_STATUS, "default": "published"}, "deleted means archived here."),
        ),
        reply=page_of(_METER),
    ),
    RouteDoc(
        "GET", _ONE_METER, Tag.FLEXPRICE, "getMeter", "One meter, also an archived one",
        parameters=(_METER_ID,), reply=_METER, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", _ONE_METER, Tag.FLEXPRICE, "updateMeter", "Add filters to a meter",
        f"Values of a property that is filtered already are added to it. {_CHANGES}",
        parameters=(_METER_ID,), request=object_of({"filters": _FILTERS}, "filters"),
        example={"filters": [{"key": "region", "values": ["eu"]}]}, reply=_METER, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", f"{_ONE_METER}/disable", Tag.FLEXPRICE, "disableMeter", "Archive a meter", _CHANGES,
        parameters=(_METER_ID,), reply=_SAID, also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", _ONE_METER, Tag.FLEXPRICE, "deleteMeter", "Archive a meter",
        f"It still answers questions about its past. {_CHANGES}",
        parameters=(_METER_ID,), reply=_SAID, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", _FEATURES, Tag.FLEXPRICE, "createFeature", "Make a feature, and its meter with it",
        f"At most {MAX_FEATURES:,} per project. {_CHANGES}",
        request=_NEW_FEATURE, example={"name": "Traffic", "type": "metered", "meter": _METER_SAMPLE}, success=201,
        reply=_FEATURE, also=_TAKEN,
    ),
    RouteDoc(
        "GET", _FEATURES, Tag.FLEXPRICE, "listFeatures", "Features of the project",
        parameters=(
            *_PAGING,
            in_query("feature_ids", _TEXT, "These only, with commas between."),
            in_query("meter_ids", _TEXT, "Of these meters only, with commas between."),
            in_query("lookup_keys", _TEXT, "With these keys only, with commas between."),
            in_query("name_contains", _TEXT, "With this in their name, in any case."),
            in_query("status", {**_STATUS, "default": "published"}, "deleted means archived here."),
        ),
        reply=page_of(_FEATURE),
    ),
    RouteDoc(
        "POST", f"{_FEATURES}/search", Tag.FLEXPRICE, "searchFeatures", "The same by a body",
        request=object_of(_SEARCH), example={"name_contains": "traffic"}, reply=page_of(_FEATURE),
    ),
    RouteDoc(
        "GET", _ONE_FEATURE, Tag.FLEXPRICE, "getFeature", "One feature, with its meter",
        parameters=(_FEATURE_ID,), reply=_FEATURE, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", _ONE_FEATURE, Tag.FLEXPRICE, "updateFeature", "Change a feature",
        f"What is left out stays as it is; filters are added to its meter. {_CHANGES}",
        parameters=(_FEATURE_ID,), request=object_of({**_FEATURE_PARTS, "filters": _FILTERS}), example={"name": "Data"},
        reply=_FEATURE, also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", _ONE_FEATURE, Tag.FLEXPRICE, "deleteFeature", "Archive a feature",
        f"Also its meter, unless another feature uses it. {_CHANGES}",
        parameters=(_FEATURE_ID,), reply=_SAID, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", f"{_ONE_FEATURE}/clone", Tag.FLEXPRICE, "cloneFeature", "A feature like this one, on the same meter", _CHANGES,
        parameters=(_FEATURE_ID,), request=object_of(
            {"name": _NAME, "lookup_key": _NAME, "description": _TEXT, "metadata": _BY_NAME}, "name", "lookup_key"
        ),
        example={"name": "Traffic of partners", "lookup_key": "partner_traffic"}, success=201, reply=_FEATURE, also=_TAKEN,
    ),
)  # fmt: skip
