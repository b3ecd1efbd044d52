"""A refusal of our own pages: its shape, and what it adds when a field is at fault or a wait is known."""

import json

import pytest

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.routing import refuse_at

PLAIN = {"code": "invalid_parameter", "message": "no"}


@pytest.mark.parametrize(
    ("refusal", "error", "headers"),
    [
        pytest.param(Refusal(Reason.INVALID_PARAMETER, "no"), PLAIN, (), id="plain"),
        pytest.param(
            Refusal(Reason.INVALID_PARAMETER, "no", field="name", expected="a text"),
            {**PLAIN, "field": "name", "expected": "a text"},
            (),
            id="a field at fault",
        ),
        pytest.param(
            Refusal(Reason.INVALID_PARAMETER, "no", retry_after_s=7), PLAIN, ((b"retry-after", b"7"),), id="a wait that helps"
        ),
    ],
)
def test_own_pages_refuse_in_one_shape(refusal: Refusal, error: dict[str, str], headers: tuple[tuple[bytes, bytes], ...]) -> None:
    reply = refuse_at(None, refusal)
    assert (reply.status, json.loads(reply.body), reply.headers) == (400, {"error": error}, headers)
