"""Questions about a website and their answers, as frozen values. docs/analytics.md says what each number means.

All times are milliseconds since 1970, UTC. All ranges are half-open. Shares and rates are fractions (0.25), not percent.

    visitors, visits, bounce rate, visit duration   of the visits that began in the range
    page views, events, conversions, orders, revenue  of the events that happened in the range
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from streamgauge.kernel.money import Converted, RateTable
from streamgauge.kernel.query import CalendarRule, PropertyKey, Window
from streamgauge.kernel.website import ConversionEvent, Operator


class SiteMetric(StrEnum):
    """One number about a website.

    visitors: distinct visitors. visit_duration: mean seconds from a visit's first to its last event.
    bounce_rate: share of visits with one event only.
    conversions: matching events, of all active conversion events together.
    conversion_rate: share of visitors who converted at least once.
    orders: sales and renewals, refunds not subtracted. revenue: in the asked currency, refunds subtracted.
    revenue_per_visitor: revenue divided by visitors.
    """

    VISITORS = "visitors"
    VISITS = "visits"
    PAGE_VIEWS = "page_views"
    EVENTS = "events"
    VIEWS_PER_VISIT = "views_per_visit"
    BOUNCE_RATE = "bounce_rate"
    VISIT_DURATION = "visit_duration"
    CONVERSIONS = "conversions"
    CONVERSION_RATE = "conversion_rate"
    REVENUE = "revenue"
    REVENUE_PER_VISITOR = "revenue_per_visitor"
    ORDERS = "orders"


class Dimension(StrEnum):
    """What visits and events can be filtered and broken down by, besides properties.

    PAGE and EVENT_NAME are of events; all others are of visits, taken from the visit's first event (ENTRY_PAGE and EXIT_PAGE: its
    first and last page view).
    """

    PAGE = "page"
    EVENT_NAME = "event_name"
    ENTRY_PAGE = "entry_page"
    EXIT_PAGE = "exit_page"
    HOSTNAME = "hostname"
    REFERRER = "referrer"
    CHANNEL = "channel"
    UTM_SOURCE = "utm_source"
    UTM_MEDIUM = "utm_medium"
    UTM_CAMPAIGN = "utm_campaign"
    UTM_TERM = "utm_term"
    UTM_CONTENT = "utm_content"
    COUNTRY = "country"
    REGION = "region"
    CITY = "city"
    DEVICE = "device"
    BROWSER = "browser"
    OS = "os"
    LANGUAGE = "language"


EVENT_DIMENSIONS = frozenset({Dimension.PAGE, Dimension.EVENT_NAME})

SiteKey = Dimension | PropertyKey
"""What to filter or break down by; a property is one of the events."""


class Bots(StrEnum):
    """Which traffic counts."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


class SiteFilter(msgspec.Struct, frozen=True):
    """Keeps what compares so. On a key of visits it keeps visits, and the events of these visits; on a key of events it keeps
    matching events, and the visits that have at least one of them in the range."""

    key: SiteKey
    operator: Operator
    values: tuple[str, ...]


class SiteSelection(msgspec.Struct, frozen=True):
    """What is looked at: one website of one project, a range, filters joined by AND."""

    project_id: str
    website_id: str
    start_ms: int
    end_ms: int
    filters: tuple[SiteFilter, ...] = ()
    bots: Bots = Bots.EXCLUDE


class Breakdown(msgspec.Struct, frozen=True):
    """The metrics by the values of one key, largest `sort` first (ties: by the value's text; undefined last).

    metrics: which are answered by value; none: those of the query.
    """

    key: SiteKey
    limit: int = 10
    offset: int = 0
    sort: SiteMetric = SiteMetric.VISITORS
    metrics: tuple[SiteMetric, ...] = ()


class SiteQuery(msgspec.Struct, frozen=True):
    """metrics: which are asked for. window: also a series, None for none. conversions: the website's active ones.

    currency: in which revenue is answered; rates: how others become it. compare: the range to compare the totals and series with.
    """

    selection: SiteSelection
    metrics: tuple[SiteMetric, ...]
    conversions: tuple[ConversionEvent, ...] = ()
    window: Window | None = None
    calendar: CalendarRule = CalendarRule()
    breakdowns: tuple[Breakdown, ...] = ()
    compare: tuple[int, int] | None = None
    currency: str = "USD"
    rates: RateTable = RateTable()


SiteValues = Mapping[SiteMetric, Decimal | int | None]
"""By metric. None: undefined, for there were no visits (or visitors) to take the share or mean of. Shares and means: Decimals of
28 significant digits; visit_duration in seconds."""


