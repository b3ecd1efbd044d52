"""The events of customers, sorted by customer: the same events, also after a crash inside an insert, and those of before."""

from pathlib import Path

from streamgauge.store import Statement, StatementLimits, Store, open_store
from streamgauge.store.engine import Connections
from streamgauge.store.migration import migration_files
from tests.store.tables import events

_COLUMNS = "project_id, customer_id, name, timestamp, position, received_at, account_id, source, flags, numbers, strings"
ROWS = events(
    {"customer_id": "c1", "properties": b'{"n": 1.5, "region": "eu"}', "source": "api", "account_id": "a", "received_at": 5},
    {"customer_id": ""},
    {"customer_id": "c2", "timestamp": 60 * 365 * 86_400_000, "flags": 3},
)


def _both(store: Store) -> tuple[object, object]:
    """The events of customers as the two tables hold them."""
    sql = [f"SELECT {_COLUMNS} FROM {table} WHERE customer_id != '' ORDER BY position" for table in ("events", "customer_events")]
    one, other = (store.select(Statement("test.both", each, {}), StatementLimits()) for each in sql)
    return one, other


def test_both_tables_hold_the_events_of_customers(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    store.insert("events", ROWS, "token")
    store.insert("events", ROWS, "token")
    one, other = _both(store)
    store.close()
    assert one == other
    assert isinstance(one, list)
    assert len(one) == 2


def test_a_second_try_brings_what_a_crash_kept_away(tmp_path: Path) -> None:
    """The first try is cut off between the two tables: the view is not there while it runs."""
    store = open_store(tmp_path / "store")
    view = next(file for file in migration_files() if "customer_events" in file.name).statements[-1]
    with store._connections.connection() as client:
        client.command("DROP VIEW customer_events_of_events")
    store.insert("events", ROWS, "token")
    assert _both(store)[1] == []
    with store._connections.connection() as client:
        client.command(view)
    store.insert("events", ROWS, "token")
    one, other = _both(store)
    store.close()
    assert one == other != []


def test_events_of_before_are_found_after_the_upgrade_also_when_it_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    open_store(folder).close()
    number = next(file.number for file in migration_files() if "customer_events" in file.name)
    store = open_store(folder)
    store.insert("events", ROWS, "token")
    store.close()
    # As if the upgrade had been killed just before it was written down as done.
    connections = Connections(folder, None)
    with connections.connection() as client:
        client.command(f"ALTER TABLE schema_migrations DELETE WHERE number >= {number} SETTINGS mutations_sync = 2")
    connections.close()
    store = open_store(folder)
    one, other = _both(store)
    store.close()
    assert one == other != []
