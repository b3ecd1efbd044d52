"""The Flexprice door's routes about usage: of meters, of features, of customers.

    parse -> find the meters -> find out whose events are meant -> ask all at once, over one state of the events -> render

Every answer tells in X-Streamgauge-Position what it covers; as_of "position:<n>" gives the same answer again later, whatever has
come since. Closed periods and a meter's own filters count on all of them but /v1/events/usage, which goes by the events alone.
An external id stands for all ids of its customer on every route, /v1/events/usage included.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from streamgauge.control.catalogue import Catalogue
from streamgauge.control.closed_periods import ClosedPeriods
from streamgauge.control.customers import Customers
from streamgauge.control.entitlements import EntitlementFilter, Entitlements
from streamgauge.kernel.event import Door
from streamgauge.kernel.limit_period import limit_period
from streamgauge.kernel.measuring import UsageAsked, usage_of, usage_questions
from streamgauge.kernel.metering import Customer, CustomerScope, Entitlement, Feature, LimitPeriod, Meter
from streamgauge.kernel.query import Field, FieldKey, Filter, MetricAnswer, MetricQuery, NumberFilter
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import Answered, QueryRunner
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.queries import fresh_reply, positioned_reply
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import customer_usage, meter_usage, monitoring, usage, usage_analytics
from streamgauge.wire.flexprice.customer_usage import FeaturePeriod, SummaryRequest
from streamgauge.wire.flexprice.meter_usage import MeterUsageRequest, UsageRequest
from streamgauge.wire.flexprice.payload import check_payload
from streamgauge.wire.flexprice.usage_analytics import FeatureUsage

_MAX_LIMITS = 10_000
_CUSTOMER = FieldKey(Field.CUSTOMER_ID)


class UsageDesk(NamedTuple):
    """What the routes need."""

    catalogue: Catalogue
    customers: Customers
    closed_periods: ClosedPeriods
    entitlements: Entitlements
    runner: QueryRunner


class _Asked(NamedTuple):
    """What is asked of one meter, and how many questions that is."""

    meter: Meter
    asked: UsageAsked
    questions: tuple[MetricQuery, ...]


async def answer_usage(desk: UsageDesk, question: Question) -> Reply:
    query = usage.parse_usage(question.body, question.project_id, question.now_ms)
    selection = query.selection
    filters = await asyncio.to_thread(_by_all_ids, desk, question.project_id, selection.filters)
    query = msgspec.structs.replace(query, selection=msgspec.structs.replace(selection, filters=filters))
    answered = await desk.runner.metric(query, pinned=True)
    return positioned_reply(usage.render_usage(query, answered.answer), answered.freshness)


async def answer_usage_by_meter(desk: UsageDesk, question: Question) -> Reply:
    request = meter_usage.parse_usage_by_meter(question.body, question.now_ms)
    meter = desk.catalogue.meter(question.project_id, request.meter_ids[0])
    asked = await _asked(desk, question.project_id, request.usage)
    # As /v1/events/usage has it: without a window the results of a bucketed meter are its buckets.
    asked = msgspec.structs.replace(asked, window=asked.window or meter.measure.bucket_size)
    answered = await _usages(desk, [_of(meter, asked)])
    return positioned_reply(meter_usage.render_usage_by_meter(meter, asked, answered.answer[0]), answered.freshness)


async def answer_meter_usage(desk: UsageDesk, question: Question) -> Reply:
    request = meter_usage.parse_meter_usage(question.body, question.now_ms)
    answered = await meter_usage_of(desk, question.project_id, request)
    return positioned_reply(answered.answer, answered.freshness)


async def meter_usage_of(desk: UsageDesk, project_id: str, request: MeterUsageRequest) -> Answered[bytes]:
    """The usage of the request's first meter, rendered. Raises Refusal."""
    meter = desk.catalogue.meter(project_id, request.meter_ids[0])
    asked = await _asked(desk, project_id, request.usage)
    answered = await _usages(desk, [_of(meter, asked)])
    return Answered(meter_usage.render_meter_usage(meter, asked, answered.answer[0]), answered.freshness)


