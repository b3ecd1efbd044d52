"""Routes of the console, as rows of tables. They are met as routes of the doors are (web/door_routes.py), and refuse in the shape
of our own pages: {"error": {"code", "message", "field"?, "expected"?}}."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from streamgauge.kernel.access import RateClass, Scope
from streamgauge.web.body import Bodies
from streamgauge.web.door_routes import Question, answered
from streamgauge.web.exchange import Gate
from streamgauge.web.reply import Reply
from streamgauge.web.routing import Endpoint, Path
from streamgauge.web.streaming import StreamedReply

PREFIX = "/console/v1"

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
