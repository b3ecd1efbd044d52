"""What a check answers: {"allowed", "reason", "usage", "remaining", limits, period, "position"}."""

from decimal import Decimal
from typing import Protocol

import msgspec

from streamgauge.kernel.limit import Verdict
from streamgauge.kernel.metering import Entitlement, Feature
from streamgauge.wire.flexprice.entitlements import PERIODS, text_of
from streamgauge.wire.timestamps import format_instant

_PERIOD_NAMES = {period: name for name, period in PERIODS.items()}


class Checked(Protocol):
    """A check's outcome: metering.limits.CheckResult."""

    @property
    def feature(self) -> Feature: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def is_allowed(self) -> bool: ...
    @property
    def units(self) -> Decimal: ...
    @property
    def position(self) -> int: ...
    @property
    def usage(self) -> Decimal | None: ...
    @property
    def remaining(self) -> Decimal | None: ...
    @property
    def entitlement(self) -> Entitlement | None: ...
    @property
    def period(self) -> tuple[int, int] | None: ...
    @property
    def customer_id(self) -> str: ...


def render_check(external_id: str, checked: Checked) -> bytes:
    entitled, period = checked.entitlement, checked.period
    fields = {
        "allowed": checked.is_allowed,
        "reason": checked.verdict.value,
        "external_customer_id": external_id,
        "customer_id": checked.customer_id,
        "feature_id": checked.feature.feature_id,
        "lookup_key": checked.feature.lookup_key,
        "entitlement_id": entitled.entitlement_id if entitled else "",
        "units": text_of(checked.units),
        "usage": text_of(checked.usage),
        "remaining": text_of(checked.remaining),
        "soft_limit": text_of(entitled.soft_limit) if entitled else None,
        "hard_limit": text_of(entitled.hard_limit) if entitled else None,
        "usage_reset_period": _PERIOD_NAMES[entitled.period] if entitled else None,
        "period_start": format_instant(period[0]) if period else None,
        "period_end": format_instant(period[1]) if period else None,
        "position": checked.position,
    }
    return msgspec.json.encode(fields)
