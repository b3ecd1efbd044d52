"""A MetricQuery answered from what quarters of an hour add up to (table `rollup`), where that gives the same as the events.

    whole slots of the range       from the roll-up
    the ragged rest of the range   from the events
    unsettled slots                from the events

Promise: the answer is the one that the events give. Sums, counts, least and most of slots add up to those of the range, exactly;
other aggregations, filters, groups, buckets shorter than a slot and closed periods are left to the events (`rolled` is None).

A statement that may see only what lies below a position (of an amended project, or pinned) is preceded by one that finds the
unsettled slots: those that hold events at or beyond the position, and those of which an event was replaced below it. What came in
between is seen by the last position that the answer's rows tell: the events are asked then (`Unsettled`).

Limits: an earlier state (as of a position or a time before now) is asked of the events. So is a range of less than LEAST_SLOTS
slots, of which the events are read as quickly, and one with more than MOST_UNSETTLED unsettled slots.
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec

from streamgauge.kernel.query import Aggregation, MetricQuery, Missing
from streamgauge.query.clauses import Bindings, Snapshot, conditions, where
from streamgauge.query.metric import MetricPlan, bucket_of, keyed
from streamgauge.query.presence import Rows, event_rows
from streamgauge.store import SLOT_MS, Statement

LEAST_SLOTS = 16
MOST_UNSETTLED = 200
_OF_EVENTS = ""
_OWN = "."
# The column that each adds up, beside the counts.
_VALUES = {Aggregation.SUM: "total", Aggregation.AVG: "total", Aggregation.MIN: "least", Aggregation.MAX: "most"}
_ADDED_UP = frozenset({Aggregation.COUNT, *_VALUES})


class Unsettled(Exception):
    """A slot changed between the two statements: the events are to be asked."""


class Rolled(msgspec.Struct, frozen=True):
    """A plan of which the slots [first, end) are taken from the roll-up, without those that are unsettled.

    below: the position below which the answer lies; None when it may hold all there is.
    """

    planned: MetricPlan
    snapshot: Snapshot
    first: int
    end: int
    below: int | None
    unsettled: tuple[int, ...] = ()

    def raw_ranges(self) -> list[tuple[int, int]]:
        """What is taken from the events: ranges of milliseconds, in order, none of them empty."""
        selection = self.planned.query.selection
        edges = [(selection.start_ms, self.first * SLOT_MS), (self.end * SLOT_MS, selection.end_ms)]
        slots = [(slot * SLOT_MS, (slot + 1) * SLOT_MS) for slot in self.unsettled]
        joined: list[tuple[int, int]] = []
        for start, end in sorted(each for each in (*edges, *slots) if each[0] < each[1]):
            if joined and joined[-1][1] == start:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        return joined


def metric_rows(planned: MetricPlan, snapshot: Snapshot, select: Callable[[Statement], Rows]) -> Rows:
    """The rows that answer a plan, as compile_metric's statement gives them, from the roll-up where it can. select: runs one."""
    found = rolled(planned, snapshot)
    if found is not None and found.below is not None:
        found = without(found, select(compile_unsettled(found)))
    if found is not None:
        with suppress(Unsettled):
            return settled_rows(found, select(compile_rolled(found)))
    return event_rows(planned, snapshot, select)


