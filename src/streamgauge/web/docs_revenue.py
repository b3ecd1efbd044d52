"""The routes about money, as the OpenAPI document tells them."""

from collections.abc import Mapping

from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import object_of
from streamgauge.wire.dialect import MAX_BATCH_EVENTS
from streamgauge.wire.thebizness.payments import PARAMETERS
from streamgauge.wire.thebizness.revenue import PaymentType

_TEXT: Schema = {"type": "string"}
_ID: Schema = {"type": "string", "maxLength": 512}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}


_PAYMENT: Mapping[str, Schema] = {
    "website_id": {**_TEXT, "description": "A website of the project."},
    "amount": {
        "type": ["number", "string"],
        "description": "Exact, also as text: below 1e28, at most nine digits after the point. A free trial needs none.",
    },
    "currency": {**_TEXT, "pattern": "^[A-Za-z]{3}$", "description": "ISO 4217. Without it: the website's."},
    "type": {
        **_TEXT,
        "enum": list(PaymentType),
        "description": "Without it: sale, or refund when the amount is negative. A refund may be given positive; it is kept "
        "negative. Trials are neither revenue nor orders.",
    },
    "order_id": _ID,
    "transaction_id": {
        **_ID,
        "description": "The payment's own id; it counts once per website, and sent again with other content it is corrected. "
        "Without it: the order_id of a sale, else type:order_id, so that an order is sold and refunded in full once. Renewals "
        "and partial refunds need ids of their own. With no id at all every call counts.",
    },
    "customer_id": _ID,
    "visitor_id": _ID,
    "event_name": {**_TEXT, "maxLength": 255, "default": "revenue"},
    "properties": {"type": "object", "description": "Any JSON object; the fields above are added to it."},
    "timestamp": {**_TEXT, "format": "date-time", "description": "ISO 8601. Without it: the time of receipt."},
}
_SAMPLE = {
    "website_id": "your-website-id",
    "amount": 99.99,
    "currency": "USD",
    "order_id": "order-1001",
    "visitor_id": "visitor_123",
    "customer_id": "cust_1",
}
_OR_NONE: Schema = {"type": ["string", "null"]}
_LISTED: Mapping[str, Schema] = {
    "revenue_id": _TEXT,
    "amount": {"type": "number"},
    "currency": _TEXT,
    "type": {**_TEXT, "enum": list(PaymentType)},
    "order_id": _OR_NONE,
    "transaction_id": _OR_NONE,
    "customer_id": _OR_NONE,
    "visitor_id": _OR_NONE,
    "event_name": _TEXT,
    "timestamp": _TEXT,
}
_ERROR = object_of({"index": _COUNT, "code": _TEXT, "message": _TEXT}, "index", "code", "message")

REVENUE_DOCS = (
    RouteDoc(
        "POST", "/api/revenue", Tag.THEBIZNESS, "thebiznessSendRevenue", "Send a payment, refund, renewal or trial",
        request=object_of(_PAYMENT, "website_id"),
        example=_SAMPLE,
        reply=object_of(
            {
                "success": _YES,
                "revenue_id": _TEXT,
                "amount": {"type": "number", "description": "As counted: negative for a refund."},
                "currency": _TEXT,
                "timestamp": _TEXT,
            },
            "success", "revenue_id", "amount", "currency", "timestamp",
        ),
    ),
    RouteDoc(
        "POST", "/api/revenue/batch", Tag.THEBIZNESS, "thebiznessSendRevenueBatch", f"Send up to {MAX_BATCH_EVENTS:,} payments",
        "Those that are refused are itemised in `errors`; the others are accepted. When all are refused the status is 400.",
        request=object_of(
            {
                "website_id": _TEXT,
                "events": {"type": "array", "items": object_of(_PAYMENT), "minItems": 1, "maxItems": MAX_BATCH_EVENTS},
            },
            "website_id", "events",
        ),
        example={"website_id": "your-website-id", "events": [{"amount": 10, "order_id": "o1"}, {"amount": "5.5"}]},
        reply=object_of(
            {
                "success": _YES,
                "processed": _COUNT,
                "failed": _COUNT,
                "revenue_ids": {"type": "array", "items": _TEXT},
                "errors": {"type": "array", "items": _ERROR},
            },
            "success", "processed", "failed", "revenue_ids",
        ),
    ),
    RouteDoc(
        "GET", "/api/revenue", Tag.THEBIZNESS, "thebiznessRevenue", "List the payments of a website",
        "The newest first, each as it counts now: what was corrected shows its last content, what was taken back is not there.",
        parameters=(
            {"name": "website_id", "in": "query", "required": True, "schema": _TEXT, "description": "The website."},
            *(
                {"name": name, "in": "query", "schema": _TEXT, "description": "As in GET /api/analytics."}
                for name in PARAMETERS
                if name != "website_id"
            ),
        ),
        reply=object_of(
            {
                "success": _YES,
                "website_id": _TEXT,
                "revenue": {"type": "array", "items": object_of(_LISTED, *_LISTED)},
                "total": _COUNT,
                "limit": _COUNT,
                "offset": _COUNT,
            },
            "success", "website_id", "revenue", "total", "limit", "offset",
        ),
        also={404: {}},
    ),
    RouteDoc(
        "DELETE", "/api/revenue/{transaction_id}", Tag.THEBIZNESS, "thebiznessTakeBackRevenue", "Take a payment back",
        "It counts for nothing from now on; sent again it counts again. Takes a key with the scopes read and ingest.",
        parameters=(
            {
                "name": "transaction_id", "in": "path", "required": True, "schema": _TEXT,
                "description": "A transaction_id, or a revenue_id.",
            },
            {"name": "website_id", "in": "query", "required": True, "schema": _TEXT, "description": "The website."},
        ),
        reply=object_of({"success": _YES}, "success"),
        also={404: {}},
    ),
)  # fmt: skip
