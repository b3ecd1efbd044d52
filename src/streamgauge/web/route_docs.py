"""What the routes of the three doors and of the server take and give, as the OpenAPI document tells it."""

from collections.abc import Mapping

from streamgauge.web.console.route_docs import CONSOLE_DOCS
from streamgauge.web.docs_analytics import ANALYTICS_DOCS
from streamgauge.web.docs_catalogue import CATALOGUE_DOCS
from streamgauge.web.docs_customers import CUSTOMER_DOCS
from streamgauge.web.docs_dashboards import DASHBOARD_DOCS
from streamgauge.web.docs_limits import LIMIT_DOCS
from streamgauge.web.docs_periods import PERIOD_DOCS, SECRET_DOCS
from streamgauge.web.docs_receipts import RECEIPT_DOCS
from streamgauge.web.docs_revenue import REVENUE_DOCS
from streamgauge.web.docs_tracker import TRACKER_DOCS
from streamgauge.web.docs_usage import USAGE_DOCS
from streamgauge.web.docs_webhooks import WEBHOOK_DOCS
from streamgauge.web.docs_websites import WEBSITE_DOCS
from streamgauge.web.openapi import DoorDoc, RouteDoc, Schema, Tag, build_document
from streamgauge.web.schemas import object_of, whole_object
from streamgauge.wire.dialect import MAX_BATCH_EVENTS
from streamgauge.wire.flexprice import query_schema as flexprice_questions
from streamgauge.wire.flexprice import refusals as flexprice_refusals
from streamgauge.wire.solinth import query_schema as solinth_questions
from streamgauge.wire.solinth import refusals as solinth_refusals
from streamgauge.wire.thebizness import refusals as thebizness_refusals

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time", "description": "ISO 8601. Without it: the time of receipt."}
_PROPERTIES: Schema = {"type": "object", "description": "Any JSON object; kept byte for byte."}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": MAX_BATCH_EVENTS}


_SOLINTH_EVENT = object_of({"event": {**_TEXT, "maxLength": 255}, "timestamp": _TIME, "properties": _PROPERTIES}, "event")
_SOLINTH_SAMPLE = {"event": "purchase", "timestamp": "2024-01-15T10:30:00Z", "properties": {"amount": 99.99, "plan": "pro"}}

_THEBIZNESS_FIELDS: Mapping[str, Schema] = {
    "event_name": _TEXT,
    "visitor_id": _TEXT,
    "properties": _PROPERTIES,
    "timestamp": _TIME,
    "website_id": {**_TEXT, "description": "A website of the project."},
}
_THEBIZNESS_SAMPLE = {
    "website_id": "your-website-id",
    "event_name": "button_click",
    "visitor_id": "visitor_123",
    "properties": {"section": "hero", "value": 99.99},
}
_THEBIZNESS_BATCH_SAMPLE = {
    "website_id": "your-website-id",
    "events": [{"event_name": "page_view", "properties": {"page_url": "/pricing"}}, {"event_name": "button_click"}],
}

_FLEXPRICE_EVENT = object_of(
    {
        "event_name": _TEXT,
        "external_customer_id": _TEXT,
        "event_id": {**_TEXT, "description": "Counts once, however often it is sent. Without it: made here."},
        "customer_id": _TEXT,
        "source": _TEXT,
        "timestamp": _TIME,
        "properties": _PROPERTIES,
    },
    "event_name",
    "external_customer_id",
)
_FLEXPRICE_SAMPLE = {
    "event_name": "api_call",
    "external_customer_id": "cust_1",
    "event_id": "call-0001",
    "properties": {"bytes": 1024, "region": "eu"},
}
_FLEXPRICE_ACCEPTED = object_of({"message": _TEXT, "event_id": _TEXT}, "message")
_STATUS = object_of({"status": _TEXT}, "status")

