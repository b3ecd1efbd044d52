"""The ingest cases of the three published interfaces, by their numbers: which body is refused how, which accepted as what."""

import json
from typing import Any

import pytest

from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.doors import DIALECTS
from streamgauge.wire.timestamps import parse_rfc3339
from tests.wire.arrivals import NOW_MS, arrival

SOLINTH, THEBIZNESS, FLEXPRICE = DIALECTS[Door.SOLINTH], DIALECTS[Door.THEBIZNESS], DIALECTS[Door.FLEXPRICE]
TIME = "2024-01-15T10:30:00Z"
UNBINDABLE = {"code": "validation_error", "message": "Invalid request payload", "http_status_code": 400}
WEBSITE_MISSING = {
    "success": False,
    "error": {
        "code": "INVALID_REQUEST",
        "message": "Missing required field: website_id",
        "details": {"field": "website_id", "expected": "string"},
    },
}


def post(door: Door, body: object, *, batch: bool = False) -> tuple[int, Any]:
    """Status and JSON of the reply to a body, as the HTTP floor would send them."""
    dialect = DIALECTS[door]
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        if batch:
            parsed = dialect.parse_batch(sent, arrival())
            return dialect.success_status, json.loads(dialect.render_batch(parsed.events, parsed.failures))
        return dialect.success_status, json.loads(dialect.render_event(dialect.parse_event(sent, arrival())))
    except Refusal as refusal:
        reply = dialect.render_refusal(refusal)
        return reply.status, json.loads(reply.body)


def event_of(door: Door, body: object) -> Event:
    return DIALECTS[door].parse_event(json.dumps(body).encode(), arrival())


def solinth_error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


NAME_REQUIRED = solinth_error("INVALID_EVENT", "Event name is required")


@pytest.mark.parametrize(
    ("body", "status", "reply"),
    [
        pytest.param(
            {"event": "purchase", "timestamp": TIME, "properties": {"amount": 99.0, "currency": "USD"}},
            200,
            {"success": True, "event_id": "evt_1"},
            id="E.1 1: the sample",
        ),
        pytest.param({"event": "signup"}, 200, {"success": True, "event_id": "evt_1"}, id="E.1 2: a name alone"),
        pytest.param({"properties": {}}, 400, NAME_REQUIRED, id="E.1 3: no name"),
        pytest.param({"event": ""}, 400, NAME_REQUIRED, id="E.1 4: an empty name"),
        pytest.param({"event": None}, 400, NAME_REQUIRED, id="E.1 4: a null name"),
        pytest.param({"event": " \t"}, 400, NAME_REQUIRED, id="a blank name"),
        pytest.param({"event": 123}, 400, solinth_error("INVALID_EVENT", "Invalid field: event must be a string"), id="E.1 5"),
        pytest.param(
            {"event": "a", "timestamp": "yesterday"},
            400,
            solinth_error("INVALID_REQUEST", "timestamp must be an ISO 8601 time such as 2024-01-15T10:30:00Z"),
            id="E.1 6",
        ),
        pytest.param(
            {"event": "a", "timestamp": 1705314600},
            400,
            solinth_error("INVALID_REQUEST", "Invalid field: timestamp must be a string"),
            id="a number as time",
        ),
        pytest.param(
            {"event": "a", "properties": [1]},
            400,
            solinth_error("INVALID_REQUEST", "Invalid field: properties must be an object"),
            id="E.1 7",
        ),
        pytest.param([], 400, solinth_error("INVALID_REQUEST", "The body must be a JSON object"), id="E.1 8: a list"),
    ],
)
def test_solinth_answers_an_event(body: object, status: int, reply: object) -> None:
    assert post(Door.SOLINTH, body) == (status, reply)


@pytest.mark.parametrize("body", [b"{bad", b"", b"\xef\xbb\xbf{}", b'{"event":"a"} x', b'{"event":"a"}{}', b"\xff"])
def test_a_body_that_is_not_json_is_refused_at_every_door(body: bytes) -> None:
    """E.1 8, E.2 12, E.3 6; bytes after the value too, at all doors."""
    status, reply = post(Door.SOLINTH, body)
    assert (status, reply["error"]["code"]) == (400, "INVALID_REQUEST")
    status, reply = post(Door.THEBIZNESS, body)
    assert (status, reply["success"], reply["error"]["code"]) == (400, False, "INVALID_REQUEST")
    assert post(Door.FLEXPRICE, body) == (400, UNBINDABLE)


