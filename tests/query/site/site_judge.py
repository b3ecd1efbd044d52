"""The independent judge: the same raw events in DuckDB, which makes visits of them by window functions and counts by definition.

Nothing is taken from what the store holds of visits; numbers of properties are read by Python's json with exact decimals.
"""

import json
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from typing import Any

import duckdb

from streamgauge.kernel.analytics import Bots, Breakdown, Dimension, SiteKey, SiteMetric, SiteQuery
from streamgauge.kernel.money import RateTable
from streamgauge.kernel.query import PropertyKey, Window
from streamgauge.kernel.website import Condition, ConversionEvent, Operator, PageMatch, WebContext
from tests.query.judge import number_of, text_of

_FIELDS = tuple(WebContext.__struct_fields__)
_EXACT = Context(prec=100)
_DIVISION = Context(prec=28)
_OF_EVENTS = {SiteMetric.EVENTS, SiteMetric.PAGE_VIEWS}
_OF_CONVERSIONS = {SiteMetric.CONVERSIONS, SiteMetric.CONVERSION_RATE}
_OF_MONEY = {SiteMetric.ORDERS, SiteMetric.REVENUE, SiteMetric.REVENUE_PER_VISITOR}
_OF_VISITS = {
    "visitors": "count(DISTINCT visitor)",
    "visits": "count(DISTINCT visit)",
    "bounces": "count(DISTINCT CASE WHEN events = 1 THEN visit END)",
    "duration_ms": "coalesce(sum(ended - started), 0)",
    "own_views": "coalesce(sum(page_views), 0)",
}

_VISITS = f"""
CREATE TABLE stamped AS
SELECT *, sum(begins) OVER (ORDER BY website, visitor, ms, position) AS visit FROM (
    SELECT *, CASE WHEN ms - lag(ms) OVER one < 1800000 THEN 0 ELSE 1 END AS begins
    FROM events WHERE in_force AND visitor <> '' AND NOT payment AND NOT void
    WINDOW one AS (PARTITION BY website, visitor ORDER BY ms, position)
);
CREATE TABLE visits AS
SELECT visit, any_value(website) AS website, any_value(visitor) AS visitor, min(ms) AS started, max(ms) AS ended,
    count(*) AS events, count(*) FILTER (name = 'page_view') AS page_views, bool_or(bot) AS bot,
    coalesce(arg_min(path, (ms, position)) FILTER (name = 'page_view'), '') AS entry_page,
    coalesce(arg_max(path, (ms, position)) FILTER (name = 'page_view'), '') AS exit_page,
    {", ".join(f"arg_min({name}, (ms, position)) AS {name}" for name in _FIELDS if name != "path")}
FROM stamped GROUP BY visit;
CREATE VIEW happened AS
SELECT e.*, s.visit,
    (SELECT arg_max(v.visit, v.started) FROM visits v
     WHERE v.website = e.website AND v.visitor = e.visitor AND v.started <= e.ms AND e.ms - v.started <= 2592000000) AS credited
FROM events e LEFT JOIN stamped s USING (position) WHERE e.in_force AND NOT e.void;
"""


