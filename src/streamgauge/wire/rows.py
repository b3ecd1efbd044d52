"""Events as rows of a file: the fields of one row under our own names, checked as every door checks an event.

A row's words are those of the doors together: all ids, the website, the source. Differences from a request: a row must have a
time (a request may leave it to the server's clock, which an import years later must not), and may tell it as a number of a known
unit; it may carry flags, as our own export writes them.
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from enum import StrEnum

from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import WebContext
from streamgauge.wire.body import JsonObject, Node, Written
from streamgauge.wire.fields import MAX_ID_LENGTH, missing_field, read_name, read_optional_text, wrong_type
from streamgauge.wire.properties import Properties
from streamgauge.wire.timestamps import MAX_MS, MIN_MS, parse_iso8601

MAX_SOURCE_LENGTH = 255
TEXT_FIELDS: Mapping[str, int] = {
    "event_id": MAX_ID_LENGTH,
    "customer_id": MAX_ID_LENGTH,
    "account_id": MAX_ID_LENGTH,
    "visitor_id": MAX_ID_LENGTH,
    "website_id": MAX_ID_LENGTH,
    "source": MAX_SOURCE_LENGTH,
}
"""Optional fields of text, with the most characters of each."""

WEB_FIELDS: Mapping[str, str] = {f"web.{name}": name for name in WebContext.__struct_fields__}
"""What is known of the page of an event, as our own export names it."""

ROW_FIELDS = ("event_name", "timestamp", *TEXT_FIELDS)
OWN_FIELDS = ("door", "flags", *WEB_FIELDS)
"""Fields that only our own export has."""

_SETTABLE = int(EventFlag.TIME_FROM_CLIENT | EventFlag.BOT | EventFlag.REVENUE | EventFlag.VOID | EventFlag.FIRST_WINS)
_NAMED = int(EventFlag.ID_FROM_CLIENT)
_TIMED = int(EventFlag.TIME_FROM_CLIENT)
_DOORS = {door.value: door for door in Door}


class TimeUnit(StrEnum):
    """What a number in the column of times counts since 1970."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


_MS = {
    TimeUnit.SECONDS: Decimal(1000),
    TimeUnit.MILLISECONDS: Decimal(1),
    TimeUnit.MICROSECONDS: Decimal("0.001"),
    TimeUnit.NANOSECONDS: Decimal("0.000001"),
}


def instant_reader(unit: TimeUnit | None) -> Callable[[str], int]:
    """How the text of a time is read: as ISO 8601 (in UTC when it has no offset), or as a number of the unit.

    Raises Refusal invalid_timestamp or timestamp_out_of_range.
    """
    if unit is None:
        return parse_iso8601
    factor = _MS[unit]

    def read(text: str) -> int:
        try:
            instant = (Decimal(text.strip()) * factor).to_integral_value(ROUND_FLOOR)
        except (InvalidOperation, ValueError) as error:
            raise _no_number(unit) from error
        if not MIN_MS <= instant <= MAX_MS:
            expected = "a time from 1970-01-01 to 2199-12-31"
            message = f"timestamp must be {expected}"
            raise Refusal(Reason.TIMESTAMP_OUT_OF_RANGE, message, field="timestamp", expected=expected)
        return int(instant)

    return read


def read_row(row: JsonObject, properties: Properties, own_id: str, unit: TimeUnit | None) -> Event:
    """The event of a row, whose texts were inspected already. own_id: for a row without event_id. Raises Refusal."""
    name = read_name(row, "event_name")
    timestamp_ms = _read_instant(row.get("timestamp"), unit)
    texts = {field: read_optional_text(row, field, most) for field, most in TEXT_FIELDS.items()}
    texts["event_id"] = texts["event_id"] or own_id
    web = {name: read_optional_text(row, field) for field, name in WEB_FIELDS.items()} if "web.hostname" in row else None
    return Event(
        name=name,
        timestamp_ms=timestamp_ms,
        flags=read_flags(row.get("flags")),
        properties=properties.sent,
        exact_properties=properties.exact,
        web=WebContext(**web) if web and any(web.values()) else None,
        **texts,
    )


def read_flags(value: Node) -> int:
    """The flags of an event of a file: its time counts as the sender's unless the row says otherwise. Raises Refusal."""
    if value is None:
        return _NAMED | _TIMED
    text = str(value)
    if len(text) > len("63") or not text.isascii() or not text.isdigit() or int(text) > _SETTABLE | _NAMED:
        raise wrong_type("flags", f"integer from 0 to {_SETTABLE | _NAMED}")
    return int(text) & _SETTABLE | _NAMED


def read_door(value: Node, default: Door) -> Door:
    """The door that a row names. Raises Refusal."""
    if value is None or value == "":
        return default
    if not isinstance(value, str) or value not in _DOORS:
        raise wrong_type("door", f"door ({', '.join(_DOORS)})")
    return _DOORS[value]


def _read_instant(value: Node, unit: TimeUnit | None) -> int:
    if value is None or value == "":
        raise missing_field("timestamp", "a time")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong_type("timestamp", "time")
    if unit is None and isinstance(value, int | Written):
        expected = "an ISO 8601 time; for numbers, say what they count (--time-unit)"
        raise Refusal(Reason.INVALID_TIMESTAMP, f"timestamp must be {expected}", field="timestamp", expected=expected)
    return instant_reader(unit)(str(value))


def _no_number(unit: TimeUnit) -> Refusal:
    expected = f"a number ({unit.value} since 1970)"
    return Refusal(Reason.INVALID_TIMESTAMP, f"timestamp must be {expected}", field="timestamp", expected=expected)
