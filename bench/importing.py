"""`streamgauge import` of a million rows, against the store alone that is fed the same rows.

The import is the whole command, from its start to its end, on a fresh folder without a server: reading, checking, the journal,
the loader, until everything is in the store. The store alone gets the same events as ready Arrow blocks of 100,000 rows, as in
bench.direct_load, in a process of its own on a fresh folder with our migrations; making the blocks is not timed. Both are done in
turns, and the figure is the median of the ratios of neighbours.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from bench.direct_load import MIDDAY_MS
from bench.figure import Figure, Goal
from bench.traffic import EVENT_NAME, one_event
from tests.flows.running import COMMAND

PROJECT = "bench"
CUSTOMERS = 20_000
FORMATS = ("parquet", "csv", "jsonl")


def measure_import(rows: int, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        folder = Path(name)
        _write_files(folder, rows)
        imported: dict[str, list[float]] = {format_: [] for format_ in FORMATS}
        direct: list[float] = []
        for _ in range(rounds):
            for format_ in FORMATS:
                direct.append(_direct_rate(folder, rows))
                imported[format_].append(_import_rate(folder, format_, rows))
    # Before each import the store alone was measured.
    return [_figure(format_, imported[format_], direct[place :: len(FORMATS)]) for place, format_ in enumerate(FORMATS)]


def _figure(format_: str, imported: list[float], direct: list[float]) -> Figure:
    ratios = tuple(ours / alone for ours, alone in zip(imported, direct, strict=True))
    detail = f"{median(imported):,.0f} rows/s imported and loaded, against {median(direct):,.0f} rows/s directly"
    return Figure(f"import of {format_}, share of direct inserts", median(ratios), "", Goal.AT_LEAST, 0.5, detail, ratios)


def _write_files(folder: Path, rows: int) -> None:
    """The same events in each format, with ids of their sender; for the store alone, as the loader would write them."""
    chance = random.Random(1)
    events = [one_event(chance) for _ in range(rows)]
    properties: list[dict[str, Any]] = [event["properties"] for event in events]  # type: ignore[misc] # as one_event makes it
    columns: dict[str, list[Any]] = {
        "event_name": [EVENT_NAME] * rows,
        "timestamp": [event["timestamp"] for event in events],
        "event_id": [f"call-{row}-{chance.randrange(10**9):09}" for row in range(rows)],
        "customer_id": [f"customer_{chance.randrange(CUSTOMERS)}" for _ in range(rows)],
    }
    table = pa.table({**columns, **{key: [row[key] for row in properties] for key in properties[0]}})
    pa.parquet.write_table(table, folder / "events.parquet")
    pa.csv.write_csv(table, folder / "events.csv")
    with (folder / "events.jsonl").open("wb") as file:
        for texts, own in zip(zip(*columns.values(), strict=True), properties, strict=True):
            file.write(msgspec.json.encode({**dict(zip(columns, texts, strict=True)), "properties": own}) + b"\n")
    ready = pa.table(
        {
            "project_id": [PROJECT] * rows,
            "name": columns["event_name"],
            "timestamp": pa.array([MIDDAY_MS + chance.randrange(43_200_000) for _ in range(rows)], pa.timestamp("ms", "UTC")),
            "position": pa.array(range(rows), pa.uint64()),
            "received_at": pa.array([MIDDAY_MS] * rows, pa.timestamp("ms", "UTC")),
            "event_id": columns["event_id"],
            "customer_id": columns["customer_id"],
            "door": ["flexprice"] * rows,
            "flags": pa.array([3] * rows, pa.uint8()),
            "properties": pa.array([msgspec.json.encode(own) for own in properties], pa.binary()),
        }
    )
    with pa.OSFile(str(folder / "ready.arrow"), "wb") as sink, pa.ipc.new_file(sink, ready.schema) as writer:
        writer.write_table(ready, max_chunksize=100_000)


def _direct_rate(folder: Path, rows: int) -> float:
    """Rows per second of the store alone."""
    data = folder / "direct"
    command = [sys.executable, "-m", "bench.direct_load", str(data), str(folder / "ready.arrow")]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    shutil.rmtree(data)
    return float(json.loads(done.stdout.splitlines()[-1])["rows_per_s"])


def _import_rate(folder: Path, format_: str, rows: int) -> float:
    """Rows per second of the command as a whole."""
    data = folder / "data"
    on_folder = ["--data-dir", str(data)]
    subprocess.run([*COMMAND, "projects", "create", PROJECT, *on_folder], check=True, stdout=subprocess.DEVNULL)
    started = time.monotonic()
    command = [*COMMAND, "import", str(folder / f"events.{format_}"), "--project", PROJECT, *on_folder]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    took_s = time.monotonic() - started
    if f"{rows:,} events taken" not in done.stdout:
        raise RuntimeError(f"the import said: {done.stdout}")
    shutil.rmtree(data)
    return rows / took_s
