"""GET /v1/events/lookup and GET /v1/events/:id of the Flexprice door: what is asked, and which stored versions are meant.

- The event is the version that came last; all versions are listed, the newest arrival first, up to 50.
- external_customer_id, start_time and end_time (both included) narrow the versions. Without times all times are searched; the
  original looks at the last 14 days only.
- An event that was taken back is found, and its receipt says so.
"""

import msgspec

from streamgauge.kernel.query import EventLookup, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.timestamps import MAX_MS, MIN_MS


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


def no_event() -> Refusal:
    return Refusal(Reason.NOT_FOUND, "Event not found in events table")


def _request(event_id: str, payload: Payload, project_id: str) -> LookupRequest:
    if not event_id:
        raise Refusal(Reason.MISSING_PARAMETER, "Please provide a valid event ID", field="id", expected="string")
    start_ms, end_ms = payload.instant("start_time"), payload.instant("end_time")
    start_ms = MIN_MS if start_ms is None else start_ms
    end_ms = MAX_MS if end_ms is None else end_ms
    if end_ms < start_ms:
        raise check_payload(Reason.RANGE_REVERSED, "end_time", "a time not before start_time")
    return LookupRequest(EventLookup(project_id, event_id), payload.text("external_customer_id"), start_ms, end_ms + 1)