ROUTES = (
    RouteDoc(
        "POST",
        "/v1/events",
        Tag.SOLINTH,
        "solinthSendEvent",
        "Send one event",
        "At the root, where Flexprice has the same path, the sender's key or header decides, and last the body.",
        request=_SOLINTH_EVENT,
        example=_SOLINTH_SAMPLE,
        reply=object_of({"success": _YES, "event_id": _TEXT}, "success", "event_id"),
    ),
    RouteDoc(
        "POST",
        "/v1/events/batch",
        Tag.SOLINTH,
        "solinthSendBatch",
        f"Send up to {MAX_BATCH_EVENTS:,} events",
        "All or nothing: one event that is refused refuses the batch, and the message says which it is.",
        request=object_of({"events": _list(_SOLINTH_EVENT)}, "events"),
        example={"events": [_SOLINTH_SAMPLE]},
        reply=object_of({"success": _YES, "processed": _COUNT}, "success", "processed"),
    ),
    RouteDoc(
        "POST",
        "/api/events",
        Tag.THEBIZNESS,
        "thebiznessSendEvent",
        "Send one event of a website",
        request=object_of(_THEBIZNESS_FIELDS, "website_id", "event_name"),
        example=_THEBIZNESS_SAMPLE,
        reply=object_of({"success": _YES, "event_id": _TEXT, "timestamp": _TEXT}, "success", "event_id", "timestamp"),
    ),
    RouteDoc(
        "POST",
        "/api/events/batch",
        Tag.THEBIZNESS,
        "thebiznessSendBatch",
        f"Send up to {MAX_BATCH_EVENTS:,} events of a website",
        "Events that are refused are itemised in `errors`; the others are accepted. When all are refused the status is 400.",
        request=object_of(
            {"website_id": _TEXT, "events": _list(object_of(_THEBIZNESS_FIELDS, "event_name"))}, "website_id", "events"
        ),
        example=_THEBIZNESS_BATCH_SAMPLE,
        reply=object_of(
            {
                "success": _YES,
                "processed": _COUNT,
                "failed": _COUNT,
                "event_ids": {"type": "array", "items": _TEXT},
                "errors": {"type": "array", "items": object_of({"index": _COUNT, "code": _TEXT, "message": _TEXT}, "index")},
            },
            "success",
            "processed",
            "failed",
            "event_ids",
        ),
    ),
    RouteDoc(
        "POST",
        "/v1/events",
        Tag.FLEXPRICE,
        "flexpriceSendEvent",
        "Send one event",
        request=_FLEXPRICE_EVENT,
        example=_FLEXPRICE_SAMPLE,
        success=202,
        reply=_FLEXPRICE_ACCEPTED,
    ),
    RouteDoc(
        "POST",
        "/v1/events/bulk",
        Tag.FLEXPRICE,
        "flexpriceSendBulk",
        f"Send up to {MAX_BATCH_EVENTS:,} events",
        "All or nothing.",
        request=object_of({"events": _list(_FLEXPRICE_EVENT)}, "events"),
        example={"events": [_FLEXPRICE_SAMPLE]},
        success=202,
        reply=_FLEXPRICE_ACCEPTED,
    ),
    RouteDoc("GET", "/healthz", Tag.SERVER, "alive", "Is the process alive", reply=_STATUS),
    RouteDoc(
        "GET",
        "/readyz",
        Tag.SERVER,
        "ready",
        "Is the server ready for work",
        "503 with the reason of each part that is not ready.",
        reply=_STATUS,
        also={503: whole_object(status=_TEXT, reasons={"type": "object", "additionalProperties": _TEXT})},
    ),
    RouteDoc("GET", "/health", Tag.SERVER, "healthByGet", "Is the process alive, as Flexprice's clients ask", reply=_STATUS),
    RouteDoc("POST", "/health", Tag.SERVER, "healthByPost", "The same by POST", reply=_STATUS),
    RouteDoc("GET", "/metrics", Tag.SERVER, "figures", "Counters for Prometheus", reply_type="text/plain"),
    RouteDoc("GET", "/openapi.json", Tag.SERVER, "document", "This document", reply={"type": "object"}),
    RouteDoc("GET", "/docs", Tag.SERVER, "reference", "This document, to read", reply_type="text/html"),
    RouteDoc("GET", "/", Tag.SERVER, "start", "Leads to the reference", success=302, reply_type="text/plain"),
)

_DETAILS: Schema = {"type": "object"}
DOORS = (
    DoorDoc(
        Tag.SOLINTH, "/solinth",
        "Product metrics: events by name, one metric at a time. Base URL: /solinth/v1, or /v1 at the root.",
        object_of({"error": object_of({"code": _TEXT, "message": _TEXT}, "code", "message")}, "error"),
        solinth_refusals.status_of,
    ),
    DoorDoc(
        Tag.THEBIZNESS, "/thebizness",
        "Web analytics: events of websites and visitors. Base URL: /thebizness/api, or /api at the root.",
        object_of(
            {"success": _YES, "error": object_of({"code": _TEXT, "message": _TEXT, "details": _DETAILS}, "code", "message")},
            "success", "error",
        ),
        thebizness_refusals.status_of,
    ),
    DoorDoc(
        Tag.FLEXPRICE, "/flexprice",
        "Usage metering: events of customers, aggregated. Base URL: /flexprice/v1, or /v1 at the root. "
        "OPTIONS answers 200 at every address of this door, and pages of any origin may read its answers.",
        {
            "type": "object",
            "description": "Without a valid key only `error` is there.",
            "properties": {
                "code": _TEXT, "message": _TEXT, "http_status_code": {"type": "integer"}, "details": _DETAILS, "error": _TEXT,
            },
        },
        flexprice_refusals.status_of,
    ),
)  # fmt: skip


def api_document(version: str) -> Mapping[str, object]:
    """The OpenAPI document of this server."""
    questions = {**solinth_questions.OPERATIONS, **flexprice_questions.OPERATIONS}
    return build_document(
        version,
        DOORS,
        questions,
        (
            *ROUTES,
            *DASHBOARD_DOCS,
            *WEBSITE_DOCS,
            *REVENUE_DOCS,
            *RECEIPT_DOCS,
            *ANALYTICS_DOCS,
            *TRACKER_DOCS,
            *WEBHOOK_DOCS,
            *LIMIT_DOCS,
            *USAGE_DOCS,
            *CATALOGUE_DOCS,
            *CUSTOMER_DOCS,
            *SECRET_DOCS,
            *PERIOD_DOCS,
            *CONSOLE_DOCS,
        ),
    )
