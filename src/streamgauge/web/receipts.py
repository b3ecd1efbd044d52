"""The Flexprice door's routes about single events: receipts, history, taking them back; and the list of those that none counts.

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
from streamgauge.metering.uncounted import matchers_of, reason_for
from streamgauge.query import Answered, QueryRunner
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.queries import fresh_reply
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import lookup, unmetered
from streamgauge.wire.flexprice.history import MAX_CHANGES, render_history
from streamgauge.wire.flexprice.receipts import Version, render_receipt

_RETRY_AFTER_S = 1
_MARK_FLAGS = int(EventFlag.VOID | EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT)


class AcceptedCounter(Protocol):
    """What these routes count."""

    def accepted(self, door: Door, events: int) -> None: ...


class ReceiptDesk(NamedTuple):
    """What the routes need."""

    runner: QueryRunner
    meters: MeterShelf
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
    return ReceiptDesk(runner, books.catalogue, receipts, intake, counters)


async def answer_lookup(desk: ReceiptDesk, question: Question) -> Reply:
    return await _receipt(desk, lookup.parse_lookup(question.parameters, question.project_id))


async def answer_lookup_by_path(desk: ReceiptDesk, question: Question) -> Reply:
    return await _receipt(desk, lookup.parse_lookup_by_path(question.path["id"], question.parameters, question.project_id))


async def answer_void(desk: ReceiptDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    asked = lookup.parse_lookup_by_path(question.path["id"], (), question.project_id)
    latest = (await _stored(desk, asked.versions)).answer[0]
    if not latest.flags & EventFlag.VOID:
        await desk.intake.admit(question.key, Door.FLEXPRICE, [_mark(latest)], question.now_ms)
        desk.counters.accepted(Door.FLEXPRICE, 1)
    reply = {"message": "Event voided successfully", "event_id": latest.event_id}
    return Reply(200, msgspec.json.encode(reply))


async def answer_history(desk: ReceiptDesk, question: Question) -> Reply:
    asked = lookup.parse_lookup_by_path(question.path["id"], question.parameters, question.project_id)
    found = await _stored(desk, msgspec.structs.replace(asked.versions, limit=MAX_CHANGES + 1))
    return fresh_reply(render_history(question.project_id, found.answer), found.freshness)


async def answer_unmetered(desk: ReceiptDesk, question: Question) -> Reply:
    query = unmetered.parse_unmetered(question.parameters, question.project_id, question.now_ms)
    meters = desk.meters.meters(question.project_id)
    matchers = matchers_of(meters, query.selection.event_name)
    answered = await desk.runner.events(msgspec.structs.replace(query, matched_by_none=matchers))

    def reason_of(event: StoredEvent) -> str:
        return reason_for(meters, event) or ""

    return fresh_reply(unmetered.render_unmetered(query, answered.answer, reason_of), answered.freshness)


RECEIPT_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events/unmetered", answer_unmetered),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events/lookup", answer_lookup),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events/{id}", answer_lookup_by_path),
    DoorRoute(Door.FLEXPRICE, "DELETE", "/v1/events/{id}", answer_void),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events/{id}/history", answer_history),
)


async def _receipt(desk: ReceiptDesk, request: lookup.LookupRequest) -> Reply:
    answered = await _stored(desk, request.versions)
    stored = [_version(entry, answered.answer) for entry in answered.answer if not entry.flags & EventFlag.VOID]
    versions = [version for version in stored if request.asks_for(version.event)]
    if not versions:
        raise lookup.no_event()
    project_id, (first, *_) = request.versions.project_id, versions
    receipt = await asyncio.to_thread(desk.receipts.receipt, project_id, first.event, _OUT_OF_FORCE.get(first.standing))
    return fresh_reply(render_receipt(project_id, versions, len(stored), receipt), answered.freshness)


_OUT_OF_FORCE = {Standing.SUPERSEDED: Uncounted.SUPERSEDED, Standing.VOIDED: Uncounted.VOIDED}


def _version(event: StoredEvent, entries: Sequence[StoredEvent]) -> Version:
    if event.replaced_by is None:
        return Version(event, Standing.IN_FORCE)
    # Both are there: the newest entries are looked up, and what replaced a version is newer than it.
    by = next(entry for entry in entries if entry.position == event.replaced_by)
    return Version(event, Standing.VOIDED if by.flags & EventFlag.VOID else Standing.SUPERSEDED, by)


async def _stored(desk: ReceiptDesk, asked: EventLookup) -> Answered[tuple[StoredEvent, ...]]:
    """All versions and void marks, at least one. Raises Refusal not_found, or server_busy when the event may be on its way."""
    answered = await desk.runner.history(asked)
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
