"""JSON read with nothing left to chance: the careful reader, which alone decides what is refused and under which name.

`load` turns text into a tree, `inspect` walks it. Together they see what C decoders let pass or report without a name: duplicate
keys at any level, numbers that the store cannot hold, NUL characters, lone surrogates, NaN and Infinity, deep nesting.
About 10 µs an event. The quick readers of the dialects accept most requests without it; they never refuse anything themselves.
"""

import json
from collections import Counter
from decimal import Decimal
from math import isfinite
from typing import NoReturn

from streamgauge.kernel.refusal import Reason, Refusal

MAX_NESTING = 32
# Decimal(38, 9), the store's number, has 29 digits before the point; one is kept back so that rounding cannot overflow it.
MAX_NUMBER_DIGITS = 28
_NUMBER_LIMIT = Decimal(10) ** MAX_NUMBER_DIGITS
_SURELY_SMALLER = 9.0e27

Node = object


class JsonObject(dict[str, Node]):
    """An object of the tree. duplicate: the first key that it holds twice, None when there is none."""

    __slots__ = ("duplicate",)

    def __init__(self, pairs: list[tuple[str, Node]]) -> None:
        super().__init__(pairs)
        self.duplicate: str | None = None
        if len(self) != len(pairs):
            count = Counter(key for key, _ in pairs)
            self.duplicate = next(key for key in count if count[key] > 1)


class Written(str):
    """A number as the sender wrote it: every one with a point or an exponent, and integers of 28 characters and more."""

    __slots__ = ()


def _integer(text: str) -> int | Written:
    return int(text) if len(text) < MAX_NUMBER_DIGITS else Written(text)


def _no_constant(text: str) -> NoReturn:
    raise Refusal(Reason.MALFORMED_JSON, f"The body is not valid JSON: {text} is not a JSON value")


_decoder = json.JSONDecoder(object_pairs_hook=JsonObject, parse_float=Written, parse_int=_integer, parse_constant=_no_constant)


def load(body: bytes) -> Node:
    """The tree of a JSON text. Raises Refusal: invalid_utf8, malformed_json, nesting_too_deep.

    Objects are JsonObject and numbers int or Written. Bytes after the value, a byte order mark and an empty body are malformed.
    """
    try:
        return _decoder.decode(body.decode())
    except UnicodeDecodeError as error:
        raise Refusal(Reason.INVALID_UTF8, f"The body is not valid UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        message = f"The body is not valid JSON: {error.msg} (line {error.lineno} column {error.colno})"
        raise Refusal(Reason.MALFORMED_JSON, message) from error
    except RecursionError as error:
        raise _too_deep() from error


def load_object(body: bytes) -> JsonObject:
    """As `load`, but the text must be an object (else body_not_object)."""
    tree = load(body)
    if not isinstance(tree, JsonObject):
        raise Refusal(Reason.BODY_NOT_OBJECT, "The body must be a JSON object", expected="object")
    return tree


def inspect(node: Node, level: int = 1) -> int:
    """Walk a tree; returns how many keys all its objects hold. level: how deep the node itself stands, from 1.

    Raises Refusal: duplicate_key, number_out_of_range, nul_character, invalid_utf8 (a lone surrogate), nesting_too_deep.
    """
    if isinstance(node, Written):
        check_number(node)
        return 0
    if isinstance(node, str):
        check_text(node)
        return 0
    if not isinstance(node, (JsonObject, list)):
        return 0
    if level > MAX_NESTING:
        raise _too_deep()
    if isinstance(node, list):
        return sum(inspect(child, level + 1) for child in node)
    check_duplicate(node)
    for key in node:
        check_text(key)
    return len(node) + sum(inspect(child, level + 1) for child in node.values())


def check_duplicate(node: JsonObject) -> None:
    if node.duplicate is not None:
        check_text(node.duplicate)
        raise Refusal(Reason.DUPLICATE_KEY, f"The key {shorten(node.duplicate)} is there twice", field=shorten(node.duplicate))


def check_number(text: Written) -> None:
    size = abs(float(text))
    if size < _SURELY_SMALLER or (isfinite(size) and abs(Decimal(text)) < _NUMBER_LIMIT):
        return
    raise Refusal(
        Reason.NUMBER_OUT_OF_RANGE,
        f"The number {shorten(text)} is too large: at most {MAX_NUMBER_DIGITS} digits before the point",
        expected=f"a number below 1e{MAX_NUMBER_DIGITS}",
    )


def check_text(text: str) -> None:
    if "\x00" in text:
        raise Refusal(Reason.NUL_CHARACTER, "Text must not hold the NUL character (\\u0000)")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refusal(Reason.INVALID_UTF8, "Text must not hold half of a surrogate pair") from error


def shorten(text: str, length: int = 64) -> str:
    """Text of the sender, cut for a message."""
    return text if len(text) <= length else text[:length] + "…"


def _too_deep() -> Refusal:
    return Refusal(Reason.NESTING_TOO_DEEP, f"JSON must not be nested deeper than {MAX_NESTING} levels")
