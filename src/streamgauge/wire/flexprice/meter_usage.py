"""Usage of a meter at the Flexprice door: POST /v1/events/usage/meter, and the /v1/meter-usage routes.

What is asked is the same on all of them: a customer by any of its ids, a range (half-open, the last seven days by default),
windows in the customer's own time zone unless the request names one, filters besides the meter's own, an earlier state (as_of).

As published: value is absent when it is 0, and in windowed answers unless the meter is bucketed. Here, a meter that never starts
anew always tells its value, and total_value of /v1/meter-usage/query is the aggregate of the range, not the sum of its points.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamgauge.kernel.measuring import UsageAsked
from streamgauge.kernel.metering import ClosedPeriod, CustomerScope, Meter, ResetUsage
from streamgauge.kernel.query import AsOf, Field, FieldKey, Filter, Key, MetricAnswer, Point, Window
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.flexprice.resources import flag_of
from streamgauge.wire.flexprice.usage import as_of, calendar_of, clamped, group_name, groups_of, timezone_of, window_of
from streamgauge.wire.numbers import json_number, number_text
from streamgauge.wire.timestamps import format_instant

MAX_METERS = 100
MAX_CUSTOMERS = 100


class UsageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, before the customer is looked up. timezone: "" for the customer's own."""

    start_ms: int
    end_ms: int
    external_customer_ids: tuple[str, ...] = ()
    customer_id: str = ""
    include_children: bool = False
    window: Window | None = None
    timezone: str = ""
    anchor_ms: int | None = None
    filters: tuple[Filter, ...] = ()
    group_by: tuple[Key, ...] = ()
    as_of: AsOf | None = None

    def without_window(self) -> "UsageRequest":
        return msgspec.structs.replace(self, window=None)

    def with_filter(self, added: Filter) -> "UsageRequest":
        return msgspec.structs.replace(self, filters=(*self.filters, added))

    def of(self, scope: CustomerScope | None, closed: Sequence[ClosedPeriod]) -> UsageAsked:
        """closed: all closed periods of the project; those count that were closed by the moment asked for."""
        timezone = self.timezone or (scope.timezone if scope else "UTC")
        return UsageAsked(
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            scope=scope,
            window=self.window,
            calendar=calendar_of(timezone, self.anchor_ms),
            filters=self.filters,
            group_by=self.group_by,
            closed=tuple(period for period in closed if _was_closed(period, self.as_of)),
            as_of=self.as_of,
        )


class MeterUsageRequest(msgspec.Struct, frozen=True):
    """meter_ids: at least one. usage: what is asked of each."""

    meter_ids: tuple[str, ...]
    usage: UsageRequest


def parse_usage_by_meter(body: bytes, now_ms: int) -> MeterUsageRequest:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    meter_id = payload.required_text("meter_id")
    filters = payload.property_filters("filters")
    return MeterUsageRequest((meter_id,), usage_request(payload, now_ms, filters))


def parse_meter_usage(body: bytes, now_ms: int) -> MeterUsageRequest:
    """aggregation_type, which the original asks for, may be there and changes nothing: the meter has its own. Raises Refusal."""
    payload = Payload.from_body(body)
    return MeterUsageRequest(
        (payload.required_text("meter_id"),), usage_request(payload, now_ms, payload.property_filters("filters"))
    )


def parse_meter_usages(body: bytes, now_ms: int) -> MeterUsageRequest:
    """meter_ids, 1 to MAX_METERS. Raises Refusal."""
    payload = Payload.from_body(body)
    meter_ids = tuple(dict.fromkeys(payload.texts("meter_ids")))
    if not 1 <= len(meter_ids) <= MAX_METERS:
        raise check_payload(Reason.INVALID_PARAMETER, "meter_ids", f"1 to {MAX_METERS} ids of meters")
    return MeterUsageRequest(meter_ids, usage_request(payload, now_ms, payload.property_filters("filters")))


