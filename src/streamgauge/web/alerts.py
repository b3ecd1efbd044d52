"""The Flexprice door's routes about alert settings and the log of what was noticed.

Who may: a key that can read may read. A change takes a key that can read and send events, as keys are made without --scope.
"""

import asyncio
from collections.abc import Mapping

from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door
from streamgauge.kernel.limit import AlertLog, AlertLogFilter, AlertSetting, AlertSpec
from streamgauge.kernel.metering import FeatureType
from streamgauge.kernel.refusal import Refusal
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.entitlements import LimitDesk
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import alerts as wire
from streamgauge.wire.flexprice.resources import refuse_field


async def answer_create(desk: LimitDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    asked = wire.parse_new_alert(question.body)
    project_id = question.project_id

    def create() -> AlertSetting:
        feature = desk.control.catalogue.feature(project_id, asked.feature_id)
        if feature.type is not FeatureType.METERED:
            raise refuse_field("entity_id", "a metered feature")
        customers = desk.control.customers
        customer_id = asked.customer_id and customers.get(project_id, asked.customer_id).customer_id
        if asked.external_id:
            customer_id = customers.lookup(project_id, asked.external_id).customer_id
        spec = AlertSpec(feature_id=feature.feature_id, config=asked.config, customer_id=customer_id)
        return desk.control.alerts.create(project_id, spec)

    return Reply(201, wire.render_setting(await asyncio.to_thread(create)))


async def answer_list(desk: LimitDesk, question: Question) -> Reply:
    return _page(desk, question, wire.parse_setting_list(question.parameters))


async def answer_search(desk: LimitDesk, question: Question) -> Reply:
    return _page(desk, question, wire.parse_setting_search(question.body))


async def answer_get(desk: LimitDesk, question: Question) -> Reply:
    return Reply(200, wire.render_setting(desk.control.alerts.setting(question.project_id, question.path["id"])))


async def answer_update(desk: LimitDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    config = wire.parse_alert_change(question.body)
    changed = await asyncio.to_thread(desk.control.alerts.update, question.project_id, question.path["id"], config)
    return Reply(200, wire.render_setting(changed))


async def answer_delete(desk: LimitDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await asyncio.to_thread(desk.control.alerts.delete, question.project_id, question.path["id"])
    return Reply(204, b"")


async def answer_log_list(desk: LimitDesk, question: Question) -> Reply:
    return await _logs(desk, question, wire.parse_log_list(question.parameters))


async def answer_log_search(desk: LimitDesk, question: Question) -> Reply:
    return await _logs(desk, question, wire.parse_log_search(question.body))


_SETTINGS = "/v1/alerts/setting"
_ONE = f"{_SETTINGS}/{{id}}"

ALERT_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", _SETTINGS, answer_create),
    DoorRoute(Door.FLEXPRICE, "GET", _SETTINGS, answer_list),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_SETTINGS}/search", answer_search),
    DoorRoute(Door.FLEXPRICE, "GET", _ONE, answer_get),
    DoorRoute(Door.FLEXPRICE, "PUT", _ONE, answer_update),
    DoorRoute(Door.FLEXPRICE, "DELETE", _ONE, answer_delete),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/alerts", answer_log_list),
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/alerts/search", answer_log_search),
)


def _page(desk: LimitDesk, question: Question, asked: wire.SettingsAsked) -> Reply:
    found = [
        setting
        for setting in desk.control.alerts.settings(question.project_id)
        if (asked.feature_ids is None or setting.feature_id in asked.feature_ids)
        and asked.enabled in (None, setting.config.alert_enabled)
    ]
    page = asked.page
    ordered = found[::-1] if page.newest_first else found
    return Reply(200, wire.render_settings(ordered[page.offset : page.offset + page.limit], len(found), page))


async def _logs(desk: LimitDesk, question: Question, asked: wire.LogsAsked) -> Reply:
    project_id, page = question.project_id, asked.page

    def read() -> tuple[list[AlertLog], int, Mapping[str, str]]:
        wanted = AlertLogFilter(
            entity_id=asked.entity_id or None,
            entity_type=asked.entity_type or None,
            customer_id=_external_id(desk, project_id, asked.customer) if asked.customer else None,
            state=asked.state,
            start_ms=asked.start_ms,
            end_ms=asked.end_ms,
        )
        found, total = desk.control.alerts.logs(project_id, wanted, page.limit, page.offset, newest_first=page.newest_first)
        customers = {log.customer_id: desk.control.customers.find(project_id, log.customer_id) for log in found}
        return found, total, {name: one.customer_id for name, one in customers.items() if one is not None}

    found, total, customer_ids = await asyncio.to_thread(read)
    return Reply(200, wire.render_logs(found, customer_ids, total, page))


def _external_id(desk: LimitDesk, project_id: str, customer: str) -> str:
    """The id that logs have, of a customer by our id or by one of its events."""
    found = desk.control.customers.find(project_id, customer)
    if found is not None:
        return found.external_id
    try:
        return desk.control.customers.get(project_id, customer).external_id
    except Refusal:
        return customer  # Events may name a customer that nobody made.
