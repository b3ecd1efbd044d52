"""The routes about single events, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query
from streamgauge.wire.flexprice import receipt_schema as schema
from streamgauge.wire.flexprice.history import MAX_CHANGES
from streamgauge.wire.flexprice.query_schema import LIST_PARAMETERS

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_ON_ITS_WAY = "An event that was accepted and is not loaded in time is server_busy, not not_found."


_ID_IN_PATH: Schema = {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": "The event."}
_NARROWED = (
    in_query("external_customer_id", _TEXT, "Only versions of this customer."),
    in_query("start_time", _TIME, "Included."),
    in_query("end_time", _TIME, "Included."),
)

RECEIPT_DOCS = (
    RouteDoc(
        "GET", "/v1/events/lookup", Tag.FLEXPRICE, "flexpriceLookup", "The receipt of an event: what became of it", _ON_ITS_WAY,
        parameters=(in_query("id", _TEXT, "The event.", required=True), *_NARROWED), reply=schema.RECEIPT, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/events/{id}", Tag.FLEXPRICE, "flexpriceEvent", "The same by the id in the path", _ON_ITS_WAY,
        parameters=(_ID_IN_PATH, *_NARROWED), reply=schema.RECEIPT, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/events/unmetered", Tag.FLEXPRICE, "listUnmeteredEvents", "Events that no meter counts, and why",
        "As GET /v1/events, by the meters as they are now.",
        parameters=(
            *(in_query(name, value, "") for name, value in LIST_PARAMETERS.items()),
            in_query("include_without_customer", {"type": "boolean", "default": False}, "Also events that name no customer."),
        ),
        reply=schema.UNMETERED,
    ),
    RouteDoc(
        "DELETE", "/v1/events/{id}", Tag.FLEXPRICE, "voidEvent", "Take an event back",
        "It stays in its history and counts for nothing until it is sent again. Takes a key with the scopes read and ingest.",
        parameters=(_ID_IN_PATH,), reply=schema.VOIDED, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/events/{id}/history", Tag.FLEXPRICE, "eventHistory", "Who changed an event, when, before and after",
        f"The last {MAX_CHANGES} changes. Duplicates change nothing and are not among them.",
        parameters=(_ID_IN_PATH,), reply=schema.HISTORY, also=_LOOKED_UP,
    ),
)  # fmt: skip
