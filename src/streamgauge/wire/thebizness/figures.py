"""Figures about a website as JSON: what several answers share.

Counts are whole numbers. Money, shares and means are JSON numbers with all their digits: who reads them as doubles gets the
nearest double, who reads them as decimals loses nothing. Money is exact; shares and means have 28 significant digits.
null: undefined.
"""

from collections.abc import Mapping

from streamgauge.kernel.analytics import SiteValues
from streamgauge.kernel.money import Converted, Money
from streamgauge.wire.numbers import json_number
from streamgauge.wire.timestamps import format_instant


def period_shape(start_ms: int, end_ms: int, timezone: str) -> Mapping[str, object]:
    """end: excluded."""
    return {"start": instant(start_ms), "end": instant(end_ms), "timezone": timezone}


def instant(instant_ms: int) -> str:
    return format_instant(instant_ms)


def values_shape(values: SiteValues) -> Mapping[str, object]:
    return {metric.value: value if isinstance(value, int) else json_number(value) for metric, value in values.items()}


def revenue_shape(revenue: Converted) -> Mapping[str, object]:
    """How revenue was made: what was paid in which currency, what no rate covers, and the rates that were used."""
    return {
        "currency": revenue.currency,
        "total": json_number(revenue.total),
        "by_currency": [_money_shape(one) for one in revenue.by_currency],
        "unconverted": [_money_shape(one) for one in revenue.unconverted],
        "rates_used": [
            {"date": one.date, "base": one.base, "quote": one.quote, "rate": json_number(one.rate)} for one in revenue.rates
        ],
    }


def _money_shape(money: Money) -> Mapping[str, object]:
    return {"currency": money.currency, "amount": json_number(money.amount)}
