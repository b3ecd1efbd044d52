"""The routes that ask questions: parse in the door's dialect, run, render in the same dialect.

Every answer covers what was acknowledged before the question came. When the loader could not keep up within the bounded
wait, the answer still comes, and the header X-Streamgauge-Lag says how many bytes of the journal it does not cover.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import Freshness, QueryRunner
from streamgauge.web.body import Bodies
from streamgauge.web.doors import FACES
from streamgauge.web.exchange import Exchange, Gate
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Endpoint, Path
from streamgauge.wire.flexprice import listing, lookup, usage
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.solinth import metrics

_MAX_PARAMETERS = 200


class Question(NamedTuple):
    """A question as it came. path: the values of the path's parameters."""

    project_id: str
    parameters: Pairs
    body: bytes
    path: Mapping[str, str]
    now_ms: int


Answerer = Callable[[QueryRunner, Question], Awaitable[Reply]]


async def answer_metrics(runner: QueryRunner, question: Question) -> Reply:
    query = metrics.parse_metrics(question.parameters, question.project_id, question.now_ms)
    answered = await runner.metric(query)
    return _reply(metrics.render_metrics(query, answered.answer), answered.freshness)


async def answer_event_parameters(runner: QueryRunner, question: Question) -> Reply:
    query = listing.parse_event_list_parameters(question.parameters, question.project_id, question.now_ms)
    answered = await runner.events(query)
    return _reply(listing.render_event_list(query, answered.answer), answered.freshness)


async def answer_event_query(runner: QueryRunner, question: Question) -> Reply:
    query = listing.parse_event_list_body(question.body, question.project_id, question.now_ms)
    answered = await runner.events(query)
    return _reply(listing.render_event_list(query, answered.answer), answered.freshness)


async def answer_lookup(runner: QueryRunner, question: Question) -> Reply:
    query = lookup.parse_lookup(question.parameters, question.project_id)
    answered = await runner.lookup(query.versions)
    return _reply(lookup.render_lookup(query, answered.answer), answered.freshness)


async def answer_lookup_by_path(runner: QueryRunner, question: Question) -> Reply:
    query = lookup.parse_lookup_by_path(question.path["id"], question.parameters, question.project_id)
    answered = await runner.lookup(query.versions)
    return _reply(lookup.render_lookup(query, answered.answer), answered.freshness)


async def answer_usage(runner: QueryRunner, question: Question) -> Reply:
    query = usage.parse_usage(question.body, question.project_id, question.now_ms)
    answered = await runner.metric(query)
    return _reply(usage.render_usage(query, answered.answer), answered.freshness)


class QueryRoute(NamedTuple):
    """One question of one door; `paths` are its mounts."""

    door: Door
    method: str
    paths: tuple[str, ...]
    answer: Answerer


def _mounts(explicit: str, path: str) -> tuple[str, str]:
    return f"{explicit}{path}", path


QUERY_ROUTES = (
    QueryRoute(Door.SOLINTH, "GET", _mounts("/solinth", "/v1/metrics"), answer_metrics),
    QueryRoute(Door.FLEXPRICE, "GET", _mounts("/flexprice", "/v1/events"), answer_event_parameters),
    QueryRoute(Door.FLEXPRICE, "POST", _mounts("/flexprice", "/v1/events/query"), answer_event_query),
    QueryRoute(Door.FLEXPRICE, "POST", _mounts("/flexprice", "/v1/events/usage"), answer_usage),
    QueryRoute(Door.FLEXPRICE, "GET", _mounts("/flexprice", "/v1/events/lookup"), answer_lookup),
    QueryRoute(Door.FLEXPRICE, "GET", _mounts("/flexprice", "/v1/events/{id}"), answer_lookup_by_path),
)


def query_paths(gate: Gate, runner: QueryRunner, bodies: Bodies) -> list[Path]:
    """The paths of all questions, ready for the router."""
    return [
        Path(path, route.method, Endpoint(_endpoint(route, gate, runner, bodies), FACES[route.door]))
        for route in QUERY_ROUTES
        for path in route.paths
    ]


def _endpoint(
    route: QueryRoute, gate: Gate, runner: QueryRunner, bodies: Bodies
) -> Callable[[Exchange, Receive, Mapping[str, str]], Awaitable[Reply]]:
    rate_class = FACES[route.door].single

    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        key = gate.enter(exchange, rate_class, Scope.READ)
        parameters = read_parameters(exchange.scope["query_string"])
        try:
            body = await bodies.read(exchange, exchange.scope, receive) if route.method == "POST" else b""
            return await route.answer(runner, Question(key.project_id, parameters, body, path, exchange.now_ms))
        finally:
            bodies.release(exchange)

    return answer


def read_parameters(query_string: bytes) -> list[tuple[str, str]]:
    """Names and values in the order sent; what is not UTF-8 becomes lone surrogates, which the dialects refuse by name."""
    try:
        return parse_qsl(
            query_string.decode("ascii", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError:
        message = f"More than {_MAX_PARAMETERS} parameters."
        raise Refusal(Reason.INVALID_PARAMETER, message, expected=f"at most {_MAX_PARAMETERS}") from None


def _reply(body: bytes, freshness: Freshness) -> Reply:
    if not freshness.lagging:
        return Reply(200, body)
    lag = max(0, freshness.position - freshness.loaded)
    return Reply(200, body, headers=((b"x-streamgauge-lag", b"%d" % lag),))
