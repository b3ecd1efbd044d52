"""Memory that the owner and its workers share: the generation of the directory, and a block of counts for each worker.

The owner writes the generation, each worker its own block; all may read all. A block outlives its worker, so counts go on where
they stood when another takes its place.
"""

import mmap
import os

from streamgauge.web.counts import CELLS, COUNTS_BYTES, Counts

_GENERATION_BYTES = 8


class Board:
    """workers: how many there are. descriptor: of a memory file, which a worker is handed; a new one when None."""

    def __init__(self, workers: int, descriptor: int | None = None) -> None:
        size = _GENERATION_BYTES + workers * COUNTS_BYTES
        if descriptor is None:
            descriptor = os.memfd_create("streamgauge-board")
            os.ftruncate(descriptor, size)
        self.descriptor = descriptor
        self._cells = memoryview(mmap.mmap(descriptor, size)).cast("Q")

    @property
    def generation(self) -> int:
        """Of the newest directory that the owner has in use."""
        return self._cells[0]

    @generation.setter
    def generation(self, value: int) -> None:
        self._cells[0] = value

    def counts_of(self, worker: int) -> Counts:
        """worker: its number, from 0."""
        first = 1 + worker * CELLS
        return Counts(self._cells[first : first + CELLS])
