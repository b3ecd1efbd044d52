"""Resident memory: idle, and at its highest while far more is sent than can be loaded.

For the second the loader is slowed (small inserts) and the backlog kept small, so that the generator, which does not obey
Retry-After, offers many times what is loaded and nearly every batch is answered 503.
"""

import tempfile
import time
from pathlib import Path

from bench.figure import Figure, Goal
from bench.machinery import Counter, Watch, resident_mib, streamgauge
from bench.traffic import BATCH_EVENTS, batch_bodies, write_bodies
from bench.wrk import WrkRun, run_wrk

CONNECTIONS = 64
SLOW_LOADER = {"load_batch_events": 500, "journal_backlog_bytes": 64 * 2**20}
IDLE_AFTER_S = 5.0
BOUND_MIB = 1_024.0  # stated in docs/performance.md: the embedded store alone may take store_memory_bytes, 1 GiB by default


def measure_memory(seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        folder = Path(name)
        with streamgauge(folder / "idle") as (server, secret):
            Counter(server, secret).loaded_after_all()
            time.sleep(IDLE_AFTER_S)
            idle = resident_mib(server.pid)
        bodies = write_bodies(folder, batch_bodies(4))
        with streamgauge(folder / "flooded", SLOW_LOADER) as (server, secret):
            watch = Watch(server.pid)
            started = time.monotonic()
            run = run_wrk(f"{server.url}/v1/events/batch", secret, bodies, connections=CONNECTIONS, seconds=seconds)
            loaded = Counter(server, secret).loaded_after_all()
            loaded_per_s = loaded / (time.monotonic() - started)
            peak = watch.stop()
    return [
        Figure("resident memory, idle after one query", idle, "MiB", Goal.AT_MOST, 350),
        Figure("resident memory, highest under a flood", peak, "MiB", Goal.AT_MOST, BOUND_MIB, _flood(run, loaded_per_s)),
    ]


def _flood(run: WrkRun, loaded_per_s: float) -> str:
    offered_per_s = run.answered / (run.duration_us / 1e6) * BATCH_EVENTS
    return (
        f"{offered_per_s:,.0f} events/s offered, {loaded_per_s:,.0f} loaded ({offered_per_s / loaded_per_s:.0f} times); "
        f"{run.refused:,} of {run.answered:,} batches of {CONNECTIONS} connections answered 503, {run.broken} broken"
    )
