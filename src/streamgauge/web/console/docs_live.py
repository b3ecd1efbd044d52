"""The live view, as the OpenAPI document tells it."""

from streamgauge.web.console.feed import HEARTBEAT_S, LIFE_S, MOST_BYTES, MOST_EVENTS, MOST_IN_ALL, MOST_OF_PROJECT, PACE_S
from streamgauge.web.console.live import MOST_LAST
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query

_TEXT: Schema = {"type": "string"}
_LAST: Schema = {"type": "integer", "minimum": 0, "maximum": MOST_LAST, "default": 0}


_ABOUT = (
    "Server-sent events. `event: events` has a JSON array in its data: id, event, at, received_at, position, door, customer, "
    "visitor, website, source, path (null where the event has none), bot, properties as sent; the id of the message is the "
    'position of the last of them. `event: skipped` has {"count"}: so many were left out, because the reader was too slow (at '
    f"most {MOST_EVENTS:,} events and {MOST_BYTES // 2**20} MiB wait for it). `event: heartbeat` comes first when there is "
    f"nothing to send, and after {HEARTBEAT_S:g} s without a message. At most {1 / PACE_S:g} messages come per second. An event "
    f"that replaces another comes as it is now. After {LIFE_S / 60:g} minutes the stream ends; come again with `after`. At most "
    f"{MOST_OF_PROJECT} streams of a project and {MOST_IN_ALL} in all are open; one more is server_busy."
)

LIVE_DOCS = (
    RouteDoc(
        "GET",
        "/console/v1/events/stream",
        Tag.CONSOLE,
        "consoleStream",
        "Events as they are loaded, duplicates left out",
        _ABOUT,
        parameters=(
            in_query("event", _TEXT, "Only events of this name."),
            in_query("customer", _TEXT, "Only events that name this customer."),
            in_query("website", _TEXT, "Only events of this website."),
            in_query("last", _LAST, "Begin with so many that came last."),
            in_query(
                "after",
                {"type": "integer", "minimum": 0},
                f"Begin with what came after this position instead; of more than {MOST_LAST} the newest, the others are skipped.",
            ),
        ),
        reply_type="text/event-stream",
    ),
)
