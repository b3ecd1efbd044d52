"""Routes of the console, as rows of tables. They are met as routes of the doors are (web/door_routes.py), and refuse in the shape
of our own pages: {"error": {"code", "message", "field"?, "expected"?}}."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from streamgauge.kernel.access import Key, Plan, RateClass, Scope
from streamgauge.web.body import Bodies
from streamgauge.web.door_routes import WITH_BODY, Question, answered, host_of, read_parameters
from streamgauge.web.exchange import Exchange, Gate
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path
from streamgauge.web.sessions import check_origin, session_token
from streamgauge.web.streaming import StreamedReply
from streamgauge.wire.parameters import Pairs

PREFIX = "/console/v1"
OPEN_PLAN = Plan(name="pages", requests_per_minute=300)

Desk = TypeVar("Desk")


class ConsoleRoute(NamedTuple, Generic[Desk]):
    """One route of the console. path: below /console/v1. answer: is handed the desk that `console_paths` is given, and the
    request. scope: what a key, or the role of a person, must allow."""

    method: str
    path: str
    answer: Callable[[Desk, Question], Awaitable[Reply | StreamedReply]]
    scope: Scope = Scope.READ

    @property
    def mounts(self) -> tuple[str]:
        return (PREFIX + self.path,)


def console_paths(gate: Gate, bodies: Bodies, routes: Iterable[ConsoleRoute[Desk]], desk: Desk) -> list[Path]:
    """The paths of all routes of a table, ready for the router. desk: what their answers need."""
    return [
        Path(path, route.method, Endpoint(answered(route, RateClass.MINUTE, gate, bodies, desk)))
        for route in routes
        for path in route.mounts
    ]


class Opened(NamedTuple):
    """A request that needs no key. token: of the session that came along, None when there is none; it may have ended.

    host: the header Host. sender: as one sender is counted by.
    """

    parameters: Pairs
    body: bytes
    token: str | None
    host: str
    sender: str
    headers: tuple[tuple[bytes, bytes], ...]
    now_ms: int


class OpenRoute(NamedTuple, Generic[Desk]):
    """One route of the console that anybody may ask; counted by the sender's address. path: below /console/v1."""

    method: str
    path: str
    answer: Callable[[Desk, Opened], Awaitable[Reply]]


def open_paths(gate: Gate, bodies: Bodies, routes: Iterable[OpenRoute[Desk]], desk: Desk) -> list[Path]:
    """The paths of all routes of such a table, ready for the router."""
    return [Path(PREFIX + route.path, route.method, Endpoint(_opened(route, gate, bodies, desk))) for route in routes]


def _opened(route: OpenRoute[Desk], gate: Gate, bodies: Bodies, desk: Desk) -> Answer:
    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        headers = tuple(exchange.scope["headers"])
        exchange.key = Key(f"page for {exchange.sender}", "", OPEN_PLAN, frozenset())
        gate.count(exchange, RateClass.MINUTE)
        if route.method != "GET":
            check_origin(headers)
        parameters = read_parameters(exchange.scope["query_string"])
        try:
            body = await bodies.read(exchange, exchange.scope, receive) if route.method in WITH_BODY else b""
            opened = Opened(
                parameters, body, session_token(headers), host_of(exchange), exchange.sender, headers, exchange.now_ms
            )
            return await route.answer(desk, opened)
        finally:
            bodies.release(exchange)

    return answer
