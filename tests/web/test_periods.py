"""Closing a period while the loader does not come along: refused for now, and nothing is closed."""

import asyncio
from pathlib import Path

import pytest

from streamgauge.control import Control
from streamgauge.kernel.access import Key, Plan, Scope
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.progress import AllLoaded
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.store import open_store
from streamgauge.web.door_routes import Question
from streamgauge.web.periods import PeriodDesk, answer_close

POSITION = 4711
JANUARY = b'{"start_time":"2024-01-01T00:00:00Z","end_time":"2024-02-01T00:00:00Z"}'


class Loading:
    """A loader that has come as far as it says, and comes no further."""

    def __init__(self, loaded: int) -> None:
        self._loaded = loaded

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        return self._loaded >= position


@pytest.mark.parametrize("loaded", [POSITION - 1, POSITION])
def test_a_period_is_closed_once_all_before_is_loaded(tmp_path: Path, loaded: int) -> None:
    control = Control.open(tmp_path / "control.db", DEFAULT_PLANS, SystemClock())
    store = open_store(tmp_path / "store")
    runner = QueryRunner(store, AllLoaded(), lambda: POSITION, QuerySettings(), IgnoredTimes())
    project_id = control.create_project("p").project_id
    key = Key("key_1", project_id, Plan("free"), frozenset(Scope))
    desk = PeriodDesk(control.closed_periods, runner, Loading(loaded), lambda: POSITION, 0.0)
    try:
        if loaded < POSITION:
            with pytest.raises(Refusal) as told:
                asyncio.run(answer_close(desk, Question(key, (), JANUARY, {}, 0)))
            assert (told.value.reason, told.value.retry_after_s) == (Reason.SERVER_BUSY, 1)
            assert control.closed_periods.of(project_id) == ()
        else:
            assert asyncio.run(answer_close(desk, Question(key, (), JANUARY, {}, 0))).status == 201
            (period,) = control.closed_periods.of(project_id)
            assert (period.position, period.closed_by) == (POSITION, "key_1")
    finally:
        runner.close()
        store.close()
        control.close()
