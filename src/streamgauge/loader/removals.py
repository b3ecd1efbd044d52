"""Visits that lose events: an event of a website was taken back or corrected, so its visit is made again of what is left.

Rare, so it is asked of the store, which makes the visit anew of its events that are in force below the load's start, without
those that the load takes away: one row, however many events the visit has. The bound keeps the answer the same when a load is
repeated after a crash.
"""

from collections.abc import Sequence

import msgspec

from streamgauge.kernel.website import PAGE_VIEW, WebContext
from streamgauge.loader.dedup import Superseded
from streamgauge.loader.visits import PageSeen, Removal, Visit, VisitMemory, VisitorSpan
from streamgauge.store import Statement, StatementLimits, Store

_LIMITS = StatementLimits(timeout_s=60.0, max_memory_bytes=500_000_000, max_rows=1_000_000)
_LOST_SQL = """
SELECT DISTINCT visitor, toUnixTimestamp64Milli(timestamp)
FROM events
WHERE project_id = {project_id:String} AND position IN {positions:Array(UInt64)} AND position < {below:UInt64} AND visit != 0
ORDER BY ALL
"""
_CONTEXT = ", ".join(WebContext.__struct_fields__)
_LEFT_SQL = f"""
SELECT count(), countIf(name = {{page_view:String}}), min((at_ms, position)), max(at_ms),
    minIf((at_ms, position, path), name = {{page_view:String}}), maxIf((at_ms, position, path), name = {{page_view:String}}),
    argMin(({_CONTEXT}), (at_ms, position))
FROM (SELECT toUnixTimestamp64Milli(timestamp) AS at_ms, * FROM events)
WHERE project_id = {{project_id:String}} AND website_id = {{website_id:String}} AND visitor = {{visitor:UInt32}}
    AND timestamp >= fromUnixTimestamp64Milli({{start_ms:Int64}}, 'UTC')
    AND timestamp <= fromUnixTimestamp64Milli({{end_ms:Int64}}, 'UTC')
    AND visit != 0 AND position < {{below:UInt64}} AND position NOT IN {{positions:Array(UInt64)}}
    AND position NOT IN (
        SELECT position FROM superseded WHERE project_id = {{project_id:String}} AND by_position < {{below:UInt64}}
    )
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
        found += [Removal(visit, _left(store, visit, parameters)) for visit in touched.values()]
    return found


def _left(store: Store, visit: Visit, parameters: dict[str, object]) -> Visit | None:
    own = {
        "website_id": visit.website_id,
        "visitor": visit.visitor,
        "start_ms": visit.started_ms,
        "end_ms": visit.ended_ms,
        "page_view": PAGE_VIEW,
    }
    ((events, page_views, first, ended_ms, entry, last, context),) = store.select(
        Statement("loader.rest_of_visit", _LEFT_SQL, parameters | own), _LIMITS
    )
    if not events:
        return None
    started_ms, first_position = first
    return msgspec.structs.replace(
        visit,
        started_ms=started_ms,
        first_position=first_position,
        ended_ms=ended_ms,
        page_views=page_views,
        events=events,
        entry=PageSeen(*entry) if page_views else None,
        exit=PageSeen(*last) if page_views else None,
        web=WebContext(*context),
    )
