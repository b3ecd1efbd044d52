"""Alert settings, held in memory whole, for every load asks for them; and the log of what was noticed, in the database.

Promise: of a setting and a customer the latest log tells the state in force, also after a restart.

Limits: at most MAX_SETTINGS settings per project. One process changes settings; another sees it when it opens the database. Logs
are kept for ever; there is one per change of state.
"""

import threading
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update

from streamgauge.control.database import Database
from streamgauge.control.metering_tables import alert_logs, alert_settings
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.limit import AlertConfig, AlertLog, AlertLogFilter, AlertSetting, AlertSpec, AlertState
from streamgauge.kernel.refusal import Reason, Refusal

MAX_SETTINGS = 1_000
_ENTITY = "feature"
_config = msgspec.json.Decoder(AlertConfig)


class Alerts:
    """The alert settings and logs of all projects. Settings are looked up in memory; all else waits for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._versions: Mapping[str, int] = {}
        self._by_project = self._read()

    # Settings.

    def version(self, project_id: str) -> int:
        """Another number after every change of the project's settings. From memory."""
        return self._versions.get(project_id, 0)

    def projects(self) -> tuple[str, ...]:
        """Those with settings. From memory."""
        return tuple(self._by_project)

    def settings(self, project_id: str) -> tuple[AlertSetting, ...]:
        """In the order of their making. From memory."""
        return self._by_project.get(project_id, ())

    def setting(self, project_id: str, alert_setting_id: str) -> AlertSetting:
        """From memory. Raises Refusal not_found."""
        for found in self.settings(project_id):
            if found.alert_setting_id == alert_setting_id:
                return found
        raise Refusal(Reason.NOT_FOUND, f"Alert settings with ID {alert_setting_id[:100]} were not found")

    def create(self, project_id: str, spec: AlertSpec) -> AlertSetting:
        """The feature and the customer are known to be the project's. Raises Refusal already_exists, invalid_parameter."""
        with self._change_lock:
            own = self.settings(project_id)
            if len(own) >= MAX_SETTINGS:
                raise Refusal(Reason.INVALID_PARAMETER, f"A project has at most {MAX_SETTINGS} alert settings", field="entity_id")
            if any((one.feature_id, one.customer_id) == (spec.feature_id, spec.customer_id) for one in own):
                raise Refusal(Reason.ALREADY_EXISTS, "There are alert settings for this feature already", field="entity_id")
            now_ms = self._clock.now_ms()
            minted = self._mint.mint("alert_set")
            made = AlertSetting(minted, project_id, spec.feature_id, spec.config, spec.customer_id, now_ms, now_ms)
            with self._database.recording() as connection:
                connection.execute(insert(alert_settings).values(**_setting_values(made)))
            self._changed(project_id)
        return made

    def update(self, project_id: str, alert_setting_id: str, config: AlertConfig) -> AlertSetting:
        """The setting as it is afterwards. Raises Refusal not_found."""
        with self._change_lock:
            before = self.setting(project_id, alert_setting_id)
            later_ms = max(self._clock.now_ms(), before.updated_at_ms + 1)
            after = msgspec.structs.replace(before, config=config, updated_at_ms=later_ms)
            own = alert_settings.c.alert_setting_id == alert_setting_id
            with self._database.recording() as connection:
                connection.execute(update(alert_settings).where(own).values(**_setting_values(after)))
            self._changed(project_id)
        return after

    def delete(self, project_id: str, alert_setting_id: str) -> None:
        """Its logs stay. Raises Refusal not_found."""
        with self._change_lock:
            self.setting(project_id, alert_setting_id)
            with self._database.recording() as connection:
                connection.execute(delete(alert_settings).where(alert_settings.c.alert_setting_id == alert_setting_id))
            self._changed(project_id)

    # Logs.

    def states(self, project_id: str, setting_ids: Sequence[str], customer_id: str) -> Mapping[str, AlertLog]:
        """The latest log of each setting about the customer; a setting without one is not there."""
        if not setting_ids:
            return {}
        own = and_(
            alert_logs.c.project_id == project_id,
            alert_logs.c.customer_id == customer_id,
            alert_logs.c.alert_setting_id.in_(setting_ids),
        )
        query = select(alert_logs).where(own).order_by(alert_logs.c.created_at_ms, alert_logs.c.alert_log_id)
        with self._database.reading() as connection:
            return {row.alert_setting_id: _log(row) for row in connection.execute(query)}

    def note(self, log: AlertLog) -> AlertLog:
        """Keep a change of state; its id and time are given here."""
        made = msgspec.structs.replace(log, alert_log_id=self._mint.mint("alert_log"), created_at_ms=self._clock.now_ms())
        with self._change_lock, self._database.recording() as connection:
            connection.execute(insert(alert_logs).values(**msgspec.structs.asdict(made)))
        return made

    def logs(
        self, project_id: str, wanted: AlertLogFilter, limit: int, offset: int, *, newest_first: bool = True
    ) -> tuple[list[AlertLog], int]:
        """Logs of the project, and how many fulfil the filter in all."""
        found = _conditions(project_id, wanted)
        order = [alert_logs.c.created_at_ms, alert_logs.c.alert_log_id]
        query = select(alert_logs).where(*found).order_by(*([each.desc() for each in order] if newest_first else order))
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).all()
            total = connection.execute(select(func.count()).select_from(alert_logs).where(*found)).scalar_one()
        return [_log(row) for row in rows], total

    def _changed(self, project_id: str) -> None:
        self._by_project = self._read()
        self._versions = {**self._versions, project_id: self.version(project_id) + 1}

    def _read(self) -> Mapping[str, tuple[AlertSetting, ...]]:
        found: dict[str, tuple[AlertSetting, ...]] = {}
        order = (alert_settings.c.created_at_ms, alert_settings.c.alert_setting_id)
        with self._database.reading() as connection:
            for row in connection.execute(select(alert_settings).order_by(*order)):
                own = found.get(row.project_id, ())
                found[row.project_id] = (*own, _setting(row))
        return found


def _conditions(project_id: str, wanted: AlertLogFilter) -> list[ColumnElement[bool]]:
    columns = alert_logs.c
    equal = {"entity_id": wanted.entity_id, "entity_type": wanted.entity_type, "customer_id": wanted.customer_id}
    found = [columns.project_id == project_id]
    found += [columns[name] == value for name, value in {**equal, "state": wanted.state}.items() if value is not None]
    if wanted.start_ms is not None:
        found.append(columns.created_at_ms >= wanted.start_ms)
    if wanted.end_ms is not None:
        found.append(columns.created_at_ms < wanted.end_ms)
    return found


def _setting(row: Row[tuple[object, ...]]) -> AlertSetting:
    columns = row._mapping
    return AlertSetting(
        columns["alert_setting_id"],
        columns["project_id"],
        columns["entity_id"],
        _config.decode(columns["config"]),
        columns["customer_id"],
        columns["created_at_ms"],
        columns["updated_at_ms"],
    )


def _setting_values(setting: AlertSetting) -> Mapping[str, object]:
    columns = {name: getattr(setting, name) for name in setting.__struct_fields__ if name != "feature_id"}
    return {
        **columns,
        "entity_type": _ENTITY,
        "entity_id": setting.feature_id,
        "config": msgspec.json.encode(setting.config).decode(),
    }


def _log(row: Row[tuple[object, ...]]) -> AlertLog:
    columns = row._mapping
    return AlertLog(**{**columns, "state": AlertState(columns["state"]), "previous_state": AlertState(columns["previous_state"])})
