"""Inserts: once per token, any span of time, any property."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from streamgauge.store import RowsRefused, Statement, StatementLimits, Store, StoreError, open_store
from tests.store.tables import events

_LIMITS = StatementLimits()
_YEAR_MS = 366 * 86_400_000


def _count(store: Store, table: str = "events") -> int:
    ((count,),) = store.select(Statement("test.count", f"SELECT count() FROM {table}"), _LIMITS)
    return int(count)


@pytest.mark.parametrize(
    ("tokens", "count"),
    [
        pytest.param(["a", "a", "a"], 1, id="a replayed token is dropped"),
        pytest.param(["a", "b"], 2, id="the same rows under another token are kept"),
        pytest.param(["a", "b", "a", "b"], 2, id="an older token is still known"),
    ],
)
def test_tokens(store: Store, tokens: list[str], count: int) -> None:
    for token in tokens:
        store.insert("events", events({}), token)
    assert _count(store) == count


def test_a_token_is_known_after_reopening(tmp_path: Path) -> None:
    for _ in range(2):
        store = open_store(tmp_path / "store")
        store.insert("events", events({}), "token")
        assert _count(store) == 1
        store.close()


def test_an_insert_without_a_token_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="token"):
        store.insert("events", events({}), "")
    assert _count(store) == 0


def test_one_batch_may_span_centuries_and_is_replayed_as_a_whole(store: Store) -> None:
    rows = events(*({"timestamp": year * _YEAR_MS} for year in range(-69, 229, 7)))
    for _ in range(2):
        store.insert("events", rows, "centuries")
    assert _count(store) == 43


def test_a_row_that_is_tried_is_not_kept(store: Store) -> None:
    store.insert("events_trial", events({"properties": b'{"a": 1}'}), "trial")
    assert _count(store) == 0


def test_rows_that_do_not_fit_the_table_are_refused_as_such_or_by_code(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.insert("events", events({}).rename_columns([f"x{place}" for place in range(16)]), "token")
    assert caught.value.code is not None
    assert not isinstance(caught.value, RowsRefused)


def test_properties_come_back_as_sent_and_by_name(store: Store) -> None:
    properties = (
        '{"a.b":1.25,"":"empty","q\'\\"":"x\\ty","n":null,"t":true,"o":{"k":1},"l":[1],"num":"0.10","é☃":"\\u00e9"}'.encode()
    )
    store.insert("events", events({"properties": properties}), "token")
    ((sent, numbers, strings),) = store.select(Statement("test.maps", "SELECT properties, numbers, strings FROM events"), _LIMITS)
    assert sent.encode() == properties
    assert numbers == {"a.b": Decimal("1.25"), "num": Decimal("0.10")}
    assert strings["q'\""] == "x\ty"
    assert strings[""] == "empty"
    assert strings["é☃"] == "é"
    assert "n" not in strings


def test_files_of_inserts_lie_beside_the_store_and_none_is_left(tmp_path: Path) -> None:
    incoming = tmp_path / "store.incoming"
    incoming.mkdir()
    (incoming / "7.arrow").write_bytes(b"left by a process that was killed")
    store = open_store(tmp_path / "store")
    store.insert("events", events({}), "token")
    assert _count(store) == 1
    with pytest.raises(StoreError):
        store.insert("events", events({}).append_column("unknown", [["x"]]), "other")
    incoming_files = list(incoming.iterdir())
    store.close()
    assert incoming_files == []


@pytest.mark.parametrize("name", ["it's", 'a "b"', "back\\slash", "[x]", "é"])
def test_inserts_work_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    store = open_store(tmp_path / name / "store")
    store.insert("events", events({}), "it's a \\ token")
    assert _count(store) == 1
    store.close()


def test_rows_go_in_and_out_without_pandas(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from streamgauge.store import Statement, StatementLimits, open_store
        from tests.store.tables import events
        store = open_store(sys.argv[1])
        store.insert("events", events({}), "token")
        rows = store.select(Statement("test.all", "SELECT * FROM events"), StatementLimits())
        store.close()
        print(len(rows), "pandas" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "store")], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.split() == ["1", "False"]
