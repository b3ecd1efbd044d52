"""Closed periods as SQL: where in time an event counts, and what is taken back.

The rule, for closed periods that do not overlap
- `moved(time, position)`: while the time lies in a closed period and the position at or after the period's, the time is the
  period's end. An event counts at `moved(its timestamp, its position)`.
- An event that a later one (a correction, a void mark, standing at `by`) replaced counts for nothing, unless the period in which
  it counts was closed by then: `moved(where it counts, by)` lies further on. Then it stays where it is, and for COUNT and SUM
  (with a multiplier or an expression too) it is taken back there: a row with sign -1. The later event counts on its own.

So a closed period's answer never changes, and COUNT and SUM over all time are the same with closed periods and without.

Limits
- Other aggregations have no taking back: what they say of the time after a correction knows only the new version, and what they
  say of a closed period only the old one.
- Late events are looked for in all closed periods that adjoin one another up to the asked range.
"""

from collections.abc import Sequence

import msgspec

from streamgauge.kernel.query import Aggregation, Closed, MetricQuery, Selection
from streamgauge.query.clauses import (
    IS_NO_VOID_MARK,
    Bindings,
    Snapshot,
    conditions,
    events_table,
    known,
    of_selection,
    replaced_by_then,
    where,
)

_TAKEN_BACK = frozenset({Aggregation.COUNT, Aggregation.SUM})
_EVENT_MS = "toUnixTimestamp64Milli(timestamp)"


class Entries(msgspec.Struct, frozen=True):
    """One part of the rows. names: expressions with names, for the statement's WITH; among them `at`, the time in milliseconds,
    and `sign`. source: FROM and WHERE."""

    names: tuple[str, ...]
    source: str

    def select(self, columns: Sequence[str]) -> str:
        """The statement of these columns, and `at` and `sign`."""
        return f"WITH {', '.join(self.names)}\nSELECT at, sign, {', '.join(columns)}\n{self.source}"


def relevant(closed: Sequence[Closed], start_ms: int, end_ms: int) -> tuple[Closed, ...]:
    """In order, those that change which events count in the range: they lie in it, or what came too late for them may."""
    found: list[Closed] = []
    reach_ms = start_ms - 1
    following_ms = None
    for period in sorted(closed, key=lambda each: each.start_ms, reverse=True):
        # What is moved out of a period that adjoins the one after it may be moved as far as that one's events are.
        reach_ms = reach_ms if period.end_ms == following_ms else period.end_ms
        following_ms = period.start_ms
        if period.start_ms < end_ms and reach_ms >= start_ms:
            found.append(period)
    return tuple(reversed(found))


def entries_of(query: MetricQuery, snapshot: Snapshot, bindings: Bindings) -> tuple[Entries, ...]:
    """The parts of the rows of a query with closed periods, of which it has the relevant ones only, in order."""
    moved = _Moved(query.closed, bindings)
    if not snapshot.amended:
        return (_in_force(query, snapshot, moved, bindings),)
    return _in_force(query, snapshot, moved, bindings), _kept(query, snapshot, moved, bindings)


def _in_force(query: MetricQuery, snapshot: Snapshot, moved: "_Moved", bindings: Bindings) -> Entries:
    """Events that nothing replaced."""
    selection = query.selection
    found = conditions(_from_the_first(query), snapshot, bindings)
    before = [period.position for period in query.closed if period.start_ms < selection.start_ms]
    if before:
        # Of what happened before the range, only what was moved out of the last period that begins before it can count in it.
        earlier = f"timestamp >= {bindings.instant(selection.start_ms)}"
        found.append(f"({earlier} OR position >= {bindings.whole(before[-1])})")
    found.append(f"at >= {bindings.whole(selection.start_ms)} AND at < {bindings.whole(selection.end_ms)}")
    names = (f"{moved.sql(_EVENT_MS, 'position')} AS at", "toInt8(1) AS sign")
    return Entries(names, f"FROM {events_table(selection, query.group_by)}\n{where(found)}")


def _kept(query: MetricQuery, snapshot: Snapshot, moved: "_Moved", bindings: Bindings) -> Entries:
    """Events that something replaced after their period was closed: where they stay, and where they are taken back."""
    selection = query.selection
    replaced = replaced_by_then(selection.project_id, selection.as_of, snapshot, bindings)
    replaced.append(f"by_position >= {bindings.whole(min(period.position for period in query.closed))}")
    first = _from_the_first(query)
    found = [*of_selection(first, bindings), *known(first, snapshot, bindings), IS_NO_VOID_MARK, "kept_until > counted_at"]
    found.append(f"position IN (SELECT position FROM superseded {where(replaced)})")  # noqa: S608 - every value is a placeholder
    places = "[(counted_at, toInt8(1))" + (", (kept_until, toInt8(-1))]" if query.aggregation in _TAKEN_BACK else "]")
    held = f"place.1 >= {bindings.whole(selection.start_ms)} AND place.1 < {bindings.whole(selection.end_ms)}"
    names = (
        f"{moved.sql(_EVENT_MS, 'position')} AS counted_at",
        f"{moved.sql('counted_at', 'by_position')} AS kept_until",
        f"arrayJoin(arrayFilter(place -> {held}, {places})) AS placed",
        "placed.1 AS at",
        "placed.2 AS sign",
    )
    later = f"SELECT position, by_position FROM superseded {where(replaced)}"  # noqa: S608 - every value is a placeholder
    table = events_table(selection, query.group_by)
    return Entries(names, f"FROM {table}\nANY INNER JOIN ({later}) AS replaced USING position\n{where(found)}")


def _from_the_first(query: MetricQuery) -> Selection:
    """The selection, from the first closed period on."""
    start_ms = min(query.selection.start_ms, query.closed[0].start_ms)
    return msgspec.structs.replace(query.selection, start_ms=start_ms)


class _Moved:
    """`moved` as SQL. Most events came in time or happened after the last closed period: they are not looked at further."""

    def __init__(self, closed: Sequence[Closed], bindings: Bindings) -> None:
        self._starts = bindings.wholes([period.start_ms for period in closed])
        self._ends = bindings.wholes([period.end_ms for period in closed])
        self._positions = bindings.wholes([period.position for period in closed])
        self._first_position = bindings.whole(min(period.position for period in closed))
        self._last_end = bindings.whole(closed[-1].end_ms)

    def sql(self, time: str, position: str) -> str:
        step = f"if(time >= start AND time < end AND {position} >= since, end, time)"
        fold = f"arrayFold((time, start, end, since) -> {step}, {self._starts}, {self._ends}, {self._positions}, {time})"
        return f"if({position} < {self._first_position} OR {time} >= {self._last_end}, {time}, {fold})"