@pytest.mark.parametrize(
    ("body", "status", "reply"),
    [
        pytest.param({"events": [{"event": "a"}] * 3}, 200, {"success": True, "processed": 3}, id="E.1 10"),
        pytest.param({"events": [{"event": "a"}] * 1000}, 200, {"success": True, "processed": 1000}, id="E.1 11: a thousand"),
        pytest.param(
            {"events": [{"event": "a"}] * 1001},
            400,
            solinth_error("INVALID_REQUEST", "The batch holds 1001 events; at most 1000 are allowed"),
            id="E.1 11: one more",
        ),
        pytest.param({"events": []}, 400, solinth_error("INVALID_REQUEST", "The batch is empty"), id="E.1 12: empty"),
        pytest.param({}, 400, solinth_error("INVALID_REQUEST", "Missing required field: events"), id="E.1 12: absent"),
        pytest.param(
            {"events": "x"}, 400, solinth_error("INVALID_REQUEST", "Invalid field: events must be an array"), id="E.1 12: text"
        ),
        pytest.param(
            {"events": [{"event": "a"}, {"properties": {}}, {"event": "a"}]},
            400,
            solinth_error("INVALID_EVENT", "Event 1: Event name is required"),
            id="E.1 13",
        ),
    ],
)
def test_solinth_answers_a_batch(body: object, status: int, reply: object) -> None:
    assert post(Door.SOLINTH, body, batch=True) == (status, reply)


def test_what_the_sender_leaves_out_is_filled_in() -> None:
    event = event_of(Door.SOLINTH, {"event": " signup "})
    assert event == Event("evt_1", "signup", NOW_MS)
    stated = event_of(Door.SOLINTH, {"event": "signup", "timestamp": TIME})
    assert (stated.timestamp_ms, stated.flags) == (parse_rfc3339(TIME), EventFlag.TIME_FROM_CLIENT)


def thebizness_error(field: str, expected: str, message: str) -> dict[str, Any]:
    details = {"field": field, "expected": expected}
    return {"success": False, "error": {"code": "INVALID_REQUEST", "message": message, "details": details}}


@pytest.mark.parametrize(
    ("body", "status", "reply"),
    [
        pytest.param(
            {"website_id": "w", "event_name": "click", "visitor_id": "v", "properties": {"value": 29.99}, "timestamp": TIME},
            200,
            {"success": True, "event_id": "evt_1", "timestamp": TIME},
            id="E.2 1: the sample, its time echoed",
        ),
        pytest.param(
            {"website_id": "w", "event_name": "click"},
            200,
            {"success": True, "event_id": "evt_1", "timestamp": "2024-01-15T10:30:00.123Z"},
            id="E.2 2: now",
        ),
        pytest.param({"event_name": "click"}, 400, WEBSITE_MISSING, id="E.2 3"),
        pytest.param(
            {"website_id": "w"},
            400,
            thebizness_error("event_name", "string", "Missing required field: event_name"),
            id="E.2 4",
        ),
        pytest.param(
            {"website_id": 5, "event_name": "click"},
            400,
            thebizness_error("website_id", "string", "Invalid field: website_id must be a string"),
            id="E.2 5",
        ),
        pytest.param(
            {"website_id": "w", "event_name": "click", "properties": "x"},
            400,
            thebizness_error("properties", "object", "Invalid field: properties must be an object"),
            id="E.2 6: properties",
        ),
    ],
)
def test_thebizness_answers_an_event(body: object, status: int, reply: object) -> None:
    assert post(Door.THEBIZNESS, body) == (status, reply)


def test_thebizness_names_a_wrong_time() -> None:
    """E.2 6: timestamp."""
    status, reply = post(Door.THEBIZNESS, {"website_id": "w", "event_name": "click", "timestamp": "x"})
    assert (status, reply["error"]["details"]["field"]) == (400, "timestamp")


