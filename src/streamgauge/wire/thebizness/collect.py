"""What the tracker sends: {"website_id", "events": [{"name", "url", ...}]}, from a page and without a key.

An event:

    name          as at every door
    url           address of the page; required
    id            made by the page, so that an event sent again counts once; the event's id is then "trk_" and this
    referrer, title, screen, language    facts of the page and its visitor's screen, texts
    props         object: the properties, as at every door
    customer_id   who the visitor is to the website
    visitor_id    from the cookie; what becomes of it is the website's choice, not the sender's
    age_ms        how long ago it happened, at most 24 hours; clocks of browsers are wrong, so no time is taken from them
    revenue       object: {"amount", "currency"?, "type"?, "transaction_id"?, "order_id"?} as of POST /api/revenue, which makes
                  the event a payment and gives it the payment's id

The facts of the page become properties: page_url, referrer, page_title, screen, language. A property of the same name in props
wins. The members of revenue become properties too, and win. Elements fail one by one.

Anybody can send what a page sends, so a page may only tell of money that comes in: no refunds, no negative amounts. It never
changes what is known of a payment (FIRST_WINS), while what a server says of the same payment replaces what a page said.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, Node, inspect, load_object
from streamgauge.wire.dialect import Arrival, NoneAccepted, ParsedBatch
from streamgauge.wire.fields import missing_field, read_name, read_optional_text, read_required_id, wrong_type
from streamgauge.wire.numbers import json_number
from streamgauge.wire.parameters import one_of
from streamgauge.wire.properties import not_an_object, read_properties
from streamgauge.wire.reading import elements_of, raw_elements
from streamgauge.wire.thebizness.events import ID_PREFIX
from streamgauge.wire.thebizness.revenue import Payment, PaymentType, parse_payment, revenue_id_of

MAX_EVENTS = 50
MAX_BODY_BYTES = 64 * 1024
MAX_AGE_MS = 24 * 60 * 60 * 1000
SOURCE = "tracker"
PAGE_ID_PREFIX = "trk"
LONGEST_PAGE_ID = 128
_FLAGS = int(EventFlag.FIRST_WINS)
PAGE_PAYMENTS = (PaymentType.SALE, PaymentType.RENEWAL, PaymentType.FREE_TRIAL)
"""The types of revenue that a page may tell of."""

_REVENUE_MEMBERS = ("amount", "currency", "type", "order_id", "transaction_id")
_FROM_PAGE = {"page_url": "url", "referrer": "referrer", "page_title": "title", "screen": "screen", "language": "language"}


class _SentProps(msgspec.Struct):
    props: dict[str, msgspec.Raw] | None = None


class _SentRevenue(msgspec.Struct):
    revenue: dict[str, msgspec.Raw]


_sent_props = msgspec.json.Decoder(_SentProps)
_sent_revenue = msgspec.json.Decoder(_SentRevenue)
CurrencyOf = Callable[[str], str]


class Collected(NamedTuple):
    """A request of the tracker. batch: its good events and its refused ones, with their places."""

    website_id: str
    batch: ParsedBatch


def parse_collect(body: bytes, arrival: Arrival, currency_of: CurrencyOf) -> Collected:
    """currency_of: the currency of a website, by its id, for payments that name none.

    Raises Refusal; NoneAccepted when no event is good.
    """
    wrapper = load_object(body)
    nodes = elements_of(wrapper, MAX_EVENTS)
    website_id = read_required_id(wrapper, "website_id")
    batch = ParsedBatch([], indexes := [], [])
    for index, (node, sent) in enumerate(zip(nodes, raw_elements(body, nodes), strict=True)):
        try:
            batch.events.append(_event_of(node, bytes(sent), website_id, arrival, currency_of))
            indexes.append(index)
        except Refusal as refusal:
            batch.failures.append((index, refusal.at(index)))
    if not batch.events:
        raise NoneAccepted(batch.failures)
    return Collected(website_id, batch)


def _event_of(node: Node, sent: bytes, website_id: str, arrival: Arrival, currency_of: CurrencyOf) -> Event:
    if not isinstance(node, JsonObject):
        raise wrong_type("event", "object")
    inspect(node)
    name = read_name(node, "name")
    payment = _payment_of(node, sent, website_id)
    own = _properties_of(node, sent)
    if payment is not None:
        own = {**own, **_properties_of_payment(payment, currency_of(website_id))}
    properties = read_properties(msgspec.json.encode(own))
    page_id = read_optional_text(node, "id", LONGEST_PAGE_ID)
    event_id = f"{PAGE_ID_PREFIX}_{page_id}" if page_id else ""
    if payment is not None and payment.transaction_id:
        event_id = revenue_id_of(website_id, payment.transaction_id)
    age_ms = _age_of(node)
    flags = _FLAGS
    flags |= EventFlag.REVENUE if payment is not None else 0
    flags |= EventFlag.ID_FROM_CLIENT if event_id else 0
    flags |= EventFlag.TIME_FROM_CLIENT if age_ms is not None else 0
    return Event(
        event_id=event_id or arrival.mint.mint(ID_PREFIX),
        name=name,
        timestamp_ms=arrival.now_ms - (age_ms or 0),
        customer_id=read_optional_text(node, "customer_id"),
        visitor_id=read_optional_text(node, "visitor_id"),
        website_id=website_id,
        source=SOURCE,
        flags=int(flags),
        properties=properties.sent,
        exact_properties=properties.exact,
    )


def _properties_of(node: JsonObject, sent: bytes) -> Mapping[str, object]:
    """The facts of the page that are known, and the event's own properties as sent."""
    own = node.get("props")
    if own is not None and not isinstance(own, JsonObject):
        raise not_an_object("props")
    facts = {name: read_optional_text(node, field, MAX_BODY_BYTES) for name, field in _FROM_PAGE.items()}
    if not facts["page_url"]:
        raise missing_field("url")
    return {name: fact for name, fact in facts.items() if fact} | (_sent_props.decode(sent).props or {})


