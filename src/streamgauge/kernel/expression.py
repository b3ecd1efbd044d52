"""Expressions of meters: the arithmetic of CEL over an event's own properties, parsed into a tree and evaluated in memory.

The language
- Numbers (2, 1.5, .5, 1e3), names of top-level properties (letters, digits, underscore), parentheses; + - * / %, unary minus.
- max and min (two or more arguments), pow (two), abs ceil floor round sqrt log (one; log is the natural one, round takes halves
  away from zero).
- condition ? number : number, where conditions compare numbers (< <= > >= == !=) and are joined by && || !.

Promises
- Arithmetic is that of IEEE doubles; integers are doubles too (7 / 2 is 3.5); a % b is a - trunc(a / b) * b.
- A property that an event lacks (or that is null) is 0; a text that reads as a number is that number. When any property that
  the expression names is there and is no number, the event counts for nothing; so it does when the result is infinite, no
  number (1 / 0, sqrt(-1)) or 1e28 or more in size.
- The result is a decimal with nine digits after the point: its whole part exactly, its fraction times 1e9 (as a double) rounded
  half to even.
- query/expression.py turns the same tree into SQL with the same meaning.

Limits
- At most 1,000 characters, 250 words and signs, 32 levels of nesting. A property whose name is no identifier cannot be named.
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Context, Decimal

from streamgauge.kernel.expression_text import parse_expression
from streamgauge.kernel.expression_tree import (
    Arithmetic,
    Both,
    Call,
    Comparison,
    Conditional,
    Either,
    Expression,
    Function,
    Literal,
    Name,
    Negate,
    Not,
    Numeric,
    Operator,
    Relation,
    Truth,
    names,
    small_power,
)

__all__ = ["NOT_BELOW", "Expression", "evaluate", "names", "number_of", "parse_expression"]

NOT_BELOW = 1e28
"""Results of this size and beyond count for nothing: a column of the store could not hold them."""

_NANO = Decimal("1e-9")
_WIDE = Context(prec=60, rounding=ROUND_DOWN)
_LARGEST = Decimal(10) ** 29
# As the engine reads decimals: at most 38 digits before the point, and a power of ten from -2^31 to 29.
_NUMERIC_TEXT = re.compile(r"[+-]?(?:0*[0-9]{1,38}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE](?P<sign>[+-]?)0*(?P<power>[0-9]{1,10}))?")
_LEAST_POWER, _LARGEST_POWER = -(2**31), 29


def evaluate(expression: Expression, values: Mapping[str, object]) -> Decimal | None:
    """The result for an event with these properties, with at most nine digits after the point; None: it counts for nothing.

    values: as JSON gives them; numbers as int, Decimal or float.
    """
    numbers: dict[str, float] = {}
    for name in names(expression):
        value = values.get(name)
        number = Decimal(0) if value is None else number_of(value)
        if number is None:
            return None
        numbers[name] = float(number)
    result = _number(expression.root, numbers)
    if not math.isfinite(result) or abs(result) >= NOT_BELOW:
        return None
    whole = math.trunc(result)
    nanos = round((result - whole) * 1e9)
    return Decimal(whole * 10**9 + nanos).scaleb(-9, _WIDE)


def number_of(value: object) -> Decimal | None:
    """The number that the store indexes a property by: nine digits after the point, the rest cut. None: it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    if isinstance(value, str) and not _is_numeric(value):
        return None
    number = Decimal(repr(value) if isinstance(value, float) else value)
    if not number.is_finite() or number.copy_abs() >= _LARGEST:
        return None
    return number.quantize(_NANO, context=_WIDE)


def _is_numeric(text: str) -> bool:
    found = _NUMERIC_TEXT.fullmatch(text)
    if found is None:
        return False
    power = int(found["sign"] + found["power"]) if found["power"] else 0
    return _LEAST_POWER <= power <= _LARGEST_POWER


# Evaluation: what IEEE says, where Python would raise.


