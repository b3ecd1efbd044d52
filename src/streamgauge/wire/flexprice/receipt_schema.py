"""Receipts as JSON schemas, for the OpenAPI document."""

from collections.abc import Mapping

from streamgauge.kernel.receipt import Standing
from streamgauge.wire.flexprice.query_schema import EVENT_FIELDS, EVENT_LIST_FIELDS

Schema = Mapping[str, object]

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER_TEXT: Schema = {**_TEXT, "description": "An exact decimal."}


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list_of(item: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": item, **({"description": description} if description else {})}


POSITION: Schema = {**_COUNT, "description": "Where it stands in the journal."}
STANDING: Schema = {**_TEXT, "enum": list(Standing)}
_KEY: Schema = {**_TEXT, "description": "Of the key that sent it; empty when none is known."}
_VERSION_FIELDS: Mapping[str, Schema] = {
    **EVENT_FIELDS,
    "position": POSITION,
    "standing": STANDING,
    "door": _TEXT,
    "key_id": _KEY,
}
_REPLACED = _object({"position": POSITION, "at": _TIME, "key_id": _KEY}, "position", "at", "key_id")
VERSION = _object({**_VERSION_FIELDS, "replaced_by": _REPLACED}, *_VERSION_FIELDS)

_PROCESSED_FIELDS: Mapping[str, Schema] = {
    "customer_id": {**_TEXT, "description": "Of the customer that was made for the event's external id; else empty."},
    "subscription_id": _TEXT,
    "sub_line_item_id": _TEXT,
    "price_id": _TEXT,
    "meter_id": _TEXT,
    "feature_id": {**_TEXT, "description": "Empty when the meter has no feature."},
    "qty_total": _NUMBER_TEXT,
    "processed_at": _TIME,
}
_CUSTOMER = _object(
    {"id": _TEXT, "external_id": _TEXT, "name": _TEXT, "timezone": _TEXT}, "id", "external_id", "name", "timezone"
)
_METER: Schema = {"type": "object", "description": "As GET /v1/meters/{id} shows it."}
_MATCHED = _object(
    {"meter_id": _TEXT, "event_name": _TEXT, "meter": _METER, "qty_total": _NUMBER_TEXT},
    "meter_id", "event_name", "meter", "qty_total",
)  # fmt: skip
_UNMATCHED = _object({"meter_id": _TEXT, "event_name": _TEXT, "reason": _TEXT}, "meter_id", "event_name", "reason")
_STEP = _object({"status": _TEXT}, "status")
_USAGE = _object(
    {"external_customer_id": _TEXT, "meter_id": _TEXT, "qty_total": _NUMBER_TEXT}, "external_customer_id", "meter_id", "qty_total"
)
_ERROR = _object({"code": _TEXT, "message": _TEXT, "http_status_code": {"type": "integer"}}, "code", "message")
_TRACKER_FIELDS: Mapping[str, Schema] = {
    "customer_lookup": _object({"status": _TEXT, "customer": _CUSTOMER}, "status"),
    "meter_matching": _object(
        {
            "status": _TEXT,
            "matched_meters": _list_of(_MATCHED),
            "unmatched_meters": _list_of(_UNMATCHED, "Meters of the event's name that do not count it."),
            "reason": {**_TEXT, "description": "Why no meter counts it."},
        },
        "status",
    ),
    "price_lookup": _STEP,
    "subscription_line_item_lookup": _STEP,
    "attributed_to_customer": _object({"status": _TEXT, "meter_usage": _USAGE}, "status"),
    "failure_point": {
        "type": ["object", "null"],
        "properties": {"failure_point_type": _TEXT, "error": _ERROR},
        "required": ["failure_point_type", "error"],
    },
}
_CONVERSION_FIELDS: Mapping[str, Schema] = {
    "conversion_event_id": _TEXT,
    "website_id": _TEXT,
    "name": _TEXT,
    "value": {"type": ["string", "null"]},
    "currency": _TEXT,
}
_RECEIPT_FIELDS: Mapping[str, Schema] = {
    "event": VERSION,
    "status": {**_TEXT, "enum": ["processed", "failed"]},
    "processed_events": _list_of(
        _object(_PROCESSED_FIELDS, *_PROCESSED_FIELDS), "One for each meter that counts it, and each feature of that meter."
    ),
    "debug_tracker": _object(_TRACKER_FIELDS, *_TRACKER_FIELDS),
    "events": _list_of(VERSION, "All stored versions that were asked for, the newest first."),
    "stored_versions": {**_COUNT, "description": "Duplicates are not stored and not among them."},
    "conversions": _list_of(_object(_CONVERSION_FIELDS, *_CONVERSION_FIELDS), "Goals of its website that it counts for."),
}
RECEIPT = _object(_RECEIPT_FIELDS, *_RECEIPT_FIELDS)
VOIDED = _object({"message": _TEXT, "event_id": _TEXT}, "message", "event_id")

_EVENT_OR_NONE: Schema = {"type": ["object", "null"], "properties": EVENT_FIELDS, "required": list(EVENT_FIELDS)}
_CHANGE_FIELDS: Mapping[str, Schema] = {
    "position": POSITION,
    "change": {**_TEXT, "enum": ["created", "corrected", "voided", "restored"]},
    "at": _TIME,
    "key_id": _KEY,
    "door": _TEXT,
    "before": _EVENT_OR_NONE,
    "after": _EVENT_OR_NONE,
}
HISTORY = _object(
    {
        "event_id": _TEXT,
        "changes": _list_of(_object(_CHANGE_FIELDS, *_CHANGE_FIELDS), "In the order in which they were accepted."),
        "has_more": {"type": "boolean", "description": "There were earlier changes."},
    },
    "event_id",
    "changes",
    "has_more",
)

_UNMETERED_FIELDS: Mapping[str, Schema] = {
    **EVENT_FIELDS,
    "position": POSITION,
    "reason": {**_TEXT, "enum": ["no_meter_for_event_name", "no_matching_meter", "not_a_number"]},
}
UNMETERED = _object(
    {**EVENT_LIST_FIELDS, "events": _list_of(_object(_UNMETERED_FIELDS, *_UNMETERED_FIELDS))}, "events", "has_more"
)
