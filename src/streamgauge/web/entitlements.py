"""The Flexprice door's routes about entitlements, and the check whether a customer may use some more.

Who may: a key that can read may read and check. A change takes a key that can read and send events, as keys are made without
--scope.
"""

import asyncio

import msgspec
from msgspec import UNSET

from streamgauge.control import Control
from streamgauge.control.entitlements import EntitlementFilter
from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door
from streamgauge.kernel.limit import EntitlementChange, EntitlementSpec
from streamgauge.kernel.metering import Entitlement, Feature, LimitPeriod, MeterType, ResetUsage, Status
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.metering.limits import Limits
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import entitlements as wire
from streamgauge.wire.flexprice.check import render_check
from streamgauge.wire.flexprice.resources import refuse_field

_ONLY_PERIODS = "a period that starts anew: the meter of this feature needs one"


class LimitDesk:
    """What the routes about entitlements and alerts need."""

    def __init__(self, control: Control, limits: Limits) -> None:
        self.control = control
        self.limits = limits

    def feature(self, project_id: str, named: str) -> Feature:
        """By its id or its lookup key; archived ones only by id. Raises Refusal not_found."""
        found = self.control.catalogue.feature_of_key(project_id, named)
        return found if found is not None else self.control.catalogue.feature(project_id, named)

    def customer_id(self, project_id: str, named: wire.Named) -> str:
        """Raises Refusal not_found. May read a disk."""
        if named.customer_id:
            return self.control.customers.get(project_id, named.customer_id).customer_id
        return self.control.customers.lookup(project_id, named.external_id).customer_id


async def answer_create(desk: LimitDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    asked = wire.parse_new_entitlement(question.body)
    project_id = question.project_id

    def create() -> Entitlement:
        customer_id = desk.customer_id(project_id, asked.named)
        feature = _entitling(desk, project_id, asked.named)
        given = {name: value for name, value in msgspec.structs.asdict(asked.change).items() if value is not UNSET}
        spec = EntitlementSpec(customer_id=customer_id, feature_id=feature.feature_id, **given)
        _require_period(desk, feature, spec.period)
        return desk.control.entitlements.create(project_id, spec)

    return Reply(201, wire.render_entitlement(await asyncio.to_thread(create)))


async def answer_list(desk: LimitDesk, question: Question) -> Reply:
    return await _page(desk, question, wire.parse_list(question.parameters))


async def answer_search(desk: LimitDesk, question: Question) -> Reply:
    return await _page(desk, question, wire.parse_search(question.body))


async def answer_get(desk: LimitDesk, question: Question) -> Reply:
    found = await asyncio.to_thread(desk.control.entitlements.get, question.project_id, question.path["id"])
    return Reply(200, wire.render_entitlement(found))


async def answer_update(desk: LimitDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    change = wire.parse_entitlement_change(question.body)
    project_id, entitlement_id = question.project_id, question.path["id"]

    def update() -> Entitlement:
        before = desk.control.entitlements.get(project_id, entitlement_id)
        _require_order(before, change)
        if change.period is not UNSET:
            _require_period(desk, desk.control.catalogue.feature(project_id, before.feature_id), change.period)
        return desk.control.entitlements.update(project_id, entitlement_id, change)

    return Reply(200, wire.render_entitlement(await asyncio.to_thread(update)))


async def answer_delete(desk: LimitDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await asyncio.to_thread(desk.control.entitlements.delete, question.project_id, question.path["id"])
    return Reply(200, wire.render_deleted())


async def answer_check(desk: LimitDesk, question: Question) -> Reply:
    asked = wire.parse_check(question.body)
    feature = desk.feature(question.project_id, asked.feature)
    result = await desk.limits.check(question.project_id, asked.external_id, feature, asked.units, wait=asked.wait)
    return Reply(200, render_check(asked.external_id, result))


_ALL = "/v1/entitlements"
_ONE = f"{_ALL}/{{id}}"

ENTITLEMENT_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", _ALL, answer_create),
    DoorRoute(Door.FLEXPRICE, "GET", _ALL, answer_list),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_ALL}/search", answer_search),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_ALL}/check", answer_check),
    DoorRoute(Door.FLEXPRICE, "GET", _ONE, answer_get),
    DoorRoute(Door.FLEXPRICE, "PUT", _ONE, answer_update),
    DoorRoute(Door.FLEXPRICE, "DELETE", _ONE, answer_delete),
)


async def _page(desk: LimitDesk, question: Question, asked: wire.EntitlementsAsked) -> Reply:
    project_id, page = question.project_id, asked.page

    def read() -> tuple[list[Entitlement], int]:
        customers = asked.customer_ids
        if asked.external_id:
            found = desk.control.customers.find(project_id, asked.external_id)
            if found is None or (customers is not None and found.customer_id not in customers):
                return [], 0
            customers = (found.customer_id,)
        wanted = EntitlementFilter(customer_ids=customers, feature_ids=asked.feature_ids)
        return desk.control.entitlements.page(project_id, wanted, page.limit, page.offset, newest_first=page.newest_first)

    found, total = await asyncio.to_thread(read)
    return Reply(200, wire.render_entitlements(found, total, page))


def _entitling(desk: LimitDesk, project_id: str, named: wire.Named) -> Feature:
    if named.feature_id:
        found = desk.control.catalogue.feature(project_id, named.feature_id)
    else:
        by_key = desk.control.catalogue.feature_of_key(project_id, named.lookup_key)
        if by_key is None:
            raise Refusal(Reason.NOT_FOUND, f"Feature with lookup key {named.lookup_key[:100]} was not found")
        found = by_key
    if found.status is Status.ARCHIVED:
        raise Refusal(Reason.NOT_FOUND, f"Feature with ID {named.feature_id[:100]} was not found")
    return found


def _require_period(desk: LimitDesk, feature: Feature, period: LimitPeriod) -> None:
    """Buckets and weights of all times together would be without number and without meaning."""
    if not feature.meter_id:
        return
    meter = desk.control.catalogue.meter(feature.project_id, feature.meter_id)
    measure = meter.measure
    needs = measure.type is MeterType.WEIGHTED_SUM or (measure.type is MeterType.MAX and measure.bucket_size is not None)
    if needs and (period is LimitPeriod.LIFETIME or meter.reset_usage is ResetUsage.NEVER):
        raise refuse_field("usage_reset_period", _ONLY_PERIODS)


def _require_order(before: Entitlement, change: EntitlementChange) -> None:
    soft = before.soft_limit if change.soft_limit is UNSET else change.soft_limit
    hard = before.hard_limit if change.hard_limit is UNSET else change.hard_limit
    if soft is not None and hard is not None and soft > hard:
        raise refuse_field("soft_limit", "at most the hard limit")
