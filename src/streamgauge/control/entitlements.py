"""Entitlements: how much of a feature a customer may use. Read from the database by indexed look-ups, as customers are.

Promises
- A customer has at most one entitlement to a feature; both belong to the project.
- Whoever watches is told of every change before the call that made it returns.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from streamgauge.control.database import Database
from streamgauge.control.metering_tables import customer_ids, customers, entitlements, features
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.limit import EntitlementChange, EntitlementSpec
from streamgauge.kernel.metering import Entitlement, LimitPeriod, Status
from streamgauge.kernel.refusal import Reason, Refusal

Watcher = Callable[[str, Sequence[str], str], None]
"""Is told a project's id, the ids under which events name the customer that something changed for, and the feature's id."""


class EntitlementFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entitlements a list shows; None for all."""

    customer_ids: tuple[str, ...] | None = None
    feature_ids: tuple[str, ...] | None = None


class Entitlements:
    """The entitlements of all projects. Safe to use from several threads; each call waits for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._watchers: tuple[Watcher, ...] = ()

    def watch(self, watcher: Watcher) -> None:
        """Have every change told to it, on the thread of the change."""
        self._watchers = (*self._watchers, watcher)

    def get(self, project_id: str, entitlement_id: str) -> Entitlement:
        """Raises Refusal not_found."""
        with self._database.reading() as connection:
            return _get(connection, project_id, entitlement_id)

    def find(self, project_id: str, customer_id: str, feature_id: str) -> Entitlement | None:
        """What the customer is entitled to of the feature."""
        own = and_(
            entitlements.c.customer_id == customer_id,
            entitlements.c.feature_id == feature_id,
            entitlements.c.project_id == project_id,
        )
        with self._database.reading() as connection:
            row = connection.execute(select(entitlements).where(own)).one_or_none()
        return None if row is None else _entitlement(row)

    def page(
        self, project_id: str, wanted: EntitlementFilter, limit: int, offset: int, *, newest_first: bool = True
    ) -> tuple[list[Entitlement], int]:
        """Entitlements of the project, and how many fulfil the filter in all."""
        found = [entitlements.c.project_id == project_id]
        if wanted.customer_ids is not None:
            found.append(entitlements.c.customer_id.in_(wanted.customer_ids))
        if wanted.feature_ids is not None:
            found.append(entitlements.c.feature_id.in_(wanted.feature_ids))
        order = [entitlements.c.created_at_ms, entitlements.c.entitlement_id]
        query = select(entitlements).where(*found).order_by(*([each.desc() for each in order] if newest_first else order))
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).all()
            total = connection.execute(select(func.count()).select_from(entitlements).where(*found)).scalar_one()
        return [_entitlement(row) for row in rows], total

    def entitled(self, after: str, limit: int) -> list[tuple[str, str, str, str]]:
        """(entitlement id, project id, external id, feature id) of the enabled ones after that id, in the order of their ids."""
        query = (
            select(entitlements.c.entitlement_id, entitlements.c.project_id, customers.c.external_id, entitlements.c.feature_id)
            .join(customers, customers.c.customer_id == entitlements.c.customer_id)
            .where(entitlements.c.entitlement_id > after, entitlements.c.is_enabled)
            .order_by(entitlements.c.entitlement_id)
        )
        with self._database.reading() as connection:
            return [tuple(row) for row in connection.execute(query.limit(limit))]

    def create(self, project_id: str, spec: EntitlementSpec) -> Entitlement:
        """Raises Refusal not_found (customer, feature), already_exists."""
        with self._change_lock:
            with self._database.recording() as connection:
                _require_customer(connection, project_id, spec.customer_id)
                _require_feature(connection, project_id, spec.feature_id)
                _require_first(connection, spec)
                now_ms = self._clock.now_ms()
                made = Entitlement(
                    entitlement_id=self._mint.mint("entl"),
                    project_id=project_id,
                    created_at_ms=now_ms,
                    updated_at_ms=now_ms,
                    **msgspec.structs.asdict(spec),
                )
                connection.execute(insert(entitlements).values(**_values(made)))
            self._tell(made)
        return made

    def update(self, project_id: str, entitlement_id: str, change: EntitlementChange) -> Entitlement:
        """The entitlement as it is afterwards. Raises Refusal not_found."""
        with self._change_lock:
            with self._database.recording() as connection:
                before = _get(connection, project_id, entitlement_id)
                given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
                after = msgspec.structs.replace(
                    before, **given, updated_at_ms=max(self._clock.now_ms(), before.updated_at_ms + 1)
                )
                own = entitlements.c.entitlement_id == entitlement_id
                connection.execute(update(entitlements).where(own).values(**_values(after)))
            self._tell(after)
        return after

    def delete(self, project_id: str, entitlement_id: str) -> None:
        """Raises Refusal not_found."""
        with self._change_lock:
            with self._database.recording() as connection:
                gone = _get(connection, project_id, entitlement_id)
                connection.execute(delete(entitlements).where(entitlements.c.entitlement_id == entitlement_id))
            self._tell(gone)

    def _tell(self, changed: Entitlement) -> None:
        if not self._watchers:
            return
        with self._database.reading() as connection:
            own = customer_ids.c.customer_id == changed.customer_id
            ids = [row.external_id for row in connection.execute(select(customer_ids.c.external_id).where(own))]
        for watcher in self._watchers:
            watcher(changed.project_id, ids, changed.feature_id)


def _get(connection: Connection, project_id: str, entitlement_id: str) -> Entitlement:
    own = and_(entitlements.c.entitlement_id == entitlement_id, entitlements.c.project_id == project_id)
    row = connection.execute(select(entitlements).where(own)).one_or_none()
    if row is None:
        raise Refusal(Reason.NOT_FOUND, f"Entitlement with ID {entitlement_id[:100]} was not found")
    return _entitlement(row)


def _require_customer(connection: Connection, project_id: str, customer_id: str) -> None:
    own = and_(customers.c.customer_id == customer_id, customers.c.project_id == project_id)
    if connection.execute(select(customers.c.customer_id).where(own)).one_or_none() is None:
        raise Refusal(Reason.NOT_FOUND, f"Customer with ID {customer_id[:100]} was not found")


def _require_feature(connection: Connection, project_id: str, feature_id: str) -> None:
    own = and_(features.c.feature_id == feature_id, features.c.project_id == project_id, features.c.status == Status.PUBLISHED)
    if connection.execute(select(features.c.feature_id).where(own)).one_or_none() is None:
        raise Refusal(Reason.NOT_FOUND, f"Feature with ID {feature_id[:100]} was not found")


def _require_first(connection: Connection, spec: EntitlementSpec) -> None:
    own = and_(entitlements.c.customer_id == spec.customer_id, entitlements.c.feature_id == spec.feature_id)
    if connection.execute(select(entitlements.c.entitlement_id).where(own)).one_or_none() is not None:
        details = {"customer_id": spec.customer_id, "feature_id": spec.feature_id}
        message = "The customer has an entitlement to this feature already"
        raise Refusal(Reason.ALREADY_EXISTS, message, field="feature_id", details=details)


def _entitlement(row: Row[tuple[object, ...]]) -> Entitlement:
    columns = row._mapping
    limits = {name: _decimal(columns[name]) for name in ("soft_limit", "hard_limit")}
    return Entitlement(**{**columns, **limits, "period": LimitPeriod(columns["period"])})


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _values(entitlement: Entitlement) -> Mapping[str, object]:
    columns = {name: getattr(entitlement, name) for name in entitlement.__struct_fields__}
    limits = {name: None if columns[name] is None else format(columns[name], "f") for name in ("soft_limit", "hard_limit")}
    return {**columns, **limits}
