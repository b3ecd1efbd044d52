"""What is made of a load and of the store alone before and after it."""

from bench.machinery import Spent
from bench.sustained import Load, figures_of

LOAD = Load(120_000, 90_000, 10_000_000, 7, Spent(200.0, 4_000_000_000), 900)


def test_the_store_alone_is_the_mean_of_before_and_after() -> None:
    share, *_ = figures_of(LOAD, (160_000, 200_000), 120)
    assert (share.value, share.reached) == (0.5, True)


def test_what_an_event_takes_is_a_figure_without_a_goal() -> None:
    _, cpu, written, memory = figures_of(LOAD, (160_000, 200_000), 120)
    assert (cpu.value, cpu.shown, cpu.verdict) == (20, "20.00 µs", "")
    assert (written.value, written.shown, written.goal_shown) == (400, "400 bytes", "none")
    assert (memory.value, memory.reached) == (900, True)
