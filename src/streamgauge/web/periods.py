"""The Flexprice door's routes about closed periods: closed by a key with the scope admin, read by one that can read.

A period is closed at the end of the journal as it was when the request came. That is loaded before the period is closed, so that
who asks for its usage next, as of that position or not, gets the numbers that stay.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from streamgauge.control.closed_periods import ClosedPeriods
from streamgauge.kernel.access import Scope
from streamgauge.kernel.adjustment import AdjustmentQuery
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import QueryRunner
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.queries import fresh_reply
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import periods as wire

_RETRY_AFTER_S = 1


class Loading(Protocol):
    """What waits until the store holds what the journal does (kernel LoadProgress)."""

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool: ...


class PeriodDesk(NamedTuple):
    """What the routes need. journal_end: the end of what is durable now. wait_s: longest wait for the loader."""

    periods: ClosedPeriods
    runner: QueryRunner
    loading: Loading
    journal_end: Callable[[], int]
    wait_s: float


async def answer_close(desk: PeriodDesk, question: Question) -> Reply:
    position = desk.journal_end()
    span = wire.parse_span(question.body)
    if not await desk.loading.wait_until_loaded(position, desk.wait_s):
        message = "The events that have come in are not loaded yet. Nothing was closed; try again."
        raise Refusal(Reason.SERVER_BUSY, message, retry_after_s=_RETRY_AFTER_S)
    made = await asyncio.to_thread(desk.periods.close, question.project_id, *span, position, question.key.key_id)
    return Reply(201, wire.render_period(made))


async def answer_list(desk: PeriodDesk, question: Question) -> Reply:
    page = wire.parse_page(question.parameters)
    return Reply(200, wire.render_periods(desk.periods.of(question.project_id), page))


async def answer_get(desk: PeriodDesk, question: Question) -> Reply:
    return Reply(200, wire.render_period(desk.periods.get(question.project_id, question.path["id"])))


async def answer_adjustments(desk: PeriodDesk, question: Question) -> Reply:
    page = wire.parse_page(question.parameters)
    period = desk.periods.get(question.project_id, question.path["id"])
    query = AdjustmentQuery(
        question.project_id, period.start_ms, period.end_ms, period.position, page.limit, page.offset, page.newest_first
    )
    answered = await desk.runner.adjustments(query)
    return fresh_reply(wire.render_adjustments(question.project_id, answered.answer, page), answered.freshness)


_ALL = "/v1/periods"

PERIOD_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", f"{_ALL}/close", answer_close, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "GET", _ALL, answer_list),
    DoorRoute(Door.FLEXPRICE, "GET", f"{_ALL}/{{id}}", answer_get),
    DoorRoute(Door.FLEXPRICE, "GET", f"{_ALL}/{{id}}/adjustments", answer_adjustments),
)
