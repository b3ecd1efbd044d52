"""A MetricQuery as one statement, and its rows as a MetricAnswer.

Total and points come from the same statement: rows are aggregated by (bucket, groups), and ROLLUP merges the states of the
aggregates into the total, so the store is read once and a unique count or a percentile is right in both.

Exactness: values are Decimal(38, 9). Sums are made in Decimal(76, 9), because a Decimal(38, 9) sum wraps without a word
beyond 1.7e29 (tried: a thousand values just below 1e28); it costs nothing that could be measured.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from typing import Any

import msgspec

from streamgauge.kernel import calendar
from streamgauge.kernel.query import Aggregation, MetricAnswer, MetricQuery, Missing, Number, Point, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Bindings, Snapshot, conditions, events_table, key_text, known, of_selection, where
from streamgauge.query.closing import entries_of, relevant
from streamgauge.query.expression import expression_columns
from streamgauge.query.timetable import bucket_start
from streamgauge.store import Statement

_EXACT = Context(prec=120)
_DIVISION = Context(prec=28, rounding=ROUND_HALF_EVEN)

_LEVELS = {Aggregation.MEDIAN: (1, 2), Aggregation.P90: (9, 10), Aggregation.P95: (19, 20), Aggregation.P99: (99, 100)}
_ZERO_WHEN_EMPTY = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.UNIQUE})
_BUCKETED = frozenset({Aggregation.SUM, Aggregation.MAX})
_EXPRESSED = frozenset({Aggregation.SUM, Aggregation.AVG, Aggregation.MAX, Aggregation.LATEST})
_BEYOND_POSITIONS = 2**63
# Cutting so many takes 20 ms; asking for the first event takes less.
_MANY_BUCKETS = 20_000
_EVENT_MS = "toUnixTimestamp64Milli(timestamp)"


class MetricPlan(msgspec.Struct, frozen=True):
    """A checked query with its buckets. edges: starts of the points; inner_edges: starts of the buckets that are summed.

    inner_edges None: the range is so long that it is to be asked first where its events begin; `begin` cuts them then.
    """

    query: MetricQuery
    edges: tuple[int, ...]
    inner_edges: tuple[int, ...] | None
    pinned: bool = False

    def periods(self) -> dict[int, tuple[int, int]]:
        """By the start of each bucket: the bucket cut to the range."""
        selection = self.query.selection
        bounds = pairwise((*self.edges, selection.end_ms))
        return {start: (max(start, selection.start_ms), end) for start, end in bounds}


def plan(query: MetricQuery, bucket_limit: int) -> MetricPlan:
    """Check the query and cut its buckets.

    Raises Refusal RANGE_REVERSED, MISSING_PARAMETER, INVALID_PARAMETER or TOO_MANY_BUCKETS.
    """
    selection = query.selection
    if selection.end_ms < selection.start_ms:
        raise Refusal(Reason.RANGE_REVERSED, "The range ends before it starts")
    if query.expression is not None:
        _check_expression(query)
    elif query.property is None and query.aggregation is not Aggregation.COUNT:
        raise Refusal(Reason.MISSING_PARAMETER, f"{query.aggregation.value} needs a property", field="property")
    if query.bucket is not None and query.aggregation not in _BUCKETED:
        raise Refusal(Reason.INVALID_PARAMETER, "Only sum and max can be taken per bucket", field="bucket_size")
    if query.multiplier is not None and query.aggregation is not Aggregation.SUM:
        raise Refusal(Reason.INVALID_PARAMETER, "Only a sum can be multiplied", field="multiplier")
    if query.closed:
        query = msgspec.structs.replace(query, closed=relevant(query.closed, selection.start_ms, selection.end_ms))
    edges = _edges(query, query.window, bucket_limit)
    if query.bucket is not None and (selection.end_ms - selection.start_ms) // calendar.length_ms(query.bucket) > _MANY_BUCKETS:
        return MetricPlan(query, edges, None)
    return MetricPlan(query, edges, _edges(query, query.bucket, bucket_limit))


def compile_first(planned: MetricPlan, snapshot: Snapshot) -> Statement:
    """When the first event of the range, or of the closed periods before it, happened; no row when there is none."""
    bindings = Bindings()
    query = planned.query
    start_ms = min([query.selection.start_ms, *(period.start_ms for period in query.closed)])
    selection = msgspec.structs.replace(query.selection, start_ms=start_ms)
    found = [*of_selection(selection, bindings), *known(selection, msgspec.structs.replace(snapshot, pinned=True), bindings)]
    sql = f"SELECT {_EVENT_MS}\nFROM {events_table(selection)}\n{where(found)}\nORDER BY timestamp\nLIMIT 1"
    return Statement("metric.first", sql, bindings.values())


def begin(planned: MetricPlan, rows: Sequence[tuple[Any, ...]], bucket_limit: int) -> MetricPlan:
    """The plan with its inner buckets, from the row of compile_first. Raises Refusal TOO_MANY_BUCKETS."""
    query = planned.query
    first_ms = max(query.selection.start_ms, rows[0][0] if rows else query.selection.end_ms)
    inner = (
        tuple(calendar.edges(first_ms, query.selection.end_ms, query.bucket, query.calendar, bucket_limit))
        if query.bucket
        else ()
    )
    return msgspec.structs.replace(planned, inner_edges=inner, pinned=True)


def _check_expression(query: MetricQuery) -> None:
    if query.property is not None:
        raise Refusal(Reason.INVALID_PARAMETER, "There is a property beside the expression", field="expression")
    if query.aggregation not in _EXPRESSED:
        raise Refusal(Reason.INVALID_PARAMETER, f"{query.aggregation.value} takes no expression", field="expression")


def _edges(query: MetricQuery, window: Window | None, limit: int) -> tuple[int, ...]:
    selection = query.selection
    if window is None:
        return (selection.start_ms,)
    return tuple(calendar.edges(selection.start_ms, selection.end_ms, window, query.calendar, limit))


def compile_metric(planned: MetricPlan, snapshot: Snapshot, *, by_value: bool = False) -> Statement:
    """The one statement that answers the plan. by_value: see query/presence.py; it gives up where a value tells too little.

    Its rows: is it the total, (bucket start, *groups), events, events with a value, and what _aggregates lists.
    """
    bindings = Bindings()
    if planned.pinned:
        # An event that came since, and happened before the first one, would have no bucket.
        snapshot = msgspec.structs.replace(snapshot, pinned=True)
    rows = _rows(planned, snapshot, bindings, by_value)
    name = f"metric.{planned.query.aggregation.value}"
    if planned.query.bucket is not None:
        columns = ("sum(events)", "sum(valued)", "sum(bucket_value)")
        return keyed(planned, name, _summed_per_bucket(planned, rows, bindings), columns, bindings)
    return keyed(planned, name, rows, (_events(planned.query), "countIf(valued)", *_aggregates(planned.query)), bindings)


def _rows(planned: MetricPlan, snapshot: Snapshot, bindings: Bindings, by_value: bool) -> str:
    """One row per event: the bucket, the groups, the value (if any) and whether it counts.

    With closed periods one row per place where an event counts, with `at` and `sign` (see closing.py).
    """
    query = planned.query
    edges = planned.edges if query.bucket is None else planned.inner_edges
    assert edges is not None  # The plan has begun.
    columns = [f"{_bucket(_time(query), edges, planned, bindings)} AS bucket"]
    columns += [f"{key_text(key, bindings)} AS group_{place}" for place, key in enumerate(query.group_by)]
    columns += _value_columns(query, bindings, by_value)
    if query.aggregation in (Aggregation.LATEST, Aggregation.WEIGHTED_SUM):
        columns += ["timestamp", "position"]
    if query.closed:
        return "\nUNION ALL\n".join(part.select(columns) for part in entries_of(query, snapshot, bindings))
    table = events_table(query.selection, query.group_by)
    return f"SELECT {', '.join(columns)}\nFROM {table}\n{where(conditions(query.selection, snapshot, bindings))}"


def _value_columns(query: MetricQuery, bindings: Bindings, by_value: bool) -> list[str]:
    if query.expression is not None:
        return expression_columns(query.expression, bindings)
    if query.property is None or query.aggregation is Aggregation.COUNT:
        return ["true AS valued"]
    source = "strings" if query.aggregation is Aggregation.UNIQUE else "numbers"
    name = bindings.text(query.property)
    if query.missing is Missing.ZERO or query.aggregation is Aggregation.SUM:  # what is absent reads as 0, and adds nothing
        counts = "true"
    elif by_value:
        nothing = "''" if source == "strings" else "0"
        counts = f"NOT throwIf(number = {nothing})"
    else:
        counts = f"mapContains({source}, {name})"
    return [f"{source}[{name}] AS number", f"{counts} AS valued"]


def _time(query: MetricQuery) -> str:
    """When an event counts, in milliseconds."""
    return "at" if query.closed else _EVENT_MS


def _number(query: MetricQuery) -> str:
    """What it adds, exactly."""
    return "toDecimal256(number, 9)" + (" * sign" if query.closed else "")


def bucket_of(instant_ms: str, planned: MetricPlan, bindings: Bindings) -> str:
    """The start of the point to which an instant of the range belongs. instant_ms: an SQL expression, milliseconds."""
    return _bucket(instant_ms, planned.edges, planned, bindings)


def _bucket(instant_ms: str, edges: tuple[int, ...], planned: MetricPlan, bindings: Bindings) -> str:
    if len(edges) <= 1:
        return bindings.whole(edges[0] if edges else planned.query.selection.start_ms)
    return bucket_start(instant_ms, edges, planned.query.selection.end_ms, bindings)


def _summed_per_bucket(planned: MetricPlan, rows: str, bindings: Bindings) -> str:
    """One row per (bucket, groups): its aggregate, to be summed. A bucket belongs to the window in which it starts."""
    query = planned.query
    groups = "".join(f", group_{place}" for place in range(len(query.group_by)))
    own = "maxIf(number, valued)" if query.aggregation is Aggregation.MAX else f"sumIf({_number(query)}, valued)"
    inner = (
        f"SELECT bucket AS inner_bucket{groups}, toDecimal256({own}, 9) AS bucket_value, countIf(valued) AS inner_valued,\n"
        f"  {_events(query)} AS inner_events\nFROM (\n{rows}\n)\nGROUP BY bucket{groups}"
    )
    starts_within = f"greatest(inner_bucket, {bindings.whole(planned.query.selection.start_ms)})"
    return (
        f"SELECT {_bucket(starts_within, planned.edges, planned, bindings)} AS bucket{groups}, bucket_value,\n"
        f"  inner_valued AS valued, inner_events AS events\nFROM (\n{inner}\n)"
    )


def keyed(planned: MetricPlan, name: str, rows: str, aggregates: Sequence[str], bindings: Bindings) -> Statement:
    """Rows with a bucket and groups, aggregated for each of these and in total."""
    query = planned.query
    columns = ", ".join(aggregates)
    if query.group_by:
        # One tuple as the key, so that ROLLUP makes the total and no totals of the single groups.
        groups = "".join(f", group_{place}" for place in range(len(query.group_by)))
        keyed = f"SELECT tuple(bucket{groups}) AS key, *\nFROM (\n{rows}\n)"
        sql = f"SELECT grouping(key), key, {columns}\nFROM (\n{keyed}\n)\nGROUP BY key WITH ROLLUP"
    elif query.window is not None:
        sql = f"SELECT grouping(bucket), tuple(bucket), {columns}\nFROM (\n{rows}\n)\nGROUP BY bucket WITH ROLLUP"
    else:
        sql = f"SELECT 1, tuple(0), {columns}\nFROM (\n{rows}\n)"
    return Statement(name, sql, bindings.values())


def _events(query: MetricQuery) -> str:
    return "sum(sign)" if query.closed else "count()"


def _aggregates(query: MetricQuery) -> tuple[str, ...]:
    """The aggregates of one statement, besides the numbers of events and of events with a value."""
    match query.aggregation:
        case Aggregation.COUNT:
            return ()
        case Aggregation.SUM | Aggregation.AVG:
            return (f"sumIf({_number(query)}, valued)",)
        case Aggregation.WEIGHTED_SUM:
            # With the sum and the first moment, any period can be weighed afterwards: buckets and the whole range alike.
            moment = f"sumIf(toDecimal256(number, 9) * toInt256({_time(query)}), valued)"
            return ("sumIf(toDecimal256(number, 9), valued)", moment)
        case Aggregation.MIN:
            return ("minIf(number, valued)",)
        case Aggregation.MAX:
            return ("maxIf(number, valued)",)
        case Aggregation.LATEST:
            # Time, then position, as one number: comparing pairs takes 2.7 times as long (measured on 5 M rows).
            place = f"toInt128({_time(query)}) * {_BEYOND_POSITIONS} + position"
            return (f"argMaxIf(number, {place}, valued)",)
        case Aggregation.UNIQUE:
            return ("uniqExactIf(number, valued)",)
        case percentile:
            # The two values between which the percentile lies; the interpolation is done exactly, in read_metric.
            part, whole = _LEVELS[percentile]
            lower = f"intDiv((toInt64(countIf(valued)) - 1) * {part}, {whole})"
            return (f"arraySlice(arraySort(groupArrayIf(number, valued)), {lower} + 1, 2)",)


def read_metric(planned: MetricPlan, rows: Sequence[tuple[Any, ...]]) -> MetricAnswer:
    """The answer from the rows of compile_metric's statement."""
    selection = planned.query.selection
    empty = _value_of_nothing(planned.query.aggregation)
    total, total_count = empty, 0
    points: dict[tuple[int, tuple[str, ...]], Point] = {}
    periods = planned.periods()
    for is_total, key, events, valued, *aggregates in rows:
        if is_total:
            total_count = events
            total = _value(planned.query, (selection.start_ms, selection.end_ms), events, valued, aggregates)
        else:
            start, *groups = key
            value = _value(planned.query, periods[start], events, valued, aggregates)
            points[start, tuple(groups)] = Point(start, value, events, tuple(groups))
    if planned.query.window is not None and not planned.query.group_by:
        for start in planned.edges:
            points.setdefault((start, ()), Point(start, empty, 0))
    return MetricAnswer(total, total_count, tuple(points[place] for place in sorted(points)))


