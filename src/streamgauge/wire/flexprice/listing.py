"""GET /v1/events and POST /v1/events/query of the Flexprice door: lists of events, newest first unless asked otherwise.

- start_time and end_time are both included (the usage query excludes its end). Without them: the last seven days.
- A cursor is "<unix nanoseconds>::<event id>". iter_last_key asks for older events than the cursor, iter_first_key for newer
  ones, whatever the order, compared on (timestamp, event id). A reply has iter_first_key (its newest event) whenever it has
  events, and iter_last_key (its oldest) only when older ones follow; a walk ends when iter_last_key is absent. In
  ascending order what follows is newer, so there the walk goes on with iter_first_key while has_more is true; iter_last_key is
  refused, since every page would begin with the oldest event again and a walk would never end.
- Cursors know times, not names: with sort event_name there are none, and one that is sent is refused; use offset.
- has_more is exact with and without cursors. total_count counts all events of the selection, without regard to the cursor.
- page_size: 1 to 50 in the query string, as published; in the JSON body up to 10,000, more is served as 10,000. What is not
  positive, or over 50 in the query string, is 50.
- offset in the reply is the request's offset plus the page size.
- environment_id is the id of the project. properties are the bytes that were sent, {} when none were.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from streamgauge.kernel.query import EventListQuery, EventPage, Place, Selection, SortKey, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.parameters import Pairs, one_of, shown
from streamgauge.wire.timestamps import format_instant

DEFAULT_PAGE_SIZE = 50
MAX_QUERY_STRING_PAGE_SIZE = 50
MAX_BODY_PAGE_SIZE = 10_000

_SORTS: Mapping[str, SortKey] = {"timestamp": SortKey.TIMESTAMP, "event_name": SortKey.EVENT_NAME}
_ORDERS: Mapping[str, bool] = {"asc": False, "desc": True}
_FILTERED_BY = ("event_id", "external_customer_id", "customer_id", "source")
_SEPARATOR = "::"
_NS_PER_MS = 1_000_000
_MAX_NS_DIGITS = 19


def parse_event_list_parameters(params: Pairs, project_id: str, now_ms: int) -> EventListQuery:
    """The query string of GET /v1/events. Raises Refusal, and nothing else, whatever it holds."""
    payload = Payload.from_query_string(params)
    size = _page_size(payload)
    return _list_query(payload, project_id, now_ms, size if size <= MAX_QUERY_STRING_PAGE_SIZE else DEFAULT_PAGE_SIZE)


def parse_event_list_body(body: bytes, project_id: str, now_ms: int) -> EventListQuery:
    """The JSON body of POST /v1/events/query. Raises Refusal, and nothing else, whatever the bytes are."""
    payload = Payload.from_body(body)
    return _list_query(payload, project_id, now_ms, min(_page_size(payload), MAX_BODY_PAGE_SIZE))


def render_event_list(
    query: EventListQuery, page: EventPage, also: Callable[[StoredEvent], Mapping[str, object]] | None = None
) -> bytes:
    """{"events", "has_more", "iter_first_key", "iter_last_key", "total_count", "offset"}; the last four only when not empty.

    also: what is told of each event besides.
    """
    shown = [event_fields(query.selection.project_id, event) for event in page.events]
    if also is not None:
        shown = [{**fields, **also(event)} for fields, event in zip(shown, page.events, strict=True)]
    reply: dict[str, object] = {
        "events": shown,
        "has_more": page.has_more,
    }
    if query.sort is SortKey.TIMESTAMP and page.events:
        newest, oldest = (page.events[0], page.events[-1]) if query.descending else (page.events[-1], page.events[0])
        reply["iter_first_key"] = cursor(newest)
        if page.has_more and query.descending:
            reply["iter_last_key"] = cursor(oldest)
    if page.total:
        reply["total_count"] = page.total
    reply["offset"] = query.offset + query.limit
    return msgspec.json.encode(reply)


def event_fields(project_id: str, event: StoredEvent) -> dict[str, object]:
    """One event as this door shows it."""
    return {
        "id": event.event_id,
        "external_customer_id": event.customer_id,
        "customer_id": event.account_id,
        "event_name": event.name,
        "timestamp": format_instant(event.timestamp_ms),
        "properties": msgspec.Raw(event.properties or b"{}"),
        "source": event.source,
        "environment_id": project_id,
        "ingested_at": format_instant(event.received_at_ms),
    }


def cursor(event: StoredEvent) -> str:
    return f"{event.timestamp_ms * _NS_PER_MS}{_SEPARATOR}{event.event_id}"


def parse_cursor(text: str) -> Place | None:
    """None for an empty text. The event id may itself hold "::"."""
    if not text:
        return None
    nanoseconds, separator, event_id = text.partition(_SEPARATOR)
    digits = nanoseconds.removeprefix("-")
    readable = digits.isascii() and digits.isdigit() and len(digits) <= _MAX_NS_DIGITS
    if not (readable and separator and event_id):
        details = {"cursor": shown(text), "expected": "<unix nanoseconds>::<event id>"}
        raise Refusal(Reason.INVALID_CURSOR, "Invalid cursor key format", details=details)
    return Place(int(nanoseconds) // _NS_PER_MS, event_id)


def _list_query(payload: Payload, project_id: str, now_ms: int, page_size: int) -> EventListQuery:
    start_ms, end_ms = payload.time_range(now_ms)
    sort = _sort(payload.text("sort"))
    newer_than = parse_cursor(payload.text("iter_first_key"))
    older_than = parse_cursor(payload.text("iter_last_key"))
    if sort is not SortKey.TIMESTAMP and (newer_than or older_than):
        raise check_payload(Reason.INVALID_CURSOR, "sort", "timestamp when a cursor is given")
    descending = _descending(payload.text("order"))
    if older_than and not descending:
        raise check_payload(Reason.INVALID_CURSOR, "order", "desc when iter_last_key is given")
    return EventListQuery(
        selection=Selection(
            project_id=project_id,
            start_ms=start_ms,
            end_ms=end_ms + 1,
            event_name=payload.text("event_name").strip() or None,
            filters=payload.field_filters(_FILTERED_BY) + payload.property_filters("property_filters"),
        ),
        limit=page_size,
        offset=_offset(payload),
        sort=sort,
        descending=descending,
        newer_than=newer_than,
        older_than=older_than,
        with_total=True,
    )


def _page_size(payload: Payload) -> int:
    size = payload.integer("page_size")
    return size if size is not None and size > 0 else DEFAULT_PAGE_SIZE


def _offset(payload: Payload) -> int:
    offset = payload.integer("offset") or 0
    if offset < 0:
        raise check_payload(Reason.INVALID_PARAMETER, "offset", "0 or more")
    return offset


def _sort(text: str) -> SortKey:
    if text and text not in _SORTS:
        raise _unknown_choice("sort", text, tuple(_SORTS), "Request validation failed due to invalid sort field")
    return _SORTS.get(text, SortKey.TIMESTAMP)


def _descending(text: str) -> bool:
    if text and text not in _ORDERS:
        raise _unknown_choice("order", text, tuple(_ORDERS), "Request validation failed due to invalid order by value")
    return _ORDERS.get(text, True)


def _unknown_choice(field: str, text: str, allowed: Sequence[str], message: str) -> Refusal:
    details = {field: shown(text), "allowed_values": list(allowed)}
    return Refusal(Reason.INVALID_PARAMETER, message, field=field, expected=one_of(allowed), details=details)
