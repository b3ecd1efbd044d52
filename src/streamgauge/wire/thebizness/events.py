"""Events as theBizness sends them: {"website_id", "event_name", "visitor_id"?, "properties"?, "timestamp"?}.

A batch has website_id once at its top; an element may name another website. Elements fail one by one. Whether a website is known
is not a question of words: intake asks it.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.refusal import Refusal
from streamgauge.wire.body import JsonObject
from streamgauge.wire.dialect import Arrival
from streamgauge.wire.fields import MAX_ID_LENGTH, MAX_NAME_LENGTH, read_name, read_optional_text, read_required_id, read_time
from streamgauge.wire.properties import Properties, decode_plain, read_properties
from streamgauge.wire.reading import Doubt, Grammar, Tally, dialect_of
from streamgauge.wire.thebizness.refusals import error_of, render_refusal
from streamgauge.wire.timestamps import format_instant, parse_iso8601

ID_PREFIX = "evt"
_TIMED = int(EventFlag.TIME_FROM_CLIENT)
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)]


class _Sent(msgspec.Struct, gc=False):
    event_name: Annotated[str, msgspec.Meta(max_length=MAX_NAME_LENGTH)]
    website_id: _Id | UnsetType = UNSET
    visitor_id: _Id | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    properties: msgspec.Raw = msgspec.Raw()


class _SentBatch(msgspec.Struct, gc=False):
    website_id: _Id
    events: list[_Sent]


def _quick(sents: Sequence[_Sent], top_website_id: str, arrival: Arrival, tally: Tally) -> list[Event]:
    # The look at the properties stands in line here and in the sibling dialects: a call for it costs 5 % of a batch.
    now_ms = arrival.now_ms
    events = []
    keys = text_colons = 0
    for event_id, sent in zip(arrival.mint.mint_many(ID_PREFIX, len(sents)), sents, strict=True):
        name = sent.event_name.strip()
        website_id, visitor_id, timestamp = sent.website_id, sent.visitor_id, sent.timestamp
        instant, flags = now_ms, 0
        if website_id is not UNSET:
            keys += 1
        else:
            website_id = top_website_id
        if not name or not website_id:
            raise Doubt
        if visitor_id is not UNSET:
            keys += 1
        else:
            visitor_id = ""
        if timestamp is not UNSET:
            keys += 1
            text_colons += timestamp.count(":")
            instant, flags = parse_iso8601(timestamp), _TIMED
        raw, exact = bytes(sent.properties), b""
        if raw:
            try:
                keys += 1 + len(decode_plain(raw))
            except msgspec.ValidationError:
                raw, exact, own_keys = read_properties(raw)
                keys += 1 + own_keys
        events.append(Event(event_id, name, instant, "", "", visitor_id, website_id, "", flags, raw, exact))
    tally.keys += keys + len(events)
    tally.text_colons += text_colons
    return events


def _careful(wrapper: JsonObject, sent: JsonObject, properties: Properties, arrival: Arrival) -> Event:
    owner = sent if sent.get("website_id") is not None else wrapper
    website_id = read_required_id(owner, "website_id")
    name = read_name(sent, "event_name")
    visitor_id = read_optional_text(sent, "visitor_id")
    instant = read_time(sent, parse_iso8601)
    return Event(
        event_id=arrival.mint.mint(ID_PREFIX),
        name=name,
        timestamp_ms=arrival.now_ms if instant is None else instant,
        visitor_id=visitor_id,
        website_id=website_id,
        flags=0 if instant is None else _TIMED,
        properties=properties.sent,
        exact_properties=properties.exact,
    )


def _check_wrapper(wrapper: JsonObject) -> None:
    read_required_id(wrapper, "website_id")


def _render_event(event: Event) -> bytes:
    reply = {"success": True, "event_id": event.event_id, "timestamp": format_instant(event.timestamp_ms)}
    return msgspec.json.encode(reply)


def _render_batch(events: Sequence[Event], failures: Sequence[tuple[int, Refusal]]) -> bytes:
    reply: dict[str, object] = {
        "success": True,
        "processed": len(events),
        "failed": len(failures),
        "event_ids": [event.event_id for event in events],
    }
    if failures:
        reply["errors"] = [{"index": index} | error_of(refusal) for index, refusal in failures]
    return msgspec.json.encode(reply)


THEBIZNESS = dialect_of(
    Grammar(
        one=_Sent,
        many=_SentBatch,
        wrapper_keys=2,
        quick_one=lambda sent, arrival, tally: _quick([sent], "", arrival, tally),
        quick_many=lambda sent, arrival, tally: _quick(sent.events, sent.website_id, arrival, tally),
        check_wrapper=_check_wrapper,
        careful=_careful,
        partial=True,
    ),
    door=Door.THEBIZNESS,
    success_status=200,
    render_event=_render_event,
    render_batch=_render_batch,
    render_refusal=render_refusal,
)