def _value_of_nothing(aggregation: Aggregation) -> Number | None:
    return 0 if aggregation in _ZERO_WHEN_EMPTY else None


def _value(query: MetricQuery, period: tuple[int, int], events: int, valued: int, aggregates: list[Any]) -> Number | None:
    """The value of one row. aggregates: as _aggregates lists them."""
    if query.aggregation is Aggregation.COUNT:
        return events
    if valued == 0:
        return _value_of_nothing(query.aggregation)
    match query.aggregation:
        case Aggregation.AVG:
            return _DIVISION.divide(aggregates[0], Decimal(valued))
        case Aggregation.WEIGHTED_SUM:
            return _weighted(period, *aggregates)
        case Aggregation.SUM if query.multiplier is not None:
            return _EXACT.multiply(aggregates[0], query.multiplier)
        case level if level in _LEVELS:
            return _interpolated(_LEVELS[level], valued, aggregates[0])
    result: Decimal | int = aggregates[0]
    return result


def _weighted(period: tuple[int, int], total: Decimal, moment: Decimal) -> Decimal:
    """Sum of value * (end - time) / (end - start), from the sum of value and the sum of value * time."""
    start_ms, end_ms = period
    remaining = _EXACT.subtract(_EXACT.multiply(total, Decimal(end_ms)), moment)
    return _DIVISION.divide(remaining, Decimal(end_ms - start_ms))


def _interpolated(level: tuple[int, int], valued: int, neighbours: list[Decimal]) -> Decimal:
    """Linear between the two neighbours of rank level * (n - 1), counted from 0."""
    part, whole = level
    if len(neighbours) == 1:
        return neighbours[0]
    low, high = neighbours
    share = Decimal((valued - 1) * part % whole) / whole
    return _EXACT.fma(_EXACT.subtract(high, low), share, low)
