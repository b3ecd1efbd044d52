"""The independent judge: the same raw events in DuckDB, with its own SQL, its own time zones and its own reading of JSON.

Events are lists of raw property objects; Python's json reads them with exact decimals, and one DuckDB row per (event,
property) holds the number, if it is one, and the text.
"""

import json
import re
from collections.abc import Sequence
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

import duckdb

from streamgauge.kernel.query import (
    Aggregation,
    FieldKey,
    Filter,
    Key,
    MetricQuery,
    Missing,
    NumberFilter,
    Order,
    Weekday,
    Window,
)
from streamgauge.kernel.website import Operator

_NUMERIC_TEXT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_STEPS_MIN = {
    Window.MINUTE: 1,
    Window.MINUTES_15: 15,
    Window.MINUTES_30: 30,
    Window.HOUR: 60,
    Window.HOURS_3: 180,
    Window.HOURS_6: 360,
    Window.HOURS_12: 720,
}
_QUANTILES = {Aggregation.MEDIAN: 0.5, Aggregation.P90: 0.9, Aggregation.P95: 0.95, Aggregation.P99: 0.99}


def number_of(value: object) -> Decimal | None:
    """The number that a property counts as: nine digits after the point, the rest cut."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    if isinstance(value, str) and not _NUMERIC_TEXT.fullmatch(value):
        return None
    return Decimal(value).quantize(Decimal("1e-9"), ROUND_DOWN, Context(prec=60))


def text_of(value: object) -> str | None:
    """The text form of a property."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Decimal():
            return f"{value.normalize():f}"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Judge:
    """Recomputes a MetricQuery over events given as (position, in force, fields, raw properties)."""

    def __init__(self) -> None:
        self._db = duckdb.connect()
        fields = "event_id VARCHAR, customer_id VARCHAR, source VARCHAR"
        self._db.execute(f"CREATE TABLE events (position BIGINT, in_force BOOLEAN, name VARCHAR, ms BIGINT, {fields})")
        self._db.execute("CREATE TABLE props (position BIGINT, key VARCHAR, num DECIMAL(38, 9), txt VARCHAR)")

    def put(self, placed: Sequence[tuple[int, dict[str, Any], bool]]) -> None:
        """Take events as (position, event, in force)."""
        names = ("name", "timestamp", "event_id", "customer_id", "source")
        events = [(position, in_force, *(event[name] for name in names)) for position, event, in_force in placed]
        props = [
            (position, key, number_of(value), text_of(value))
            for position, event, _ in placed
            for key, value in json.loads(event["properties"] or b"{}", parse_float=Decimal).items()
            if text_of(value) is not None
        ]
        self._fill("events", events)
        self._fill("props", props)

    def _fill(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        row = f"({', '.join('?' * len(rows[0]))})"
        values = [value for row in rows for value in row]
        self._db.execute(f"INSERT INTO {table} VALUES {', '.join([row] * len(rows))}", values)

    def answer(self, query: MetricQuery) -> tuple[dict[Any, Any], tuple[Any, ...]]:
        """Points as {(bucket, *groups): (value, events)}, and the total as (value, events).

        Buckets are named as `bucket_of` does. Where buckets are summed there are points only if they are the windows too.
        """
        arguments: list[object] = []
        rows = self._rows(query, arguments)
        keys = ", ".join(["bucket", *(f"g{place}" for place in range(len(query.group_by)))])
        aggregate = self._aggregate(query)
        if query.bucket is not None:
            value = "max(number)" if query.aggregation is Aggregation.MAX else "sum(number)"
            inner = ", ".join(["inner_bucket", *(f"g{place}" for place in range(len(query.group_by)))])
            rows = f"SELECT {value} AS number, count(*) AS n, {inner} FROM ({rows}) GROUP BY ALL"
            total = self._db.execute(f"SELECT sum(number), sum(n)::BIGINT FROM ({rows})", arguments).fetchone()
            if query.window is not query.bucket:
                return {}, total or ()
            points = self._db.execute(f"SELECT {inner}, number, n FROM ({rows})", arguments).fetchall()
            return _by_key(points, query), total or ()
        points = self._db.execute(f"SELECT {keys}, {aggregate}, count(*) FROM ({rows}) GROUP BY ALL", arguments).fetchall()
        total = self._db.execute(f"SELECT {aggregate}, count(*) FROM ({rows})", arguments).fetchone()
        return _by_key(points, query), _multiplied(total or (), query)

    def bucket_of(self, start_ms: int, window: Window | None, query: MetricQuery) -> object:
        """The judge's own name of the bucket in which an instant lies."""
        sql = f"SELECT {_bucket_sql(window, query)} FROM (SELECT ?::BIGINT AS ms)"
        row = self._db.execute(sql, [start_ms]).fetchone()
        assert row is not None
        return row[0]

    def _rows(self, query: MetricQuery, arguments: list[object]) -> str:
        selection = query.selection
        columns = [f"{_bucket_sql(query.window, query)} AS bucket", f"{_bucket_sql(query.bucket, query)} AS inner_bucket"]
        columns += [f"{_key_sql(key, arguments)} AS g{place}" for place, key in enumerate(query.group_by)]
        source = "txt" if query.aggregation is Aggregation.UNIQUE else "num"
        nothing = "''" if query.aggregation is Aggregation.UNIQUE else "0"
        value = f"(SELECT {source} FROM props p WHERE p.position = e.position AND p.key = ?)"
        arguments.append(query.property or "")
        columns.append(f"{f'coalesce({value}, {nothing})' if query.missing is Missing.ZERO else value} AS number")
        columns += ["ms", "position"]
        conditions = ["in_force", "ms >= ?", "ms < ?"]
        arguments += [selection.start_ms, selection.end_ms]
        if selection.event_name is not None:
            conditions.append("name = ?")
            arguments.append(selection.event_name)
        conditions.extend(_filter_sql(chosen, arguments) for chosen in selection.filters)
        return f"SELECT {', '.join(columns)} FROM events e WHERE {' AND '.join(conditions)}"

    def _aggregate(self, query: MetricQuery) -> str:
        end, start = query.selection.end_ms, query.selection.start_ms
        match query.aggregation:
            case Aggregation.COUNT:
                return "count(*)"
            case Aggregation.AVG:
                return "struct_pack(s := sum(number), n := count(number))"
            case Aggregation.LATEST:
                return "last(number ORDER BY ms, position) FILTER (number IS NOT NULL)"
            case Aggregation.UNIQUE:
                return "count(DISTINCT number)"
            case Aggregation.WEIGHTED_SUM:
                return f"struct_pack(s := sum((number * 1000000000)::HUGEINT * ({end} - ms)), n := {end - start})"
            case Aggregation.SUM | Aggregation.MIN | Aggregation.MAX:
                return f"{query.aggregation.value}(number)"
        in_order = "list(number ORDER BY number) FILTER (number IS NOT NULL)"
        return f"struct_pack(numbers := {in_order}, cont := quantile_cont(number, {_QUANTILES[query.aggregation]}))"


def _by_key(rows: Sequence[tuple[Any, ...]], query: MetricQuery) -> dict[Any, Any]:
    width = 1 + len(query.group_by)
    return {row[:width]: _multiplied(row[width:], query) for row in rows}


def _multiplied(answer: tuple[Any, ...], query: MetricQuery) -> tuple[Any, ...]:
    if query.multiplier is None or answer[0] is None:
        return answer
    return Context(prec=80).multiply(answer[0], query.multiplier), answer[1]


def _bucket_sql(window: Window | None, query: MetricQuery) -> str:
    """Days and longer by DuckDB's ICU calendar; shorter ones by what the local clock shows, back in UTC."""
    rule = query.calendar
    wall = f"timezone('{rule.timezone}', make_timestamptz(ms * 1000))"
    match window:
        case None:
            return "0"
        case Window.DAY:
            return f"date_trunc('day', {wall})::DATE"
        case Window.WEEK if rule.week_starts_on is Weekday.SUNDAY:
            return f"(date_trunc('week', {wall} + INTERVAL 1 DAY) - INTERVAL 1 DAY)::DATE"
        case Window.WEEK:
            return f"date_trunc('week', {wall})::DATE"
        case Window.MONTH:
            shift = f"INTERVAL {rule.month_anchor_day - 1} DAY"
            return f"(date_trunc('month', {wall} - {shift}) + {shift})::DATE"
    return f"ms - epoch_ms({wall}) % {_STEPS_MIN[window] * 60_000}"


def _key_sql(key: Key, arguments: list[object]) -> str:
    if isinstance(key, FieldKey):
        return key.field.value
    arguments.append(key.name)
    return "coalesce((SELECT txt FROM props p WHERE p.position = e.position AND p.key = ?), '')"


def _filter_sql(chosen: Filter | NumberFilter, arguments: list[object]) -> str:
    if isinstance(chosen, NumberFilter):
        # Both sides with 18 digits after the point, so that the digits of the bound beyond the ninth still count.
        sign = {Order.ABOVE: ">", Order.AT_LEAST: ">=", Order.BELOW: "<", Order.AT_MOST: "<="}[chosen.order]
        arguments += [chosen.key.name, str(chosen.bound)]
        number = "SELECT num FROM props p WHERE p.position = e.position AND p.key = ?"
        return f"coalesce(({number})::DECIMAL(38, 18) {sign} ?::DECIMAL(38, 18), false)"
    if chosen.operator in (Operator.IS, Operator.IS_NOT):
        key = _key_sql(chosen.key, arguments)
        arguments.append(list(chosen.values))
        return f"{'NOT ' if chosen.operator is Operator.IS_NOT else ''}{key} = ANY(?::VARCHAR[])"
    tests = []
    for value in chosen.values:
        key = _key_sql(chosen.key, arguments)
        arguments.append(value)
        tests.append(f"contains({key}, ?)" if chosen.operator is Operator.CONTAINS else f"regexp_matches({key}, ?, 's')")
    return f"({' OR '.join(tests) or 'false'})"


def same(ours: object, theirs: object, aggregation: Aggregation) -> bool:
    """Whether the two values agree: exactly, but for the digits that a division rounds."""
    if isinstance(theirs, dict):
        return _same_percentile(ours, theirs, aggregation) if "cont" in theirs else _same_ratio(ours, theirs, aggregation)
    if ours is None or theirs is None:
        return (ours or None) is None and (theirs or None) is None
    return ours == theirs


def _same_ratio(ours: object, theirs: dict[str, Any], aggregation: Aggregation) -> bool:
    if not theirs["n"] or theirs["s"] is None:
        return ours is None
    scale = Decimal(1_000_000_000 if aggregation is Aggregation.WEIGHTED_SUM else 1)
    exact = Context(prec=60).divide(Decimal(theirs["s"]), Decimal(theirs["n"]) * scale)
    return isinstance(ours, Decimal) and abs(ours - exact) <= abs(exact) * Decimal("1e-26")


def _same_percentile(ours: object, theirs: dict[str, Any], aggregation: Aggregation) -> bool:
    """Exactly the interpolation by fractions; and DuckDB's own, which is made in doubles (24692157.799999912 for 24692157.8)."""
    numbers = [Fraction(number) for number in theirs["numbers"] or ()]
    if not numbers:
        return ours is None
    rank = Fraction(str(_QUANTILES[aggregation])) * (len(numbers) - 1)
    low = numbers[floor(rank)]
    exact = low + (numbers[ceil(rank)] - low) * (rank - floor(rank))
    return isinstance(ours, Decimal) and Fraction(ours) == exact and abs(ours - theirs["cont"]) < Decimal("1e-4")
