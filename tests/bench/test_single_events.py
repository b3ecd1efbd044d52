"""What is made of rounds that were taken in turns."""

import pytest

from bench.figure import OURS
from bench.single_events import PROTOCOL, UVICORN, figures_of
from tests.bench.rounds import round_of

# The machine was half as fast in the second round, and did something else for a moment in the third.
TAKEN = {
    OURS: [round_of(20_000, 10_000), round_of(10_000, 30_000), round_of(18_000, 20_000)],
    UVICORN: [round_of(20_000), round_of(10_000), round_of(20_000)],
    PROTOCOL: [round_of(80_000), round_of(20_000), round_of(60_000)],
}


def test_shares_are_of_neighbouring_rounds() -> None:
    of_uvicorn, of_protocol, _ = figures_of(TAKEN)
    assert of_uvicorn.rounds == (1.0, 1.0, 0.9)
    assert (of_uvicorn.value, of_uvicorn.reached) == (1.0, True)
    assert of_protocol.rounds == (0.25, 0.5, 0.3)
    assert (of_protocol.value, of_protocol.reached) == (0.3, False)


def test_the_time_is_the_middle_round() -> None:
    slowest = figures_of(TAKEN)[2]
    assert (slowest.value, slowest.unit, slowest.reached) == (20.0, "ms", True)
    assert slowest.detail == "median 10.0 ms, 99.9 % 40.0 ms; 64 connections"


def test_what_an_event_takes_is_told() -> None:
    detail = figures_of(TAKEN)[0].detail
    assert "28 µs of processor time each" in detail
    assert "100 bytes written an event" in detail


def test_every_time_is_charted_for_everybody() -> None:
    chart = figures_of(TAKEN)[2].compared
    assert chart is not None
    assert [(bar.group, bar.lane) for bar in chart.bars] == [
        (level, lane) for level in ("50 %", "99 %", "99.9 %") for lane in (OURS, UVICORN, PROTOCOL)
    ]
    assert chart.bars[3].rounds == pytest.approx((10, 30, 20))
