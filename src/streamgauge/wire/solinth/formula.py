"""Formulas of two metrics: a name for one, or an expression over a and b with numbers, + - * / and parentheses.

Promise: the value is computed exactly, in fractions, and rounded once, to 28 significant digits (half to even). It is None where
a metric has no value or a division is by zero. Nothing of the text is executed: it becomes a tree of the four operations.
Limits: 200 characters, 16 operators, 16 levels of parentheses, numbers of at most 28 digits.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import msgspec

from streamgauge.kernel.query import Number
from streamgauge.kernel.refusal import Reason, Refusal

MAX_LENGTH = 200
MAX_OPERATORS = 16
MAX_DEPTH = 16

NAMED: Mapping[str, str] = {
    "ratio": "a/b",
    "sum": "a+b",
    "difference": "a-b",
    "product": "a*b",
    "percent": "a/b*100",
}

EXPECTED = f"one of {', '.join(NAMED)}, or an expression over a and b with numbers, + - * / and parentheses, such as (a-b)/b*100"

_TOKEN = re.compile(r"\s*(?:([ab])\b|(\d{1,28}(?:\.\d{1,28})?)|([-+*/()]))", re.ASCII)
_DIVISION = Context(prec=28, rounding=ROUND_HALF_EVEN)
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


class Formula(msgspec.Struct, frozen=True):
    """text: as sent. steps: in the order of a stack machine: names, numbers as texts, operators, "negate"."""

    text: str
    steps: tuple[str, ...]

    @property
    def uses(self) -> frozenset[str]:
        """Which of a and b it names."""
        return frozenset(self.steps) & {"a", "b"}

    def value(self, a: Number | None, b: Number | None) -> Decimal | None:
        """Its value, with at most 28 significant digits."""
        stack: list[Fraction] = []
        given = {"a": a, "b": b}
        for step in self.steps:
            if step in given:
                number = given[step]
                if number is None:
                    return None
                stack.append(Fraction(number))
            elif step == "negate":
                stack.append(-stack.pop())
            elif step in _PRECEDENCE:
                right, left = stack.pop(), stack.pop()
                if step == "/" and not right:
                    return None
                stack.append(_apply(step, left, right))
            else:
                stack.append(Fraction(step))
        return _rounded(stack.pop())


def _apply(operator: str, left: Fraction, right: Fraction) -> Fraction:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return left / right


def _rounded(value: Fraction) -> Decimal:
    return _DIVISION.divide(Decimal(value.numerator), Decimal(value.denominator))


def quotient(part: Number, whole: Number) -> Decimal | None:
    """part / whole, rounded once; None for a whole of 0."""
    return _rounded(Fraction(part) / Fraction(whole)) if whole else None


def difference(value: Number, other: Number) -> Decimal:
    """value - other, rounded once."""
    return _rounded(Fraction(value) - Fraction(other))


def parse_formula(text: str) -> Formula:
    """Raises Refusal invalid_parameter."""
    if len(text) > MAX_LENGTH:
        raise _invalid(f"it is longer than {MAX_LENGTH} characters")
    tokens = _tokens(NAMED.get(text.strip(), text))
    if sum(token in _PRECEDENCE for token in tokens) > MAX_OPERATORS:
        raise _invalid(f"it has more than {MAX_OPERATORS} operators")
    formula = Formula(text.strip(), tuple(_Parser(tokens).whole()))
    if not formula.uses:
        raise _invalid("it names neither a nor b")
    return formula


def _tokens(text: str) -> list[str]:
    tokens = []
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            raise _invalid(f"it cannot be read from character {place + 1} on")
        tokens.append(found[found.lastindex or 0])
        place = found.end()
    return tokens


class _Parser:
    """Recursive descent; the depth is bounded by MAX_DEPTH."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._place = 0

    def whole(self) -> list[str]:
        steps = self._expression(0, 0)
        if self._place < len(self._words):
            # A plus sign that was not percent-encoded arrives as a space.
            raise _invalid(f"an operator is missing before {self._words[self._place]!r} (in a query string write + as %2B)")
        return steps

    def _expression(self, least: int, depth: int) -> list[str]:
        steps = self._operand(depth)
        while (operator := self._peek()) in _PRECEDENCE and _PRECEDENCE[operator] > least:
            self._place += 1
            steps += self._expression(_PRECEDENCE[operator], depth)
            steps.append(operator)
        return steps

    def _operand(self, depth: int) -> list[str]:
        word = self._peek()
        self._place += 1
        if word in ("-", "("):
            if depth >= MAX_DEPTH:
                raise _invalid(f"it is nested deeper than {MAX_DEPTH} levels")
            if word == "-":
                return [*self._operand(depth + 1), "negate"]
            steps = self._expression(0, depth + 1)
            if self._peek() != ")":
                raise _invalid("a parenthesis is not closed")
            self._place += 1
            return steps
        if not word or word in _PRECEDENCE or word == ")":
            raise _invalid(f"a, b, a number or a parenthesis is missing {f'before {word!r}' if word else 'at its end'}")
        return [word]

    def _peek(self) -> str:
        return self._words[self._place] if self._place < len(self._words) else ""


def _invalid(why: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, f"Parameter formula must be {EXPECTED}; {why}", field="formula", expected=EXPECTED)
