"""Answers and rows of SQL are the same cells, and a difference is found."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bench.questions import HEADLINE, QUESTIONS, Cells, cells_of_answer, cells_of_rows, difference


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        pytest.param(
            {"data": [{"date": "2025-01-01", "value": 1.5}], "total": 1.5},
            [(date(1970, 1, 1), Decimal("1.5")), (date(2025, 1, 1), Decimal("1.5"))],
            id="days, with the total of the store",
        ),
        pytest.param(
            {"data": [{"date": "2025-06-01T13:00:00Z", "value": 2}], "total": 2},
            [(datetime(2025, 6, 1, 13), 2), (None, 2)],
            id="hours, with the total of DuckDB",
        ),
        pytest.param(
            {"data": [{"date": "2025-06-01T15:00:00+02:00", "value": 2}], "total": 2},
            [(datetime(2025, 6, 1, 13), 2)],
            id="hours of another zone",
        ),
        pytest.param(
            {"value": 3, "count": 3, "groups": [{"group": {"plan": "pro"}, "value": 3, "count": 3}]}, [("pro", 3)], id="groups"
        ),
        pytest.param(
            {"data": [{"date": "2025-01-01", "value": 0}, {"date": "2025-01-02", "value": 1}], "total": 1},
            [(date(2025, 1, 2), 1)],
            id="a day without events",
        ),
    ],
)
def test_the_same_numbers_are_the_same(answer: dict[str, Any], rows: list[tuple[Any, Any]]) -> None:
    assert difference(cells_of_answer(answer), cells_of_rows(rows)) == ""


@pytest.mark.parametrize(
    ("other", "found"),
    [
        pytest.param({"a": 1.0}, "b is only in one of them", id="one too few"),
        pytest.param({"a": 1.0, "b": 2.0, "c": 3.0}, "c is only in one of them", id="one too many"),
        pytest.param({"a": 1.0, "b": 2.00001}, "b: 2.0 and 2.00001", id="another number"),
        pytest.param({"a": 1.0, "b": 2.0 + 1e-12}, "", id="rounding"),
        pytest.param({"a": 1.0, "b": 2.0, "total": 4.0}, "total: 3.0 and 4.0", id="another total"),
    ],
)
def test_a_difference_is_found(other: Cells, found: str) -> None:
    assert difference({"a": 1.0, "b": 2.0, "total": 3.0}, other) == found


def test_every_question_has_a_name_of_its_own() -> None:
    names = [question.name for question in QUESTIONS]
    assert len(set(names)) == len(names)
    assert HEADLINE in names
