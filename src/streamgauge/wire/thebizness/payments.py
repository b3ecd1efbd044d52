"""GET /api/revenue: the payments of a website, the newest first, as they count now.

website_id, period or start_date and end_date, timezone    as asking.py
limit (100, at most 1,000), offset or page
"""

from collections.abc import Mapping

import msgspec

from streamgauge.kernel.query import EventListQuery, EventPage, Selection, StoredEvent
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.thebizness import asking
from streamgauge.wire.thebizness.asking import Asked, Site
from streamgauge.wire.thebizness.period import read_range
from streamgauge.wire.timestamps import format_instant

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
PARAMETERS = ("website_id", "period", "start_date", "end_date", "timezone", *asking.PAGING)
_TOLD = ("amount", "currency", "type", "order_id", "transaction_id")
_raw_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def payments_asked(parameters: Pairs) -> Asked:
    """Raises Refusal."""
    return asking.of_parameters(parameters, PARAMETERS)


def parse_payment_list(asked: Asked, site: Site, now_ms: int) -> EventListQuery:
    """Raises Refusal."""
    range_ = read_range(asked.values, asking.read_zone(asked, site), now_ms)
    limit, offset = asking.read_page(asked, DEFAULT_LIMIT, MAX_LIMIT)
    return EventListQuery(
        Selection(site.website.project_id, range_.start_ms, range_.end_ms),
        limit=limit,
        offset=offset,
        with_total=True,
        payments_of=site.website.website_id,
    )


def render_payment_list(query: EventListQuery, page: EventPage) -> bytes:
    return msgspec.json.encode(
        {
            "success": True,
            "website_id": query.payments_of,
            "revenue": [_payment_shape(event) for event in page.events],
            "total": page.total,
            "limit": query.limit,
            "offset": query.offset,
        }
    )


def _payment_shape(event: StoredEvent) -> Mapping[str, object]:
    """The amount byte for byte as it is stored."""
    told = _raw_members.decode(event.properties) if event.properties else {}
    return {
        "revenue_id": event.event_id,
        **{name: told.get(name) for name in _TOLD},
        "customer_id": event.customer_id or None,
        "visitor_id": event.visitor_id or None,
        "event_name": event.name,
        "timestamp": format_instant(event.timestamp_ms),
    }
