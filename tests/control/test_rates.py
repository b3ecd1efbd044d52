"""Exchange rates: read from files of two layouts, refused whole when a row is bad, kept exactly, seen by other processes."""

from decimal import Decimal

import pytest

from streamgauge.control import BadRates, Control, KeySpec, inverse_of, read_rate_file
from streamgauge.kernel.money import Rate

PLAIN = "date,base,quote,rate"


def rate(date: str, base: str, quote: str, value: str) -> Rate:
    return Rate(date, base, quote, Decimal(value))


@pytest.mark.parametrize(
    ("lines", "rates"),
    [
        pytest.param([PLAIN, "2024-01-02,USD,EUR,0.9100"], [rate("2024-01-02", "USD", "EUR", "0.9100")], id="plain"),
        pytest.param(
            ["\ufeffDate, Base ,QUOTE,Rate", "", ' 2024-01-02 , usd,"eur", 17 '],
            [rate("2024-01-02", "USD", "EUR", "17")],
            id="spaces, cases, quotes, an empty line and a mark at the beginning",
        ),
        pytest.param(
            [PLAIN, "2024-01-02,USD,EUR,0.1", "2024-01-02,USD,EUR,0.10"],
            [rate("2024-01-02", "USD", "EUR", "0.1")],
            id="the same rate twice",
        ),
        pytest.param(
            ["Date,USD,JPY,CYP,", "2024-01-03,1.0919,155.65,N/A,", "2024-01-02,1.0956,,N/A,"],
            [
                rate("2024-01-03", "EUR", "USD", "1.0919"),
                rate("2024-01-03", "EUR", "JPY", "155.65"),
                rate("2024-01-02", "EUR", "USD", "1.0956"),
            ],
            id="the European Central Bank's history",
        ),
        pytest.param(
            [PLAIN, "2024-01-02,BTC,IDR,123456789012.123456789012345678901234"],
            [rate("2024-01-02", "BTC", "IDR", "123456789012.123456789012345678901234")],
            id="every digit",
        ),
        pytest.param([PLAIN], [], id="no rows"),
    ],
)
def test_files(lines: list[str], rates: list[Rate]) -> None:
    found = read_rate_file(lines)
    assert found == rates
    assert [str(one.rate) for one in found] == [str(one.rate) for one in rates]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("2024-02-30,USD,EUR,1", "'2024-02-30' is not a date", id="no such day"),
        pytest.param("02.01.2024,USD,EUR,1", "is not a date", id="a date in another order"),
        pytest.param("20240102,USD,EUR,1", "is not a date", id="a date without hyphens"),
        pytest.param("2024-01-02,US,EUR,1", "'US' is not a currency code", id="two letters"),
        pytest.param("2024-01-02,USD,E€R,1", "is not a currency code", id="a sign"),
        pytest.param("2024-01-02,USD,usd,1", "USD needs no rate to itself", id="to itself"),
        pytest.param("2024-01-02,USD,EUR,0", "is not a positive decimal number", id="zero"),
        pytest.param("2024-01-02,USD,EUR,0.000", "is not a positive decimal number", id="zero with digits"),
        pytest.param("2024-01-02,USD,EUR,-1", "is not a positive decimal number", id="negative"),
        pytest.param("2024-01-02,USD,EUR,1e3", "is not a positive decimal number", id="an exponent"),
        pytest.param("2024-01-02,USD,EUR,NaN", "is not a positive decimal number", id="no number"),
        pytest.param("2024-01-02,USD,EUR,٣", "is not a positive decimal number", id="digits of another script"),
        pytest.param('2024-01-02,USD,EUR,"1,5"', "is not a positive decimal number", id="a decimal comma"),
        pytest.param(f"2024-01-02,USD,EUR,{'1' * 13}", "at most 12 digits before the point", id="too large"),
        pytest.param(f"2024-01-02,USD,EUR,0.{'1' * 25}", "24 after it", id="too long"),
        pytest.param("2024-01-02,USD,EUR", "has 3 cells, not 4", id="a cell too few"),
        pytest.param("2024-01-02,USD,EUR,1,", "has 5 cells, not 4", id="a cell too many"),
        pytest.param("2024-01-01,USD,EUR,3", "has another rate further up, 2", id="a second rate of the day"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_reason(row: str, reason: str) -> None:
    with pytest.raises(BadRates) as caught:
        read_rate_file([PLAIN, "2024-01-01,USD,EUR,2", "", row, "2024-01-05,USD,EUR,1"])
    ((line, told),) = caught.value.faults
    assert line == 4
    assert reason in told


def test_all_bad_rows_are_told() -> None:
    with pytest.raises(BadRates) as caught:
        read_rate_file(["Date,USD,JPY", "2024-01-02,x,1", "2024-01-03,1", "2024-01-04,0,-1", "2024-01-05,1,1,1"])
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4, 4, 5]


@pytest.mark.parametrize("header", ["", "date;base;quote;rate", "base,date,quote,rate", "Date", "Date,USD,Yen", '"'])
def test_other_headers_are_told(header: str) -> None:
    with pytest.raises(BadRates) as caught:
        read_rate_file([header, "2024-01-02,USD,EUR,1"])
    assert caught.value.faults[0].line <= 2


def test_an_inverse_has_twelve_digits() -> None:
    assert inverse_of(rate("2024-01-02", "EUR", "IDR", "17000")) == rate("2024-01-02", "IDR", "EUR", "0.0000588235294118")


def test_a_load_adds_and_replaces(control: Control, other: Control) -> None:
    first = [rate("2024-01-02", "USD", "EUR", "0.91"), rate("2024-01-03", "USD", "EUR", "0.92")]
    done = control.load_rates(first)
    assert (done.added, done.replaced, done.unchanged) == (2, 0, 0)
    told: list[int] = []
    again = [rate("2024-01-03", "USD", "EUR", "0.93"), first[0], rate("2024-01-03", "EUR", "USD", "1.000000000000000000000001")]
    done = control.load_rates(again, told.append)
    assert (done.added, done.replaced, done.unchanged, sum(told)) == (1, 1, 1, 3)
    other.refresh()
    for one in (control, other):
        assert one.rates().rate_for("USD", "EUR", "2024-01-02") == first[0]
        assert one.rates().rate_for("USD", "EUR", "2025-01-01") == again[0]
        assert one.rates().rate_for("EUR", "USD", "2024-01-03") == again[2]
        assert len(one.rates().rates) == 3


def test_other_changes_do_not_read_the_rates_again(control: Control, other: Control) -> None:
    control.load_rates([rate("2024-01-02", "USD", "EUR", "0.91")])
    other.refresh()
    before = other.rates()
    control.create_key("shop", KeySpec(plan="free"))
    assert other.refresh()
    assert other.rates() is before
    control.load_rates([])
    assert other.refresh()
    assert other.rates() == before


def test_many_rates_are_loaded_in_parts(control: Control) -> None:
    many = [rate(f"20{n // 336 % 100:02}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}", "EUR", "USD", f"1.{n}") for n in range(25_000)]
    told: list[int] = []
    assert control.load_rates(many, told.append).added == 25_000
    assert told == [0, 10_000, 10_000, 5_000]
    assert control.rates().rate_for("EUR", "USD", many[17_000].date) == many[17_000]
