"""Routes of the doors beside the ingest routes, as rows of tables: each names its method, its mounts, the scope it needs and what
answers it. What stands between the server and the answer is the same for all of them:

    enter (key, limits, scope) -> read the parameters and the body -> answer -> give the body's room back -> write down a change
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl

from streamgauge.kernel.access import Key, RateClass, Role, Scope
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.audit import changes_settings
from streamgauge.web.body import Bodies
from streamgauge.web.doors import FACES
from streamgauge.web.exchange import Exchange, Gate
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path
from streamgauge.web.streaming import StreamedReply
from streamgauge.wire.parameters import Pairs

_MAX_PARAMETERS = 200
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Question(NamedTuple):
    """A request as it came, its sender known.

    path: the values of the path's parameters. host: the header Host, "" when there is none.
    """

    key: Key
    parameters: Pairs
    body: bytes
    path: Mapping[str, str]
    now_ms: int
    host: str = ""

    @property
    def project_id(self) -> str:
        return self.key.project_id


Desk = TypeVar("Desk")
_DeskContra = TypeVar("_DeskContra", contravariant=True)


class DoorRoute(NamedTuple, Generic[Desk]):
    """One route of one door, at its two mounts. answer: is handed the desk that `door_paths` is given, and the request.

    path: below the door's own prefix ("/v1/metrics" is also served at "/solinth/v1/metrics"). batch: counted in the window of
    batches.
    """

    door: Door
    method: str
    path: str
    answer: Callable[[Desk, Question], Awaitable[Reply]]
    scope: Scope = Scope.READ
    batch: bool = False

    @property
    def mounts(self) -> tuple[str, str]:
        return f"/{self.door.value}{self.path}", self.path


def door_paths(gate: Gate, bodies: Bodies, routes: Iterable[DoorRoute[Desk]], desk: Desk) -> list[Path]:
    """The paths of all routes of a table, ready for the router. desk: what their answers need."""
    return [
        Path(path, route.method, Endpoint(_at_door(route, gate, bodies, desk), FACES[route.door]))
        for route in routes
        for path in route.mounts
    ]


def _at_door(route: DoorRoute[Desk], gate: Gate, bodies: Bodies, desk: Desk) -> Answer:
    face = FACES[route.door]
    return answered(route, face.batch if route.batch else face.single, gate, bodies, desk)


class Answerable(Protocol[_DeskContra]):
    """What a row of a table of routes says of its answer."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def answer(self) -> Callable[[_DeskContra, Question], Awaitable[Reply | StreamedReply]]: ...
    @property
    def scope(self) -> Scope: ...


def answered(route: Answerable[Desk], rate_class: RateClass, gate: Gate, bodies: Bodies, desk: Desk) -> Answer:
    """The endpoint of a row: the steps above around its answer."""

    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply | StreamedReply:
        key = gate.enter(exchange, rate_class, route.scope)
        if key.role is Role.VIEWER and changes_settings(route.method, route.path):
            raise Refusal(Reason.INSUFFICIENT_SCOPE, "A viewer may look and change nothing.", expected=Role.MEMBER.value)
        parameters = read_parameters(exchange.scope["query_string"])
        try:
            body = await bodies.read(exchange, exchange.scope, receive) if route.method in WITH_BODY else b""
            question = Question(key, parameters, body, path, exchange.now_ms, host_of(exchange))
            reply = await route.answer(desk, question)
        finally:
            bodies.release(exchange)
        if route.method != "GET" and gate.auditor is not None and isinstance(reply, Reply):
            await gate.auditor.changed(route.method, route.path, key, path, reply)
        return reply

    return answer


def host_of(exchange: Exchange) -> str:
    """The header Host, "" when there is none."""
    return next((value.decode("latin-1") for name, value in exchange.scope["headers"] if name == b"host"), "")


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
