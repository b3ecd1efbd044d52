"""The bounds of a connection, and the refusals that speak of them."""

import httptools
import msgspec

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.settings import Settings

BODY_BYTES_PER_SECOND = 16_384
LINGER_S = 10.0
LINGER_WHILE_DRAINING_S = 1.0
LINGER_BYTES = 128 * 1024 * 1024
# A one-byte chunk takes six bytes on the wire; whatever spends more than this on framing is not sending a body.
MAX_FRAMING_RATIO = 8


class ServerLimits(msgspec.Struct, frozen=True):
    """Seconds and bytes; protocol.py says what they bound. drain_timeout_s: how long a stop waits for requests in flight."""

    header_timeout_s: float = 10.0
    body_timeout_s: float = 30.0
    send_timeout_s: float = 30.0
    keep_alive_s: float = 75.0
    drain_timeout_s: float = 10.0
    max_header_bytes: int = 65_536
    max_body_bytes: int = 32 * 1024 * 1024

    @classmethod
    def of(cls, settings: Settings) -> "ServerLimits":
        return cls(
            max_header_bytes=settings.max_header_bytes,
            max_body_bytes=settings.max_body_bytes,
            header_timeout_s=settings.header_timeout_s,
            body_timeout_s=settings.body_timeout_s,
            keep_alive_s=settings.keep_alive_timeout_s,
            drain_timeout_s=settings.drain_timeout_s,
        )


def malformed(error: httptools.HttpParserError) -> Refusal:
    detail = "" if isinstance(error, httptools.HttpParserCallbackError) else f" ({error})"
    return Refusal(Reason.MALFORMED_HTTP, f"This is not a valid HTTP request{detail}.")


def headers_too_large(limits: ServerLimits) -> Refusal:
    return Refusal(Reason.HEADERS_TOO_LARGE, f"The request's headers exceed {limits.max_header_bytes} bytes.")


def body_too_large(limits: ServerLimits) -> Refusal:
    return Refusal(Reason.BODY_TOO_LARGE, f"The request's body exceeds {limits.max_body_bytes} bytes.")


def overdue(reason: Reason, *, is_draining: bool) -> Refusal:
    """What is still being received came too late: for its own deadline, or for a server that stops."""
    if is_draining:
        return Refusal(Reason.SHUTTING_DOWN, "The server is stopping. Try again shortly.", retry_after_s=5)
    part = "headers" if reason is Reason.HEADERS_TIMEOUT else "body"
    return Refusal(reason, f"The request's {part} did not arrive in time.")
