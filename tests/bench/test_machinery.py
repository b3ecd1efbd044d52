"""What is read off a process."""

import os

import pytest

from bench.machinery import Spent, percentile


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 5.0), (90, 9.0), (99, 10.0), (99.9, 10.0), (0, 1.0), (100, 10.0)], ids=lambda each: f"{each}"
)
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([float(number) for number in range(10, 0, -1)], percent) == value


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_what_was_spent_is_a_difference() -> None:
    assert Spent(5.0, 700) - Spent(2.0, 300) == Spent(3.0, 400)
    assert Spent.of(os.getpid()).cpu_s > 0