class SiteJudge:
    """Recomputes a SiteQuery over the rows of a ledger."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self._db = duckdb.connect()
        fields = ", ".join(f"{name} VARCHAR" for name in _FIELDS)
        self._db.execute(
            "CREATE TABLE events (position BIGINT, in_force BOOLEAN, website VARCHAR, visitor VARCHAR, name VARCHAR, ms BIGINT,"
            f" bot BOOLEAN, payment BOOLEAN, void BOOLEAN, {fields})"
        )
        self._db.execute("CREATE TABLE props (position BIGINT, key VARCHAR, num DECIMAL(38, 9), txt VARCHAR)")
        events, props = [], []
        for row in rows:
            flags = row["flags"]
            # A bot with the id of a visitor is another visitor.
            visitor = row["visitor_id"] + " (bot)" if row["visitor_id"] and flags & 4 else row["visitor_id"]
            values = [row["position"], row["in_force"], row["website_id"], visitor, row["name"], row["timestamp"]]
            events.append([*values, bool(flags & 4), bool(flags & 8), bool(flags & 16), *(row[name] for name in _FIELDS)])
            for key, value in json.loads(json.dumps(row["properties"] or {}), parse_float=Decimal).items():
                props.append([row["position"], key, number_of(value), text_of(value)])
        self._fill("events", events)
        self._fill("props", props)
        self._db.execute(_VISITS)
        self._bots = Bots.EXCLUDE

    def _fill(self, table: str, rows: list[list[Any]]) -> None:
        if rows:
            row = f"({', '.join('?' * len(rows[0]))})"
            self._db.execute(
                f"INSERT INTO {table} VALUES {', '.join([row] * len(rows))}", [value for row in rows for value in row]
            )

    def totals(self, query: SiteQuery, start_ms: int, end_ms: int) -> dict[SiteMetric, Any]:
        """The metrics of a range, which may be a bucket of the query's own."""
        return self._metrics(query, start_ms, end_ms, None, set(SiteMetric))[""]

    def table(self, query: SiteQuery, breakdown: Breakdown) -> list[tuple[str, dict[SiteMetric, Any]]]:
        """All values with their metrics, in their order."""
        selection = query.selection
        asked = {*(breakdown.metrics or query.metrics), breakdown.sort}
        found = self._metrics(query, selection.start_ms, selection.end_ms, breakdown.key, asked)
        rows = sorted(found.items())
        undefined = Decimal(-(10**40))
        rows.sort(key=lambda row: undefined if row[1][breakdown.sort] is None else Decimal(row[1][breakdown.sort]), reverse=True)
        return rows

    def edges(self, query: SiteQuery, start_ms: int, end_ms: int) -> list[int]:
        """Starts of the buckets, by DuckDB's own zones: local midnights, or whole hours on the local clock."""
        zone = query.calendar.timezone
        if query.window is Window.HOUR:
            sql = "SELECT ?::BIGINT - epoch_ms(timezone(?, make_timestamptz(?::BIGINT * 1000))) % 3600000"
            first = self._one(sql, [start_ms, zone, start_ms])
            return list(range(first, end_ms, 3_600_000))
        unit = {Window.DAY: "day", Window.WEEK: "week", Window.MONTH: "month"}[query.window or Window.DAY]
        wall = "timezone(?, make_timestamptz(?::BIGINT * 1000))"
        sql = (
            "SELECT list(epoch_ms(timezone(?, local)) ORDER BY local) FROM (SELECT unnest(generate_series("
            f"date_trunc('{unit}', {wall})::TIMESTAMP, {wall}, INTERVAL 1 {unit})) AS local)"
        )
        return list(self._one(sql, [zone, zone, start_ms, zone, end_ms - 1]))

    def _one(self, sql: str, arguments: list[object]) -> Any:
        row = self._db.execute(sql, arguments).fetchone()
        assert row is not None
        return row[0]

    def _metrics(
        self, query: SiteQuery, start: int, end: int, key: SiteKey | None, asked: set[SiteMetric]
    ) -> dict[str, dict[SiteMetric, Any]]:
        """By value. A value has its row when a visit or event has it, or when something that is asked for is credited to it."""
        self._bots = query.selection.bots
        counts: dict[str, dict[str, Any]] = {} if key is not None else {"": {}}
        for value, *numbers in self._visits(query, start, end, key):
            counts.setdefault(value, {}).update(zip(_OF_VISITS, numbers, strict=True))
        if asked & _OF_EVENTS or (key is not None and _is_of_events(key)):
            for value, events, views in self._events(query, start, end, key):
                counts.setdefault(value, {}).update(events=events, page_views=views)
        if asked & _OF_CONVERSIONS:
            for value, conversions, converters in self._conversions(query, start, end, key):
                counts.setdefault(value, {}).update(conversions=conversions, converters=converters)
        if asked & _OF_MONEY:
            for value, currency, day, amount, orders in self._money(query, start, end, key):
                one = counts.setdefault(value, {})
                rate = _rate(query.rates, currency, query.currency, day)
                one["orders"] = one.get("orders", 0) + orders
                one["revenue"] = _EXACT.add(one.get("revenue", Decimal(0)), _EXACT.multiply(amount, rate))
        return {value: _finished(one) for value, one in counts.items()}

    def _visits(self, query: SiteQuery, start: int, end: int, key: SiteKey | None) -> list[tuple[Any, ...]]:
        arguments: list[object] = []
        site = [query.selection.website_id, start, end]
        visits = (
            f"SELECT * FROM visits v WHERE {self._visit_ok(query, arguments)} AND website = ? AND started >= ? AND started < ?"
        )
        arguments += site
        shown = "''" if key is None else str(key)
        by_events = key is not None and _is_of_events(key)
        if by_events or any(_is_of_events(chosen.key) for chosen in query.selection.filters):
            value = _text(key, arguments) if key is not None and by_events else "''"
            event_ok = self._event_ok(query, arguments)
            met = f"SELECT DISTINCT visit, {value} AS met FROM happened e WHERE {event_ok} AND website = ? AND ms >= ? AND ms < ?"
            arguments += site
            visits = f"SELECT * FROM ({visits}) v JOIN ({met}) m USING (visit)"
            shown = "met" if by_events else shown
        sql = f"SELECT {shown}, {', '.join(_OF_VISITS.values())} FROM ({visits}) GROUP BY 1"
        return self._db.execute(sql, arguments).fetchall()

    def _events(self, query: SiteQuery, start: int, end: int, key: SiteKey | None) -> list[tuple[Any, ...]]:
        arguments: list[object] = []
        value = self._value(key, arguments, "visit")
        event_ok = self._event_ok(query, arguments)
        kept = self._visit_ok(query, arguments)
        has_visit_filter = any(not _is_of_events(chosen.key) for chosen in query.selection.filters)
        needs_visit = has_visit_filter or (key is not None and not _is_of_events(key))
        of_visit = f"(EXISTS (SELECT 1 FROM visits v WHERE v.visit = e.visit AND {kept}) OR NOT ?)"
        arguments += [needs_visit, query.selection.website_id, start, end]
        sql = (
            f"SELECT {value}, count(*), count(*) FILTER (name = 'page_view') FROM happened e"
            f" WHERE {event_ok} AND {of_visit} AND website = ? AND ms >= ? AND ms < ? GROUP BY 1"
        )
        return self._db.execute(sql, arguments).fetchall()

    def _conversions(self, query: SiteQuery, start: int, end: int, key: SiteKey | None) -> list[tuple[Any, ...]]:
        if not query.conversions:
            return []
        arguments: list[object] = []
        value = self._value(key, arguments, "credited")
        kept = self._credited_ok(query, arguments)
        converts = " OR ".join(_converts(conversion, arguments) for conversion in query.conversions)
        arguments += [query.selection.website_id, start, end]
        sql = (
            f"SELECT {value}, count(*), count(DISTINCT visitor) FILTER (visitor <> '') FROM happened e"
            f" WHERE {kept} AND ({converts}) AND website = ? AND ms >= ? AND ms < ? GROUP BY 1"
        )
        return self._db.execute(sql, arguments).fetchall()

    def _money(self, query: SiteQuery, start: int, end: int, key: SiteKey | None) -> list[tuple[Any, ...]]:
        arguments: list[object] = []
        value = self._value(key, arguments, "credited")
        kind, amount, currency = (
            f"(SELECT {column} FROM props p WHERE p.position = e.position AND p.key = '{name}')"
            for column, name in (("txt", "type"), ("num", "amount"), ("txt", "currency"))
        )
        kept = self._credited_ok(query, arguments)
        arguments += [query.selection.website_id, start, end]
        rows = (
            f"SELECT {value} AS value, upper({currency}) AS currency, ms, {amount} AS amount, {kind} AS kind FROM happened e"
            f" WHERE {kept} AND payment AND website = ? AND ms >= ? AND ms < ?"
        )
        sql = (
            "SELECT value, coalesce(currency, ?), strftime(make_timestamp(ms * 1000), '%Y-%m-%d'), sum(amount),"
            " count(*) FILTER (kind = 'sale' OR kind = 'renewal' OR (kind IS NULL AND amount >= 0))"
            f" FROM ({rows}) WHERE kind IS DISTINCT FROM 'free_trial' GROUP BY ALL"
        )
        return self._db.execute(sql, [query.currency, *arguments]).fetchall()

    def _value(self, key: SiteKey | None, arguments: list[object], visit: str) -> str:
        if key is None:
            return "''"
        if _is_of_events(key):
            return _text(key, arguments)
        return f"coalesce((SELECT {key} FROM visits v WHERE v.visit = e.{visit} AND {self._bot('v')}), '')"

    def _visit_ok(self, query: SiteQuery, arguments: list[object]) -> str:
        chosen = [one for one in query.selection.filters if not _is_of_events(one.key)]
        return " AND ".join([self._bot("v"), *(_compares(f"v.{one.key}", one.operator, one.values, arguments) for one in chosen)])

    def _event_ok(self, query: SiteQuery, arguments: list[object]) -> str:
        chosen = [one for one in query.selection.filters if _is_of_events(one.key)]
        return " AND ".join(
            [self._bot("e"), *(_compares(_text(one.key, arguments), one.operator, one.values, arguments) for one in chosen)]
        )

    def _credited_ok(self, query: SiteQuery, arguments: list[object]) -> str:
        found = [self._event_ok(query, arguments)]
        for chosen in query.selection.filters:
            if not _is_of_events(chosen.key):
                value = self._value(chosen.key, arguments, "credited")
                found.append(_compares(value, chosen.operator, chosen.values, arguments))
        return " AND ".join(found)

    def _bot(self, row: str) -> str:
        return {Bots.EXCLUDE: f"NOT {row}.bot", Bots.INCLUDE: "true", Bots.ONLY: f"{row}.bot"}[self._bots]


