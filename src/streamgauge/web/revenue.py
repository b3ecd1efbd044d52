"""theBizness's routes about money: payments are sent, listed and taken back.

    enter -> read the body -> parse -> find the website -> make the event -> enrich -> admit -> answer

Promise: success is answered only after the journal has the event on disk, as for any other event; quotas and limits are the same.
A payment is taken back by a mark in the journal: the payment stays stored and counts for nothing, until it is sent again. Taking
back what is taken back already changes nothing and is answered the same.

Who may: a key that can send events sends payments. Taking one back takes a key that can read and send events, as keys are made
without --scope: one for sending alone may lie in a page.
"""

import asyncio
from typing import NamedTuple, Protocol

from streamgauge.intake import Intake
from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.query import EventLookup, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website
from streamgauge.query import QueryRunner
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.queries import fresh_reply
from streamgauge.web.reply import Reply
from streamgauge.wire.dialect import Arrival, Mint, NoneAccepted
from streamgauge.wire.thebizness import payments
from streamgauge.wire.thebizness import revenue as wire
from streamgauge.wire.thebizness.asking import Site

_RETRY_AFTER_S = 1


class Sites(Protocol):
    """The control plane, as these routes need it."""

    def website(self, website_id: str) -> Website | None: ...

    def website_of(self, project_id: str, website_id: str) -> Website: ...


class PaymentCounters(Protocol):
    """What these routes count."""

    def accepted(self, door: Door, events: int) -> None: ...

    def refused(self, door: Door | None, reason: Reason) -> None: ...


class RevenueDesk(NamedTuple):
    """What the routes need."""

    sites: Sites
    intake: Intake
    runner: QueryRunner
    counters: PaymentCounters
    mint: Mint

    def currency_of(self, project_id: str, website_id: str) -> str:
        """Raises Refusal unknown_website."""
        self.intake.check_website(project_id, website_id)
        website = self.sites.website(website_id)
        assert website is not None
        return website.currency


async def answer_payment(desk: RevenueDesk, question: Question) -> Reply:
    payment = wire.parse_payment(question.body)
    currency = desk.currency_of(question.project_id, payment.website_id)
    event = desk.intake.enriched(wire.to_event(payment, currency, Arrival(question.now_ms, desk.mint)))
    await _admit(desk, question, [event])
    return Reply(200, wire.render_payment(event, payment, currency))


async def answer_payments(desk: RevenueDesk, question: Question) -> Reply:
    # On a thread: a thousand payments take 50 ms to read, and the event loop accepts events meanwhile.
    parsed = await asyncio.to_thread(wire.parse_payments, question.body)
    events, failures = [], list(parsed.failures)
    for index, payment in parsed.payments:
        try:
            currency = desk.currency_of(question.project_id, payment.website_id)
        except Refusal as refusal:
            failures.append((index, refusal.at(index)))
            continue
        events.append(desk.intake.enriched(wire.to_event(payment, currency, Arrival(question.now_ms, desk.mint))))
    failures.sort(key=lambda place: place[0])
    # Of a batch that is refused as a whole the router counts the first.
    for _, failure in failures if events else failures[1:]:
        desk.counters.refused(Door.THEBIZNESS, failure.reason)
    if not events:
        raise NoneAccepted(failures)
    await _admit(desk, question, events)
    return Reply(200, wire.render_payments(events, failures))


async def answer_payment_list(desk: RevenueDesk, question: Question) -> Reply:
    asked = payments.payments_asked(question.parameters)
    website = desk.sites.website_of(question.project_id, asked.website_id)
    query = payments.parse_payment_list(asked, Site(website), question.now_ms)
    answered = await desk.runner.events(query)
    return fresh_reply(payments.render_payment_list(query, answered.answer), answered.freshness)


async def answer_take_back(desk: RevenueDesk, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    website_id = wire.parse_take_back(question.parameters)
    desk.sites.website_of(question.project_id, website_id)
    found = await _stored(desk, question, website_id, question.path["transaction_id"])
    mark = Event(
        event_id=found.event_id,
        name=found.name,
        timestamp_ms=found.timestamp_ms,
        website_id=website_id,
        flags=int(EventFlag.VOID | EventFlag.REVENUE | EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT),
    )
    await _admit(desk, question, [mark])
    return Reply(200, wire.render_taken_back())


REVENUE_ROUTES = (
    DoorRoute(Door.THEBIZNESS, "POST", "/api/revenue", answer_payment, Scope.INGEST),
    DoorRoute(Door.THEBIZNESS, "GET", "/api/revenue", answer_payment_list),
    DoorRoute(Door.THEBIZNESS, "POST", "/api/revenue/batch", answer_payments, Scope.INGEST, batch=True),
    DoorRoute(Door.THEBIZNESS, "DELETE", "/api/revenue/{transaction_id}", answer_take_back),
)


async def _admit(desk: RevenueDesk, question: Question, events: list[Event]) -> None:
    await desk.intake.admit(question.key, Door.THEBIZNESS, events, question.now_ms)
    desk.counters.accepted(Door.THEBIZNESS, len(events))


async def _stored(desk: RevenueDesk, question: Question, website_id: str, named: str) -> StoredEvent:
    """The payment that a transaction id or a revenue id names. Raises Refusal not_found."""
    is_covered = True
    for event_id in wire.revenue_ids_named(website_id, named):
        answered = await desk.runner.lookup(EventLookup(question.project_id, event_id, limit=1))
        is_covered = is_covered and not answered.freshness.lagging
        for found in answered.answer:
            if found.website_id == website_id:
                return found
    if not is_covered:
        message = "The latest payments are not loaded yet; try again shortly"
        raise Refusal(Reason.SERVER_BUSY, message, retry_after_s=_RETRY_AFTER_S)
    expected = "a transaction_id or revenue_id of this website"
    message = f"There is no payment {named[:100]!r} of this website"
    raise Refusal(Reason.NOT_FOUND, message, field="transaction_id", expected=expected)
