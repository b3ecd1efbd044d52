"""A journal, a loader, a store, a control plane and limits over them, in one process, with a clock that moves when told."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from streamgauge.control import Control
from streamgauge.kernel.catalogue import FeatureSpec, MeterSpec
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.customer import CustomerSpec
from streamgauge.kernel.event import Batch, Door, Event
from streamgauge.kernel.limit import EntitlementSpec
from streamgauge.kernel.measuring import UsageAsked, usage_of, usage_questions
from streamgauge.kernel.metering import Customer, Feature, FeatureType, LimitPeriod, Measure, ResetUsage
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.query import CalendarRule, MetricQuery, Weekday
from streamgauge.loader import open_loader
from streamgauge.metering.limits import Books, CheckResult, Limits, LimitSettings
from streamgauge.query import Answered, IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.store import Store
from tests.loader.memory_journal import MemoryJournal

_names = itertools.count(1)
DEADLINE_S = 20.0


class CountingRunner(QueryRunner):
    """The query runner; it counts how often it was asked for numbers."""

    asked = 0

    async def metrics(self, queries: Sequence[MetricQuery], *, pinned: bool = False) -> Answered[Any]:
        self.asked += 1
        return await super().metrics(queries, pinned=pinned)


class World:
    """One project in a world of its own. failures: what the parts reported; nothing should."""

    def __init__(self, folder: Path, store: Store, now_ms: int, max_pairs: int = 1000) -> None:
        self.clock = ManualClock(now_ms)
        self.journal = MemoryJournal()
        self.control = Control.open(folder / "control.db", DEFAULT_PLANS, self.clock)
        self.project_id = self.control.create_project(f"world-{next(_names)}").project_id
        partition = self.project_id
        self.loader = open_loader(folder / "index", self.journal, store, self.clock, partition=partition)
        self.runner = CountingRunner(store, self.loader, lambda: self.journal.end, QuerySettings(), IgnoredTimes())
        self.failures: list[Exception] = []
        control = self.control
        books = Books(
            control.catalogue, control.customers, control.entitlements, control.alerts, control.closed_periods, control.webhooks
        )
        settings = LimitSettings(max_pairs=max_pairs)
        self.limits = Limits(
            books, self.runner, self.loader, lambda: self.journal.end, self.clock, settings, self.failures.append
        )
        self.loader.add_listener(self.limits.ledger)
        self.limits.ledger.listening_from(self.journal.end)
        control.customers.watch(self.limits.ledger.customers_changed)
        control.entitlements.watch(self.limits.ledger.entitlement_changed)
        self.loader.start()

    def feature(self, measure: Measure, reset: ResetUsage = ResetUsage.BILLING_PERIOD, **rest: Any) -> Feature:
        name = f"f{next(_names)}"
        meter = MeterSpec(name=name, event_name="use", measure=measure, reset_usage=reset, **rest)
        spec = FeatureSpec(name=name, lookup_key=name, type=FeatureType.METERED, meter=meter)
        return self.control.catalogue.create_feature(self.project_id, spec)

    def customer(self, external_id: str, **rest: Any) -> Customer:
        return self.control.customers.create(self.project_id, CustomerSpec(external_id=external_id, name="N", **rest))

    def entitle(self, customer: Customer, feature: Feature, period: LimitPeriod = LimitPeriod.MONTH, **rest: Any) -> None:
        spec = EntitlementSpec(customer_id=customer.customer_id, feature_id=feature.feature_id, period=period, **rest)
        self.control.entitlements.create(self.project_id, spec)

    def send(self, *events: Event) -> None:
        """Accept them; they are loaded soon."""
        self.journal.append_batch(Batch(self.project_id, Door.FLEXPRICE, self.clock.now_ms(), list(events)))

    async def loaded(self) -> None:
        assert await self.loader.wait_until_loaded(self.journal.end, DEADLINE_S)

    async def check(self, external_id: str, feature: Feature, *, wait: bool = False) -> CheckResult:
        return await self.limits.check(self.project_id, external_id, feature, Decimal(1), wait=wait)

    async def stored_usage(self, external_id: str, feature: Feature, period: tuple[int, int]) -> Decimal:
        """What the routes about usage would say of the period."""
        scope = self.control.customers.scope(self.project_id, external_id)
        meter = self.control.catalogue.meter(self.project_id, feature.meter_id)
        asked = UsageAsked(
            start_ms=period[0],
            end_ms=period[1],
            scope=scope,
            calendar=CalendarRule(timezone=scope.timezone, week_starts_on=Weekday.SUNDAY),
            closed=self.control.closed_periods.of(self.project_id),
        )
        answers = (await super(CountingRunner, self.runner).metrics(usage_questions(meter, asked))).answer
        value = usage_of(meter, asked, answers).value
        return max(Decimal(value), Decimal(0)) if value is not None else Decimal(0)

    def close(self) -> None:
        self.runner.close()
        self.loader.stop(drain=False, timeout_s=10)
        self.control.close()


@asynccontextmanager
async def world(folder: Path, store: Store, now_ms: int, **rest: Any) -> AsyncIterator[World]:
    """With limits running. At the end nothing may have failed."""
    folder.mkdir(parents=True)
    made = World(folder, store, now_ms, **rest)
    running = asyncio.create_task(made.limits.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        made.close()
    assert made.failures == []
