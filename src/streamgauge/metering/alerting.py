"""Alerts and limits, judged when usage has moved: changes of state are logged and told.

Promises
- Judged after every load for the pairs that it moved, beside the loader's thread, and after a pair was built: so also what was
  loaded just before a crash is judged after the restart.
- What is in force is read from the log: a restart tells nothing twice. A message is on disk before its log is: a crash between
  the two tells it once more, never less.
- A limit is told once per period, at the first moment at which usage is at or above it; the hard one after the soft one.

Limits
- Usage that rises and falls back between two looks is not seen. A new period is noticed with the first event or check in it.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from streamgauge.kernel.limit import AlertConfig, AlertLog, AlertSetting, AlertState, Threshold
from streamgauge.kernel.metering import Feature, Meter
from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.webhook import Announcer, WebhookEvent
from streamgauge.metering.pairs import Pair, Standing
from streamgauge.wire.flexprice.alert_config import parse_config
from streamgauge.wire.flexprice.resources import decimal_text
from streamgauge.wire.timestamps import format_instant

_FEATURE = "feature"
_ENTITLEMENT = "entitlement"
_LEVELS = {AlertState.OK: 0, AlertState.SOFT_LIMIT: 1, AlertState.HARD_LIMIT: 2}
_EVENTS = {
    AlertState.SOFT_LIMIT: WebhookEvent.SOFT_LIMIT_REACHED,
    AlertState.HARD_LIMIT: WebhookEvent.HARD_LIMIT_REACHED,
}


class AlertBook(Protocol):
    """control.alerts.Alerts: settings from memory, logs from the disk."""

    def version(self, project_id: str) -> int: ...

    def settings(self, project_id: str) -> tuple[AlertSetting, ...]: ...

    def states(self, project_id: str, setting_ids: Sequence[str], customer_id: str) -> Mapping[str, AlertLog]: ...

    def note(self, log: AlertLog) -> AlertLog: ...


class FeatureShelf(Protocol):
    def version(self, project_id: str) -> int: ...

    def features(self, project_id: str) -> tuple[Feature, ...]: ...

    def meter(self, project_id: str, meter_id: str) -> Meter: ...


class _Rules(NamedTuple):
    """Of one project: settings by feature, and features by event name; and of which versions they were made."""

    versions: tuple[int, int]
    by_feature: Mapping[str, tuple[AlertSetting, ...]]
    watched: Mapping[str, tuple[str, ...]]


class AlertRules:
    """Which thresholds hold for which features: settings of their own, and what a feature brings along. From memory."""

    def __init__(self, alerts: AlertBook, catalogue: FeatureShelf) -> None:
        self._alerts = alerts
        self._catalogue = catalogue
        self._by_project: dict[str, _Rules] = {}

    def watched(self, project_id: str) -> Mapping[str, tuple[str, ...]]:
        """By event name the ids of features with thresholds."""
        return self._rules(project_id).watched

    def of(self, pair: Pair) -> Sequence[AlertSetting]:
        """Those that concern the pair."""
        customer = pair.scope.customer
        own = customer.customer_id if customer is not None else ""
        found = self._rules(pair.project_id).by_feature.get(pair.feature.feature_id, ())
        return [setting for setting in found if setting.customer_id in ("", own)]

    def _rules(self, project_id: str) -> _Rules:
        versions = (self._alerts.version(project_id), self._catalogue.version(project_id))
        known = self._by_project.get(project_id)
        if known is None or known.versions != versions:
            known = self._by_project[project_id] = self._made(project_id, versions)
        return known

    def _made(self, project_id: str, versions: tuple[int, int]) -> _Rules:
        features = {feature.feature_id: feature for feature in self._catalogue.features(project_id) if feature.meter_id}
        by_feature: dict[str, tuple[AlertSetting, ...]] = {}
        for setting in (*self._alerts.settings(project_id), *_brought_along(features.values())):
            if setting.config.alert_enabled and setting.feature_id in features:
                by_feature[setting.feature_id] = (*by_feature.get(setting.feature_id, ()), setting)
        watched: dict[str, tuple[str, ...]] = {}
        for feature_id in by_feature:
            name = self._catalogue.meter(project_id, features[feature_id].meter_id).event_name
            watched[name] = (*watched.get(name, ()), feature_id)
        return _Rules(versions, by_feature, watched)


def _brought_along(features: Iterable[Feature]) -> Iterator[AlertSetting]:
    for feature in features:
        if not feature.alert_settings:
            continue
        try:
            config = parse_config(feature.alert_settings, "alert_settings")
        except Refusal:
            continue  # Kept from before they were checked: they hold no thresholds that could be understood.
        yield AlertSetting(feature.feature_id, feature.project_id, feature.feature_id, config)


class Judge:
    """Judges pairs. `judge` reads the disk only for a pair that it does not know yet, and writes when a state changes."""

    def __init__(self, rules: AlertRules, alerts: AlertBook, announcer: Announcer) -> None:
        self._rules = rules
        self._alerts = alerts
        self._announcer = announcer

    async def judge(self, pair: Pair, standing: Standing) -> None:
        wanted = self._wanted(pair, standing)
        noted = pair.noted
        if not wanted or (noted is not None and all(noted.get(one.mark) == one.state for one in wanted)):
            return
        await asyncio.to_thread(self._note, pair, standing, wanted)

    def _wanted(self, pair: Pair, standing: Standing) -> list["_Finding"]:
        found = []
        for setting in self._rules.of(pair):
            state, threshold = setting.config.judge(standing.usage)
            found.append(_Finding(setting.alert_setting_id, _FEATURE, state, threshold, config=setting.config))
        entitled = pair.entitlement
        if entitled is not None and entitled.is_enabled and pair.meter is not None:
            for state, limit in ((AlertState.SOFT_LIMIT, entitled.soft_limit), (AlertState.HARD_LIMIT, entitled.hard_limit)):
                if limit is not None and standing.usage >= limit:
                    since = Threshold(limit)
                    found.append(_Finding(entitled.entitlement_id, _ENTITLEMENT, state, since, period_ms=standing.start_ms))
        return found

    def _note(self, pair: Pair, standing: Standing, wanted: Sequence["_Finding"]) -> None:
        """On a thread: read what is in force, tell what changed, keep it."""
        logs = self._alerts.states(pair.project_id, [one.setting_id for one in wanted], pair.external_id)
        # A limit that was told in an earlier period was not told in this one.
        before = {
            one.setting_id: logs[one.setting_id].state
            for one in wanted
            if one.setting_id in logs and logs[one.setting_id].created_at_ms >= one.period_ms
        }
        noted = dict(pair.noted or {})
        for one in wanted:
            state = before.get(one.setting_id, AlertState.OK)
            if not one.is_told_by(state):
                self._tell(pair, standing, one, state)
                before[one.setting_id] = one.state
            noted[one.mark] = one.state
        pair.noted = noted

    def _tell(self, pair: Pair, standing: Standing, found: "_Finding", before: AlertState) -> None:
        """The message first: what is logged was told."""
        data = _about(pair, standing)
        limit = decimal_text(found.threshold.threshold) if found.threshold is not None else ""
        if found.entity_type == _ENTITLEMENT:
            self._announcer.announce(pair.project_id, _EVENTS[found.state], {**data, "limit": limit})
        else:
            alert = {
                "alert_setting_id": found.setting_id,
                "alert_status": found.state.value,
                "previous_status": before.value,
                "threshold": limit,
                "condition": found.threshold.condition.value if found.threshold is not None else "",
            }
            self._announcer.announce(pair.project_id, WebhookEvent.ALERT_STATE_CHANGED, {**data, **alert})
        self._alerts.note(
            AlertLog(
                alert_log_id="",
                project_id=pair.project_id,
                alert_setting_id=found.setting_id,
                entity_type=found.entity_type,
                entity_id=pair.feature.feature_id if found.entity_type == _FEATURE else found.setting_id,
                customer_id=pair.external_id,
                state=found.state,
                previous_state=before,
                value=decimal_text(standing.usage),
                threshold=limit,
                created_at_ms=0,
            )
        )


class _Finding(NamedTuple):
    """A state that a setting, or an entitlement, is found to be in. period_ms: start of the limit's period."""

    setting_id: str
    entity_type: str
    state: AlertState
    threshold: Threshold | None
    config: AlertConfig | None = None
    period_ms: int = 0

    def is_told_by(self, state: AlertState) -> bool:
        """Of limits the harder one tells the softer one."""
        if self.entity_type == _ENTITLEMENT:
            return _LEVELS[state] >= _LEVELS[self.state]
        return state is self.state

    @property
    def mark(self) -> str:
        """Where a pair remembers it: a limit for each period and level, a setting once."""
        return f"{self.setting_id}/{self.state}/{self.period_ms}" if self.entity_type == _ENTITLEMENT else self.setting_id


def _about(pair: Pair, standing: Standing) -> Mapping[str, object]:
    customer, entitled = pair.scope.customer, pair.entitlement
    return {
        "feature_id": pair.feature.feature_id,
        "feature_name": pair.feature.name,
        "lookup_key": pair.feature.lookup_key,
        "customer_id": customer.customer_id if customer is not None else "",
        "external_customer_id": pair.external_id,
        "entitlement_id": entitled.entitlement_id if entitled is not None else "",
        "usage": decimal_text(standing.usage),
        "period_start": format_instant(standing.start_ms),
        "period_end": format_instant(standing.end_ms),
    }
