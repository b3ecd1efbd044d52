"""Closed periods in the control plane: never overlapping, never changed, seen by every look-up at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from streamgauge.control import Control
from streamgauge.control.closed_periods import ClosedPeriods
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.metering import ClosedPeriod
from streamgauge.kernel.refusal import Reason, Refusal
from tests.control.conftest import NOON_MS


@pytest.fixture
def periods(control: Control) -> ClosedPeriods:
    return control.closed_periods


@pytest.fixture
def projects(control: Control) -> list[str]:
    return [control.create_project(name).project_id for name in ("one", "two")]


def test_they_are_held_in_order_and_read_again(periods: ClosedPeriods, projects: list[str], control: Control) -> None:
    later = periods.close(projects[0], 200, 300, 7, "key_1")
    earlier = periods.close(projects[0], 100, 200, 9, "key_1")
    theirs = periods.close(projects[1], 150, 250, 8, "key_2")
    assert later == ClosedPeriod(later.period_id, projects[0], 200, 300, 7, NOON_MS, "key_1")
    assert periods.of(projects[0]) == (earlier, later)
    assert periods.of(projects[1]) == (theirs,)
    assert periods.of("no project") == ()
    assert ClosedPeriods(control._database, ManualClock(NOON_MS)).of(projects[0]) == (earlier, later)
    assert periods.get(projects[0], later.period_id) == later
    with pytest.raises(Refusal) as told:
        periods.get(projects[1], later.period_id)
    assert told.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "reason"),
    [
        pytest.param(100, 100, Reason.RANGE_REVERSED, id="empty"),
        pytest.param(100, 99, Reason.RANGE_REVERSED, id="reversed"),
        pytest.param(100, NOON_MS + 1, Reason.INVALID_PARAMETER, id="not ended"),
        pytest.param(100, 1001, Reason.ALREADY_EXISTS, id="its first moment"),
        pytest.param(1999, 2100, Reason.ALREADY_EXISTS, id="its last moment"),
        pytest.param(1000, 2000, Reason.ALREADY_EXISTS, id="the same"),
    ],
)
def test_what_cannot_be_closed_is_refused(
    periods: ClosedPeriods, projects: list[str], start_ms: int, end_ms: int, reason: Reason
) -> None:
    made = periods.close(projects[0], 1000, 2000, 1, "")
    with pytest.raises(Refusal) as told:
        periods.close(projects[0], start_ms, end_ms, 2, "")
    assert told.value.reason is reason
    assert periods.of(projects[0]) == (made,)


def test_the_moment_that_is_now_can_be_closed(periods: ClosedPeriods, projects: list[str]) -> None:
    assert periods.close(projects[0], 0, NOON_MS, 1, "").end_ms == NOON_MS


class _SlowClock(ManualClock):
    """Whoever asks waits a moment for somebody else to ask as well."""

    def __init__(self, start_ms: int) -> None:
        super().__init__(start_ms)
        self._meeting = threading.Barrier(2)

    def now_ms(self) -> int:
        with suppress(threading.BrokenBarrierError):
            self._meeting.wait(0.1)
        return super().now_ms()


def test_of_many_at_once_one_is_closed(control: Control, projects: list[str]) -> None:
    periods = ClosedPeriods(control._database, _SlowClock(NOON_MS))

    def close(number: int) -> bool:
        try:
            periods.close(projects[0], 100 + number, 200 + number, number, "")
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(close, range(12))).count(True) == 1
    assert len(periods.of(projects[0])) == 1
