"""Connections to the embedded engine: one process per folder, one statement at a time on each connection.

The engine lives inside this process; connections to it are cheap (3 ms, 0.1 MB) and serialise their calls, so every thread
takes one from a pool for as long as its statement runs. The pool therefore grows to the largest number of
statements that ever ran at once and no further.

Merges run when nobody needs the processor more: their threads ask the system for less of it than those that answer requests, load
and query. They are never without any, and when they fall behind the engine slows inserts down.

Only one process can hold a folder. The engine would say so in four tracebacks; a lock file beside the folder says it in a
sentence before the engine is asked.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from streamgauge.store.errors import StoreError, StoreInUse, from_engine

_DSN_PREFIX = "chdb://"
_NOT_IN_PATHS = frozenset("?%*{}")

# Start-up options of the engine. Its defaults are for a machine of its own: 5 GB of mark cache, 5 GB of primary keys.
# 64 MB hold the marks and primary keys of some 50 M events.
_ENGINE_OPTIONS = {
    "mark_cache_size": 64 * 2**20,
    "primary_index_cache_size": 64 * 2**20,
    "index_mark_cache_size": 16 * 2**20,
    "query_condition_cache_size": 8 * 2**20,
    "compiled_expression_cache_size": 16 * 2**20,
    "background_pool_size": 2,
}

_MEMORY_OPTION = "max_server_memory_usage"

# The engine's own name of its threads for merges.
_MERGE_THREADS = "MergeMutate"
_MERGES_BELOW = 10

# Session settings of every connection. Inserts must not wait in the engine's own buffer; text columns of Arrow are plain text.
# By default the engine gives a statement one thread for each GiB that is free: of the one GiB that it may use in all that is one
# thread, and every question took twice as long on two processors.
_SESSION_SETTINGS = {"async_insert": 0, "cast_keep_nullable": 0, "max_threads_min_free_memory_per_thread": 64 * 2**20}


def folder_of(dsn_or_path: str | Path) -> Path:
    """The absolute folder named by "chdb:///abs/path" or by a path. Raises StoreError for any other address."""
    text = str(dsn_or_path)
    if text.startswith(_DSN_PREFIX):
        text = text[len(_DSN_PREFIX) :]
        if not text.startswith("/"):
            raise StoreError("the store's address must be chdb:// followed by an absolute path")
    elif "://" in text:
        raise StoreError(f"the store's address has an unknown scheme: {text.split('://', 1)[0]}")
    if set(text) & _NOT_IN_PATHS:
        raise StoreError(
            "the store's folder must not have any of ? % * { } in its path: the engine reads options and patterns there"
        )
    return Path(text).absolute()


class Connections:
    """A pool of connections to one folder. Safe for use by several threads."""

    def __init__(self, folder: Path, memory_bytes: int | None = None) -> None:
        """memory_bytes: what the engine may use in all; None for its own default. What would go beyond it fails by name."""
        self._folder = folder
        self._options = _ENGINE_OPTIONS if memory_bytes is None else {**_ENGINE_OPTIONS, _MEMORY_OPTION: memory_bytes}
        self._lock_file = _hold(folder)
        self._guard = threading.Lock()
        self._idle: list[Client] = []
        self._all: list[Client] = []
        self._closed = False
        try:
            with self.connection():
                pass
        except BaseException:
            self.close()
            raise

    @contextmanager
    def connection(self) -> Iterator[Client]:
        """A connection for one thread and one statement at a time. Raises StoreError after close."""
        with self._guard:
            if self._closed:
                raise StoreError("the store is closed")
            client = self._idle.pop() if self._idle else None
        if client is None:
            client = self._connect()
        try:
            yield client
        finally:
            with self._guard:
                self._idle.append(client)

    def close(self) -> None:
        """Waits for running statements and gives the folder free."""
        with self._guard:
            self._closed = True
            clients, self._all, self._idle = self._all, [], []
        for client in clients:
            client.close()
        self._lock_file.close()

    def _connect(self) -> Client:
        try:
            client = clickhouse_connect.get_client(
                interface="chdb", path=str(self._folder), chdb_options=self._options, settings=dict(_SESSION_SETTINGS)
            )
        except ClickHouseError as error:
            raise from_engine(error, f"opening {self._folder}") from error
        with self._guard:
            self._all.append(client)
        return client


def let_merges_give_way() -> None:
    """Lower the priority of the engine's threads for merges, which are there once it has tables. Where the system has no
    priorities by thread, nothing is done.

    Measured with batches on two cores that take no more: 180 thousand events/s accepted without, 218 with.
    """
    lowered = os.getpriority(os.PRIO_PROCESS, 0) + _MERGES_BELOW
    for task in Path("/proc/self/task").glob("*"):
        # A thread may end while it is looked at.
        with suppress(OSError):
            if (task / "comm").read_text().strip() == _MERGE_THREADS:
                os.setpriority(os.PRIO_PROCESS, int(task.name), lowered)


def _hold(folder: Path) -> IO[str]:
    """Takes the lock file of the folder for this process. Raises StoreInUse when another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock_file = open(folder.with_name(folder.name + ".lock"), "a+", encoding="utf-8")  # noqa: SIM115 (held until close)
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock_file.seek(0)
        holder = lock_file.read().strip() or "unknown"
        lock_file.close()
        raise StoreInUse(f"the store in {folder} is in use by another process (pid {holder}); only one can open it") from error
    lock_file.truncate(0)
    lock_file.write(str(os.getpid()))
    lock_file.flush()
    return lock_file
