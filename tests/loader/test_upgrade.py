"""A folder of the version that knew no visits: opened, finished and told of as it is."""

from collections.abc import Iterator
from pathlib import Path

import lmdb
import msgspec
import pytest

from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.website import PAGE_VIEW
from streamgauge.loader import BatchLimits, Tally, checkpoint_of, open_loader
from streamgauge.loader.accounts import verify, visit_faults
from streamgauge.loader.dedup import IdNaming
from streamgauge.store import Statement, StatementLimits, Store, open_store
from streamgauge.store.engine import Connections
from streamgauge.store.migration import migration_files
from tests.loader import stored, visit_judge
from tests.loader.house import House, Restart
from tests.loader.memory_journal import MemoryJournal

_SEED = 7
_NOON_MS = 1_705_320_000_000
_CLIENT = int(EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT)
_OLD_MIGRATIONS = 2


def _record(*events: Event) -> bytes:
    """As the old version wrote it: events of eleven fields, without what enrichment finds."""
    fields = [list(msgspec.structs.astuple(event))[:11] for event in events]
    return msgspec.msgpack.encode(["p", Door.THEBIZNESS, _NOON_MS, fields])


def _view(event_id: str, minute: int) -> Event:
    at_ms = _NOON_MS + minute * 60_000
    return Event(event_id, PAGE_VIEW, at_ms, visitor_id="v", website_id="site", flags=_CLIENT)


def _make_old_index(folder: Path, checkpoint: int, loaded: list[Event]) -> None:
    """The four databases of that version, written without any code of this one."""
    naming = IdNaming(_SEED)
    folder.mkdir()
    with lmdb.open(str(folder), max_dbs=4, map_size=2**24) as environment:
        ids, state, tallies, _ = (environment.open_db(name) for name in (b"ids", b"state", b"tallies", b"amended"))
        with environment.begin(write=True) as txn:
            for place, event in enumerate(loaded):
                txn.put(naming.key("p", event.event_id), naming.latest(event, place)[:16], db=ids)
            txn.put(b"seed", _SEED.to_bytes(8, "big"), db=state)
            txn.put(b"checkpoint", checkpoint.to_bytes(8, "big"), db=state)
            tally = Tally(received=len(loaded), stored=len(loaded))
            txn.put((_NOON_MS // 86_400_000).to_bytes(4, "big") + b"p", msgspec.msgpack.encode(tally), db=tallies)


def _make_old_store(folder: Path, loaded: list[Event]) -> None:
    connections = Connections(folder)
    with connections.connection() as client:
        client.command(
            "CREATE TABLE schema_migrations (number UInt32, name String, checksum String,"
            " applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY number"
        )
        for file in migration_files()[:_OLD_MIGRATIONS]:
            for statement in file.statements:
                client.command(statement)
            client.command(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES ({n:UInt32}, {name:String}, {sum:String})",
                {"n": file.number, "name": file.name, "sum": file.checksum},
            )
        for position, event in enumerate(loaded):
            client.command(
                "INSERT INTO events (project_id, name, timestamp, position, event_id, visitor_id, website_id, flags) VALUES"
                " ('p', 'page_view', fromUnixTimestamp64Milli({at:Int64}, 'UTC'), {n:UInt64}, {id:String}, 'v', 'site', 3)",
                {"at": event.timestamp_ms, "n": position, "id": event.event_id},
            )
    connections.close()


@pytest.fixture
def old_folder(tmp_path: Path) -> tuple[Path, MemoryJournal]:
    """Two events are loaded; a third waits in the journal beside a resent one."""
    loaded = [_view("a", 0), _view("b", 10)]
    journal = MemoryJournal()
    journal.append(_record(*loaded))
    _make_old_index(tmp_path / "index", journal.end, loaded)
    _make_old_store(tmp_path / "store", loaded)
    journal.append(_record(_view("c", 20), _view("a", 0)))
    return tmp_path, journal


@pytest.fixture
def store(old_folder: tuple[Path, MemoryJournal]) -> Iterator[Store]:
    opened = open_store(old_folder[0] / "store")
    yield opened
    opened.close()


def _load_all(folder: Path, journal: MemoryJournal, store: Store) -> None:
    loader = open_loader(folder / "index", journal, store, SystemClock())
    loader.start()
    assert loader.stop(drain=True, timeout_s=30)
    loader = open_loader(folder / "index", journal, store, SystemClock())
    assert loader.verify().faults == ()
    loader.stop(drain=False, timeout_s=10)


def test_what_waited_is_loaded_with_visits_and_what_was_loaded_has_none(
    old_folder: tuple[Path, MemoryJournal], store: Store
) -> None:
    folder, journal = old_folder
    _load_all(folder, journal, store)
    stamps = visit_judge.select(store, "SELECT event_id, visit != 0, visitor, path FROM events ORDER BY position")
    assert stamps == [("a", 0, 0, ""), ("b", 0, 0, ""), ("c", 1, 1, "")]
    assert visit_judge.select(store, "SELECT events, page_views FROM visits FINAL") == [(1, 1)]


def test_an_old_event_that_is_taken_back_leaves_no_visit(old_folder: tuple[Path, MemoryJournal], store: Store) -> None:
    folder, journal = old_folder
    _load_all(folder, journal, store)
    journal.append_batch(Batch("p", Door.FLEXPRICE, _NOON_MS, [Event("b", "", 0, flags=_CLIENT | int(EventFlag.VOID))]))
    _load_all(folder, journal, store)
    assert visit_judge.select(store, "SELECT events FROM visits FINAL") == [(1,)]
    assert list(visit_faults(store)) == []
    assert stored.amended_slots(store) == stored.slots_of_superseded(store) != []


@pytest.mark.parametrize("step", [None, "insert events", "insert superseded", "commit"])
def test_a_load_that_was_killed_before_an_upgrade_counts_once_after_it(tmp_path: Path, step: str | None) -> None:
    """The version before had no table of the events of customers. What its killed load had put in already is put in again."""
    events = [
        Event(f"e{number}", "n", _NOON_MS + number, customer_id="c", flags=_CLIENT, properties=b'{"n":1}') for number in range(3)
    ]
    store = open_store(tmp_path / "store")
    number = next(file.number for file in migration_files() if "customer_events" in file.name)
    with store._connections.connection() as client:
        client.command("DROP VIEW customer_events_of_events")
        client.command("DROP TABLE customer_events SYNC")
        client.command(f"ALTER TABLE schema_migrations DELETE WHERE number >= {number} SETTINGS mutations_sync = 2")
    house = House(tmp_path, store)
    house.append(Batch("p", Door.FLEXPRICE, _NOON_MS, events[:1]))
    house.load_all()
    house.append(Batch("p", Door.FLEXPRICE, _NOON_MS, events[1:]))
    if step is None:
        house.load_all()
    else:
        house.crash(Restart(step, 1, 1000))
    house.index.close()
    store.close()
    house.store = store = open_store(tmp_path / "store", loaded=checkpoint_of(tmp_path / "index"))
    house.open(BatchLimits(), lambda _: None)
    house.load_all()
    counted = [
        store.select(Statement("test.count", f"SELECT count() FROM {table}", {}), StatementLimits())[0][0]
        for table in ("events", "customer_events")
    ]
    faults = verify(house.index, store, house.journal).faults
    house.index.close()
    store.close()
    assert (counted, faults) == ([3, 3], ())
