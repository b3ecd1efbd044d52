"""GET /v1/customers/usage of the Flexprice door: what a customer has used of each feature in the current period, in one answer.

The period is the calendar month of the customer's time zone; a feature with an entitlement is shown over the entitlement's own
period, against its limits. total_limit is a whole number for official clients; hard_limit and soft_limit are exact.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal

import msgspec

from streamgauge.kernel.metering import Customer, Entitlement, Feature
from streamgauge.kernel.query import Number
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.features import MeterOf, feature_fields
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.flexprice.usage import clamped
from streamgauge.wire.numbers import number_text
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.timestamps import format_instant

_PERCENT = Context(prec=28)
_MANY = ("feature_ids", "feature_lookup_keys")


class SummaryRequest(msgspec.Struct, frozen=True):
    """The customer by one of its ids. feature_ids, lookup_keys: () for all features. include_children: with those below it."""

    customer_id: str
    external_id: str
    feature_ids: tuple[str, ...]
    lookup_keys: tuple[str, ...]
    include_children: bool


class FeaturePeriod(msgspec.Struct, frozen=True):
    """The usage of a feature from start_ms to end_ms. entitlement: None when there is no limit."""

    feature: Feature
    usage: Number | None
    start_ms: int
    end_ms: int
    entitlement: Entitlement | None = None


def parse_summary(parameters: Pairs) -> SummaryRequest:
    """customer_id, or customer_lookup_key, or external_customer_id; feature_ids (repeated, or with commas). Raises Refusal."""
    many = {name: tuple(part for key, text in parameters if key == name for part in text.split(",") if part) for name in _MANY}
    payload = Payload.from_query_string([(name, text) for name, text in parameters if name not in _MANY])
    customer_id = payload.text("customer_id")
    external_id = payload.text("customer_lookup_key") or payload.text("external_customer_id")
    if bool(customer_id) == bool(external_id):
        raise check_payload(Reason.MISSING_PARAMETER, "customer_id", "customer_id, or customer_lookup_key")
    children = payload.text("include_children") or "false"
    if children not in ("true", "false"):
        raise check_payload(Reason.INVALID_PARAMETER, "include_children", "true or false")
    return SummaryRequest(customer_id, external_id, many["feature_ids"], many["feature_lookup_keys"], children == "true")


def render_summary(
    customer: Customer, period: tuple[int, int], features: Sequence[FeaturePeriod], meter_of: MeterOf, total: int
) -> bytes:
    """period: start and end of the customer's current month."""
    start_ms, end_ms = period
    return msgspec.json.encode(
        {
            "customer_id": customer.customer_id,
            "external_customer_id": customer.external_id,
            "features": [_feature(one, meter_of) for one in features],
            "period": {
                "start_time": format_instant(start_ms),
                "end_time": format_instant(end_ms),
                "period": "MONTHLY",
            },
            "pagination": {"total": total, "limit": total, "offset": 0},
        }
    )


def _feature(one: FeaturePeriod, meter_of: MeterOf) -> dict[str, object]:
    usage, limits = clamped(one.usage), one.entitlement
    hard = limits.hard_limit if limits else None
    soft = limits.soft_limit if limits else None
    limit = hard if hard is not None else soft
    fields: dict[str, object] = {
        "feature": feature_fields(one.feature, meter_of),
        "current_usage": number_text(usage),
        "is_enabled": limits.is_enabled if limits else True,
        "is_soft_limit": hard is None and soft is not None,
        "is_unlimited": limit is None,
        "usage_percent": _percent(usage, limit),
        "next_usage_reset_at": format_instant(one.end_ms),
        "period_start": format_instant(one.start_ms),
        "sources": [],
    }
    if limit is not None:
        fields["total_limit"] = int(limit.to_integral_value(ROUND_FLOOR))
    if hard is not None:
        fields["hard_limit"] = number_text(hard)
    if soft is not None:
        fields["soft_limit"] = number_text(soft)
    return fields


def _percent(usage: Number, limit: Decimal | None) -> str:
    if limit is None or limit <= 0:
        return "0"
    return number_text(_PERCENT.multiply(_PERCENT.divide(Decimal(usage), limit), Decimal(100)))
