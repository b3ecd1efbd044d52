"""The routes about what there is to ask about, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.query.vocabulary import (
    EVENTS_SAMPLED_FOR_PROPERTIES,
    EVENTS_SAMPLED_FOR_VALUES,
    EXAMPLE_CHARACTERS,
    EXAMPLES,
    LONGEST_VALUE_BYTES,
    MOST_PROPERTIES,
)
from streamgauge.web.console.vocabulary import DEFAULT_NAMES, DEFAULT_VALUES, MOST_NAMES, MOST_VALUES
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, list_of, whole_object

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_LATER: Schema = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_TYPE: Schema = {"type": "string", "enum": ["text", "number", "boolean", "null", "list", "object"]}
_SEARCH = "Only those that hold this text, in either case."


def _limit(default: int, most: int) -> Schema:
    return in_query("limit", {"type": "integer", "minimum": 1, "maximum": most, "default": default}, "How many.")


_EVENT = in_query("event", _TEXT, "Name of the events.", required=True)
_SAMPLED: Schema = {**_COUNT, "description": "How many events were looked at."}
_PROPERTY = whole_object(
    name=_TEXT,
    types=list_of(_TYPE),
    share={**_SHARE, "description": "Of the sampled events, those that have it."},
    number_share={**_SHARE, "description": "Of the sampled events, those in which it counts as a number; a text may."},
    examples=list_of(_TEXT),
)

VOCABULARY_DOCS = (
    RouteDoc(
        "GET", "/console/v1/schema/events", Tag.CONSOLE, "consoleEventNames", "The names of events, most frequent first",
        "Over all events of the project that are in force.",
        parameters=(in_query("search", _TEXT, _SEARCH), _limit(DEFAULT_NAMES, MOST_NAMES)),
        reply=whole_object(events=list_of(whole_object(name=_TEXT, count=_COUNT, first_at=_TIME, last_at=_TIME))),
    ),
    RouteDoc(
        "GET", "/console/v1/schema/properties", Tag.CONSOLE, "consoleProperties", "The properties that events of a name have",
        f"From the newest {EVENTS_SAMPLED_FOR_PROPERTIES:,} events of the name; at most {MOST_PROPERTIES}, most usual first, "
        f"each with at most {EXAMPLES} examples of at most {EXAMPLE_CHARACTERS} characters.",
        parameters=(_EVENT,), reply=whole_object(sampled=_SAMPLED, properties=list_of(_PROPERTY)),
    ),
    RouteDoc(
        "GET", "/console/v1/schema/values", Tag.CONSOLE, "consoleValues", "The values of a property, most frequent first",
        f"From the newest {EVENTS_SAMPLED_FOR_VALUES:,} events of the name, as filters compare them; values of more than "
        f"{LONGEST_VALUE_BYTES:,} bytes are left out.",
        parameters=(
            _EVENT, in_query("property", _TEXT, "Name of the property.", required=True), in_query("search", _TEXT, _SEARCH),
            _limit(DEFAULT_VALUES, MOST_VALUES),
        ),
        reply=whole_object(sampled=_SAMPLED, values=list_of(whole_object(value=_TEXT, count=_COUNT))),
    ),
    RouteDoc(
        "GET", "/console/v1/websites/{id}/check", Tag.CONSOLE, "consoleWebsiteCheck", "Whether events of a website arrive",
        parameters=({"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": "The website."},),
        reply=whole_object(
            state={"type": "string", "enum": ["waiting", "receiving"], "description": "receiving once an event came."},
            last_at={**_LATER, "description": "When the last one was received."},
            last_page={"type": ["string", "null"], "description": "The last path that an event told."},
            events_last_hour=_COUNT,
        ),
        also=_LOOKED_UP,
    ),
)  # fmt: skip
