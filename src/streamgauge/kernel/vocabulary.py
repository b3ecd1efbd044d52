"""What there is to ask about in a project: names of events, their properties, values of those; and the events that came last.

Times are milliseconds since 1970, UTC. Only events in force count. Texts to search for match anywhere, in either case.
"""

import msgspec

from streamgauge.kernel.query import StoredEvent


class NamesQuery(msgspec.Struct, frozen=True):
    """The names of the project's events, most frequent first. search: only names that hold this text."""

    project_id: str
    limit: int
    search: str = ""


class NamedEvents(msgspec.Struct, frozen=True):
    """All events of one name: how many, and the times of the first and the last of them."""

    name: str
    count: int
    first_ms: int
    last_ms: int


class PropertiesQuery(msgspec.Struct, frozen=True):
    """The properties of the newest events of one name."""

    project_id: str
    event_name: str


class KnownProperty(msgspec.Struct, frozen=True):
    """types: of JSON, most usual first. share: of the sampled events that have it, 0 to 1. number_share: of those in which it
    counts as a number (a text may). examples: as filters write them, cut to EXAMPLE_CHARACTERS."""

    name: str
    types: tuple[str, ...]
    share: float
    number_share: float
    examples: tuple[str, ...]


class KnownProperties(msgspec.Struct, frozen=True):
    """Most usual first. sampled: how many events were looked at."""

    sampled: int
    properties: tuple[KnownProperty, ...]


class ValuesQuery(msgspec.Struct, frozen=True):
    """The values of one property among the newest events of one name, most frequent first."""

    project_id: str
    event_name: str
    property: str
    limit: int
    search: str = ""


class KnownValues(msgspec.Struct, frozen=True):
    """values: texts as filters compare them, with how often each came. sampled: how many events were looked at."""

    sampled: int
    values: tuple[tuple[str, int], ...]


class WebsiteQuery(msgspec.Struct, frozen=True):
    """Whether events of a website arrive. recent_ms: what was received from then on is counted."""

    project_id: str
    website_id: str
    recent_ms: int


class WebsiteArrivals(msgspec.Struct, frozen=True):
    """last_ms: when the last event of the website was received, None when none ever was. last_path: of the last page, "" when
    no event told one. recent: events received since the asked time."""

    last_ms: int | None
    last_path: str
    recent: int


class LatestQuery(msgspec.Struct, frozen=True):
    """The events that came last, in the order of the journal. Each text, when given, must be the event's own.

    after: only those beyond this position.
    """

    project_id: str
    limit: int
    event_name: str | None = None
    customer_id: str | None = None
    website_id: str | None = None
    after: int | None = None


class LatestEvents(msgspec.Struct, frozen=True):
    """The oldest first. left_out: how many more lie beyond `after`; 0 without it."""

    events: tuple[StoredEvent, ...]
    left_out: int
