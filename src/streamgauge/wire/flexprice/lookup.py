"""GET /v1/events/lookup and GET /v1/events/:id of the Flexprice door: one event, with every version that was stored under its id.

- `event` is the version that counts: the one that came last. `events` lists all of them, the newest arrival first, up to 50.
- An event that was taken back (a payment, at theBizness's door) counts for nothing and is not found.
- external_customer_id, start_time and end_time (both included) narrow the versions. Without times all times are searched; the
  original looks at the last 14 days only.
- The debug tracker is honest about what was done with the event: no meters, prices or subscriptions looked at it, so every step
  says "unprocessed". The status is "processed" because an event is found only once it is stored and counted in queries.
"""

from collections.abc import Sequence

import msgspec

from streamgauge.kernel.query import EventLookup, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.listing import event_fields
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.timestamps import MAX_MS, MIN_MS

_STEPS = (
    "customer_lookup",
    "meter_matching",
    "price_lookup",
    "subscription_line_item_lookup",
    "attributed_to_customer",
)


class LookupRequest(msgspec.Struct, frozen=True):
    """versions: what to look up. The rest says which of them are meant; customer_id "": any customer's; end_ms is excluded."""

    versions: EventLookup
    customer_id: str
    start_ms: int
    end_ms: int

    def asks_for(self, event: StoredEvent) -> bool:
        of_customer = self.customer_id in ("", event.customer_id)
        return of_customer and self.start_ms <= event.timestamp_ms < self.end_ms


def parse_lookup(params: Pairs, project_id: str) -> LookupRequest:
    """Parameters id, and optionally external_customer_id, start_time, end_time. Raises Refusal, and nothing else."""
    payload = Payload.from_query_string(params)
    return _request(payload.text("id"), payload, project_id)


def parse_lookup_by_path(event_id: str, params: Pairs, project_id: str) -> LookupRequest:
    """The same with the id in the path. Raises Refusal, and nothing else."""
    in_path = Payload.from_query_string([("id", event_id)])
    return _request(in_path.text("id"), Payload.from_query_string(params), project_id)


def render_lookup(request: LookupRequest, versions: Sequence[StoredEvent]) -> bytes:
    """versions: the newest first. Raises Refusal NOT_FOUND when none is asked for, or the event was taken back."""
    fields = [event_fields(request.versions.project_id, event) for event in versions if request.asks_for(event)]
    # The newest version is replaced by nothing but a mark that takes the event back.
    if not fields or versions[0].superseded:
        raise Refusal(Reason.NOT_FOUND, "Event not found in events table")
    return msgspec.json.encode(
        {
            "event": fields[0],
            "status": "processed",
            "processed_events": [],
            "debug_tracker": {step: {"status": "unprocessed"} for step in _STEPS},
            "events": fields,
        }
    )


def _request(event_id: str, payload: Payload, project_id: str) -> LookupRequest:
    if not event_id:
        raise Refusal(Reason.MISSING_PARAMETER, "Please provide a valid event ID", field="id", expected="string")
    start_ms, end_ms = payload.instant("start_time"), payload.instant("end_time")
    start_ms = MIN_MS if start_ms is None else start_ms
    end_ms = MAX_MS if end_ms is None else end_ms
    if end_ms < start_ms:
        raise check_payload(Reason.RANGE_REVERSED, "end_time", "a time not before start_time")
    return LookupRequest(EventLookup(project_id, event_id), payload.text("external_customer_id"), start_ms, end_ms + 1)
