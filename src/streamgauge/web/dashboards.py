"""Solinth's routes about dashboards: made, changed and shared, and all their widgets answered at once.

Who may: a key that can read may read. A change takes a key that can read and send events, as keys are made without --scope, or
one with the scope admin: the original gives one key for everything, but a key for sending alone may lie in a page.

A shared dashboard is seen without a key by whoever has its token, and counted by the sender's address. What it shows are the
dashboard and the answers of its own widgets, as saved: no parameter of the sender reaches a query.

Widgets are answered WIDGETS_AT_ONCE at a time, so that a dashboard of 50 takes its turns among other queries and does not fill
the line in front of them. What several of them ask is asked once. One that fails says so in its own place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from msgspec import UNSET

from streamgauge.control.dashboards import Dashboards
from streamgauge.kernel.access import Key, Plan, RateClass, Scope
from streamgauge.kernel.dashboard import Dashboard, DashboardChange, Widget
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import Freshness, QueryRunner
from streamgauge.store import StoreError
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question, read_parameters
from streamgauge.web.doors import FACES
from streamgauge.web.exchange import Exchange, Gate
from streamgauge.web.logging import log
from streamgauge.web.measuring import AskedOnce, least_fresh
from streamgauge.web.queries import fresh_reply
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Endpoint, Path
from streamgauge.web.widgets import WidgetDesk, answer_widget, check_widgets
from streamgauge.wire.solinth import dashboards as wire

WIDGETS_AT_ONCE = 4
SHARED_PLAN = Plan(name="shared dashboards", requests_per_minute=120)


class DashboardDesk(NamedTuple):
    """What the routes need."""

    dashboards: Dashboards
    runner: QueryRunner
    widgets: WidgetDesk


async def answer_list(desk: DashboardDesk, question: Question) -> Reply:
    limit, offset = wire.parse_page(question.parameters)
    found, total = await asyncio.to_thread(desk.dashboards.page, question.project_id, limit, offset)
    return Reply(200, wire.render_dashboards(found, total))


async def answer_create(desk: DashboardDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    spec = await asyncio.to_thread(wire.parse_new_dashboard, question.body, question.project_id, question.now_ms)
    check_widgets(desk.widgets, question.project_id, spec.widgets, question.now_ms)
    made = await asyncio.to_thread(desk.dashboards.create, question.project_id, spec)
    return Reply(200, wire.render_dashboard(made))


async def answer_get(desk: DashboardDesk, question: Question) -> Reply:
    return Reply(200, wire.render_dashboard(await _own(desk, question)))


async def answer_update(desk: DashboardDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    change = await asyncio.to_thread(wire.parse_dashboard_change, question.body, question.project_id, question.now_ms)
    if change.widgets is not UNSET:
        check_widgets(desk.widgets, question.project_id, change.widgets, question.now_ms)
    return Reply(200, wire.render_dashboard(await _updated(desk, question, change)))


async def answer_delete(desk: DashboardDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await asyncio.to_thread(desk.dashboards.delete, question.project_id, question.path["id"])
    return Reply(200, wire.render_success())


async def answer_share(desk: DashboardDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    return Reply(200, wire.render_share(await _updated(desk, question, DashboardChange(is_public=True))))


async def answer_unshare(desk: DashboardDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await _updated(desk, question, DashboardChange(is_public=False))
    return Reply(200, wire.render_success())


async def answer_data(desk: DashboardDesk, question: Question) -> Reply:
    instead = wire.parse_overrides(question.parameters, question.now_ms)
    return await _data(desk, await _own(desk, question), question.now_ms, instead)


async def answer_shared(desk: DashboardDesk, token: str, _now_ms: int) -> Reply:
    return Reply(200, wire.render_shared(await asyncio.to_thread(desk.dashboards.shared, token)))


async def answer_shared_data(desk: DashboardDesk, token: str, now_ms: int) -> Reply:
    dashboard = await asyncio.to_thread(desk.dashboards.shared, token)
    return await _data(desk, dashboard, now_ms, {})


_ALL = "/v1/dashboards"
_ONE = f"{_ALL}/{{id}}"

DASHBOARD_ROUTES = (
    DoorRoute(Door.SOLINTH, "GET", _ALL, answer_list),
    DoorRoute(Door.SOLINTH, "POST", _ALL, answer_create),
    DoorRoute(Door.SOLINTH, "GET", _ONE, answer_get),
    DoorRoute(Door.SOLINTH, "PATCH", _ONE, answer_update),
    DoorRoute(Door.SOLINTH, "DELETE", _ONE, answer_delete),
    DoorRoute(Door.SOLINTH, "GET", f"{_ONE}/data", answer_data),
    DoorRoute(Door.SOLINTH, "POST", f"{_ONE}/share", answer_share),
    DoorRoute(Door.SOLINTH, "DELETE", f"{_ONE}/share", answer_unshare),
)

_SHARED = "/v1/shared/{token}"
_ANSWERS_WITHOUT_KEY: Mapping[str, Callable[[DashboardDesk, str, int], Awaitable[Reply]]] = {
    mount + path: answer
    for path, answer in ((_SHARED, answer_shared), (f"{_SHARED}/data", answer_shared_data))
    for mount in ("", f"/{Door.SOLINTH.value}")
}
SHARED_MOUNTS = tuple(_ANSWERS_WITHOUT_KEY)
"""The paths, at both mounts, that are answered without a key; to GET alone."""


def shared_paths(gate: Gate, desk: DashboardDesk) -> list[Path]:
    """The paths of shared dashboards, ready for the router."""
    face = FACES[Door.SOLINTH]
    return [Path(path, "GET", Endpoint(_open_to_all(gate, desk, answer), face)) for path, answer in _ANSWERS_WITHOUT_KEY.items()]


def _open_to_all(
    gate: Gate, desk: DashboardDesk, answer: Callable[[DashboardDesk, str, int], Awaitable[Reply]]
) -> Callable[[Exchange, Receive, Mapping[str, str]], Awaitable[Reply]]:
    async def answered(exchange: Exchange, _receive: Receive, path: Mapping[str, str]) -> Reply:
        # A key that was sent along gives no more than the token does, and is not looked at.
        exchange.key = Key(f"shared to {exchange.sender}", "", SHARED_PLAN, frozenset())
        gate.count(exchange, RateClass.MINUTE)
        wire.refuse_parameters(read_parameters(exchange.scope["query_string"]))
        return await answer(desk, path["token"], exchange.now_ms)

    return answered


async def _own(desk: DashboardDesk, question: Question) -> Dashboard:
    return await asyncio.to_thread(desk.dashboards.get, question.project_id, question.path["id"])


async def _updated(desk: DashboardDesk, question: Question, change: DashboardChange) -> Dashboard:
    return await asyncio.to_thread(desk.dashboards.update, question.project_id, question.path["id"], change)


async def _data(desk: DashboardDesk, dashboard: Dashboard, now_ms: int, instead: Mapping[str, str]) -> Reply:
    """The answers of all widgets. instead: parameters that replace those of the widgets."""
    turns = asyncio.Semaphore(WIDGETS_AT_ONCE)
    asked = AskedOnce(desk.runner)
    fresh: list[Freshness] = []

    async def answer(widget: Widget) -> bytes | Refusal:
        async with turns:
            try:
                answered = await answer_widget(desk.widgets, asked, widget, dashboard.project_id, now_ms, instead)
            except Refusal as refusal:
                return refusal
            except StoreError as error:
                log.error("widget_failed", dashboard_id=dashboard.dashboard_id, widget_id=widget.widget_id, error=str(error))
                return Refusal(Reason.INTERNAL_ERROR, "Internal error.")
        fresh.append(answered.freshness)
        return answered.answer

    answers = await asyncio.gather(*(answer(widget) for widget in dashboard.widgets))
    body = wire.render_data(dashboard, answers)
    return fresh_reply(body, least_fresh(fresh)) if fresh else Reply(200, body)
