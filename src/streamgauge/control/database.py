"""The control plane's database: opening, transactions, and the schema's revision.

SQLite in one file now; all that is particular to it is in `_make_sqlite_engine` and `refusing_by_name`. Alembic is imported only
when the stamped revision is not the head: it is big and slow to import, and a server on an up-to-date folder never needs it.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text, update
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from streamgauge.control.tables import generation
from streamgauge.kernel.refusal import Reason, Refusal

HEAD_REVISION = "0005"
"""The revision that this code needs; a test holds it equal to the head of migrations/."""

BUSY_TIMEOUT_S = 10.0
"""How long a change waits for that of another process."""
_FULL_RETRY_S = 10
_SWITCH_RETRY_S = 0.01
SWITCH_TIMEOUT_S = 1.0
"""Short: the switch takes a moment, and what else looks like a lock (a full disk) must soon be told."""


class UnusableDatabase(Exception):
    """The control plane's database cannot be opened; the message says why and what to do."""


class Database:
    """Connections to the control plane. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one consistent state."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start, and raises the generation when it commits.

        Raises Refusal server_busy, disk_full.
        """
        with self.recording() as connection:
            yield connection
            connection.execute(update(generation).values(value=generation.c.value + 1))

    @contextmanager
    def recording(self) -> Iterator[Connection]:
        """As `writing`, for what no directory shows: the generation stays, so that nobody reads keys and websites again."""
        with refusing_by_name(), self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def refusing_by_name() -> Iterator[None]:
    """A change that the disk or another process does not let through now is refused, and nothing of it is kept."""
    try:
        yield
    except OperationalError as exc:
        code = _primary_code(exc)
        if code == sqlite3.SQLITE_BUSY:
            message = "Another process is changing the settings. Nothing was changed; try again."
            raise Refusal(Reason.SERVER_BUSY, message, retry_after_s=1) from exc
        if code == sqlite3.SQLITE_FULL:
            message = "The disk has no room for the change. Nothing was changed."
            raise Refusal(Reason.DISK_FULL, message, retry_after_s=_FULL_RETRY_S) from exc
        raise


def _primary_code(error: DatabaseError) -> int:
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF  # The upper bits only tell variants apart.


def open_database(path: Path) -> Database:
    """Open, or make, the database in the file and bring its schema up to date.

    Raises UnusableDatabase, OSError (ENOSPC) when the disk has no room for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = _make_sqlite_engine(path)
    try:
        if stamped_revision(engine) != HEAD_REVISION:
            _upgrade(engine, path)
    except (SQLAlchemyError, UnusableDatabase) as exc:
        engine.dispose()
        if isinstance(exc, DatabaseError):
            if _primary_code(exc) == sqlite3.SQLITE_FULL:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from exc
            raise UnusableDatabase(f"{path} cannot be used as the control plane's database: {exc.orig}.") from exc
        raise
    return Database(engine)


def _make_sqlite_engine(path: Path) -> Engine:
    # Created before SQLite would, so that nobody else on the machine can read the hashes.
    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None  # Transactions are begun below, not guessed by the driver.
        try:
            with closing(dbapi_connection.cursor()) as cursor:
                _switch_to_wal(cursor)
                cursor.execute("PRAGMA synchronous = FULL")
                cursor.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            dbapi_connection.close()  # The pool does not know it yet, so nobody else would.
            raise

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could fail halfway with "locked": writers take the lock at once.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Only a new file is switched; on any other this changes nothing.

    SQLite's own timeout does not hold here: the switch turns a lock for reading into one for writing, and to avoid deadlocks
    SQLite never waits for that. So of several processes that open a new folder at once, all but one would fail. Between two
    tries no lock is held.
    """
    deadline = time.monotonic() + SWITCH_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_SWITCH_RETRY_S)
        else:
            return


def stamped_revision(engine: Engine) -> str | None:
    """The revision that the database was last brought to; None for an empty one."""
    with engine.begin() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(engine: Engine, path: Path) -> None:
    from streamgauge.control.migrate import upgrade_to_head

    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if not upgrade_to_head(connection):
            raise UnusableDatabase(f"{path} was written by a newer Streamgauge. Run that version, or use another data folder.")
