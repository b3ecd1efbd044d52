"""Answers requests: waits for what was written before, runs the statements on a few threads, and says how fresh the answer is.

Promises
- An answer holds every event that was in the journal when the query arrived, or says that it lags (Freshness.lagging).
- An amendment (an event replaced by one with the same id) is seen entirely or not at all: a project with amendments is read
  up to one position of the journal, and if the first amendment is loaded while a query runs, the query runs again.
- How many statements run and wait at once is bounded; see turns.py.
"""

import asyncio
import functools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from streamgauge.kernel.adjustment import AdjustmentPage, AdjustmentQuery
from streamgauge.kernel.analytics import (
    AttributionAnswer,
    AttributionQuery,
    FunnelAnswer,
    FunnelQuery,
    RetentionAnswer,
    RetentionQuery,
    SiteAnswer,
    SiteQuery,
)
from streamgauge.kernel.progress import LoadProgress
from streamgauge.kernel.query import AsOf, EventListQuery, EventLookup, EventPage, MetricAnswer, MetricQuery, StoredEvent
from streamgauge.query.adjustments import (
    check_adjustments,
    compile_adjustments,
    compile_adjustments_total,
    read_adjustments,
)
from streamgauge.query.clauses import Snapshot
from streamgauge.query.holders import compile_holders, read_holders
from streamgauge.query.journeys import ask_attribution, ask_funnel, ask_retention
from streamgauge.query.listing import (
    check_page,
    compile_history,
    compile_lookup,
    compile_page,
    compile_total,
    read_history,
    read_page,
    read_versions,
)
from streamgauge.query.metric import MetricPlan, begin, compile_first, plan, read_metric
from streamgauge.query.rollup import metric_rows
from streamgauge.query.site import ask_site
from streamgauge.query.turns import QuerySettings, Turns
from streamgauge.store import Statement, Store

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Rows = Sequence[tuple[Any, ...]]
_Select = Callable[[Statement], Rows]
# One part of a question: it is given what runs a statement.
_Work = Callable[[_Select], Rows]

_BEYOND_POSITIONS = 2**63 - 1


class Freshness(msgspec.Struct, frozen=True):
    """position: end of the journal when the query arrived (an earlier one when that was asked for); loaded: what the answer
    covers; lagging: it covers less."""

    position: int
    loaded: int
    lagging: bool


class Answered(msgspec.Struct, Generic[T], frozen=True):
    """An answer, and how fresh it is."""

    answer: T
    freshness: Freshness


class QueryObserver(Protocol):
    """Is told how long each statement took, by its name; called on the thread that ran it."""

    def observe(self, name: str, seconds: float) -> None: ...


class IgnoredTimes:
    """An observer that does not care."""

    def observe(self, name: str, seconds: float) -> None:
        """Forget it."""


class Question(Protocol[T_co]):
    """A checked question: its statements over one snapshot, independent of each other; and the answer from their rows."""

    @property
    def project_id(self) -> str: ...

    def compile(self, snapshot: Snapshot) -> Sequence[Statement]: ...

    def read(self, results: Sequence[Rows]) -> T_co: ...


class _View(msgspec.Struct, frozen=True):
    """How a snapshot is made. below: it is of an earlier moment, and holds nothing at or beyond this position. waits: for what
    was accepted before the question."""

    below: int = _BEYOND_POSITIONS
    pinned: bool = False
    waits: bool = True


def _view(as_of: AsOf | None, pinned: bool = False) -> _View:
    if as_of is None:
        return _View(pinned=pinned)
    return _View(_BEYOND_POSITIONS if as_of.position is None else as_of.position, pinned, waits=not as_of.loaded)


