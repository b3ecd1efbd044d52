"""Opening: migrations in order and once, one process per folder, addresses."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.store import Statement, StatementLimits, Store, StoreError, StoreInUse, open_store
from streamgauge.store.migration import Engine, migrate, migration_files

_LIMITS = StatementLimits()


def _tables(store: Store) -> list[tuple[str, str]]:
    sql = "SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name"
    return [(name, engine) for name, engine in store.select(Statement("test.tables", sql), _LIMITS)]


def test_the_applied_schema_is_that_of_the_files(store: Store) -> None:
    sql = "SELECT number, name, checksum FROM schema_migrations ORDER BY number"
    applied = store.select(Statement("test.migrations", sql), _LIMITS)
    assert applied == [(file.number, file.name, file.checksum) for file in migration_files()]
    assert _tables(store) == [
        ("amended_slots", "MergeTree"),
        ("customer_events", "MergeTree"),
        ("customer_events_of_events", "MaterializedView"),
        ("events", "MergeTree"),
        ("events_trial", "Null"),
        ("rollup", "AggregatingMergeTree"),
        ("rollup_of_events", "MaterializedView"),
        ("schema_migrations", "MergeTree"),
        ("superseded", "MergeTree"),
        ("visit_aliases", "MergeTree"),
        ("visits", "CollapsingMergeTree"),
    ]


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(3):
        store = open_store(tmp_path / "store")
        ((count,),) = store.select(Statement("test.count", "SELECT count() FROM schema_migrations"), _LIMITS)
        assert count == len(migration_files())
        store.close()


def test_merges_give_way_to_all_else(store: Store) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    merging = [
        int(task.name) for task in Path("/proc/self/task").iterdir() if (task / "comm").read_text().strip() == "MergeMutate"
    ]
    ours = [thread.native_id for thread in threading.enumerate() if thread.native_id is not None]
    assert {os.getpriority(os.PRIO_PROCESS, thread) - own for thread in merging} == {10}
    assert {os.getpriority(os.PRIO_PROCESS, thread) - own for thread in ours} == {0}


class _Engine:
    """Remembers commands; `applied` is what its schema_migrations holds."""

    def __init__(self, applied: list[tuple[object, ...]]) -> None:
        self.commands: list[str] = []
        self._applied = applied

    def command(self, cmd: str, parameters: dict[str, str | int] | None = None) -> object:
        self.commands.append(cmd)
        return None

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self._applied


def _engine(applied: list[tuple[object, ...]]) -> tuple[Engine, list[str]]:
    engine = _Engine(applied)
    return engine, engine.commands


def test_a_file_that_was_cut_short_is_run_again_from_its_start() -> None:
    first, *later = migration_files()
    engine, commands = _engine([(first.number, first.checksum)])
    assert migrate(engine) == later
    assert all("IF NOT EXISTS" in command for command in commands if command.startswith("CREATE"))


@pytest.mark.parametrize(
    ("applied", "message"),
    [
        pytest.param([(1, "other")], "was changed after", id="an applied file was edited"),
        pytest.param(
            [(file.number, file.checksum) for file in migration_files()] + [(99, "x")],
            "newer version",
            id="the folder is newer than the program",
        ),
    ],
)
def test_a_folder_that_does_not_fit_is_refused(applied: list[tuple[object, ...]], message: str) -> None:
    engine, _ = _engine(applied)
    with pytest.raises(StoreError, match=message):
        migrate(engine)


def test_a_second_process_gets_one_clear_error(tmp_path: Path, store: Store) -> None:
    program = """
import sys
from streamgauge.store import StoreInUse, open_store
try:
    open_store(sys.argv[1])
except StoreInUse as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", program, str(tmp_path / "store")], capture_output=True, text=True, check=True)
    assert "in use by another process" in result.stdout
    assert result.stderr == ""


def test_the_same_process_cannot_open_a_folder_twice(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreInUse):
        open_store(tmp_path / "store")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        pytest.param("chdb://relative/path", "absolute", id="a relative path"),
        pytest.param("chdb:///tmp/{a,b}/store", "patterns", id="a path that the engine would read as a pattern"),
        pytest.param("http://localhost:8123", "unknown scheme", id="another scheme"),
        pytest.param("/tmp/a?b", "must not have", id="a path that the engine would read options from"),
    ],
)
def test_an_address_out_of_form_is_refused(address: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_store(address)


def test_a_closed_store_says_so_and_can_be_closed_again(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.select(Statement("test.one", "SELECT 1"), _LIMITS)


def test_many_threads_may_ask_at_once(store: Store) -> None:
    answers: list[int] = []

    def ask(number: int) -> None:
        for _ in range(5):
            ((answer,),) = store.select(
                Statement("test.thread", "SELECT {n:UInt64} + sleepEachRow(0.001)", {"n": number}), _LIMITS
            )
            answers.append(int(answer))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(number for number in range(8) for _ in range(5))


@pytest.mark.parametrize("memory_bytes", [None, 2**30])
def test_a_statement_uses_more_than_one_processor_whatever_memory_the_engine_has(
    tmp_path: Path, memory_bytes: int | None
) -> None:
    store = open_store(tmp_path / "store", memory_bytes=memory_bytes)
    try:
        sql = "EXPLAIN PIPELINE SELECT count() FROM numbers_mt(100000000) WHERE number % 7 = 3"
        pipeline = "".join(str(line) for (line,) in store.select(Statement("pipeline", sql), StatementLimits()))
    finally:
        store.close()
    # It stands before the number of threads that take a step; nothing is said of one thread.
    assert ("\N{MULTIPLICATION SIGN}" in pipeline) is ((os.cpu_count() or 1) > 1)


def test_the_engine_keeps_to_its_memory(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", memory_bytes=512 * 2**20)
    hungry = Statement("test.hungry", "SELECT uniqExact(number) FROM numbers(100000000)")
    try:
        with pytest.raises(Refusal) as refused:
            store.select(hungry, StatementLimits(max_memory_bytes=4 * 2**30))
        assert refused.value.reason is Reason.QUERY_OUT_OF_MEMORY
    finally:
        store.close()