def test_thebizness_takes_a_batch_in_part() -> None:
    """E.2 8 and 10: ids in order, failures itemised."""
    click = {"event_name": "click"}
    assert post(Door.THEBIZNESS, {"website_id": "w", "events": [click, click]}, batch=True) == (
        200,
        {"success": True, "processed": 2, "failed": 0, "event_ids": ["evt_1", "evt_2"]},
    )
    status, reply = post(Door.THEBIZNESS, {"website_id": "w", "events": [click, {}, click]}, batch=True)
    assert (status, reply["processed"], reply["failed"], len(reply["event_ids"])) == (200, 2, 1, 2)
    missing = thebizness_error("event_name", "string", "Missing required field: event_name")["error"]
    assert reply["errors"] == [{"index": 1, **missing}]


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        pytest.param({"events": [{"event_name": "a"}]}, WEBSITE_MISSING, id="E.2 9: no website"),
        pytest.param(
            {"website_id": "w", "events": [{}, {}]},
            thebizness_error("event_name", "string", "Event 0: Missing required field: event_name"),
            id="E.2 11: all invalid",
        ),
        pytest.param(
            {"website_id": "w", "events": []},
            thebizness_error("events", "1 to 1000 events", "The batch is empty"),
            id="E.2 11: empty",
        ),
        pytest.param(
            {"website_id": "w", "events": [{"event_name": "a"}] * 1001},
            thebizness_error("events", "1 to 1000 events", "The batch holds 1001 events; at most 1000 are allowed"),
            id="E.2 11: 1001",
        ),
    ],
)
def test_thebizness_refuses_a_batch(body: object, reply: object) -> None:
    assert post(Door.THEBIZNESS, body, batch=True) == (400, reply)


def test_an_element_may_name_another_website() -> None:
    body = b'{"website_id":"w","events":[{"event_name":"a"},{"event_name":"a","website_id":"other"}]}'
    assert [event.website_id for event in THEBIZNESS.parse_batch(body, arrival()).events] == ["w", "other"]


CALL = {"event_name": "api_request", "external_customer_id": "c1"}
ACCEPTED = {"message": "Event accepted for processing", "event_id": "event_1"}


@pytest.mark.parametrize(
    ("body", "status", "reply"),
    [
        pytest.param(CALL, 202, ACCEPTED, id="E.3 1"),
        pytest.param(CALL | {"event_id": "event123"}, 202, ACCEPTED | {"event_id": "event123"}, id="E.3 2: its own id"),
        pytest.param(CALL | {"event_id": ""}, 202, ACCEPTED, id="an empty id is no id"),
        pytest.param({"event_name": "api_request"}, 400, UNBINDABLE, id="E.3 3"),
        pytest.param({"external_customer_id": "c1"}, 400, UNBINDABLE, id="E.3 4: no name"),
        pytest.param(CALL | {"event_name": ""}, 400, UNBINDABLE, id="E.3 4: an empty name"),
        pytest.param(CALL | {"event_name": "  "}, 400, UNBINDABLE, id="a blank name"),
        pytest.param(CALL | {"event_name": 5}, 400, UNBINDABLE, id="E.3 4: a number"),
        pytest.param(CALL | {"timestamp": "2024-03-20"}, 400, UNBINDABLE, id="E.3 5: a date"),
        pytest.param(CALL | {"timestamp": ""}, 400, UNBINDABLE, id="an empty time"),
        pytest.param(CALL | {"timestamp": "2024-03-20T15:04:05.123Z"}, 202, ACCEPTED, id="E.3 5: a fraction"),
        pytest.param(CALL | {"properties": [1]}, 400, UNBINDABLE, id="E.3 6: a list"),
        pytest.param(CALL | {"properties": {"a": {"b": [1, {"c": 2}]}}}, 202, ACCEPTED, id="E.3 6: nested"),
    ],
)
def test_flexprice_answers_an_event(body: object, status: int, reply: object) -> None:
    assert post(Door.FLEXPRICE, body) == (status, reply)


