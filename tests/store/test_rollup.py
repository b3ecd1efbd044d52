"""The roll-up beside the events: the same sums, also after a crash inside an insert, and those of before."""

from decimal import Decimal
from pathlib import Path

from streamgauge.store import SLOT_MS, Statement, StatementLimits, Store, open_store
from streamgauge.store.engine import Connections
from streamgauge.store.migration import migration_files
from tests.store.tables import events

_OWN = "project_id, name, property, slot"
_VIEW = next(file for file in migration_files() if "rollup" in file.name).statements[-1]
ROWS = events(
    {"timestamp": 0, "properties": b'{"n": 1.5, "m": "2", "text": "x"}'},
    {"timestamp": SLOT_MS - 1, "properties": b'{"n": 0.000000001}'},
    {"timestamp": SLOT_MS, "properties": b'{"n": -7}'},
    {"timestamp": 60 * 365 * 86_400_000, "properties": b'{"": 3}'},
    {"timestamp": 0, "flags": 16, "properties": b'{"n": 100}'},
)
_EXPECTED = [
    ("", 0, 2, Decimal(0), Decimal(0), Decimal(0), 1),
    ("", 1, 1, Decimal(0), Decimal(0), Decimal(0), 2),
    ("", 60 * 365 * 96, 1, Decimal(0), Decimal(0), Decimal(0), 3),
    (".", 60 * 365 * 96, 1, Decimal(3), Decimal(3), Decimal(3), 3),
    (".m", 0, 1, Decimal(2), Decimal(2), Decimal(2), 0),
    (".n", 0, 2, Decimal("1.500000001"), Decimal("1e-9"), Decimal("1.5"), 1),
    (".n", 1, 1, Decimal(-7), Decimal(-7), Decimal(-7), 2),
]


def _held(store: Store) -> object:
    sql = (
        "SELECT property, slot, sum(events), sum(total), min(least), max(most), max(last_position) FROM rollup\n"
        f"GROUP BY {_OWN} ORDER BY ALL"
    )
    return store.select(Statement("test.rollup", sql), StatementLimits())


def _many(store: Store, first: int) -> None:
    """More groups than the engine adds up in one piece by default, so that the order of the pieces would be by chance."""
    rows = [{"timestamp": (first + place) * SLOT_MS, "properties": b'{"a":1,"b":2}'} for place in range(45_000)]
    store.insert("events", events(*rows), f"many-{first}")


def test_slots_add_up_what_happened_in_them(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    store.insert("events", ROWS, "token")
    store.insert("events", ROWS, "token")
    held = _held(store)
    store.close()
    assert held == _EXPECTED


def test_a_second_try_brings_what_a_crash_kept_away_and_nothing_twice(tmp_path: Path) -> None:
    """The first try is cut off between the two tables: the view is not there while it runs."""
    store = open_store(tmp_path / "store")
    with store._connections.connection() as client:
        client.command("DROP VIEW rollup_of_events")
    store.insert("events", ROWS, "token")
    assert _held(store) == []
    with store._connections.connection() as client:
        client.command(_VIEW)
    store.insert("events", ROWS, "token")
    once = _held(store)
    store.insert("events", ROWS, "token")
    again = _held(store)
    store.close()
    assert once == again == _EXPECTED


def test_a_block_of_very_many_groups_is_kept_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    for _ in range(2):
        _many(store, 0)
    ((groups, counted),) = store.select(Statement("test.rollup", "SELECT count(), sum(events) FROM rollup"), StatementLimits())
    ((parts,),) = store.select(
        Statement("test.parts", "SELECT count() FROM system.parts WHERE table = 'rollup'"), StatementLimits()
    )
    store.close()
    assert (groups, counted, parts) == (135_000, 135_000, 1)


def test_events_of_before_are_found_after_the_upgrade_also_when_it_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    number = next(file.number for file in migration_files() if "rollup" in file.name)
    store = open_store(folder)
    store.insert("events", ROWS, "token")
    store.close()
    # As if the upgrade had been killed just before it was written down as done.
    connections = Connections(folder, None)
    with connections.connection() as client:
        client.command(f"ALTER TABLE schema_migrations DELETE WHERE number >= {number} SETTINGS mutations_sync = 2")
    connections.close()
    store = open_store(folder)
    held = _held(store)
    store.close()
    assert held == _EXPECTED
