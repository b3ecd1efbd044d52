"""The ASGI application: ingest routes go straight to their desk, all else through the router."""

from collections.abc import Iterable

from streamgauge.kernel.refusal import Refusal
from streamgauge.web.doors import INGEST_ROUTES, face_of, headers_at, window_of
from streamgauge.web.exchange import Gate, answer_headers
from streamgauge.web.ingest import IngestDesk, IngestHead
from streamgauge.web.reply import HeaderList, Receive, Respond, Scope, Send
from streamgauge.web.routing import Path, RefusalCounter, Router, refuse_at


class Application:
    """Answers every HTTP request. paths: all but the ingest routes."""

    def __init__(self, desk: IngestDesk, gate: Gate, paths: Iterable[Path], counters: RefusalCounter) -> None:
        self._desk = desk
        self._router = Router(gate, paths, counters, also=dict.fromkeys(INGEST_ROUTES, "POST"))
        self._gate = gate
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            route = INGEST_ROUTES.get(scope["path"])
            if route is not None:
                await self._desk.answer(route, scope, receive, send)
                return
        await self._router.answer(scope, receive, send)

    def prepare(self, scope: Scope) -> IngestHead | None:
        """The short way for ingest requests that have arrived whole (see web/ingest.py); None for all others."""
        route = INGEST_ROUTES.get(scope["path"]) if scope["method"] == "POST" else None
        return None if route is None else IngestHead.of(route, scope)

    def answer(self, prepared: IngestHead, client: tuple[str, int] | None, body: bytes, respond: Respond) -> None:
        """Answer such a request."""
        self._desk.answer_whole(prepared, client, body, respond)

    def render_refusal(self, scope: Scope, refusal: Refusal) -> tuple[int, HeaderList, bytes]:
        """A refusal by the server itself (deadlines, caps, malformed HTTP), in the shape of the door that was meant."""
        face = face_of(scope)
        exchange = self._gate.meet(scope)
        if face is not None:
            # Answered as it is: it says more than a used-up window would.
            self._gate.count_beside(exchange, window_of(face, scope["path"]), refusal)
        self._counters.refused(face.door if face else None, refusal.reason)
        reply = refuse_at(face, refusal)
        headers = [*answer_headers(exchange), *headers_at(face), (b"content-type", reply.content_type), *reply.headers]
        return reply.status, headers, reply.body
