"""POST /v1/events/analytics of the Flexprice door: usage of a customer by feature, in the shape of its official clients.

Every metered feature of the project is reported, or those asked for; none needs a subscription, for plans and prices are out of
this server's scope: all money is "0", and the currency is "". Usage is exact decimals as texts.

group_by takes source, feature_id (which every answer has anyway) and properties.<name>. Points come with a window_size. expand
takes what the original takes; meter, feature and source (`sources`, those of the item's events) are shown.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal

import msgspec

from streamgauge.kernel.measuring import UsageAsked
from streamgauge.kernel.metering import Feature, Meter
from streamgauge.kernel.query import Field, FieldKey, MetricAnswer, Number, Point
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.features import feature_fields
from streamgauge.wire.flexprice.meter_usage import UsageRequest, group_fields, usage_request
from streamgauge.wire.flexprice.meters import meter_fields
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.flexprice.usage import clamped
from streamgauge.wire.numbers import number_text
from streamgauge.wire.parameters import one_of
from streamgauge.wire.timestamps import format_instant

MAX_FEATURES = 1000
_FEATURE_ID = "feature_id"
_NO_MONEY = {"subtotal": "0", "total_discount": "0", "total_cost": "0"}
_EXPANDED = ("price", "meter", "feature", "subscription_line_item", "plan", "addon", "source")
_EXACT = Context(prec=120)
_SOURCE = FieldKey(Field.SOURCE)


class AnalyticsRequest(msgspec.Struct, frozen=True):
    """feature_ids: () for all. expand: names of _EXPANDED, of which meter, feature and source can be shown here."""

    usage: UsageRequest
    feature_ids: tuple[str, ...]
    expand: tuple[str, ...]

    @property
    def wants_sources(self) -> bool:
        """Whether the sources of each item are a question of their own."""
        return "source" in self.expand and _SOURCE not in self.usage.group_by


class FeatureUsage(msgspec.Struct, frozen=True):
    """totals: over the range, with a point per group when groups are asked for. windows: the points, None without windows.

    sources: totals by the groups that are asked for and then by source, None when the sources are not wanted.
    """

    feature: Feature
    meter: Meter
    totals: MetricAnswer
    windows: MetricAnswer | None
    sources: MetricAnswer | None


def parse_analytics(body: bytes, now_ms: int) -> AnalyticsRequest:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    groups = [name for name in payload.texts("group_by") if name != _FEATURE_ID]
    expand = payload.texts("expand")
    if any(name not in _EXPANDED for name in expand):
        raise check_payload(Reason.INVALID_PARAMETER, "expand", one_of(_EXPANDED))
    usage = usage_request(payload.with_value("group_by", groups), now_ms, payload.property_filters("property_filters"))
    if not usage.external_customer_ids and not usage.customer_id:
        raise check_payload(Reason.MISSING_FIELD, "external_customer_id", "string")
    feature_ids = tuple(dict.fromkeys(payload.texts("feature_ids")))
    if len(feature_ids) > MAX_FEATURES:
        raise check_payload(Reason.INVALID_PARAMETER, "feature_ids", f"at most {MAX_FEATURES:,}")
    return AnalyticsRequest(usage, feature_ids, expand)


def render_analytics(request: AnalyticsRequest, asked: UsageAsked, found: Sequence[FeatureUsage]) -> bytes:
    items = [item for one in found for item in _items(request, asked, one)]
    return msgspec.json.encode({**_NO_MONEY, "currency": "", "items": items, "custom_analytics": []})


def reported(feature: Feature, usage: Number) -> str:
    """The usage in the unit in which people are shown it, "" when there is none of its own, as official clients have it."""
    if feature.reporting_unit is None:
        return ""
    return number_text(_EXACT.multiply(Decimal(usage), Decimal(feature.reporting_unit.conversion_rate)))


def _items(request: AnalyticsRequest, asked: UsageAsked, one: FeatureUsage) -> list[Mapping[str, object]]:
    if not asked.group_by:
        windows = () if one.windows is None else one.windows.points
        return [_item(request, asked, one, one.totals.value, one.totals.count, windows, ())]
    by_group: dict[tuple[str, ...], list[Point]] = {}
    for point in () if one.windows is None else one.windows.points:
        by_group.setdefault(point.group, []).append(point)
    return [
        _item(
            request,
            asked,
            one,
            total.value,
            total.count,
            by_group.get(total.group, ()),
            total.group,
        )
        for total in one.totals.points
    ]


def _item(
    request: AnalyticsRequest,
    asked: UsageAsked,
    one: FeatureUsage,
    value: Number | None,
    count: int,
    points: Sequence[Point],
    texts: tuple[str, ...],
) -> Mapping[str, object]:
    feature, usage = one.feature, clamped(value)
    group = group_fields(asked.group_by, texts)
    fields: dict[str, object] = {
        "feature_id": feature.feature_id,
        "meter_id": one.meter.meter_id,
        "name": feature.name,
        "event_name": one.meter.event_name,
        "external_customer_id": asked.scope.external_ids[0] if asked.scope else "",
        "aggregation_type": one.meter.measure.type,
        "unit": feature.unit_singular,
        "unit_plural": feature.unit_plural,
        "total_usage": number_text(usage),
        "total_usage_display": reported(feature, usage),
        "event_count": count,
        "currency": "",
        **_NO_MONEY,
    }
    shown = feature_fields(feature, lambda _: one.meter)
    if feature.reporting_unit is not None:
        fields["reporting_unit"] = shown["reporting_unit"]
    if _SOURCE in asked.group_by:
        fields |= {"source": group[Field.SOURCE.value], "sources": [group[Field.SOURCE.value]]}
    elif one.sources is not None:
        fields["sources"] = [point.group[-1] for point in one.sources.points if point.group[:-1] == texts]
    if properties := {name.removeprefix("properties."): text for name, text in group.items() if name != Field.SOURCE.value}:
        fields["properties"] = properties
    if asked.window is not None:
        fields["window_size"] = asked.window
        fields["points"] = [_point(point) for point in points if point.count or point.value]
    if "meter" in request.expand:
        fields["meter"] = meter_fields(one.meter)
    if "feature" in request.expand:
        fields["feature"] = shown
    return fields


def _point(point: Point) -> Mapping[str, object]:
    return {
        "timestamp": format_instant(point.start_ms),
        "usage": number_text(clamped(point.value)),
        "event_count": point.count,
        "subtotal": "0",
        "discount": "0",
        "cost": "0",
    }
