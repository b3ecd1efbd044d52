"""Runs as a process of its own: loads a journal that is already there and dies, as by kill -9, before one step.

python crashing_loader.py FOLDER STEP VISIT
"""

import os
import sys
from pathlib import Path

from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.loader import BatchLimits, Loader, open_loader
from streamgauge.store import Store, open_store
from tests.loader.memory_journal import MemoryJournal

DIED = 9
_FLAGS = int(EventFlag.ID_FROM_CLIENT)


def make_journal() -> tuple[MemoryJournal, list[tuple[int, Batch]]]:
    """The same journal in every process: 12 records with duplicates and amendments, over three years."""
    journal, batches = MemoryJournal(), []
    for number in range(12):
        events = [
            Event(f"id{place}", "n", place * 400 * 86_400_000, flags=_FLAGS, properties=b'{"v":%d}' % ((number + place) // 3))
            for place in range(3)
        ]
        batch = Batch("p", Door.SOLINTH, number * 3_600_000, events)
        batches.append((journal.append_batch(batch), batch))
    return journal, batches


def open_all(folder: Path, step: str = "", visit: int = 0) -> tuple[Store, Loader]:
    visits = 0

    def die(name: str) -> None:
        nonlocal visits
        visits += name == step
        if visits == visit and name == step:
            os._exit(DIED)

    store = open_store(folder / "store")
    journal, _ = make_journal()
    return store, open_loader(folder / "index", journal, store, SystemClock(), limits=BatchLimits(max_events=7), before_step=die)


def main() -> None:
    folder, step, visit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    store, loader = open_all(folder, step, visit)
    loader.start()
    loader.stop(drain=True, timeout_s=60)
    store.close()


if __name__ == "__main__":
    main()
