"""One customer's usage of one feature in the current period, held in memory."""

from decimal import Decimal
from typing import NamedTuple

from streamgauge.kernel.limit_period import limit_period
from streamgauge.kernel.measuring import BEGINNING_OF_TIME_MS, UsageAsked
from streamgauge.kernel.metering import (
    ClosedPeriod,
    CustomerScope,
    Entitlement,
    Feature,
    LimitPeriod,
    Meter,
    MeterType,
    ResetUsage,
)
from streamgauge.kernel.query import AsOf, CalendarRule, Weekday
from streamgauge.metering.matching import Counted, MeterRule, NotCounted, rule_of
from streamgauge.metering.running_usage import RunningUsage, UsagePlan, empty

_ZERO = Decimal(0)
Waiting = tuple[int, int, Counted | NotCounted]
"""(timestamp, position, what the meter says) of an event that came while the pair was being built."""


class Standing(NamedTuple):
    """What a pair says at one moment; usage as shown: never below 0, and 0 when there is nothing."""

    usage: Decimal
    start_ms: int
    end_ms: int


class Pair:
    """meter None: the feature has no usage. running None: it is being built, and events wait in `pending`.

    since: the position below which the store is asked; all that lies at or beyond it is counted here. beyond: events that count
    after the period, for the next one. dropped: it is no longer in the ledger, and its usage no longer moves.
    """

    __slots__ = (
        "beyond",
        "closed",
        "dropped",
        "end_ms",
        "entitlement",
        "feature",
        "meter",
        "noted",
        "pending",
        "plan",
        "rule",
        "running",
        "scope",
        "since",
        "start_ms",
    )

    def __init__(
        self,
        feature: Feature,
        meter: Meter | None,
        scope: CustomerScope,
        entitlement: Entitlement | None,
        closed: tuple[ClosedPeriod, ...],
        now_ms: int,
    ) -> None:
        self.feature = feature
        self.meter = meter
        self.scope = scope
        self.entitlement = entitlement
        self.closed = closed
        self.rule: MeterRule | None = rule_of(meter) if meter is not None else None
        self.start_ms, self.end_ms = self._period(now_ms)
        self.plan: UsagePlan | None = None
        self.running: RunningUsage | None = None
        self.pending: list[Waiting] = []
        self.beyond = 0
        self.since = 0
        self.dropped = False
        self.noted: dict[str, object] | None = None

    @property
    def project_id(self) -> str:
        return self.feature.project_id

    @property
    def external_id(self) -> str:
        return self.scope.external_ids[0]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.project_id, self.external_id, self.feature.feature_id

    @property
    def standing(self) -> Standing:
        value = self.running.value if self.running is not None else None
        return Standing(max(value, _ZERO) if value is not None else _ZERO, self.start_ms, self.end_ms)

    def planned(self, since: int | None) -> UsagePlan:
        """What the store is asked for the current period, as of a position."""
        assert self.meter is not None, "only what has a meter is asked about"
        asked = UsageAsked(
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            scope=self.scope,
            calendar=CalendarRule(timezone=self.scope.timezone, week_starts_on=Weekday.SUNDAY),
            closed=self.closed,
            as_of=None if since is None else AsOf(position=since),
        )
        return UsagePlan.of(self.meter, asked)

    def begin(self, running: RunningUsage, beyond: int, now_ms: int) -> bool:
        """Take up the store's answer and what came since. False: it has to be asked again."""
        self.running, self.beyond = running, beyond
        pending, self.pending = self.pending, []
        return all(self.count(timestamp_ms, position, outcome, now_ms) for timestamp_ms, position, outcome in pending)

    def count(self, timestamp_ms: int, position: int, outcome: Counted | NotCounted, now_ms: int) -> bool:
        """One more event of the customer that the meter looked at. False: its usage is no longer known."""
        assert self.running is not None, "a pair that is being built counts nothing"
        at_ms = counts_at(timestamp_ms, position, self.closed)
        if at_ms >= self.end_ms:
            if now_ms < self.end_ms:
                self.beyond += 1
                return True
            if not self.turn(now_ms):
                return False
            if at_ms >= self.end_ms:
                self.beyond += 1
                return True
        if at_ms < self._first_ms or not isinstance(outcome, Counted):
            return True
        return self.running.add(at_ms, position, outcome)

    def turn(self, now_ms: int) -> bool:
        """Begin the period of `now_ms`. False: events of it came before it began, and the store has to be asked."""
        if now_ms < self.end_ms:
            return True
        if self.beyond or self.running is None:
            return False
        if self.rule is None or self._first_ms != self.start_ms:
            if self.rule is not None and self.rule.meter.measure.type is MeterType.WEIGHTED_SUM:
                return False
            self.start_ms, self.end_ms = self._period(now_ms)
            return True
        self.start_ms, self.end_ms = self._period(now_ms)
        self.running = empty(self.planned(None))
        return True

    @property
    def _first_ms(self) -> int:
        """From when on events count: the beginning of time where the meter never starts anew."""
        never = self.meter is not None and self.meter.reset_usage is ResetUsage.NEVER
        return BEGINNING_OF_TIME_MS if never else self.start_ms

    def _period(self, now_ms: int) -> tuple[int, int]:
        """Of the entitlement; months where there is none."""
        entitled = self.entitlement
        if entitled is None:
            return limit_period(LimitPeriod.MONTH, now_ms, self.scope.timezone)
        return limit_period(entitled.period, now_ms, self.scope.timezone, entitled.billing_anchor_ms)


def counts_at(timestamp_ms: int, position: int, closed: tuple[ClosedPeriod, ...]) -> int:
    """When an event counts: at its time, or after the closed periods that it came too late for. closed: in order."""
    for period in closed:
        if period.start_ms <= timestamp_ms < period.end_ms and position >= period.position:
            timestamp_ms = period.end_ms
    return timestamp_ms