class SitePoint(msgspec.Struct, frozen=True):
    """One bucket of the series."""

    start_ms: int
    values: SiteValues


class SiteTotals(msgspec.Struct, frozen=True):
    """The metrics of a whole range, and its series. revenue: how the revenue was made, None when it was not asked for."""

    values: SiteValues
    points: tuple[SitePoint, ...] = ()
    revenue: Converted | None = None


class BreakdownRow(msgspec.Struct, frozen=True):
    """value: the text of the key, "" where unknown."""

    value: str
    values: SiteValues


class BreakdownAnswer(msgspec.Struct, frozen=True):
    """total: how many values there are, those of other pages included."""

    key: SiteKey
    rows: tuple[BreakdownRow, ...]
    total: int


class SiteAnswer(msgspec.Struct, frozen=True):
    totals: SiteTotals
    compared: SiteTotals | None = None
    breakdowns: tuple[BreakdownAnswer, ...] = ()


# Funnels.


class FunnelStep(msgspec.Struct, frozen=True):
    """An event that matches; conditions as of a conversion event."""

    name: str
    match: ConversionEvent


class FunnelQuery(msgspec.Struct, frozen=True):
    """2 to 8 steps in this order, all within `within_ms` after the first, by the same visitor. The first step lies in the range;
    later ones may follow it for `within_ms`. A visitor counts once per step, with the entry that leads furthest."""

    selection: SiteSelection
    steps: tuple[FunnelStep, ...]
    within_ms: int


class FunnelStepAnswer(msgspec.Struct, frozen=True):
    """visitors: who reached the step. rate: of those who entered; step_rate: of those who reached the step before. Both None when
    nobody did; both 1 for the first step. median_ms: from the step before to this one, over those who reached it (of two middle
    times the mean, half a millisecond cut); None for the first step."""

    name: str
    visitors: int
    rate: Decimal | None
    step_rate: Decimal | None
    median_ms: int | None


class FunnelAnswer(msgspec.Struct, frozen=True):
    steps: tuple[FunnelStepAnswer, ...]


# Retention.


class RetentionQuery(msgspec.Struct, frozen=True):
    """Visitors by the bucket of their first visit ever (their cohort), and how many of them came again in each later bucket.

    Filters choose first visits; whom these brought is followed however they come again.
    window: DAY, WEEK or MONTH. periods: how many buckets after the cohort's own are answered.
    returning: come again with an event that matches; None: with any visit.
    """

    selection: SiteSelection
    window: Window
    periods: int
    calendar: CalendarRule = CalendarRule()
    returning: ConversionEvent | None = None


class Cohort(msgspec.Struct, frozen=True):
    """returned[i]: visitors who came again i buckets after their cohort's; returned[0] are those who came in it.

    Buckets that have not begun by the end of the range are left out.
    """

    start_ms: int
    visitors: int
    returned: tuple[int, ...]


class RetentionAnswer(msgspec.Struct, frozen=True):
    cohorts: tuple[Cohort, ...]


# Attribution.


class AttributionModel(StrEnum):
    """To which visits of a visitor a conversion is credited.

    FIRST_TOUCH, LAST_TOUCH: the first or last visit that began in the lookback window before it, all of it.
    LINEAR: to all of them in equal parts; what does not divide at the ninth digit goes to the last.
    """

    FIRST_TOUCH = "first_touch"
    LAST_TOUCH = "last_touch"
    LINEAR = "linear"


class AttributionQuery(msgspec.Struct, frozen=True):
    """Conversions and revenue by a key of the visits they are credited to (CHANNEL, REFERRER, UTM_*, ENTRY_PAGE, ...).

    A conversion's visitors are its own visitor, and all visitors who ever sent an event with its customer id on the website.
    A refund that names the order of a known sale is credited where that sale is.
    What has no visit in the lookback window is credited to the value "" in the row `unattributed`.
    """

    selection: SiteSelection
    model: AttributionModel
    key: Dimension
    lookback_ms: int
    conversions: tuple[ConversionEvent, ...] = ()
    currency: str = "USD"
    rates: RateTable = RateTable()
    limit: int = 100
    offset: int = 0


class AttributionRow(msgspec.Struct, frozen=True):
    """conversions: exact; a fraction with LINEAR. orders likewise. revenue in the asked currency."""

    value: str
    conversions: Decimal
    orders: Decimal
    revenue: Decimal


class AttributionAnswer(msgspec.Struct, frozen=True):
    """rows: most revenue first, then most conversions, then by text. total: number of values.

    revenue: how the sum of all was made.
    """

    rows: tuple[AttributionRow, ...]
    unattributed: AttributionRow
    total: int
    revenue: Converted