def rolled(planned: MetricPlan, snapshot: Snapshot) -> Rolled | None:
    """How the roll-up answers the plan; None when only the events can."""
    query = planned.query
    selection = query.selection
    if (
        query.aggregation not in _ADDED_UP
        or query.group_by
        or query.bucket
        or query.expression
        or query.closed
        or selection.filters
    ):
        return None
    if selection.as_of is not None and not selection.as_of.loaded:
        return None
    first, end = -(-selection.start_ms // SLOT_MS), selection.end_ms // SLOT_MS
    if end - first < LEAST_SLOTS or (query.window and any(edge % SLOT_MS for edge in planned.edges)):
        return None
    is_bounded = snapshot.amended or snapshot.pinned or selection.as_of is not None
    return Rolled(planned, snapshot, first, end, snapshot.loaded if is_bounded else None)


def compile_unsettled(rolled: Rolled) -> Statement:
    """The unsettled slots of the range, at most one more than is still used."""
    bindings = Bindings()
    selection = rolled.planned.query.selection
    assert rolled.below is not None
    below = bindings.whole(rolled.below)
    amended = [f"project_id = {bindings.text(selection.project_id)}", *_in_range(rolled, bindings), f"by_position < {below}"]
    newer = [*_of_selection(rolled, bindings), f"property = '{_OF_EVENTS}'", f"last_position >= {below}"]
    sql = (
        f"SELECT DISTINCT slot FROM (\nSELECT slot FROM rollup\n{where(newer)}\n"  # noqa: S608 - placeholders only
        f"UNION ALL\nSELECT slot FROM amended_slots\n{where(amended)}\n)\nLIMIT {MOST_UNSETTLED + 1}"
    )
    return Statement("rollup.unsettled", sql, bindings.values())


def without(rolled: Rolled, rows: Rows) -> Rolled | None:
    """The same, with the unsettled slots left to the events; None when there are too many. rows: of compile_unsettled."""
    if len(rows) > MOST_UNSETTLED:
        return None
    return msgspec.structs.replace(rolled, unsettled=tuple(slot for (slot,) in rows))


def compile_rolled(rolled: Rolled) -> Statement:
    """The statement that answers the plan: rows as compile_metric's, and where there is a bound the last position behind them."""
    bindings = Bindings()
    query = rolled.planned.query
    parts = [_from_slots(rolled, bindings)]
    if ranges := rolled.raw_ranges():
        parts.append(_from_events(rolled, ranges, bindings))
    columns = [*_aggregates(query), *(("max(last_position)",) if rolled.below is not None else ())]
    return keyed(rolled.planned, f"rollup.{query.aggregation.value}", "\nUNION ALL\n".join(parts), columns, bindings)


def settled_rows(rolled: Rolled, rows: Rows) -> Rows:
    """The rows as compile_metric's. Raises Unsettled when a slot got events that the answer may not hold."""
    if rolled.below is None:
        return rows
    if any(row[-1] >= rolled.below for row in rows):
        raise Unsettled
    return [row[:-1] for row in rows]


def _of_selection(rolled: Rolled, bindings: Bindings) -> list[str]:
    selection = rolled.planned.query.selection
    found = [f"project_id = {bindings.text(selection.project_id)}"]
    if selection.event_name is not None:
        found.append(f"name = {bindings.text(selection.event_name)}")
    return found + _in_range(rolled, bindings)


def _in_range(rolled: Rolled, bindings: Bindings) -> list[str]:
    return [f"slot >= {bindings.whole(rolled.first)}", f"slot < {bindings.whole(rolled.end)}"]


def _needed(rolled: Rolled, columns: dict[str, str]) -> str:
    """Of the columns those that the statement needs, with their names; it reads no other."""
    value = _VALUES.get(rolled.planned.query.aggregation)
    names = ["events", *(("valued", value) if value else ()), *(("last_position",) if rolled.below is not None else ())]
    return "".join(f", {columns[name]} AS {name}" for name in names)


def _from_slots(rolled: Rolled, bindings: Bindings) -> str:
    query = rolled.planned.query
    found = _of_selection(rolled, bindings)
    if rolled.unsettled:
        found.append(f"slot NOT IN {bindings.wholes(list(rolled.unsettled))}")
    bucket = bucket_of(f"toInt64(slot) * {SLOT_MS}", rolled.planned, bindings)
    columns = {name: f"rollup.{name}" for name in ("events", "total", "least", "most", "last_position")}
    if query.aggregation is Aggregation.COUNT:
        found.append(f"property = '{_OF_EVENTS}'")
    else:
        found.append(f"property IN ('{_OF_EVENTS}', {bindings.text(_OWN + (query.property or ''))})")
        columns |= {
            "events": f"if(property = '{_OF_EVENTS}', rollup.events, 0)",
            "valued": f"if(property = '{_OF_EVENTS}', 0, rollup.events)",
        }
    return f"SELECT {bucket} AS bucket{_needed(rolled, columns)}\nFROM rollup\n{where(found)}"


def _from_events(rolled: Rolled, ranges: list[tuple[int, int]], bindings: Bindings) -> str:
    """Rows of the same columns, one per event."""
    query = rolled.planned.query
    # Bounded by the whole as well, so that the store finds the place by its key.
    whole = msgspec.structs.replace(query.selection, start_ms=ranges[0][0], end_ms=ranges[-1][1])
    found = conditions(whole, rolled.snapshot, bindings)
    if len(ranges) > 1:
        within = " OR ".join(
            f"(timestamp >= {bindings.instant(start)} AND timestamp < {bindings.instant(end)})" for start, end in ranges
        )
        found.append(f"({within})")
    bucket = bucket_of("toUnixTimestamp64Milli(timestamp)", rolled.planned, bindings)
    columns = {"events": "toUInt64(1)", "last_position": "toUInt64(0)"}
    if query.aggregation is not Aggregation.COUNT:
        name = bindings.text(query.property or "")
        columns |= {
            "valued": f"toUInt64(mapContains(numbers, {name}))",
            "total": f"toDecimal256(numbers[{name}], 9)",
            "least": f"numbers[{name}]",
            "most": f"numbers[{name}]",
        }
    return f"SELECT {bucket} AS bucket{_needed(rolled, columns)}\nFROM events\n{where(found)}"


def _aggregates(query: MetricQuery) -> tuple[str, ...]:
    """Events, events with a value, and the aggregate, of rows of slots and of events."""
    if query.aggregation is Aggregation.COUNT:
        return ("sum(events)", "sum(events)")
    all_count = query.missing is Missing.ZERO
    counts = ("sum(events)", "sum(events)" if all_count else "sum(valued)")
    match query.aggregation:
        case Aggregation.SUM | Aggregation.AVG:
            return (*counts, "sum(total)")
        case Aggregation.MIN:
            own, sooner = "minIf(least, valued > 0)", "least"
        case _:
            own, sooner = "maxIf(most, valued > 0)", "greatest"
    if not all_count:
        return (*counts, own)
    # Events without the property count as 0.
    zero = "toDecimal128(0, 9)"
    return (*counts, f"multiIf(sum(valued) = 0, {zero}, sum(valued) < sum(events), {sooner}({own}, {zero}), {own})")
