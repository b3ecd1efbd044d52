"""Every reason has a row in docs/refusals.md and a reply in every dialect; the two agree."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.doors import DIALECTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "refusals.md"
ROW = re.compile(r"\| `(\w+)` \| (.+?) \| (\d+) \| (\w+) \| (\w+) \| (?:(\d+) )?([\w-]+) \|")


def rows() -> dict[str, tuple[str, ...]]:
    matches = [ROW.fullmatch(line) for line in DOCUMENT.read_text().splitlines()]
    return {match[1]: match.groups() for match in matches if match}


def reply(door: Door, refusal: Refusal) -> tuple[int, Any]:
    rendered = DIALECTS[door].render_refusal(refusal)
    return rendered.status, json.loads(rendered.body)


def test_the_document_has_a_row_for_every_reason_and_no_other() -> None:
    assert list(rows()) == [reason.value for reason in Reason]


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_rendered_as_the_document_says(reason: Reason) -> None:
    _, _, status, solinth, thebizness, flexprice_status, flexprice = rows()[reason]
    refusal = Refusal(reason, "some words")
    got, body = reply(Door.SOLINTH, refusal)
    assert (got, body) == (int(status), {"error": {"code": solinth, "message": body["error"]["message"]}})
    got, body = reply(Door.THEBIZNESS, refusal)
    assert (got, body) == (int(status), {"success": False, "error": {"code": thebizness, "message": "some words"}})
    got, body = reply(Door.FLEXPRICE, refusal)
    assert got == int(flexprice_status or status)
    assert body.get("code", "-") == flexprice
    assert body.get("http_status_code", got) == got
    assert "details" not in body


@pytest.mark.parametrize(
    ("reason", "header", "status", "body"),
    [
        pytest.param(Reason.MISSING_KEY, "", 401, {"error": "Unauthorized"}, id="E.3 7: no key"),
        pytest.param(Reason.UNKNOWN_KEY, "x-api-key", 401, {"error": "Unauthorized"}, id="E.3 7: a wrong x-api-key"),
        pytest.param(Reason.UNKNOWN_KEY, "Authorization", 401, {"error": "Invalid token"}, id="a wrong Bearer key"),
        pytest.param(Reason.EXPIRED_KEY, "Authorization", 401, {"error": "Invalid token"}, id="an expired Bearer key"),
        pytest.param(
            Reason.INVALID_AUTH_SCHEME,
            "Authorization",
            401,
            {"error": "Invalid authorization header format"},
            id="E.3 7: another scheme",
        ),
        pytest.param(Reason.INSUFFICIENT_SCOPE, "", 403, {"message": "insufficient permissions"}, id="no scope"),
    ],
)
def test_flexprice_refuses_a_credential_in_its_own_short_shape(reason: Reason, header: str, status: int, body: object) -> None:
    assert reply(Door.FLEXPRICE, Refusal(reason, "words", field=header)) == (status, body)


def test_flexprice_hands_on_the_details_of_a_query() -> None:
    refusal = Refusal(Reason.INVALID_PARAMETER, "Request validation failed", details={"sort": "name"})
    assert reply(Door.FLEXPRICE, refusal)[1]["details"] == {"sort": "name"}


def test_text_of_the_sender_cannot_break_out_of_a_reply() -> None:
    refusal = Refusal(Reason.DUPLICATE_KEY, 'The key "},{ is there twice', field='"},{', expected="\u2028")
    for door in Door:
        reply(door, refusal)