def _age_of(node: JsonObject) -> int | None:
    age_ms = node.get("age_ms")
    if age_ms is None:
        return None
    if type(age_ms) is not int:
        raise wrong_type("age_ms", "integer")
    if not 0 <= age_ms <= MAX_AGE_MS:
        expected = f"0 to {MAX_AGE_MS} milliseconds"
        message = f"age_ms must be {expected}: events older than a day are not taken from pages"
        raise Refusal(Reason.TIMESTAMP_OUT_OF_RANGE, message, field="age_ms", expected=expected)
    return age_ms


def _payment_of(node: JsonObject, sent: bytes, website_id: str) -> Payment | None:
    """The payment that an event tells of, by the rules of POST /api/revenue; None when it tells of none."""
    revenue = node.get("revenue")
    if revenue is None:
        return None
    if not isinstance(revenue, JsonObject):
        raise wrong_type("revenue", "object")
    members = _sent_revenue.decode(sent).revenue
    own = {name: members[name] for name in _REVENUE_MEMBERS if name in members}
    payment = parse_payment(msgspec.json.encode({"website_id": website_id, **own}))
    if payment.type not in PAGE_PAYMENTS:
        expected = one_of(PAGE_PAYMENTS)
        message = f"Invalid field: type must be {expected} in what a page sends"
        raise Refusal(Reason.INVALID_PARAMETER, message, field="type", expected=expected)
    return payment


def _properties_of_payment(payment: Payment, currency: str) -> Mapping[str, object]:
    texts = {
        "currency": payment.currency or currency,
        "type": payment.type.value,
        "order_id": payment.order_id,
        "transaction_id": payment.transaction_id,
    }
    return {"amount": json_number(payment.amount), **{name: text for name, text in texts.items() if text}}
