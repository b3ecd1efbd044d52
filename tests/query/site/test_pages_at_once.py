"""Many pages of analytics asked at once: how many statements run, and that each page gets its own answer."""

import asyncio
import threading
from typing import Any, cast

import pytest

from streamgauge.kernel.analytics import Breakdown, Dimension, SiteFilter, SiteMetric, SiteQuery, SiteSelection
from streamgauge.kernel.progress import AllLoaded, LoadProgress
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Operator
from streamgauge.query import IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.store import Statement, StatementLimits, Store
from tests.loader.house import House
from tests.query.site.loaded_site import LoadedSite
from tests.query.site.site_ledger import SITE

DIMENSIONS = (Dimension.PAGE, Dimension.CHANNEL, Dimension.COUNTRY, Dimension.DEVICE)


class Watched:
    """A store that remembers how many statements ran at once, and with how many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._running = 0
        self.most = 0
        self.threads: set[int | None] = set()

    def select(self, statement: Statement, limits: StatementLimits) -> list[tuple[Any, ...]]:
        with self._guard:
            self._running += 1
            self.most = max(self.most, self._running)
            self.threads.add(limits.threads)
        try:
            return self._store.select(statement, limits)
        finally:
            with self._guard:
                self._running -= 1


def page(site: LoadedSite, visitor_count: int, *filters: SiteFilter) -> SiteQuery:
    selection = SiteSelection(site.project_id, SITE, 0, visitor_count * 1000, filters)
    return SiteQuery(selection, tuple(SiteMetric), breakdowns=tuple(Breakdown(key) for key in DIMENSIONS))


class FarBehind:
    """A loader that has a gigabyte of the journal before it, in which nothing of interest stands."""

    loaded = 10**9

    def is_amended(self, project_id: str) -> bool:
        return False

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        return False


@pytest.mark.parametrize(
    ("progress", "journal_end", "at_once"),
    [
        pytest.param(AllLoaded(), 0, 2, id="two lanes"),
        pytest.param(FarBehind(), 2 * 10**9, 1, id="one while much waits to be loaded"),
    ],
)
def test_pages_share_the_lanes_and_each_gets_its_own_answer(
    site: LoadedSite, house: House, progress: LoadProgress, journal_end: int, at_once: int
) -> None:
    site.put([{"timestamp": number * 1000, "visitor_id": f"v{number}"} for number in range(8)])
    watched = Watched(house.store)
    runner = QueryRunner(cast("Store", watched), progress, lambda: journal_end, QuerySettings(lanes=2), IgnoredTimes())

    async def ask() -> list[Any]:
        answered = await asyncio.gather(*(runner.site(page(site, count)) for count in range(1, 9)))
        return [(one.answer.totals.values[SiteMetric.VISITORS], one.answer.breakdowns[0].rows[0].value) for one in answered]

    try:
        assert asyncio.run(ask()) == [(count, "/") for count in range(1, 9)]
    finally:
        runner.close()
    assert watched.most <= at_once
    assert watched.threads == {1}


def test_a_refusal_of_one_statement_is_the_answer_and_the_next_page_is_answered(site: LoadedSite, house: House) -> None:
    site.put([{"timestamp": 0, "visitor_id": "v"}])
    runner = QueryRunner(house.store, AllLoaded(), lambda: 0, QuerySettings(), IgnoredTimes())

    async def ask() -> Any:
        with pytest.raises(Refusal) as refused:
            await runner.site(page(site, 1, SiteFilter(Dimension.PAGE, Operator.MATCHES, ("(",))))
        assert refused.value.reason is Reason.INVALID_PARAMETER
        return (await runner.site(page(site, 1))).answer.totals.values[SiteMetric.VISITORS]

    try:
        assert asyncio.run(ask()) == 1
    finally:
        runner.close()
