"""Sums of money in one currency inside a statement, so that rows can be sorted by them; equal to kernel.money.convert.

Amounts become whole numbers of a billionth, rates whole numbers of their smallest digit; products and sums are exact in 256 bits
as long as rates have fewer than 30 digits.
"""

from datetime import date
from decimal import Decimal

from streamgauge.kernel.money import EXACT, RateTable
from streamgauge.query.clauses import Bindings

_AMOUNT_DIGITS = 9
_EPOCH = date(1970, 1, 1).toordinal()
_BEFORE_ALL_DAYS = -(2**31)


class Exchange:
    """The rates into one currency, for one question."""

    def __init__(self, currency: str, table: RateTable) -> None:
        self.currency = currency
        rates = [rate for rate in table.rates if rate.quote == currency and rate.base != currency]
        self._digits = max((_digits_after_point(rate.rate) for rate in rates), default=0)
        self._rates = [(currency, _BEFORE_ALL_DAYS, self._whole(Decimal(1)))]
        self._rates += [(rate.base, _day(rate.date), self._whole(rate.rate)) for rate in rates]

    def by_value(self, sums: str, bindings: Bindings) -> str:
        """Sums in the one currency: SELECT value, revenue, orders.

        sums: a SELECT of value, currency, day (since 1970), amount and orders. What no rate covers adds nothing.
        """
        whole = f"SELECT *, {billionths('amount')} AS parts\nFROM (\n{sums}\n)"
        priced = self.priced(whole, bindings)
        return f"SELECT value, sum(revenue) AS revenue, sum(orders) AS orders\nFROM (\n{priced}\n)\nGROUP BY value"

    def priced(self, sums: str, bindings: Bindings) -> str:
        """The sums, each also with `revenue`: what it is in the one currency, as `amount` reads it.

        sums: a SELECT of at least currency, day (since 1970) and parts (billionths of the currency).
        """
        currencies, days, rates = zip(*self._rates, strict=True)
        table = (
            "SELECT row.1 AS currency, row.2 AS since, toInt256(row.3) AS rate\nFROM (SELECT arrayJoin(arrayZip("
            f"{bindings.texts(currencies)}, {bindings.wholes(list(days))}, {bindings.texts(rates)})) AS row)"
        )
        return (
            f"SELECT sums.*, sums.parts * rates.rate AS revenue\nFROM (\n{sums}\n) AS sums\n"
            f"ASOF LEFT JOIN (\n{table}\n) AS rates\nON sums.currency = rates.currency AND sums.day >= rates.since"
        )

    def amount(self, revenue: int) -> Decimal:
        """The sum that by_value gave, as money."""
        return EXACT.scaleb(Decimal(revenue), -(_AMOUNT_DIGITS + self._digits))

    def _whole(self, rate: Decimal) -> str:
        return format(EXACT.scaleb(rate, self._digits), ".0f")


def billionths(amount: str) -> str:
    """An amount as a whole number."""
    return f"toInt256({amount} * toDecimal256('1{'0' * _AMOUNT_DIGITS}', 0))"


def _digits_after_point(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH
