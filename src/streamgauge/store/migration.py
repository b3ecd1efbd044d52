"""Numbered SQL files, applied in order, each once.

A file holds statements that end with a semicolon at the end of a line, and says IF NOT EXISTS wherever it makes something:
the engine has no transactions, so a file that was cut short by a crash is run again from its start. A file that was
applied never changes; `applied` keeps its checksum, and a difference is an error at start.
"""

import hashlib
import re
from importlib import resources
from typing import Protocol

import msgspec

from streamgauge.store.errors import StoreError

_FILE_NAME = re.compile(r"(\d{4})_[a-z_]+\.sql")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations
(number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""


ALL_LOADED = 2**63 - 1
"""The checkpoint of a store whose every row is there for good."""

_LOADED = "{loaded:UInt64}"


class Migration(msgspec.Struct, frozen=True):
    """One file of migrations/."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        bare = _COMMENT.sub("", self.text)
        return [part.strip() for part in re.split(r";[ \t]*(?:\n|$)", bare) if part.strip()]


class Engine(Protocol):
    """What migrations need of a connection."""

    def command(self, cmd: str, parameters: dict[str, str | int] | None = None) -> object: ...

    def rows(self, sql: str) -> list[tuple[object, ...]]: ...


def migration_files() -> list[Migration]:
    """The files in order. Raises StoreError on a gap or a name out of form."""
    found = []
    for entry in sorted((resources.files("streamgauge.store") / "migrations").iterdir(), key=lambda entry: entry.name):
        match = _FILE_NAME.fullmatch(entry.name)
        if not match:
            raise StoreError(f"migrations/{entry.name} is not named like 0001_word.sql")
        found.append(Migration(int(match[1]), entry.name, entry.read_text(encoding="utf-8")))
    if [file.number for file in found] != list(range(1, len(found) + 1)):
        raise StoreError("the numbers of the migration files are not 1, 2, 3 and so on")
    return found


def migrate(engine: Engine, loaded: int = ALL_LOADED) -> list[Migration]:
    """Applies what is not applied yet and returns it.

    loaded: the loader's checkpoint, for statements that copy rows: those at or beyond it may be inserted again.

    Raises StoreError when the folder was made by a newer or an edited version.
    """
    engine.command(_TABLE)
    files = migration_files()
    applied = {
        int(str(number)): str(checksum) for number, checksum in engine.rows("SELECT number, checksum FROM schema_migrations")
    }
    for file in files:
        if file.number in applied and applied[file.number] != file.checksum:
            raise StoreError(f"the migration {file.name} was changed after it had been applied to this folder")
    if len(applied) > len(files):
        raise StoreError("this folder was made by a newer version of streamgauge")
    pending = [file for file in files if file.number not in applied]
    for file in pending:
        for statement in file.statements:
            engine.command(statement, {"loaded": loaded} if _LOADED in statement else None)
        engine.command(
            "INSERT INTO schema_migrations (number, name, checksum) SELECT {number:UInt32}, {name:String}, {checksum:String}",
            {"number": file.number, "name": file.name, "checksum": file.checksum},
        )
    return pending