def test_flexprice_converts_an_offset_and_takes_the_zero_time_as_absent() -> None:
    """E.3 5."""
    assert event_of(Door.FLEXPRICE, CALL | {"timestamp": "2024-03-20T15:04:05+05:30"}).timestamp_ms == parse_rfc3339(
        "2024-03-20T09:34:05Z"
    )
    zero = event_of(Door.FLEXPRICE, CALL | {"timestamp": "0001-01-01T00:00:00Z"})
    assert (zero.timestamp_ms, zero.flags) == (NOW_MS, EventFlag.NONE)


def validation(field: str, tag: str, request: str = "BulkIngestEventRequest", **more: object) -> dict[str, Any]:
    text = f"Key: '{request}.{field}' Error:Field validation for '{field}' failed on the '{tag}' tag"
    return UNBINDABLE | {"message": "Request validation failed", "details": {field: text, **more}}


@pytest.mark.parametrize(
    ("body", "status", "reply"),
    [
        pytest.param({"events": [CALL, CALL]}, 202, {"message": "Events accepted for processing"}, id="E.3 8"),
        pytest.param({}, 400, validation("Events", "required"), id="E.3 9: absent"),
        pytest.param({"events": []}, 400, validation("Events", "min"), id="E.3 9: empty"),
        pytest.param({"events": [CALL] * 1001}, 400, validation("Events", "max"), id="E.3 9: 1001"),
        pytest.param(
            {"events": [CALL, {"external_customer_id": "c"}]},
            400,
            validation("EventName", "required", "IngestEventRequest", index=1),
            id="E.3 10",
        ),
        pytest.param({"events": [CALL, CALL | {"timestamp": "x"}]}, 400, UNBINDABLE, id="a bad time in a batch"),
        pytest.param({"events": [CALL, None]}, 400, UNBINDABLE, id="a null element"),
    ],
)
def test_flexprice_answers_a_batch(body: object, status: int, reply: object) -> None:
    assert post(Door.FLEXPRICE, body, batch=True) == (status, reply)


def test_flexprice_refuses_a_body_over_the_cap_in_its_own_words() -> None:
    """E.3 11."""
    reply = FLEXPRICE.render_refusal(Refusal(Reason.BODY_TOO_LARGE, "too large"))
    message = "Request body exceeds the maximum size; split the batch into smaller requests"
    assert (reply.status, json.loads(reply.body)) == (400, UNBINDABLE | {"message": message})


def test_numeric_strings_and_numbers_are_kept_as_sent() -> None:
    """E.3 20, as far as it is about keeping."""
    body = b'{"event_name":"a","external_customer_id":"c","properties":{"x": "2", "y" :2,"z":1e3}}'
    assert FLEXPRICE.parse_event(body, arrival()).properties == b'{"x": "2", "y" :2,"z":1e3}'


def test_the_odd_keys_of_the_published_sample_are_kept() -> None:
    """E.3 25."""
    properties = b'{"`response_status`":"200}","{\\"request_size\\"":"100"}'
    body = (
        b'{"event_id":"event123","customer_id":"customer456","external_customer_id":"customer456","event_name":"api_request",'
        b'"timestamp":"2024-03-20T15:04:05Z","source":"api","properties":' + properties + b"}"
    )
    event = FLEXPRICE.parse_event(body, arrival())
    assert (event.event_id, event.account_id, event.customer_id, event.source) == (
        "event123",
        "customer456",
        "customer456",
        "api",
    )
    assert event.flags == EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT
    assert event.properties == properties


@pytest.mark.parametrize(
    ("sent", "exact"),
    [
        pytest.param(b'{"a":1234567.89}', b"", id="a double carries it"),
        pytest.param(b'{"a":12345678901234567.89}', b'{"a":"12345678901234567.89"}', id="a double does not"),
        pytest.param(b'{"a":99999999999999999999999}', b"", id="integers are exact in the store"),
        pytest.param(
            b'{"q\\"" : 1234567890.1234567891, "b":[1.0], "c":1e3}',
            b'{"q\\"":"1234567890.1234567891","b":[1.0],"c":1e3}',
            id="only the number that needs it is rewritten",
        ),
    ],
)
def test_a_number_that_a_double_cannot_carry_gets_an_exact_form(sent: bytes, exact: bytes) -> None:
    event = SOLINTH.parse_event(b'{"event":"a","properties":%b}' % sent, arrival())
    assert (event.properties, event.exact_properties) == (sent, exact)
