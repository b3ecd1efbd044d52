"""Numbers in replies: nothing lost, no exponent, no NaN."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.wire.numbers import json_number, number_text

CASES = [
    pytest.param(0, "0", id="zero"),
    pytest.param(Decimal("-0.00"), "0", id="negative zero"),
    pytest.param(-0.0, "0", id="negative zero as a float"),
    pytest.param(Decimal("12500.00"), "12500", id="trailing zeros"),
    pytest.param(Decimal("3250.250"), "3250.25", id="one trailing zero"),
    pytest.param(Decimal("1E+3"), "1000", id="a positive exponent"),
    pytest.param(Decimal("100"), "100", id="zeros before the point stay"),
    pytest.param(Decimal("1E-9"), "0.000000001", id="a negative exponent"),
    pytest.param(1e22, "10000000000000000000000", id="a large float"),
    pytest.param(1e-7, "0.0000001", id="a small float"),
    pytest.param(0.1, "0.1", id="a float"),
]


@pytest.mark.parametrize(("value", "text"), CASES)
def test_number_text(value: Decimal | float, text: str) -> None:
    assert number_text(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_decimals_come_back_exactly(value: Decimal) -> None:
    assert json.loads(number_text(value), parse_float=Decimal, parse_int=Decimal) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_exactly(value: float) -> None:
    assert float(json.loads(number_text(value))) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, Decimal("NaN"), Decimal("-Infinity")])
def test_what_is_no_number_is_never_written(value: Decimal | float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        number_text(value)


def test_none_is_null() -> None:
    assert bytes(json_number(None)) == b"null"
