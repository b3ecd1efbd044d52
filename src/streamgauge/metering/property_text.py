"""A property as text, exactly as the store's map `strings` has it, and how texts compare in filters.

- A text is itself; a number its shortest decimal form, with an exponent below 1e-6 and from 1e21 on; true and false are words.
- An object or a list is its JSON without spaces. null is as if the property were absent: the empty text.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import re2

from streamgauge.kernel.website import Operator

# The engine writes control characters with capital digits: \u001F.
_CONTROL = re.compile(r"(?<!\\)(?:\\\\)*\\u00[0-9a-f]{2}")
_escaped = msgspec.json.Encoder().encode
_options = re2.Options()
_options.log_errors = False
_options.dot_nl = True  # As the engine reads patterns.


def text_of(value: object) -> str:
    """value: as JSON gives it, numbers as int or float."""
    if isinstance(value, str):
        return value
    return "" if value is None else _json_text(value)


def compares(text: str, operator: Operator, values: Sequence[str]) -> bool:
    """As kernel/query.py's Filter says."""
    match operator:
        case Operator.IS:
            return text in values
        case Operator.IS_NOT:
            return text not in values
        case Operator.CONTAINS:
            return any(part in text for part in values)
        case Operator.MATCHES:
            return any(_pattern(pattern).search(text) is not None for pattern in values)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Any:  # The library states no types.
    return re2.compile(pattern, _options)


def _json_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double_text(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json_text(key)}:{_json_text(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json_text, value)) + "]"
    if isinstance(value, str):
        return _CONTROL.sub(lambda found: found[0].upper().replace("\\U", "\\u"), _escaped(value).decode())
    return "null" if value is None else str(value)


def _double_text(value: float) -> str:
    """The fewest digits that read back as the same double, plain from 1e-6 to below 1e21."""
    mantissa, exponent, power = repr(value).partition("e")
    if not exponent:
        return mantissa.removesuffix(".0")
    if -7 < int(power) < 21:
        return format(Decimal(repr(value)), "f")
    return f"{mantissa}e{int(power)}"
