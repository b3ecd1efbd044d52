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

from streamgauge.kernel.query import Aggregation, Closed, MetricQuery
from streamgauge.query.clauses import IS_NO_VOID_MARK, Bindings, Snapshot, known, of_selection, replaced_by_then, where

_TAKEN_BACK = frozenset({Aggregation.COUNT, Aggregation.SUM})
_EVENT_MS = "toUnixTimestamp64Milli(timestamp)"


class Closing(msgspec.Struct, frozen=True):
    """columns: among them `at`, the time in milliseconds, and `sign`. source: FROM and WHERE of the statement."""

    columns: tuple[str, ...]
    source: str


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


def closing_of(query: MetricQuery, snapshot: Snapshot, bindings: Bindings) -> Closing | None:
    """None when the query has no closed periods. It has the relevant ones only, in order."""
    if not query.closed:
        return None
    closed, selection = query.closed, query.selection
    moved = _Moved(closed, bindings)
    range_start, range_end = bindings.whole(selection.start_ms), bindings.whole(selection.end_ms)
    found = of_selection(msgspec.structs.replace(selection, start_ms=min(selection.start_ms, closed[0].start_ms)), bindings)
    found += known(selection, snapshot, bindings)
    before = [period.position for period in closed if period.start_ms < selection.start_ms]
    late = f"timestamp >= {bindings.instant(selection.start_ms)}"
    if before:
        # Of what happened before the range, only what came after a closing can count in it.
        late += f" OR position >= {bindings.whole(min(before))}"
    if not snapshot.amended:
        found += [f"({late})", f"at >= {range_start}", f"at < {range_end}"]
        return Closing((f"{moved.sql(_EVENT_MS, 'position')} AS at", "toInt8(1) AS sign"), f"FROM events\n{where(found)}")
    if before:
        late += f" OR by_position >= {bindings.whole(min(before))}"
    back = "-1" if query.aggregation in _TAKEN_BACK else "0"
    held = f"place -> place.2 != 0 AND place.1 >= {range_start} AND place.1 < {range_end}"
    columns = (
        f"{moved.sql(_EVENT_MS, 'position')} AS counted_at",
        f"{moved.sql('counted_at', 'by_position')} AS kept_until",
        "kept_until > counted_at AS kept",
        f"[(counted_at, toInt8(by_position = 0 OR kept)), (kept_until, toInt8(if(kept, {back}, 0)))] AS places",
        f"arrayJoin(arrayFilter({held}, places)) AS placed",
        "placed.1 AS at",
        "placed.2 AS sign",
    )
    replaced = where(replaced_by_then(selection.project_id, selection.as_of, snapshot, bindings))
    source = (
        f"FROM events\nLEFT ANY JOIN (SELECT position, by_position FROM superseded {replaced}) AS replaced USING position\n"  # noqa: S608
        f"{where([*found, f'({late})', IS_NO_VOID_MARK])}"
    )
    return Closing(columns, source)


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
