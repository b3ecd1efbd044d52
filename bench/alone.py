"""What is done with the rows of a folder while no server has it, each in a process of its own: `python -m bench.alone WHAT ...`.

    settle FOLDER             lets the engine end its merges
    merge FOLDER              every table into one part for each of its partitions; prints the bytes on disk, by table
    store FOLDER REPEATS      times bench.questions as hand-written SQL on the raw table of the same engine
    export FOLDER FILE        the rows as Parquet with a column for each property, by the day
    duckdb FILE REPEATS       times bench.questions as SQL of DuckDB over that file

Prints one line of JSON. Each question is asked once more than it is timed.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import clickhouse_connect
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from clickhouse_connect.driver.client import Client

from bench.questions import LONGEST_TURN_S, PROJECT, QUESTIONS, cells_of_rows
from bench.year import DAYS, FIRST_DAY
from streamgauge.store import Statement, StatementLimits, open_store

Ask = Callable[[str], Sequence[Sequence[Any]]]

_NO_LIMITS = StatementLimits(timeout_s=600, max_memory_bytes=8 * 2**30, max_rows=10_000_000)
_QUIET_S = 3.0
_COLUMNS = ", ".join(
    (
        "toString(project_id) AS project_id, toString(name) AS name, toDateTime64(timestamp, 3) AS timestamp",
        *(f"strings['{name}'] AS {name}" for name in ("route", "country", "plan", "user")),
        *(f"toDecimal64(numbers['{name}'], 9) AS {name}" for name in ("status", "ms", "bytes", "cost")),
    )
)


def _client(folder: Path) -> Client:
    return clickhouse_connect.get_client(dsn=f"chdb://{folder.absolute() / 'store'}")


def settle(folder: Path) -> dict[str, float]:
    """Waits until the engine finds nothing more to merge by itself: what it still had to do would disturb what is measured."""
    client, started, quiet_since = _client(folder), time.monotonic(), time.monotonic()
    while time.monotonic() < quiet_since + _QUIET_S:
        if client.query("SELECT count() FROM system.merges").result_rows[0][0]:
            quiet_since = time.monotonic()
        time.sleep(0.1)
    client.close()
    return {"seconds": time.monotonic() - started}


def merge(folder: Path) -> dict[str, int]:
    """Bytes by table. Parts that a merge has replaced, and that are not deleted yet, do not count."""
    client = _client(folder)
    of_tables = "WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    for (table,) in client.query(f"SELECT name FROM system.tables {of_tables}").result_rows:
        client.command(f"OPTIMIZE TABLE `{table}` FINAL")
    of_parts = "WHERE active AND database = currentDatabase() GROUP BY table"
    rows = client.query(f"SELECT table, sum(bytes_on_disk) FROM system.parts {of_parts}").result_rows
    client.close()
    return {table: int(taken) for table, taken in rows}


def store(folder: Path, repeats: int) -> dict[str, Any]:
    opened = open_store(folder.absolute() / "store")
    try:

        def ask(sql: str) -> Sequence[Sequence[Any]]:
            return opened.select(Statement("bench.alone", sql), _NO_LIMITS)

        return _all_timed(ask, [question.store_sql for question in QUESTIONS], repeats)
    finally:
        opened.close()


def over_duckdb(file: Path, repeats: int) -> dict[str, Any]:
    with duckdb.connect() as database:
        database.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{file}')")

        def ask(sql: str) -> Sequence[Sequence[Any]]:
            return database.execute(sql).fetchall()

        return _all_timed(ask, [question.duckdb_sql for question in QUESTIONS], repeats)


def _all_timed(ask: Ask, statements: Sequence[str], repeats: int) -> dict[str, Any]:
    """By question."""
    project = str(ask("SELECT project_id FROM events LIMIT 1")[0][0])
    named = [sql.replace(PROJECT, project) for sql in statements]
    return {question.name: _timed(ask, sql, repeats) for question, sql in zip(QUESTIONS, named, strict=True)}


def _timed(ask: Ask, sql: str, repeats: int) -> dict[str, Any]:
    times_ms, rows = [], ask(sql)
    for _ in range(repeats):
        started = time.monotonic()
        rows = ask(sql)
        times_ms.append((time.monotonic() - started) * 1000)
        if sum(times_ms) > LONGEST_TURN_S * 1000:
            break
    return {"ms": times_ms, "cells": cells_of_rows(rows)}


def export(folder: Path, file: Path) -> dict[str, int]:
    """The number of rows."""
    client, rows = _client(folder), 0
    writer: pq.ParquetWriter | None = None
    for number in range(DAYS):
        first, end = (f"{FIRST_DAY + timedelta(days=day):%Y-%m-%d} 00:00:00" for day in (number, number + 1))
        found = client.query_arrow(
            f"SELECT {_COLUMNS} FROM events WHERE timestamp >= '{first}' AND timestamp < '{end}'",
            settings={"output_format_arrow_string_as_string": 1},
            use_strings=True,
        )
        # UTC without a zone: DuckDB then needs no zones to cut days.
        place = found.schema.get_field_index("timestamp")
        found = found.set_column(place, "timestamp", found["timestamp"].cast(pa.timestamp("ms")))
        writer = writer or pq.ParquetWriter(file, found.schema, compression="zstd")
        writer.write_table(found)
        rows += found.num_rows
    if writer is not None:
        writer.close()
    client.close()
    return {"rows": rows}


def main() -> None:
    match sys.argv[1:]:
        case ["settle", folder]:
            done: object = settle(Path(folder))
        case ["merge", folder]:
            done = merge(Path(folder))
        case ["store", folder, repeats]:
            done = store(Path(folder), int(repeats))
        case ["export", folder, file]:
            done = export(Path(folder), Path(file))
        case ["duckdb", file, repeats]:
            done = over_duckdb(Path(file), int(repeats))
        case _:
            sys.exit(__doc__)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
