"""The shape in which each door refuses, checked to the last key."""

from enum import StrEnum

import httpx

_CODES = {
    400: ("INVALID_REQUEST", "INVALID_EVENT"),
    401: ("UNAUTHORIZED",),
    403: ("FORBIDDEN",),
    404: ("NOT_FOUND",),
    405: ("METHOD_NOT_ALLOWED",),
    408: ("REQUEST_TIMEOUT",),
    413: ("REQUEST_TOO_LARGE",),
    415: ("UNSUPPORTED_ENCODING",),
    429: ("RATE_LIMIT_EXCEEDED", "RATE_LIMITED", "QUOTA_EXCEEDED"),
    431: ("HEADERS_TOO_LARGE",),
    503: ("SERVICE_UNAVAILABLE",),
}
_FLEXPRICE_CODES = {
    400: "validation_error",
    404: "not_found",
    405: "invalid_operation",
    408: "validation_error",
    415: "validation_error",
    429: "too_many_requests",
    431: "validation_error",
    503: "service_unavailable",
}


class Shape(StrEnum):
    """The doors, by the name that counters know them."""

    SOLINTH = "solinth"
    THEBIZNESS = "thebizness"
    FLEXPRICE = "flexprice"


def assert_refused(shape: Shape, answer: httpx.Response, *statuses: int) -> None:
    """The answer is a refusal in the door's own shape; without statuses any of the 4xx will do."""
    assert answer.status_code in (statuses or range(400, 500)), (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"].startswith("application/json"), answer.headers
    _CHECKS[shape](answer.status_code, answer.json())


def assert_refused_for_now(shape: Shape, answer: httpx.Response) -> None:
    """503 in the door's own shape, and when to try again."""
    assert_refused(shape, answer, 503)
    assert 1 <= int(answer.headers["retry-after"]) <= 3600


def _check_solinth(status: int, body: dict[str, object]) -> None:
    assert set(body) == {"error"}, body
    error = body["error"]
    assert isinstance(error, dict)
    assert set(error) == {"code", "message"}, body
    _check_code(status, error)


def _check_thebizness(status: int, body: dict[str, object]) -> None:
    assert set(body) == {"success", "error"}, body
    assert body["success"] is False
    error = body["error"]
    assert isinstance(error, dict)
    assert set(error) - {"details"} == {"code", "message"}, body
    if "details" in error:
        assert set(error["details"]) == {"field", "expected"}, body
        assert error["details"]["field"]
    _check_code(status, error)


def _check_flexprice(status: int, body: dict[str, object]) -> None:
    if status == 401:
        assert set(body) == {"error"}, body
        assert body["error"] in ("Unauthorized", "Invalid token", "Invalid authorization header format")
        return
    if status == 403:
        assert body == {"message": "insufficient permissions"}
        return
    assert set(body) - {"details"} == {"code", "message", "http_status_code"}, body
    assert (body["code"], body["http_status_code"]) == (_FLEXPRICE_CODES[status], status)
    assert isinstance(body["message"], str)
    assert body["message"]
    assert isinstance(body.get("details", {}), dict)


def _check_code(status: int, error: dict[str, object]) -> None:
    assert error["code"] in _CODES[status], error
    assert isinstance(error["message"], str)
    assert error["message"]


_CHECKS = {Shape.SOLINTH: _check_solinth, Shape.THEBIZNESS: _check_thebizness, Shape.FLEXPRICE: _check_flexprice}
