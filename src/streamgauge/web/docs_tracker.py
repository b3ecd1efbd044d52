"""The tracker's routes, as the OpenAPI document tells them."""

from streamgauge.web.collect import EVENTS_PER_HOUR
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import object_of
from streamgauge.web.tracker.serving import SCRIPT_PATH
from streamgauge.wire.thebizness.collect import LONGEST_PAGE_ID, MAX_AGE_MS, MAX_BODY_BYTES, MAX_EVENTS, PAGE_PAYMENTS

_TEXT: Schema = {"type": "string"}
_ID: Schema = {"type": "string", "maxLength": 512}
_COUNT: Schema = {"type": "integer", "minimum": 0}


_REVENUE = {
    **object_of(
        {
            "amount": {"type": ["number", "string"], "description": "Not negative; at most 9 digits after the point."},
            "currency": {**_TEXT, "minLength": 3, "maxLength": 3, "description": "ISO 4217; that of the website when absent."},
            "type": {**_TEXT, "enum": list(PAGE_PAYMENTS), "default": PAGE_PAYMENTS[0]},
            "transaction_id": _ID,
            "order_id": {**_ID, "description": "A payment counts once per website; transaction_id names it before order_id."},
        },
        "amount",
    ),
    "description": "Makes the event a payment. What a server says of it later replaces it; a page never replaces anything.",
}
_EVENT = object_of(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 255, "description": "page_view for a page view."},
        "url": {**_TEXT, "description": "Address of the page; becomes the property page_url."},
        "id": {
            "type": "string",
            "maxLength": LONGEST_PAGE_ID,
            "description": "Unique in the project. The first event with an id counts, whatever comes later under the same one.",
        },
        "referrer": _TEXT,
        "title": {**_TEXT, "description": "Becomes the property page_title."},
        "screen": _TEXT,
        "language": _TEXT,
        "props": {"type": "object", "description": "Any JSON object."},
        "revenue": _REVENUE,
        "customer_id": {**_ID, "description": "Who the visitor is to the website."},
        "visitor_id": {**_ID, "description": "Used only when the website's identity is `cookie`."},
        "age_ms": {**_COUNT, "maximum": MAX_AGE_MS, "description": "How long ago it happened. Without it: now."},
    },
    "name",
    "url",
)
_SAMPLE = {
    "website_id": "your-website-id",
    "events": [{"id": "k3x9f0a1", "name": "page_view", "url": "https://example.com/pricing", "age_ms": 250}],
}

TRACKER_DOCS = (
    RouteDoc(
        "POST",
        "/api/collect",
        Tag.THEBIZNESS,
        "thebiznessCollect",
        "Send events from a page, without a key",
        f"For the tracker. The header Origin must be one that the website allows; pages of such an origin may read the answer. "
        f"At most {MAX_EVENTS} events and {MAX_BODY_BYTES // 1024} KiB; of one address at most {EVENTS_PER_HOUR:,} events of a "
        f"website per hour, which is what the limit headers count. The body is read as JSON whatever its Content-Type, and "
        f"text/plain saves browsers a preflight. Events that are refused are itemised in `errors`; the others are accepted.",
        request=object_of(
            {"website_id": _TEXT, "events": {"type": "array", "items": _EVENT, "minItems": 1, "maxItems": MAX_EVENTS}},
            "website_id",
            "events",
        ),
        example=_SAMPLE,
        success=202,
        reply=object_of(
            {
                "success": {"type": "boolean"},
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
        needs_key=False,
    ),
    RouteDoc("GET", SCRIPT_PATH, Tag.SERVER, "tracker", "The tracker's script, for pages", reply_type="text/javascript"),
)
