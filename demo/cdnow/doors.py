"""A purchase as each of the three doors wants it, and what each answers to a batch.

The file says the day of a purchase only; it is sent as noon, UTC. The dollars go to Solinth and theBizness as JSON numbers
with the file's own digits, and to Flexprice as texts, as its official client sends them: both must count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx
import msgspec

from demo.cdnow.purchases import Purchase

EVENT_NAME = "purchase"
DOLLARS = "dollars"
CUSTOMER = "customer"


@dataclass(frozen=True)
class DoorUse:
    """How a batch goes in through one door.

    body: purchases and a website id to a request; only theBizness asks for the website.
    accepted: whether the door took all of so many events.
    """

    name: str
    path: str
    key_header: str
    body: Callable[[Sequence[Purchase], str], dict[str, object]]
    accepted: Callable[[httpx.Response, int], bool]

    def headers(self, secret: str) -> dict[str, str]:
        value = f"Bearer {secret}" if self.key_header == "authorization" else secret
        return {self.key_header: value, "content-type": "application/json"}

    def encode(self, purchases: Sequence[Purchase], website_id: str) -> bytes:
        return msgspec.json.encode(self.body(purchases, website_id))


def _timestamp(purchase: Purchase) -> str:
    return f"{purchase.day}T12:00:00Z"


def _properties(purchase: Purchase) -> dict[str, object]:
    return {CUSTOMER: purchase.customer, "cds": purchase.cds, DOLLARS: msgspec.Raw(purchase.dollars.encode())}


def _solinth_body(purchases: Sequence[Purchase], _: str) -> dict[str, object]:
    return {"events": [{"event": EVENT_NAME, "timestamp": _timestamp(p), "properties": _properties(p)} for p in purchases]}


def _thebizness_body(purchases: Sequence[Purchase], website_id: str) -> dict[str, object]:
    events = [
        {"event_name": EVENT_NAME, "visitor_id": p.customer, "timestamp": _timestamp(p), "properties": _properties(p)}
        for p in purchases
    ]
    return {"website_id": website_id, "events": events}


def _flexprice_body(purchases: Sequence[Purchase], _: str) -> dict[str, object]:
    events = [
        {
            "event_id": f"cdnow-{p.line}",
            "event_name": EVENT_NAME,
            "external_customer_id": p.customer,
            "timestamp": _timestamp(p),
            "properties": {CUSTOMER: p.customer, "cds": str(p.cds), DOLLARS: p.dollars},
        }
        for p in purchases
    ]
    return {"events": events}


DOORS = (
    DoorUse(
        name="solinth",
        path="/v1/events/batch",
        key_header="authorization",
        body=_solinth_body,
        accepted=lambda reply, count: reply.status_code == 200 and reply.json() == {"success": True, "processed": count},
    ),
    DoorUse(
        name="thebizness",
        path="/api/events/batch",
        key_header="authorization",
        body=_thebizness_body,
        accepted=lambda reply, count: (
            reply.status_code == 200 and (reply.json()["processed"], reply.json()["failed"]) == (count, 0)
        ),
    ),
    DoorUse(
        name="flexprice",
        path="/v1/events/bulk",
        key_header="x-api-key",
        body=_flexprice_body,
        accepted=lambda reply, _: reply.status_code == 202,
    ),
)
