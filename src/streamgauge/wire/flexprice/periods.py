"""Closed periods at the Flexprice door: our own addition, in the manner of its resources.

An adjustment is an event as the door's lists show it, with `kind`, `position` in the journal, and whether it is `superseded`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from streamgauge.kernel.adjustment import Adjustment, AdjustmentPage
from streamgauge.kernel.metering import ClosedPeriod
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.listing import event_fields
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import ListPage, page_of, refuse_field, render_list
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.timestamps import format_instant

_TIME = "an RFC 3339 time such as 2024-02-01T00:00:00Z"


class Span(NamedTuple):
    """From start_ms, included, to end_ms, excluded."""

    start_ms: int
    end_ms: int


def parse_span(body: bytes) -> Span:
    """start_time and end_time, both required. Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    return Span(_instant(payload, "start_time"), _instant(payload, "end_time"))


def parse_page(parameters: Pairs) -> ListPage:
    """Raises Refusal."""
    return page_of(Payload.from_query_string(parameters))


def render_period(period: ClosedPeriod) -> bytes:
    return msgspec.json.encode(_fields(period))


def render_periods(periods: Sequence[ClosedPeriod], page: ListPage) -> bytes:
    """periods: all of the project, by start."""
    ordered = periods[::-1] if page.newest_first else periods
    return render_list([_fields(period) for period in ordered[page.offset :][: page.limit]], len(periods), page)


def render_adjustments(project_id: str, found: AdjustmentPage, page: ListPage) -> bytes:
    return render_list([_adjustment(project_id, each) for each in found.adjustments], found.total, page)


def _fields(period: ClosedPeriod) -> Mapping[str, object]:
    return {
        "id": period.period_id,
        "environment_id": period.project_id,
        "start_time": format_instant(period.start_ms),
        "end_time": format_instant(period.end_ms),
        "position": period.position,
        "closed_at": format_instant(period.closed_at_ms),
        "closed_by": period.closed_by,
    }


def _adjustment(project_id: str, adjustment: Adjustment) -> Mapping[str, object]:
    event = adjustment.event
    placed = {"kind": adjustment.kind, "position": event.position, "superseded": event.superseded}
    return {**event_fields(project_id, event), **placed}


def _instant(payload: Payload, name: str) -> int:
    instant_ms = payload.instant(name)
    if instant_ms is None:
        raise refuse_field(name, _TIME, Reason.MISSING_FIELD)
    return instant_ms
