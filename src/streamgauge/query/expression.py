"""The expression of a meter as SQL over the maps of an event's properties, with the meaning that kernel/expression.py states.

Nothing of the expression's text stands in the statement: names of properties and numbers are bound values.

Promise: for the same event the column has the value that `evaluate` gives, digit for digit. All of it but pow and log is made of
operations that IEEE rounds in one way only.

Limits
- pow (unless its exponent is a written whole number up to 16) and log come from two mathematical libraries that may differ by
  one unit in the last of 53 bits (measured: 2 % of powers, 0.01 % of logarithms; up to 12 units where the power lies below
  1e-300). The rounded value then differs by at most 1e-9 below 4e6 in size, and by one part in 4e15 above.
- The engine makes doubles of decimals beyond 2**53 (with their nine digits: 9,007,199) by way of their text, which takes
  several times as long as for smaller ones.
"""

import struct
from collections.abc import Mapping

from streamgauge.kernel.expression import NOT_BELOW, Expression, names
from streamgauge.kernel.expression_tree import (
    Arithmetic,
    Both,
    Call,
    Comparison,
    Conditional,
    Either,
    Function,
    Literal,
    Name,
    Negate,
    Node,
    Not,
    Operator,
    Relation,
    small_power,
)
from streamgauge.query.clauses import Bindings

# A lambda gives a name to a value that is used more than once; repeating its SQL would double the text at every level.
_LARGER = "if(x >= y, x, if(y > x, y, nan))"
_SMALLER = "if(x <= y, x, if(y < x, y, nan))"
_REMAINDER = "x - trunc(x / y) * y"
_POWER = "if(x >= 0 OR isNaN(x), pow(x, y), if(trunc(y) != y, nan, if(y - trunc(y / 2) * 2 != 0, -pow(-x, y), pow(-x, y))))"
_ROUNDED = "if(abs(x - trunc(x)) >= 0.5, trunc(x) + sign(x), trunc(x))"
_EXACT_DOUBLE = "if(abs(x) < 9007199, toFloat64(x), toFloat64(toString(x)))"
_PLAIN = {Function.ABS: "abs", Function.CEIL: "ceil", Function.FLOOR: "floor", Function.SQRT: "sqrt", Function.LOG: "log"}
_OF_TWO = {Function.MAX: _LARGER, Function.MIN: _SMALLER, Function.POW: _POWER}
_SIGNS = {relation: relation.value for relation in Relation} | {Relation.EQUAL: "="}
# Doubles this large go into an integer in two steps: the engine's own step loses digits.
_STEP = 2**50


def expression_columns(expression: Expression, bindings: Bindings) -> list[str]:
    """The columns `number`, a Decimal(38, 9), and `valued`: whether the event has one; and those that they are made of."""
    bound = {name: bindings.text(name) for name in sorted(names(expression))}
    readable = _readable(bound)
    limit = _double(NOT_BELOW, bindings)
    return [
        f"{_sql(expression.root, bound, bindings)} AS outcome",
        f"if(abs(outcome) < {limit}, outcome, 0.) AS bounded",
        f"trunc(bounded / {_STEP}) AS high",
        f"bounded - high * {_STEP} AS low",
        f"toDecimal128(toInt128(toInt64(high)) * {_STEP} + toInt64(trunc(low)), 9)"
        " + toDecimal128(toInt64(roundBankers((low - trunc(low)) * 1000000000)), 9) / 1000000000 AS number",
        f"{' AND '.join([*readable, f'abs(outcome) < {limit}'])} AS valued",
    ]


def gives_number(expression: Expression, bindings: Bindings) -> str:
    """A condition: whether the expression has a number for the event."""
    bound = {name: bindings.text(name) for name in sorted(names(expression))}
    bounded = f"abs({_sql(expression.root, bound, bindings)}) < {_double(NOT_BELOW, bindings)}"
    return f"({' AND '.join([*_readable(bound), bounded])})"


def _readable(bound: Mapping[str, str]) -> list[str]:
    """Every property that is there is a number."""
    return [f"(mapContains(numbers, {name}) OR NOT mapContains(strings, {name}))" for name in bound.values()]


def _sql(node: Node, bound: Mapping[str, str], bindings: Bindings) -> str:
    def part(of: Node) -> str:
        return _sql(of, bound, bindings)

    match node:
        case Literal(value=value):
            return _double(value, bindings)
        case Name(name=name):
            return _let(_EXACT_DOUBLE, f"numbers[{bound[name]}]")
        case Negate(operand=operand):
            return f"negate({part(operand)})"
        case Arithmetic(operator=Operator.REMAINDER, left=left, right=right):
            return _let(_REMAINDER, part(left), part(right))
        case Arithmetic(operator=operator, left=left, right=right):
            return f"({part(left)} {operator.value} {part(right)})"
        case Call():
            return _call(node, [part(argument) for argument in node.arguments])
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return f"if({part(condition)}, {part(then)}, {part(otherwise)})"
        case Comparison(relation=relation, left=left, right=right):
            return f"({part(left)} {_SIGNS[relation]} {part(right)})"
        case Both(left=left_truth, right=right_truth):
            return f"({part(left_truth)} AND {part(right_truth)})"
        case Either(left=left_truth, right=right_truth):
            return f"({part(left_truth)} OR {part(right_truth)})"
        case Not(operand=truth):
            return f"(NOT {part(truth)})"


def _call(call: Call, arguments: list[str]) -> str:
    exponent = small_power(call)
    if exponent is not None:
        return _let(" * ".join(["1.", *["x"] * exponent]), arguments[0])
    first, *rest = arguments
    if call.function is Function.ROUND:
        return _let(_ROUNDED, first)
    if not rest:
        return f"{_PLAIN[call.function]}({first})"
    for other in rest:
        first = _let(_OF_TWO[call.function], first, other)
    return first


def _let(body: str, *values: str) -> str:
    """The body, with x and y standing for the values."""
    arrays = ", ".join(f"[{value}]" for value in values)
    return f"arrayMap(({', '.join('xy'[: len(values)])}) -> {body}, {arrays})[1]"


def _double(value: float, bindings: Bindings) -> str:
    """By its bits, so that no text of it is read on the way."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return f"reinterpretAsFloat64({bindings.whole(bits)})"
