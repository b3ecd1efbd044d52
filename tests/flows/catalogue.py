"""Meters and features as the tests send them, and what is asserted of refusals."""

from typing import Any

import httpx

PERIOD = "BILLING_PERIOD"
SUM = {"type": "SUM", "field": "gb"}
WRONG_TYPES = {"a number": 5, "true": True, "a list": ["a"], "an object": {"a": "b"}, "a text": "x"}


def spec(**changes: Any) -> dict[str, Any]:
    """A new meter."""
    return given({"name": "Traffic", "event_name": "request", "aggregation": SUM, "reset_usage": PERIOD, **changes})


def aggregation(**changes: Any) -> dict[str, Any]:
    return spec(aggregation=changes)


def feature(**changes: Any) -> dict[str, Any]:
    """A new feature that brings a meter along."""
    return given({"name": "Data Transfer", "type": "metered", "meter": spec(), **changes})


def given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def refused(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    """The body, which is the door's own shape to the last key."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["http_status_code"]) == (status, status), answer.text
    assert body["code"] == {400: "validation_error", 404: "not_found", 409: "already_exists"}[status]
    assert body["message"]
    assert set(body) <= {"code", "message", "http_status_code", "details"}
    return body


def refused_field(answer: httpx.Response) -> str:
    details = refused(answer)["details"]
    assert details["expected"], details
    return str(details["field"])


def nothing_was_made(client: httpx.Client) -> None:
    for path in ("/meters", "/features"):
        assert client.get(path).json()["pagination"]["total"] == 0