def _number(node: Numeric, numbers: Mapping[str, float]) -> float:
    match node:
        case Literal(value=value):
            return value
        case Name(name=name):
            return numbers[name]
        case Negate(operand=operand):
            return -_number(operand, numbers)
        case Arithmetic(operator=operator, left=left, right=right):
            return _ARITHMETIC[operator](_number(left, numbers), _number(right, numbers))
        case Call():
            return _called(node, numbers)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return _number(then if _holds(condition, numbers) else otherwise, numbers)


def _holds(node: Truth, numbers: Mapping[str, float]) -> bool:
    match node:
        case Comparison(relation=relation, left=left, right=right):
            return _RELATIONS[relation](_number(left, numbers), _number(right, numbers))
        case Both(left=one, right=other):
            return _holds(one, numbers) and _holds(other, numbers)
        case Either(left=one, right=other):
            return _holds(one, numbers) or _holds(other, numbers)
        case Not(operand=operand):
            return not _holds(operand, numbers)


def _called(call: Call, numbers: Mapping[str, float]) -> float:
    first, *rest = (_number(argument, numbers) for argument in call.arguments)
    if not rest:
        return _OF_ONE[call.function](first)
    exponent = small_power(call)
    if exponent is not None:
        return math.prod([first] * exponent, start=1.0)
    for other in rest:
        first = _OF_TWO[call.function](first, other)
    return first


def _divided(left: float, right: float) -> float:
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1.0, right)
    return left / right


def _remainder(left: float, right: float) -> float:
    return left - _truncated(_divided(left, right)) * right


def _truncated(value: float) -> float:
    return math.copysign(float(math.trunc(value)), value) if math.isfinite(value) else value


def _larger(left: float, right: float) -> float:
    if left >= right:
        return left
    return right if right > left else math.nan


def _smaller(left: float, right: float) -> float:
    if left <= right:
        return left
    return right if right < left else math.nan


def _power(left: float, right: float) -> float:
    if left < 0:
        # The engine takes huge even exponents for odd ones, so the sign is found by arithmetic.
        if _truncated(right) != right:
            return math.nan
        size = _power(-left, right)
        return -size if _remainder(right, 2.0) != 0 else size
    try:
        return math.pow(left, right)
    except (OverflowError, ValueError):  # Beyond what a double holds, or 0 to a negative power.
        return math.inf


def _whole(cut: Callable[[float], int]) -> Callable[[float], float]:
    """Keeps what has no whole part as it is, and the sign of a zero."""
    return lambda value: math.copysign(float(cut(value)), value) if math.isfinite(value) else value


def _away_from_zero(value: float) -> int:
    whole = math.trunc(value)
    return whole + (1 if value > 0 else -1) if abs(value - whole) >= 0.5 else whole


def _root(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


def _logarithm(value: float) -> float:
    if value == 0:
        return -math.inf
    return math.log(value) if value > 0 else math.nan


_ARITHMETIC: Mapping[Operator, Callable[[float, float], float]] = {
    Operator.ADD: lambda left, right: left + right,
    Operator.SUBTRACT: lambda left, right: left - right,
    Operator.MULTIPLY: lambda left, right: left * right,
    Operator.DIVIDE: _divided,
    Operator.REMAINDER: _remainder,
}
_RELATIONS: Mapping[Relation, Callable[[float, float], bool]] = {
    Relation.BELOW: lambda left, right: left < right,
    Relation.AT_MOST: lambda left, right: left <= right,
    Relation.ABOVE: lambda left, right: left > right,
    Relation.AT_LEAST: lambda left, right: left >= right,
    Relation.EQUAL: lambda left, right: left == right,
    Relation.UNEQUAL: lambda left, right: left != right,
}
_OF_TWO: Mapping[Function, Callable[[float, float], float]] = {
    Function.MAX: _larger,
    Function.MIN: _smaller,
    Function.POW: _power,
}
_OF_ONE: Mapping[Function, Callable[[float], float]] = {
    Function.ABS: abs,
    Function.CEIL: _whole(math.ceil),
    Function.FLOOR: _whole(math.floor),
    Function.ROUND: _whole(_away_from_zero),
    Function.SQRT: _root,
    Function.LOG: _logarithm,
}
