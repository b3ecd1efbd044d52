"""Files of exchange rates, read whole and checked row by row; a file with any bad row gives no rates at all.

Two layouts, told apart by the header:

    date,base,quote,rate      one rate a row: from `date` on, one `base` is worth `rate` of `quote`
    Date,USD,JPY,...          the European Central Bank's history (eurofxref-hist.csv): the base is EUR, N/A is no rate
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

from streamgauge.kernel.money import Rate

ECB_BASE = "EUR"
_PLAIN_HEADER = ["date", "base", "quote", "rate"]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
# At most 12 digits before the point and 24 after it: the product with any stored amount stays exact (kernel.money.EXACT).
_RATE = re.compile(r"\d{1,12}(?:\.\d{1,24})?", re.ASCII)
_RATE_WORDS = "a positive decimal number such as 1.0876, at most 12 digits before the point and 24 after it"
_NO_RATE = frozenset({"", "N/A"})
_INVERSE_DIGITS = 12


class Fault(NamedTuple):
    """A row that cannot be taken. line: in the file, from 1."""

    line: int
    reason: str


class BadRates(Exception):
    """The file gives no rates; every reason is listed."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} bad rows")
        self.faults = faults


class _Given(NamedTuple):
    """The cells of one rate, as written."""

    date: str
    base: str
    quote: str
    rate: str


def read_rate_file(lines: Iterable[str]) -> list[Rate]:
    """The rates of a file, each (base, quote, date) once. Raises BadRates."""
    rows = csv.reader(lines, strict=True)
    faults: list[Fault] = []
    rates: dict[tuple[str, str, str], Rate] = {}
    try:
        for line, given in _given(rows, faults):
            try:
                rate = _rate_of(given)
            except ValueError as exc:
                faults.append(Fault(line, str(exc)))
                continue
            first = rates.setdefault((rate.base, rate.quote, rate.date), rate)
            if first.rate != rate.rate:
                faults.append(
                    Fault(line, f"{rate.base} to {rate.quote} on {rate.date} has another rate further up, {first.rate}")
                )
    except csv.Error as exc:
        faults.append(Fault(rows.line_num, f"is not CSV: {exc}"))
    if faults:
        raise BadRates(faults)
    return list(rates.values())


def inverse_of(rate: Rate) -> Rate:
    """The way back, rounded to 12 significant digits: what it is converted by is then a stored rate like any other."""
    context = Context(prec=_INVERSE_DIGITS, rounding=ROUND_HALF_EVEN)
    return Rate(rate.date, rate.quote, rate.base, context.divide(Decimal(1), rate.rate))


def _given(rows: Iterator[list[str]], faults: list[Fault]) -> Iterator[tuple[int, _Given]]:
    """Cells by line number; adds to the faults what has not the right number of cells."""
    reader = _Numbered(rows)
    header = [cell.strip().removeprefix("\ufeff") for cell in reader.next_row()]
    while header and not header[-1]:
        header.pop()  # The bank's lines end with a comma.
    if [cell.lower() for cell in header] == _PLAIN_HEADER:
        yield from _plain_rows(reader, faults)
    elif len(header) > 1 and header[0].lower() == "date" and all(_CURRENCY.fullmatch(cell) for cell in header[1:]):
        yield from _ecb_rows(reader, header[1:], faults)
    else:
        faults.append(
            Fault(1, "the header must be date,base,quote,rate, or Date,USD,JPY,... as the European Central Bank has it")
        )


class _Numbered:
    """Rows that are not empty, with the number of the line that each ends on."""

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self._rows = rows

    def next_row(self) -> list[str]:
        return next(self._rows, [])

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for row in self._rows:
            if any(cell.strip() for cell in row):
                yield self._rows.line_num, [cell.strip() for cell in row]  # type: ignore[attr-defined]  # of csv.reader


def _plain_rows(rows: _Numbered, faults: list[Fault]) -> Iterator[tuple[int, _Given]]:
    for line, cells in rows:
        if len(cells) == len(_PLAIN_HEADER):
            yield line, _Given(*cells)
        else:
            faults.append(Fault(line, f"has {len(cells)} cells, not {len(_PLAIN_HEADER)}"))


def _ecb_rows(rows: _Numbered, currencies: list[str], faults: list[Fault]) -> Iterator[tuple[int, _Given]]:
    for line, (day, *cells) in rows:
        if len(cells) < len(currencies) or any(cells[len(currencies) :]):
            faults.append(Fault(line, f"has {len(cells)} rates, not {len(currencies)}"))
            continue
        for currency, cell in zip(currencies, cells, strict=False):
            if cell not in _NO_RATE:
                yield line, _Given(day, ECB_BASE, currency, cell)


def _rate_of(given: _Given) -> Rate:
    """Raises ValueError with the reason."""
    day, base, quote, rate = given
    if not _is_day(day):
        raise ValueError(f"{day!r} is not a date such as 2024-01-31")
    for currency in (base.upper(), quote.upper()):
        if not _CURRENCY.fullmatch(currency):
            raise ValueError(f"{currency!r} is not a currency code of three letters such as EUR")
    if base.upper() == quote.upper():
        raise ValueError(f"{base.upper()} needs no rate to itself")
    if not _RATE.fullmatch(rate) or not Decimal(rate):
        raise ValueError(f"the rate {rate[:60]!r} is not {_RATE_WORDS}")
    return Rate(day, base.upper(), quote.upper(), Decimal(rate))


def _is_day(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False
