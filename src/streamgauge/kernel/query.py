"""Questions and answers as frozen values. A dialect parses a request into one of these; the query room answers it.

All times are milliseconds since 1970, UTC. All ranges are half-open: start is in, end is out.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from streamgauge.kernel.expression_tree import Expression
from streamgauge.kernel.website import Operator


class Aggregation(StrEnum):
    """How the values of many events become one number."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    UNIQUE = "unique"
    LATEST = "latest"
    WEIGHTED_SUM = "weighted_sum"
    MEDIAN = "median"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"


class Missing(StrEnum):
    """What an event counts for whose property is absent or not a number.

    SKIP: nothing; it is left out of the aggregate (Solinth, theBizness).
    ZERO: the number 0, and for UNIQUE the empty text, counted like any other value (Flexprice's published raw reading).
    """

    SKIP = "skip"
    ZERO = "zero"


class Window(StrEnum):
    """The length of a bucket. Values are the names that Flexprice publishes."""

    MINUTE = "MINUTE"
    MINUTES_15 = "15MIN"
    MINUTES_30 = "30MIN"
    HOUR = "HOUR"
    HOURS_3 = "3HOUR"
    HOURS_6 = "6HOUR"
    HOURS_12 = "12HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class Weekday(StrEnum):
    """The day on which a week starts."""

    MONDAY = "monday"
    SUNDAY = "sunday"


class CalendarRule(msgspec.Struct, frozen=True):
    """How buckets are cut: in which zone (IANA name), on which weekday weeks start, on which day of the month months start.

    month_anchor_day: 1 to 31; a month that lacks the day starts on its last day.
    """

    timezone: str = "UTC"
    week_starts_on: Weekday = Weekday.MONDAY
    month_anchor_day: int = 1


class Field(StrEnum):
    """The text fields of an event, besides its properties, that can be filtered and grouped by."""

    EVENT_ID = "event_id"
    CUSTOMER_ID = "customer_id"
    ACCOUNT_ID = "account_id"
    SOURCE = "source"


class FieldKey(msgspec.Struct, frozen=True, tag="field"):
    """A field of the event, as something to filter or group by."""

    field: Field


class PropertyKey(msgspec.Struct, frozen=True, tag="property"):
    """A property, by any name whatever (quotes, dots, braces, empty), as something to filter or group by.

    An event without the property has the empty text here.
    """

    name: str


Key = FieldKey | PropertyKey


class Filter(msgspec.Struct, frozen=True):
    """Keeps the events whose text form of `key` compares so with one of `values` (IS_NOT: with none of them).

    A number compares by its JSON text (2, 1.5). No values: IS keeps nothing, and so do CONTAINS and MATCHES; IS_NOT keeps all.
    """

    key: Key
    values: tuple[str, ...]
    operator: Operator = Operator.IS


class Order(StrEnum):
    """How a number is compared."""

    ABOVE = "gt"
    AT_LEAST = "gte"
    BELOW = "lt"
    AT_MOST = "lte"


class NumberFilter(msgspec.Struct, frozen=True):
    """Keeps the events whose property is a number (or a text that reads as one) that compares so with `bound`, exactly.

    Numbers of events have nine digits after the point, further ones are cut; `bound` may have any. It lies below 1e28 in size.
    """

    key: PropertyKey
    order: Order
    bound: Decimal


class AsOf(msgspec.Struct, frozen=True):
    """An earlier state of knowledge: only what had arrived by then counts, and what replaced it since does not.

    position: what lay below this position of the journal, exactly (an answer tells its own in X-Streamgauge-Position).
    instant_ms: what was received at or before this time. loaded: what queries can see now, without waiting for the rest of what
    was accepted before the question. One of the three is given.
    """

    position: int | None = None
    instant_ms: int | None = None
    loaded: bool = False


class Selection(msgspec.Struct, frozen=True):
    """Which events of one project are meant. event_name None means all names; filters are joined by AND."""

    project_id: str
    start_ms: int
    end_ms: int
    event_name: str | None = None
    filters: tuple[Filter | NumberFilter, ...] = ()
    as_of: AsOf | None = None


class Closed(msgspec.Struct, frozen=True):
    """A range of event time whose usage no longer changes.

    An event of it that stands at or after `position` in the journal counts at `end_ms` instead, and from there onwards when that
    lies in a range that was closed before the event came. What was replaced at or after `position` still counts in the range.
    """

    start_ms: int
    end_ms: int
    position: int


