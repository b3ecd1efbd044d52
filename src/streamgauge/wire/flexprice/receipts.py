"""The receipt of an event, as GET /v1/events/lookup shows it: the published shape, and what is added to it.

    {"event", "status", "processed_events": [...], "debug_tracker": {...}, "events": [...]}          published
    + "stored_versions", "conversions"; of each event "position", "standing", "door", "key_id", "replaced_by"   added

- status: "failed" when the project has meters and none of them counts the event; else "processed". An event is found only once it
  is stored and counts in queries, so nothing is ever "processing".
- processed_events: one for each meter that counts it and each feature of that meter (feature_id "" for a meter without one).
- debug_tracker: prices and subscriptions are never looked at ("unprocessed"). failure_point is null unless status is "failed".
- meter_matching also has `unmatched_meters`, each with the name of the reason, and `reason`: why no meter counts the event.
- An accepted event that was a duplicate of a stored one is not stored again: its receipt is that of the stored one.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from streamgauge.kernel.metering import Customer, Meter
from streamgauge.kernel.query import StoredEvent
from streamgauge.kernel.receipt import Receipt, Standing, Verdict
from streamgauge.kernel.website import ConversionEvent
from streamgauge.wire.flexprice.listing import event_fields
from streamgauge.wire.flexprice.meters import meter_fields
from streamgauge.wire.numbers import number_text
from streamgauge.wire.timestamps import format_instant

_UNPROCESSED: Mapping[str, object] = {"status": "unprocessed"}
_NO_METER = "meter_lookup"
_SAID_OF_REASONS: Mapping[str, str] = {
    "no_meter_for_event_name": "No meter counts events of this name",
    "no_matching_meter": "Every meter of this event name filters the event out",
    "not_a_number": "A meter's expression gives no number for this event",
}


class Version(msgspec.Struct, frozen=True):
    """A stored version of an event, and how it stands. replaced_by: the version or the void mark that took its place."""

    event: StoredEvent
    standing: Standing
    replaced_by: StoredEvent | None = None


def render_receipt(project_id: str, versions: Sequence[Version], stored: int, receipt: Receipt) -> bytes:
    """versions: those asked for, the newest first; the first is what the receipt is of. stored: how many versions there are."""
    fields = [_version_fields(project_id, version) for version in versions]
    event = versions[0].event
    counted = [verdict for verdict in receipt.verdicts if verdict.quantity is not None]
    failure = _failure(receipt) if versions[0].standing is Standing.IN_FORCE and receipt.reason else None
    return msgspec.json.encode(
        {
            "event": fields[0],
            "status": "failed" if failure else "processed",
            "processed_events": list(_processed(event, receipt.customer, counted)),
            "debug_tracker": {
                "customer_lookup": _customer_step(event, receipt.customer),
                "meter_matching": _meter_step(receipt, counted),
                "price_lookup": _UNPROCESSED,
                "subscription_line_item_lookup": _UNPROCESSED,
                "attributed_to_customer": _attribution_step(event, counted),
                "failure_point": failure,
            },
            "events": fields,
            "stored_versions": stored,
            "conversions": [_conversion_fields(goal) for goal in receipt.conversions],
        }
    )


def _version_fields(project_id: str, version: Version) -> dict[str, object]:
    event = version.event
    fields = event_fields(project_id, event)
    fields |= {"position": event.position, "standing": version.standing.value, "door": event.door, "key_id": event.key_id}
    by = version.replaced_by
    if by is not None:
        fields["replaced_by"] = {"position": by.position, "at": format_instant(by.received_at_ms), "key_id": by.key_id}
    return fields


def _processed(event: StoredEvent, customer: Customer | None, counted: Sequence[Verdict]) -> Iterator[dict[str, object]]:
    for verdict in counted:
        for feature_id in [feature.feature_id for feature in verdict.features] or [""]:
            yield {
                "customer_id": customer.customer_id if customer else "",
                "subscription_id": "",
                "sub_line_item_id": "",
                "price_id": "",
                "meter_id": verdict.meter.meter_id,
                "feature_id": feature_id,
                "qty_total": _quantity(verdict),
                "processed_at": format_instant(event.received_at_ms),
            }


def _customer_step(event: StoredEvent, customer: Customer | None) -> Mapping[str, object]:
    if not event.customer_id:
        return _UNPROCESSED
    if customer is None:
        return {"status": "not_found"}
    own = {"id": customer.customer_id, "external_id": customer.external_id, "name": customer.name, "timezone": customer.timezone}
    return {"status": "found", "customer": own}


def _meter_step(receipt: Receipt, counted: Sequence[Verdict]) -> Mapping[str, object]:
    if not receipt.metered:
        return _UNPROCESSED
    step: dict[str, object] = {"status": "found" if counted else "not_found"}
    if counted:
        step["matched_meters"] = [
            {**_named(one.meter), "meter": meter_fields(one.meter), "qty_total": _quantity(one)} for one in counted
        ]
    left_out = [{**_named(one.meter), "reason": one.reason} for one in receipt.verdicts if one.quantity is None]
    if left_out:
        step["unmatched_meters"] = left_out
    if receipt.reason:
        step["reason"] = receipt.reason
    return step


def _named(meter: Meter) -> dict[str, object]:
    return {"meter_id": meter.meter_id, "event_name": meter.event_name}


def _attribution_step(event: StoredEvent, counted: Sequence[Verdict]) -> Mapping[str, object]:
    """The published shape has room for one meter: the first that counts it."""
    if not (counted and event.customer_id):
        return _UNPROCESSED
    first = counted[0]
    usage = {
        "external_customer_id": event.customer_id,
        "meter_id": first.meter.meter_id,
        "qty_total": _quantity(first),
    }
    return {"status": "attributed", "meter_usage": usage}


def _failure(receipt: Receipt) -> Mapping[str, object]:
    message = f"{receipt.reason}: {_SAID_OF_REASONS.get(receipt.reason, 'No meter counts the event')}"
    error = {"code": "not_found", "message": message, "http_status_code": 404}
    return {"failure_point_type": _NO_METER, "error": error}


def _conversion_fields(goal: ConversionEvent) -> Mapping[str, object]:
    return {
        "conversion_event_id": goal.conversion_event_id,
        "website_id": goal.website_id,
        "name": goal.name,
        "value": None if goal.value is None else number_text(goal.value),
        "currency": goal.currency,
    }


def _quantity(verdict: Verdict) -> str:
    return number_text(verdict.quantity or Decimal(0))
