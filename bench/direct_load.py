"""`python -m bench.direct_load FOLDER SECONDS|FILE`: rows of our table by ArrowStream, with nothing of ours but the migrations.

Blocks of 100,000 rows (the size at which the engine was fastest when tried), a token each, made beforehand, so that only
the engine is measured. A file of Arrow blocks is loaded once, as a whole. A process of its own, because the engine opens
one folder per process.
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import clickhouse_connect
import msgspec
import pyarrow as pa

from bench.traffic import EVENT_NAME, one_event
from streamgauge.store import EVENT_COLUMNS, open_store

ROWS_PER_BLOCK = 100_000
BLOCKS = 4
MIDDAY_MS = 1_773_489_600_000  # 2026-03-14T12:00:00Z
SETTINGS = {"async_insert": 0, "insert_deduplicate": 1, "input_format_parallel_parsing": 0}


def make_block(number: int) -> pa.Table:
    """Rows as the loader would write them for the same traffic."""
    chance = random.Random(number)
    rows = range(ROWS_PER_BLOCK)
    first = number * ROWS_PER_BLOCK
    columns: dict[str, list[Any]] = {
        "project_id": ["bench"] * ROWS_PER_BLOCK,
        "name": [EVENT_NAME] * ROWS_PER_BLOCK,
        "timestamp": [MIDDAY_MS + chance.randrange(43_200_000) for _ in rows],
        "position": [first + row for row in rows],
        "received_at": [MIDDAY_MS + row for row in rows],
        "event_id": [f"evt_01{number:04}{row:020}" for row in rows],
        "door": ["solinth"] * ROWS_PER_BLOCK,
        "flags": [2] * ROWS_PER_BLOCK,
        "properties": [msgspec.json.encode(one_event(chance)["properties"]) for _ in rows],
    }
    arrays = [_column(field, columns.get(field.name)) for field in EVENT_COLUMNS]
    return pa.Table.from_arrays(arrays, schema=EVENT_COLUMNS)


def _column(field: pa.Field, values: list[Any] | None) -> pa.Array:
    if values is None:
        return pa.array([""] * ROWS_PER_BLOCK).cast(field.type)
    if pa.types.is_timestamp(field.type):
        return pa.array(values, pa.int64()).cast(field.type)
    return pa.array(values, field.type)


def load_for(folder: Path, seconds: float) -> float:
    """Rows per second."""
    open_store(folder.absolute()).close()
    blocks = [make_block(number) for number in range(BLOCKS)]
    client = clickhouse_connect.get_client(dsn=f"chdb://{folder.absolute()}")
    started = time.monotonic()
    inserts = 0
    while time.monotonic() - started < seconds:
        token = {"insert_deduplication_token": f"direct-{inserts}"}
        client.insert_arrow("events", blocks[inserts % BLOCKS], settings={**SETTINGS, **token})
        inserts += 1
    took_s = time.monotonic() - started
    client.close()
    return inserts * ROWS_PER_BLOCK / took_s


def load_file(folder: Path, file: Path) -> float:
    """Rows per second, of ready blocks."""
    open_store(folder.absolute()).close()
    with pa.memory_map(str(file)) as source:
        blocks = [pa.Table.from_batches([batch]) for batch in pa.ipc.open_file(source).read_all().to_batches()]
        client = clickhouse_connect.get_client(dsn=f"chdb://{folder.absolute()}")
        started = time.monotonic()
        for number, block in enumerate(blocks):
            token = {"insert_deduplication_token": f"direct-{number}"}
            client.insert_arrow("events", block, settings={**SETTINGS, **token})
        took_s = time.monotonic() - started
        client.close()
        rows: int = sum(block.num_rows for block in blocks)
        return rows / took_s


if __name__ == "__main__":
    folder, what = Path(sys.argv[1]), sys.argv[2]
    rate = load_file(folder, Path(what)) if Path(what).is_file() else load_for(folder, float(what))
    print(json.dumps({"rows_per_s": rate}))
