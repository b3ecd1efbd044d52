"""Entitlements and checks at the Flexprice door.

The original entitles plans, subscriptions and add-ons; here a customer is entitled directly: entity_type CUSTOMER, or no
entity_type and customer_id or external_customer_id. A feature is named by feature_id or lookup_key. usage_limit is the original's
limit: hard, or soft with is_soft_limit. Ours: hard_limit and soft_limit, exact decimals as texts, and billing_anchor.
Nothing of a period is carried into the next: there is no rollover.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.limit import EntitlementChange
from streamgauge.kernel.metering import Entitlement, LimitPeriod
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.fields import MAX_ID_LENGTH
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import (
    ListPage,
    bounded_text,
    decimal_at,
    decimal_text,
    flag_of,
    page_of,
    refuse_field,
    render_list,
)
from streamgauge.wire.parameters import Pairs, one_of
from streamgauge.wire.timestamps import format_instant

CUSTOMER = "CUSTOMER"
PERIODS: Mapping[str, LimitPeriod] = {
    "HOURLY": LimitPeriod.HOUR,
    "DAILY": LimitPeriod.DAY,
    "WEEKLY": LimitPeriod.WEEK,
    "MONTHLY": LimitPeriod.MONTH,
    "NEVER": LimitPeriod.LIFETIME,
}
_PERIOD_NAMES = {period: name for name, period in PERIODS.items()}
_ALL_PERIODS = {**PERIODS, **{period.value: period for period in LimitPeriod}}
_NO_LIMIT = "a decimal number of at least 0"
_ONLY_PLANS = ("plan_id", "parent_entitlement_id", "start_date", "end_date")


class Named(msgspec.Struct, frozen=True):
    """A customer and a feature, each by one of two names; the others are ""."""

    customer_id: str
    external_id: str
    feature_id: str
    lookup_key: str


class NewEntitlement(msgspec.Struct, frozen=True):
    named: Named
    change: EntitlementChange


class CheckAsked(msgspec.Struct, frozen=True):
    """feature: an id or a lookup key."""

    external_id: str
    feature: str
    units: Decimal
    wait: bool


class EntitlementsAsked(msgspec.Struct, frozen=True):
    """None: whatever."""

    page: ListPage
    customer_ids: tuple[str, ...] | None
    external_id: str
    feature_ids: tuple[str, ...] | None


def parse_new_entitlement(body: bytes) -> NewEntitlement:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    return NewEntitlement(_named(payload), _change(payload))


def parse_entitlement_change(body: bytes) -> EntitlementChange:
    """The same fields, each only where it shall be different; null takes a limit or the anchor away. Raises Refusal."""
    payload = Payload.from_body(body)
    return _change(payload)


def parse_check(body: bytes) -> CheckAsked:
    """external_customer_id, feature (or feature_id or lookup_key), units (1), wait (false). Raises Refusal."""
    payload = Payload.from_body(body)
    external_id = bounded_text(payload, "external_customer_id", MAX_ID_LENGTH)
    if not external_id:
        raise refuse_field("external_customer_id", f"a text of 1 to {MAX_ID_LENGTH} characters", Reason.MISSING_FIELD)
    given = [payload.text(name) for name in ("feature", "feature_id", "lookup_key") if payload.has(name)]
    if len(given) != 1 or not given[0]:
        raise refuse_field("feature", "the id or the lookup key of a feature", Reason.MISSING_FIELD)
    units = decimal_at(payload.raw("units"), "units") if payload.has("units") else Decimal(1)
    if units < 0:
        raise refuse_field("units", _NO_LIMIT, Reason.NUMBER_OUT_OF_RANGE)
    return CheckAsked(external_id, given[0], units, flag_of(payload, "wait", default=False))


def parse_list(parameters: Pairs) -> EntitlementsAsked:
    """customer_id, external_customer_id, feature_id, limit, offset, order. Raises Refusal."""
    payload = Payload.from_query_string(parameters)
    return EntitlementsAsked(
        page_of(payload), _one(payload, "customer_id"), payload.text("external_customer_id"), _one(payload, "feature_id")
    )


def parse_search(body: bytes) -> EntitlementsAsked:
    """entity_ids (customers), feature_ids, limit, offset, order; and what the list takes. Raises Refusal."""
    payload = Payload.from_body(body)
    _require_customer_entity(payload)
    for name in ("filters", "sort", "plan_ids"):
        if payload.raw(name):
            raise refuse_field(name, "nothing: only entity_ids, feature_ids, limit, offset and order choose")
    customers = payload.texts("entity_ids") or _one(payload, "customer_id")
    features = payload.texts("feature_ids") or _one(payload, "feature_id")
    return EntitlementsAsked(page_of(payload), customers or None, payload.text("external_customer_id"), features or None)


def render_entitlement(entitlement: Entitlement) -> bytes:
    return msgspec.json.encode(_fields(entitlement))


def render_entitlements(found: Sequence[Entitlement], total: int, page: ListPage) -> bytes:
    return render_list([_fields(each) for each in found], total, page)


def render_deleted() -> bytes:
    return msgspec.json.encode({"message": "entitlement deleted successfully"})


def _fields(entitlement: Entitlement) -> Mapping[str, object]:
    hard, soft, anchor_ms = entitlement.hard_limit, entitlement.soft_limit, entitlement.billing_anchor_ms
    limit = hard if hard is not None else soft
    return {
        "id": entitlement.entitlement_id,
        "entity_type": CUSTOMER,
        "entity_id": entitlement.customer_id,
        "customer_id": entitlement.customer_id,
        "feature_id": entitlement.feature_id,
        "is_enabled": entitlement.is_enabled,
        # Whole numbers only: the official clients read it as an integer.
        "usage_limit": int(limit) if limit is not None and limit == limit.to_integral_value() else None,
        "is_soft_limit": hard is None and soft is not None,
        "hard_limit": text_of(hard),
        "soft_limit": text_of(soft),
        "usage_reset_period": _PERIOD_NAMES[entitlement.period],
        "billing_anchor": None if anchor_ms is None else format_instant(anchor_ms),
        "tenant_id": entitlement.project_id,
        "environment_id": entitlement.project_id,
        "status": "published",
        "created_at": format_instant(entitlement.created_at_ms),
        "updated_at": format_instant(entitlement.updated_at_ms),
        "created_by": "",
        "updated_by": "",
    }


def text_of(number: Decimal | None) -> str | None:
    """As answers show it; None where there is none."""
    return None if number is None else decimal_text(number)


def _named(payload: Payload) -> Named:
    _require_customer_entity(payload)
    for name in _ONLY_PLANS:
        if payload.has(name) and payload.raw(name) != "":
            raise refuse_field(name, "nothing: plans are not kept here, a customer is entitled directly")
    customer_id = payload.text("customer_id") or payload.text("entity_id")
    external_id = payload.text("external_customer_id")
    if bool(customer_id) == bool(external_id):
        raise refuse_field("customer_id", "either customer_id or external_customer_id", Reason.MISSING_FIELD)
    feature_id, lookup_key = payload.text("feature_id"), payload.text("lookup_key")
    if bool(feature_id) == bool(lookup_key):
        raise refuse_field("feature_id", "either feature_id or lookup_key", Reason.MISSING_FIELD)
    return Named(customer_id, external_id, feature_id, lookup_key)


def _require_customer_entity(payload: Payload) -> None:
    entity = payload.text("entity_type")
    if entity and entity.upper() != CUSTOMER:
        raise refuse_field("entity_type", f"{CUSTOMER}: plans, subscriptions and add-ons are not kept here")


def _change(payload: Payload) -> EntitlementChange:
    hard, soft = _limit(payload, "hard_limit"), _limit(payload, "soft_limit")
    usage_limit = _limit(payload, "usage_limit")
    if usage_limit is not UNSET and usage_limit is not None:
        if flag_of(payload, "is_soft_limit", default=False):
            soft = usage_limit if soft is UNSET else soft
        else:
            hard = usage_limit if hard is UNSET else hard
    if isinstance(hard, Decimal) and isinstance(soft, Decimal) and soft > hard:
        raise refuse_field("soft_limit", "at most the hard limit")
    return EntitlementChange(
        period=_period(payload) if payload.has("usage_reset_period") else UNSET,
        soft_limit=soft,
        hard_limit=hard,
        billing_anchor_ms=payload.instant("billing_anchor") if payload.names("billing_anchor") else UNSET,
        is_enabled=flag_of(payload, "is_enabled", default=True) if payload.has("is_enabled") else UNSET,
    )


def _limit(payload: Payload, name: str) -> Decimal | UnsetType | None:
    if not payload.names(name):
        return UNSET
    if not payload.has(name):
        return None
    limit = decimal_at(payload.raw(name), name)
    if limit < 0:
        raise refuse_field(name, _NO_LIMIT, Reason.NUMBER_OUT_OF_RANGE)
    return limit


def _period(payload: Payload) -> LimitPeriod:
    period = _ALL_PERIODS.get(payload.text("usage_reset_period").upper())
    if period is None:
        raise refuse_field("usage_reset_period", one_of(PERIODS))
    return period


def _one(payload: Payload, name: str) -> tuple[str, ...] | None:
    return (payload.text(name),) if payload.text(name) else None