async def answer_meter_usages(desk: UsageDesk, question: Question) -> Reply:
    request = meter_usage.parse_meter_usages(question.body, question.now_ms)
    meters = [desk.catalogue.meter(question.project_id, meter_id) for meter_id in request.meter_ids]
    asked = await _asked(desk, question.project_id, request.usage)
    answered = await _usages(desk, [_of(meter, asked) for meter in meters])
    found = list(zip(meters, answered.answer, strict=True))
    return positioned_reply(meter_usage.render_meter_usages(asked, found), answered.freshness)


async def answer_analytics(desk: UsageDesk, question: Question) -> Reply:
    request = usage_analytics.parse_analytics(question.body, question.now_ms)
    features = _metered(desk, question.project_id, request.feature_ids)
    asked = await _asked(desk, question.project_id, request.usage)
    meters = [desk.catalogue.meter(question.project_id, feature.meter_id) for feature in features]
    totals = request.usage.without_window().of(asked.scope, asked.closed)
    by_source = msgspec.structs.replace(totals, group_by=(*totals.group_by, FieldKey(Field.SOURCE)))
    windowed = asked if asked.window is not None else None
    parts = (totals, windowed, by_source if request.wants_sources else None)
    answered = await _usages(desk, [_of(meter, part) for part in parts if part is not None for meter in meters])
    left = iter(answered.answer)
    columns = [[None if part is None else next(left) for _ in meters] for part in parts]
    found = [
        FeatureUsage(feature, meter, total, windows, sources)
        for feature, meter, total, windows, sources in zip(features, meters, *columns, strict=True)
        if total is not None
    ]
    return positioned_reply(usage_analytics.render_analytics(request, asked, found), answered.freshness)


async def answer_customer_usage(desk: UsageDesk, question: Question) -> Reply:
    request = customer_usage.parse_summary(question.parameters)
    project_id = question.project_id
    customer, scope, limits = await asyncio.to_thread(_whose_summary, desk, project_id, request)
    features = _summed_up(desk, project_id, request)
    limit_of = {limit.feature_id: limit for limit in limits}
    closed = desk.closed_periods.of(project_id)
    periods = [_period(limit_of.get(feature.feature_id), question.now_ms, customer) for feature in features]
    wanted = [
        _of(
            desk.catalogue.meter(project_id, feature.meter_id),
            UsageRequest(start_ms=start_ms, end_ms=end_ms).of(scope, closed),
        )
        for feature, (start_ms, end_ms) in zip(features, periods, strict=True)
    ]
    answered = await _usages(desk, wanted)
    found = [
        FeaturePeriod(feature, usage.value, start_ms, end_ms, limit_of.get(feature.feature_id))
        for feature, usage, (start_ms, end_ms) in zip(features, answered.answer, periods, strict=True)
    ]
    month = limit_period(LimitPeriod.MONTH, question.now_ms, customer.timezone)
    body = customer_usage.render_summary(
        customer, month, found, lambda meter_id: desk.catalogue.meter(project_id, meter_id), len(found)
    )
    return positioned_reply(body, answered.freshness)


async def answer_monitoring(desk: UsageDesk, question: Question) -> Reply:
    query = monitoring.parse_monitoring(question.parameters, question.project_id, question.now_ms)
    answered = await desk.runner.metric(query)
    waiting = max(0, answered.freshness.position - answered.freshness.loaded) if answered.freshness.lagging else 0
    return fresh_reply(monitoring.render_monitoring(answered.answer, waiting), answered.freshness)


USAGE_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/events/usage", answer_usage),
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/events/usage/meter", answer_usage_by_meter),
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/events/analytics", answer_analytics),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events/monitoring", answer_monitoring),
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/meter-usage/query", answer_meter_usage),
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/meter-usage/analytics", answer_meter_usages),
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/meter-usage/detailed-analytics", answer_analytics),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/customers/usage", answer_customer_usage),
)


def _of(meter: Meter, asked: UsageAsked) -> _Asked:
    return _Asked(meter, asked, usage_questions(meter, asked))


