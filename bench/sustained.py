"""Accepted and loaded over minutes, against the same rows going into the same tables by ArrowStream without us.

The senders obey Retry-After, so the server is never ahead of its store by more than its backlog. The rate is the number of
events accepted in that time divided by the time until a query sees all of them. The direct rate is taken before and after
(bench.direct_load), in a process of its own on a fresh folder with our migrations, so that it keeps the same materialized views;
the mean of the two is compared. What the server takes for it (processor time, bytes written, memory) is read from /proc.
"""

import itertools
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.figure import OURS, Bar, Comparison, Figure, Goal
from bench.machinery import Counter, Spent, Watch, streamgauge
from bench.sending import send_all
from bench.traffic import BATCH_EVENTS, batch_bodies

DIFFERENT_BODIES = 64
BACKLOG_BYTES = 128 * 2**20
STORE = "store alone"
FULL_LOAD_MIB = 1_228.8


@dataclass(frozen=True)
class Load:
    """What the server did: events accepted a second while they were sent, loaded a second until all were, and what it took."""

    accepted_per_s: float
    loaded_per_s: float
    events: int
    put_off: int
    spent: Spent
    peak_mib: float


def measure_sustained(seconds: int, direct_seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        folder = Path(name)
        before = direct_rate(folder / "before", direct_seconds)
        load = _our_load(folder / "data", seconds)
        after = direct_rate(folder / "after", direct_seconds)
    return figures_of(load, (before, after), seconds)


def figures_of(load: Load, direct: tuple[float, float], seconds: int) -> list[Figure]:
    """direct: rows per second, before and after."""
    mean = sum(direct) / len(direct)
    detail = (
        f"{load.loaded_per_s:,.0f} events/s accepted, durable and loaded ({load.accepted_per_s:,.0f} accepted while sending), "
        f"against {direct[0]:,.0f} and {direct[1]:,.0f} rows/s directly; {load.put_off} batches were told to come back later"
    )
    bars = (Bar(OURS, "", (load.loaded_per_s,)), Bar(STORE, "", direct))
    beside = f"over those {seconds} s, loading and merges included"
    return [
        Figure(
            f"accepted and loaded over {seconds} s, share of the store alone",
            load.loaded_per_s / mean,
            "",
            Goal.AT_LEAST,
            0.5,
            detail,
            tuple(load.loaded_per_s / each for each in direct),
            compared=Comparison(f"Accepted, durable and loaded over {seconds} s", "events/s", bars),
        ),
        Figure("processor time an event under full load", load.spent.cpu_s * 1e6 / load.events, "µs", Goal.NONE, 0, beside),
        Figure("bytes written an event under full load", load.spent.written_bytes / load.events, "bytes", Goal.NONE, 0, beside),
        Figure("resident memory, highest under full load", load.peak_mib, "MiB", Goal.AT_MOST, FULL_LOAD_MIB),
    ]


def direct_rate(folder: Path, seconds: int) -> float:
    """Rows per second of bench.direct_load on a fresh folder."""
    command = [sys.executable, "-m", "bench.direct_load", str(folder), str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])["rows_per_s"])


def _our_load(folder: Path, seconds: int) -> Load:
    with streamgauge(folder, {"journal_backlog_bytes": BACKLOG_BYTES}) as (server, secret):
        bodies = itertools.cycle(batch_bodies(DIFFERENT_BODIES))
        watch, before = Watch(server.pid), Spent.of(server.pid)
        started = time.monotonic()
        sent = send_all(f"{server.url}/v1/events/batch", secret, bodies, seconds)
        sending_s = time.monotonic() - started
        loaded = Counter(server, secret).loaded_after_all()
        took_s = time.monotonic() - started
        spent = Spent.of(server.pid) - before
        peak_mib = watch.stop()
    accepted = sent.taken * BATCH_EVENTS
    if loaded != accepted:
        raise RuntimeError(f"{accepted} events were accepted and {loaded} loaded")
    return Load(accepted / sending_s, loaded / took_s, loaded, sent.put_off, spent, peak_mib)
