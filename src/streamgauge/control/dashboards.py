"""Dashboards: kept in the control plane's database, read from it at each request, for nothing hot needs them.

Promise: a dashboard is found only together with the project it belongs to, or by its share token; for all others it is not there
(not_found). Every change is one transaction and moves `updated_at_ms` on.

A share token has 192 random bits. It is stored as it is, not hashed, because its owner must be able to see it again; it opens
nothing but one dashboard, and is as secret as the file of the database.
"""

import secrets
import threading
from collections.abc import Mapping

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from streamgauge.control.database import Database
from streamgauge.control.tables import dashboards
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.dashboard import Dashboard, DashboardChange, DashboardSpec, Widget
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal

_TOKEN_BYTES = 24
_widgets = msgspec.json.Decoder(tuple[Widget, ...])


class Dashboards:
    """The dashboards of all projects. Safe to use from several threads; each call waits for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()

    def page(self, project_id: str, limit: int, offset: int) -> tuple[list[Dashboard], int]:
        """Dashboards of the project, the newest first, and how many it has in all."""
        own = dashboards.c.project_id == project_id
        newest_first = (dashboards.c.created_at_ms.desc(), dashboards.c.dashboard_id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(select(dashboards).where(own).order_by(*newest_first).limit(limit).offset(offset))
            found = [_dashboard(row) for row in rows]
            return found, connection.execute(select(func.count()).select_from(dashboards).where(own)).scalar_one()

    def get(self, project_id: str, dashboard_id: str) -> Dashboard:
        """Raises Refusal not_found."""
        with self._database.reading() as connection:
            return _find(connection, project_id, dashboard_id)

    def shared(self, token: str) -> Dashboard:
        """The dashboard that the token opens. Raises Refusal not_found."""
        with self._database.reading() as connection:
            row = connection.execute(select(dashboards).where(dashboards.c.share_token == token)).one_or_none()
        if row is None:
            raise Refusal(Reason.NOT_FOUND, "There is no such shared dashboard")
        return _dashboard(row)

    def create(self, project_id: str, spec: DashboardSpec) -> Dashboard:
        with self._change_lock, self._database.recording() as connection:
            now_ms = self._clock.now_ms()
            made = Dashboard(
                dashboard_id=self._mint.mint("dash"),
                project_id=project_id,
                name=spec.name,
                description=spec.description,
                widgets=spec.widgets,
                share_token=_new_token() if spec.is_public else None,
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
            )
            connection.execute(insert(dashboards).values(**_values(made)))
        return made

    def update(self, project_id: str, dashboard_id: str, change: DashboardChange) -> Dashboard:
        """Raises Refusal not_found, changed_meanwhile."""
        with self._change_lock, self._database.recording() as connection:
            before = _find(connection, project_id, dashboard_id)
            if change.seen_at_ms not in (None, before.updated_at_ms):
                message = "The dashboard was changed since it was read; read it again"
                raise Refusal(Reason.CHANGED_MEANWHILE, message, field="updated_at", expected="the dashboard's updated_at")
            given = {
                field: value for field in ("name", "description", "widgets") if (value := getattr(change, field)) is not UNSET
            }
            token = before.share_token
            if change.is_public is not UNSET:
                token = (token or _new_token()) if change.is_public else None
            after = msgspec.structs.replace(before, **given, share_token=token, updated_at_ms=self._later_than(before))
            connection.execute(update(dashboards).where(dashboards.c.dashboard_id == dashboard_id).values(**_values(after)))
        return after

    def delete(self, project_id: str, dashboard_id: str) -> None:
        """Raises Refusal not_found."""
        with self._change_lock, self._database.recording() as connection:
            _find(connection, project_id, dashboard_id)
            connection.execute(delete(dashboards).where(dashboards.c.dashboard_id == dashboard_id))

    def _later_than(self, before: Dashboard) -> int:
        # Two changes within a millisecond, or a clock that was set back: the time must still tell them apart.
        return max(self._clock.now_ms(), before.updated_at_ms + 1)


def _new_token() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _find(connection: Connection, project_id: str, dashboard_id: str) -> Dashboard:
    own = (dashboards.c.dashboard_id == dashboard_id) & (dashboards.c.project_id == project_id)
    row = connection.execute(select(dashboards).where(own)).one_or_none()
    if row is None:
        raise Refusal(Reason.NOT_FOUND, "Dashboard not found")
    return _dashboard(row)


def _dashboard(row: Row[tuple[object, ...]]) -> Dashboard:
    columns = row._mapping
    return Dashboard(**{**columns, "widgets": _widgets.decode(columns["widgets"])})


def _values(dashboard: Dashboard) -> Mapping[str, object]:
    columns = {field: getattr(dashboard, field) for field in dashboard.__struct_fields__}
    return {**columns, "widgets": msgspec.json.encode(dashboard.widgets).decode()}