class MetricQuery(msgspec.Struct, frozen=True):
    """One aggregate over a selection, in total and, with a window, per bucket.

    property: needed by every aggregation but COUNT, unless there is an expression.
    expression: only for SUM, AVG, MAX and LATEST, instead of a property. An event for which it has no number has no value
        (whatever `missing` says) and is still counted as an event.
    closed: the closed periods of the project; they do not overlap. None: every event counts at its own time.
    bucket: only for MAX and SUM: the aggregate is taken per bucket (and per group), and the buckets are summed.
    multiplier: only for SUM: the sum is multiplied by it.
    WEIGHTED_SUM: sum of value * (period end - event time) / (period length), the period being the selection's range, or with a
        window the bucket (cut to the range).
    """

    selection: Selection
    aggregation: Aggregation
    property: str | None = None
    window: Window | None = None
    bucket: Window | None = None
    calendar: CalendarRule = CalendarRule()
    group_by: tuple[Key, ...] = ()
    multiplier: Decimal | None = None
    missing: Missing = Missing.SKIP
    expression: Expression | None = None
    closed: tuple[Closed, ...] = ()


Number = Decimal | float | int


class Point(msgspec.Struct, frozen=True):
    """One bucket of the answer. value None: no event had a value to aggregate. group: texts in the order of group_by."""

    start_ms: int
    value: Number | None
    count: int
    group: tuple[str, ...] = ()


class MetricAnswer(msgspec.Struct, frozen=True):
    """value: over the whole range; count: matching events; points: by start, then group.

    A value is None when no event had one to aggregate; for COUNT, SUM and UNIQUE it is 0 then.
    Points are there for every bucket of the range when a window was asked without group_by (empty ones have count 0); with
    group_by only for groups that have events, and without a window the range itself is their one bucket.
    Sums, minima, maxima and latest values are exact decimals; averages are exact sums divided to 28 significant digits.
    """

    value: Number | None
    count: int
    points: tuple[Point, ...] = ()


class SortKey(StrEnum):
    TIMESTAMP = "timestamp"
    EVENT_NAME = "event_name"


class Place(msgspec.Struct, frozen=True):
    """A place in the list of events: compared by (timestamp, event id)."""

    timestamp_ms: int
    event_id: str


class Matcher(msgspec.Struct, frozen=True):
    """The events of a name that pass all filters, and for which the expression, if there is one, gives a number."""

    event_name: str
    filters: tuple[Filter, ...] = ()
    expression: Expression | None = None


class EventListQuery(msgspec.Struct, frozen=True):
    """A page of events. newer_than and older_than are cursors; offset counts from the page's own start.

    payments_of: only payments, refunds and trials of this website; "" for all events.
    matched_by_none: only events that none of these matches; None for all events. of_customers: only those that name a customer.
    """

    selection: Selection
    limit: int
    offset: int = 0
    sort: SortKey = SortKey.TIMESTAMP
    descending: bool = True
    newer_than: Place | None = None
    older_than: Place | None = None
    with_total: bool = False
    payments_of: str = ""
    matched_by_none: tuple[Matcher, ...] | None = None
    of_customers: bool = False


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as it comes back from the store. properties: the JSON object exactly as sent, b"" when none was sent.

    position: where it stands in the journal. superseded: another event with the same id and other content came later.
    flags: EventFlag bits. path: of the page it happened on, "" for none. key_id: of the key that sent it, "" when none is known.
    replaced_by: the position of what took its place; told by a history only.
    """

    event_id: str
    name: str
    timestamp_ms: int
    received_at_ms: int
    door: str
    customer_id: str
    account_id: str
    visitor_id: str
    website_id: str
    source: str
    properties: bytes
    position: int
    superseded: bool = False
    flags: int = 0
    path: str = ""
    key_id: str = ""
    replaced_by: int | None = None


class EventLookup(msgspec.Struct, frozen=True):
    """All stored versions of one event of the project, newest first, at most `limit`; answered by a tuple of StoredEvent."""

    project_id: str
    event_id: str
    limit: int = 50


class EventPage(msgspec.Struct, frozen=True):
    """total: number of events of the selection, None unless asked for."""

    events: tuple[StoredEvent, ...]
    has_more: bool
    total: int | None = None
