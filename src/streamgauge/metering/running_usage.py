"""The usage of one meter over one range as a value that moves on with each event, exactly as the store would answer.

    plan = UsagePlan.of(meter, asked)
    running = plan.running(...)                     # from the answers to plan.first(), plan.second() and plan.latest()
    running.add(at_ms, position, counted)           # False: it cannot be moved on, the store has to be asked again
    running.value

What can be moved on
- COUNT, SUM (also by buckets and expressions), SUM_WITH_MULTIPLIER: always. AVG of a property, MAX: by what they are made of.
- MAX by buckets: one maximum per bucket and group, at most MAX_CELLS. COUNT_UNIQUE: the texts, at most MAX_CELLS.
- LATEST: by the place of the latest event. WEIGHTED_SUM: by the exact sum of what remains, where 28 digits hold it.
- In projects with closed periods only COUNT, SUM and SUM_WITH_MULTIPLIER. AVG of an expression never.
Everything else is asked of the store after each change.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Protocol

import msgspec

from streamgauge.kernel import calendar
from streamgauge.kernel.measuring import UsageAsked, usage_questions
from streamgauge.kernel.metering import Meter, MeterType
from streamgauge.kernel.query import (
    Aggregation,
    CalendarRule,
    EventListQuery,
    MetricAnswer,
    MetricQuery,
    Number,
    PropertyKey,
    StoredEvent,
    Window,
)
from streamgauge.metering.matching import Counted, EventFacts, rule_of

MAX_CELLS = 10_000
LATEST_LOOKED_AT = 50
_EXACT = Context(prec=120)
_DIVISION = Context(prec=28, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)
_NINE_DIGITS = Decimal("1e-9")
_SURELY_EXACT = Decimal(10) ** 17
_ADDITIVE = frozenset({MeterType.COUNT, MeterType.SUM, MeterType.SUM_WITH_MULTIPLIER})


class RunningUsage(Protocol):
    """value: as MetricAnswer.value, None for nothing to aggregate."""

    @property
    def value(self) -> Decimal | None: ...

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        """Count one more event. False: the value is no longer known."""
        ...


class Total:
    def __init__(self, value: Decimal) -> None:
        self.value: Decimal | None = value

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        self.value = _EXACT.add(self.value or _ZERO, counted.quantity)
        return True


class Mean:
    def __init__(self, total: Decimal, count: int) -> None:
        self._state = (total, count)

    @property
    def value(self) -> Decimal | None:
        total, count = self._state
        return _DIVISION.divide(total, Decimal(count)) if count else None

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        total, count = self._state
        self._state = (_EXACT.add(total, counted.quantity), count + 1)
        return True


class Greatest:
    def __init__(self, value: Decimal | None) -> None:
        self.value = value

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        if self.value is None or counted.quantity > self.value:
            self.value = counted.quantity
        return True


class GreatestPerBucket:
    """cells: the maximum of each bucket, by its start, and group."""

    def __init__(self, bucket: Window, rule: CalendarRule, cells: dict[tuple[int, tuple[str, ...]], Decimal]) -> None:
        self._bucket = bucket
        self._rule = rule
        self._cells = cells
        self.value: Decimal | None = _sum_of(cells.values()) if cells else None

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        start_ms = calendar.edges(at_ms, at_ms + 1, self._bucket, self._rule, MAX_CELLS)[0]
        before = self._cells.get((start_ms, counted.group))
        if before is not None and counted.quantity <= before:
            return True
        if before is None and len(self._cells) >= MAX_CELLS:
            return False
        self._cells[start_ms, counted.group] = counted.quantity
        self.value = _EXACT.add(self.value or _ZERO, _EXACT.subtract(counted.quantity, before or _ZERO))
        return True


class Distinct:
    def __init__(self, texts: set[str]) -> None:
        self._texts = texts

    @property
    def value(self) -> Decimal | None:
        return Decimal(len(self._texts))

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        if len(self._texts) >= MAX_CELLS and counted.text not in self._texts:
            return False
        self._texts.add(counted.text)
        return True


class Latest:
    """place: (time, position) of the event whose value it is; None for no event."""

    def __init__(self, place: tuple[int, int] | None, value: Decimal | None) -> None:
        self._state = (place, value)

    @property
    def value(self) -> Decimal | None:
        return self._state[1]

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        place = self._state[0]
        if place is None or (at_ms, position) > place:
            self._state = ((at_ms, position), counted.quantity)
        return True


class Weighted:
    """remaining: sum of value * (end - time), exactly; None for no event."""

    def __init__(self, start_ms: int, end_ms: int, remaining: Decimal | None) -> None:
        self._start_ms = start_ms
        self._end_ms = end_ms
        self._remaining = remaining

    @property
    def value(self) -> Decimal | None:
        if self._remaining is None:
            return None
        return _DIVISION.divide(self._remaining, Decimal(self._end_ms - self._start_ms))

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        added = _EXACT.multiply(counted.quantity, Decimal(self._end_ms - at_ms))
        self._remaining = _EXACT.add(self._remaining or _ZERO, added)
        return True


class Asked:
    """What only the store can tell anew."""

    def __init__(self, value: Decimal | None) -> None:
        self.value = value

    def add(self, at_ms: int, position: int, counted: Counted) -> bool:
        return False


class UsagePlan(msgspec.Struct, frozen=True):
    """What is asked of the store to begin with. question: the one that gives the value."""

    meter: Meter
    question: MetricQuery
    movable: bool

    @classmethod
    def of(cls, meter: Meter, asked: UsageAsked) -> "UsagePlan":
        question = usage_questions(meter, asked)[-1]
        type_ = meter.measure.type
        if type_ in (MeterType.SUM, MeterType.COUNT):
            question = msgspec.structs.replace(question, bucket=None)  # The sum of the buckets' sums.
        of_expression = type_ is MeterType.AVG and bool(meter.measure.expression)
        movable = type_ in _ADDITIVE or not (asked.closed or of_expression)
        return cls(meter, question, movable)

    def first(self) -> tuple[MetricQuery, ...]:
        """To be asked over one snapshot: the first gives the value, the others what is needed to move it on."""
        change = msgspec.structs.replace
        question, measure = self.question, self.meter.measure
        if not self.movable:
            return (question,)
        if measure.type is MeterType.AVG:
            total = change(question, aggregation=Aggregation.SUM)
            return question, total, change(question, aggregation=Aggregation.COUNT, property=None)
        if measure.type is MeterType.MAX and measure.bucket_size is not None:
            return question, change(question, bucket=None, window=measure.bucket_size)
        return (question,)

    def second(self, answers: Sequence[MetricAnswer]) -> MetricQuery | None:
        """What the first answers do not tell: the texts of COUNT_UNIQUE, when they are not too many."""
        if not self.movable or self.meter.measure.type is not MeterType.COUNT_UNIQUE or (answers[0].value or 0) > MAX_CELLS:
            return None
        key = PropertyKey(self.meter.measure.field)
        return msgspec.structs.replace(self.question, aggregation=Aggregation.COUNT, property=None, group_by=(key,))

    def latest(self) -> EventListQuery | None:
        """The page of events among which the latest one is."""
        if not self.movable or self.meter.measure.type is not MeterType.LATEST:
            return None
        return EventListQuery(self.question.selection, LATEST_LOOKED_AT)

    def running(
        self, answers: Sequence[MetricAnswer], texts: MetricAnswer | None, events: Sequence[StoredEvent] | None
    ) -> RunningUsage:
        """From the answers of `first`, of `second` and the page of `latest`."""
        value = _decimal(answers[0].value)
        if not self.movable:
            return Asked(value)
        selection = self.question.selection
        match self.meter.measure.type:
            case MeterType.COUNT | MeterType.SUM | MeterType.SUM_WITH_MULTIPLIER:
                return Total(value or _ZERO)
            case MeterType.AVG:
                return Mean(_decimal(answers[1].value) or _ZERO, answers[2].count)
            case MeterType.MAX if self.meter.measure.bucket_size is not None:
                return self._per_bucket(value, answers[1], self.meter.measure.bucket_size)
            case MeterType.MAX:
                return Greatest(value)
            case MeterType.COUNT_UNIQUE:
                return Asked(value) if texts is None else Distinct({point.group[0] for point in texts.points})
            case MeterType.LATEST:
                return self._latest(value, events or ())
            case MeterType.WEIGHTED_SUM:
                return _weighted(selection.start_ms, selection.end_ms, value)

    def _per_bucket(self, value: Decimal | None, cells: MetricAnswer, bucket: Window) -> RunningUsage:
        held = {(point.start_ms, point.group): number for point in cells.points if (number := _decimal(point.value)) is not None}
        return Asked(value) if len(held) > MAX_CELLS else GreatestPerBucket(bucket, self.question.calendar, held)

    def _latest(self, value: Decimal | None, events: Sequence[StoredEvent]) -> RunningUsage:
        """The newest of the page that is counted, unless others as new may lie beyond the page."""
        if value is None:
            return Latest(None, None) if not events else Asked(value)
        rule = rule_of(self.meter)
        counted = [(event.timestamp_ms, event.position) for event in events if isinstance(rule.count(EventFacts(event)), Counted)]
        if not counted or (len(events) == LATEST_LOOKED_AT and max(counted)[0] == events[-1].timestamp_ms):
            return Asked(value)
        return Latest(max(counted), value)


def empty(plan: UsagePlan) -> RunningUsage:
    """The usage of a range without events."""
    nothing = MetricAnswer(None, 0)
    return plan.running((nothing, nothing, nothing), nothing, ())


def _weighted(start_ms: int, end_ms: int, value: Decimal | None) -> RunningUsage:
    if value is None:
        return Weighted(start_ms, end_ms, None)
    remaining = _EXACT.multiply(value, Decimal(end_ms - start_ms))
    if abs(remaining) > _SURELY_EXACT:
        return Asked(value)
    return Weighted(start_ms, end_ms, remaining.quantize(_NINE_DIGITS, context=_EXACT))


def _sum_of(numbers: Iterable[Decimal]) -> Decimal:
    total = _ZERO
    for number in numbers:
        total = _EXACT.add(total, number)
    return total


def _decimal(number: Number | None) -> Decimal | None:
    return None if number is None else Decimal(number)
