"""A loader that outlives crashes: appended batches, loads, and deaths before a step."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.event import Batch
from streamgauge.loader import BatchLimits
from streamgauge.loader.index import Index
from streamgauge.loader.load import BatchLoader
from streamgauge.store import Store
from tests.loader.memory_journal import MemoryJournal

_DAY_MS = 86_400_000


class Crash(Exception):
    """The process dies here."""


@dataclass(frozen=True)
class Restart:
    """The loader runs until it comes to `step` for the `visit`-th time, dies, and is made again with other limits."""

    step: str
    visit: int
    max_events: int


class House:
    """A loader over an index and a store that outlive it, and a journal in memory."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.journal = MemoryJournal()
        self.store = store
        self.batches: list[tuple[int, Batch]] = []
        self._folder = folder
        self.open(BatchLimits(), lambda step: None)

    def open(self, limits: BatchLimits, before_step: Callable[[str], None]) -> None:
        self.index = Index(self._folder / "index")
        clock = ManualClock(2 * _DAY_MS)
        self.loader = BatchLoader(self.index, self.journal, self.store, clock, self._folder / "aside", limits, "0", before_step)

    def append(self, batch: Batch) -> None:
        self.batches.append((self.journal.append_batch(batch), batch))

    def load_all(self) -> None:
        while self.loader.load_once() is not None:
            pass

    def crash(self, restart: Restart) -> None:
        visits = 0

        def die(step: str) -> None:
            nonlocal visits
            visits += step == restart.step
            if visits == restart.visit:
                raise Crash(step)

        self.index.close()
        self.open(BatchLimits(max_events=restart.max_events), die)
        with contextlib.suppress(Crash):
            self.load_all()
        self.index.close()
        self.open(BatchLimits(), lambda step: None)

    def play(self, history: Sequence[Batch | Restart | None]) -> None:
        for action in history:
            if isinstance(action, Batch):
                self.append(action)
            elif isinstance(action, Restart):
                self.crash(action)
            else:
                self.load_all()
        self.load_all()
