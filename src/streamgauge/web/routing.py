"""Paths to endpoints for everything but the ingest routes: exact paths, and paths with parameters.

What is refused here is refused in the shape of the door to which the path belongs; our own pages have a shape of their own.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.body import ClientGoneError
from streamgauge.web.cors import PREFLIGHT
from streamgauge.web.doors import FACES, DoorFace, face_of_path, headers_at, takes_preflight, window_of
from streamgauge.web.exchange import Exchange, Gate, answer_headers, finish
from streamgauge.web.logging import log_failure
from streamgauge.web.reply import Receive, Reply, Send
from streamgauge.web.reply import Scope as AsgiScope
from streamgauge.web.streaming import StreamedReply, send_stream

Answer = Callable[[Exchange, Receive, Mapping[str, str]], Awaitable[Reply | StreamedReply]]
_NO_PARAMETERS: Mapping[str, str] = {}


class Endpoint(NamedTuple):
    """What answers one method of one path. face None: one of our own pages."""

    answer: Answer
    face: DoorFace | None = None


class Path(NamedTuple):
    """`/exact/path`, or `/a/{name}/path/{other}`.

    A parameter takes one part between slashes; one that ends the path takes all that follows, slashes included, unless a longer
    pattern matches. Exact paths come first, then patterns with more parts, and of these the ones with fewer parameters.
    """

    path: str
    method: str
    endpoint: Endpoint


def _pattern(path: str) -> re.Pattern[str]:
    *inner, last = re.split(r"(\{\w+\})", path)
    parts = [f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part) for part in inner]
    if not last:
        parts[-1] = parts[-1].replace("[^/]+", ".+")
    return re.compile("".join(parts) + re.escape(last), re.DOTALL)


class RefusalCounter(Protocol):
    """Counts refusals; door None: our own pages."""

    def refused(self, door: Door | None, reason: Reason) -> None: ...


class Router:
    """Finds the endpoint of a request and sends its answer, whatever happens in it."""

    def __init__(self, gate: Gate, paths: Iterable[Path], counters: RefusalCounter, *, also: Mapping[str, str]) -> None:
        """also: paths answered elsewhere, with their methods, so that other methods there are refused as such."""
        self._gate = gate
        self._counters = counters
        self._exact: dict[str, dict[str, Endpoint]] = {}
        self._open: dict[str, tuple[re.Pattern[str], dict[str, Endpoint]]] = {}
        self._also = also
        for path, method, endpoint in paths:
            if "{" in path:
                self._open.setdefault(path, (_pattern(path), {}))[1][method] = endpoint
            else:
                self._exact.setdefault(path, {})[method] = endpoint
        longest_first = sorted(self._open, key=lambda path: (-path.count("/"), path.count("{")))
        self._longest_first = [self._open[path] for path in longest_first]

    async def answer(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        exchange = self._gate.meet(scope)
        path = scope["path"]
        if scope["method"] == "OPTIONS" and takes_preflight(path):
            exchange.headers.extend(FACES[Door.FLEXPRICE].headers)
            await finish(send, exchange, PREFLIGHT)
            return
        face = face_of_path(path)
        try:
            reply: Reply | StreamedReply
            endpoint, parameters = self._find(scope["method"], path)
            face = endpoint.face or face
            reply = await endpoint.answer(exchange, receive, parameters)
        except Refusal as refusal:
            if face is not None:
                refusal = self._gate.counted(exchange, window_of(face, path), refusal)
            reply = self._refuse(face, refusal)
        except ClientGoneError:
            return
        except Exception as exc:  # noqa: BLE001 - the top of a request: whatever happens, the sender gets an answer
            log_failure(scope, exc)
            reply = self._refuse(face, Refusal(Reason.INTERNAL_ERROR, "Internal error."))
        exchange.headers.extend(headers_at(face))
        body = scope["method"] != "HEAD"
        if isinstance(reply, StreamedReply):
            await send_stream(receive, send, reply, answer_headers(exchange), body=body)
        else:
            await finish(send, exchange, reply, body=body)

    def _find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
        methods, parameters = self._methods_of(path)
        if not methods and path not in self._also:
            raise _unknown_route(path)
        endpoint = methods.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            allowed = sorted({*methods, *filter(None, [self._also.get(path)])})
            raise _MethodNotAllowed(method, allowed)
        return endpoint, parameters

    def _methods_of(self, path: str) -> tuple[Mapping[str, Endpoint], Mapping[str, str]]:
        if path in self._exact:
            return self._exact[path], _NO_PARAMETERS
        if path in self._also:
            return {}, _NO_PARAMETERS  # Also when an open path would match: its last part is a name of ours, not a parameter.
        for pattern, methods in self._longest_first:
            if found := pattern.fullmatch(path):
                return methods, found.groupdict()
        return {}, _NO_PARAMETERS

    def _refuse(self, face: DoorFace | None, refusal: Refusal) -> Reply:
        self._counters.refused(face.door if face else None, refusal.reason)
        return refuse_at(face, refusal)


class _UnknownRoute(Refusal):
    """Not found as a route, as against a thing that a route did not find."""


def _unknown_route(path: str) -> Refusal:
    return _UnknownRoute(Reason.NOT_FOUND, f"There is no route {path[:200]}.")


class _MethodNotAllowed(Refusal):
    """A path that has other methods. allowed: what the header Allow names."""

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(Reason.METHOD_NOT_ALLOWED, f"{method} is not allowed here; allowed: {self.allowed}.")


def refuse_at(face: DoorFace | None, refusal: Refusal) -> Reply:
    """A refusal in the shape of a door, or of our own pages. Flexprice's own answer to an unknown route is plain text."""
    if isinstance(refusal, _MethodNotAllowed):
        reply = _refusal_at(face, refusal)
        return reply._replace(headers=(*reply.headers, (b"allow", refusal.allowed.encode())))
    return _refusal_at(face, refusal)


def _refusal_at(face: DoorFace | None, refusal: Refusal) -> Reply:
    if face is None:
        return _own_refusal(refusal)
    if isinstance(refusal, _UnknownRoute) and face.door is Door.FLEXPRICE:
        return Reply(404, b"404 page not found", b"text/plain")
    return face.refuse(refusal)


def _own_refusal(refusal: Refusal) -> Reply:
    """In the shape of our own pages: code and message, and the field at fault with what was expected where there is one."""
    error = {"code": refusal.reason.value, "message": refusal.message}
    error |= {name: value for name, value in (("field", refusal.field), ("expected", refusal.expected)) if value}
    wait = () if refusal.retry_after_s is None else ((b"retry-after", b"%d" % refusal.retry_after_s),)
    return Reply(refusal.kind.value, msgspec.json.encode({"error": error}), headers=wait)
