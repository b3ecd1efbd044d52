"""The routes about API keys and closed periods, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.kernel.adjustment import AdjustmentKind
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, object_of, page_of
from streamgauge.wire.flexprice.resources import DEFAULT_LIMIT, MAX_LIMIT
from streamgauge.wire.flexprice.secrets import SecretType

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_ADMIN = "Takes a key with the scope admin."


def _in_path(description: str) -> Schema:
    return {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": description}


_PAGING = (
    in_query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, "How many."),
    in_query("offset", {**_COUNT, "default": 0}, "How many to leave out first."),
    in_query("order", {"type": "string", "enum": ["asc", "desc"], "default": "desc"}, "The newest first, or last."),
)
_STATUS: Schema = {"type": "string", "enum": ["published", "archived"]}
_SECRET_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT,
    "name": _TEXT,
    "display_id": {**_TEXT, "description": "Its first five and last two characters; for keys of the command line the first."},
    "type": {"type": "string", "enum": list(SecretType)},
    "provider": _TEXT,
    "roles": {"type": "array", "items": _TEXT},
    "status": _STATUS,
    "created_at": _TIME,
    "updated_at": _TIME,
}  # fmt: skip
_SECRET = object_of({**_SECRET_FIELDS, "expires_at": _TIME}, *_SECRET_FIELDS)
_NEW_SECRET = object_of(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "type": {
            "type": "string", "enum": list(SecretType),
            "description": "private_key reads and sends events, publishable_key only sends them.",
        },
        "expires_at": {**_TIME, "description": "Without it: never."},
    },
    "name", "type",
)  # fmt: skip
_KEYS = "/v1/secrets/api/keys"

SECRET_DOCS = (
    RouteDoc(
        "POST", _KEYS, Tag.FLEXPRICE, "createApiKey", "Make an API key",
        f"It is shown only this once, and has the plan of the key that asks. {_ADMIN}",
        request=_NEW_SECRET, example={"name": "backend", "type": "private_key"}, success=201,
        reply=object_of({"api_key": _TEXT, "secret": _SECRET}, "api_key", "secret"),
    ),
    RouteDoc(
        "GET", _KEYS, Tag.FLEXPRICE, "listApiKeys", "API keys of the project", _ADMIN,
        parameters=(*_PAGING, in_query("status", _STATUS, "archived: those taken back.")), reply=page_of(_SECRET),
    ),
    RouteDoc(
        "DELETE", f"{_KEYS}/{{id}}", Tag.FLEXPRICE, "deleteApiKey", "Take an API key back", f"It is refused at once. {_ADMIN}",
        parameters=(_in_path("The key's id, key_..."),), success=204, also=_LOOKED_UP,
    ),
)  # fmt: skip

_SPAN: Mapping[str, Schema] = {
    "start_time": {**_TIME, "description": "Included."},
    "end_time": {**_TIME, "description": "Excluded; it has passed."},
}
_PERIOD_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT,
    "environment_id": _TEXT,
    **_SPAN,
    "position": {**_COUNT, "description": "End of the journal when it was closed; usable as as_of: position:<n>."},
    "closed_at": _TIME,
    "closed_by": {**_TEXT, "description": "Id of the key."},
}
_PERIOD = object_of(_PERIOD_FIELDS, *_PERIOD_FIELDS)
_ADJUSTMENT_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT,
    "external_customer_id": _TEXT,
    "customer_id": _TEXT,
    "event_name": _TEXT,
    "timestamp": _TIME,
    "properties": {"type": "object"},
    "source": _TEXT,
    "environment_id": _TEXT,
    "ingested_at": _TIME,
    "kind": {"type": "string", "enum": list(AdjustmentKind)},
    "position": _COUNT,
    "superseded": {"type": "boolean", "description": "Something that came later took its place."},
}
_PERIODS = "/v1/periods"
_ID = _in_path("The period.")

PERIOD_DOCS = (
    RouteDoc(
        "POST", f"{_PERIODS}/close", Tag.FLEXPRICE, "closePeriod", "Close a period for good",
        f"What comes later counts in metered usage at its end. It must have ended and overlap no closed one. {_ADMIN}",
        request=object_of(_SPAN, *_SPAN),
        example={"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-02-01T00:00:00Z"},
        success=201, reply=_PERIOD, also={409: {}},
    ),
    RouteDoc(
        "GET", _PERIODS, Tag.FLEXPRICE, "listClosedPeriods", "Closed periods of the project", "By start.",
        parameters=_PAGING, reply=page_of(_PERIOD),
    ),
    RouteDoc(
        "GET", f"{_PERIODS}/{{id}}", Tag.FLEXPRICE, "getClosedPeriod", "One closed period",
        parameters=(_ID,), reply=_PERIOD, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", f"{_PERIODS}/{{id}}/adjustments", Tag.FLEXPRICE, "listAdjustments", "What came after the period was closed",
        "Late events, corrections and void marks, in the order in which they came.",
        parameters=(_ID, *_PAGING), reply=page_of(object_of(_ADJUSTMENT_FIELDS, *_ADJUSTMENT_FIELDS)), also=_LOOKED_UP,
    ),
)  # fmt: skip
