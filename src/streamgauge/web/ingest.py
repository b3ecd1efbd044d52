"""The ingest routes as plain ASGI: they carry nearly all traffic, so nothing stands between the server and these steps.

    meet -> choose the door -> enter (key, limits, scope) -> read the body -> parse -> check websites, enrich -> admit -> answer

Promise: a success status is sent only after the journal has the events on disk (`Intake.admit`, `Intake.submit`).

Two ways lead through the same steps. A request whose body is still coming waits for it in a task (`answer`). One that has arrived
whole, as nearly all small ones do, is taken as far as the journal at once, and its answer is written when the journal
says that it is durable (`answer_whole`): no task, no second turn of the loop before the append.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from streamgauge.intake import Intake
from streamgauge.kernel.access import Key, RateClass, Scope
from streamgauge.kernel.event import Door, Event
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.body import Bodies, ClientGoneError
from streamgauge.web.credentials import Credentials, read_credentials
from streamgauge.web.doors import FACES, DoorFace, IngestRoute, window_of
from streamgauge.web.exchange import Exchange, Gate, answer_at_once, finish, sent_request_id
from streamgauge.web.logging import log_failure
from streamgauge.web.reply import Receive, Reply, Respond, Send
from streamgauge.web.reply import Scope as AsgiScope
from streamgauge.wire.dialect import Arrival, NoneAccepted
from streamgauge.wire.doors import decide_door

_GONE = Refusal(Reason.UNDECODABLE_BODY, "The client hung up before its body was complete.")


def _tell_nobody(_refusal: Refusal) -> None:
    """There is nobody left to answer."""


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
        """Answer a request whose body is still to be read."""
        exchange = self._gate.meet(scope)
        face = FACES[route.door] if route.door is not None else None
        try:
            body = None
            if face is None:
                face, body = await self._choose(exchange, receive)
            key = self._gate.enter(exchange, window_of(face, scope["path"]), Scope.INGEST)
            if body is None:
                body = await self._bodies.read(exchange, scope, receive)
            work = self._parse(route, face, key, body, exchange.now_ms)
            await self._intake.admit(key, face.door, work.events, exchange.now_ms, exchange.allowance)
            reply = self._accepted(route, face, work)
        except ClientGoneError:
            self._gate.when_counted(exchange, _GONE, _tell_nobody)
            return
        except Exception as error:  # noqa: BLE001 - the top of a request: whatever happens, the sender gets an answer
            face = face or FACES[Door.SOLINTH]
            reply = self._refused(face, await self._told(exchange, self._refusal_of(exchange, face, error)))
        finally:
            self._bodies.release(exchange)
        exchange.headers.extend(face.headers)
        await finish(send, exchange, reply)

    async def _told(self, exchange: Exchange, refusal: Refusal) -> Refusal:
        """The refusal to answer with. Waited for here: a future that is kept where the refusal came by would hold all that the
        request brought until the collector finds the circle."""
        told: asyncio.Future[Refusal] = asyncio.get_running_loop().create_future()
        self._gate.when_counted(exchange, refusal, told.set_result)
        return await told

    def answer_whole(self, head: "IngestHead", client: tuple[str, int] | None, body: bytes, respond: Respond) -> None:
        """Answer a request that is all there: the same steps, without a task that waits. Called on the event loop."""
        gate = self._gate
        exchange = _Whole(head.scope, gate.now_ms(), head.request_id or gate.new_request_id(), head.credentials)
        exchange.client, exchange.desk, exchange.route, exchange.respond = client, self, head.route, respond
        face = head.face
        try:
            if face is None:
                face = FACES[self._door_of(exchange, body)]
            exchange.face = face
            key = gate.enter(exchange, head.window or face.single, Scope.INGEST)
            exchange.work = self._parse(head.route, face, key, body, exchange.now_ms)
            self._intake.submit(key, face.door, exchange.work.events, exchange.now_ms, exchange.settle, exchange.allowance)
        except Exception as error:  # noqa: BLE001 - the top of a request: whatever happens, the sender gets an answer
            exchange.face = face or FACES[Door.SOLINTH]
            self._answer_failure(exchange, error)

    def conclude(self, exchange: "_Whole", refusal: Refusal | None) -> None:
        """The journal has the events on disk, or says why not."""
        face, work = exchange.face, exchange.work
        if refusal is None:
            try:
                reply = self._accepted(exchange.route, face, work)
            except Exception as error:  # noqa: BLE001 - as above; others wait to be told behind this one
                self._answer_failure(exchange, error)
            else:
                answer_at_once(exchange.respond, exchange, face.lines, reply)
        else:
            assert exchange.key is not None
            self._intake.give_back(exchange.key, len(work.events), exchange.now_ms)
            self._answer_failure(exchange, refusal)

    def _answer_failure(self, exchange: "_Whole", error: Exception) -> None:
        def answer(refusal: Refusal) -> None:
            answer_at_once(exchange.respond, exchange, exchange.face.lines, self._refused(exchange.face, refusal))

        self._gate.when_counted(exchange, self._refusal_of(exchange, exchange.face, error), answer)

    async def _choose(self, exchange: Exchange, receive: Receive) -> tuple[DoorFace, bytes | None]:
        """The door of POST /v1/events at the root. The body is read here only when the credentials do not tell."""
        if exchange.credentials.api_key is not None:
            return FACES[Door.FLEXPRICE], None
        body = await self._bodies.read(exchange, exchange.scope, receive)
        return FACES[self._door_of(exchange, body)], body

    def _door_of(self, exchange: Exchange, body: bytes) -> Door:
        if exchange.credentials.api_key is not None:
            return Door.FLEXPRICE
        try:
            key_door = self._gate.identify(exchange).door
        except Refusal:
            key_door = None
        return decide_door(has_api_key_header=False, key_door=key_door, body=body)

    def _parse(self, route: IngestRoute, face: DoorFace, key: Key, body: bytes, now_ms: int) -> "Work":
        """The events of a request, checked. Raises Refusal when none of them can be accepted."""
        dialect = face.dialect
        arrival = Arrival(now_ms, self._mint)
        if not route.batch:
            event = dialect.parse_event(body, arrival)
            if event.website_id:
                self._intake.check_website(key.project_id, event.website_id)
                event = self._intake.enriched(event)
            return Work([event], ())
        parsed = dialect.parse_batch(body, arrival)
        if not dialect.partial:
            return Work(parsed.events, parsed.failures)
        checked = self._intake.check_websites(key.project_id, parsed.events, parsed.indexes)
        failures = sorted([*parsed.failures, *checked.refused], key=lambda failure: failure[0])
        if not checked.known:
            raise NoneAccepted(failures)
        return Work([self._intake.enriched(event) for event in checked.known], failures)

    def _accepted(self, route: IngestRoute, face: DoorFace, work: "Work") -> Reply:
        """The events are durable: count, and render the success."""
        dialect = face.dialect
        self._counters.accepted(dialect.door, len(work.events))
        if not route.batch:
            return Reply(dialect.success_status, dialect.render_event(work.events[0]))
        for _, refusal in work.failures:
            self._counters.refused(dialect.door, refusal.reason)
        return Reply(dialect.success_status, dialect.render_batch(work.events, work.failures))

    def _refusal_of(self, exchange: Exchange, face: DoorFace, error: BaseException) -> Refusal:
        """Why nothing of the request is stored."""
        if isinstance(error, Refusal):
            return self._gate.counted(exchange, window_of(face, exchange.scope["path"]), error)
        log_failure(exchange.scope, error)
        return Refusal(Reason.INTERNAL_ERROR, "Internal error. The event was not accepted.")

    def _refused(self, face: DoorFace, refusal: Refusal) -> Reply:
        """Nothing of the request is stored: count why, and render it in the door's shape."""
        for reason in refusal.reasons if isinstance(refusal, NoneAccepted) else (refusal.reason,):
            self._counters.refused(face.door, reason)
        return face.refuse(refusal)


