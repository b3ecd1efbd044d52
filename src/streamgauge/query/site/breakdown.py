"""The metrics by the values of one key, as one statement: counts from several sources, added up by value, sorted and cut.

Each source (visits, events, conversions, payments) gives one row per value with what it counts, and zeros for the rest. What an
event counts for in a breakdown by a key of visits is what docs/analytics.md says; visits carry the numbers of their own events,
so only visits that reach over an edge of the range have theirs counted one by one.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from streamgauge.kernel.analytics import Breakdown, BreakdownAnswer, BreakdownRow, Dimension, SiteMetric, SiteQuery
from streamgauge.query.clauses import Snapshot, where
from streamgauge.query.site.aggregates import (
    IS_ORDER,
    IS_PAYMENT,
    OVER_CONVERSIONS,
    OVER_EVENTS,
    OVER_VISITS,
    chosen,
    currency,
)
from streamgauge.query.site.comparison import converts, event_text
from streamgauge.query.site.credit import credited
from streamgauge.query.site.exchange import Exchange
from streamgauge.query.site.measures import (
    OF_CONVERSIONS,
    OF_MONEY,
    OF_VISITS,
    Measure,
    needed,
    order,
    values,
)
from streamgauge.query.site.scope import Scope, is_of_events, select
from streamgauge.store import Statement

Rows = Sequence[tuple[Any, ...]]


class Table(msgspec.Struct, frozen=True):
    """One breakdown of a question."""

    query: SiteQuery
    breakdown: Breakdown

    @property
    def metrics(self) -> tuple[SiteMetric, ...]:
        return self.breakdown.metrics or self.query.metrics

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        """One statement. Its rows: place (from 1), number of values, value, and the measures in the order of `_measures`.

        The first row of all comes always, for the number of values.
        """
        scope = Scope(self.query.selection, snapshot)
        later = self._later()
        page = self._page(scope, frozenset(self._measures()) - later)
        if later:
            page = self._with_later(scope, page, later)
        return [Statement("site.breakdown", page, scope.bindings.values())]

    def read(self, results: Sequence[Rows]) -> BreakdownAnswer:
        (rows,) = results
        measures = self._measures()
        exchange = Exchange(self.query.currency, self.query.rates)
        found = []
        for place, _, value, *counts in rows:
            if not self.breakdown.offset < place <= self.breakdown.offset + self.breakdown.limit:
                continue
            counted = dict(zip(measures, counts, strict=True))
            if Measure.REVENUE in counted:
                counted[Measure.REVENUE] = exchange.amount(counted[Measure.REVENUE])
            found.append(BreakdownRow(value, values(self.metrics, counted)))
        return BreakdownAnswer(self.breakdown.key, tuple(found), rows[0][1] if rows else 0)

    def _measures(self) -> tuple[Measure, ...]:
        wanted = needed((*self.metrics, self.breakdown.sort))
        return tuple(measure for measure in Measure if measure in wanted)

    def _later(self) -> frozenset[Measure]:
        """What is counted only for the values of the page, for it costs much and they are found without it.

        To which visits the events with a value belong is such: for all pages of 2.8 M events it takes more than 500 MB.
        """
        costly = OF_VISITS - {Measure.VISITORS}
        if not is_of_events(self.breakdown.key) or needed([self.breakdown.sort]) & costly:
            return frozenset()
        return frozenset(self._measures()) & costly

    def _page(self, scope: Scope, wanted: frozenset[Measure]) -> str:
        """The rows of the page, with these measures."""
        columns = [measure.value for measure in _in_order(wanted)]
        sums = "".join(f", sum(counted_{column}) AS {column}" for column in columns)
        by_value = f"SELECT value{sums}\nFROM (\n{self._sources(scope, wanted)}\n)\nGROUP BY value"
        placed = (
            f"SELECT row_number() OVER (ORDER BY {order(self.breakdown.sort)} DESC NULLS LAST, value) AS place,"
            f" count() OVER () AS total, {', '.join(['value', *columns])}\nFROM (\n{by_value}\n)"
        )
        before = scope.bindings.whole(self.breakdown.offset)
        last = scope.bindings.whole(self.breakdown.offset + self.breakdown.limit)
        return f"SELECT *\nFROM (\n{placed}\n)\nWHERE place = 1 OR (place > {before} AND place <= {last})\nORDER BY place"

    def _with_later(self, scope: Scope, page: str, later: frozenset[Measure]) -> str:
        text = event_text(self.breakdown.key, scope.bindings)
        shown = f"{text} IN (SELECT value\nFROM page)"
        counted = self._visits_of_events(scope, text, later, (shown,))
        columns = [f"counted_{measure.value}" if measure in later else measure.value for measure in self._measures()]
        return (
            f"WITH page AS MATERIALIZED (\n{page}\n)\nSELECT {', '.join(['place', 'total', 'value', *columns])}\n"
            f"FROM page\nLEFT JOIN (\n{counted}\n) AS later USING (value)\nORDER BY place"
        )

    def _sources(self, scope: Scope, wanted: frozenset[Measure]) -> str:
        found = self._of_events(scope, wanted) if is_of_events(self.breakdown.key) else self._of_visits(scope, wanted)
        if wanted & OF_CONVERSIONS and self.query.conversions:
            found.append(self._conversions(scope, wanted))
        if wanted & OF_MONEY:
            found.append(self._money(scope, wanted))
        return "\nUNION ALL\n".join(found)

    def _of_visits(self, scope: Scope, wanted: frozenset[Measure]) -> list[str]:
        """Visits and events by a key of visits. Visits always, so that every value of a visit has its row."""
        field = str(self.breakdown.key)
        counts = chosen(wanted, OVER_VISITS)
        found = []
        if events := chosen(wanted, OVER_EVENTS):
            by_visits = not scope.filters_events
            if by_visits:
                counts |= {measure: f"sumIf({measure.value}, ended_at < {scope.end()})" for measure in events}
            found.append(self._events_by_visit(scope, wanted, over_edges_only=by_visits))
        rows = f"FROM visits FINAL\n{where(scope.begun())}"
        return [_source(wanted, field, counts, rows), *found]

    def _events_by_visit(self, scope: Scope, wanted: frozenset[Measure], *, over_edges_only: bool) -> str:
        """Events by a key of the visit they belong to; of all visits, or only of those that reach over an edge of the range."""
        events = chosen(wanted, OVER_EVENTS)
        visits = scope.present()
        happened = [*scope.events(of_kept_visits=False), "visit != 0"]
        if over_edges_only:
            over_start, over_end = f"started_at < {scope.start()}", f"ended_at >= {scope.end()}"
            # The times within which these visits lie, so that few events are read; NULL where there are none.
            until = select("maxOrNull(ended_at)", "visits FINAL", [*visits, over_start])
            since = select("minOrNull(started_at)", "visits FINAL", [*visits, over_end])
            happened.append(f"(timestamp <= ({until}) OR timestamp >= ({since}))")
            visits.append(f"({over_start} OR {over_end})")
            happened.append(f"visit IN ({scope.stamps_of(visits)})")
        counted = ", ".join(f"{aggregate} AS {measure.value}" for measure, aggregate in events.items())
        stamped = f"{select(f'visit, {counted}', 'events', happened)}\nGROUP BY visit"
        columns = tuple(measure.value for measure in events)
        known = select(f"visit, {self.breakdown.key} AS value", "visits FINAL", visits)
        rows = f"FROM (\n{scope.visits_of(stamped, columns)}\n) AS counted\nINNER JOIN (\n{known}\n) AS known USING (visit)"
        return _source(wanted, "value", {measure: f"sum({measure.value})" for measure in events}, rows)

    def _of_events(self, scope: Scope, wanted: frozenset[Measure]) -> list[str]:
        """Events and visits by a key of events. Events always, so that every value of an event has its row."""
        text = event_text(self.breakdown.key, scope.bindings)
        counts = chosen(wanted, OVER_EVENTS)
        found = []
        if wanted & OF_VISITS == {Measure.VISITORS}:
            earlier = [*scope.present(), f"started_at < {scope.start()}"]
            of_earlier = f"visit IN ({scope.stamps_of(earlier)})"
            counts[Measure.VISITORS] = f"uniqExactIf(visitor, visit != 0 AND NOT {of_earlier})"
        elif wanted & OF_VISITS:
            found.append(self._visits_of_events(scope, text, wanted))
        return [_source(wanted, text, counts, f"FROM events\n{where(scope.events())}"), *found]

    def _visits_of_events(self, scope: Scope, text: str, wanted: frozenset[Measure], only: tuple[str, ...] = ()) -> str:
        """The visits that began in the range, under each value that one of their kept events has. only: a further condition."""
        happened = [*scope.events(of_kept_visits=False), "visit != 0", *only]
        stamped = select(f"DISTINCT {text} AS value, visit", "events", happened)
        met = f"SELECT DISTINCT value, visit\nFROM (\n{scope.visits_of(stamped, ('value',))}\n)"
        known = select("*", "visits FINAL", scope.begun(with_kept_events=False))
        rows = f"FROM (\n{met}\n) AS met\nINNER JOIN (\n{known}\n) AS known USING (visit)"
        return _source(wanted, "value", chosen(wanted, OVER_VISITS), rows)

    def _conversions(self, scope: Scope, wanted: frozenset[Measure]) -> str:
        happened = [*scope.events(of_kept_visits=False), converts(self.query.conversions, scope.bindings)]
        rows = self._credited(scope, "", happened)
        return _source(wanted, "value", chosen(wanted, OVER_CONVERSIONS), f"FROM (\n{rows}\n)")

    def _money(self, scope: Scope, wanted: frozenset[Measure]) -> str:
        happened = [*scope.events(of_kept_visits=False), IS_PAYMENT]
        columns = (
            f", {currency(self.query.currency, scope.bindings)} AS currency, numbers['amount'] AS amount, {IS_ORDER} AS ordered"
        )
        rows = self._credited(scope, columns, happened)
        sums = (
            "SELECT value, currency, toInt64(toInt32(toDate32(timestamp))) AS day, sum(toDecimal256(amount, 9)) AS amount,"
            f" countIf(ordered) AS orders\nFROM (\n{rows}\n)\nGROUP BY value, currency, day"
        )
        exchanged = Exchange(self.query.currency, self.query.rates).by_value(sums, scope.bindings)
        counts = {Measure.ORDERS: "sum(orders)", Measure.REVENUE: "sum(revenue)"}
        return _source(wanted, "value", counts, f"FROM (\n{exchanged}\n)")

    def _credited(self, scope: Scope, columns: str, happened: list[str]) -> str:
        """Kept conversions or payments, each with its value: its own, or that of the visit it is credited to."""
        key = self.breakdown.key
        if is_of_events(key):
            text = event_text(key, scope.bindings)
            return credited(scope, select(f"{text} AS value, visitor, timestamp{columns}", "events", happened), ())
        assert isinstance(key, Dimension)
        events = select(f"visitor, timestamp{columns}", "events", happened)
        return f"SELECT *, credited_{key.value} AS value\nFROM (\n{credited(scope, events, (key,))}\n)"


def _source(wanted: frozenset[Measure], text: str, counts: dict[Measure, str], rows: str) -> str:
    """One source: what it counts by the values of `text`, and zeros for the other measures."""
    columns = []
    for measure in _in_order(wanted):
        kind = "toInt256" if measure is Measure.REVENUE else "toInt64"
        columns.append(f", {kind}({counts.get(measure, '0')}) AS counted_{measure.value}")
    return f"SELECT {text} AS value{''.join(columns)}\n{rows}\nGROUP BY value"


def _in_order(measures: frozenset[Measure]) -> list[Measure]:
    return [measure for measure in Measure if measure in measures]
