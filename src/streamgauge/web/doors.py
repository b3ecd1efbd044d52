"""How each dialect stands at the HTTP floor: its rate windows, the headers on its every answer, and its refusals as replies."""

from typing import NamedTuple

from streamgauge.kernel.access import RateClass
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.reply import Reply, Scope
from streamgauge.wire.dialect import Dialect
from streamgauge.wire.doors import DIALECTS

_HARDENING = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


class DoorFace(NamedTuple):
    """A dialect with what HTTP adds to it."""

    dialect: Dialect
    single: RateClass
    batch: RateClass

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


SECURITY_HEADERS = _HARDENING

FACES = {
    Door.SOLINTH: DoorFace(DIALECTS[Door.SOLINTH], RateClass.MINUTE, RateClass.MINUTE),
    Door.THEBIZNESS: DoorFace(DIALECTS[Door.THEBIZNESS], RateClass.THEBIZNESS_HOUR, RateClass.THEBIZNESS_BATCH_HOUR),
    Door.FLEXPRICE: DoorFace(DIALECTS[Door.FLEXPRICE], RateClass.MINUTE, RateClass.MINUTE),
}


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
    if path in ("/v1/events", "/v1/events/batch", "/v1/metrics") or path.startswith("/v1/dashboards"):
        return FACES[Door.SOLINTH]
    if path.startswith(("/flexprice/", "/v1/")):
        return FACES[Door.FLEXPRICE]
    return None
