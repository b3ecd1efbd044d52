"""The canonical event, and the batch of events that one request puts into the journal.

Whatever door an event came through, it is this value from the end of parsing to the store. Encoded, a Batch is one journal
record: MessagePack, arrays in field order (`encode_batch`). Fields are only ever added at the end, with defaults, so
that records written by an older version can still be read.
"""

from enum import IntFlag, StrEnum

import msgspec

from streamgauge.kernel.website import WebContext


class Door(StrEnum):
    """The dialect through which an event came."""

    SOLINTH = "solinth"
    THEBIZNESS = "thebizness"
    FLEXPRICE = "flexprice"


class EventFlag(IntFlag):
    """What is to be known of an event beside its fields. The store keeps the bits in one byte.

    ID_FROM_CLIENT, TIME_FROM_CLIENT: the sender stated it, the server did not fill it in.
    BOT: sent by a program; kept and countable, left out of web analytics unless asked for.
    REVENUE: a payment, refund or trial; `amount` and `currency` are among its properties. It neither begins nor prolongs a visit.
    VOID: a mark that takes back the event with the same id; it counts for nothing itself.
    FIRST_WINS: sent again with the same id it is a duplicate whatever its content, never an amendment (a browser's retry).
    """

    NONE = 0
    ID_FROM_CLIENT = 1
    TIME_FROM_CLIENT = 2
    BOT = 4
    REVENUE = 8
    VOID = 16
    FIRST_WINS = 32


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event as admitted.

    timestamp_ms: when it happened, milliseconds since 1970, UTC.
    customer_id: the customer as the sender knows it (Flexprice's external_customer_id).
    account_id: the sender's second customer identifier (Flexprice's customer_id); stored and returned, never interpreted.
    flags: EventFlag bits.
    properties: the JSON object exactly as sent; b"" when the sender gave none.
    exact_properties: b"" for nearly every event. When `properties` holds a number that a binary double cannot carry to nine
        fractional digits, this is the same object with such numbers written as strings; numbers are then indexed from it.
    web: what intake learned of the page, the source and the visitor's device; None for events of no website.
    """

    event_id: str
    name: str
    timestamp_ms: int
    customer_id: str = ""
    account_id: str = ""
    visitor_id: str = ""
    website_id: str = ""
    source: str = ""
    flags: int = 0
    properties: bytes = b""
    exact_properties: bytes = b""
    web: WebContext | None = None


class Batch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The events of one request, as one journal record. key_id: of the key that sent it; "" when none did, or none was noted."""

    project_id: str
    door: Door
    received_at_ms: int
    events: list[Event]
    key_id: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def encode_batch(batch: Batch) -> bytes:
    return _encoder.encode(batch)


def decode_batch(record: bytes | memoryview) -> Batch:
    """Raises msgspec.DecodeError (or its child ValidationError) when the record is not a Batch."""
    return _decoder.decode(record)
