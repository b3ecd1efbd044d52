"""Dated exchange rates of the installation: kept as exact decimals, loaded all at once or not at all."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from sys import intern

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from streamgauge.control.tables import exchange_rates, rate_loads
from streamgauge.kernel.money import Rate, RateTable

_ROWS_AT_A_TIME = 10_000


class RatesLoaded(msgspec.Struct, frozen=True):
    """What a load did, in rates. unchanged: they were there already with the same value."""

    added: int
    replaced: int
    unchanged: int


def load_rates(connection: Connection, rates: Sequence[Rate], now_ms: int, on_progress: Callable[[int], None]) -> RatesLoaded:
    """Add the rates, or replace those of the same base, quote and date. on_progress: told how many are done, in parts."""
    table = exchange_rates.c
    before = {(row.base, row.quote, row.date): Decimal(row.rate) for row in connection.execute(select(exchange_rates))}
    added, replaced = [], []
    for rate in rates:
        known = before.get((rate.base, rate.quote, rate.date))
        if known is None:
            added.append(rate)
        elif known != rate.rate:
            replaced.append(rate)
    unchanged = len(rates) - len(added) - len(replaced)
    on_progress(unchanged)
    change = (
        update(exchange_rates)
        .where(table.base == bindparam("b"), table.quote == bindparam("q"), table.date == bindparam("d"))
        .values(rate=bindparam("r"))
    )
    for statement, wanted in ((insert(exchange_rates), added), (change, replaced)):
        names = ("base", "quote", "date", "rate") if statement is not change else ("b", "q", "d", "r")
        for start in range(0, len(wanted), _ROWS_AT_A_TIME):
            part = wanted[start : start + _ROWS_AT_A_TIME]
            rows = [dict(zip(names, (one.base, one.quote, one.date, format(one.rate, "f")), strict=True)) for one in part]
            connection.execute(statement, rows)
            on_progress(len(part))
    connection.execute(insert(rate_loads).values(loaded_at_ms=now_ms))
    return RatesLoaded(len(added), len(replaced), unchanged)


def last_load(connection: Connection) -> int:
    """Which load the stored rates are of; 0 before the first."""
    return connection.execute(select(func.max(rate_loads.c.load_id))).scalar() or 0


def read_rates(connection: Connection) -> RateTable:
    # Hundreds of thousands of rates have a few dozen currencies and some thousand dates: each text is held once.
    # They come in the table's own order, for sorting so many at once would hold up every other thread.
    table = exchange_rates.c
    rows = connection.execute(select(exchange_rates).order_by(table.base, table.quote, table.date))
    return RateTable.of(Rate(intern(row.date), intern(row.base), intern(row.quote), Decimal(row.rate)) for row in rows)
