"""Bodies that change settings: one JSON object, every field known and of its type.

Unlike events, a field that is not known is refused here: a misspelt `timezon` that is ignored would be a change that did not
happen, with a success status. What replies add to a thing (its ids, its times) may be sent back; an id must then be its own.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import UNSET, UnsetType

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, Node, Written, inspect, load_object
from streamgauge.wire.fields import wrong_type
from streamgauge.wire.parameters import Pairs, one_of, refuse_unknown, shown, single_values

MAX_BYTES = 1 << 20
"""As many as the largest settings need. Such a body is read on the event loop, which a larger one would hold up."""
MAX_LIMIT = 1_000
MAX_ZEROS = 400
"""After the point of a number: more than any double has."""
DEFAULT_LIMIT = 100


def read_settings(
    body: bytes, known: Sequence[str], shown_only: Sequence[str] = (), fixed: Mapping[str, str] | None = None
) -> JsonObject:
    """The object of a body. shown_only: fields of replies, ignored here. fixed: fields that may only have this value.

    Raises Refusal: body_too_large, what reading a body raises, invalid_parameter.
    """
    if len(body) > MAX_BYTES:
        expected = f"at most {MAX_BYTES:,} bytes"
        raise Refusal(Reason.BODY_TOO_LARGE, f"The body has {len(body):,} bytes; settings have {expected}", expected=expected)
    tree = load_object(body)
    inspect(tree)
    own = fixed or {}
    for name, value in tree.items():
        if name in own and value is not None and value != own[name]:
            expected = f"{own[name]}, or no such field"
            raise Refusal(Reason.INVALID_PARAMETER, f"Invalid field: {name} cannot be changed", field=name, expected=expected)
        if name not in known and name not in shown_only and name not in own:
            message = f"Unknown field: {shown(name)}. Known are {', '.join(known)}"
            raise Refusal(Reason.INVALID_PARAMETER, message, field=shown(name), expected=one_of(known))
    return tree


def text_in(tree: JsonObject, field: str) -> str | UnsetType:
    """Text as sent; UNSET when absent or null. Raises Refusal wrong_type."""
    value = tree.get(field)
    if value is None:
        return UNSET
    # A Written number is a str too, hence the exact type.
    if type(value) is not str:
        raise wrong_type(field, "string")
    return value


def texts_in(tree: JsonObject, field: str) -> tuple[str, ...] | UnsetType:
    value = tree.get(field)
    if value is None:
        return UNSET
    if not isinstance(value, list) or any(type(item) is not str for item in value):
        raise wrong_type(field, "array of strings")
    return tuple(value)


def flag_in(tree: JsonObject, field: str) -> bool | UnsetType:
    value = tree.get(field)
    if value is None:
        return UNSET
    if not isinstance(value, bool):
        raise wrong_type(field, "boolean")
    return value


def exact_number(value: Node, field: str) -> Decimal | None:
    """The number with every digit that was sent; None when the value is no number. Raises Refusal number_out_of_range, naming the
    field, for one so small that its plain text would be far longer than what was sent (1e-999999999 has a billion digits)."""
    if not (isinstance(value, Written) or (isinstance(value, int) and not isinstance(value, bool))):
        return None
    number = Decimal(value)
    if number and number.adjusted() < -MAX_ZEROS:
        expected = f"0, or a number of at least 1e-{MAX_ZEROS}"
        raise Refusal(Reason.NUMBER_OUT_OF_RANGE, f"Invalid field: {field} must be {expected}", field=field, expected=expected)
    return number


def read_page(parameters: Pairs) -> tuple[int, int]:
    """limit and offset of a list. Raises Refusal invalid_parameter."""
    refuse_unknown(parameters, ("limit", "offset"))
    values = single_values(parameters)
    limit = _whole_number(values, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    return limit, _whole_number(values, "offset", 0, 0, 10**9)


def _whole_number(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        expected = f"a whole number from {least} to {most}"
        raise Refusal(Reason.INVALID_PARAMETER, f"Invalid parameter: {name} must be {expected}", field=name, expected=expected)
    return int(text)
