"""The schema: models and migrations agree, old and new folders are handled, and Alembic is loaded only when needed."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from streamgauge.control import Control, UnusableDatabase, WebsiteChange, database
from streamgauge.control.database import HEAD_REVISION
from streamgauge.control.metering_tables import meters
from streamgauge.control.migrate import alembic_config
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Identity


def test_models_and_migrations_agree(control: Control, path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, meters.metadata) == []
        names = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'generation'").scalar_one()
        assert "ck_generation_single" in names
    engine.dispose()


def test_the_code_names_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD_REVISION]


def test_a_folder_of_the_first_version_keeps_what_it_holds(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO projects VALUES ('proj_1', 'shop', 5)")
        connection.exec_driver_sql(
            "INSERT INTO keys VALUES ('key_1', 'proj_1', 'ab', 'sk_live_', 'pro', 'read', 'any', '', 6, NULL, NULL, NULL)"
        )
        connection.exec_driver_sql("INSERT INTO websites VALUES ('w', 'proj_1', 'example.com', 'Asia/Tokyo', 'JPY', 7)")
    engine.dispose()
    control = Control.open(path, DEFAULT_PLANS, clock)
    website = control.website("w")
    assert website is not None
    assert (website.project_id, website.domain, website.timezone, website.currency) == (
        "proj_1",
        "example.com",
        "Asia/Tokyo",
        "JPY",
    )
    assert (website.name, website.allowed_origins, website.identity) == ("example.com", (), Identity.DAILY)
    assert (website.created_at_ms, website.updated_at_ms) == (7, 7)
    (record,) = control.keys()
    assert (record.key_id, record.project) == ("key_1", "shop")
    assert control.update_website("proj_1", "w", WebsiteChange(name="Shop")).name == "Shop"
    control.close()


def test_a_folder_of_a_newer_version_is_refused_with_the_mend(control: Control, path: Path, clock: ManualClock) -> None:
    control.close()
    newer = sqlite3.connect(path)
    with newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with pytest.raises(UnusableDatabase, match="was written by a newer Streamgauge"):
        Control.open(path, DEFAULT_PLANS, clock)


def test_a_file_that_is_no_database_is_refused(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    path.write_text("this is not a database, and long enough to be looked at as one " * 20)
    with pytest.raises(UnusableDatabase, match="file is not a database"):
        Control.open(path, DEFAULT_PLANS, clock)


def test_a_change_that_another_process_holds_up_is_refused_by_name(
    path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.01)
    control = Control.open(path, DEFAULT_PLANS, clock)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(Refusal, match="Nothing was changed; try again") as caught:
        control.create_project("shop")
    assert (caught.value.reason, caught.value.retry_after_s) == (Reason.SERVER_BUSY, 1)
    blocker.close()
    assert control.create_project("shop").name == "shop"
    control.close()


def test_a_full_disk_is_refused_by_name_and_other_errors_are_not() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")
        connection.exec_driver_sql("PRAGMA max_page_count = 2")
        with pytest.raises(Refusal) as caught, database.refusing_by_name():
            connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(1000000))")
        assert caught.value.reason is Reason.DISK_FULL
        with pytest.raises(OperationalError), database.refusing_by_name():
            connection.exec_driver_sql("SELECT * FROM nothing")
    engine.dispose()


@pytest.mark.parametrize(
    ("fresh", "loaded"),
    [
        pytest.param(True, True, id="an empty folder is migrated"),
        pytest.param(False, False, id="an up-to-date one needs no Alembic"),
    ],
)
def test_alembic_is_loaded_only_to_migrate(path: Path, clock: ManualClock, fresh: bool, loaded: bool) -> None:
    if not fresh:
        Control.open(path, DEFAULT_PLANS, clock).close()
    program = (
        "import sys; from pathlib import Path; from streamgauge.control import Control;"
        "from streamgauge.kernel.clock import ManualClock;"
        f"Control.open(Path({str(path)!r}), {{}}, ManualClock(0)).close();"
        "print('alembic' in sys.modules, 'sqlalchemy.orm' in sys.modules and 'alembic' not in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert printed == [str(loaded), "False"]
