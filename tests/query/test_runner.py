"""The runner: waiting for what was written, amendments seen whole, turns, limits, times reported."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from streamgauge.kernel.progress import AllLoaded, LoadProgress
from streamgauge.kernel.query import Aggregation, AsOf, EventLookup, MetricQuery, Window
from streamgauge.kernel.refusal import Kind, Reason, Refusal
from streamgauge.query import Freshness, IgnoredTimes, QueryObserver, QueryRunner, QuerySettings
from streamgauge.store import StatementLimits
from tests.query.ledger import Ledger, ms

_DAY = ("2025-01-01T00:00Z", "2025-01-02T00:00Z")


def runner(
    ledger: Ledger,
    progress: LoadProgress,
    settings: QuerySettings = QuerySettings(),  # noqa: B008 (a frozen value)
    observer: QueryObserver | None = None,
    journal_end: Callable[[], int] = lambda: 0,
) -> QueryRunner:
    return QueryRunner(ledger.store, progress, journal_end, settings, observer or IgnoredTimes())


def count(ledger: Ledger) -> MetricQuery:
    return MetricQuery(ledger.selection(*_DAY), Aggregation.COUNT)


class SlowLoader:
    """A loader that loads one more event when a query waits for it, or never gets there."""

    def __init__(self, ledger: Ledger, gets_there: bool) -> None:
        self._ledger = ledger
        self._gets_there = gets_there
        self.loaded = 50

    def is_amended(self, project_id: str) -> bool:
        return False

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        if self._gets_there:
            self._ledger.put([{"timestamp": ms(_DAY[0])}])
            self.loaded = position
        return self._gets_there


@pytest.mark.parametrize(("gets_there", "expected"), [(True, (1, False)), (False, (0, True))], ids=["in time", "not in time"])
def test_a_query_waits_for_what_was_written_before_it(ledger: Ledger, gets_there: bool, expected: tuple[int, bool]) -> None:
    asked = runner(ledger, SlowLoader(ledger, gets_there), journal_end=lambda: 200)
    answered = asyncio.run(asked.metric(count(ledger)))
    asked.close()
    assert (answered.answer.value, answered.freshness.lagging) == expected
    assert (answered.freshness.position, answered.freshness.loaded) == (200, 200 if gets_there else 50)


class AmendingLoader:
    """A loader whose first amendment of the project becomes known while the first query runs."""

    def __init__(self, loaded: int) -> None:
        self.loaded = loaded
        self.asked = 0

    def is_amended(self, project_id: str) -> bool:
        self.asked += 1
        return self.asked > 1

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        return True


def test_a_query_runs_again_when_the_first_amendment_comes_while_it_runs(ledger: Ledger) -> None:
    first, second = ledger.put([{"timestamp": ms(_DAY[0])}, {"timestamp": ms(_DAY[0])}])
    ledger.supersede([first], second)
    asked = runner(ledger, AmendingLoader(second + 1))
    assert asyncio.run(asked.metric(count(ledger))).answer.value == 1
    asked.close()


@pytest.mark.parametrize("is_loaded", [False, True], ids=["before it is loaded", "after it is loaded"])
def test_an_amendment_is_seen_whole_or_not_at_all(ledger: Ledger, is_loaded: bool) -> None:
    rows = [{"event_id": "same", "timestamp": ms(_DAY[0]), "properties": f'{{"v":{number}}}'.encode()} for number in (1, 10)]
    first, second = ledger.put(rows)
    ledger.supersede([first], second)
    progress = AmendingLoader(second + 1 if is_loaded else second)
    progress.asked = 1
    asked = runner(ledger, progress)
    answer = asyncio.run(asked.metric(MetricQuery(ledger.selection(*_DAY), Aggregation.SUM, "v"))).answer
    versions = asyncio.run(asked.lookup(EventLookup(ledger.project_id, "same"))).answer
    asked.close()
    assert (answer.value, answer.count) == ((10, 1) if is_loaded else (1, 1))
    assert [event.superseded for event in versions] == ([False, True] if is_loaded else [False])


@dataclass
class Held:
    """An observer that keeps every statement's thread until it is let go."""

    go: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    names: list[str] = field(default_factory=list)

    def observe(self, name: str, seconds: float) -> None:
        assert seconds > 0
        self.began.set()
        self.go.wait(30)
        self.names.append(name)


def test_a_query_too_many_is_refused_by_name_and_the_others_are_answered(ledger: Ledger) -> None:
    held = Held()

    async def ask() -> list[object]:
        asked = runner(ledger, AllLoaded(), QuerySettings(threads=1, waiting=2), held)
        tasks = [asyncio.create_task(asked.metric(count(ledger))) for _ in range(4)]
        refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert len(refused) == 1
        held.go.set()
        found: list[object] = list(await asyncio.gather(*tasks, return_exceptions=True))
        asked.close()
        return found

    found = asyncio.run(ask())
    refusals = [outcome for outcome in found if isinstance(outcome, Refusal)]
    assert [(refusal.reason, refusal.kind, refusal.retry_after_s) for refusal in refusals] == [
        (Reason.TOO_MANY_QUERIES, Kind.UNAVAILABLE, 1)
    ]
    assert held.names == ["rollup.count"] * 3


