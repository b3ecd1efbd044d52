"""The metrics of a whole range and their series: one statement each for visits, events, conversions and payments.

Rows are counted by bucket, and ROLLUP merges the sets of visitors into those of the whole range, so the visits are read once.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from streamgauge.kernel import calendar
from streamgauge.kernel.analytics import SiteMetric, SitePoint, SiteQuery, SiteSelection, SiteTotals
from streamgauge.kernel.money import Amount, Converted, convert
from streamgauge.query.clauses import Snapshot
from streamgauge.query.site.aggregates import (
    IS_ORDER,
    IS_PAYMENT,
    OVER_CONVERSIONS,
    OVER_EVENTS,
    OVER_VISITS,
    chosen,
    currency,
)
from streamgauge.query.site.comparison import converts
from streamgauge.query.site.credit import credited
from streamgauge.query.site.measures import OF_CONVERSIONS, OF_EVENTS, OF_MONEY, OF_VISITS, Measure, needed, values
from streamgauge.query.site.scope import Scope, of_range, select
from streamgauge.query.timetable import bucket_start
from streamgauge.store import Statement

Rows = Sequence[tuple[Any, ...]]
_Tally = defaultdict[int | None, dict[Measure, int | Decimal]]
_MONEY = frozenset({SiteMetric.REVENUE, SiteMetric.REVENUE_PER_VISITOR})


class Totals(msgspec.Struct, frozen=True):
    """One range of a question. edges: starts of the buckets of its series, none without a series."""

    query: SiteQuery
    selection: SiteSelection
    edges: tuple[int, ...]

    @classmethod
    def of(cls, query: SiteQuery, start_ms: int, end_ms: int, bucket_limit: int) -> "Totals":
        """Raises Refusal: TOO_MANY_BUCKETS, INVALID_PARAMETER (zone)."""
        edges: tuple[int, ...] = ()
        if query.window is not None:
            edges = tuple(calendar.edges(start_ms, end_ms, query.window, query.calendar, bucket_limit))
        return cls(query, of_range(query.selection, start_ms, end_ms), edges)

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        measures = needed(self.query.metrics)
        found = []
        if measures & OF_VISITS:
            found.append(self._visits(Scope(self.selection, snapshot), chosen(measures, OVER_VISITS)))
        if measures & OF_EVENTS:
            found.append(self._events(Scope(self.selection, snapshot), chosen(measures, OVER_EVENTS)))
        if self._asks_conversions(measures):
            found.append(self._conversions(Scope(self.selection, snapshot), chosen(measures, OVER_CONVERSIONS)))
        if measures & OF_MONEY:
            found.append(self._money(Scope(self.selection, snapshot)))
        return found

    def read(self, results: Iterator[Rows]) -> SiteTotals:
        """Takes the rows of its own statements."""
        measures = needed(self.query.metrics)
        tally: _Tally = defaultdict(dict)
        for offered in (OVER_VISITS, OVER_EVENTS):
            if columns := chosen(measures, offered):
                _add(tally, next(results), tuple(columns))
        if self._asks_conversions(measures):
            _add(tally, next(results), tuple(chosen(measures, OVER_CONVERSIONS)))
        money = self._read_money(next(results), tally) if measures & OF_MONEY else None
        points = tuple(SitePoint(start, values(self.query.metrics, tally[start])) for start in self.edges)
        asks_money = not _MONEY.isdisjoint(self.query.metrics)
        return SiteTotals(values(self.query.metrics, tally[None]), points, money if asks_money else None)

    def _asks_conversions(self, measures: frozenset[Measure]) -> bool:
        return bool(measures & OF_CONVERSIONS and self.query.conversions)

    def _visits(self, scope: Scope, columns: dict[Measure, str]) -> Statement:
        rows = select(f"*, {self._bucket('started_at', scope)} AS bucket", "visits FINAL", scope.begun())
        return self._rolled_up("site.visits", rows, columns, scope)

    def _events(self, scope: Scope, columns: dict[Measure, str]) -> Statement:
        rows = select(f"name, {self._bucket('timestamp', scope)} AS bucket", "events", scope.events())
        return self._rolled_up("site.events", rows, columns, scope)

    def _conversions(self, scope: Scope, columns: dict[Measure, str]) -> Statement:
        happened = [*scope.events(of_kept_visits=False), converts(self.query.conversions, scope.bindings)]
        rows = credited(scope, select("visitor, timestamp", "events", happened), ())
        rows = f"SELECT visitor, {self._bucket('timestamp', scope)} AS bucket\nFROM (\n{rows}\n)"
        return self._rolled_up("site.conversions", rows, columns, scope)

    def _money(self, scope: Scope) -> Statement:
        happened = [*scope.events(of_kept_visits=False), IS_PAYMENT]
        columns = (
            f"{currency(self.query.currency, scope.bindings)} AS currency, numbers['amount'] AS amount, {IS_ORDER} AS ordered"
        )
        rows = credited(scope, select(f"visitor, timestamp, {columns}", "events", happened), ())
        sql = (
            f"SELECT {self._bucket('timestamp', scope)} AS bucket, currency, toString(toDate32(timestamp)) AS day,"
            f" sum(toDecimal256(amount, 9)), countIf(ordered)\nFROM (\n{rows}\n)\nGROUP BY bucket, currency, day"
        )
        return Statement("site.money", sql, scope.bindings.values())

    def _bucket(self, instant: str, scope: Scope) -> str:
        if not self.edges:
            return "toInt64(0)"
        return bucket_start(f"toUnixTimestamp64Milli({instant})", self.edges, self.selection.end_ms, scope.bindings)

    def _rolled_up(self, name: str, rows: str, columns: dict[Measure, str], scope: Scope) -> Statement:
        aggregates = ", ".join(columns.values())
        if self.edges:
            sql = f"SELECT grouping(bucket), bucket, {aggregates}\nFROM (\n{rows}\n)\nGROUP BY bucket WITH ROLLUP"
        else:
            sql = f"SELECT 1, 0, {aggregates}\nFROM (\n{rows}\n)"
        return Statement(name, sql, scope.bindings.values())

    def _read_money(self, rows: Rows, tally: _Tally) -> Converted:
        amounts: dict[int | None, list[Amount]] = defaultdict(list)
        for bucket, currency_name, day, amount, orders in rows:
            for place in (None, bucket):
                amounts[place].append(Amount(currency_name, day, amount))
                tally[place][Measure.ORDERS] = tally[place].get(Measure.ORDERS, 0) + orders
        converted = {place: convert(parts, self.query.currency, self.query.rates) for place, parts in amounts.items()}
        for place, sum_of_place in converted.items():
            tally[place][Measure.REVENUE] = sum_of_place.total
        return converted.get(None) or convert((), self.query.currency, self.query.rates)


def _add(tally: _Tally, rows: Rows, measures: tuple[Measure, ...]) -> None:
    for is_total, bucket, *counts in rows:
        tally[None if is_total else bucket].update(zip(measures, counts, strict=True))
