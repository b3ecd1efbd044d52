"""The ingest routes as plain ASGI: they carry nearly all traffic, so nothing stands between the server and these steps.

    meet -> choose the door -> enter (key, limits, scope) -> read the body -> parse -> check websites -> admit -> answer

Promise: a success status is sent only after the journal has the events on disk (`Intake.admit`).
"""

from typing import Protocol

from streamgauge.intake import Intake
from streamgauge.kernel.access import Key, Scope
from streamgauge.kernel.event import Door
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.body import Bodies, ClientGoneError
from streamgauge.web.doors import FACES, DoorFace, IngestRoute, window_of
from streamgauge.web.exchange import Exchange, Gate, finish
from streamgauge.web.logging import log_failure
from streamgauge.web.reply import Receive, Reply, Send
from streamgauge.web.reply import Scope as AsgiScope
from streamgauge.wire.dialect import Arrival, NoneAccepted
from streamgauge.wire.doors import decide_door


class EventCounters(Protocol):
    """What the ingest routes count."""

    def accepted(self, door: Door, events: int) -> None: ...

    def refused(self, door: Door | None, reason: Reason) -> None: ...


class IngestDesk:
    """Answers the ingest routes."""

    def __init__(self, gate: Gate, intake: Intake, counters: EventCounters, mint: IdMint, bodies: Bodies) -> None:
        self._gate = gate
        self._intake = intake
        self._counters = counters
        self._mint = mint
        self._bodies = bodies

    async def answer(self, route: IngestRoute, scope: AsgiScope, receive: Receive, send: Send) -> None:
        exchange = self._gate.meet(scope)
        face = FACES[route.door] if route.door is not None else None
        try:
            body = None
            if face is None:
                face, body = await self._choose(exchange, receive)
            key = self._gate.enter(exchange, window_of(face, scope["path"]), Scope.INGEST)
            if body is None:
                body = await self._bodies.read(exchange, scope, receive)
            accept = self._accept_batch if route.batch else self._accept_event
            reply = await accept(face, key, body, exchange.now_ms)
        except Refusal as refusal:
            face = face or FACES[Door.SOLINTH]
            reply = self._refuse(face, self._gate.counted(exchange, window_of(face, scope["path"]), refusal))
        except ClientGoneError:
            return
        except Exception as exc:  # noqa: BLE001 - the top of a request: whatever happens, the sender gets an answer
            log_failure(scope, exc)
            face = face or FACES[Door.SOLINTH]
            reply = self._refuse(face, Refusal(Reason.INTERNAL_ERROR, "Internal error. The event was not accepted."))
        finally:
            self._bodies.release(exchange)
        exchange.headers.extend(face.headers)
        await finish(send, exchange, reply)

    async def _choose(self, exchange: Exchange, receive: Receive) -> tuple[DoorFace, bytes | None]:
        """The door of POST /v1/events at the root. The body is read here only when the credentials do not tell."""
        if exchange.credentials.api_key is not None:
            return FACES[Door.FLEXPRICE], None
        key_door = self._door_of_key(exchange)
        body = await self._bodies.read(exchange, exchange.scope, receive)
        return FACES[decide_door(has_api_key_header=False, key_door=key_door, body=body)], body

    def _door_of_key(self, exchange: Exchange) -> str | None:
        try:
            return self._gate.identify(exchange).door
        except Refusal:
            return None

    async def _accept_event(self, face: DoorFace, key: Key, body: bytes, now_ms: int) -> Reply:
        dialect = face.dialect
        event = dialect.parse_event(body, Arrival(now_ms, self._mint))
        if event.website_id:
            self._intake.check_website(key.project_id, event.website_id)
        await self._intake.admit(key, dialect.door, [event], now_ms)
        self._counters.accepted(dialect.door, 1)
        return Reply(dialect.success_status, dialect.render_event(event))

    async def _accept_batch(self, face: DoorFace, key: Key, body: bytes, now_ms: int) -> Reply:
        dialect = face.dialect
        parsed = dialect.parse_batch(body, Arrival(now_ms, self._mint))
        events, failures = parsed.events, parsed.failures
        if dialect.partial:
            checked = self._intake.check_websites(key.project_id, events, parsed.indexes)
            events, failures = checked.known, sorted([*failures, *checked.refused], key=lambda failure: failure[0])
            if not events:
                raise NoneAccepted(failures)
        await self._intake.admit(key, dialect.door, events, now_ms)
        self._counters.accepted(dialect.door, len(events))
        for _, refusal in failures:
            self._counters.refused(dialect.door, refusal.reason)
        return Reply(dialect.success_status, dialect.render_batch(events, failures))

    def _refuse(self, face: DoorFace, refusal: Refusal) -> Reply:
        for reason in refusal.reasons if isinstance(refusal, NoneAccepted) else (refusal.reason,):
            self._counters.refused(face.door, reason)
        return face.refuse(refusal)
