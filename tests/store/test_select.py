"""Statements: parameters mean themselves, limits hold and are named, errors say no more than they should."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.store import Statement, StatementLimits, Store, StoreError, open_store

_LIMITS = StatementLimits()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("select") / "store")
    yield opened
    opened.close()


_HOSTILE = [
    pytest.param("", id="the empty text"),
    pytest.param("it's", id="a single quote"),
    pytest.param('"', id="a double quote"),
    pytest.param("`", id="a backtick"),
    pytest.param("a.b.c", id="dots"),
    pytest.param("{k:String}", id="the mark of a parameter"),
    pytest.param("{", id="an open brace"),
    pytest.param("%s %(k)s %d", id="percent marks"),
    pytest.param("$1$ $k$", id="dollar marks"),
    pytest.param("\\", id="a backslash"),
    pytest.param("\\n\\t\\0\\N", id="backslashes that look like escapes"),
    pytest.param("a\tb", id="a tab"),
    pytest.param("a\nb\r\n", id="newlines"),
    pytest.param("a\0b", id="a NUL"),
    pytest.param("\x01\x08\x0c\x1f\x7f", id="control characters"),
    pytest.param("é☃\U0001d4b3\u202e", id="unicode"),
    pytest.param("NULL", id="the word NULL"),
    pytest.param("'; DROP TABLE events; --", id="an attempt to end the statement"),
    pytest.param("*/ /*", id="comment marks"),
    pytest.param(" ", id="a blank"),
]


@pytest.mark.parametrize("text", _HOSTILE)
def test_a_bound_text_means_itself(store: Store, text: str) -> None:
    assert _echo(store, text, [text, "", text + "x"]) == [(text, [text, "", text + "x"], 1)]


@settings(max_examples=150, deadline=None)
@given(text=st.text(), texts=st.lists(st.text(), max_size=4))
def test_any_text_and_any_list_of_texts_means_itself(store: Store, text: str, texts: list[str]) -> None:
    assert _echo(store, text, texts) == [(text, texts, int(text in texts))]


def _echo(store: Store, text: str, texts: list[str]) -> list[tuple[object, ...]]:
    sql = "SELECT {text:String}, {texts:Array(String)}, {text:String} IN {texts:Array(String)}"
    return store.select(Statement("test.echo", sql, {"text": text, "texts": texts}), _LIMITS)


@pytest.mark.parametrize(
    ("sql", "limits", "reason", "limit"),
    [
        pytest.param(
            "SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))",
            StatementLimits(timeout_s=0.2),
            Reason.QUERY_TIMEOUT,
            "0.2 seconds",
            id="time",
        ),
        pytest.param(
            "SELECT uniqExact(number) FROM numbers(50000000)",
            StatementLimits(max_memory_bytes=10_000_000),
            Reason.QUERY_OUT_OF_MEMORY,
            "10 MB",
            id="memory",
        ),
        pytest.param(
            "SELECT number FROM numbers(100)", StatementLimits(max_rows=99), Reason.QUERY_TOO_MANY_ROWS, "99 rows", id="rows"
        ),
    ],
)
def test_a_limit_that_is_hit_is_refused_with_the_names_of_query_and_limit(
    store: Store, sql: str, limits: StatementLimits, reason: Reason, limit: str
) -> None:
    with pytest.raises(Refusal) as caught:
        store.select(Statement("test.heavy", sql), limits)
    assert caught.value.reason is reason
    assert "test.heavy" in caught.value.message
    assert limit in caught.value.message


def test_as_many_rows_as_the_limit_are_given(store: Store) -> None:
    assert len(store.select(Statement("test.rows", "SELECT number FROM numbers(99)"), StatementLimits(max_rows=99))) == 99


def test_another_error_has_its_code_and_no_payload(store: Store) -> None:
    statement = Statement("test.wrong", "SELECT throwIf(1, {secret:String})", {"secret": "sk_live_secret"})
    with pytest.raises(StoreError) as caught:
        store.select(
            Statement("test.wrong", "SELECT * FROM no_such_table WHERE {s:String} = ''", {"s": "sk_live_secret"}), _LIMITS
        )
    assert caught.value.code == 60
    with pytest.raises(StoreError) as thrown:
        store.select(statement, _LIMITS)
    for error in (caught.value, thrown.value):
        assert "test.wrong" in str(error)
        assert "secret" not in str(error)


def test_a_statement_carries_its_name_into_the_engine(store: Store) -> None:
    sql = "SELECT query, getSetting('log_comment') FROM system.processes WHERE query LIKE '%test.named%'"
    ((text, comment),) = store.select(Statement("test.named", sql), _LIMITS)
    assert text.startswith("/* test.named */")
    assert comment == "test.named"


def test_another_folder_in_the_same_process_is_refused(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError, match="opening"):
        open_store(tmp_path / "another")
