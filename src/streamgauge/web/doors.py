"""How each dialect stands at the HTTP floor: its addresses for events, its rate windows, the headers on its every answer, and its
refusals as replies."""

from typing import NamedTuple

from streamgauge.kernel.access import RateClass
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.cors import CORS_HEADERS
from streamgauge.web.reply import Reply, Scope
from streamgauge.wire.dialect import Dialect
from streamgauge.wire.doors import DIALECTS

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


class DoorFace(NamedTuple):
    """A dialect with what HTTP adds to it. headers: on its every answer; lines: the same as header lines."""

    dialect: Dialect
    single: RateClass
    batch: RateClass
    headers: tuple[tuple[bytes, bytes], ...] = SECURITY_HEADERS
    lines: bytes = _lines(SECURITY_HEADERS)

    @property
    def door(self) -> Door:
        return self.dialect.door

    def refuse(self, refusal: Refusal) -> Reply:
        """A refusal in the door's own shape, with Retry-After when trying again makes sense."""
        status, body = self.dialect.render_refusal(refusal)
        headers: tuple[tuple[bytes, bytes], ...] = ()
        if refusal.retry_after_s is not None:
            headers = ((b"retry-after", b"%d" % refusal.retry_after_s),)
        if refusal.reason in (Reason.MISSING_KEY, Reason.INVALID_AUTH_SCHEME):
            headers += ((b"www-authenticate", b"Bearer"),)
        return Reply(status, body, headers=headers)


_SOLINTH_STARTS = ("/v1/dashboards", "/v1/shared/")
_FLEXPRICE_HEADERS = (*SECURITY_HEADERS, *CORS_HEADERS)
FACES = {
    Door.SOLINTH: DoorFace(DIALECTS[Door.SOLINTH], RateClass.MINUTE, RateClass.MINUTE),
    Door.THEBIZNESS: DoorFace(DIALECTS[Door.THEBIZNESS], RateClass.THEBIZNESS_HOUR, RateClass.THEBIZNESS_BATCH_HOUR),
    Door.FLEXPRICE: DoorFace(
        DIALECTS[Door.FLEXPRICE], RateClass.MINUTE, RateClass.MINUTE, headers=_FLEXPRICE_HEADERS, lines=_lines(_FLEXPRICE_HEADERS)
    ),
}


class IngestRoute(NamedTuple):
    """One ingest path. door None: POST /v1/events at the root, where two doors meet."""

    door: Door | None
    batch: bool


INGEST_ROUTES: dict[str, IngestRoute] = {
    "/v1/events": IngestRoute(None, batch=False),
    "/v1/events/batch": IngestRoute(Door.SOLINTH, batch=True),
    "/solinth/v1/events": IngestRoute(Door.SOLINTH, batch=False),
    "/solinth/v1/events/batch": IngestRoute(Door.SOLINTH, batch=True),
    "/api/events": IngestRoute(Door.THEBIZNESS, batch=False),
    "/api/events/batch": IngestRoute(Door.THEBIZNESS, batch=True),
    "/thebizness/api/events": IngestRoute(Door.THEBIZNESS, batch=False),
    "/thebizness/api/events/batch": IngestRoute(Door.THEBIZNESS, batch=True),
    "/v1/events/bulk": IngestRoute(Door.FLEXPRICE, batch=True),
    "/flexprice/v1/events": IngestRoute(Door.FLEXPRICE, batch=False),
    "/flexprice/v1/events/bulk": IngestRoute(Door.FLEXPRICE, batch=True),
}


def window_of(face: DoorFace, path: str) -> RateClass:
    """The window in which a request at a path of the door is counted."""
    route = INGEST_ROUTES.get(path)
    return face.batch if route is not None and route.batch else face.single


def headers_at(face: DoorFace | None) -> tuple[tuple[bytes, bytes], ...]:
    """What every answer carries at a door, or on our own pages."""
    return SECURITY_HEADERS if face is None else face.headers


def takes_preflight(path: str) -> bool:
    """Whether browsers may ask at a path what they may do there: at every path of Flexprice, and at the one that it shares."""
    face = face_of_path(path)
    return path == "/v1/events" or (face is not None and face.door is Door.FLEXPRICE)


def face_of(scope: Scope) -> DoorFace | None:
    """The door that a request meant, as far as its head tells: where two doors share a path, x-api-key means Flexprice."""
    face = face_of_path(scope["path"])
    if scope["path"] == "/v1/events" and any(name == b"x-api-key" for name, _ in scope["headers"]):
        return FACES[Door.FLEXPRICE]
    return face


def face_of_path(path: str) -> DoorFace | None:
    """The door to which a path belongs, None for our own pages. POST /v1/events at the root is decided elsewhere."""
    if path.startswith("/solinth/"):
        return FACES[Door.SOLINTH]
    if path.startswith(("/thebizness/", "/api/")):
        return FACES[Door.THEBIZNESS]
    if path in ("/v1/events", "/v1/events/batch", "/v1/metrics") or path.startswith(_SOLINTH_STARTS):
        return FACES[Door.SOLINTH]
    if path.startswith(("/flexprice/", "/v1/")):
        return FACES[Door.FLEXPRICE]
    return None
