"""What there is to ask about: names of events, their properties and values; and whether a website's events arrive."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from streamgauge.kernel.vocabulary import NamesQuery, PropertiesQuery, ValuesQuery, WebsiteQuery
from streamgauge.kernel.website import Website
from streamgauge.query import NamesQuestion, PropertiesQuestion, QueryRunner, ValuesQuestion, WebsiteQuestion
from streamgauge.web.console.parameters import needed, read_known, whole
from streamgauge.web.console.routes import ConsoleRoute
from streamgauge.web.door_routes import Question
from streamgauge.web.queries import fresh_reply
from streamgauge.web.reply import Reply
from streamgauge.wire.timestamps import format_instant

DEFAULT_NAMES, MOST_NAMES = 200, 1_000
DEFAULT_VALUES, MOST_VALUES = 50, 500
RECENT_MS = 3_600_000


class Websites(Protocol):
    """Finds a website of a project; raises Refusal not_found."""

    def website_of(self, project_id: str, website_id: str) -> Website: ...


class VocabularyDesk(NamedTuple):
    """What the routes need."""

    runner: QueryRunner
    websites: Websites


async def answer_names(desk: VocabularyDesk, question: Question) -> Reply:
    values = read_known(question.parameters, "search", "limit")
    limit = whole(values, "limit", DEFAULT_NAMES, 1, MOST_NAMES)
    answered = await desk.runner.ask(NamesQuestion(NamesQuery(question.project_id, limit, values.get("search", ""))))
    events = [
        {"name": one.name, "count": one.count, "first_at": format_instant(one.first_ms), "last_at": format_instant(one.last_ms)}
        for one in answered.answer
    ]
    return fresh_reply(msgspec.json.encode({"events": events}), answered.freshness)


async def answer_properties(desk: VocabularyDesk, question: Question) -> Reply:
    values = read_known(question.parameters, "event")
    answered = await desk.runner.ask(PropertiesQuestion(PropertiesQuery(question.project_id, needed(values, "event"))))
    return fresh_reply(msgspec.json.encode(answered.answer), answered.freshness)


async def answer_values(desk: VocabularyDesk, question: Question) -> Reply:
    # A property may have the empty text as its name: what is given counts, also when it is empty.
    given = {name: value for name, value in question.parameters if name == "property"}
    values: Mapping[str, str] = given | read_known(question.parameters, "event", "property", "search", "limit")
    query = ValuesQuery(
        question.project_id,
        needed(values, "event"),
        needed(values, "property"),
        whole(values, "limit", DEFAULT_VALUES, 1, MOST_VALUES),
        values.get("search", ""),
    )
    answered = await desk.runner.ask(ValuesQuestion(query))
    found = [{"value": value, "count": count} for value, count in answered.answer.values]
    return fresh_reply(msgspec.json.encode({"sampled": answered.answer.sampled, "values": found}), answered.freshness)


async def answer_website(desk: VocabularyDesk, question: Question) -> Reply:
    read_known(question.parameters)
    website = desk.websites.website_of(question.project_id, question.path["id"])
    query = WebsiteQuery(question.project_id, website.website_id, question.now_ms - RECENT_MS)
    answered = await desk.runner.ask(WebsiteQuestion(query))
    arrivals = answered.answer
    told = {
        "state": "waiting" if arrivals.last_ms is None else "receiving",
        "last_at": None if arrivals.last_ms is None else format_instant(arrivals.last_ms),
        "last_page": arrivals.last_path or None,
        "events_last_hour": arrivals.recent,
    }
    return fresh_reply(msgspec.json.encode(told), answered.freshness)


VOCABULARY_ROUTES = (
    ConsoleRoute("GET", "/schema/events", answer_names),
    ConsoleRoute("GET", "/schema/properties", answer_properties),
    ConsoleRoute("GET", "/schema/values", answer_values),
    ConsoleRoute("GET", "/websites/{id}/check", answer_website),
)