def _is_of_events(key: SiteKey) -> bool:
    return isinstance(key, PropertyKey) or key in (Dimension.PAGE, Dimension.EVENT_NAME)


def _text(key: SiteKey, arguments: list[object]) -> str:
    if isinstance(key, PropertyKey):
        arguments.append(key.name)
        return "coalesce((SELECT txt FROM props p WHERE p.position = e.position AND p.key = ?), '')"
    return "e.path" if key is Dimension.PAGE else "e.name"


def _compares(text: str, operator: Operator, values: Iterable[str], arguments: list[object]) -> str:
    """One comparison per value, joined; an argument inside `text` is already in its place, so text is made once."""
    test = {
        Operator.IS: "list_contains(?::VARCHAR[], t)",
        Operator.IS_NOT: "NOT list_contains(?::VARCHAR[], t)",
        Operator.CONTAINS: "len(list_filter(?::VARCHAR[], lambda x: contains(t, x))) > 0",
        Operator.MATCHES: "len(list_filter(?::VARCHAR[], lambda x: regexp_matches(t, x, 's'))) > 0",
    }[operator]
    arguments.append(list(values))
    return f"list_transform([{text}], lambda t: {test})[1]"


def _converts(conversion: ConversionEvent, arguments: list[object]) -> str:
    arguments.append(conversion.event_name)
    found = ["e.name = ?"]
    tests: list[Condition | PageMatch] = [*conversion.conditions, *([] if conversion.page is None else [conversion.page])]
    for one in tests:
        key: SiteKey = PropertyKey(one.property) if isinstance(one, Condition) else Dimension.PAGE
        found.append(_compares(_text(key, arguments), one.operator, one.values, arguments))
    return f"({' AND '.join(found)})"


def _rate(table: RateTable, base: str, quote: str, day: str) -> Decimal:
    if base == quote:
        return Decimal(1)
    known = [(rate.date, rate.rate) for rate in table.rates if (rate.base, rate.quote) == (base, quote) and rate.date <= day]
    return max(known)[1] if known else Decimal(0)


def _finished(one: dict[str, Any]) -> dict[SiteMetric, Any]:
    def share(above: str, below: str, unit: int = 1) -> Decimal | None:
        divisor = int(one.get(below, 0))
        return _DIVISION.divide(Decimal(one.get(above, 0)), Decimal(divisor * unit)) if divisor else None

    whole = ("visitors", "visits", "page_views", "events", "conversions", "orders", "revenue")
    return {
        **{SiteMetric(name): one.get(name, 0) for name in whole},
        SiteMetric.VIEWS_PER_VISIT: share("own_views", "visits"),
        SiteMetric.BOUNCE_RATE: share("bounces", "visits"),
        SiteMetric.VISIT_DURATION: share("duration_ms", "visits", 1000),
        SiteMetric.CONVERSION_RATE: share("converters", "visitors"),
        SiteMetric.REVENUE_PER_VISITOR: share("revenue", "visitors"),
    }
