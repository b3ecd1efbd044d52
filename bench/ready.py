"""Time from starting the process to the first good answer of /readyz, on the folder of bench.year.

It is measured after a clean stop and after kill -9.
"""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import httpx

from bench.figure import Figure, Goal
from bench.machinery import middle
from bench.year import year_folder
from tests.flows.running import free_port

DEADLINE_S = 120.0


def measure_ready(rounds: int, events: int, goal_s: float, kept: Path) -> list[Figure]:
    folder = year_folder(kept, events)
    after_stop = [_time_start(folder, kill=False) for _ in range(rounds)]
    _time_start(folder, kill=True)
    after_kill = [_time_start(folder, kill=True) for _ in range(rounds)]
    detail = f"median of {rounds} starts after a clean stop; {middle(after_kill):.2f} s after kill -9"
    what = f"ready on a folder with {events:,} events"
    return [Figure(what, middle(after_stop), "s", Goal.AT_MOST, goal_s, detail, tuple(after_stop))]


def _time_start(folder: Path, *, kill: bool) -> float:
    """Seconds to readiness; the server is stopped again, hard or softly."""
    port = free_port()
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamgauge", "serve", "--data-dir", str(folder), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        took_s = _wait_ready(f"http://127.0.0.1:{port}/readyz", started)
    finally:
        if kill:
            process.kill()
        else:
            process.terminate()
        process.wait(60)
    return took_s


def _wait_ready(url: str, started: float) -> float:
    with httpx.Client(timeout=5) as client:
        while time.monotonic() - started < DEADLINE_S:
            with contextlib.suppress(httpx.TransportError):
                if client.get(url).status_code == 200:
                    return time.monotonic() - started
            time.sleep(0.005)
    raise RuntimeError(f"not ready within {DEADLINE_S} s")
