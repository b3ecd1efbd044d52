"""What came after a period was closed: late events, corrections and void marks, by their place in the journal.

A correction is listed where the event was that it corrects, also when its own time lies elsewhere.
"""

from collections.abc import Sequence
from typing import Any

from streamgauge.kernel.adjustment import Adjustment, AdjustmentKind, AdjustmentPage, AdjustmentQuery
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Bindings, Snapshot, where
from streamgauge.query.listing import EVENT_COLUMNS, stored_event
from streamgauge.store import Statement


def check_adjustments(query: AdjustmentQuery) -> None:
    """Raises Refusal RANGE_REVERSED or INVALID_PARAMETER."""
    if query.end_ms < query.start_ms:
        raise Refusal(Reason.RANGE_REVERSED, "The range ends before it starts")
    if query.limit < 1 or query.offset < 0:
        raise Refusal(Reason.INVALID_PARAMETER, "A page holds at least one event", field="limit", expected="positive integer")


def compile_adjustments(query: AdjustmentQuery, snapshot: Snapshot) -> Statement:
    """The rows of one page."""
    bindings = Bindings()
    superseded = replaces = "false"
    if snapshot.amended:
        by_then = _replacements(query, snapshot, bindings)
        superseded = f"position IN ({_places('position', 'superseded', by_then)})"
        replaces = f"position IN ({_places('by_position', 'superseded', by_then)})"
    direction = "DESC" if query.descending else "ASC"
    sql = (
        f"SELECT {EVENT_COLUMNS}, {superseded}, {replaces}\nFROM events\n{where(_found(query, snapshot, bindings))}\n"
        f"ORDER BY position {direction}\nLIMIT {bindings.whole(query.limit)} OFFSET {bindings.whole(query.offset)}"
    )
    return Statement("events.adjustments", sql, bindings.values())


def compile_adjustments_total(query: AdjustmentQuery, snapshot: Snapshot) -> Statement:
    bindings = Bindings()
    sql = f"SELECT count()\nFROM events\n{where(_found(query, snapshot, bindings))}"
    return Statement("events.adjustments_total", sql, bindings.values())


def read_adjustments(rows: Sequence[tuple[Any, ...]], total: int) -> AdjustmentPage:
    """The page from the rows of compile_adjustments."""
    return AdjustmentPage(tuple(_adjustment(row) for row in rows), total)


def _found(query: AdjustmentQuery, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    found = [f"project_id = {bindings.text(query.project_id)}", *_after_closing("position", query, snapshot, bindings)]
    within = _within(query, bindings)
    if not snapshot.amended:
        return [*found, *within]
    amended = [*_replacements(query, snapshot, bindings), *_after_closing("by_position", query, snapshot, bindings)]
    amended.append(f"position < {bindings.whole(query.position)}")
    replaced = [f"project_id = {bindings.text(query.project_id)}", *within]
    replaced.append(f"position IN ({_places('position', 'superseded', amended)})")
    amended.append(f"position IN ({_places('position', 'events', replaced)})")
    return [*found, f"({' AND '.join(within)} OR position IN ({_places('by_position', 'superseded', amended)}))"]


def _places(column: str, table: str, found: list[str]) -> str:
    return f"SELECT {column} FROM {table} {where(found)}"  # noqa: S608 - names of ours, and every value in it is a placeholder


def _within(query: AdjustmentQuery, bindings: Bindings) -> list[str]:
    return [f"timestamp >= {bindings.instant(query.start_ms)}", f"timestamp < {bindings.instant(query.end_ms)}"]


def _after_closing(column: str, query: AdjustmentQuery, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    return [f"{column} >= {bindings.whole(query.position)}", f"{column} < {bindings.whole(snapshot.loaded)}"]


def _replacements(query: AdjustmentQuery, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    return [f"project_id = {bindings.text(query.project_id)}", f"by_position < {bindings.whole(snapshot.loaded)}"]


def _adjustment(row: tuple[Any, ...]) -> Adjustment:
    event, replaces = stored_event(row), row[-1]
    if event.flags & EventFlag.VOID:
        return Adjustment(AdjustmentKind.VOID, event)
    return Adjustment(AdjustmentKind.CORRECTION if replaces else AdjustmentKind.LATE, event)
