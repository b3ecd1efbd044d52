"""The columnar store: named statements with limits in, rows out; Arrow tables in, each under a token.

Promises
- A table that was inserted is on disk when `insert` returns (data, directory entry, and the results of later merges too).
- The same table under the same token is kept once, also after a crash in the middle of the first try.
- No query runs without a name, a time limit, a memory limit and a row cap; hitting one is a Refusal that says which.
- Values given as parameters mean themselves, whatever characters they hold.
- Nothing is written outside the store's folder and the .lock and .incoming beside it; what a kill leaves there is deleted at the
  next start.

Limits
- One process per folder, one folder per process. The engine remembers the last 10,000 tokens of each table.
- An insert is atomic within one year of event time, not across years: a reader bounds itself by the loader's progress.
- Never fork after a store was opened; the engine's threads do not survive it.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.exceptions import ClickHouseError

from streamgauge.store.engine import Connections, folder_of, let_merges_give_way
from streamgauge.store.errors import StoreError, from_engine, from_query
from streamgauge.store.migration import ALL_LOADED, migrate
from streamgauge.store.staging import Staging
from streamgauge.store.statement import Statement, StatementLimits

_INSERT_SETTINGS: dict[str, Any] = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # One batch may hold events of any number of years.
    "max_partitions_per_insert_block": 0,
    # One table is one block, so that one token names all of it.
    "max_insert_block_size": 10_000_000,
    "min_insert_block_size_rows": 10_000_000,
    "min_insert_block_size_bytes": 4 * 2**30,
    "input_format_parallel_parsing": 0,
    # What a view adds up of a table is one block too, in the same order at every try.
    "group_by_two_level_threshold": 0,
    "group_by_two_level_threshold_bytes": 0,
}


class Store:
    """An open store. Every method may be called by several threads at once."""

    def __init__(self, connections: Connections, staging: Staging) -> None:
        self._connections = connections
        self._staging = staging

    def select(self, statement: Statement, limits: StatementLimits) -> list[tuple[Any, ...]]:
        """The rows of one statement. Raises StoreError, or Refusal: QUERY_TIMEOUT, QUERY_OUT_OF_MEMORY, QUERY_TOO_MANY_ROWS,
        INVALID_PARAMETER (a pattern)."""
        sql = f"/* {statement.name} */ {statement.sql}"
        with self._connections.connection() as client:
            try:
                result = client.query(sql, dict(statement.parameters) or None, settings=_select_settings(statement, limits))
            except ClickHouseError as error:
                raise from_query(error, statement, limits) from None  # the engine's text can quote values
        return [tuple(row) for row in result.result_rows]

    def select_arrow(self, statement: Statement, limits: StatementLimits, max_bytes: int) -> pa.Table:
        """As select, in columns; more than max_bytes of result is QUERY_TOO_MANY_ROWS too."""
        sql = f"/* {statement.name} */ {statement.sql}"
        settings = {**_select_settings(statement, limits), "max_result_bytes": max_bytes}
        with self._connections.connection() as client:
            try:
                return client.query_arrow(sql, dict(statement.parameters) or None, settings=settings, use_strings=True)
            except ClickHouseError as error:
                raise from_query(error, statement, limits) from None  # as above

    def insert(self, table: str, rows: pa.Table, token: str) -> None:
        """Puts the rows into the table, once per token. Raises RowsRefused when they cannot be stored, StoreError otherwise.

        Without a token the engine would drop rows that look like earlier ones, so an empty token is a ValueError.
        """
        if not token:
            raise ValueError("an insert needs a token")
        try:
            with self._staging.file_of(rows) as path, self._connections.connection() as client:
                client.command(_insert_sql(table, rows.column_names, path, token))
        except ClickHouseError as error:
            raise from_engine(error, f"the insert into {table}") from None  # as above
        except OSError as error:
            raise StoreError(f"the insert into {table} could not write its file: {error.strerror}") from error

    def close(self) -> None:
        """Waits for running statements and gives the folder free."""
        self._connections.close()


class _MigrationEngine:
    """A store's connection as migrations need it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def command(self, cmd: str, parameters: dict[str, str | int] | None = None) -> object:
        with self._connections.connection() as client:
            try:
                return client.command(cmd, parameters)
            except ClickHouseError as error:
                raise from_engine(error, "a migration") from error

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with self._connections.connection() as client:
            return [tuple(row) for row in client.query(sql).result_rows]


def open_store(dsn_or_path: str | Path, memory_bytes: int | None = None, loaded: int = ALL_LOADED) -> Store:
    """Opens the folder (made when missing) and brings its tables up to date.

    dsn_or_path: "chdb:///absolute/path" or a path. memory_bytes: what the engine may use in all; a statement that would go
    beyond fails. loaded: the loader's checkpoint, which an upgrade needs to know.
    Raises StoreInUse when another process holds the folder, StoreError otherwise.
    """
    folder = folder_of(dsn_or_path)
    connections = Connections(folder, memory_bytes)
    try:
        staging = Staging(folder.with_name(folder.name + ".incoming"))
        migrate(_MigrationEngine(connections), loaded)
        let_merges_give_way()
    except BaseException:
        connections.close()
        raise
    return Store(connections, staging)


def _select_settings(statement: Statement, limits: StatementLimits) -> dict[str, Any]:
    return {
        "max_execution_time": limits.timeout_s,
        "timeout_overflow_mode": "throw",
        "max_memory_usage": limits.max_memory_bytes,
        "max_result_rows": limits.max_rows,
        "result_overflow_mode": "throw",
        "log_comment": statement.name,
        # WITH ... AS MATERIALIZED runs once, however often the statement names it.
        "enable_materialized_cte": 1,
        # A visit that changes is taken back in the partition in which it was written, so FINAL need not look across partitions;
        # and in a partition that is one part, nothing is left to collapse.
        "do_not_merge_across_partitions_select_final": 1,
        **({} if limits.threads is None else {"max_threads": limits.threads}),
    }


def _insert_sql(table: str, columns: list[str], path: Path, token: str) -> str:
    """Parameters cannot stand in these places of the language, so the texts are quoted here."""
    given = {**_INSERT_SETTINGS, "insert_deduplication_token": token, "log_comment": f"insert.{table}"}
    settings = ", ".join(f"{name} = {_quoted(str(value))}" for name, value in given.items())
    return f"INSERT INTO {table} ({', '.join(columns)}) FROM INFILE {_quoted(str(path))} SETTINGS {settings} FORMAT ArrowStream"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
