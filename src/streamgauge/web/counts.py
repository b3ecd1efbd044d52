"""Counts of the hot path: one cell each in a flat block of memory, so that a block may be shared between processes.

One process writes a block and others may read it at any time: a cell is 8 aligned bytes, which are written at once.
"""

from collections.abc import Iterator

from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason

# Requests that were refused before a door was known, or at a path of no door.
NO_DOOR = "none"

_DOORS = {door: cell for cell, door in enumerate(Door)}
_REFUSED = {
    (door, reason): cell
    for cell, (door, reason) in enumerate(((door, reason) for door in (*Door, NO_DOOR) for reason in Reason), len(_DOORS))
}
_FIRST_STATUS = 100
_REQUESTS = len(_DOORS) + len(_REFUSED) - _FIRST_STATUS
CELLS = _REQUESTS + 600
COUNTS_BYTES = 8 * CELLS


class Counts:
    """What the web floor counts for each request. cells: CELLS of them, of 8 bytes; None for memory of its own."""

    def __init__(self, cells: memoryview | None = None) -> None:
        self._cells = memoryview(bytearray(COUNTS_BYTES)).cast("Q") if cells is None else cells

    def accepted(self, door: Door, events: int) -> None:
        """Events that the journal has on disk."""
        self._cells[_DOORS[door]] += events

    def refused(self, door: Door | None, reason: Reason) -> None:
        """One request, or one event of a batch, refused by name. door None: none was known."""
        self._cells[_REFUSED[door or NO_DOOR, reason]] += 1

    def answered(self, status: int) -> None:
        """One HTTP answer."""
        self._cells[_REQUESTS + status] += 1

    def add(self, other: "Counts") -> None:
        """Add what another block counted."""
        cells = self._cells
        for cell, count in enumerate(other._cells):
            if count:
                cells[cell] += count

    def by_door(self) -> Iterator[tuple[str, int]]:
        """Events accepted, of every door."""
        return ((door.value, self._cells[cell]) for door, cell in _DOORS.items())

    def by_reason(self) -> Iterator[tuple[str, str, int]]:
        """What was refused, of every door and by every name."""
        return ((str(door), reason.value, self._cells[cell]) for (door, reason), cell in _REFUSED.items())

    def by_status(self) -> Iterator[tuple[int, int]]:
        """Requests answered, of the statuses that were."""
        statuses = enumerate(self._cells[_REQUESTS + _FIRST_STATUS :], _FIRST_STATUS)
        return ((status, count) for status, count in statuses if count)