class QueryRunner:
    """Answers the queries of all projects. Use it from one event loop.

    journal_end: gives the end of the durable journal; an event acknowledged before now lies below it.
    """

    def __init__(
        self,
        store: Store,
        progress: LoadProgress,
        journal_end: Callable[[], int],
        settings: QuerySettings,
        observer: QueryObserver,
    ) -> None:
        self._store = store
        self._progress = progress
        self._journal_end = journal_end
        self._settings = settings
        self._observer = observer
        self._turns = Turns(settings, lambda: journal_end() - progress.loaded)

    async def metric(self, query: MetricQuery, *, pinned: bool = False) -> Answered[MetricAnswer]:
        """pinned: count nothing beyond `freshness.loaded`, so that as_of that position gives the same answer later. It reads
        one column more.

        Raises Refusal: RANGE_REVERSED, MISSING_PARAMETER, INVALID_PARAMETER, TOO_MANY_BUCKETS, TOO_MANY_QUERIES, QUERY_*.
        """
        # On a thread: cutting 50,000 days in a zone with summer time takes 60 ms, and the event loop accepts events meanwhile.
        planned = await asyncio.to_thread(plan, query, self._settings.buckets)

        def answer(snapshot: Snapshot) -> MetricAnswer:
            begun = self._begun(planned, snapshot)
            return read_metric(begun, metric_rows(begun, snapshot, self._select))

        return await self._answered(query.selection.project_id, answer, _view(query.selection.as_of, pinned))

    async def metrics(self, queries: Sequence[MetricQuery], *, pinned: bool = False) -> Answered[tuple[MetricAnswer, ...]]:
        """The answers of all, in their order, over one state of the events. They are of one project, and as of one moment.

        pinned, and what is raised: as `metric`; ValueError when they differ in project or moment.
        """
        if len(queries) == 1:
            only = await self.metric(queries[0], pinned=pinned)
            return Answered((only.answer,), only.freshness)
        if not queries:
            return Answered((), Freshness(self._journal_end(), self._progress.loaded, False))
        about = {(query.selection.project_id, query.selection.as_of) for query in queries}
        if len(about) != 1:
            raise ValueError("these questions are not about one project and one moment")
        ((project_id, as_of),) = about
        planned = await asyncio.to_thread(lambda: [plan(query, self._settings.buckets) for query in queries])

        async def answer(snapshot: Snapshot) -> tuple[MetricAnswer, ...]:
            begun = [
                await self._turns.take(functools.partial(self._begun, each, snapshot)) if each.inner_edges is None else each
                for each in planned
            ]
            results = await self._results([functools.partial(metric_rows, each, snapshot) for each in begun])
            return await asyncio.to_thread(lambda: tuple(map(read_metric, begun, results)))

        return await self._settled(project_id, answer, _view(as_of, pinned))

    def _begun(self, planned: MetricPlan, snapshot: Snapshot) -> MetricPlan:
        if planned.inner_edges is not None:
            return planned
        return begin(planned, self._select(compile_first(planned, snapshot)), self._settings.buckets)

    async def events(self, query: EventListQuery) -> Answered[EventPage]:
        """Raises Refusal: RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_QUERIES, QUERY_*."""
        check_page(query)

        def answer(snapshot: Snapshot) -> EventPage:
            rows = self._select(compile_page(query, snapshot))
            total = self._select(compile_total(query, snapshot))[0][0] if query.with_total else None
            return read_page(query, rows, total)

        return await self._answered(query.selection.project_id, answer, _view(query.selection.as_of))

    async def lookup(self, lookup: EventLookup) -> Answered[tuple[StoredEvent, ...]]:
        """All versions of an event, newest first; none when the project has no such event.

        Raises Refusal: TOO_MANY_QUERIES, QUERY_*.
        """

        def answer(snapshot: Snapshot) -> tuple[StoredEvent, ...]:
            return read_versions(self._select(compile_lookup(lookup, snapshot)))

        return await self._answered(lookup.project_id, answer)

    async def adjustments(self, query: AdjustmentQuery) -> Answered[AdjustmentPage]:
        """Raises Refusal: RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_QUERIES, QUERY_*."""
        check_adjustments(query)

        def answer(snapshot: Snapshot) -> AdjustmentPage:
            rows = self._select(compile_adjustments(query, snapshot))
            return read_adjustments(rows, self._select(compile_adjustments_total(query, snapshot))[0][0])

        return await self._answered(query.project_id, answer)

    async def history(self, lookup: EventLookup) -> Answered[tuple[StoredEvent, ...]]:
        """As `lookup`, with the marks that took the event back, and which event or mark took the place of each.

        Raises Refusal: TOO_MANY_QUERIES, QUERY_*.
        """

        def answer(snapshot: Snapshot) -> tuple[StoredEvent, ...]:
            return read_history(self._select(compile_history(lookup, snapshot)))

        return await self._answered(lookup.project_id, answer)

    async def holders(self, project_id: str, positions: Sequence[int]) -> tuple[tuple[str, str], ...]:
        """(customer's id in the event, event name) of the events at these positions, each once. It waits for no load.

        Raises Refusal: TOO_MANY_QUERIES, QUERY_*.
        """
        statement = compile_holders(project_id, positions)
        return await self._turns.take(lambda: read_holders(self._select(statement)))

    async def site(self, query: SiteQuery) -> Answered[SiteAnswer]:
        """Raises Refusal: RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_BUCKETS, TOO_MANY_QUERIES, QUERY_*."""
        return await self.ask(await asyncio.to_thread(ask_site, query, self._settings.buckets))

    async def funnel(self, query: FunnelQuery) -> Answered[FunnelAnswer]:
        """Raises Refusal: RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_QUERIES, QUERY_*."""
        return await self.ask(ask_funnel(query))

    async def retention(self, query: RetentionQuery) -> Answered[RetentionAnswer]:
        """Raises Refusal: RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_BUCKETS, TOO_MANY_QUERIES, QUERY_*."""
        return await self.ask(await asyncio.to_thread(ask_retention, query, self._settings.buckets))

    async def attribution(self, query: AttributionQuery) -> Answered[AttributionAnswer]:
        """Raises Refusal: RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_QUERIES, QUERY_*."""
        return await self.ask(ask_attribution(query))

    async def ask(self, question: Question[T], as_of: AsOf | None = None) -> Answered[T]:
        """Answer by its statements, each in a turn of its own. Raises Refusal TOO_MANY_QUERIES, QUERY_*."""

        async def answer(snapshot: Snapshot) -> T:
            results = await self._results([functools.partial(_run, statement) for statement in question.compile(snapshot)])
            return await asyncio.to_thread(question.read, results)

        return await self._settled(question.project_id, answer, _view(as_of))

    def close(self) -> None:
        """Refuse what waits, and wait for what runs."""
        self._turns.close()

    async def _answered(self, project_id: str, answer: Callable[[Snapshot], T], view: "_View | None" = None) -> Answered[T]:
        """Answer in one turn."""
        return await self._settled(project_id, lambda snapshot: self._turns.take(functools.partial(answer, snapshot)), view)

    async def _settled(
        self, project_id: str, answer: Callable[[Snapshot], Awaitable[T]], view: "_View | None" = None
    ) -> Answered[T]:
        view = view or _View()
        position = min(self._journal_end(), view.below)
        in_time = self._progress.loaded >= position
        if view.waits and not in_time:
            in_time = await self._progress.wait_until_loaded(position, self._settings.read_wait_s)
        while True:
            loaded = min(self._progress.loaded, view.below)
            snapshot = Snapshot(loaded, self._progress.is_amended(project_id), view.pinned)
            value = await answer(snapshot)
            # The first amendment of the project came in between: old and new version may both have been counted.
            if snapshot.amended or not self._progress.is_amended(project_id):
                return Answered(value, Freshness(position, snapshot.loaded, not in_time))

    async def _results(self, works: Sequence[_Work]) -> list[Rows]:
        """What each of them gives, in their order. After the first refusal no further one is begun."""
        if len(works) == 1:
            return [await self._turns.take(functools.partial(works[0], self._select))]
        results: list[Rows] = [()] * len(works)
        waiting = deque(enumerate(works))

        async def lane() -> None:
            try:
                while waiting:
                    place, work = waiting.popleft()
                    results[place] = await self._turns.take_lane(functools.partial(work, self._select_narrowly))
            except BaseException:
                waiting.clear()
                raise

        ended = await asyncio.gather(*(lane() for _ in range(self._settings.lanes)), return_exceptions=True)
        for failure in ended:
            if failure is not None:
                raise failure
        return results

    def _select_narrowly(self, statement: Statement) -> Rows:
        """On one thread of the engine."""
        return self._select(statement, threads=1)

    def _select(self, statement: Statement, threads: int | None = None) -> Rows:
        """threads: of the engine; None: as many as there are processors."""
        limits = self._settings.limits if threads is None else msgspec.structs.replace(self._settings.limits, threads=threads)
        started = time.monotonic()
        try:
            return self._store.select(statement, limits)
        finally:
            self._observer.observe(statement.name, time.monotonic() - started)


def _run(statement: Statement, select: _Select) -> Rows:
    return select(statement)
