"""What usage is measured by: meters, the features that customers know them as, limits and alerts on them, closed periods.

All times are milliseconds since 1970, UTC; all ranges are half-open. Names are those that Flexprice publishes.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from streamgauge.kernel.query import Filter, Key, Window


class MeterType(StrEnum):
    """The eight published aggregations of a meter."""

    COUNT = "COUNT"
    SUM = "SUM"
    AVG = "AVG"
    MAX = "MAX"
    COUNT_UNIQUE = "COUNT_UNIQUE"
    LATEST = "LATEST"
    SUM_WITH_MULTIPLIER = "SUM_WITH_MULTIPLIER"
    WEIGHTED_SUM = "WEIGHTED_SUM"


class ResetUsage(StrEnum):
    """BILLING_PERIOD: usage is that of the asked range. NEVER: it is counted from the beginning of time to the range's end."""

    BILLING_PERIOD = "BILLING_PERIOD"
    NEVER = "NEVER"


class Status(StrEnum):
    """An archived meter or feature measures nothing any more and is left out of lists unless asked for."""

    PUBLISHED = "published"
    ARCHIVED = "archived"


class Measure(msgspec.Struct, frozen=True):
    """How the events of a meter become one number.

    field: the property that is measured, "" for COUNT and where there is an expression. expression: its text, "" for none;
    parsed by kernel.expression, which also checked it when the meter was made. multiplier: for SUM_WITH_MULTIPLIER.
    bucket_size: for MAX and SUM; the aggregate is taken per bucket (and per group) and summed. group_by: for bucketed MAX.
    """

    type: MeterType
    field: str = ""
    expression: str = ""
    multiplier: Decimal | None = None
    bucket_size: Window | None = None
    group_by: tuple[Key, ...] = ()


class Meter(msgspec.Struct, frozen=True):
    """It counts the events of `event_name` that pass all its filters, on every route."""

    meter_id: str
    project_id: str
    name: str
    event_name: str
    measure: Measure
    filters: tuple[Filter, ...] = ()
    reset_usage: ResetUsage = ResetUsage.BILLING_PERIOD
    status: Status = Status.PUBLISHED
    created_at_ms: int = 0
    updated_at_ms: int = 0


class FeatureType(StrEnum):
    """Only a metered feature has a meter and usage."""

    METERED = "metered"
    BOOLEAN = "boolean"
    STATIC = "static"
    CONFIG = "config"


class ReportingUnit(msgspec.Struct, frozen=True):
    """The unit in which usage is shown to people: usage times `conversion_rate`, an exact decimal as text."""

    unit_singular: str
    unit_plural: str
    conversion_rate: str


class Feature(msgspec.Struct, frozen=True):
    """What a customer uses, by the name they know. meter_id: "" unless it is metered. alert_settings: as sent, {} for none."""

    feature_id: str
    project_id: str
    name: str
    lookup_key: str
    type: FeatureType
    description: str = ""
    meter_id: str = ""
    metadata: Mapping[str, str] = {}
    unit_singular: str = ""
    unit_plural: str = ""
    reporting_unit: ReportingUnit | None = None
    alert_settings: Mapping[str, object] = {}
    group_id: str = ""
    status: Status = Status.PUBLISHED
    created_at_ms: int = 0
    updated_at_ms: int = 0


class Address(msgspec.Struct, frozen=True):
    """Where a customer is. country: ISO 3166 alpha-2, or ""."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


class Customer(msgspec.Struct, frozen=True):
    """Whoever usage is measured for. Events need no customer: one may be made before or after its events.

    external_id: the id under which events name it. aliases: further such ids; an id belongs to one customer of the project only.
    timezone: IANA name, in which its days and months are cut. parent_id: customer_id of the customer it rolls up to, "" for none.
    """

    customer_id: str
    project_id: str
    external_id: str
    name: str = ""
    email: str = ""
    contact: str = ""
    address: Address = Address()
    timezone: str = "UTC"
    metadata: Mapping[str, str] = {}
    aliases: tuple[str, ...] = ()
    parent_id: str = ""
    created_at_ms: int = 0
    updated_at_ms: int = 0


class CustomerScope(msgspec.Struct, frozen=True):
    """Whose events a question is about. external_ids: all ids under which they came, never empty.

    customer: None when none was made; its events then are those of the one id, in UTC.
    """

    external_ids: tuple[str, ...]
    customer: Customer | None = None

    @property
    def timezone(self) -> str:
        return self.customer.timezone if self.customer else "UTC"


class LimitPeriod(StrEnum):
    """Over which time usage is held against a limit. It starts anew in the customer's time zone; LIFETIME never does."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    LIFETIME = "LIFETIME"


class Entitlement(msgspec.Struct, frozen=True):
    """How much of a feature a customer may use in each period. What is left of one period is not carried into the next.

    soft_limit: passing it is told, and allowed. hard_limit: beyond it a check says no. None: no such limit.
    billing_anchor_ms: months start on its day (as the customer's zone sees it) when the period is MONTH; None: on the first.
    """

    entitlement_id: str
    project_id: str
    customer_id: str
    feature_id: str
    period: LimitPeriod = LimitPeriod.MONTH
    soft_limit: Decimal | None = None
    hard_limit: Decimal | None = None
    billing_anchor_ms: int | None = None
    is_enabled: bool = True
    created_at_ms: int = 0
    updated_at_ms: int = 0


class ClosedPeriod(msgspec.Struct, frozen=True):
    """A range of event time whose usage no longer changes.

    An event of it that stands at or after `position` in the journal came too late: its usage counts at `end_ms`, the first moment
    after the period (and from there onwards if that is closed by then too). closed_by: id of the key that closed it.
    """

    period_id: str
    project_id: str
    start_ms: int
    end_ms: int
    position: int
    closed_at_ms: int
    closed_by: str = ""
