"""GET /v1/events/unmetered of the Flexprice door (our addition): the events that no meter counts, each with the reason.

- Parameters and reply are those of GET /v1/events (wire/flexprice/listing.py); each event also has `position` and `reason`.
- reason: no_meter_for_event_name, no_matching_meter (all meters of the name filter it out), not_a_number (of an expression).
- Only events that name a customer, unless include_without_customer is true: at the other doors most events name none, and are not
  meant for meters.
- Meters are asked as they are now: an event leaves the list when a meter is made that counts it.
"""

from collections.abc import Callable

import msgspec

from streamgauge.kernel.query import EventListQuery, EventPage, StoredEvent
from streamgauge.wire.flexprice.listing import parse_event_list_parameters, render_event_list
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import refuse_field
from streamgauge.wire.parameters import Pairs

_INCLUDE = "include_without_customer"


def parse_unmetered(params: Pairs, project_id: str, now_ms: int) -> EventListQuery:
    """The page; the caller adds which events are meant. Raises Refusal, and nothing else."""
    text = Payload.from_query_string(params).text(_INCLUDE) or "false"
    if text not in ("true", "false"):
        raise refuse_field(_INCLUDE, "true or false")
    query = parse_event_list_parameters(params, project_id, now_ms)
    return msgspec.structs.replace(query, of_customers=text == "false")


def render_unmetered(query: EventListQuery, page: EventPage, reason_of: Callable[[StoredEvent], str]) -> bytes:
    return render_event_list(query, page, lambda event: {"position": event.position, "reason": reason_of(event)})
