"""Limits: may this customer use some more of this feature? Answered from the ledger; and what keeps the ledger in order.

Promises
- A check of a pair in memory asks neither the disk nor the store. Its answer holds every event below `position`.
- Without an entitlement the answer is no. A limit that is absent does not limit.

Limits
- A check reserves nothing: two checks at the same time may both be told that the last unit is free.
- Pairs that are not in memory, or were changed by a correction, are built first (metering/building.py).
"""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Context, Decimal
from typing import NamedTuple, Protocol

import msgspec

from streamgauge.kernel.clock import Clock
from streamgauge.kernel.limit import Verdict
from streamgauge.kernel.metering import Entitlement, Feature
from streamgauge.kernel.progress import LoadProgress
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.webhook import Announcer
from streamgauge.metering.alerting import AlertBook, AlertRules, Judge
from streamgauge.metering.alerting import FeatureShelf as RuledFeatures
from streamgauge.metering.building import Builder, EntitlementBook, FeatureShelf, ScopeBook, StoreOfUsage
from streamgauge.metering.ledger import Ledger, PairKey, PeriodShelf
from streamgauge.metering.pairs import Pair, Standing

_EXACT = Context(prec=120)
_ZERO = Decimal(0)
_PAUSE_S = 0.05
_TRIES = 10


class LimitSettings(msgspec.Struct, frozen=True):
    """max_pairs: held in memory; read_wait_s: how long a load is waited for at most."""

    max_pairs: int = 100_000
    read_wait_s: float = 5.0


class CheckResult(msgspec.Struct, frozen=True):
    """remaining: up to the hard limit, else the soft one; None without a limit, without usage and without an entitlement."""

    feature: Feature
    verdict: Verdict
    units: Decimal
    position: int
    usage: Decimal | None = None
    remaining: Decimal | None = None
    entitlement: Entitlement | None = None
    period: tuple[int, int] | None = None
    customer_id: str = ""

    @property
    def is_allowed(self) -> bool:
        return self.verdict in (Verdict.OK, Verdict.SOFT_LIMIT_REACHED)


class Catalogue(FeatureShelf, RuledFeatures, Protocol):
    def features(self, project_id: str) -> tuple[Feature, ...]: ...


class Books(NamedTuple):
    """What limits are made of: the control plane's parts."""

    catalogue: "Catalogue"
    customers: ScopeBook
    entitlements: EntitlementBook
    alerts: AlertBook
    periods: PeriodShelf
    announcer: Announcer


class Limits:
    """Use it from one event loop; `run` keeps it in order until it is cancelled."""

    def __init__(
        self,
        books: Books,
        store: StoreOfUsage,
        progress: LoadProgress,
        journal_end: Callable[[], int],
        clock: Clock,
        settings: LimitSettings,
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._books = books
        self._store = store
        self._progress = progress
        self._journal_end = journal_end
        self._clock = clock
        self._settings = settings
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._rules = AlertRules(books.alerts, books.catalogue)
        self._moved = asyncio.Event()
        self._wanted = asyncio.Event()
        self.ledger = Ledger(
            progress, books.catalogue, books.periods, self._rules, clock, settings.max_pairs, self._wake, on_failure
        )
        self._builder = Builder(
            self.ledger,
            store,
            progress,
            books.catalogue,
            books.customers,
            books.entitlements,
            books.periods,
            self._rules,
            clock,
            settings.read_wait_s,
        )
        self._judge = Judge(self._rules, books.alerts, books.announcer)

    async def check(self, project_id: str, external_id: str, feature: Feature, units: Decimal, *, wait: bool) -> CheckResult:
        """wait: for what was accepted before, so long as the setting says.

        Raises Refusal server_busy, query_* (a pair that has to be built).
        """
        if wait:
            await self._progress.wait_until_loaded(self._journal_end(), self._settings.read_wait_s)
        key = (project_id, external_id, feature.feature_id)
        for _ in range(_TRIES):
            position = self.ledger.position
            pair = self.ledger.find(*key, self._clock.now_ms())
            if pair is None:
                pair = await self._builder.pair(key)
                if pair is None:
                    return CheckResult(feature, Verdict.NO_ENTITLEMENT, units, self.ledger.position)
                position = max(position, pair.since)
                self._note_moved(pair)
            standing = self.ledger.standing(pair)
            if standing is not None:
                return _judged(pair, standing, units, position)
        raise Refusal(Reason.SERVER_BUSY, "The usage changes faster than it can be read; try again", retry_after_s=1)

    async def run(self) -> None:
        """Build what is wanted and judge what moved, for ever."""
        work: list[Coroutine[object, object, None]] = [self._warm(), self._build_wanted(), self._judge_moved()]
        await asyncio.gather(*work)

    def _wake(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._woken)

    def _woken(self) -> None:
        self._moved.set()
        self._wanted.set()

    async def _warm(self) -> None:
        await self._safely(self._builder.warm(self._settings.max_pairs, self._built))

    async def _build_wanted(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._safely(self._builder.settle())
            while (key := self.ledger.next_wanted()) is not None:
                await self._built(key)

    async def _built(self, key: PairKey) -> None:
        await self._safely(self._build(key))

    async def _build(self, key: PairKey) -> None:
        try:
            pair = await self._builder.pair(key)
        except Refusal:
            return  # The feature is gone, or the store is busy: the next event or check of the pair tries again.
        if pair is not None:
            self._note_moved(pair)

    def _note_moved(self, pair: Pair) -> None:
        self.ledger.note_moved(pair)
        self._moved.set()

    async def _judge_moved(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            for pair in self.ledger.take_moved():
                standing = self.ledger.standing(pair)
                # Without one it is built again first, and judged then.
                if standing is not None:
                    await self._safely(self._judge.judge(pair, standing))
            await asyncio.sleep(_PAUSE_S)

    async def _safely(self, work: Coroutine[object, object, None]) -> None:
        """One failure is reported and does not end the rest."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 (the top of a task)
            self._on_failure(error)


def _judged(pair: Pair, standing: Standing, units: Decimal, position: int) -> CheckResult:
    entitled = pair.entitlement
    if entitled is None:
        return CheckResult(pair.feature, Verdict.NO_ENTITLEMENT, units, position)
    result = CheckResult(
        pair.feature,
        Verdict.OK if entitled.is_enabled else Verdict.DISABLED,
        units,
        position,
        entitlement=entitled,
        customer_id=entitled.customer_id,
    )
    if pair.meter is None:
        return result
    usage, hard, soft = standing.usage, entitled.hard_limit, entitled.soft_limit
    limit = hard if hard is not None else soft
    return msgspec.structs.replace(
        result,
        verdict=_verdict(_EXACT.add(usage, units), entitled),
        usage=usage,
        remaining=None if limit is None else max(_EXACT.subtract(limit, usage), _ZERO),
        period=(standing.start_ms, standing.end_ms),
    )


def _verdict(after: Decimal, entitled: Entitlement) -> Verdict:
    """after: the usage with the asked units."""
    if not entitled.is_enabled:
        return Verdict.DISABLED
    if entitled.hard_limit is not None and after > entitled.hard_limit:
        return Verdict.HARD_LIMIT_REACHED
    if entitled.soft_limit is not None and after > entitled.soft_limit:
        return Verdict.SOFT_LIMIT_REACHED
    return Verdict.OK
