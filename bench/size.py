"""Bytes that the store takes for an event, all tables, after merges: of a copy of the folder of bench.year, merged to the end."""

import json
import shutil
import tempfile
from pathlib import Path

from bench.figure import Figure, Goal
from bench.year import run_alone, year_folder


def measure_size(events: int, kept: Path) -> list[Figure]:
    folder = year_folder(kept, events)
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-", dir=kept) as name:
        # Links as links: the engine makes its own when they are missing and refuses folders in their places.
        copy = Path(shutil.copytree(folder, Path(name) / "data", symlinks=True))
        return [figure_of(json.loads(run_alone("merge", str(copy))), events)]


def figure_of(bytes_by_table: dict[str, int], events: int) -> Figure:
    each = {table: taken / events for table, taken in sorted(bytes_by_table.items(), key=lambda pair: -pair[1])}
    tables = ", ".join(f"{table} {share:.1f}" for table, share in each.items() if share >= 0.1)
    return Figure("bytes of an event in the store, after merges", sum(each.values()), "bytes", Goal.AT_MOST, 60, f"of {tables}")