async def _usages(desk: UsageDesk, wanted: Sequence[_Asked]) -> Answered[tuple[MetricAnswer, ...]]:
    """The usage of each, in their order, over one state of the events."""
    questions = [query for one in wanted for query in one.questions]
    answered = await desk.runner.metrics(questions, pinned=True)
    left = iter(answered.answer)
    usages = tuple(usage_of(one.meter, one.asked, [next(left) for _ in one.questions]) for one in wanted)
    return Answered(usages, answered.freshness)


async def _asked(desk: UsageDesk, project_id: str, request: UsageRequest) -> UsageAsked:
    """What is asked, with the customer looked up. Raises Refusal for a customer_id that names another than the external id."""
    own, scope = await asyncio.to_thread(_whose, desk, project_id, request)
    if request.customer_id and own is None:
        # An id that is none of ours: the sender's own second identifier, as its events carry it.
        request = request.with_filter(Filter(FieldKey(Field.ACCOUNT_ID), (request.customer_id,)))
    elif own is not None and scope is not None and own.external_id not in scope.external_ids:
        raise check_payload(
            Reason.INVALID_PARAMETER, "customer_id", "the customer that external_customer_id names, or no such field"
        )
    return request.of(scope, desk.closed_periods.of(project_id))


def _whose(desk: UsageDesk, project_id: str, request: UsageRequest) -> tuple[Customer | None, CustomerScope | None]:
    """The customer whose own id was given, and whose events are meant: None for everybody's."""
    own = _own_customer(desk, project_id, request.customer_id) if request.customer_id else None
    external_ids = request.external_customer_ids or ((own.external_id,) if own else ())
    scopes = [desk.customers.scope(project_id, one, request.include_children) for one in external_ids]
    if not scopes:
        return own, None
    names = dict.fromkeys(name for scope in scopes for name in scope.external_ids)
    return own, CustomerScope(tuple(names), scopes[0].customer)


def _own_customer(desk: UsageDesk, project_id: str, customer_id: str) -> Customer | None:
    try:
        return desk.customers.get(project_id, customer_id)
    except Refusal as refusal:
        if refusal.reason is not Reason.NOT_FOUND:
            raise
        return None


def _by_all_ids(desk: UsageDesk, project_id: str, filters: Sequence[Filter | NumberFilter]) -> tuple[Filter | NumberFilter, ...]:
    """The same filters, the one on the customer by all its ids."""
    return tuple(
        Filter(one.key, desk.customers.scope(project_id, one.values[0]).external_ids) if one.key == _CUSTOMER else one
        for one in filters
    )


def _metered(desk: UsageDesk, project_id: str, feature_ids: Sequence[str]) -> list[Feature]:
    """The metered features asked for, all published ones when none is named. Raises Refusal not_found."""
    if feature_ids:
        named = [desk.catalogue.feature(project_id, feature_id) for feature_id in feature_ids]
        return [feature for feature in named if feature.meter_id]
    return [feature for feature in desk.catalogue.features(project_id) if feature.meter_id]


def _summed_up(desk: UsageDesk, project_id: str, request: SummaryRequest) -> list[Feature]:
    features = _metered(desk, project_id, request.feature_ids)
    if not request.lookup_keys:
        return features
    return [feature for feature in features if feature.lookup_key in request.lookup_keys]


def _whose_summary(
    desk: UsageDesk, project_id: str, request: SummaryRequest
) -> tuple[Customer, CustomerScope, Sequence[Entitlement]]:
    """Raises Refusal not_found."""
    if request.customer_id:
        customer = desk.customers.get(project_id, request.customer_id)
    else:
        customer = desk.customers.lookup(project_id, request.external_id)
    scope = desk.customers.scope(project_id, customer.external_id, request.include_children)
    wanted = EntitlementFilter(customer_ids=(customer.customer_id,))
    limits, _ = desk.entitlements.page(project_id, wanted, _MAX_LIMITS, 0)
    return customer, scope, limits


def _period(limit: Entitlement | None, now_ms: int, customer: Customer) -> tuple[int, int]:
    if limit is None:
        return limit_period(LimitPeriod.MONTH, now_ms, customer.timezone)
    return limit_period(limit.period, now_ms, customer.timezone, limit.billing_anchor_ms)
