"""A second, plain opinion on a request: json.loads and the rules, with no eye to speed.

Written from the documents, not from the code.

`verdict` gives for one event the set of reasons for which it may be refused; empty means it must be accepted.
"""

import json
from decimal import ROUND_DOWN, Context, Decimal
from math import isinf
from typing import Any, NoReturn

from streamgauge.kernel.refusal import Reason

NAMES = {"solinth": "event", "thebizness": "event_name", "flexprice": "event_name"}
REQUIRED_IDS: dict[str, list[str]] = {"solinth": [], "thebizness": ["website_id"], "flexprice": ["external_customer_id"]}
OPTIONAL_TEXTS: dict[str, dict[str, int]] = {
    "solinth": {},
    "thebizness": {"visitor_id": 512},
    "flexprice": {"event_id": 512, "customer_id": 512, "source": 255},
}


class Number(str):
    __slots__ = ()


class Members(list[Any]):
    """The members of an object as pairs, equal keys included."""


def tree_of(text: str) -> Any:
    def no_constant(name: str) -> NoReturn:
        raise ValueError(name)

    return json.loads(text, object_pairs_hook=Members, parse_float=Number, parse_int=Number, parse_constant=no_constant)


def faults_of(node: Any, level: int = 1) -> set[Reason]:
    faults: set[Reason] = set()
    if isinstance(node, Number):
        size = abs(float(node))
        if size > 1 and (isinf(size) or abs(Decimal(node)) >= Decimal(10) ** 28):
            faults.add(Reason.NUMBER_OUT_OF_RANGE)
    elif isinstance(node, str):
        faults |= {Reason.NUL_CHARACTER} if "\0" in node else set()
        faults |= {Reason.INVALID_UTF8} if any("\ud800" <= character <= "\udfff" for character in node) else set()
    elif isinstance(node, list):
        if level > 32:
            return {Reason.NESTING_TOO_DEEP}
        if isinstance(node, Members):
            keys = [key for key, _ in node]
            faults |= {Reason.DUPLICATE_KEY} if len(set(keys)) < len(keys) else set()
            for key in keys:
                faults |= faults_of(key)
            node = [value for _, value in node]
        for child in node:
            faults |= faults_of(child, level + 1)
    return faults


def is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


def verdict(door: str, text: str) -> set[Reason]:
    """Times are left to the tests of times: here they are right or plainly wrong ("soon")."""
    try:
        tree = tree_of(text)
    except ValueError:
        return {Reason.MALFORMED_JSON}
    if not isinstance(tree, Members):
        return {Reason.BODY_NOT_OBJECT}
    faults = faults_of(tree)
    if faults:
        return faults
    event = dict(tree)
    for field, limit in {NAMES[door]: 255, **dict.fromkeys(REQUIRED_IDS[door], 512)}.items():
        value = event.get(field)
        if value is not None and not is_text(value):
            faults.add(Reason.WRONG_TYPE)
        elif value is None or (value == "" and field != NAMES[door]):
            faults.add(Reason.MISSING_FIELD)
        elif field == NAMES[door] and not value.strip():
            faults.add(Reason.EMPTY_NAME)
        elif len(value.strip() if field == NAMES[door] else value) > limit:
            faults.add(Reason.TEXT_TOO_LONG)
    for field, limit in OPTIONAL_TEXTS[door].items():
        value = event.get(field)
        if value is not None and not is_text(value):
            faults.add(Reason.WRONG_TYPE)
        elif value is not None and len(value) > limit:
            faults.add(Reason.TEXT_TOO_LONG)
    time = event.get("timestamp")
    if time is not None and not is_text(time):
        faults.add(Reason.WRONG_TYPE)
    elif time is not None and not time.startswith("2024-01-15T10:30:00"):
        faults.add(Reason.INVALID_TIMESTAMP)
    properties = event.get("properties")
    if properties is not None and not isinstance(properties, Members):
        faults.add(Reason.PROPERTIES_NOT_OBJECT)
    return faults


_CONTEXT = Context(prec=500, rounding=ROUND_DOWN)


def indexed(value: str) -> Decimal:
    """The number under which the store indexes a property: integers and texts exactly, else the shortest double, cut to 1e-9."""
    if not isinstance(value, Number):
        return Decimal(value)
    is_integer = value.removeprefix("-").isdigit()
    return _CONTEXT.quantize(Decimal(value) if is_integer else Decimal(repr(float(value))), Decimal("1e-9"))


def true_number(value: Number) -> Decimal:
    if abs(float(value)) < 1e-10:
        return Decimal(0)
    return _CONTEXT.quantize(Decimal(value), Decimal("1e-9"))
