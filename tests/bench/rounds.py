"""Rounds of the generator as values, for what is made of them."""

from bench.machinery import Spent
from bench.single_events import Round
from bench.wrk import WrkRun


def run_of(per_s: int, p99_us: int = 2_000, *, refused: int = 0) -> WrkRun:
    """A run of one second."""
    return WrkRun(per_s + refused, refused, 0, 1_000_000, p99_us // 2, p99_us, p99_us * 2)


def round_of(per_s: int, p99_us: int = 2_000) -> Round:
    """A server that took half of a processor and wrote 100 bytes a request."""
    return Round(run_of(per_s, p99_us), Spent(0.5, per_s * 100))
