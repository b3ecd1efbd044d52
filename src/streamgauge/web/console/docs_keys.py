"""The routes about keys, plans, the server's state and sample data, as the OpenAPI document tells them."""

from streamgauge.kernel.access import Scope
from streamgauge.sample import DAYS
from streamgauge.web.console.keys import MOST_GRACE_HOURS
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import list_of, whole_object

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_LATER: Schema = {"type": ["string", "null"], "format": "date-time"}
_DAY: Schema = {"type": "string", "format": "date"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_LIMIT: Schema = {"type": ["integer", "null"], "description": "null: no limit."}
_BYTES: Schema = {"type": "integer", "minimum": 0, "description": "Bytes."}


_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": "The key."}
_SCOPES = list_of({"type": "string", "enum": [scope.value for scope in Scope]})
_KEY: dict[str, Schema] = {
    "id": _TEXT, "name": _TEXT, "prefix": {**_TEXT, "description": "What may be shown of the secret."}, "plan": _TEXT,
    "scopes": _SCOPES, "door": {"type": "string", "enum": ["any", "solinth", "thebizness", "flexprice"]},
    "state": {"type": "string", "enum": ["active", "replaced", "revoked", "expired"]},
    "created_at": _TIME, "expires_at": _LATER, "revoked_at": _LATER, "replaced_by": {"type": ["string", "null"]},
    "last_used_at": _LATER,
}  # fmt: skip
_MADE = whole_object(**_KEY, secret={**_TEXT, "description": "Told this once."})
_PLAN = whole_object(
    name=_TEXT, requests_per_minute=_LIMIT, events_per_day=_LIMIT, thebizness_per_hour=_LIMIT, thebizness_batches_per_hour=_LIMIT,
    keys=_COUNT,
)  # fmt: skip
_USE = whole_object(
    day=_DAY, events_today=_COUNT, events_per_day=_LIMIT,
    keys=list_of(whole_object(id=_TEXT, name=_TEXT, plan=_TEXT, requests_this_minute=_COUNT, requests_per_minute=_LIMIT)),
)  # fmt: skip
_SYSTEM = whole_object(
    version=_TEXT, started_at=_TIME, uptime_s=_COUNT, ready={"type": "boolean"},
    faults=list_of(whole_object(part=_TEXT, fault=_TEXT)),
    backlog_bytes=_BYTES, backlog_limit_bytes=_BYTES, lag_bytes=_BYTES, lag_s={"type": "number", "minimum": 0},
    events_loaded={**_COUNT, "description": "Since the start."}, events_duplicate=_COUNT, events_set_aside=_COUNT,
    disk_free_bytes=_BYTES, disk_total_bytes=_BYTES,
    store_bytes={"type": ["integer", "null"], "description": "null for a store elsewhere."}, journal_bytes=_BYTES,
    memory_bytes=_BYTES,
)  # fmt: skip

KEY_DOCS = (
    RouteDoc(
        "GET", "/console/v1/keys", Tag.CONSOLE, "consoleKeys", "The keys of the project, the newest first", "Scope admin.",
        reply=whole_object(keys=list_of(whole_object(**_KEY))),
    ),
    RouteDoc(
        "POST", "/console/v1/keys", Tag.CONSOLE, "consoleCreateKey", "Make a key", "Scope admin. The secret is told once.",
        request={
            "type": "object",
            "properties": {
                "name": _TEXT, "scopes": {**_SCOPES, "default": ["ingest", "read"]}, "plan": {**_TEXT, "default": "unlimited"},
                "door": {**_KEY["door"], "default": "any"}, "expires_at": _LATER,
            },
            "required": ["name"],
        },
        example={"name": "shop server", "scopes": ["ingest"]}, success=201, reply=_MADE,
    ),
    RouteDoc(
        "POST", "/console/v1/keys/{id}/rotate", Tag.CONSOLE, "consoleRotateKey", "Put a new key in the place of one",
        f"Scope admin. The old one works for `grace_hours` more, at most {MOST_GRACE_HOURS:,}.",
        parameters=(_ID,), request={
            "type": "object", "properties": {"grace_hours": {"type": "number", "minimum": 0, "default": 24}},
        },
        example={"grace_hours": 24}, success=201, reply=_MADE, also={404: {}, 409: {}},
    ),
    RouteDoc(
        "DELETE", "/console/v1/keys/{id}", Tag.CONSOLE, "consoleRevokeKey", "Take a key back, at once", "Scope admin.",
        parameters=(_ID,), reply=whole_object(success={"type": "boolean"}), also={404: {}},
    ),
    RouteDoc(
        "GET", "/console/v1/plans", Tag.CONSOLE, "consolePlans", "The plans, and what is used of them",
        reply=whole_object(plans=list_of(_PLAN), use=_USE),
    ),
    RouteDoc(
        "GET", "/console/v1/system", Tag.CONSOLE, "consoleSystem", "How the server is", "Scope admin.", reply=_SYSTEM,
    ),
    RouteDoc(
        "POST", "/console/v1/sample-data", Tag.CONSOLE, "consoleSampleData", f"Load {DAYS} days of an invented company",
        "Scope admin. Twice changes nothing; on a later day it adds the days in between.",
        reply=whole_object(events=_COUNT, website_id=_TEXT, **{"from": _DAY, "to": _DAY}),
    ),
)  # fmt: skip
