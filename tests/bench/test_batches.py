"""Batches have two goals, of which one is enough."""

import pytest

from bench.batches import figure_of
from bench.machinery import Spent
from tests.bench.rounds import run_of

SPENT = Spent(10.0, 500_000_000)


@pytest.mark.parametrize(
    ("ours", "bare", "reached"),
    [
        pytest.param(350, 2_000, True, id="the rate"),
        pytest.param(349, 2_000, False, id="neither"),
        pytest.param(300, 500, True, id="the share of the reference"),
    ],
)
def test_either_goal_is_enough(ours: int, bare: int, reached: bool) -> None:
    figure = figure_of([run_of(bare)] * 3, [run_of(ours)] * 3, SPENT, 1_000_000, 215)
    assert figure.reached is reached
    assert figure.value == ours * 1_000


def test_what_an_event_takes_is_told() -> None:
    detail = figure_of([run_of(1_000)], [run_of(100, refused=3)], SPENT, 1_000_000, 215).detail
    assert "10.0 µs of processor time and 500 bytes written an event" in detail
    assert detail.endswith("3 refused or broken")
