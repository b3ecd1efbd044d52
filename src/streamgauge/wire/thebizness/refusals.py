"""Refusals in theBizness's shape: {"success": false, "error": {"code", "message", "details"?: {"field", "expected"}}}."""

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
    Kind.LIMITED: "RATE_LIMITED",
    Kind.HEADERS_TOO_LARGE: "HEADERS_TOO_LARGE",
    Kind.INTERNAL: "INTERNAL_ERROR",
    Kind.UNAVAILABLE: "SERVICE_UNAVAILABLE",
}
_OWN_CODES = {Reason.QUOTA_EXCEEDED: "QUOTA_EXCEEDED"}


def status_of(reason: Reason) -> int:
    return kind_of(reason).value


def code_of(reason: Reason) -> str:
    return _OWN_CODES.get(reason) or CODES[kind_of(reason)]


def error_of(refusal: Refusal) -> dict[str, object]:
    """The `error` member, which is also an element of a batch's `errors`."""
    error: dict[str, object] = {"code": code_of(refusal.reason), "message": refusal.message}
    if refusal.field:
        error["details"] = {"field": refusal.field, "expected": refusal.expected}
    return error


def render_refusal(refusal: Refusal) -> Reply:
    error = error_of(refusal)
    if refusal.index is not None:
        error["message"] = f"Event {refusal.index}: {refusal.message}"
    return Reply(status_of(refusal.reason), msgspec.json.encode({"success": False, "error": error}))
