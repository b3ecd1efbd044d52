"""Numbers of properties: which values count as numbers, and that their sums are exact."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.store import Statement, StatementLimits, Store, open_store
from tests.store.tables import events

_LIMITS = StatementLimits()


@pytest.fixture(scope="module")
def exact_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("exact") / "store")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param(text, number, id=f"{text!r}")
        for text, number in {
            "0.10": "0.1", "1e5": "100000", "-2.5E-3": "-0.0025", "+5": "5", ".5": "0.5", "1.": "1", "00012": "12",
            "123456789012345678.123456789": "123456789012345678.123456789",
            "": None, "empty": None, "e": None, "EUR": None, "example.com": None, "E5": None, ".": None, "-": None, "+": None,
            "1.2.3": None, "1.2.3.4": None, "1e5.5": None, "1e": None, "1abc": None, " 1": None, "1 ": None, "1,000": None,
            "0x10": None, "inf": None, "nan": None, "2026-01-01": None, "true": None,
        }.items()
    ],
)  # fmt: skip
def test_which_texts_are_numbers(exact_store: Store, text: str, number: str | None) -> None:
    project = f"text {text}"
    exact_store.insert("events", events({"properties": json.dumps({"v": text}).encode(), "project_id": project}), project)
    statement = Statement("test.text", "SELECT numbers FROM events WHERE project_id = {p:String}", {"p": project})
    assert exact_store.select(statement, _LIMITS) == [({} if number is None else {"v": Decimal(number)},)]


def test_numbers_are_taken_from_the_exact_form_when_there_is_one(exact_store: Store) -> None:
    row = {"properties": b'{"v":123456789012345678.123456789}', "exact_properties": b'{"v":"123456789012345678.123456789"}'}
    exact_store.insert("events", events(row | {"project_id": "exact form"}), "exact form")
    sql = "SELECT sum(numbers['v']) FROM events WHERE project_id = 'exact form'"
    ((total,),) = exact_store.select(Statement("test.sum", sql), _LIMITS)
    assert total == Decimal("123456789012345678.123456789")


_short = st.tuples(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 9)).map(
    lambda parts: Decimal(parts[0]).scaleb(-parts[1])
)


@settings(max_examples=25, deadline=None)
@given(
    numbers=st.lists(_short, min_size=1, max_size=40),
    texts=st.lists(st.integers(-(10**27) + 1, 10**27 - 1), min_size=1, max_size=40),
)
def test_sums_equal_decimal_arithmetic(exact_store: Store, numbers: list[Decimal], texts: list[int]) -> None:
    token = f"{numbers}{texts}"
    project = str(abs(hash(token)))
    long_texts = [f"{number // 10**9}.{number % 10**9:09d}" for number in map(abs, texts)]
    rows = [{"properties": b'{"v":%s}' % format(number, "f").encode(), "project_id": project} for number in numbers]
    rows += [{"properties": json.dumps({"t": text}).encode(), "project_id": project} for text in long_texts]
    exact_store.insert("events", events(*rows), token)
    sql = "SELECT sumIf(numbers['v'], mapContains(numbers, 'v')), sum(numbers['t']) FROM events WHERE project_id = {p:String}"
    ((total, total_of_texts),) = exact_store.select(Statement("test.sums", sql, {"p": project}), _LIMITS)
    assert total == sum(numbers)
    assert total_of_texts == sum(map(Decimal, long_texts))
