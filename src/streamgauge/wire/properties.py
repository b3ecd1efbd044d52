"""The properties of an event: kept as sent, looked at once in C, and by the careful reader when that look is not enough.

The store indexes a number through the shortest double that stands for it, cut to nine fractional digits. That is exact below a
million (15 digits in all) and for integers; `exact_form` finds the other numbers for which it is not.
"""

from decimal import MAX_EMAX, MIN_EMIN, ROUND_DOWN, Context, Decimal, InvalidOperation
from typing import Annotated, NamedTuple

import msgspec

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, Written, inspect, load

_DOUBLE_IS_EXACT_BELOW = 1e6
_NANO = Decimal("1e-9")
_context = Context(prec=80, rounding=ROUND_DOWN, Emax=MAX_EMAX, Emin=MIN_EMIN)

_Scalar = (
    None
    | bool
    | str
    | Annotated[float, msgspec.Meta(gt=-_DOUBLE_IS_EXACT_BELOW, lt=_DOUBLE_IS_EXACT_BELOW)]
    | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
)
# An object that this decoder takes is flat but for lists, and needs no exact form. It keeps the last of two equal keys: whoever
# uses it compares the number of keys with the text.
decode_plain = msgspec.json.Decoder(dict[str, _Scalar | list[_Scalar]]).decode
_raw_values = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _RawProperties(msgspec.Struct):
    properties: msgspec.Raw = msgspec.Raw()


_raw_properties = msgspec.json.Decoder(_RawProperties)


class Properties(NamedTuple):
    """sent: the object's bytes, b"" for none. exact: as Event.exact_properties. keys: of all objects in it."""

    sent: bytes = b""
    exact: bytes = b""
    keys: int = 0


NO_PROPERTIES = Properties()


def read_properties(sent: bytes) -> Properties:
    """Properties on their own, read carefully. Raises Refusal."""
    tree = load(sent)
    if tree is None:
        return NO_PROPERTIES
    if not isinstance(tree, JsonObject):
        raise not_an_object()
    keys = inspect(tree, level=2)
    return Properties(sent, exact_form(tree, sent), keys)


def properties_of(event: JsonObject, sent: bytes) -> Properties:
    """The properties of an event that was inspected already; sent: the whole event's bytes. Raises Refusal."""
    tree = event.get("properties")
    if tree is None:
        return NO_PROPERTIES
    if not isinstance(tree, JsonObject):
        raise not_an_object()
    own = bytes(_raw_properties.decode(sent).properties)
    return Properties(own, exact_form(tree, own))


def exact_form(tree: JsonObject, sent: bytes) -> bytes:
    """The object with those numbers as strings that a double cannot carry to nine fractional digits; b"" when there are none."""
    inexact = {key: value for key, value in tree.items() if isinstance(value, Written) and not _double_carries(value)}
    if not inexact:
        return b""
    members = []
    for key, raw in _raw_values.decode(sent).items():
        written = inexact.get(key)
        value = bytes(raw) if written is None else b'"%b"' % format(Decimal(written), "f").encode()
        members.append(msgspec.json.encode(key) + b":" + value)
    return b"{" + b",".join(members) + b"}"


def _double_carries(text: Written) -> bool:
    if text.removeprefix("-").isdigit():
        return True
    double = float(text)
    if abs(double) < _DOUBLE_IS_EXACT_BELOW:
        return True
    return _cut(text) == _cut(repr(double))


def _cut(text: str) -> Decimal | None:
    try:
        return _context.quantize(Decimal(text), _NANO)
    except InvalidOperation:
        return None


def not_an_object(field: str = "properties") -> Refusal:
    message = f"Invalid field: {field} must be an object"
    return Refusal(Reason.PROPERTIES_NOT_OBJECT, message, field=field, expected="object")
