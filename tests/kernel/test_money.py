"""Money: exact sums by currency, dated rates used as they were loaded, unlike currencies never added. Fractions are the judge."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.kernel.money import Amount, Converted, Money, Rate, RateTable, convert

CURRENCIES = ("EUR", "USD", "JPY", "XAU")
DATES = st.dates().map(lambda day: day.isoformat())
# As many digits as an event's number may have: 29 before the point, 9 after it.
NUMBERS = st.integers(-(10**38), 10**38).map(lambda parts: Decimal(f"{parts}e-9"))
AMOUNTS = st.lists(st.builds(Amount, st.sampled_from(CURRENCIES), DATES, NUMBERS), max_size=30)
RATES = st.lists(
    st.builds(
        Rate,
        DATES,
        st.sampled_from(CURRENCIES),
        st.sampled_from(CURRENCIES),
        st.integers(1, 10**18).map(lambda parts: Decimal(f"{parts}e-12")),
    ),
    max_size=12,
    unique_by=lambda rate: (rate.base, rate.quote, rate.date),
)
MODEST = settings(max_examples=100, deadline=None)


def sums(moneys: tuple[Money, ...]) -> dict[str, Fraction]:
    return {money.currency: Fraction(money.amount) for money in moneys}


def judged(
    amounts: list[Amount], currency: str, rates: list[Rate]
) -> tuple[Fraction, dict[str, Fraction], dict[str, Fraction], set[Rate]]:
    """The total, the sums by currency, those without a rate, the rates used; by going through all rates for each amount."""
    total = Fraction(0)
    by_currency: dict[str, Fraction] = {}
    missing: dict[str, Fraction] = {}
    used = set()
    for one in amounts:
        amount = Fraction(one.amount)
        by_currency[one.currency] = by_currency.get(one.currency, Fraction(0)) + amount
        known = [rate for rate in rates if (rate.base, rate.quote) == (one.currency, currency) and rate.date <= one.date]
        if one.currency == currency:
            total += amount
        elif known:
            rate = max(known, key=lambda rate: rate.date)
            used.add(rate)
            total += amount * Fraction(rate.rate)
        else:
            missing[one.currency] = missing.get(one.currency, Fraction(0)) + amount
    return total, by_currency, missing, used


@MODEST
@given(AMOUNTS, st.sampled_from(CURRENCIES), RATES)
def test_sums_and_products_are_exact(amounts: list[Amount], currency: str, rates: list[Rate]) -> None:
    found = convert(amounts, currency, RateTable.of(rates))
    total, by_currency, missing, used = judged(amounts, currency, rates)
    assert (Fraction(found.total), sums(found.by_currency), sums(found.unconverted)) == (total, by_currency, missing)
    assert set(found.rates) == used
    assert len(found.rates) == len(used)


@MODEST
@given(AMOUNTS, RATES)
def test_the_order_of_amounts_and_rates_does_not_matter(amounts: list[Amount], rates: list[Rate]) -> None:
    expected = convert(amounts, "EUR", RateTable.of(rates))
    assert convert(reversed(amounts), "EUR", RateTable.of(reversed(rates))) == expected


@MODEST
@given(AMOUNTS, RATES, st.integers(0, 30))
def test_the_parts_add_up_to_the_whole(amounts: list[Amount], rates: list[Rate], cut: int) -> None:
    table = RateTable.of(rates)
    parts = [convert(some, "EUR", table) for some in (amounts[:cut], amounts[cut:])]
    assert sum(Fraction(part.total) for part in parts) == Fraction(convert(amounts, "EUR", table).total)


@MODEST
@given(AMOUNTS)
def test_without_a_rate_unlike_currencies_are_never_added(amounts: list[Amount]) -> None:
    found = convert(amounts, "EUR", RateTable())
    own = sums(found.by_currency)
    assert Fraction(found.total) == own.get("EUR", 0)
    assert sums(found.unconverted) == {currency: amount for currency, amount in own.items() if currency != "EUR"}
    assert found.rates == ()


def test_the_callers_own_precision_changes_nothing() -> None:
    amounts = [
        Amount("USD", "2024-01-01", Decimal("12345678901234567890123456789.123456789")),
        Amount("EUR", "2024-01-01", Decimal("0.1")),
    ]
    table = RateTable.of([Rate("2024-01-01", "USD", "EUR", Decimal("1.000000001"))])
    with localcontext(prec=3):
        found = convert(amounts, "EUR", table)
    assert Fraction(found.total) == Fraction("12345678901234567890123456789.123456789") * Fraction("1.000000001") + Fraction(
        "0.1"
    )


TABLE = RateTable.of(
    [
        Rate("2024-03-01", "USD", "EUR", Decimal("0.92")),
        Rate("2024-01-01", "USD", "EUR", Decimal("0.9")),
        Rate("2024-01-01", "EUR", "USD", Decimal("1.1")),
        Rate("2024-01-01", "JPY", "USD", Decimal("0.007")),
        Rate("2024-01-01", "EUR", "EUR", Decimal(2)),
    ]
)


@pytest.mark.parametrize(
    ("base", "quote", "date", "rate"),
    [
        pytest.param("USD", "EUR", "2023-12-31", None, id="the day before the first rate"),
        pytest.param("USD", "EUR", "2024-01-01", "0.9", id="the day of the rate"),
        pytest.param("USD", "EUR", "2024-02-29", "0.9", id="the day before the next rate"),
        pytest.param("USD", "EUR", "2024-03-01", "0.92", id="the day of the next rate"),
        pytest.param("USD", "EUR", "2099-12-31", "0.92", id="for ever after the last"),
        pytest.param("EUR", "USD", "2024-03-01", "1.1", id="the other direction has rates of its own"),
        pytest.param("USD", "JPY", "2024-03-01", None, id="nothing is inverted"),
        pytest.param("JPY", "EUR", "2024-03-01", None, id="nothing is chained"),
        pytest.param("CHF", "EUR", "2024-03-01", None, id="a currency without rates"),
        pytest.param("ZZZ", "ZZZ", "2024-03-01", None, id="after the last pair"),
        pytest.param("AAA", "AAA", "2024-03-01", None, id="before the first pair"),
    ],
)
def test_the_rate_in_force_on_a_day(base: str, quote: str, date: str, rate: str | None) -> None:
    found = TABLE.rate_for(base, quote, date)
    assert (found.rate if found else None) == (Decimal(rate) if rate else None)


def test_a_currency_is_worth_itself_whatever_was_loaded() -> None:
    assert convert([Amount("EUR", "2024-05-05", Decimal(3))], "EUR", TABLE) == Converted(
        "EUR", Decimal(3), (Money("EUR", Decimal(3)),)
    )


def test_one_currency_may_be_covered_on_some_days_only() -> None:
    amounts = [
        Amount("USD", "2023-12-31", Decimal(10)),
        Amount("USD", "2024-01-01", Decimal(10)),
        Amount("USD", "2024-03-01", Decimal(-5)),
    ]
    assert convert(amounts, "EUR", TABLE) == Converted(
        "EUR",
        Decimal("4.4"),
        (Money("USD", Decimal(15)),),
        (Money("USD", Decimal(10)),),
        (Rate("2024-01-01", "USD", "EUR", Decimal("0.9")), Rate("2024-03-01", "USD", "EUR", Decimal("0.92"))),
    )


def test_nothing_is_nothing() -> None:
    assert convert([], "EUR", TABLE) == Converted("EUR", Decimal(0))