def usage_request(payload: Payload, now_ms: int, filters: tuple[Filter, ...]) -> UsageRequest:
    """The fields that all requests about usage have. Raises Refusal."""
    start_ms, end_ms = payload.time_range(now_ms)
    one = payload.text("external_customer_id")
    many = payload.texts("external_customer_ids")
    if len(many) > MAX_CUSTOMERS:
        raise check_payload(Reason.INVALID_PARAMETER, "external_customer_ids", f"at most {MAX_CUSTOMERS} ids")
    timezone = payload.text("timezone")
    sources = payload.texts("sources")
    by_source = (Filter(FieldKey(Field.SOURCE), sources),) if sources else ()
    return UsageRequest(
        start_ms=start_ms,
        end_ms=end_ms,
        external_customer_ids=tuple(dict.fromkeys((one, *many) if one else many)),
        customer_id=payload.text("customer_id"),
        include_children=flag_of(payload, "include_children", default=False),
        window=window_of(payload, "window_size"),
        timezone=timezone_of(timezone) if timezone else "",
        anchor_ms=payload.instant("billing_anchor"),
        filters=(*filters, *by_source),
        group_by=groups_of(payload),
        as_of=as_of(payload),
    )


def render_usage_by_meter(meter: Meter, asked: UsageAsked, usage: MetricAnswer) -> bytes:
    """{"event_name", "type", "value", "results": [{"window_size", "value", "group_by"?}]}."""
    reply: dict[str, object] = {"event_name": meter.event_name, "type": meter.measure.type}
    value = clamped(usage.value)
    tells_value = meter.measure.bucket_size is not None or meter.reset_usage is ResetUsage.NEVER
    if value and (asked.window is None or tells_value):
        reply["value"] = json_number(value)
    results = [_result(asked, point) for point in usage.points if point.count or point.value]
    if results:
        reply["results"] = results
    return msgspec.json.encode(reply)


def render_meter_usage(meter: Meter, asked: UsageAsked, usage: MetricAnswer) -> bytes:
    return msgspec.json.encode(_meter_usage_fields(meter, asked, usage))


def render_meter_usages(asked: UsageAsked, found: Sequence[tuple[Meter, MetricAnswer]]) -> bytes:
    return msgspec.json.encode({"items": [_meter_usage_fields(meter, asked, usage) for meter, usage in found]})


def group_fields(keys: Sequence[Key], group: Sequence[str]) -> Mapping[str, str]:
    """The values of a group by the names that group_by has for them."""
    return {group_name(key): text for key, text in zip(keys, group, strict=True)}


def _meter_usage_fields(meter: Meter, asked: UsageAsked, usage: MetricAnswer) -> dict[str, object]:
    fields: dict[str, object] = {
        "meter_id": meter.meter_id,
        "aggregation_type": meter.measure.type,
        "total_value": number_text(clamped(usage.value)),
        "event_count": usage.count,
    }
    if asked.window is not None or asked.group_by:
        fields["points"] = [_point(asked, point) for point in usage.points if point.count or point.value]
    return fields


def _result(asked: UsageAsked, point: Point) -> dict[str, object]:
    result: dict[str, object] = {}
    if asked.window is not None:
        result["window_size"] = format_instant(point.start_ms)
    result["value"] = json_number(clamped(point.value))
    if asked.group_by:
        result["group_by"] = group_fields(asked.group_by, point.group)
    return result


def _point(asked: UsageAsked, point: Point) -> dict[str, object]:
    fields: dict[str, object] = {
        "timestamp": format_instant(point.start_ms),
        "value": number_text(clamped(point.value)),
        "event_count": point.count,
    }
    if asked.group_by:
        fields["group_by"] = group_fields(asked.group_by, point.group)
    return fields


def _was_closed(period: ClosedPeriod, moment: AsOf | None) -> bool:
    if moment is None or moment.loaded:
        return True
    if moment.position is not None:
        return period.position <= moment.position
    return moment.instant_ms is not None and period.closed_at_ms <= moment.instant_ms
