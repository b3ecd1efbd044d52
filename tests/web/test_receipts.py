"""Receipts while the loader is behind: what is not found may be on its way, and the answer says so."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamgauge.kernel.access import Key, Plan, Scope
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.store import Store, open_store
from streamgauge.web.door_routes import Question
from streamgauge.web.receipts import RECEIPT_ROUTES, ReceiptDesk

KEY = Key("k", "p", Plan("unlimited"), frozenset(Scope))
SINGLE = [route for route in RECEIPT_ROUTES if "unmetered" not in route.path]


class Behind:
    """A loader that has loaded nothing, and perhaps never will."""

    loaded = 0

    def __init__(self, *, in_time: bool) -> None:
        self._in_time = in_time

    def is_amended(self, project_id: str) -> bool:
        return False

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        return self._in_time


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Path(tmp_path_factory.mktemp("receipts")) / "store")
    yield opened
    opened.close()


def _refused(store: Store, route: Any, *, in_time: bool) -> Refusal:
    runner = QueryRunner(store, Behind(in_time=in_time), lambda: 1, QuerySettings(), IgnoredTimes())
    nobody: Any = None  # Nothing else is asked before the event is found.
    desk = ReceiptDesk(runner, nobody, nobody, nobody, nobody)
    try:
        with pytest.raises(Refusal) as caught:
            asyncio.run(route.answer(desk, Question(KEY, [("id", "e")], b"", {"id": "e"}, 0)))
    finally:
        runner.close()
    return caught.value


@pytest.mark.parametrize("route", SINGLE, ids=lambda route: f"{route.method} {route.path}")
def test_an_event_that_may_be_on_its_way_is_not_said_to_be_missing(store: Store, route: Any) -> None:
    refusal = _refused(store, route, in_time=False)
    assert (refusal.reason, refusal.kind.value, refusal.retry_after_s) == (Reason.SERVER_BUSY, 503, 1)


@pytest.mark.parametrize("route", SINGLE, ids=lambda route: f"{route.method} {route.path}")
def test_when_all_is_loaded_it_is_missing(store: Store, route: Any) -> None:
    assert _refused(store, route, in_time=True).reason is Reason.NOT_FOUND
