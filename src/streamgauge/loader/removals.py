"""Visits that lose events: an event of a website was taken back or corrected, so its visit is made again of what is left.

Rare, so it is asked of the store: the events of the visit that are in force below the load's start, without those that the
load takes away. The bound keeps the answer the same when a load is repeated after a crash.
"""

from collections.abc import Sequence

from streamgauge.kernel.website import PAGE_VIEW, WebContext
from streamgauge.loader.dedup import Superseded
from streamgauge.loader.visits import Hit, Removal, Visit, VisitMemory, VisitorSpan
from streamgauge.store import Statement, StatementLimits, Store

_LIMITS = StatementLimits(timeout_s=60.0, max_memory_bytes=500_000_000, max_rows=1_000_000)
_LOST_SQL = """
SELECT DISTINCT visitor, toUnixTimestamp64Milli(timestamp)
FROM events
WHERE project_id = {project_id:String} AND position IN {positions:Array(UInt64)} AND position < {below:UInt64} AND visit != 0
ORDER BY ALL
"""
_CONTEXT = ", ".join(WebContext.__struct_fields__)
_REST_SQL = f"""
SELECT toUnixTimestamp64Milli(timestamp), position, name, {_CONTEXT}
FROM events
WHERE project_id = {{project_id:String}} AND website_id = {{website_id:String}} AND visitor = {{visitor:UInt32}}
    AND timestamp >= fromUnixTimestamp64Milli({{start_ms:Int64}}, 'UTC')
    AND timestamp <= fromUnixTimestamp64Milli({{end_ms:Int64}}, 'UTC')
    AND visit != 0 AND position < {{below:UInt64}} AND position NOT IN {{positions:Array(UInt64)}}
    AND position NOT IN (
        SELECT position FROM superseded WHERE project_id = {{project_id:String}} AND by_position < {{below:UInt64}}
    )
ORDER BY timestamp, position
"""  # noqa: S608 - the names of our own columns


def removals(store: Store, memory: VisitMemory, superseded: Sequence[Superseded], below: int) -> list[Removal]:
    """superseded: of one load; below: where it begins. Raises StoreError or Refusal when the store cannot answer."""
    if not memory.any():
        return []  # Without visits nothing can leave one, and metering alone never pays for this question.
    by_project: dict[str, list[int]] = {}
    for row in superseded:
        by_project.setdefault(row.project_id, []).append(row.position)
    found: list[Removal] = []
    for project_id, positions in by_project.items():
        parameters = {"project_id": project_id, "positions": positions, "below": below}
        touched: dict[int, Visit] = {}
        for visitor, at_ms in store.select(Statement("loader.lost_events", _LOST_SQL, parameters), _LIMITS):
            near = memory.near([VisitorSpan(visitor, at_ms, at_ms)]).get(visitor, [])
            touched |= {visit.visit: visit for visit in near if visit.started_ms <= at_ms <= visit.ended_ms}
        found += [Removal(one.visitor, one.visit, one.started_ms, _rest(store, one, parameters)) for one in touched.values()]
    return found


def _rest(store: Store, visit: Visit, parameters: dict[str, object]) -> list[Hit]:
    own = {
        "website_id": visit.website_id,
        "visitor": visit.visitor,
        "start_ms": visit.started_ms,
        "end_ms": visit.ended_ms,
    }
    rows = store.select(Statement("loader.rest_of_visit", _REST_SQL, parameters | own), _LIMITS)
    return [Hit(at_ms, position, name == PAGE_VIEW, WebContext(*context), None) for at_ms, position, name, *context in rows]
