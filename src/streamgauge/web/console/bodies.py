"""Bodies of the console's routes: JSON objects, read strictly into frozen types."""

import re
from typing import TypeVar

import msgspec

from streamgauge.kernel.refusal import Reason, Refusal

T = TypeVar("T")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`")


def read_body(body: bytes, kind: type[T]) -> T:
    """kind: a Struct that forbids unknown fields. Raises Refusal malformed_json, missing_field, wrong_type, invalid_parameter."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as exc:
        raise _named(str(exc)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(Reason.MALFORMED_JSON, "The body is not JSON.", expected="a JSON object") from None


def _named(fault: str) -> Refusal:
    place = found[1] if (found := _PLACE.search(fault)) else ""
    if found := _MISSING.search(fault):
        field = f"{place}.{found[1]}" if place else found[1]
        return Refusal(Reason.MISSING_FIELD, f"Missing field: {field}", field=field)
    if found := _UNKNOWN.search(fault):
        return Refusal(Reason.INVALID_PARAMETER, f"Unknown field: {found[1]}", field=found[1])
    message = _PLACE.sub("", fault)
    expected = found[1] if (found := re.search(r"Expected `([^`]*)`", fault)) else ""
    return Refusal(Reason.WRONG_TYPE, f"{message}.", field=place, expected=expected)
