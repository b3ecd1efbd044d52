"""How many appends a second the journal makes durable, against a bare loop of write and fdatasync on the same disk; and how
long opening and reading a full segment of short records take.

    python bench/journal.py [--folder DIR] [--seconds 3] [--rounds 3]

The cases of one round run one after the other, and rounds are interleaved, so compare within one run only. Shown is the median.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import uvloop
from rich.console import Console
from rich.progress import track
from rich.table import Table

from streamgauge.journal import DiskFolder, JournalSettings, open_journal, open_log
from streamgauge.journal.format import FRAME_HEADER_BYTES
from streamgauge.journal.log import DEFAULT_SEGMENT_BYTES

TASKS = 64


class Outcome(NamedTuple):
    """Per second, µs of CPU of the whole process per append, and the 99th percentile of the wait in ms."""

    appends_per_s: float
    cpu_us: float
    p99_ms: float


def bare_loop(folder: Path, size: int, seconds: float) -> Outcome:
    """One writer, one fdatasync for each record: what a server without group commit does."""
    payload, waits = b"x" * size, []
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT)
    began, cpu = time.perf_counter(), time.process_time()
    while (before := time.perf_counter()) - began < seconds:
        os.write(descriptor, payload)
        os.fdatasync(descriptor)
        waits.append(time.perf_counter() - before)
    outcome = outcome_of(waits, time.perf_counter() - began, time.process_time() - cpu)
    os.close(descriptor)
    return outcome


def journal(linger_s: float) -> Callable[[Path, int, float], Outcome]:
    """64 tasks, each waiting for its append before the next; what is durable is released at once."""

    def run(folder: Path, size: int, seconds: float) -> Outcome:
        return uvloop.run(append_from_tasks(folder, size, seconds, linger_s))

    return run


async def append_from_tasks(folder: Path, size: int, seconds: float, linger_s: float) -> Outcome:
    opened = open_journal(DiskFolder(folder), JournalSettings(linger_s=linger_s))
    payload, waits = b"x" * size, []
    began, cpu = time.perf_counter(), time.process_time()

    async def append_in_turn() -> None:
        while (before := time.perf_counter()) - began < seconds:
            opened.release(await opened.append(payload))
            waits.append(time.perf_counter() - before)

    await asyncio.gather(*[append_in_turn() for _ in range(TASKS)])
    outcome = outcome_of(waits, time.perf_counter() - began, time.process_time() - cpu)
    await opened.close()
    return outcome


def outcome_of(waits: list[float], wall_s: float, cpu_s: float) -> Outcome:
    return Outcome(len(waits) / wall_s, cpu_s / len(waits) * 1e6, sorted(waits)[int(len(waits) * 0.99)] * 1e3)


class Reading(NamedTuple):
    """Of one segment of the default size: seconds to open it, µs of CPU per record to open and to read it."""

    open_s: float
    open_cpu_us: float
    read_cpu_us: float


def reading(folder: Path, size: int) -> Reading:
    """Opened as after a kill, so that the file is synced, its cached pages are dropped and all of it is scanned."""
    payload, count = b"x" * size, DEFAULT_SEGMENT_BYTES // (size + FRAME_HEADER_BYTES) - 1
    log = open_log(DiskFolder(folder))
    for first in range(0, count, 1000):
        log.append([payload] * min(1000, count - first))
    log.close()
    began, cpu = time.perf_counter(), time.process_time()
    log = open_log(DiskFolder(folder))
    opened, open_cpu = time.perf_counter() - began, time.process_time() - cpu
    position, found, cpu = log.start, 0, time.process_time()
    while records := log.read(position, 1024 * 1024):
        position, found = records[-1].next_position, found + len(records)
    read_cpu = time.process_time() - cpu
    log.close()
    return Reading(opened, open_cpu / found * 1e6, read_cpu / found * 1e6)


CASES = [
    (f"{kind}, {name}", size, run)
    for name, size in (("200 B", 200), ("200 KB", 200_000))
    for kind, run in (
        ("bare write + fdatasync", bare_loop),
        (f"journal, {TASKS} tasks", journal(0)),
        (f"journal, {TASKS} tasks, linger 1 ms", journal(0.001)),
    )
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, default=None, help="a folder on the disk to measure (default: the temporary folder)"
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    readings: list[Reading] = []
    outcomes: dict[str, list[Outcome]] = {name: [] for name, _, _ in CASES}
    console = Console()
    for _ in track(range(arguments.rounds), "rounds", console=console):
        for name, size, run in CASES:
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                outcomes[name].append(run(Path(folder), size, arguments.seconds))
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            readings.append(reading(Path(folder), 200))
    table = Table("case", "appends/s", "CPU µs per append", "p99 wait ms", title="durable appends")
    for name, _, _ in CASES:
        medians = [statistics.median(column) for column in zip(*outcomes[name], strict=True)]
        table.add_row(name, f"{medians[0]:,.0f}", f"{medians[1]:,.1f}", f"{medians[2]:,.2f}")
    console.print(table)
    open_s, open_cpu_us, read_cpu_us = (statistics.median(column) for column in zip(*readings, strict=True))
    console.print(f"a segment of 32 MiB with records of 200 B: opened in {open_s:.3f} s, {open_cpu_us:.2f} µs of CPU per record")
    console.print(f"reading it back: {read_cpu_us:.2f} µs of CPU per record")


if __name__ == "__main__":
    main()
