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
    revenue       object: see `revenue_of`

The facts of the page become properties: page_url, referrer, page_title, screen, language. A property of the same name in props
wins. Elements fail one by one.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, Node, inspect, load_object
from streamgauge.wire.dialect import Arrival, NoneAccepted, ParsedBatch
from streamgauge.wire.fields import missing_field, read_name, read_optional_text, read_required_id, wrong_type
from streamgauge.wire.properties import not_an_object, read_properties
from streamgauge.wire.reading import elements_of, raw_elements
from streamgauge.wire.thebizness.events import ID_PREFIX

MAX_EVENTS = 50
MAX_BODY_BYTES = 64 * 1024
MAX_AGE_MS = 24 * 60 * 60 * 1000
SOURCE = "tracker"
PAGE_ID_PREFIX = "trk"
_LONGEST_PAGE_ID = 128
_FLAGS = int(EventFlag.FIRST_WINS)
_FROM_PAGE = {"page_url": "url", "referrer": "referrer", "page_title": "title", "screen": "screen", "language": "language"}


class _SentProps(msgspec.Struct):
    props: dict[str, msgspec.Raw] | None = None


_sent_props = msgspec.json.Decoder(_SentProps)


class Collected(NamedTuple):
    """A request of the tracker. batch: its good events and its refused ones, with their places."""

    website_id: str
    batch: ParsedBatch


def parse_collect(body: bytes, arrival: Arrival) -> Collected:
    """Raises Refusal; NoneAccepted when no event is good."""
    wrapper = load_object(body)
    nodes = elements_of(wrapper, MAX_EVENTS)
    website_id = read_required_id(wrapper, "website_id")
    batch = ParsedBatch([], indexes := [], [])
    for index, (node, sent) in enumerate(zip(nodes, raw_elements(body, nodes), strict=True)):
        try:
            batch.events.append(_event_of(node, bytes(sent), website_id, arrival))
            indexes.append(index)
        except Refusal as refusal:
            batch.failures.append((index, refusal.at(index)))
    if not batch.events:
        raise NoneAccepted(batch.failures)
    return Collected(website_id, batch)


def _event_of(node: Node, sent: bytes, website_id: str, arrival: Arrival) -> Event:
    if not isinstance(node, JsonObject):
        raise wrong_type("event", "object")
    inspect(node)
    name = read_name(node, "name")
    properties = read_properties(msgspec.json.encode(_properties_of(node, sent)))
    page_id = read_optional_text(node, "id", _LONGEST_PAGE_ID)
    age_ms = _age_of(node)
    flags = _FLAGS
    flags |= EventFlag.ID_FROM_CLIENT if page_id else 0
    flags |= EventFlag.TIME_FROM_CLIENT if age_ms is not None else 0
    return Event(
        event_id=f"{PAGE_ID_PREFIX}_{page_id}" if page_id else arrival.mint.mint(ID_PREFIX),
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
