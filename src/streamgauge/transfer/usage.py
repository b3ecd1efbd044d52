"""Usage to export: what each customer used of each meter in each window, all as of one position of the journal.

The numbers are those that the usage routes tell: the questions are made by kernel.measuring, closed periods and all, and what is
below zero is shown as zero, as there. A range with more rows than one answer may have is asked for in parts, cut where windows
begin.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Protocol

import pyarrow as pa

from streamgauge.kernel import calendar
from streamgauge.kernel.export import UsagePage
from streamgauge.kernel.measuring import UsageAsked, usage_of, usage_questions
from streamgauge.kernel.metering import ClosedPeriod, CustomerScope, Feature, Meter
from streamgauge.kernel.query import AsOf, CalendarRule, Field, FieldKey, MetricAnswer, MetricQuery, Point, Weekday
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.numbers import number_text

USAGE_COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("meter_id", pa.string()),
        ("meter_name", pa.string()),
        ("feature", pa.string()),
        ("window_start", pa.timestamp("ms", "UTC")),
        ("value", pa.string()),
        ("event_count", pa.int64()),
    ]
)
_MOST_WINDOWS = 1_000_000
_BY_CUSTOMER = (FieldKey(Field.CUSTOMER_ID),)

Ask = Callable[[Sequence[MetricQuery]], Awaitable[Sequence[MetricAnswer]]]


class Catalogue(Protocol):
    """Meters and features (control.catalogue)."""

    def meter(self, project_id: str, meter_id: str) -> Meter: ...

    def features_of_meter(self, project_id: str, meter_id: str) -> tuple[Feature, ...]: ...


class ClosedPeriods(Protocol):
    """Control's closed periods."""

    def of(self, project_id: str) -> tuple[ClosedPeriod, ...]: ...


class Customers(Protocol):
    """Control's customers; reads from disk."""

    def scope(self, project_id: str, external_id: str) -> CustomerScope: ...


class UsageDesk:
    """Answers pages of usage. ask: the answers to questions, in their order, over one state."""

    def __init__(self, catalogue: Catalogue, customers: Customers, closed_periods: ClosedPeriods, ask: Ask) -> None:
        self._catalogue = catalogue
        self._customers = customers
        self._closed_periods = closed_periods
        self._ask = ask

    async def page(self, page: UsagePage) -> pa.Table:
        """The rows of a meter: by window, then customer. Raises Refusal."""
        meter = self._catalogue.meter(page.project_id, page.meter_id)
        scope = None
        if page.customer_id:
            scope = await asyncio.to_thread(self._customers.scope, page.project_id, page.customer_id)
        points = await self._points(page, meter, scope, page.start_ms, page.end_ms)
        features = self._catalogue.features_of_meter(page.project_id, page.meter_id)
        return _table(page, meter, ",".join(sorted(feature.lookup_key for feature in features)), points)

    async def _points(
        self, page: UsagePage, meter: Meter, scope: CustomerScope | None, start_ms: int, end_ms: int
    ) -> Sequence[Point]:
        asked = UsageAsked(
            start_ms=start_ms,
            end_ms=end_ms,
            scope=scope,
            window=page.window,
            calendar=_calendar(page),
            group_by=() if scope else _BY_CUSTOMER,
            closed=self._closed_periods.of(page.project_id),
            as_of=AsOf(position=page.below),
        )
        try:
            answer = usage_of(meter, asked, await self._ask(usage_questions(meter, asked)))
        except Refusal as refusal:
            middle_ms = _middle(page, start_ms, end_ms)
            if refusal.reason is not Reason.QUERY_TOO_MANY_ROWS or middle_ms is None:
                raise
            before = await self._points(page, meter, scope, start_ms, middle_ms)
            return [*before, *await self._points(page, meter, scope, middle_ms, end_ms)]
        if scope is not None and page.window is None:
            return [Point(start_ms, answer.value, answer.count)] if answer.count or answer.value else []
        # A correction after a closed period can leave a window with a value and as many events taken back as added.
        return [point for point in answer.points if point.count or point.value]


def _calendar(page: UsagePage) -> CalendarRule:
    return CalendarRule(page.timezone, Weekday.SUNDAY, page.month_anchor_day)


def _middle(page: UsagePage, start_ms: int, end_ms: int) -> int | None:
    """The beginning of a window that parts the range in two; None when there is none."""
    if page.window is None:
        return None
    inner = [edge for edge in calendar.edges(start_ms, end_ms, page.window, _calendar(page), _MOST_WINDOWS) if edge > start_ms]
    return inner[len(inner) // 2] if inner else None


def _table(page: UsagePage, meter: Meter, features: str, points: Sequence[Point]) -> pa.Table:
    count = len(points)
    columns = [
        [point.group[0] if point.group else page.customer_id for point in points],
        [meter.meter_id] * count,
        [meter.name] * count,
        [features] * count,
        [point.start_ms for point in points],
        [number_text(_at_least_zero(point)) for point in points],
        [point.count for point in points],
    ]
    arrays = [pa.array(values, field.type) for field, values in zip(USAGE_COLUMNS, columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=USAGE_COLUMNS)


def _at_least_zero(point: Point) -> Decimal | float | int:
    return point.value if point.value is not None and point.value > 0 else 0
