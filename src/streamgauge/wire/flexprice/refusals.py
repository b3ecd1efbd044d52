"""Refusals in Flexprice's shapes: {"code", "message", "http_status_code", "details"?}, and shorter ones for keys and scopes.

Its published contract has one message for every body that cannot be bound ("Invalid request payload", no details), and names the
field only when a batch, or an element of one, fails validation.
"""

from collections.abc import Mapping

import msgspec

from streamgauge.kernel.refusal import Kind, Reason, Refusal, kind_of
from streamgauge.wire.dialect import Reply

CODES: Mapping[Kind, str] = {
    Kind.INVALID: "validation_error",
    Kind.UNAUTHORIZED: "",
    Kind.FORBIDDEN: "",
    Kind.NOT_FOUND: "not_found",
    Kind.METHOD_NOT_ALLOWED: "invalid_operation",
    Kind.TIMEOUT: "validation_error",
    Kind.CONFLICT: "already_exists",
    Kind.TOO_LARGE: "validation_error",
    Kind.UNSUPPORTED_MEDIA: "validation_error",
    Kind.LIMITED: "too_many_requests",
    Kind.HEADERS_TOO_LARGE: "validation_error",
    Kind.INTERNAL: "internal_error",
    Kind.UNAVAILABLE: "service_unavailable",
}
INVALID_PAYLOAD = "Invalid request payload"
VALIDATION_FAILED = "Request validation failed"
_BODY_TOO_LARGE = "Request body exceeds the maximum size; split the batch into smaller requests"

_UNBINDABLE = frozenset(
    {
        Reason.MALFORMED_JSON,
        Reason.INVALID_UTF8,
        Reason.BODY_NOT_OBJECT,
        Reason.UNDECODABLE_BODY,
        Reason.MISSING_FIELD,
        Reason.WRONG_TYPE,
        Reason.EMPTY_NAME,
        Reason.TEXT_TOO_LONG,
        Reason.INVALID_TIMESTAMP,
        Reason.TIMESTAMP_OUT_OF_RANGE,
        Reason.PROPERTIES_NOT_OBJECT,
        Reason.DUPLICATE_KEY,
        Reason.NUMBER_OUT_OF_RANGE,
        Reason.NUL_CHARACTER,
        Reason.NESTING_TOO_DEEP,
    }
)
_VALIDATOR_NAMES = {"events": "Events", "event_name": "EventName", "external_customer_id": "ExternalCustomerID"}
_VALIDATOR_TAGS = {
    Reason.MISSING_FIELD: "required",
    Reason.EMPTY_NAME: "required",
    Reason.BATCH_EMPTY: "min",
    Reason.BATCH_TOO_LARGE: "max",
}


def status_of(reason: Reason) -> int:
    """As the kind says, but a body over the cap is 400 here."""
    kind = kind_of(reason)
    return Kind.INVALID.value if kind is Kind.TOO_LARGE else kind.value


def code_of(reason: Reason) -> str:
    """The code of a reason; "" for those whose body has none (401, 403)."""
    return CODES[kind_of(reason)]


def render_refusal(refusal: Refusal) -> Reply:
    """A refused credential that came in the Authorization header (refusal.field) is an "Invalid token"."""
    status, kind = status_of(refusal.reason), refusal.kind
    if kind is Kind.UNAUTHORIZED:
        return Reply(status, msgspec.json.encode({"error": _unauthorized(refusal)}))
    if kind is Kind.FORBIDDEN:
        return Reply(status, b'{"message":"insufficient permissions"}')
    message, details = _phrase(refusal)
    body: dict[str, object] = {"code": code_of(refusal.reason), "message": message, "http_status_code": status}
    if details:
        body["details"] = details
    return Reply(status, msgspec.json.encode(body))


def _unauthorized(refusal: Refusal) -> str:
    if refusal.reason is Reason.INVALID_AUTH_SCHEME:
        return "Invalid authorization header format"
    if refusal.reason is not Reason.MISSING_KEY and refusal.field.lower() == "authorization":
        return "Invalid token"
    return "Unauthorized"


def _phrase(refusal: Refusal) -> tuple[str, Mapping[str, object] | None]:
    if refusal.details is not None:
        return refusal.message, refusal.details
    if refusal.reason is Reason.BODY_TOO_LARGE:
        return _BODY_TOO_LARGE, None
    tag, name = _VALIDATOR_TAGS.get(refusal.reason), _VALIDATOR_NAMES.get(refusal.field)
    if tag and name and (refusal.index is not None or name == "Events"):
        return VALIDATION_FAILED, _validator_details(name, tag, refusal.index)
    if refusal.reason in _UNBINDABLE:
        return INVALID_PAYLOAD, None
    return refusal.message, None


def _validator_details(name: str, tag: str, index: int | None) -> dict[str, object]:
    request = "BulkIngestEventRequest" if index is None else "IngestEventRequest"
    details: dict[str, object] = {name: f"Key: '{request}.{name}' Error:Field validation for '{name}' failed on the '{tag}' tag"}
    if index is not None:
        details["index"] = index
    return details
