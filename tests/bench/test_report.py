"""The measured part of docs/performance.md is exchanged, and nothing else of it."""

import pytest

from bench.figure import Figure, Goal
from bench.report import BEGIN, END, Circumstances, replace_measured, to_markdown

REACHED = Figure("share of a bare POST", 0.55, "", Goal.AT_LEAST, 0.5, "16,000 a second")
MISSED = Figure("ready", 2.5, "s", Goal.AT_MOST, 2)
HERE = Circumstances("2026-03-14", 2, 24.0, "a processor", "3.11.7")


@pytest.mark.parametrize(
    ("value", "side", "reached"),
    [
        pytest.param(0.5, Goal.AT_LEAST, True, id="exactly the least"),
        pytest.param(0.49, Goal.AT_LEAST, False, id="less than the least"),
        pytest.param(0.5, Goal.AT_MOST, True, id="exactly the most"),
        pytest.param(0.51, Goal.AT_MOST, False, id="more than the most"),
    ],
)
def test_a_goal_has_a_good_side(value: float, side: Goal, reached: bool) -> None:
    assert Figure("figure", value, "", side, 0.5).reached is reached


def test_a_missed_goal_is_said_in_the_document() -> None:
    table = to_markdown([REACHED, MISSED], HERE, "make bench").splitlines()
    assert table[0] == "`make bench`, 2026-03-14, 2 cores (a processor), 24 GiB, Python 3.11.7."
    assert table[-2:] == [
        "| share of a bare POST | 0.55 | at least 0.50 | yes | 16,000 a second |",
        "| ready | 2.50 s | at most 2.00 s | no |  |",
    ]


def test_only_the_measured_part_is_exchanged() -> None:
    document = f"before\n{BEGIN}\n\nold\n\n{END}\nafter\n"
    assert replace_measured(document, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"


def test_a_document_without_the_part_is_refused() -> None:
    with pytest.raises(ValueError, match="measured: begin"):
        replace_measured("before\nafter\n", "new")
