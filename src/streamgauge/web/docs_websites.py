"""The routes about websites and conversion events, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.kernel.website import Identity, Operator
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import list_of, object_of
from streamgauge.wire.thebizness.conversion_events import MAX_CONDITIONS, MAX_VALUES
from streamgauge.wire.thebizness.settings_body import DEFAULT_LIMIT, MAX_LIMIT

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_CHANGES = "Takes a key with the scopes read and ingest, as keys are made by default."


def _path(name: str, description: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT, "description": description}


_ID = _path("id", "The website.")
_EVENT_ID = _path("conversion_event_id", "The conversion event.")
_PAGING = (
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "description": "How many.",
    },
    {"name": "offset", "in": "query", "schema": {**_COUNT, "default": 0}, "description": "How many to leave out first."},
)

_SETTINGS: Mapping[str, Schema] = {
    "name": {**_NAME, "description": "Without it: the domain."},
    "domain": {**_TEXT, "description": "Bare, such as example.com."},
    "timezone": {**_TEXT, "default": "UTC", "description": "IANA name of the zone in which days are cut."},
    "currency": {**_TEXT, "default": "USD", "description": "ISO 4217 code in which revenue is reported."},
    "allowed_origins": {
        **list_of(_TEXT),
        "description": "Origins whose pages may send events with the public id. Empty: pages of the domain and its subdomains.",
    },
    "identity": {
        **_TEXT,
        "enum": list(Identity),
        "default": Identity.DAILY.value,
        "description": "How visitors are told apart: by a hash that changes daily, or by a first-party cookie.",
    },
}
_WEBSITE = object_of(
    {
        "id": _TEXT,
        **_SETTINGS,
        "created_at": _TIME,
        "updated_at": _TIME,
        "snippet": {**_TEXT, "description": "The line of HTML that makes a page send its views."},
    },
    "id", *_SETTINGS, "created_at", "updated_at", "snippet",
)  # fmt: skip
_ONE_WEBSITE = object_of({"success": _YES, "website": _WEBSITE}, "success", "website")

_VALUE: Schema = {"type": ["string", "number", "boolean"]}
_VALUES: Schema = {"anyOf": [_VALUE, {**list_of(_VALUE), "minItems": 1, "maxItems": MAX_VALUES}]}
_OPERATOR: Schema = {
    **_TEXT,
    "enum": list(Operator),
    "default": Operator.IS.value,
    "description": "matches: a regular expression in RE2 syntax, found anywhere. Of several values one must fit (is_not: none).",
}
_MATCH = {"operator": _OPERATOR, "value": _VALUES}
_CONVERSION: Mapping[str, Schema] = {
    "name": _NAME,
    "event_name": {**_NAME, "description": "Which events convert. With a page: page_view, and need not be sent."},
    "conditions": {
        **list_of(object_of({"property": _NAME, **_MATCH}, "property", "value")),
        "maxItems": MAX_CONDITIONS,
        "description": "All of them must hold. A number compares by its JSON text and is given back as text.",
    },
    "page": {
        "description": "Only views of such pages: a path, or an operator with values. Given back as the latter, or null.",
        "anyOf": [_TEXT, object_of(_MATCH, "value"), {"type": "null"}],
    },
    "value": {"type": ["number", "null"], "minimum": 0, "description": "What each conversion is worth; exact, to nine digits."},
    "currency": {**_TEXT, "description": "Of the value. Without it: that of the website."},
    "is_active": {**_YES, "default": True, "description": "Whether it counts."},
}
_SHOWN_CONVERSION = object_of(
    {"id": _TEXT, "website_id": _TEXT, **_CONVERSION, "created_at": _TIME, "updated_at": _TIME},
    "id", "website_id", *_CONVERSION, "created_at", "updated_at",
)  # fmt: skip
_ONE_CONVERSION = object_of({"success": _YES, "conversion_event": _SHOWN_CONVERSION}, "success", "conversion_event")
_DELETED = object_of({"success": _YES, "id": _TEXT, "deleted": _YES}, "success", "id", "deleted")

_ALL_SITES = "/api/websites"
_SITE = "/api/websites/{id}"
_EVENTS = "/api/websites/{id}/conversion-events"
_EVENT = "/api/websites/{id}/conversion-events/{conversion_event_id}"

WEBSITE_DOCS = (
    RouteDoc(
        "GET", _ALL_SITES, Tag.THEBIZNESS, "thebiznessWebsites", "List the websites of the project",
        "In the order of their making.",
        parameters=_PAGING,
        reply=object_of(
            {"success": _YES, "websites": list_of(_WEBSITE), "total": _COUNT, "limit": _COUNT, "offset": _COUNT},
            "success", "websites", "total", "limit", "offset",
        ),
    ),
    RouteDoc(
        "POST", _ALL_SITES, Tag.THEBIZNESS, "thebiznessCreateWebsite", "Create a website",
        f"Without an id one is made. {_CHANGES}",
        request=object_of({"id": _TEXT, **_SETTINGS}, "domain"),
        example={"domain": "example.com", "name": "Shop", "timezone": "Europe/Paris", "currency": "EUR"},
        reply=_ONE_WEBSITE,
        also={409: {}},
    ),
    RouteDoc(
        "GET", _SITE, Tag.THEBIZNESS, "thebiznessWebsite", "Get a website",
        parameters=(_ID,), reply=_ONE_WEBSITE, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", _SITE, Tag.THEBIZNESS, "thebiznessUpdateWebsite", "Change the settings of a website",
        f"What is not sent stays as it is; a field that is not known is refused. {_CHANGES}",
        parameters=(_ID,),
        request=object_of(_SETTINGS),
        example={"name": "Shop", "allowed_origins": ["https://shop.example.com"]},
        reply=_ONE_WEBSITE,
        also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", _SITE, Tag.THEBIZNESS, "thebiznessDeleteWebsite", "Delete a website and its conversion events",
        "Its events stay stored and new ones are refused. Its id stays with the project, which may make it again. "
        "Takes a key with the scope admin.",
        parameters=(_ID,), reply=_DELETED, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", _EVENTS, Tag.THEBIZNESS, "thebiznessConversionEvents", "List what counts as a conversion on a website",
        parameters=(_ID,),
        reply=object_of({"success": _YES, "conversion_events": list_of(_SHOWN_CONVERSION)}, "success", "conversion_events"),
        also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", _EVENTS, Tag.THEBIZNESS, "thebiznessCreateConversionEvent", "Count events as conversions",
        f"Needs event_name or page. Each event that matches is one conversion, also of the past. {_CHANGES}",
        parameters=(_ID,),
        request=object_of(_CONVERSION, "name"),
        example={
            "name": "Big order",
            "event_name": "purchase",
            "conditions": [{"property": "plan", "operator": "is", "value": ["pro", "enterprise"]}],
            "value": 9.99,
        },
        reply=_ONE_CONVERSION,
        also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", _EVENT, Tag.THEBIZNESS, "thebiznessConversionEvent", "Get a conversion event",
        parameters=(_ID, _EVENT_ID), reply=_ONE_CONVERSION, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", _EVENT, Tag.THEBIZNESS, "thebiznessUpdateConversionEvent", "Change a conversion event",
        f"What is not sent stays as it is; null takes page or value away. {_CHANGES}",
        parameters=(_ID, _EVENT_ID),
        request=object_of(_CONVERSION),
        example={"page": "/thanks", "is_active": False},
        reply=_ONE_CONVERSION,
        also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", _EVENT, Tag.THEBIZNESS, "thebiznessDeleteConversionEvent", "Delete a conversion event", _CHANGES,
        parameters=(_ID, _EVENT_ID), reply=_DELETED, also=_LOOKED_UP,
    ),
)  # fmt: skip
