"""Webhook endpoints, and the queue of what is to be delivered to them.

Promise: what `announce` was given is on disk when it returns, once for each endpoint that takes it, and stays until it was
delivered or given up; what was given up is kept too (KEEP_DEAD_MS).

Limits: an endpoint has at most MAX_PENDING messages waiting; what comes on top is not kept, and counted in `overflowed`.
"""

import base64
import secrets
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from streamgauge.control.database import Database
from streamgauge.control.metering_tables import webhook_deliveries as deliveries
from streamgauge.control.metering_tables import webhook_endpoints as endpoints
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.webhook import (
    DeliveryState,
    EndpointChange,
    EndpointSpec,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

MAX_ENDPOINTS = 20
MAX_PENDING = 10_000
KEEP_DELIVERED_MS = 7 * 86_400_000
KEEP_DEAD_MS = 30 * 86_400_000
_SECRET_BYTES = 32
_event_types = msgspec.json.Decoder(tuple[WebhookEvent, ...])


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries a list shows; None for all."""

    endpoint_id: str | None = None
    event_type: WebhookEvent | None = None
    state: DeliveryState | None = None


class Webhooks:
    """The endpoints and deliveries of all projects. Safe to use from several threads; all but `wants` wait for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.overflowed = 0
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._by_project: Mapping[str, tuple[WebhookEndpoint, ...]] = {}
        self._read_endpoints()

    # Endpoints.

    def wants(self, project_id: str, event_type: WebhookEvent) -> bool:
        """Whether any endpoint of the project takes such messages. From memory."""
        return any(endpoint.takes(event_type) for endpoint in self._by_project.get(project_id, ()))

    def endpoints(self, project_id: str) -> tuple[WebhookEndpoint, ...]:
        """In the order of their making."""
        return self._by_project.get(project_id, ())

    def endpoint(self, project_id: str, endpoint_id: str) -> WebhookEndpoint:
        """Raises Refusal not_found."""
        for endpoint in self.endpoints(project_id):
            if endpoint.endpoint_id == endpoint_id:
                return endpoint
        raise Refusal(Reason.NOT_FOUND, "Webhook endpoint not found")

    def create(self, project_id: str, spec: EndpointSpec) -> WebhookEndpoint:
        """Raises Refusal invalid_parameter when the project has MAX_ENDPOINTS already."""
        with self._change_lock:
            if len(self.endpoints(project_id)) >= MAX_ENDPOINTS:
                raise Refusal(Reason.INVALID_PARAMETER, f"A project has at most {MAX_ENDPOINTS} webhook endpoints", field="url")
            now_ms = self._clock.now_ms()
            made = WebhookEndpoint(
                endpoint_id=self._mint.mint("whep"),
                project_id=project_id,
                secret="whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode(),
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                **msgspec.structs.asdict(spec),
            )
            with self._database.recording() as connection:
                connection.execute(insert(endpoints).values(**_values(made)))
            self._read_endpoints()
        return made

    def update(self, project_id: str, endpoint_id: str, change: EndpointChange) -> WebhookEndpoint:
        """The endpoint as it is afterwards. Raises Refusal not_found."""
        with self._change_lock:
            before = self.endpoint(project_id, endpoint_id)
            given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
            after = msgspec.structs.replace(before, **given, updated_at_ms=max(self._clock.now_ms(), before.updated_at_ms + 1))
            with self._database.recording() as connection:
                connection.execute(update(endpoints).where(endpoints.c.endpoint_id == endpoint_id).values(**_values(after)))
            self._read_endpoints()
        return after

    def delete(self, project_id: str, endpoint_id: str) -> None:
        """Also its deliveries, those that wait included. Raises Refusal not_found."""
        with self._change_lock:
            self.endpoint(project_id, endpoint_id)
            with self._database.recording() as connection:
                connection.execute(delete(deliveries).where(deliveries.c.endpoint_id == endpoint_id))
                connection.execute(delete(endpoints).where(endpoints.c.endpoint_id == endpoint_id))
            self._read_endpoints()

    # Messages.

    def announce(self, project_id: str, event_type: WebhookEvent, data: Mapping[str, object]) -> None:
        """One delivery for each endpoint that takes the type. Waits for the disk: not for the event loop or the loader."""
        takers = [endpoint for endpoint in self.endpoints(project_id) if endpoint.takes(event_type)]
        if takers:
            self._enqueue(takers, event_type, data)

    def send_test(self, project_id: str, endpoint_id: str) -> WebhookDelivery:
        """A message of type webhook.test to this endpoint, whatever it takes. Raises Refusal not_found, backlog_full."""
        endpoint = self.endpoint(project_id, endpoint_id)
        made = self._enqueue([endpoint], WebhookEvent.TEST, {"endpoint_id": endpoint_id})
        if not made:
            raise Refusal(Reason.BACKLOG_FULL, f"{MAX_PENDING} messages wait for this endpoint already", retry_after_s=60)
        return made[0]

    def due(self, now_ms: int, limit: int) -> list[tuple[WebhookDelivery, WebhookEndpoint]]:
        """Deliveries whose time has come, with where they go, the longest waiting first; of endpoints that are enabled."""
        enabled = {endpoint.endpoint_id: endpoint for own in self._by_project.values() for endpoint in own if endpoint.is_enabled}
        is_due = and_(
            deliveries.c.state == DeliveryState.PENDING,
            deliveries.c.next_attempt_at_ms <= now_ms,
            deliveries.c.endpoint_id.in_(enabled),
        )
        query = select(deliveries).where(is_due).order_by(deliveries.c.next_attempt_at_ms).limit(limit)
        with self._database.reading() as connection:
            found = [_delivery(row) for row in connection.execute(query)]
        return [(delivery, enabled[delivery.endpoint_id]) for delivery in found]

    def next_due_ms(self) -> int | None:
        """When the next delivery is due; None when none waits."""
        query = select(func.min(deliveries.c.next_attempt_at_ms)).where(deliveries.c.state == DeliveryState.PENDING)
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def record_attempt(
        self, delivery_id: str, state: DeliveryState, status: int | None, error: str, next_attempt_at_ms: int | None
    ) -> None:
        """What a try came to. A delivery that was deleted meanwhile stays deleted."""
        finished = None if state is DeliveryState.PENDING else self._clock.now_ms()
        values = {
            "state": state,
            "attempts": deliveries.c.attempts + 1,
            "last_status": status,
            "last_error": error,
            "next_attempt_at_ms": next_attempt_at_ms,
            "finished_at_ms": finished,
        }
        with self._database.recording() as connection:
            connection.execute(update(deliveries).where(deliveries.c.delivery_id == delivery_id).values(**values))

    def deliveries(
        self, project_id: str, wanted: DeliveryFilter, limit: int, offset: int, *, newest_first: bool = True
    ) -> tuple[list[WebhookDelivery], int]:
        """Deliveries of the project and how many there are in all."""
        found = [deliveries.c.project_id == project_id]
        found += [deliveries.c[name] == value for name, value in msgspec.structs.asdict(wanted).items() if value is not None]
        where = and_(*found)
        order = (deliveries.c.created_at_ms, deliveries.c.delivery_id)
        query = select(deliveries).where(where).order_by(*(column.desc() if newest_first else column for column in order))
        with self._database.reading() as connection:
            rows = [_delivery(row) for row in connection.execute(query.limit(limit).offset(offset))]
            return rows, connection.execute(select(func.count()).select_from(deliveries).where(where)).scalar_one()

    def delivery(self, project_id: str, delivery_id: str) -> WebhookDelivery:
        """Raises Refusal not_found."""
        with self._database.reading() as connection:
            return _find_delivery(connection, project_id, delivery_id)

    def retry(self, project_id: str, delivery_id: str) -> WebhookDelivery:
        """Send it again now, whatever became of it. Raises Refusal not_found."""
        with self._database.recording() as connection:
            _find_delivery(connection, project_id, delivery_id)
            values = {
                "state": DeliveryState.PENDING,
                "attempts": 0,
                "next_attempt_at_ms": self._clock.now_ms(),
                "finished_at_ms": None,
            }
            connection.execute(update(deliveries).where(deliveries.c.delivery_id == delivery_id).values(**values))
            return _find_delivery(connection, project_id, delivery_id)

    def forget_old(self) -> int:
        """Deletes deliveries that ended long ago; returns how many."""
        now_ms = self._clock.now_ms()

        def ended(state: DeliveryState, kept_ms: int) -> ColumnElement[bool]:
            return and_(deliveries.c.state == state, deliveries.c.finished_at_ms < now_ms - kept_ms)

        old = or_(ended(DeliveryState.DELIVERED, KEEP_DELIVERED_MS), ended(DeliveryState.DEAD, KEEP_DEAD_MS))
        with self._database.recording() as connection:
            return connection.execute(delete(deliveries).where(old)).rowcount

    def _enqueue(
        self, takers: Sequence[WebhookEndpoint], event_type: WebhookEvent, data: Mapping[str, object]
    ) -> list[WebhookDelivery]:
        with self._change_lock, self._database.recording() as connection:
            now_ms = self._clock.now_ms()
            message_id = self._mint.mint("msg")
            payload = _payload(event_type, now_ms, data)
            made = []
            still_there = {endpoint.endpoint_id for endpoint in self.endpoints(takers[0].project_id)}
            for endpoint in takers:
                if endpoint.endpoint_id not in still_there:
                    continue
                if _waiting(connection, endpoint.endpoint_id) >= MAX_PENDING:
                    self.overflowed += 1
                    continue
                made.append(
                    WebhookDelivery(
                        delivery_id=self._mint.mint("whd"),
                        project_id=endpoint.project_id,
                        endpoint_id=endpoint.endpoint_id,
                        message_id=message_id,
                        event_type=event_type,
                        payload=payload,
                        state=DeliveryState.PENDING,
                        attempts=0,
                        next_attempt_at_ms=now_ms,
                        last_status=None,
                        last_error="",
                        created_at_ms=now_ms,
                        finished_at_ms=None,
                    )
                )
            for delivery in made:
                connection.execute(insert(deliveries).values(**msgspec.structs.asdict(delivery)))
        return made

    def _read_endpoints(self) -> None:
        by_project: dict[str, tuple[WebhookEndpoint, ...]] = {}
        query = select(endpoints).order_by(endpoints.c.created_at_ms, endpoints.c.endpoint_id)
        with self._database.reading() as connection:
            for row in connection.execute(query):
                found = _endpoint(row)
                by_project[found.project_id] = (*by_project.get(found.project_id, ()), found)
        self._by_project = by_project


def _payload(event_type: WebhookEvent, now_ms: int, data: Mapping[str, object]) -> str:
    """The body that the Standard Webhooks convention proposes."""
    instant = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return msgspec.json.encode({"type": event_type, "timestamp": instant, "data": data}).decode()


def _waiting(connection: Connection, endpoint_id: str) -> int:
    own = and_(deliveries.c.endpoint_id == endpoint_id, deliveries.c.state == DeliveryState.PENDING)
    return connection.execute(select(func.count()).select_from(deliveries).where(own)).scalar_one()


def _find_delivery(connection: Connection, project_id: str, delivery_id: str) -> WebhookDelivery:
    own = and_(deliveries.c.delivery_id == delivery_id, deliveries.c.project_id == project_id)
    row = connection.execute(select(deliveries).where(own)).one_or_none()
    if row is None:
        raise Refusal(Reason.NOT_FOUND, "Webhook delivery not found")
    return _delivery(row)


def _delivery(row: Row[tuple[object, ...]]) -> WebhookDelivery:
    columns = row._mapping
    return WebhookDelivery(
        **{**columns, "event_type": WebhookEvent(columns["event_type"]), "state": DeliveryState(columns["state"])}
    )


def _endpoint(row: Row[tuple[object, ...]]) -> WebhookEndpoint:
    columns = row._mapping
    return WebhookEndpoint(**{**columns, "event_types": _event_types.decode(columns["event_types"])})


def _values(endpoint: WebhookEndpoint) -> Mapping[str, object]:
    return {**msgspec.structs.asdict(endpoint), "event_types": msgspec.json.encode(endpoint.event_types).decode()}
