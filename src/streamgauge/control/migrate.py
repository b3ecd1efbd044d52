"""Runs the Alembic migrations of migrations/. Imported only when there is something to migrate."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade_to_head(connection: Connection) -> bool:
    """Bring the schema to the newest revision, within the caller's transaction; False when it is from a newer version."""
    config = alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    stamped = MigrationContext.configure(connection).get_current_revision()
    if stamped is not None and stamped not in known:
        return False
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
