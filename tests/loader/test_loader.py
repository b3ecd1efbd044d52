"""The loader as the rest of the house sees it: progress, waiting, failures, what is set aside, books."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from streamgauge.kernel.clock import ManualClock, SystemClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.loader import LOAD_STEPS, Loader, LoaderFailed, Tally, open_loader
from streamgauge.loader.index import Index, Intent
from streamgauge.store import Store, StoreError, open_store
from tests.loader import crashing_loader, stored
from tests.loader.memory_journal import MemoryJournal
from tests.loader.model import Model

_DAY_MS = 86_400_000
_CLIENT = int(EventFlag.ID_FROM_CLIENT)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def loader(tmp_path: Path, store: Store, journal: MemoryJournal) -> Iterator[Loader]:
    opened = open_loader(tmp_path / "index", journal, store, SystemClock())
    opened.start()
    yield opened
    opened.stop(drain=False, timeout_s=10)


def _batch(*ids: str, project_id: str = "p", timestamp_ms: int = 0, flags: int = _CLIENT) -> Batch:
    return Batch(project_id, Door.SOLINTH, 3 * _DAY_MS, [Event(event_id, "n", timestamp_ms, flags=flags) for event_id in ids])


def _wait(loader: Loader, position: int, timeout_s: float = 20) -> bool:
    return asyncio.run(loader.wait_until_loaded(position, timeout_s))


def _until(condition: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


class _FailingStore:
    """A store whose inserts fail as often as told, then work."""

    def __init__(self, store: Store, error: Exception, times: int) -> None:
        self.select = store.select
        self.close = store.close
        self._store, self._error, self._left = store, error, times

    def insert(self, table: str, rows: pa.Table, token: str) -> None:
        if self._left > 0:
            self._left -= 1
            raise self._error
        self._store.insert(table, rows, token)


@pytest.mark.parametrize("visit", [1, 2])
@pytest.mark.parametrize("step", LOAD_STEPS)
def test_a_process_that_dies_before_a_step_leaves_nothing_wrong(tmp_path: Path, step: str, visit: int) -> None:
    program = [sys.executable, crashing_loader.__file__, str(tmp_path), step, str(visit)]
    died = subprocess.run(program, check=False, capture_output=True, env={"PYTHONPATH": "src:."}, text=True)
    assert died.returncode == crashing_loader.DIED, died.stderr
    store, loader = crashing_loader.open_all(tmp_path)
    loader.start()
    assert _wait(loader, loader.loaded + loader.lag_bytes)
    _, batches = crashing_loader.make_journal()
    model = Model().load(batches)
    assert stored.rows(store) == model.rows
    assert stored.superseded(store) == model.superseded
    assert loader.verify().faults == ()
    loader.stop(drain=True, timeout_s=10)
    store.close()


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("ALTER TABLE rollup DELETE WHERE property = '.v' SETTINGS mutations_sync = 2", id="a slot is missing"),
        pytest.param("INSERT INTO rollup SELECT * FROM rollup LIMIT 1", id="a slot is there twice"),
    ],
)
def test_verify_finds_a_rollup_that_does_not_fit_the_events(
    loader: Loader, store: Store, journal: MemoryJournal, sql: str
) -> None:
    event = Event("e", "n", 5, flags=_CLIENT, properties=b'{"v":1.5,"w":2}')
    journal.append_batch(Batch("p", Door.SOLINTH, 3 * _DAY_MS, [event]))
    assert _wait(loader, journal.end)
    assert loader.verify().faults == ()
    with store._connections.connection() as client:
        client.command(sql)
    (fault,) = loader.verify().faults
    assert "roll-up" in fault


def test_who_waits_is_woken_when_all_up_to_there_is_stored(loader: Loader, store: Store, journal: MemoryJournal) -> None:
    journal.append_batch(_batch("a", "b"))
    assert _wait(loader, journal.end)
    assert [event_id for _, _, event_id in stored.rows(store)] == ["a", "b"]
    assert loader.loaded == journal.end
    assert (loader.stored, loader.duplicates, loader.lag_bytes, loader.lag_ms) == (2, 0, 0, 0)
    _until(lambda: journal.released == journal.end)


def test_waiting_ends_when_its_time_is_over(loader: Loader, journal: MemoryJournal) -> None:
    assert not _wait(loader, journal.end + 1, timeout_s=0.05)


def test_many_wait_at_once_each_for_its_own_position(loader: Loader, journal: MemoryJournal) -> None:
    async def wait_for_each() -> list[bool]:
        waits = []
        for number in range(50):
            journal.append_batch(_batch(f"e{number}"))
            waits.append(asyncio.ensure_future(loader.wait_until_loaded(journal.end, 20)))
            await asyncio.sleep(0)
        return await asyncio.gather(*waits)

    assert asyncio.run(wait_for_each()) == [True] * 50


def test_stopping_with_drain_loads_all_that_is_durable(tmp_path: Path, store: Store, journal: MemoryJournal) -> None:
    loader = open_loader(tmp_path / "index", journal, store, SystemClock())
    loader.start()
    for number in range(20):
        journal.append_batch(_batch(f"e{number}"))
    assert loader.stop(drain=True, timeout_s=20)
    assert len(stored.rows(store)) == 20


def test_a_record_that_nobody_can_read_is_kept_aside_and_blocks_nothing(
    tmp_path: Path, loader: Loader, store: Store, journal: MemoryJournal
) -> None:
    journal.append_batch(_batch("before"))
    position = journal.append(b"\xff not a batch")
    journal.append_batch(_batch("after"))
    assert _wait(loader, journal.end)
    assert [event_id for _, _, event_id in stored.rows(store)] == ["before", "after"]
    assert (tmp_path / "set_aside" / f"{position:020d}.record").read_bytes() == b"\xff not a batch"
    assert (tmp_path / "set_aside" / f"{position:020d}.reason").read_text().startswith("unreadable_record: ")
    assert loader.set_aside == 1
    assert loader.accounts().by_project[""] == Tally(received=1, refused=1)
    assert loader.verify().faults == ()


def test_a_record_whose_rows_cannot_be_stored_is_kept_aside_alone(
    tmp_path: Path, loader: Loader, store: Store, journal: MemoryJournal
) -> None:
    journal.append_batch(_batch("first"))
    position = journal.append_batch(_batch("x", "y", timestamp_ms=2**63))
    journal.append_batch(_batch("last", project_id="q"))
    assert _wait(loader, journal.end)
    assert [event_id for _, _, event_id in stored.rows(store)] == ["first", "last"]
    assert (tmp_path / "set_aside" / f"{position:020d}.record").exists()
    assert loader.accounts().by_project["p"] == Tally(received=3, stored=1, refused=2)
    assert loader.verify().faults == ()


def test_a_failing_store_is_tried_again_until_it_works(tmp_path: Path, store: Store, journal: MemoryJournal) -> None:
    failing = _FailingStore(store, StoreError("no space", 243), times=2)
    loader = open_loader(tmp_path / "index", journal, failing, SystemClock())  # type: ignore[arg-type] # stands in for a Store
    loader.start()
    journal.append_batch(_batch("a"))
    _until(lambda: loader.last_error is not None)
    assert _wait(loader, journal.end)
    assert loader.last_error is None
    assert not loader.stalled
    assert len(stored.rows(store)) == 1
    loader.stop(drain=False, timeout_s=10)


def test_a_store_that_fails_for_long_stalls_the_loader(tmp_path: Path, store: Store, journal: MemoryJournal) -> None:
    clock = ManualClock(0)
    failing = _FailingStore(store, StoreError("no space", 243), times=1_000_000)
    loader = open_loader(tmp_path / "index", journal, failing, clock)  # type: ignore[arg-type] # stands in for a Store
    loader.start()
    journal.append_batch(_batch("a"))
    _until(lambda: loader.last_error is not None)
    assert not loader.stalled
    clock.advance(11)
    assert loader.stalled
    assert not loader.failed
    assert not loader.stop(drain=True, timeout_s=0.2)


def test_an_error_nobody_foresaw_ends_the_thread_and_is_seen(tmp_path: Path, store: Store, journal: MemoryJournal) -> None:
    failing = _FailingStore(store, ZeroDivisionError("unforeseen"), times=1)
    loader = open_loader(tmp_path / "index", journal, failing, SystemClock())  # type: ignore[arg-type] # stands in for a Store
    loader.start()
    journal.append_batch(_batch("a"))
    _until(lambda: loader.failed)
    assert loader.stalled
    assert loader.last_error == "ZeroDivisionError: unforeseen"
    loader.stop(drain=False, timeout_s=10)


def test_a_project_is_known_as_amended_before_the_store_changes(tmp_path: Path, store: Store, journal: MemoryJournal) -> None:
    seen: list[tuple[str, bool]] = []
    loader: Loader | None = None

    def look(step: str) -> None:
        if loader is not None:
            seen.append((step, loader.is_amended("p")))

    loader = open_loader(tmp_path / "index", journal, store, SystemClock(), before_step=look)
    loader.start()
    journal.append_batch(_batch("a"))
    journal.append_batch(Batch("p", Door.SOLINTH, 0, [Event("a", "other", 0, flags=_CLIENT)]))
    assert _wait(loader, journal.end)
    assert ("mark amended", False) in seen
    assert all(amended for step, amended in seen if step == "insert superseded")
    loader.stop(drain=True, timeout_s=10)
    again = open_loader(tmp_path / "index", journal, store, SystemClock())
    assert again.is_amended("p")
    assert not again.is_amended("q")
    again.stop(drain=False, timeout_s=10)


def test_what_was_accepted_today_includes_what_waits_in_the_journal(tmp_path: Path, store: Store, journal: MemoryJournal) -> None:
    journal.append_batch(_batch("a", "b"))
    first = open_loader(tmp_path / "index", journal, store, SystemClock())
    first.start()
    first.stop(drain=True, timeout_s=20)
    journal.append_batch(_batch("a", "c", "d"))
    journal.append(b"junk")
    second = open_loader(tmp_path / "index", journal, store, SystemClock())
    assert second.accepted_today("p", 3) == 5
    assert second.accepted_today("p", 4) == second.accepted_today("q", 3) == 0
    second.stop(drain=False, timeout_s=10)


def test_an_index_beyond_its_journal_is_refused(tmp_path: Path, store: Store, journal: MemoryJournal) -> None:
    journal.append_batch(_batch("a"))
    loader = open_loader(tmp_path / "index", journal, store, SystemClock())
    loader.start()
    loader.stop(drain=True, timeout_s=20)
    with pytest.raises(LoaderFailed, match="outside the journal"):
        open_loader(tmp_path / "index", MemoryJournal(), store, SystemClock())


def test_verify_finds_events_that_the_books_do_not_know(loader: Loader, store: Store, journal: MemoryJournal) -> None:
    journal.append_batch(_batch("a"))
    assert _wait(loader, journal.end)
    table = stored.event_table(project_id="p", position=0)
    store.insert("events", table, "by hand")
    report = loader.verify()
    assert not report.agrees
    assert "the store holds 2 events, the accounts say 1" in report.faults[0]
    assert "share 1 positions" in report.faults[1]


def test_the_index_grows_when_its_map_is_full(tmp_path: Path) -> None:
    index = Index(tmp_path / "index", map_bytes=64 * 1024)
    ids = {number.to_bytes(16, "big"): b"v" * 16 for number in range(20_000)}
    index.intend(Intent(0, 7))
    index.commit(7, ids, {("p", 1): Tally(received=1, stored=1)})
    assert index.known(ids) == ids
    assert (index.checkpoint, index.intent) == (7, None)
    index.close()
