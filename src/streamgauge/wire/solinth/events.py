"""Events as Solinth sends them: {"event", "timestamp"?, "properties"?}, and batches {"events": [...]}."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.refusal import Refusal
from streamgauge.wire.body import JsonObject
from streamgauge.wire.dialect import Arrival
from streamgauge.wire.fields import MAX_NAME_LENGTH, read_name, read_time
from streamgauge.wire.properties import Properties, decode_plain, read_properties
from streamgauge.wire.reading import Doubt, Grammar, Tally, dialect_of
from streamgauge.wire.solinth.refusals import render_refusal
from streamgauge.wire.timestamps import parse_iso8601

ID_PREFIX = "evt"
_TIMED = int(EventFlag.TIME_FROM_CLIENT)


class _Sent(msgspec.Struct, gc=False):
    event: Annotated[str, msgspec.Meta(max_length=MAX_NAME_LENGTH)]
    timestamp: str | UnsetType | None = UNSET
    properties: msgspec.Raw = msgspec.Raw()


class _SentBatch(msgspec.Struct, gc=False):
    events: list[_Sent]


def _quick(sents: Sequence[_Sent], arrival: Arrival, tally: Tally) -> list[Event]:
    now_ms = arrival.now_ms
    events = []
    keys = text_colons = 0
    for event_id, sent in zip(arrival.mint.mint_many(ID_PREFIX, len(sents)), sents, strict=True):
        name = sent.event.strip()
        if not name:
            raise Doubt
        timestamp, instant, flags = sent.timestamp, now_ms, 0
        if timestamp is not UNSET:
            keys += 1
            if timestamp is not None:
                instant, flags = parse_iso8601(timestamp), _TIMED
                text_colons += timestamp.count(":")
        raw, exact = bytes(sent.properties), b""
        if raw:
            try:
                keys += 1 + len(decode_plain(raw))
            except msgspec.ValidationError:
                raw, exact, own_keys = read_properties(raw)
                keys += 1 + own_keys
        events.append(Event(event_id, name, instant, "", "", "", "", "", flags, raw, exact))
    tally.keys += keys + len(events)
    tally.text_colons += text_colons
    return events


def _careful(wrapper: JsonObject, sent: JsonObject, properties: Properties, arrival: Arrival) -> Event:
    name = read_name(sent, "event")
    instant = read_time(sent, parse_iso8601)
    return Event(
        event_id=arrival.mint.mint(ID_PREFIX),
        name=name,
        timestamp_ms=arrival.now_ms if instant is None else instant,
        flags=0 if instant is None else _TIMED,
        properties=properties.sent,
        exact_properties=properties.exact,
    )


def _render_event(event: Event) -> bytes:
    return msgspec.json.encode({"success": True, "event_id": event.event_id})


def _render_batch(events: Sequence[Event], failures: Sequence[tuple[int, Refusal]]) -> bytes:
    return b'{"success":true,"processed":%d}' % len(events)


SOLINTH = dialect_of(
    Grammar(
        one=_Sent,
        many=_SentBatch,
        wrapper_keys=1,
        quick_one=lambda sent, arrival, tally: _quick([sent], arrival, tally),
        quick_many=lambda sent, arrival, tally: _quick(sent.events, arrival, tally),
        careful=_careful,
    ),
    door=Door.SOLINTH,
    success_status=200,
    render_event=_render_event,
    render_batch=_render_batch,
    render_refusal=render_refusal,
)
