"""The routes that ask questions: parse in the door's dialect, run, render in the same dialect.

Every answer covers what was acknowledged before the question came. When the loader could not keep up within the bounded
wait, the answer still comes, and the header X-Streamgauge-Lag says how many bytes of the journal it does not cover.
"""

from streamgauge.kernel.event import Door
from streamgauge.query import Freshness, QueryRunner
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.measuring import measure
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import listing
from streamgauge.wire.solinth import metrics


async def answer_metrics(runner: QueryRunner, question: Question) -> Reply:
    request = metrics.parse_metrics(question.parameters, question.project_id, question.now_ms)
    answered = await measure(runner, request)
    return fresh_reply(answered.answer, answered.freshness)


async def answer_event_parameters(runner: QueryRunner, question: Question) -> Reply:
    query = listing.parse_event_list_parameters(question.parameters, question.project_id, question.now_ms)
    answered = await runner.events(query)
    return fresh_reply(listing.render_event_list(query, answered.answer), answered.freshness)


async def answer_event_query(runner: QueryRunner, question: Question) -> Reply:
    query = listing.parse_event_list_body(question.body, question.project_id, question.now_ms)
    answered = await runner.events(query)
    return fresh_reply(listing.render_event_list(query, answered.answer), answered.freshness)


QUERY_ROUTES = (
    DoorRoute(Door.SOLINTH, "GET", "/v1/metrics", answer_metrics),
    DoorRoute(Door.FLEXPRICE, "GET", "/v1/events", answer_event_parameters),
    DoorRoute(Door.FLEXPRICE, "POST", "/v1/events/query", answer_event_query),
)


def fresh_reply(body: bytes, freshness: Freshness) -> Reply:
    """An answer to a query, with the header that tells what it does not cover."""
    if not freshness.lagging:
        return Reply(200, body)
    lag = max(0, freshness.position - freshness.loaded)
    return Reply(200, body, headers=((b"x-streamgauge-lag", b"%d" % lag),))


def positioned_reply(body: bytes, freshness: Freshness) -> Reply:
    """As fresh_reply, with the header that tells what the answer covers: `as_of` takes it, and gives the same answer again."""
    reply = fresh_reply(body, freshness)
    return reply._replace(headers=(*reply.headers, (b"x-streamgauge-position", b"%d" % freshness.loaded)))
