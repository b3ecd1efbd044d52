"""How fast the loader carries a journal into the store, against the same Arrow tables put straight into the same table.

    python -m bench.loader [--events 600000] [--rounds 3] [--client-ids]

Both sides run interleaved, in one process, each round on a new folder. The journal is in memory: this is not about its disk.
Prints rows/s of both, their ratio, and the loader thread's own CPU time per event outside the store's inserts.
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag, encode_batch
from streamgauge.kernel.identifiers import IdMint
from streamgauge.loader.batching import BatchLimits
from streamgauge.loader.index import Index
from streamgauge.loader.load import BatchLoader
from streamgauge.store import Store, open_store
from tests.loader.memory_journal import MemoryJournal

_EVENTS_PER_RECORD = 1_000
_START_MS = 1_760_000_000_000


def _properties(draw: random.Random) -> bytes:
    return json.dumps(
        {
            "amount": draw.randrange(10**6) / 100,
            "currency": draw.choice(["USD", "EUR", "JPY"]),
            "country": draw.choice(["DE", "FR", "US", "IN", "BR"]),
            "plan": draw.choice(["free", "pro", "enterprise"]),
            "tokens": draw.randrange(5_000),
            "latency_ms": draw.randrange(10**6) / 1000,
            "path": f"/page/{draw.randrange(500)}",
            "ok": draw.random() < 0.9,
        }
    ).encode()


def make_journal(events: int, flags: int) -> MemoryJournal:
    """Records of 1,000 events of one project with 8 properties, over 30 days."""
    draw, mint, journal = random.Random(7), IdMint(SystemClock()), MemoryJournal()
    for first in range(0, events, _EVENTS_PER_RECORD):
        batch = [
            Event(
                f"client-{first + place}-{draw.randrange(10**9)}" if flags else mint.mint("evt"),
                f"event_{draw.randrange(12)}",
                _START_MS + draw.randrange(30 * 86_400_000),
                customer_id=f"customer_{draw.randrange(5_000)}",
                flags=flags,
                properties=_properties(draw),
            )
            for place in range(_EVENTS_PER_RECORD)
        ]
        journal.append(encode_batch(Batch("project_1", Door.SOLINTH, _START_MS + first, batch)))
    return journal


def _nothing(step: str) -> None:
    """No crash is wanted here."""


class _Recorder:
    """A store that keeps what is inserted, and how long that took."""

    def __init__(self, store: Store) -> None:
        self.tables: list[tuple[str, pa.Table]] = []
        self.wall_s = self.cpu_s = 0.0
        self.select = store.select
        self._store = store

    def insert(self, table: str, rows: pa.Table, token: str) -> None:
        self.tables.append((table, rows))
        wall, cpu = time.perf_counter(), time.thread_time()
        self._store.insert(table, rows, token)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.thread_time() - cpu


def _load(folder: Path, journal: MemoryJournal) -> tuple[float, float, list[tuple[str, pa.Table]]]:
    """Wall seconds of loading all, own CPU seconds of the thread, and the tables that went in."""
    store = open_store(folder / "store")
    index = Index(folder / "index")
    recorder = _Recorder(store)
    loader = BatchLoader(
        index,
        journal,
        recorder,  # type: ignore[arg-type] # stands in for a Store
        SystemClock(),
        folder / "aside",
        BatchLimits(),
        "0",
        _nothing,
    )
    wall, cpu = time.perf_counter(), time.thread_time()
    while loader.load_once() is not None:
        pass
    wall_s, own_s = time.perf_counter() - wall, time.thread_time() - cpu - recorder.cpu_s
    index.close()
    store.close()
    return wall_s, own_s, recorder.tables


def _insert(folder: Path, tables: list[tuple[str, pa.Table]]) -> float:
    store = open_store(folder / "store")
    wall = time.perf_counter()
    for number, (table, rows) in enumerate(tables):
        store.insert(table, rows, f"token-{number}")
    wall_s = time.perf_counter() - wall
    store.close()
    return wall_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--client-ids", action="store_true", help="events carry ids of their senders, which are looked up")
    arguments = parser.parse_args()
    journal = make_journal(arguments.events, int(EventFlag.ID_FROM_CLIENT) if arguments.client_ids else 0)
    events = arguments.events
    for number in range(arguments.rounds):
        folder = Path(tempfile.mkdtemp(prefix="bench-loader-"))
        loaded_s, own_s, tables = _load(folder / "loaded", journal)
        inserted_s = _insert(folder / "inserted", tables)
        shutil.rmtree(folder)
        print(
            f"round {number + 1}: loaded {events / loaded_s:,.0f} rows/s, inserted {events / inserted_s:,.0f} rows/s,"
            f" ratio {inserted_s / loaded_s:.2f}, own CPU {own_s / events * 1e6:.2f} us/event"
        )


if __name__ == "__main__":
    main()
