"""The fields of an event, read from an inspected object: text with its limits, times. Messages are the plain ones; a dialect that
publishes its own wording rephrases them."""

from collections.abc import Callable

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject

MAX_NAME_LENGTH = 255
MAX_ID_LENGTH = 512


def missing_field(field: str, expected: str = "string") -> Refusal:
    return Refusal(Reason.MISSING_FIELD, f"Missing required field: {field}", field=field, expected=expected)


def wrong_type(field: str, expected: str) -> Refusal:
    article = "an" if expected[0] in "aeiou" else "a"
    return Refusal(Reason.WRONG_TYPE, f"Invalid field: {field} must be {article} {expected}", field=field, expected=expected)


def read_name(event: JsonObject, field: str) -> str:
    """The event's name without the white space around it: 1 to 255 characters."""
    name = _text(event, field)
    if name is None:
        raise missing_field(field)
    name = name.strip()
    if not name:
        raise Refusal(Reason.EMPTY_NAME, f"Missing required field: {field}", field=field, expected="string")
    return _within(name, field, MAX_NAME_LENGTH)


def read_required_id(event: JsonObject, field: str) -> str:
    """An identifier of 1 to 512 characters, as sent."""
    text = _text(event, field)
    if not text:
        raise missing_field(field)
    return _within(text, field, MAX_ID_LENGTH)


def read_optional_text(event: JsonObject, field: str, max_length: int = MAX_ID_LENGTH) -> str:
    """Text as sent, "" when absent or null."""
    return _within(_text(event, field) or "", field, max_length)


def read_time(event: JsonObject, parse: Callable[[str], int]) -> int | None:
    """The field `timestamp` in milliseconds, None when absent or null."""
    text = _text(event, "timestamp")
    return None if text is None else parse(text)


def _text(event: JsonObject, field: str) -> str | None:
    value = event.get(field)
    if value is None:
        return None
    # A Written number is a str too, hence the exact type.
    if type(value) is not str:
        raise wrong_type(field, "string")
    return value


def _within(text: str, field: str, max_length: int) -> str:
    if len(text) > max_length:
        message = f"Invalid field: {field} must not be longer than {max_length} characters"
        raise Refusal(Reason.TEXT_TOO_LONG, message, field=field, expected=f"at most {max_length} characters")
    return text