class Work(NamedTuple):
    """The events of one request that are to be accepted, and the refused rest of a batch."""

    events: list[Event]
    failures: Sequence[tuple[int, Refusal]]


class IngestHead(NamedTuple):
    """What the head of a request to an ingest route tells, as far as that can never change. scope: of the first such request, so
    all but its `client` is right for others.

    face: None where the body and the key are to be asked too; window: likewise. request_id: None when the sender gave none.
    """

    scope: AsgiScope
    route: IngestRoute
    face: DoorFace | None
    window: RateClass | None
    credentials: Credentials
    request_id: bytes | None

    @classmethod
    def of(cls, route: IngestRoute, scope: AsgiScope) -> "IngestHead":
        face = FACES[route.door] if route.door is not None else None
        window = window_of(face, scope["path"]) if face is not None else None
        return cls(scope, route, face, window, read_credentials(scope["headers"]), sent_request_id(scope))


class _Whole(Exchange):
    """An exchange whose request came whole: what is still needed when its events are on disk."""

    __slots__ = ("desk", "face", "respond", "route", "work")

    desk: IngestDesk
    face: DoorFace
    respond: Respond
    route: IngestRoute
    work: Work

    def settle(self, _position: int, refusal: Refusal | None) -> None:
        self.desk.conclude(self, refusal)
