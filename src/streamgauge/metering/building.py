"""Builds pairs of the ledger from the store: on demand for a check, and in the background for those that are wanted.

Cold pairs: a check of a pair that is not in memory waits for one question of the store (two or three for AVG, MAX by buckets,
COUNT_UNIQUE and LATEST). After a start the enabled entitlements are built in the order of their making, one after the other, and
give way to loading as the query runner does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from streamgauge.kernel.clock import Clock
from streamgauge.kernel.limit_period import END_OF_TIME_MS
from streamgauge.kernel.metering import CustomerScope, Entitlement, Feature, Meter, Status
from streamgauge.kernel.progress import LoadProgress
from streamgauge.kernel.query import Aggregation, EventListQuery, EventPage, MetricAnswer, MetricQuery
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.metering.ledger import MAX_UNSETTLED, Ledger, PairKey, PeriodShelf, WatchedFeatures
from streamgauge.metering.pairs import Pair
from streamgauge.metering.running_usage import Asked, RunningUsage

_TRIES = 5
_WARMED_AT_ONCE = 500
_T_co = TypeVar("_T_co", covariant=True)


class Answer(Protocol[_T_co]):
    @property
    def answer(self) -> _T_co: ...


class StoreOfUsage(Protocol):
    """The query runner, as the ledger needs it."""

    async def metrics(self, queries: Sequence[MetricQuery]) -> Answer[tuple[MetricAnswer, ...]]: ...

    async def events(self, query: EventListQuery) -> Answer[EventPage]: ...

    async def holders(self, project_id: str, positions: Sequence[int]) -> Sequence[tuple[str, str]]: ...


class FeatureShelf(Protocol):
    def feature(self, project_id: str, feature_id: str) -> Feature: ...

    def meter(self, project_id: str, meter_id: str) -> Meter: ...


class ScopeBook(Protocol):
    """Customers; may read a disk."""

    def scope(self, project_id: str, external_id: str) -> CustomerScope: ...


class EntitlementBook(Protocol):
    """Entitlements; may read a disk."""

    def find(self, project_id: str, customer_id: str, feature_id: str) -> Entitlement | None: ...

    def entitled(self, after: str, limit: int) -> Sequence[tuple[str, str, str, str]]: ...


class Builder:
    """Use it from one event loop. wait_s: how long a load is waited for at most."""

    def __init__(
        self,
        ledger: Ledger,
        store: StoreOfUsage,
        progress: LoadProgress,
        catalogue: FeatureShelf,
        customers: ScopeBook,
        entitlements: EntitlementBook,
        periods: PeriodShelf,
        watched: WatchedFeatures,
        clock: Clock,
        wait_s: float,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._progress = progress
        self._catalogue = catalogue
        self._customers = customers
        self._entitlements = entitlements
        self._periods = periods
        self._watched = watched
        self._clock = clock
        self._wait_s = wait_s
        self._building: dict[PairKey, asyncio.Task[Pair | None]] = {}
        self._settling = asyncio.Lock()

    async def pair(self, key: PairKey) -> Pair | None:
        """The pair, ready to answer; None when it is not tracked: no entitlement, and no alert about the feature.

        Raises Refusal not_found (the feature), server_busy, query_*.
        """
        found = self._ledger.find(*key, self._clock.now_ms())
        if found is not None:
            return found
        building = self._building.get(key)
        if building is None:
            building = self._building[key] = asyncio.create_task(self._build(key))
            building.add_done_callback(lambda _: self._building.pop(key, None))
        return await asyncio.shield(building)

    async def settle(self) -> None:
        """Find out whose events were replaced, and forget their pairs."""
        async with self._settling:
            for project_id, positions in self._ledger.unsettled().items():
                # Beyond some number it is cheaper to build all pairs of the project again.
                holders = None if len(positions) > MAX_UNSETTLED else await self._store.holders(project_id, positions)
                self._ledger.settled(project_id, len(positions), holders)

    async def warm(self, most: int, build: Callable[[PairKey], Awaitable[None]]) -> None:
        """Hand the keys of all enabled entitlements, at most so many, to `build`, one after the other."""
        after = ""
        while most > 0:
            rows = await asyncio.to_thread(self._entitlements.entitled, after, min(most, _WARMED_AT_ONCE))
            if not rows:
                return
            for _, *key in rows:
                await build((key[0], key[1], key[2]))
            after = rows[-1][0]
            most -= len(rows)

    async def _build(self, key: PairKey) -> Pair | None:
        project_id, external_id, _ = key
        for _ in range(_TRIES):
            if self._ledger.is_unsettled(project_id):
                await self.settle()
            found = self._ledger.find(*key, self._clock.now_ms())
            if found is not None:
                return found
            claim = self._ledger.claim(project_id, external_id)
            try:
                pair = await self._read(key)
                if pair is None or (self._ledger.register(pair, claim) and await self._asked(pair)):
                    return pair
            finally:
                self._ledger.release(project_id, external_id, claim)
        raise Refusal(Reason.SERVER_BUSY, "The usage changes faster than it can be read; try again", retry_after_s=1)

    async def _read(self, key: PairKey) -> Pair | None:
        """The pair, not built yet; None when it is not to be tracked."""
        project_id, external_id, feature_id = key
        feature = self._catalogue.feature(project_id, feature_id)
        meter = self._catalogue.meter(project_id, feature.meter_id) if feature.meter_id else None
        closed = self._periods.of(project_id)

        def read() -> tuple[CustomerScope, Entitlement | None]:
            scope = self._customers.scope(project_id, external_id)
            if scope.customer is None:
                return scope, None
            return scope, self._entitlements.find(project_id, scope.customer.customer_id, feature_id)

        scope, entitlement = await asyncio.to_thread(read)
        watched = meter is not None and feature_id in self._watched.watched(project_id).get(meter.event_name, ())
        if (entitlement is None and not watched) or feature.status is Status.ARCHIVED:
            return None
        return Pair(feature, meter, scope, entitlement, closed, self._clock.now_ms())

    async def _asked(self, pair: Pair) -> bool:
        """Whether the pair is ready: the store was asked, and nothing changed meanwhile."""
        try:
            running, beyond = (Asked(None), 0) if pair.plan is None else await self._answered(pair)
        except BaseException:
            self._ledger.forget(pair)
            raise
        return self._ledger.begin(pair, running, beyond)

    async def _answered(self, pair: Pair) -> tuple[RunningUsage, int]:
        if not await self._progress.wait_until_loaded(pair.since, self._wait_s):
            raise Refusal(Reason.SERVER_BUSY, "Events are loaded too slowly; try again", retry_after_s=1)
        plan = pair.plan
        assert plan is not None, "only what has a meter is asked about"
        first = plan.first()
        later = () if pair.end_ms >= END_OF_TIME_MS else (_beyond(plan.question, pair.end_ms),)
        answers = (await self._store.metrics((*first, *later))).answer
        own = answers[: len(first)]
        second, latest = plan.second(own), plan.latest()
        texts = (await self._store.metrics((second,))).answer[0] if second is not None else None
        events = (await self._store.events(latest)).answer.events if latest is not None else None
        return plan.running(own, texts, events), answers[-1].count if later else 0


def _beyond(question: MetricQuery, end_ms: int) -> MetricQuery:
    """How many events count after the period: they are those of the next one."""
    selection = msgspec.structs.replace(question.selection, start_ms=end_ms, end_ms=END_OF_TIME_MS)
    return MetricQuery(selection=selection, aggregation=Aggregation.COUNT, closed=question.closed)
