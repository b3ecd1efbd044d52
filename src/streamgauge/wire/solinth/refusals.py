"""Refusals in Solinth's shape: {"error": {"code", "message"}}.

Only INVALID_EVENT is a published code; the others follow its form.
"""

from collections.abc import Mapping

import msgspec

from streamgauge.kernel.refusal import Kind, Reason, Refusal, kind_of
from streamgauge.wire.dialect import Reply

CODES: Mapping[Kind, str] = {
    Kind.INVALID: "INVALID_REQUEST",
    Kind.UNAUTHORIZED: "UNAUTHORIZED",
    Kind.FORBIDDEN: "FORBIDDEN",
    Kind.NOT_FOUND: "NOT_FOUND",
    Kind.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    Kind.TIMEOUT: "REQUEST_TIMEOUT",
    Kind.CONFLICT: "CONFLICT",
    Kind.TOO_LARGE: "REQUEST_TOO_LARGE",
    Kind.UNSUPPORTED_MEDIA: "UNSUPPORTED_ENCODING",
    Kind.LIMITED: "RATE_LIMIT_EXCEEDED",
    Kind.HEADERS_TOO_LARGE: "HEADERS_TOO_LARGE",
    Kind.INTERNAL: "INTERNAL_ERROR",
    Kind.UNAVAILABLE: "SERVICE_UNAVAILABLE",
}
_OWN_CODES = {Reason.EMPTY_NAME: "INVALID_EVENT", Reason.QUOTA_EXCEEDED: "QUOTA_EXCEEDED"}
_NAME_FAULTS = frozenset({Reason.MISSING_FIELD, Reason.EMPTY_NAME, Reason.WRONG_TYPE, Reason.TEXT_TOO_LONG})
_NAME_ABSENT = frozenset({Reason.MISSING_FIELD, Reason.EMPTY_NAME})


def status_of(reason: Reason) -> int:
    return kind_of(reason).value


def code_of(reason: Reason, field: str = "") -> str:
    """The code of a reason; whatever is wrong with the field `event` is INVALID_EVENT."""
    if field == "event" and reason in _NAME_FAULTS:
        return "INVALID_EVENT"
    return _OWN_CODES.get(reason) or CODES[kind_of(reason)]


def render_refusal(refusal: Refusal) -> Reply:
    message = refusal.message
    if refusal.field == "event" and refusal.reason in _NAME_ABSENT:
        message = "Event name is required"
    if refusal.index is not None:
        message = f"Event {refusal.index}: {message}"
    code = code_of(refusal.reason, refusal.field)
    return Reply(status_of(refusal.reason), msgspec.json.encode({"error": {"code": code, "message": message}}))
