"""The questions of the Flexprice door for OpenAPI 3.1. Refusals and keys are the HTTP floor's to add."""

from collections.abc import Mapping

from streamgauge.kernel.query import Window
from streamgauge.wire.flexprice.listing import DEFAULT_PAGE_SIZE, MAX_BODY_PAGE_SIZE, MAX_QUERY_STRING_PAGE_SIZE
from streamgauge.wire.flexprice.usage import AGGREGATION_TYPES

Schema = Mapping[str, object]

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_WINDOW: Schema = {"type": "string", "enum": [window.value for window in Window]}
_VALUES_BY_PROPERTY: Schema = {
    "type": "object",
    "additionalProperties": {"type": "array", "minItems": 1, "items": _TEXT},
    "description": "Joined by AND over the properties, by OR over the values; compared as texts.",
}


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _object(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


_RANGE: Mapping[str, Schema] = {
    "start_time": _described(_TIME, "Included. Without it: seven days before the end."),
    "end_time": _described(_TIME, "Included in lists, excluded in usage. Without it: now."),
}
_WHO: Mapping[str, Schema] = {
    "external_customer_id": _TEXT,
    "customer_id": _TEXT,
}
_LIST: Mapping[str, Schema] = {
    "event_name": _TEXT,
    "event_id": _TEXT,
    "source": _TEXT,
    **_WHO,
    **_RANGE,
    "iter_first_key": _described(_TEXT, "Cursor: only newer events."),
    "iter_last_key": _described(_TEXT, "Cursor: only older events. Not with order asc."),
    "offset": {"type": "integer", "minimum": 0, "default": 0},
    "sort": {"type": "string", "enum": ["timestamp", "event_name"], "default": "timestamp"},
    "order": {"type": "string", "enum": ["asc", "desc"], "default": "desc"},
}
_PAGE_SIZE: Schema = {"type": "integer", "minimum": 1, "default": DEFAULT_PAGE_SIZE}
LIST_PARAMETERS: Mapping[str, Schema] = {
    **_LIST,
    "property_filters": _described(_TEXT, "name:value,value;name:value"),
    "page_size": {**_PAGE_SIZE, "maximum": MAX_QUERY_STRING_PAGE_SIZE},
}
_LIST_BODY = _object(
    {**_LIST, "property_filters": _VALUES_BY_PROPERTY, "page_size": {**_PAGE_SIZE, "maximum": MAX_BODY_PAGE_SIZE}}
)
_USAGE_BODY = _object(
    {
        "event_name": _TEXT,
        "aggregation_type": {"type": "string", "enum": list(AGGREGATION_TYPES)},
        "property_name": _described(_TEXT, "Without it and without an expression the type is COUNT."),
        "expression": _described(_TEXT, "Arithmetic over properties, instead of property_name; for SUM, AVG, MAX, LATEST."),
        **_WHO,
        **_RANGE,
        "window_size": _described(_WINDOW, "One result per window."),
        "bucket_size": _described(_WINDOW, "MAX and SUM only: per bucket, then summed."),
        "filters": _VALUES_BY_PROPERTY,
        "multiplier": {"type": ["string", "number"], "description": "SUM_WITH_MULTIPLIER only; above zero."},
        "billing_anchor": _described(_TIME, "Its day of the month starts MONTH windows."),
        "timezone": _described({**_TEXT, "default": "UTC"}, "IANA name of the zone of windows."),
        "group_by": {"type": "array", "items": _described(_TEXT, "source, or properties.<name>")},
        "group_by_property": {**_TEXT, "deprecated": True},
        "as_of": _described(
            _TEXT, "position:<n> or a time: what the answer was when no more than that had arrived. loaded: without waiting."
        ),
    },
    required=("event_name", "aggregation_type"),
)

EVENT_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT,
    "external_customer_id": _TEXT,
    "customer_id": _TEXT,
    "event_name": _TEXT,
    "timestamp": _TIME,
    "properties": _described({"type": "object"}, "As sent, byte for byte."),
    "source": _TEXT,
    "environment_id": _described(_TEXT, "Id of the project."),
    "ingested_at": _TIME,
}
EVENT = _object(EVENT_FIELDS, required=tuple(EVENT_FIELDS))
EVENT_LIST_FIELDS: Mapping[str, Schema] = {
    "events": {"type": "array", "items": EVENT},
    "has_more": {"type": "boolean"},
    "iter_first_key": _TEXT,
    "iter_last_key": _TEXT,
    "total_count": {"type": "integer"},
    "offset": {"type": "integer"},
}
EVENT_LIST = _object(EVENT_LIST_FIELDS, required=("events", "has_more"))
_RESULT = _object(
    {
        "window_size": _described(_TIME, "Start of the window."),
        "value": {"type": "number"},
        "group_by": {"type": "object", "additionalProperties": _TEXT},
    },
    required=("value",),
)
USAGE = _object(
    {
        "event_name": _TEXT,
        "type": {"type": "string", "enum": list(AGGREGATION_TYPES)},
        "value": _described({"type": "number"}, "Absent when 0, and in windowed queries that are not bucketed."),
        "results": {"type": "array", "items": _RESULT},
    },
    required=("event_name", "type"),
)


def _operation(
    operation_id: str, summary: str, reply: Schema, also: Mapping[str, object] | None = None, **asked: object
) -> Mapping[str, object]:
    """also: statuses besides 200 and those that every operation has."""
    return {
        "operationId": operation_id,
        "tags": ["Flexprice"],
        "summary": summary,
        **asked,
        "responses": {"200": {"description": summary, "content": {"application/json": {"schema": reply}}}, **(also or {})},
    }


def _in_query(parameters: Mapping[str, Schema], required: tuple[str, ...] = ()) -> list[Schema]:
    return [{"name": name, "in": "query", "required": name in required, "schema": schema} for name, schema in parameters.items()]


def _body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


OPERATIONS: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("GET", "/v1/events"): _operation(
        "flexpriceListEvents", "A page of events", EVENT_LIST, parameters=_in_query(LIST_PARAMETERS)
    ),
    ("POST", "/v1/events/query"): _operation(
        "flexpriceQueryEvents", "A page of events, asked for in JSON", EVENT_LIST, requestBody=_body(_LIST_BODY)
    ),
    ("POST", "/v1/events/usage"): _operation(
        "flexpriceUsage", "One aggregate over events", USAGE, requestBody=_body(_USAGE_BODY)
    ),
}
