"""Limits and alerts as values: what shall become of them, what a check says, and what was noticed."""

from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.metering import LimitPeriod


class EntitlementSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new entitlement shall be; checked."""

    customer_id: str
    feature_id: str
    period: LimitPeriod = LimitPeriod.MONTH
    soft_limit: Decimal | None = None
    hard_limit: Decimal | None = None
    billing_anchor_ms: int | None = None
    is_enabled: bool = True


class EntitlementChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about an entitlement; UNSET stays as it is. Checked."""

    period: LimitPeriod | UnsetType = UNSET
    soft_limit: Decimal | UnsetType | None = UNSET
    hard_limit: Decimal | UnsetType | None = UNSET
    billing_anchor_ms: int | UnsetType | None = UNSET
    is_enabled: bool | UnsetType = UNSET


class Verdict(StrEnum):
    """Why a check says yes (OK, SOFT_LIMIT_REACHED) or no. Public names."""

    OK = "ok"
    SOFT_LIMIT_REACHED = "soft_limit_reached"
    HARD_LIMIT_REACHED = "hard_limit_reached"
    NO_ENTITLEMENT = "no_entitlement"
    DISABLED = "disabled"


class AlertState(StrEnum):
    """The published states of an alert, and the two that stand for limits in the log."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    IN_ALARM = "in_alarm"
    SOFT_LIMIT = "soft_limit"
    HARD_LIMIT = "hard_limit"


class AlertCondition(StrEnum):
    """On which side of the threshold usage must lie; at the threshold itself it lies on neither."""

    ABOVE = "above"
    BELOW = "below"


class Threshold(msgspec.Struct, frozen=True):
    threshold: Decimal
    condition: AlertCondition = AlertCondition.ABOVE

    def holds(self, usage: Decimal) -> bool:
        return usage > self.threshold if self.condition is AlertCondition.ABOVE else usage < self.threshold


class AlertConfig(msgspec.Struct, frozen=True):
    """The thresholds of an alert. The gravest that holds decides."""

    alert_enabled: bool = True
    critical: Threshold | None = None
    warning: Threshold | None = None
    info: Threshold | None = None

    def judge(self, usage: Decimal) -> tuple[AlertState, Threshold | None]:
        """The state at this usage, and the threshold that makes it."""
        levels = ((AlertState.IN_ALARM, self.critical), (AlertState.WARNING, self.warning), (AlertState.INFO, self.info))
        for state, threshold in levels:
            if threshold is not None and threshold.holds(usage):
                return state, threshold
        return AlertState.OK, None


class AlertSetting(msgspec.Struct, frozen=True):
    """Thresholds on the usage of a feature. customer_id: of the one customer that it is about; "" for each that uses it."""

    alert_setting_id: str
    project_id: str
    feature_id: str
    config: AlertConfig
    customer_id: str = ""
    created_at_ms: int = 0
    updated_at_ms: int = 0


class AlertSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new alert setting shall be; checked."""

    feature_id: str
    config: AlertConfig
    customer_id: str = ""


class AlertLog(msgspec.Struct, frozen=True):
    """A change of state. alert_setting_id: of a limit the entitlement's id, of a feature's own alert settings the feature's id.

    customer_id: the id under which events name the customer. value, threshold: decimals as texts.
    """

    alert_log_id: str
    project_id: str
    alert_setting_id: str
    entity_type: str
    entity_id: str
    customer_id: str
    state: AlertState
    previous_state: AlertState
    value: str
    threshold: str
    created_at_ms: int


class AlertLogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which logs a list shows; None for all."""

    entity_id: str | None = None
    entity_type: str | None = None
    customer_id: str | None = None
    state: AlertState | None = None
    start_ms: int | None = None
    end_ms: int | None = None
