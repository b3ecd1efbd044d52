"""The control plane's database: opening, transactions, and the schema's revision.

SQLite in one file now; all that is particular to it is in `_make_sqlite_engine`. Alembic is imported only when the stamped
revision is not the head: it is big and slow to import, and a server on an up-to-date folder never needs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text, update
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from streamgauge.control.tables import generation

HEAD_REVISION = "0002"
"""The revision that this code needs; a test holds it equal to the head of migrations/."""

_BUSY_TIMEOUT_S = 10


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
        """A transaction that holds the write lock from its start, and raises the generation when it commits."""
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection
            connection.execute(update(generation).values(value=generation.c.value + 1))

    def close(self) -> None:
        self._engine.dispose()


def open_database(path: Path) -> Database:
    """Open, or make, the database in the file and bring its schema up to date. Raises UnusableDatabase."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = _make_sqlite_engine(path)
    try:
        if stamped_revision(engine) != HEAD_REVISION:
            _upgrade(engine, path)
    except (SQLAlchemyError, UnusableDatabase) as exc:
        engine.dispose()
        if isinstance(exc, DatabaseError):
            raise UnusableDatabase(f"{path} cannot be used as the control plane's database: {exc.orig}.") from exc
        raise
    return Database(engine)


def _make_sqlite_engine(path: Path) -> Engine:
    # Created before SQLite would, so that nobody else on the machine can read the hashes.
    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None  # Transactions are begun below, not guessed by the driver.
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could fail halfway with "locked": writers take the lock at once.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


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
