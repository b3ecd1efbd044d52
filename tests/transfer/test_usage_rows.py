"""Which windows an export of usage has: also those that only a correction after a closed period left a value in."""

import asyncio
from collections.abc import Sequence

from streamgauge.kernel.export import UsagePage
from streamgauge.kernel.metering import ClosedPeriod, CustomerScope, Feature, Measure, Meter, MeterType
from streamgauge.kernel.query import MetricAnswer, MetricQuery, Point, Window
from streamgauge.transfer import UsageDesk

_METER = Meter("m", "p", "M", "e", Measure(MeterType.SUM, "n"))
_DAY_MS = 86_400_000


class _Books:
    """The books of a project with one meter."""

    def meter(self, project_id: str, meter_id: str) -> Meter:
        return _METER

    def features_of_meter(self, project_id: str, meter_id: str) -> tuple[Feature, ...]:
        return ()

    def of(self, project_id: str) -> tuple[ClosedPeriod, ...]:
        return ()

    def scope(self, project_id: str, external_id: str) -> CustomerScope:
        return CustomerScope((external_id,))


def _rows(customer_id: str, window: Window | None, answer: MetricAnswer) -> list[tuple[int, str, int]]:
    async def ask(queries: Sequence[MetricQuery]) -> Sequence[MetricAnswer]:
        return [answer] * len(queries)

    page = UsagePage(
        project_id="p", meter_id="m", below=1, start_ms=0, end_ms=3 * _DAY_MS, window=window, customer_id=customer_id
    )
    table = asyncio.run(UsageDesk(_Books(), _Books(), _Books(), ask).page(page))
    return [(row["window_start"].day, row["value"], row["event_count"]) for row in table.to_pylist()]


def test_a_window_with_a_value_and_no_event_left_is_told() -> None:
    corrected = (Point(0, 2, 0, ("c",)), Point(_DAY_MS, 0, 0, ("c",)), Point(2 * _DAY_MS, 5, 1, ("c",)))
    assert _rows("", Window.DAY, MetricAnswer(7, 1, corrected)) == [(1, "2", 0), (3, "5", 1)]


def test_a_customer_without_windows_has_a_row_when_there_is_usage() -> None:
    assert _rows("c", None, MetricAnswer(2, 0)) == [(1, "2", 0)]
    assert _rows("c", None, MetricAnswer(0, 0)) == []
