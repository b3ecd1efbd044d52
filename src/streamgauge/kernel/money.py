"""Amounts of money in several currencies: sums stay apart by currency, and become one only by a dated rate that is named.

Promise: amounts of unlike currencies are never added. What no rate covers is answered as it is, in its own currency.
Exact: a converted amount is amount times rate, as decimals, without rounding; rounding to a currency's smallest unit is for who
shows or bills it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from decimal import Context, Decimal

import msgspec

# Wide enough for 29 digits before the point times a rate, and sums over many days of them; products are exact within it.
EXACT = Context(prec=120)


class Rate(msgspec.Struct, frozen=True):
    """From `date` (YYYY-MM-DD, UTC) on, one unit of `base` is worth `rate` units of `quote`; until the next date of the pair."""

    date: str
    base: str
    quote: str
    rate: Decimal


class RateTable(msgspec.Struct, frozen=True):
    """Dated rates, sorted by (base, quote, date).

    Pairs are used as loaded: nothing is inverted or chained, for that would round.
    """

    rates: tuple[Rate, ...] = ()

    @classmethod
    def of(cls, rates: Iterable[Rate]) -> "RateTable":
        return cls(tuple(sorted(rates, key=_place)))

    def rate_for(self, base: str, quote: str, date: str) -> Rate | None:
        """The rate in force on a day; None when none was loaded for that day or before."""
        place = bisect_right(self.rates, (base, quote, date), key=_place)
        found = self.rates[place - 1] if place else None
        return found if found is not None and (found.base, found.quote) == (base, quote) else None


def _place(rate: Rate) -> tuple[str, str, str]:
    return rate.base, rate.quote, rate.date


class Amount(msgspec.Struct, frozen=True):
    """A sum in one currency, of what happened on one UTC day."""

    currency: str
    date: str
    amount: Decimal


class Money(msgspec.Struct, frozen=True):
    """A sum in one currency."""

    currency: str
    amount: Decimal


class Converted(msgspec.Struct, frozen=True):
    """total: in `currency`, of all that could be converted. by_currency: the exact sums before conversion, by currency.

    unconverted: the part of by_currency for which no rate was in force. rates: those that were used.
    """

    currency: str
    total: Decimal
    by_currency: tuple[Money, ...] = ()
    unconverted: tuple[Money, ...] = ()
    rates: tuple[Rate, ...] = ()


def convert(amounts: Iterable[Amount], currency: str, table: RateTable) -> Converted:
    """Add up amounts in one currency, at the rate of each one's day."""
    total = Decimal(0)
    sums: dict[str, Decimal] = {}
    missing: dict[str, Decimal] = {}
    used: set[Rate] = set()
    for one in amounts:
        sums[one.currency] = EXACT.add(sums.get(one.currency, Decimal(0)), one.amount)
        if one.currency == currency:
            total = EXACT.add(total, one.amount)
            continue
        rate = table.rate_for(one.currency, currency, one.date)
        if rate is None:
            missing[one.currency] = EXACT.add(missing.get(one.currency, Decimal(0)), one.amount)
            continue
        used.add(rate)
        total = EXACT.add(total, EXACT.multiply(one.amount, rate.rate))
    return Converted(currency, total, _moneys(sums), _moneys(missing), tuple(sorted(used, key=_place)))


def _moneys(sums: dict[str, Decimal]) -> tuple[Money, ...]:
    return tuple(Money(currency, amount) for currency, amount in sorted(sums.items()))
