"""POST /api/collect: events from the tracker in a page, by a sender without a key.

    read the body -> parse -> find the website -> check the origin -> count -> enrich -> admit -> answer

Promise: 202 is answered only after the journal has the events on disk. What is refused is refused by name, in theBizness's shape.

Without a key, others stand in its place:
- the website's public id says whose the events are, and its allowed origins from which pages they may come;
- one address may send EVENTS_PER_HOUR events of a website; so nobody uses up the day of a project alone and at once;
- the project's day is that of its largest plan among its living keys; without a living key it takes nothing.
Pages of an allowed origin may read every answer; no cookie is asked for or looked at.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from streamgauge.intake import Intake
from streamgauge.intake.enrichment import Enricher, Sender
from streamgauge.kernel.access import Key, Plan, RateClass
from streamgauge.kernel.event import Door, Event
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Identity, Website
from streamgauge.limits import RateLimits
from streamgauge.web.body import read_body
from streamgauge.web.doors import FACES
from streamgauge.web.exchange import Exchange, network_of
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.reply import Scope as AsgiScope
from streamgauge.web.routing import Endpoint, Path
from streamgauge.web.tracker.origins import check_origin
from streamgauge.wire.dialect import Arrival, NoneAccepted
from streamgauge.wire.thebizness.collect import MAX_BODY_BYTES, parse_collect

EVENTS_PER_HOUR = 6_000
"""Of one address and one website: a hundred a minute, for an office behind one address."""

COLLECT_MOUNTS = ("/api/collect", "/thebizness/api/collect")
_PAGES = Plan("pages", thebizness_batches_per_hour=EVENTS_PER_HOUR)
_NO_PLAN = Plan("no living key", events_per_day=0)
_PREFLIGHT_S = 86_400


class Sites(Protocol):
    """The control plane, as this route needs it."""

    def website(self, website_id: str) -> Website | None: ...

    def largest_plan(self, project_id: str, now_ms: int) -> Plan | None: ...


class CollectCounters(Protocol):
    """What this route counts."""

    def accepted(self, door: Door, events: int) -> None: ...

    def refused(self, door: Door | None, reason: Reason) -> None: ...


class CollectDesk:
    """Answers the tracker."""

    def __init__(self, sites: Sites, intake: Intake, enricher: Enricher, counters: CollectCounters, mint: IdMint) -> None:
        self._sites = sites
        self._intake = intake
        self._enricher = enricher
        self._counters = counters
        self._mint = mint
        self._limits = RateLimits()

    async def collect(self, exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        """Raises Refusal."""
        scope, now_ms = exchange.scope, exchange.now_ms
        body = await read_body(scope, receive, MAX_BODY_BYTES)
        try:
            collected = parse_collect(body, Arrival(now_ms, self._mint), self._currency_of)
        except NoneAccepted as refusal:
            self._count_refused(refusal.reasons[1:])  # the first is counted by who answers it
            raise
        website = self._sites.website(collected.website_id)
        if website is None:
            raise _unknown_website(collected.website_id)
        origin = header_of(scope, b"origin")
        check_origin(website, origin)
        exchange.headers += readable_by(origin)
        sender = self._sender_of(scope)
        events, failures = collected.batch.events, collected.batch.failures
        self._count(exchange, f"page {network_of(sender.address)} {website.website_id}", website.project_id, len(events))
        # Pages have no key, and what is stored with their events must not tell the address by which they are counted.
        nobody = Key("", website.project_id, self._plan_of(website, now_ms), frozenset())
        enriched = [self._enricher.enrich(_as_the_website_wants(event, website), website, sender) for event in events]
        await self._intake.admit(nobody, Door.THEBIZNESS, enriched, now_ms)
        self._counters.accepted(Door.THEBIZNESS, len(enriched))
        self._count_refused([refusal.reason for _, refusal in failures])
        return Reply(202, FACES[Door.THEBIZNESS].dialect.render_batch(enriched, failures))

    def _count_refused(self, reasons: list[Reason]) -> None:
        for reason in reasons:
            self._counters.refused(Door.THEBIZNESS, reason)

    def _currency_of(self, website_id: str) -> str:
        website = self._sites.website(website_id)
        return website.currency if website is not None else ""

    def _plan_of(self, website: Website, now_ms: int) -> Plan:
        return self._sites.largest_plan(website.project_id, now_ms) or _NO_PLAN

    def _sender_of(self, scope: AsgiScope) -> Sender:
        client = scope.get("client")
        return self._enricher.browser(client[0] if client else "", scope["headers"])

    def _count(self, exchange: Exchange, counted_as: str, project_id: str, events: int) -> None:
        """Count the events of an address. Raises Refusal rate_limited."""
        counted = Key(counted_as, project_id, _PAGES, frozenset())
        allowance = self._limits.spend(counted, RateClass.THEBIZNESS_BATCH_HOUR, exchange.now_ms, events)
        exchange.allowance = allowance
        if not allowance.allowed:
            wait_s = allowance.retry_after_s
            message = f"Rate limit of {allowance.limit} events per hour from one address exceeded. Try again in {wait_s} s."
            raise Refusal(Reason.RATE_LIMITED, message, retry_after_s=wait_s)


async def answer_preflight(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
    """Any page may ask whether it may send, for the question does not name the website: what is sent is judged by itself.

    The tracker needs no such question, since it sends plain text.
    """
    origin = header_of(exchange.scope, b"origin")
    headers = (
        *(readable_by(origin) if origin else ()),
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"Content-Type"),
        (b"access-control-max-age", b"%d" % _PREFLIGHT_S),
    )
    return Reply(204, b"", b"text/plain", headers=headers)


def collect_paths(desk: CollectDesk) -> list[Path]:
    """The route at both mounts, and what browsers ask before it."""
    face = FACES[Door.THEBIZNESS]
    return [
        Path(mount, method, Endpoint(answer, face))
        for mount in COLLECT_MOUNTS
        for method, answer in (("POST", desk.collect), ("OPTIONS", answer_preflight))
    ]


def readable_by(origin: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers by which a browser lets pages of that origin read the answer."""
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"Retry-After, X-Request-ID"),
        (b"vary", b"Origin"),
    )


def header_of(scope: AsgiScope, wanted: bytes) -> str:
    """A header of the request, "" when it was not sent."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def _as_the_website_wants(event: Event, website: Website) -> Event:
    """A visitor's id counts only where the website has chosen cookies; elsewhere enrichment makes one."""
    if website.identity is Identity.COOKIE or not event.visitor_id:
        return event
    return msgspec.structs.replace(event, visitor_id="")


def _unknown_website(website_id: str) -> Refusal:
    message = f"Unknown website: {website_id[:64]}. Check data-website-id."
    return Refusal(Reason.UNKNOWN_WEBSITE, message, field="website_id", expected="the public id of a website")
