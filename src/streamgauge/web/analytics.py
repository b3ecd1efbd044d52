"""theBizness's questions about a website: its numbers, its values, funnels, retention and attribution.

    parameters -> find the website -> parse, with its zone, currency and conversion events -> run -> render

A website of another project is as little there as one that nobody has. The rates are those loaded when the
question comes.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from streamgauge.kernel.event import Door
from streamgauge.kernel.money import RateTable
from streamgauge.kernel.website import ConversionEvent, Website
from streamgauge.query import Answered, QueryRunner
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.queries import fresh_reply
from streamgauge.web.reply import Reply
from streamgauge.wire.thebizness import analytics, attribution, funnels, retention
from streamgauge.wire.thebizness.asking import Asked, Site, read_zone


class Sites(Protocol):
    """The control plane, as these routes need it."""

    def website_of(self, project_id: str, website_id: str) -> Website: ...

    def conversion_events(self, website_id: str) -> Sequence[ConversionEvent]: ...

    def rates(self) -> RateTable: ...


class AnalyticsDesk(NamedTuple):
    """What the routes need."""

    sites: Sites
    runner: QueryRunner

    def site_of(self, project_id: str, asked: Asked) -> Site:
        """Raises Refusal missing_field, not_found."""
        website = self.sites.website_of(project_id, asked.website_id)
        active = tuple(one for one in self.sites.conversion_events(website.website_id) if one.is_active)
        return Site(website, active, self.sites.rates())


async def answer_analytics(desk: AnalyticsDesk, question: Question) -> Reply:
    asked = analytics.analytics_asked(question.parameters)
    return _reply(await numbers_of(desk, question.project_id, asked, question.now_ms))


async def numbers_of(desk: AnalyticsDesk, project_id: str, asked: Asked, now_ms: int) -> Answered[bytes]:
    """The answer of GET /api/analytics. Raises Refusal."""
    request = analytics.parse_analytics(asked, desk.site_of(project_id, asked), now_ms)
    answered = await desk.runner.site(request.query)
    # On a thread: the points of a long series would hold up the event loop, which accepts events meanwhile.
    body = await asyncio.to_thread(analytics.render_analytics, request, answered.answer)
    return Answered(body, answered.freshness)


async def answer_values(desk: AnalyticsDesk, question: Question) -> Reply:
    asked = analytics.values_asked(question.parameters)
    query = analytics.parse_values(asked, desk.site_of(question.project_id, asked), question.now_ms)
    answered = await desk.runner.site(query)
    return fresh_reply(analytics.render_values(query, answered.answer), answered.freshness)


async def answer_funnel(desk: AnalyticsDesk, question: Question) -> Reply:
    return await _funnel(desk, question, funnels.funnel_asked(question.parameters))


async def answer_funnel_of_body(desk: AnalyticsDesk, question: Question) -> Reply:
    return await _funnel(desk, question, funnels.funnel_asked_by_body(question.body))


async def answer_retention(desk: AnalyticsDesk, question: Question) -> Reply:
    asked = retention.retention_asked(question.parameters)
    return _reply(await retention_of(desk, question.project_id, asked, question.now_ms))


async def retention_of(desk: AnalyticsDesk, project_id: str, asked: Asked, now_ms: int) -> Answered[bytes]:
    """The answer of GET /api/analytics/retention. Raises Refusal."""
    query = retention.parse_retention(asked, desk.site_of(project_id, asked), now_ms)
    answered = await desk.runner.retention(query)
    return Answered(await asyncio.to_thread(retention.render_retention, query, answered.answer), answered.freshness)


async def answer_attribution(desk: AnalyticsDesk, question: Question) -> Reply:
    asked = attribution.attribution_asked(question.parameters)
    return _reply(await attribution_of(desk, question.project_id, asked, question.now_ms))


async def attribution_of(desk: AnalyticsDesk, project_id: str, asked: Asked, now_ms: int) -> Answered[bytes]:
    """The answer of GET /api/analytics/attribution. Raises Refusal."""
    site = desk.site_of(project_id, asked)
    query = attribution.parse_attribution(asked, site, now_ms)
    answered = await desk.runner.attribution(query)
    return Answered(attribution.render_attribution(query, answered.answer, read_zone(asked, site)), answered.freshness)


_ALL = "/api/analytics"

ANALYTICS_ROUTES = (
    DoorRoute(Door.THEBIZNESS, "GET", _ALL, answer_analytics),
    DoorRoute(Door.THEBIZNESS, "GET", f"{_ALL}/values", answer_values),
    DoorRoute(Door.THEBIZNESS, "GET", f"{_ALL}/funnel", answer_funnel),
    DoorRoute(Door.THEBIZNESS, "POST", f"{_ALL}/funnel", answer_funnel_of_body),
    DoorRoute(Door.THEBIZNESS, "GET", f"{_ALL}/retention", answer_retention),
    DoorRoute(Door.THEBIZNESS, "GET", f"{_ALL}/attribution", answer_attribution),
)


def _reply(answered: Answered[bytes]) -> Reply:
    return fresh_reply(answered.answer, answered.freshness)


async def _funnel(desk: AnalyticsDesk, question: Question, asked: Asked) -> Reply:
    site = desk.site_of(question.project_id, asked)
    query = funnels.parse_funnel(asked, site, question.now_ms)
    answered = await desk.runner.funnel(query)
    return fresh_reply(funnels.render_funnel(query, answered.answer, read_zone(asked, site)), answered.freshness)
