"""In which slots the events happened that a load replaces: what the roll-up holds of these slots is no longer the whole truth.

The index remembers the slot of each id. Of ids that an older version wrote down it does not, so the store is asked, among the
rows below the load's start: the answer is the same when a load is repeated after a crash.
"""

from collections.abc import Sequence
from typing import NamedTuple

from streamgauge.loader.dedup import Superseded
from streamgauge.store import SLOT_MS, Statement, StatementLimits, Store

_LIMITS = StatementLimits(timeout_s=60.0, max_memory_bytes=500_000_000, max_rows=1_000_000)
_SQL = """
SELECT position, toUnixTimestamp64Milli(timestamp) FROM events
WHERE project_id = {project_id:String} AND position IN {positions:Array(UInt64)} AND position < {below:UInt64}
"""


class AmendedSlot(NamedTuple):
    """From `by_position` on, an event of the slot is replaced."""

    project_id: str
    slot: int
    by_position: int


def amended_slots(store: Store, superseded: Sequence[Superseded], below: int) -> list[AmendedSlot]:
    """superseded: of one load, in order; below: where it begins. Raises StoreError or Refusal when the store cannot answer."""
    unknown: dict[str, list[int]] = {}
    for row in superseded:
        if row.slot is None:
            unknown.setdefault(row.project_id, []).append(row.position)
    stored = {
        (project_id, position): at_ms // SLOT_MS
        for project_id in unknown
        for position, at_ms in _times(store, project_id, unknown[project_id], below)
    }
    slots = [stored.get((row.project_id, row.position)) if row.slot is None else row.slot for row in superseded]
    return [
        AmendedSlot(row.project_id, slot, row.by_position)
        for row, slot in zip(superseded, slots, strict=True)
        if slot is not None
    ]


def _times(store: Store, project_id: str, positions: list[int], below: int) -> list[tuple[int, int]]:
    parameters = {"project_id": project_id, "positions": positions, "below": below}
    return [(position, at_ms) for position, at_ms in store.select(Statement("loader.amended_slots", _SQL, parameters), _LIMITS)]
