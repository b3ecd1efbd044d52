"""Journeys on one website: events in words, and questions asked through the real runner."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from streamgauge.kernel.analytics import (
    AttributionAnswer,
    AttributionQuery,
    FunnelAnswer,
    FunnelQuery,
    FunnelStep,
    RetentionAnswer,
    RetentionQuery,
    SiteSelection,
)
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.progress import AllLoaded
from streamgauge.kernel.website import ConversionEvent
from streamgauge.query import Answered, IgnoredTimes, QueryRunner, QuerySettings
from tests.query.ledger import ms
from tests.query.site.site_ledger import SITE, SiteLedger

T = TypeVar("T")


def happened(at: str, visitor: str, name: str = "page_view", **rest: Any) -> dict[str, Any]:
    """An event of March 2024. at: day and time ("05T10:00")."""
    return {"timestamp": ms(f"2024-03-{at}Z"), "visitor_id": visitor, "name": name, **rest}


def paid(at: str, visitor: str, amount: float | str, customer_id: str = "", **properties: Any) -> dict[str, Any]:
    properties = {"amount": amount, "currency": "EUR", "type": "sale", **properties}
    return happened(at, visitor, "revenue", path="", customer_id=customer_id, flags=EventFlag.REVENUE, properties=properties)


def march(site: SiteLedger, **rest: Any) -> SiteSelection:
    return SiteSelection(site.project_id, SITE, ms("2024-03-01T00:00Z"), ms("2024-04-01T00:00Z"), **rest)


def goal(event_name: str, **rest: Any) -> ConversionEvent:
    return ConversionEvent(f"cev_{event_name}", SITE, event_name, event_name, **rest)


def step(event_name: str, **rest: Any) -> FunnelStep:
    return FunnelStep(event_name, goal(event_name, **rest))


def funnel(site: SiteLedger, query: FunnelQuery) -> FunnelAnswer:
    return _ask(site, lambda runner: runner.funnel(query))


def retention(site: SiteLedger, query: RetentionQuery) -> RetentionAnswer:
    return _ask(site, lambda runner: runner.retention(query))


def attribution(site: SiteLedger, query: AttributionQuery) -> AttributionAnswer:
    return _ask(site, lambda runner: runner.attribution(query))


def _ask(site: SiteLedger, question: Callable[[QueryRunner], Awaitable[Answered[T]]]) -> T:
    progress = AllLoaded(frozenset({site.project_id}) if site.amended else frozenset())
    runner = QueryRunner(site.store, progress, lambda: 0, QuerySettings(), IgnoredTimes())

    async def answer() -> T:
        return (await question(runner)).answer

    try:
        return asyncio.run(answer())
    finally:
        runner.close()
