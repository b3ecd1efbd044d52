"""Websites, what is known of an event that happened on one, and what counts there as a conversion."""

from decimal import Decimal
from enum import StrEnum

import msgspec

PAGE_VIEW = "page_view"
"""The event name of a page view, at every door and in the tracker."""

VISIT_GAP_MS = 30 * 60 * 1000
"""A visit ends when its visitor sends nothing for this long; an event exactly so much later begins the next one."""


class Identity(StrEnum):
    """How the tracker tells visitors apart.

    DAILY: by a hash that the server makes of address, browser and website under a salt of the UTC day; nothing is stored in the
    browser and nobody can be followed over midnight. COOKIE: by a random id in a first-party cookie.
    """

    DAILY = "daily"
    COOKIE = "cookie"


class Website(msgspec.Struct, frozen=True):
    """A website of a project; events of the theBizness door must name one.

    website_id: public, unique over all projects. currency: ISO 4217, that in which revenue is reported.
    allowed_origins: origins (https://shop.example.com) whose pages may send events with the public id; empty means pages of
    `domain` and its subdomains, with or without TLS and at any port.
    """

    website_id: str
    project_id: str
    domain: str
    timezone: str = "UTC"
    currency: str = "USD"
    name: str = ""
    allowed_origins: tuple[str, ...] = ()
    identity: Identity = Identity.DAILY
    created_at_ms: int = 0
    updated_at_ms: int = 0


class WebContext(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Facts of one event on a website. "" means unknown. Nothing here can identify a person: addresses are never kept.

    path: of the page, with a leading slash, without query and fragment. referrer: host of the page that linked here, without
    "www.", "" when direct or from the site itself. channel: one of the names that intake's channel step documents.
    country: ISO 3166-1 alpha-2. region: ISO 3166-2 or the database's name. device: desktop, mobile, tablet, tv, console, ...
    language: the first tag that the browser prefers, lower case ("en-gb").
    """

    hostname: str = ""
    path: str = ""
    referrer: str = ""
    channel: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    device: str = ""
    browser: str = ""
    os: str = ""
    language: str = ""


class Operator(StrEnum):
    """How a text is compared. MATCHES: a regular expression in RE2 syntax, found anywhere. Several values are joined by OR
    (IS_NOT: none of them)."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    MATCHES = "matches"


class Condition(msgspec.Struct, frozen=True):
    """A property of the event must compare so. A number compares by its JSON text; an absent property is the empty text."""

    property: str
    operator: Operator
    values: tuple[str, ...]


class PageMatch(msgspec.Struct, frozen=True):
    """The page's path must compare so."""

    operator: Operator
    values: tuple[str, ...]


class ConversionEvent(msgspec.Struct, frozen=True):
    """What counts as a conversion on a website: each event that matches is one conversion.

    page: only of page views (event_name is then PAGE_VIEW). value: what each conversion is worth, in `currency`; None for none.
    """

    conversion_event_id: str
    website_id: str
    name: str
    event_name: str
    conditions: tuple[Condition, ...] = ()
    page: PageMatch | None = None
    value: Decimal | None = None
    currency: str = "USD"
    is_active: bool = True
    created_at_ms: int = 0
    updated_at_ms: int = 0
