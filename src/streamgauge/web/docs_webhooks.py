"""The routes about webhooks, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.control.webhooks import MAX_ENDPOINTS
from streamgauge.kernel.webhook import DeliveryState, WebhookEvent
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, object_of, page_of
from streamgauge.wire.flexprice.resources import DEFAULT_LIMIT, MAX_LIMIT

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_LATER: Schema = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}
_TYPE: Schema = {"type": "string", "enum": list(WebhookEvent)}
_STATE: Schema = {"type": "string", "enum": list(DeliveryState)}
_TYPES: Schema = {"type": "array", "items": _TYPE, "uniqueItems": True, "description": "Empty: all types."}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_ADMIN = "Takes a key with the scope admin."


def _in_path(description: str) -> Schema:
    return {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": description}


_PAGING = (
    in_query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, "How many."),
    in_query("offset", {**_COUNT, "default": 0}, "How many to leave out first."),
    in_query("order", {"type": "string", "enum": ["asc", "desc"], "default": "desc"}, "By the time of making."),
)
_SPEC: Mapping[str, Schema] = {
    "url": {**_TEXT, "description": "http or https. Of a public host, unless the server allows private addresses."},
    "event_types": _TYPES,
    "description": _TEXT,
    "is_enabled": {**_YES, "default": True},
}
_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT, "environment_id": _TEXT, **_SPEC, "created_at": _TIME, "updated_at": _TIME,
}  # fmt: skip
_SECRET: Schema = {
    **_TEXT,
    "description": "whsec_ and base64: what messages are signed with, by the Standard Webhooks convention.",
}
_ENDPOINT = object_of(_FIELDS, *_FIELDS)
_NEW_ENDPOINT = object_of({**_FIELDS, "secret": _SECRET}, *_FIELDS, "secret")
_DELIVERY_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT,
    "endpoint_id": _TEXT,
    "message_id": {**_TEXT, "description": "The header webhook-id; the same at every try."},
    "event_type": _TYPE,
    "payload": object_of({"type": _TYPE, "timestamp": _TIME, "data": {"type": "object"}}, "type", "timestamp", "data"),
    "state": _STATE,
    "attempts": _COUNT,
    "next_attempt_at": _LATER,
    "last_status": {"type": ["integer", "null"]},
    "last_error": _TEXT,
    "created_at": _TIME,
    "finished_at": _LATER,
}
_DELIVERY = object_of(_DELIVERY_FIELDS, *_DELIVERY_FIELDS)


_ID = _in_path("The endpoint.")
_DELIVERY_ID = _in_path("The delivery.")
_ALL = "/v1/webhooks/endpoints"
_DELIVERIES = "/v1/webhooks/deliveries"
_SAMPLE = {"url": "https://shop.example.com/hooks", "event_types": ["event.rejected"]}

WEBHOOK_DOCS = (
    RouteDoc(
        "POST", _ALL, Tag.FLEXPRICE, "createWebhookEndpoint", "Have an address told",
        f"At most {MAX_ENDPOINTS} per project. {_ADMIN}",
        request=object_of(_SPEC, "url"), example=_SAMPLE, success=201, reply=_NEW_ENDPOINT,
    ),
    RouteDoc(
        "GET", _ALL, Tag.FLEXPRICE, "listWebhookEndpoints", "Webhook endpoints of the project", _ADMIN,
        parameters=_PAGING, reply=page_of(_ENDPOINT),
    ),
    RouteDoc(
        "GET", f"{_ALL}/{{id}}", Tag.FLEXPRICE, "getWebhookEndpoint", "One webhook endpoint", _ADMIN,
        parameters=(_ID,), reply=_ENDPOINT, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", f"{_ALL}/{{id}}", Tag.FLEXPRICE, "updateWebhookEndpoint", "Change a webhook endpoint",
        f"What is left out stays as it is. {_ADMIN}",
        parameters=(_ID,), request=object_of(_SPEC), example={"is_enabled": False}, reply=_ENDPOINT, also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", f"{_ALL}/{{id}}", Tag.FLEXPRICE, "deleteWebhookEndpoint", "Delete an endpoint and its deliveries", _ADMIN,
        parameters=(_ID,), success=204, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", f"{_ALL}/{{id}}/secret", Tag.FLEXPRICE, "getWebhookSecret", "What its messages are signed with", _ADMIN,
        parameters=(_ID,), reply=object_of({"id": _TEXT, "secret": _SECRET}, "id", "secret"), also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", f"{_ALL}/{{id}}/test", Tag.FLEXPRICE, "testWebhookEndpoint", "Send a message of type webhook.test", _ADMIN,
        parameters=(_ID,), success=202, reply=_DELIVERY, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", _DELIVERIES, Tag.FLEXPRICE, "listWebhookDeliveries", "What became of each message", _ADMIN,
        parameters=(
            *_PAGING,
            in_query("endpoint_id", _TEXT, "Of this endpoint only."),
            in_query("event_type", _TYPE, "Of this type only."),
            in_query("state", _STATE, "dead: given up; may be sent again by hand."),
        ),
        reply=page_of(_DELIVERY),
    ),
    RouteDoc(
        "GET", f"{_DELIVERIES}/{{id}}", Tag.FLEXPRICE, "getWebhookDelivery", "One delivery", _ADMIN,
        parameters=(_DELIVERY_ID,), reply=_DELIVERY, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", f"{_DELIVERIES}/{{id}}/retry", Tag.FLEXPRICE, "retryWebhookDelivery", "Send it again now", _ADMIN,
        parameters=(_DELIVERY_ID,), success=202, reply=_DELIVERY, also=_LOOKED_UP,
    ),
)  # fmt: skip
