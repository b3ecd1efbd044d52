"""Filters of GET /v1/metrics: a JSON list in `filters`, or one parameter `filter[NAME]` per property.

    filters=[{"property":"plan","operator":"is","value":["pro","team"]},{"property":"amount","operator":"gte","value":10}]
    filter[plan]=pro&filter[plan]=team

All of them must hold. Several values of one filter are joined by OR (is_not: none of them). is, is_not, contains and matches
compare the text of the property, in which a number is its JSON text (2, 1.5) and an absent property is the empty text. gt, gte,
lt and lte compare numbers exactly and keep no event whose property is not a number.
`filter[NAME]` takes the name literally, brackets included, and an empty value for the empty text.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from streamgauge.kernel.query import Filter, NumberFilter, Order, PropertyKey
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Operator
from streamgauge.wire.body import MAX_NUMBER_DIGITS, JsonObject, Node, Written, check_text, inspect, load
from streamgauge.wire.numbers import number_text
from streamgauge.wire.parameters import Pairs, one_of, shown
from streamgauge.wire.patterns import check_pattern

MAX_FILTERS = 50
MAX_VALUES = 1_000
OPERATORS = (*Operator, *Order)

AnyFilter = Filter | NumberFilter

_SHORT_FORM = re.compile(r"filter\[(.*)\]", re.DOTALL)
_FIELDS = ("property", "operator", "value")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_MAX_NUMBER_LENGTH = 100
_TOO_LARGE = Decimal(10) ** MAX_NUMBER_DIGITS
# Between these the store surely writes numbers without an exponent.
_PLAIN_FROM, _PLAIN_BELOW = Decimal("1e-4"), Decimal("1e15")


def split_short_forms(params: Pairs) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The parameters that are no short forms; and of the short forms the names of the properties, with their values."""
    others, short = [], []
    for name, value in params:
        found = _SHORT_FORM.fullmatch(name)
        if found is None:
            others.append((name, value))
        else:
            check_text(found[1])
            check_text(value)
            short.append((found[1], value))
    return others, short


def short_filters(pairs: Pairs) -> tuple[AnyFilter, ...]:
    """One filter per property; its values joined by OR."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return tuple(Filter(PropertyKey(name), tuple(texts)) for name, texts in values.items())


def parse_filters(text: str, parameter: str) -> tuple[AnyFilter, ...]:
    """The filters of the JSON list in a parameter. Raises Refusal, whose field names the place (`filters[2].value`)."""
    try:
        tree = load(text.encode())
        inspect(tree)
    except Refusal as refusal:
        message = f"Parameter {parameter} cannot be read: {refusal.message.replace('The body', 'it')}"
        raise Refusal(refusal.reason, message, field=parameter, expected="a JSON list of filters") from refusal
    if not isinstance(tree, list):
        raise _invalid(parameter, 'a JSON list such as [{"property":"plan","operator":"is","value":"pro"}]')
    if len(tree) > MAX_FILTERS:
        raise _invalid(parameter, f"at most {MAX_FILTERS} filters")
    return tuple(read_filter(node, f"{parameter}[{place}]") for place, node in enumerate(tree))


def read_filter(node: Node, place: str) -> AnyFilter:
    """One filter of an inspected tree. place: what it is called when it is refused."""
    if not isinstance(node, JsonObject):
        raise _invalid(place, "an object with property, operator and value")
    for field in node:
        if field not in _FIELDS:
            raise _invalid(f"{place}.{shown(field)}", f"nothing; a filter has {', '.join(_FIELDS)}")
    name = node.get("property")
    if type(name) is not str:
        raise _invalid(f"{place}.property", "the name of a property")
    operator = node.get("operator", Operator.IS.value)
    if type(operator) is not str or operator not in OPERATORS:
        raise _invalid(f"{place}.operator", one_of(OPERATORS))
    if "value" not in node:
        raise Refusal(Reason.MISSING_PARAMETER, f"{place}.value is required", field=f"{place}.value", expected="a value")
    key = PropertyKey(name)
    if operator in tuple(Order):
        return NumberFilter(key, Order(operator), _number(node["value"], f"{place}.value"))
    texts = _texts(node["value"], f"{place}.value")
    if operator == Operator.MATCHES:
        for text in texts:
            check_pattern(text, f"{place}.value")
    return Filter(key, texts, Operator(operator))


def _texts(node: Node, place: str) -> tuple[str, ...]:
    values: Sequence[Node] = node if isinstance(node, list) else [node]
    if not 0 < len(values) <= MAX_VALUES:
        raise _invalid(place, f"1 to {MAX_VALUES} values")
    return tuple(text for value in values for text in _texts_of(value, place))


def _texts_of(value: Node, place: str) -> tuple[str, ...]:
    """The texts that the store can have for such a value of a property."""
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, (Written, int)):
        return _number_texts(Decimal(value))
    if isinstance(value, str):
        return (value,)
    raise _invalid(place, "a text, a number, true, false, or a list of these")


def _number_texts(number: Decimal) -> tuple[str, ...]:
    """The store writes a number that it read as a double with an exponent when it is very small or large, and keeps the sign
    of a zero."""
    # As a double: one that is too small for it is stored as 0, and its plain text may have a billion digits.
    if not float(number):
        return "0", "-0"
    plain = number_text(number)
    if _PLAIN_FROM <= abs(number) < _PLAIN_BELOW:
        return (plain,)
    sign, digits, exponent = Decimal(repr(float(number))).normalize().as_tuple()
    assert isinstance(exponent, int)
    fraction = "".join(map(str, digits[1:]))
    with_exponent = f"{'-' if sign else ''}{digits[0]}{'.' if fraction else ''}{fraction}e{exponent + len(digits) - 1}"
    return plain, with_exponent


def _number(value: Node, place: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _invalid(place, "one number")
    text = str(value)
    if len(text) > _MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(text):
        raise _invalid(place, f"one number, of at most {_MAX_NUMBER_LENGTH} characters")
    number = Decimal(text)
    if abs(number) >= _TOO_LARGE:
        raise _invalid(place, f"a number below 1e{MAX_NUMBER_DIGITS}")
    return number


def _invalid(field: str, expected: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, f"{field} must be {expected}", field=field, expected=expected)
