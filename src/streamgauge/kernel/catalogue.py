"""What shall become of a meter or a feature: checked, and ready to be kept."""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.metering import FeatureType, Measure, ReportingUnit, ResetUsage
from streamgauge.kernel.query import Filter

MAX_METER_FILTERS = 50
MAX_METER_FILTER_VALUES = 1_000
"""How many properties a meter filters by, and how many values of each it takes."""


class MeterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new meter shall be."""

    name: str
    event_name: str
    measure: Measure
    filters: tuple[Filter, ...] = ()
    reset_usage: ResetUsage = ResetUsage.BILLING_PERIOD


class FeatureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new feature shall be. A metered one names a meter (meter_id) or brings one along (meter), never both."""

    name: str
    lookup_key: str
    type: FeatureType
    meter_id: str = ""
    meter: MeterSpec | None = None
    description: str = ""
    metadata: Mapping[str, str] = {}
    unit_singular: str = ""
    unit_plural: str = ""
    reporting_unit: ReportingUnit | None = None
    alert_settings: Mapping[str, object] = {}
    group_id: str = ""


class FeatureChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a feature; UNSET stays as it is. filters: added to those of its meter."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    metadata: Mapping[str, str] | UnsetType = UNSET
    unit_singular: str | UnsetType = UNSET
    unit_plural: str | UnsetType = UNSET
    reporting_unit: ReportingUnit | UnsetType | None = UNSET
    alert_settings: Mapping[str, object] | UnsetType = UNSET
    group_id: str | UnsetType = UNSET
    filters: tuple[Filter, ...] | UnsetType = UNSET
