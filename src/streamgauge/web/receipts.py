"""The Flexprice door's routes about single events: their receipts, their history, and taking them back.

A receipt is made when it is asked for, of the stored event and of the meters, features, customers and goals as they are then. A
lookup that does not cover all that was accepted says so: what it finds carries X-Streamgauge-Lag, and what it does not find is
"server_busy" and not "not_found", for it may be on its way.

An event is taken back by a mark in the journal: it stays stored and counts for nothing, until it is sent again. Taking back
what is taken back already changes nothing and is answered the same. It takes a key that can read and send events.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from streamgauge.intake import Intake
from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.query import EventLookup, StoredEvent
from streamgauge.kernel.receipt import Standing
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.metering.matching import Uncounted
from streamgauge.metering.receipts import CustomerBook, GoalBook, MeterShelf, ReceiptDepartment
from streamgauge.query import Answered, QueryRunner
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.queries import fresh_reply
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import lookup
from streamgauge.wire.flexprice.receipts import Version, render_receipt

_RETRY_AFTER_S = 1
_MARK_FLAGS = int(EventFlag.VOID | EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT)


class AcceptedCounter(Protocol):
    """What these routes count."""

    def accepted(self, door: Door, events: int) -> None: ...


class ReceiptDesk(NamedTuple):
    """What the routes need."""

    runner: QueryRunner
    receipts: ReceiptDepartment
    intake: Intake
    counters: AcceptedCounter


class Books(GoalBook, Protocol):
    """The control plane, as receipts need it."""

    @property
    def catalogue(self) -> MeterShelf: ...

    @property
    def customers(self) -> CustomerBook: ...


def receipt_desk(books: Books, runner: QueryRunner, intake: Intake, counters: AcceptedCounter) -> ReceiptDesk:
    receipts = ReceiptDepartment(books.catalogue, books.customers, books)
    return ReceiptDesk(runner, receipts, intake, counters)


async def answer_lookup(desk: ReceiptDesk, question: Question) -> Reply:
    return await _receipt(desk, lookup.parse_lookup(question.parameters, question.project_id))


async def answer_lookup_by_path(desk: ReceiptDesk, question: Question) -> Reply:
    return await _receipt(desk, lookup.parse_lookup_by_path(question.path["id"], question.parameters, question.project_id))


async def answer_void(desk: ReceiptDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    asked = lookup.parse_lookup_by_path(question.path["id"], (), question.project_id)
    latest = (await _stored(desk, asked.versions)).answer[0]
    if not latest.superseded:
        await desk.intake.admit(question.key, Door.FLEXPRICE, [_mark(latest)], question.now_ms)
        desk.counters.accepted(Door.FLEXPRICE, 1)
    reply = {"message": "Event voided successfully", "event_id": latest.event_id}
    return Reply(200, msgspec.json.encode(reply))


RECEIPT_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events/lookup", answer_lookup),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events/{id}", answer_lookup_by_path),
    DoorRoute(Door.FLEXPRICE, "DELETE", "/v1/events/{id}", answer_void),
)


async def _receipt(desk: ReceiptDesk, request: lookup.LookupRequest) -> Reply:
    answered = await _stored(desk, request.versions)
    stored = answered.answer
    chosen = request.chosen(stored)
    if not chosen:
        raise lookup.no_event()
    versions = [Version(event, _standing(event, stored)) for event in chosen]
    out_of_force = _OUT_OF_FORCE.get(versions[0].standing)
    receipt = await asyncio.to_thread(desk.receipts.receipt, request.versions.project_id, chosen[0], out_of_force)
    return fresh_reply(render_receipt(request.versions.project_id, versions, len(stored), receipt), answered.freshness)


_OUT_OF_FORCE = {Standing.SUPERSEDED: Uncounted.SUPERSEDED, Standing.VOIDED: Uncounted.VOIDED}


def _standing(event: StoredEvent, stored: Sequence[StoredEvent]) -> Standing:
    if not event.superseded:
        return Standing.IN_FORCE
    # The newest version is replaced by nothing but a mark that takes the event back.
    return Standing.VOIDED if event is stored[0] else Standing.SUPERSEDED


async def _stored(desk: ReceiptDesk, asked: EventLookup) -> Answered[tuple[StoredEvent, ...]]:
    """All versions, at least one. Raises Refusal not_found, or server_busy when the event may be on its way."""
    answered = await desk.runner.lookup(asked)
    if answered.answer:
        return answered
    if answered.freshness.lagging:
        message = "The latest events are not loaded yet; try again shortly"
        raise Refusal(Reason.SERVER_BUSY, message, retry_after_s=_RETRY_AFTER_S)
    raise lookup.no_event()


def _mark(event: StoredEvent) -> Event:
    """Takes back the event: same id, and where and whose it was."""
    return Event(
        event_id=event.event_id,
        name=event.name,
        timestamp_ms=event.timestamp_ms,
        customer_id=event.customer_id,
        website_id=event.website_id,
        flags=_MARK_FLAGS,
    )
