"""Expressions of meters: the language, what an event counts for, refusals; CEL's own library as judge of the arithmetic."""

import math
from decimal import Decimal

import celpy
import pytest
from celpy.celtypes import DoubleType
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.expression import evaluate, names, number_of, parse_expression
from streamgauge.kernel.refusal import Reason, Refusal
from tests.kernel import expressions

_EVENT = {"a": 5, "b": "2.5", "zero": 0, "text": "abc", "nothing": None, "yes": True, "big": 10**15 + 1, "list": [1]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a", "5", id="a property"),
        pytest.param("a * b", "12.5", id="a text that reads as a number"),
        pytest.param("a + missing", "5", id="an absent property is 0"),
        pytest.param("a + nothing", "5", id="null is absent"),
        pytest.param("1 + 2 * 3 - 4 / 8", "6.5", id="the product before the sum"),
        pytest.param("7 / 2", "3.5", id="integers are doubles"),
        pytest.param("10 - 3 - 2", "5", id="from the left"),
        pytest.param("-a + --a", "0", id="signs"),
        pytest.param("5.5 % 2 + -7 % 4", "-1.5", id="the remainder has the sign of its left side"),
        pytest.param("1 / 3", "0.333333333", id="nine digits"),
        pytest.param("0.0009765625", "0.000976562", id="half to even, down"),
        pytest.param("0.0029296875", "0.002929688", id="half to even, up"),
        pytest.param("-0.0029296875", "-0.002929688", id="half to even, negative"),
        pytest.param("big * 1", "1000000000000001", id="large integers stay whole"),
        pytest.param("max(a, b, 7, -1) - min(a, b)", "4.5", id="max and min of many"),
        pytest.param("pow(a, 2) + pow(4, 0.5) + pow(2, -1)", "27.5", id="powers"),
        pytest.param("pow(-2, 3) + pow(0, 0)", "-7", id="powers of negative numbers and of nothing"),
        pytest.param("abs(-a) + ceil(b) + floor(-b)", "5", id="abs, ceil, floor"),
        pytest.param("round(2.5) + round(-2.5) * 10 + round(0.49999999999999994)", "-27", id="round takes halves away from zero"),
        pytest.param("sqrt(a * a) + log(1)", "5", id="sqrt and log"),
        pytest.param("a > 4 && b < 3 ? 1 : 2", "1", id="a condition"),
        pytest.param("a == 5 ? (b != 2.5 ? 1 : 2) : 3", "2", id="a condition in a condition"),
        pytest.param("a > 9 ? 1 : a > 4 ? 2 : 3", "2", id="conditions one after the other"),
        pytest.param("!(a >= 5) || b <= 2 ? 1 : 0", "0", id="not, or"),
        pytest.param("(a > b ? a : b) * 2", "10", id="a condition in parentheses"),
        pytest.param("1 / zero > 5 ? 1 : 2", "1", id="an infinite step with a finite result"),
        pytest.param("1 / (1 / zero)", "0", id="infinity and back"),
        pytest.param(" a\t*\n(\r b ) ", "12.5", id="blanks"),
        pytest.param("1.5e3 + .5 + 2E-1", "1500.7", id="ways to write a number"),
        pytest.param("a + text", None, id="a text that is no number"),
        pytest.param("a > 0 ? a : text", None, id="also where it is not reached"),
        pytest.param("a + yes", None, id="true is no number"),
        pytest.param("list", None, id="a list is no number"),
        pytest.param("a / zero", None, id="division by zero"),
        pytest.param("zero / zero", None, id="zero by zero"),
        pytest.param("a % zero", None, id="remainder by zero"),
        pytest.param("sqrt(-a)", None, id="root of a negative number"),
        pytest.param("log(zero)", None, id="log of zero"),
        pytest.param("log(-1) + 0", None, id="log of a negative number"),
        pytest.param("pow(-2, 0.5)", None, id="no real power"),
        pytest.param("max(1, zero / zero)", None, id="max of no number"),
        pytest.param("min(zero / zero, 1)", None, id="min of no number"),
        pytest.param("pow(10, 400)", None, id="beyond what a double holds"),
        pytest.param("1e27 * 10", None, id="beyond what a column holds"),
        pytest.param("1e27 * 9", "8999999999999999844710088704", id="the double nearest to what a column still holds"),
    ],
)
def test_what_an_event_counts_for(text: str, expected: str | None) -> None:
    assert evaluate(parse_expression(text), _EVENT) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1 + 2 * 3 - 4 / (8)", frozenset(), id="none"),
        pytest.param("max(a, b) > 0 ? pow(c, d) : -e + a", frozenset("abcde"), id="everywhere, each once"),
    ],
)
def test_names_of_properties(text: str, expected: frozenset[str]) -> None:
    assert names(parse_expression(text)) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it ends at character 1"),
        ("  ", "it ends at character 3"),
        ("a +", "it ends at character 4"),
        ("a b", "there is 'b' at character 3"),
        ("(a", "it ends at character 3, where ')' was expected"),
        ("a)", "there is ')' at character 2"),
        ("a.b", "there is '.' at character 2"),
        ("a[0]", "there is '[' at character 2"),
        ('"a"', "there is '\"' at character 1"),
        ("1e", "there is 'e' at character 2"),
        ("2u", "there is 'u' at character 2"),
        ("0x1F", "there is 'x1F' at character 2"),
        ("1.", "there is '.' at character 2"),
        ("ü", "there is 'ü' at character 1"),
        ("a = 1", "there is '=' at character 3"),
        ("a; DROP TABLE events", "there is ';' at character 2"),
        ("true", "'true' at character 1 is a reserved word"),
        ("1e999", "the number at character 1 is too large"),
        ("sum(a)", "there is no function 'sum'"),
        ("max(a)", "max takes two or more numbers"),
        ("max()", "there is ')' at character 5"),
        ("pow(a, b, c)", "pow takes two numbers"),
        ("abs(a, b)", "abs takes one number"),
        ("a > 1", "a condition stands at character 1"),
        ("(a > 1) + 2", "a condition stands at character 1"),
        ("2 * (a > 1)", "a condition stands at character 5"),
        ("1 < a < 3", "a condition stands at character 1"),
        ("a ? 1 : 2", "a number stands at character 1"),
        ("!a ? 1 : 2", "a number stands at character 2"),
        ("a > 1 ? b > 1 : 2", "a condition stands at character 9"),
        ("a > 1 ? 2", "it ends at character 10, where ':' was expected"),
        ("a > 1 && b ? 1 : 2", "a number stands at character 10"),
        ("(" * 40 + "a" + ")" * 40, "it is nested deeper than 32 levels"),
        ("-" * 40 + "a", "it is nested deeper than 32 levels"),
        ("a" + "+a" * 200, "it has more than 250 words and signs"),
        ("a" * 1001, "it is longer than 1000 characters"),
    ],
)
def test_refusals_tell_what_was_found_where(text: str, told: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_expression(text)
    refusal = caught.value
    assert (refusal.reason, refusal.field) == (Reason.INVALID_PARAMETER, "expression")
    assert told in refusal.message
    assert refusal.expected


@settings(max_examples=300, deadline=None)
@given(text=st.text("ab01.+-*/%()<>=!?:&|, eE\x00ü\"'", max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        expression = parse_expression(text)
    except Refusal:
        return
    evaluate(expression, {"a": 1, "b": "2"})


def test_the_longest_expression_is_evaluated() -> None:
    assert evaluate(parse_expression("a" + "+a" * 124), {"a": 1}) == 125
    assert evaluate(parse_expression("(" * 31 + "a" + ")" * 31), {"a": 1}) == 1


_cel = celpy.Environment()


def _divided(left: float, right: float) -> DoubleType:
    """As IEEE 754 and so CEL's own document have it: the judge makes infinity of 0 / 0, or fails."""
    over, under = float(left), float(right)
    if under != 0:
        return DoubleType(over / under)
    if math.isnan(over) or over == 0:
        return DoubleType(math.nan)
    return DoubleType(math.copysign(math.inf, over) * math.copysign(1, under))


@settings(max_examples=200, deadline=None)
@example(text="((a) + (a)) / ((a) + (a))", event=dict.fromkeys(expressions.PROPERTIES, 0.0))
@example(text="(a) / ((a) / (a))", event=dict.fromkeys(expressions.PROPERTIES, 0.0))
@given(text=expressions.arithmetic, event=st.fixed_dictionaries(dict.fromkeys(expressions.PROPERTIES, expressions.numbers)))
def test_arithmetic_is_that_of_cel(text: str, event: dict[str, float]) -> None:
    """The judge has no functions and no remainder of doubles."""
    doubles = {name: DoubleType(float(number_of(value) or 0)) for name, value in event.items()}
    result = _cel.program(_cel.compile(text), functions={"_/_": _divided}).evaluate(doubles)
    assert isinstance(result, float)
    theirs = float(result)
    ours = evaluate(parse_expression(text), event)
    if not math.isfinite(theirs) or abs(theirs) >= 1e28:
        assert ours is None
    else:
        whole = int(theirs)
        assert ours == whole + Decimal(round((theirs - whole) * 1e9)).scaleb(-9)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        (0.1, "0.1"),
        (Decimal("1e3"), "1000"),
        ("00012", "12"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("0.1234567899", "0.123456789"),
        ("-0.1234567899", "-0.123456789"),
        ("9" * 29 + ".999999999", "9" * 29 + ".999999999"),
        ("1" + "0" * 29, None),
        ("1e5000", None),
        ("1e-5000", "0"),
        (math.inf, None),
        ("", None),
        ("1_0", None),
        ("\u0661", None),
        ("1\n", None),
        (" 1", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
    ids=repr,
)
def test_the_number_of_a_property(value: object, expected: str | None) -> None:
    assert number_of(value) == (None if expected is None else Decimal(expected))
