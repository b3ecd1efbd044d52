"""From a meter to questions, and from their answers to its usage: the one place where both is decided, for every route.

    questions = usage_questions(meter, asked)         # one, or two for a meter that never starts anew
    answers = ...                                     # of all questions, over one snapshot
    usage = usage_of(meter, asked, answers)

The rules
- A meter counts the events of its event name that pass its own filters and those that are asked for besides.
- An event whose property is absent or no number counts as 0 (COUNT_UNIQUE: as the empty text): the published raw reading.
- reset_usage NEVER: the value is the aggregate from the beginning of time to the end of the range; points are those of the range.
- A meter's own group_by makes a maximum for each group and bucket; they are added up and not shown.
"""

from collections.abc import Sequence
from decimal import Context, Decimal
from functools import lru_cache

import msgspec

from streamgauge.kernel.expression import Expression, parse_expression
from streamgauge.kernel.metering import ClosedPeriod, CustomerScope, Measure, Meter, MeterType, ResetUsage
from streamgauge.kernel.query import (
    Aggregation,
    AsOf,
    CalendarRule,
    Closed,
    Field,
    FieldKey,
    Filter,
    Key,
    MetricAnswer,
    MetricQuery,
    Missing,
    Number,
    Point,
    Selection,
    Weekday,
    Window,
)

BEGINNING_OF_TIME_MS = -2_208_988_800_000
"""1900: no event can be stored that happened earlier."""

_EXACT = Context(prec=120)

AGGREGATION_OF = {
    MeterType.COUNT: Aggregation.COUNT,
    MeterType.SUM: Aggregation.SUM,
    MeterType.AVG: Aggregation.AVG,
    MeterType.MAX: Aggregation.MAX,
    MeterType.COUNT_UNIQUE: Aggregation.UNIQUE,
    MeterType.LATEST: Aggregation.LATEST,
    MeterType.SUM_WITH_MULTIPLIER: Aggregation.SUM,
    MeterType.WEIGHTED_SUM: Aggregation.WEIGHTED_SUM,
}


class UsageAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked about a meter. scope None: all customers. filters and group_by: besides the meter's own.

    closed: the closed periods of the project. window None: no points, but for group_by.
    """

    start_ms: int
    end_ms: int
    scope: CustomerScope | None = None
    window: Window | None = None
    calendar: CalendarRule = CalendarRule(week_starts_on=Weekday.SUNDAY)
    filters: tuple[Filter, ...] = ()
    group_by: tuple[Key, ...] = ()
    closed: tuple[ClosedPeriod, ...] = ()
    as_of: AsOf | None = None


def usage_questions(meter: Meter, asked: UsageAsked) -> tuple[MetricQuery, ...]:
    """The question about the range and, of a meter that never starts anew, the one that gives the value."""
    ranged = _question(meter, asked, asked.start_ms, asked.window)
    if meter.reset_usage is not ResetUsage.NEVER:
        return (ranged,)
    return ranged, _question(meter, asked, BEGINNING_OF_TIME_MS, None)


def usage_of(meter: Meter, asked: UsageAsked, answers: Sequence[MetricAnswer]) -> MetricAnswer:
    """The usage, from the answers to `usage_questions` in their order. count: events of the range."""
    ranged = answers[0]
    points = _without_own_groups(ranged.points, len(asked.group_by)) if meter.measure.group_by else ranged.points
    value = answers[-1].value
    return msgspec.structs.replace(ranged, value=value, points=points)


def closed_of(periods: Sequence[ClosedPeriod]) -> tuple[Closed, ...]:
    """As questions carry them."""
    return tuple(Closed(period.start_ms, period.end_ms, period.position) for period in periods)


def _question(meter: Meter, asked: UsageAsked, start_ms: int, window: Window | None) -> MetricQuery:
    measure = meter.measure
    customers = () if asked.scope is None else (Filter(FieldKey(Field.CUSTOMER_ID), asked.scope.external_ids),)
    filters = (*customers, *meter.filters, *asked.filters)
    return MetricQuery(
        selection=Selection(meter.project_id, start_ms, asked.end_ms, meter.event_name, filters, asked.as_of),
        aggregation=AGGREGATION_OF[measure.type],
        property=measure.field or None,
        expression=_expression(measure.expression) if measure.expression else None,
        window=window,
        bucket=measure.bucket_size,
        calendar=asked.calendar,
        group_by=(*asked.group_by, *measure.group_by),
        multiplier=_multiplier(measure),
        missing=Missing.ZERO,
        closed=closed_of(asked.closed),
    )


@lru_cache(maxsize=1_000)
def _expression(text: str) -> Expression:
    return parse_expression(text)


def _multiplier(measure: Measure) -> Decimal | None:
    return (measure.multiplier or Decimal(1)) if measure.type is MeterType.SUM_WITH_MULTIPLIER else None


def _without_own_groups(points: Sequence[Point], shown: int) -> tuple[Point, ...]:
    """The points of one bucket and one asked group become one, with the sum of their values."""
    merged: dict[tuple[int, tuple[str, ...]], Point] = {}
    for point in points:
        group = point.group[:shown]
        before = merged.get((point.start_ms, group))
        value, count = point.value, point.count
        if before is not None:
            value, count = _added(before.value, value), before.count + count
        merged[point.start_ms, group] = Point(point.start_ms, value, count, group)
    return tuple(merged.values())


def _added(one: Number | None, other: Number | None) -> Number | None:
    if one is None or other is None:
        return other if one is None else one
    return _EXACT.add(Decimal(one), Decimal(other))
