"""What the REST resources of the Flexprice door have in common: pages of lists, and the refusal of a field.

Lists are {"items", "pagination": {"total", "limit", "offset"}}, limit 1 to 1000 (50), order asc or desc by creation (desc).
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.refusals import VALIDATION_FAILED
from streamgauge.wire.parameters import shown

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
_MAX_OFFSET = 1_000_000_000
_ORDERS = ("asc", "desc")
MAX_METADATA = 50
MAX_METADATA_CHARACTERS = 10_000
_MAX_DIGITS = 28
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?|[+-]?\.[0-9]+(?:[eE][+-]?[0-9]{1,3})?")


class ListPage(msgspec.Struct, frozen=True):
    """Which part of a list is asked for; newest_first: by the time at which things were made."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    newest_first: bool = True


def refuse_field(field: str, expected: str, reason: Reason = Reason.INVALID_PARAMETER) -> Refusal:
    """400 "Request validation failed", whose details name the field and what was expected there."""
    field = shown(field)
    details = {"field": field, "expected": expected}
    return Refusal(reason, VALIDATION_FAILED, field=field, expected=expected, details=details)


def page_of(payload: Payload) -> ListPage:
    """limit, offset and order, from a body or from parameters (Payload.from_query_string). Raises Refusal."""
    limit, offset = _whole(payload, "limit", DEFAULT_LIMIT), _whole(payload, "offset", 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise refuse_field("limit", f"a whole number from 1 to {MAX_LIMIT}")
    if not 0 <= offset <= _MAX_OFFSET:
        raise refuse_field("offset", f"a whole number from 0 to {_MAX_OFFSET}")
    order = payload.text("order") or "desc"
    if order not in _ORDERS:
        raise refuse_field("order", "asc or desc")
    return ListPage(limit, offset, order == "desc")


def render_list(items: Sequence[Mapping[str, object]], total: int, page: ListPage) -> bytes:
    """total: of the whole list, however much of it the page shows."""
    pagination = {"total": total, "limit": page.limit, "offset": page.offset}
    return msgspec.json.encode({"items": items, "pagination": pagination})


def bounded_text(payload: Payload, name: str, most: int) -> str:
    """ "" when absent. Raises Refusal for more characters than `most`."""
    text = payload.text(name)
    if len(text) > most:
        raise refuse_field(name, f"at most {most} characters")
    return text


def required_text(payload: Payload, name: str, most: int) -> str:
    """A text that is not only white space, as sent. Raises Refusal."""
    text = bounded_text(payload, name, most)
    if not text.strip():
        raise refuse_field(name, f"a text of 1 to {most} characters", Reason.MISSING_FIELD)
    return text


def flag_of(payload: Payload, name: str, *, default: bool) -> bool:
    value = payload.raw(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise refuse_field(name, "true or false", Reason.WRONG_TYPE)
    return value


def texts_by_name(payload: Payload, name: str) -> Mapping[str, str]:
    """An object of texts, such as metadata. {} when absent. Raises Refusal."""
    value = payload.raw(name)
    if value is None:
        return {}
    if not isinstance(value, dict) or any(type(text) is not str for text in value.values()):
        raise refuse_field(name, "object of strings", Reason.WRONG_TYPE)
    if len(value) > MAX_METADATA or sum(len(key) + len(text) for key, text in value.items()) > MAX_METADATA_CHARACTERS:
        raise refuse_field(name, f"at most {MAX_METADATA} names and {MAX_METADATA_CHARACTERS:,} characters")
    return dict(value)


def decimal_at(value: object, field: str, *, above_zero: bool = False) -> Decimal:
    """An exact decimal from its text or from a JSON number, below 1e28 in size, with at most 28 digits after the point.

    Raises Refusal.
    """
    expected = f"a decimal number{' above 0' if above_zero else ''} of at most {_MAX_DIGITS} digits before and after the point"
    if isinstance(value, bool) or not isinstance(value, str | int) or _DECIMAL.fullmatch(str(value)) is None:
        raise refuse_field(field, expected, Reason.WRONG_TYPE)
    number = Decimal(value)
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # The pattern lets no NaN and no infinity through.
    if exponent < -_MAX_DIGITS or len(digits) + exponent > _MAX_DIGITS or (above_zero and number <= 0):
        raise refuse_field(field, expected, Reason.NUMBER_OUT_OF_RANGE)
    return number


def decimal_text(number: Decimal) -> str:
    """An exact decimal as answers show it: no exponent, no zeros at the end."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _whole(payload: Payload, name: str, default: int) -> int:
    value = payload.raw(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_MAX_OFFSET)):
        return int(value)
    number = payload.integer(name)
    return default if number is None else number
