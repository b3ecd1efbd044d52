"""Events as Flexprice sends them: {"event_name", "external_customer_id", "event_id"?, "customer_id"?, "timestamp"?, "source"?,
"properties"?}, and batches {"events": [...]}.

An empty event_id, and the time 0001-01-01T00:00:00Z (Go's zero), count as absent.
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
from streamgauge.wire.flexprice.refusals import render_refusal
from streamgauge.wire.properties import Properties, decode_plain, read_properties
from streamgauge.wire.reading import Doubt, Grammar, Tally, dialect_of
from streamgauge.wire.timestamps import parse_rfc3339

ID_PREFIX = "event"
MAX_SOURCE_LENGTH = 255
_TIMED = int(EventFlag.TIME_FROM_CLIENT)
_NAMED = int(EventFlag.ID_FROM_CLIENT)
_ZERO_TIME = "0001-01-01T00:00:00Z"
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)]


class _Sent(msgspec.Struct, gc=False):
    event_name: Annotated[str, msgspec.Meta(max_length=MAX_NAME_LENGTH)]
    external_customer_id: _Id
    event_id: _Id | UnsetType = UNSET
    customer_id: Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)] | UnsetType = UNSET
    source: Annotated[str, msgspec.Meta(max_length=MAX_SOURCE_LENGTH)] | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    properties: msgspec.Raw = msgspec.Raw()


class _SentBatch(msgspec.Struct, gc=False):
    events: list[_Sent]


def _quick(sents: Sequence[_Sent], arrival: Arrival, tally: Tally) -> list[Event]:
    now_ms, mint = arrival.now_ms, arrival.mint.mint
    events = []
    keys = text_colons = 0
    for sent in sents:
        name = sent.event_name.strip()
        if not name:
            raise Doubt
        event_id, account_id, source, timestamp = sent.event_id, sent.customer_id, sent.source, sent.timestamp
        instant, flags = now_ms, 0
        if event_id is not UNSET:
            keys += 1
            flags = _NAMED
        else:
            event_id = mint(ID_PREFIX)
        if account_id is not UNSET:
            keys += 1
        else:
            account_id = ""
        if source is not UNSET:
            keys += 1
        else:
            source = ""
        if timestamp is not UNSET:
            keys += 1
            text_colons += timestamp.count(":")
            instant = parse_rfc3339(timestamp)
            flags |= _TIMED
        raw, exact = bytes(sent.properties), b""
        if raw:
            try:
                keys += 1 + len(decode_plain(raw))
            except msgspec.ValidationError:
                raw, exact, own_keys = read_properties(raw)
                keys += 1 + own_keys
        events.append(Event(event_id, name, instant, sent.external_customer_id, account_id, "", "", source, flags, raw, exact))
    tally.keys += keys + 2 * len(events)
    tally.text_colons += text_colons
    return events


def _careful(wrapper: JsonObject, sent: JsonObject, properties: Properties, arrival: Arrival) -> Event:
    name = read_name(sent, "event_name")
    customer_id = read_required_id(sent, "external_customer_id")
    event_id = read_optional_text(sent, "event_id")
    account_id = read_optional_text(sent, "customer_id")
    source = read_optional_text(sent, "source", MAX_SOURCE_LENGTH)
    instant = None if sent.get("timestamp") == _ZERO_TIME else read_time(sent, parse_rfc3339)
    flags = (_NAMED if event_id else 0) | (0 if instant is None else _TIMED)
    return Event(
        event_id=event_id or arrival.mint.mint(ID_PREFIX),
        name=name,
        timestamp_ms=arrival.now_ms if instant is None else instant,
        customer_id=customer_id,
        account_id=account_id,
        source=source,
        flags=flags,
        properties=properties.sent,
        exact_properties=properties.exact,
    )


def _render_event(event: Event) -> bytes:
    return msgspec.json.encode({"message": "Event accepted for processing", "event_id": event.event_id})


def _render_batch(events: Sequence[Event], failures: Sequence[tuple[int, Refusal]]) -> bytes:
    return b'{"message":"Events accepted for processing"}'


FLEXPRICE = dialect_of(
    Grammar(
        one=_Sent,
        many=_SentBatch,
        wrapper_keys=1,
        quick_one=lambda sent, arrival, tally: _quick([sent], arrival, tally),
        quick_many=lambda sent, arrival, tally: _quick(sent.events, arrival, tally),
        careful=_careful,
    ),
    door=Door.FLEXPRICE,
    success_status=202,
    render_event=_render_event,
    render_batch=_render_batch,
    render_refusal=render_refusal,
)
