"""The tree of an expression: numbers and conditions over the properties of one event. What it means: kernel/expression.py."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec


class Operator(StrEnum):
    """Of two numbers, giving a number."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    REMAINDER = "%"


class Relation(StrEnum):
    """Of two numbers, true or false."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    EQUAL = "=="
    UNEQUAL = "!="


class Function(StrEnum):
    """The functions; any other name before a parenthesis is refused."""

    MAX = "max"
    MIN = "min"
    POW = "pow"
    ABS = "abs"
    CEIL = "ceil"
    FLOOR = "floor"
    ROUND = "round"
    SQRT = "sqrt"
    LOG = "log"


class Literal(msgspec.Struct, frozen=True, tag="literal"):
    value: float


class Name(msgspec.Struct, frozen=True, tag="name"):
    """The value of the property of this name."""

    name: str


class Negate(msgspec.Struct, frozen=True, tag="negate"):
    operand: "Numeric"


class Arithmetic(msgspec.Struct, frozen=True, tag="arithmetic"):
    operator: Operator
    left: "Numeric"
    right: "Numeric"


class Call(msgspec.Struct, frozen=True, tag="call"):
    function: Function
    arguments: tuple["Numeric", ...]


class Conditional(msgspec.Struct, frozen=True, tag="conditional"):
    condition: "Truth"
    then: "Numeric"
    otherwise: "Numeric"


class Comparison(msgspec.Struct, frozen=True, tag="comparison"):
    relation: Relation
    left: "Numeric"
    right: "Numeric"


class Both(msgspec.Struct, frozen=True, tag="both"):
    left: "Truth"
    right: "Truth"


class Either(msgspec.Struct, frozen=True, tag="either"):
    left: "Truth"
    right: "Truth"


class Not(msgspec.Struct, frozen=True, tag="not"):
    operand: "Truth"


Numeric = Literal | Name | Negate | Arithmetic | Call | Conditional
Truth = Comparison | Both | Either | Not
Node = Numeric | Truth


class Expression(msgspec.Struct, frozen=True):
    """text: as it was written. root: what it means."""

    text: str
    root: Numeric


def names(expression: Expression) -> frozenset[str]:
    """The properties that the expression reads."""
    return frozenset(node.name for node in _nodes(expression.root) if isinstance(node, Name))


def _nodes(root: Node) -> Iterator[Node]:
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(_children(node))


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Literal() | Name():
            return ()
        case Negate(operand=operand) | Not(operand=operand):
            return (operand,)
        case Call(arguments=arguments):
            return arguments
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case _:
            return (node.left, node.right)


def small_power(call: Call) -> int | None:
    """The exponent of a power that is made by multiplying: a whole number up to 16, written out. None: any other call.

    Products are the same in every library; powers of other exponents may differ in the last bit.
    """
    exponent = call.arguments[-1]
    if call.function is not Function.POW or not isinstance(exponent, Literal) or exponent.value not in range(17):
        return None
    return int(exponent.value)