def test_a_query_that_waits_longer_than_one_may_run_is_refused(ledger: Ledger) -> None:
    held = Held()

    async def ask() -> None:
        asked = runner(ledger, AllLoaded(), QuerySettings(StatementLimits(timeout_s=0.3), threads=1), held)
        first = asyncio.create_task(asked.metric(count(ledger)))
        assert await asyncio.to_thread(held.began.wait, 30)
        with pytest.raises(Refusal) as refused:
            await asked.metric(count(ledger))
        assert refused.value.reason is Reason.TOO_MANY_QUERIES
        held.go.set()
        await first
        asked.close()

    asyncio.run(ask())


def test_a_caller_who_goes_away_gives_the_turn_back_when_the_statement_ends(ledger: Ledger) -> None:
    held = Held()

    async def ask() -> int:
        asked = runner(ledger, AllLoaded(), QuerySettings(threads=1), held)
        gone = asyncio.create_task(asked.metric(count(ledger)))
        assert await asyncio.to_thread(held.began.wait, 30)
        gone.cancel()
        waiting = asyncio.create_task(asked.metric(count(ledger)))
        held.go.set()
        answered = await waiting
        asked.close()
        return answered.answer.count

    assert asyncio.run(ask()) == 0


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        pytest.param(StatementLimits(max_rows=3), Reason.QUERY_TOO_MANY_ROWS, id="rows"),
        pytest.param(StatementLimits(max_memory_bytes=1000), Reason.QUERY_OUT_OF_MEMORY, id="memory"),
    ],
)
def test_a_limit_that_is_hit_names_the_query(ledger: Ledger, limits: StatementLimits, reason: Reason) -> None:
    ledger.put([{"timestamp": ms(_DAY[0]) + place * 60_000, "properties": b'{"v":1}'} for place in range(50)])
    asked = runner(ledger, AllLoaded(), QuerySettings(limits))
    with pytest.raises(Refusal, match=r"metric\.sum") as refused:
        asyncio.run(asked.metric(MetricQuery(ledger.selection(*_DAY), Aggregation.SUM, "v", Window.MINUTE)))
    asked.close()
    assert refused.value.reason is reason


def test_times_are_reported_by_the_name_of_the_statement(ledger: Ledger) -> None:
    held = Held()
    held.go.set()
    asked = runner(ledger, AllLoaded(), observer=held)
    asyncio.run(asked.metric(count(ledger)))
    asyncio.run(asked.lookup(EventLookup(ledger.project_id, "x")))
    asked.close()
    assert held.names == ["rollup.count", "events.lookup"]


class Ahead:
    """The store holds more than is said to be loaded."""

    loaded = 105

    def is_amended(self, project_id: str) -> bool:
        return False

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        return position <= self.loaded


def test_many_questions_have_one_answer_each_over_one_state(ledger: Ledger) -> None:
    ledger.put([{"timestamp": ms(_DAY[0]), "properties": b'{"v":2}'}, {"timestamp": ms(_DAY[0]) + 1, "properties": b'{"v":5}'}])
    asked = runner(ledger, Ahead(), journal_end=lambda: 105)
    queries = [MetricQuery(ledger.selection(*_DAY), kind, "v") for kind in (Aggregation.SUM, Aggregation.MAX, Aggregation.LATEST)]

    async def values(queries: Sequence[MetricQuery], pinned: bool) -> tuple[list[object], Freshness]:
        answered = await asked.metrics(queries, pinned=pinned)
        return [answer.value for answer in answered.answer], answered.freshness

    fresh = Freshness(105, 105, False)
    for some in (queries, queries[:1], []):
        for pinned, expected in ((False, [7, 5, 5]), (True, [2, 2, 2])):
            assert asyncio.run(values(some, pinned)) == (expected[: len(some)], fresh)
    other = replace(queries[0], selection=replace(queries[0].selection, as_of=AsOf(position=3)))
    with pytest.raises(ValueError, match="one project and one moment"):
        asyncio.run(asked.metrics([queries[0], other]))
    with pytest.raises(Refusal):
        asyncio.run(asked.metrics([queries[0], replace(queries[0], property=None)]))
    asked.close()


def test_an_earlier_moment_waits_for_nothing_newer_and_tells_what_it_covers(ledger: Ledger) -> None:
    ledger.put([{"timestamp": ms(_DAY[0])}, {"timestamp": ms(_DAY[0])}])
    asked = runner(ledger, Ahead(), journal_end=lambda: 1000)
    query = count(ledger)
    earlier = replace(query, selection=replace(query.selection, as_of=AsOf(position=104)))
    now, then = asyncio.run(asked.metric(query)).freshness, asyncio.run(asked.metric(earlier)).freshness
    asked.close()
    assert (now, then) == (Freshness(1000, 105, True), Freshness(104, 104, False))


def test_who_asks_for_what_is_loaded_waits_for_nothing_and_is_told_so(ledger: Ledger) -> None:
    class Behind(AllLoaded):
        """A loader that is behind, and may not be waited for."""

        loaded = 50

        async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
            raise AssertionError("it was waited for")

    asked = runner(ledger, Behind(), journal_end=lambda: 200)
    query = count(ledger)
    now = replace(query, selection=replace(query.selection, as_of=AsOf(loaded=True)))
    freshness = asyncio.run(asked.metric(now)).freshness
    asked.close()
    assert freshness == Freshness(200, 50, True)
