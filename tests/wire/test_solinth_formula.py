"""Formulas of two metrics: read as arithmetic reads them, computed exactly, and nothing else gets through."""

import ast
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.solinth.formula import NAMED, parse_formula

VALUES = [
    pytest.param("a", "7", id="a alone"),
    pytest.param("ratio", "1.75", id="ratio"),
    pytest.param("percent", "175", id="percent"),
    pytest.param("sum", "11", id="sum"),
    pytest.param("difference", "3", id="difference"),
    pytest.param("product", "28", id="product"),
    pytest.param(" ratio ", "1.75", id="white space around a name"),
    pytest.param("a-b-1", "2", id="from left to right"),
    pytest.param("a/b/2", "0.875", id="division from left to right"),
    pytest.param("a+b*2", "15", id="points before lines"),
    pytest.param("(a+b)*2", "22", id="parentheses first"),
    pytest.param("-a+b", "-3", id="a sign"),
    pytest.param("a*-b", "-28", id="a sign behind an operator"),
    pytest.param("--a", "7", id="two signs"),
    pytest.param("a - -b", "11", id="minus a negative"),
    pytest.param("1.5*a", "10.5", id="a number"),
    pytest.param("0.1*a+0.2*a", "2.1", id="decimals are exact"),
    pytest.param("a/3*3", "7", id="a third is exact until the end"),
    pytest.param("\ta\n+ b ", "11", id="white space"),
    pytest.param("a/3", "2.333333333333333333333333333", id="28 digits"),
    pytest.param("2*a/3", "4.666666666666666666666666667", id="rounded to the nearest"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text: str, value: str) -> None:
    assert parse_formula(text).value(7, Decimal(4)) == Decimal(value)


def test_every_name_stands_for_an_expression() -> None:
    for name, expression in NAMED.items():
        assert parse_formula(name).steps == parse_formula(expression).steps


def test_half_goes_to_even_at_the_last_digit() -> None:
    formula = parse_formula("a/2")
    assert formula.value(10**28 + 1, None) == Decimal("5000000000000000000000000000")
    assert formula.value(10**28 + 3, None) == Decimal("5000000000000000000000000002")


UNDEFINED = [
    pytest.param("a/b", 1, 0, id="by zero"),
    pytest.param("b/a/b", 0, 5, id="by zero in between"),
    pytest.param("a/(b-b)", 1, 7, id="by a difference of zero"),
    pytest.param("a*0/(b*0)", 1, 1, id="zero by zero"),
    pytest.param("a+b", None, 5, id="no a"),
    pytest.param("a+b", 5, None, id="no b"),
    pytest.param("a*0", None, None, id="no a, though it does not matter"),
]


@pytest.mark.parametrize(("text", "a", "b"), UNDEFINED)
def test_without_a_value(text: str, a: int | None, b: int | None) -> None:
    assert parse_formula(text).value(a, b) is None


REFUSED = [
    "",
    " ",
    "1+1",
    "c",
    "aa",
    "ab",
    "A/B",
    "a b",
    "a2",
    "2a",
    "a+",
    "*a",
    "a**b",
    "a//b",
    "a%b",
    "a^b",
    "a=b",
    "a,b",
    "(a",
    "a)",
    "()",
    "a()",
    "+a",
    "1.a",
    ".5*a",
    "1e5*a",
    "a*" + "9" * 29,
    "__import__('os')",
    "a.real",
    "a if b else a",
    "a;b",
    "a\x00",
    "\u0430/b",  # a letter of another alphabet that looks the same
    "\u0663*a",  # a digit of another script
    "a" + "+b" * 17,
    "(" * 17 + "a" + ")" * 17,
    "-" * 16 + "a+b",
    "a+b" + " " * 200,
    "Ratio",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_formula(text)
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_PARAMETER, "formula")


def test_a_plus_sign_lost_on_the_way_is_explained() -> None:
    with pytest.raises(Refusal, match="%2B"):
        parse_formula("a b")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    kind = draw(st.sampled_from(["a", "b", "number"] if depth == 0 else ["a", "b", "number", "pair", "pair", "sign", "inner"]))
    match kind:
        case "number":
            return str(draw(st.decimals(0, 1000, places=2)))
        case "pair":
            return f"{draw(expressions(depth - 1))} {draw(st.sampled_from('+-*/'))} {draw(expressions(depth - 1))}"
        case "sign":
            return f"-{draw(expressions(0))}"
        case "inner":
            return f"({draw(expressions(depth - 1))})"
    return kind


def _by_python(node: ast.expr, a: Fraction, b: Fraction) -> Fraction:
    """The same by Python's own parser; raises ZeroDivisionError."""
    match node:
        case ast.Name(id=name):
            return a if name == "a" else b
        case ast.Constant(value=str(text)):
            return Fraction(text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_by_python(operand, a, b)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _by_python(left, a, b), _by_python(right, a, b)
            match op:
                case ast.Add():
                    return one + other
                case ast.Sub():
                    return one - other
                case ast.Mult():
                    return one * other
            return one / other
    raise AssertionError(ast.dump(node))


def _numbers_as_text(text: str) -> str:
    """So that Python's parser does not make doubles of them."""
    words = text.replace("(", " ( ").replace(")", " ) ").replace("-", " - ").split()
    return " ".join(f"'{word}'" if word[0].isdigit() else word for word in words)


numbers = st.decimals(-(10**12), 10**12, places=9)


@given(expressions(), numbers, numbers)
def test_formulas_are_read_as_python_reads_them(text: str, a: Decimal, b: Decimal) -> None:
    try:
        formula = parse_formula(text)
    except Refusal:
        assert not {"a", "b"} & set(text) or sum(text.count(sign) for sign in "+-*/") > 16
        return
    try:
        exact = _by_python(ast.parse(_numbers_as_text(text), mode="eval").body, Fraction(a), Fraction(b))
    except ZeroDivisionError:
        assert formula.value(a, b) is None
        return
    assert formula.value(a, b) == Context(prec=28).divide(Decimal(exact.numerator), Decimal(exact.denominator))


@given(st.text() | st.text("ab+-*/()0123456789. "))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        parse_formula(text).value(Decimal("1.5"), 0)
    except Refusal:
        return
