"""The Flexprice door over HTTP: the published conformance cases, by number (E.3 of the contract)."""

import re
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer

INVALID = {"code": "validation_error", "message": "Invalid request payload", "http_status_code": 400}
ALL_TIME = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
SEED = {
    "customer_id": "customer456",
    "event_id": "event123",
    "event_name": "api_request",
    "external_customer_id": "customer456",
    "properties": {'"response_status"': "200}", '{"request_size"': "100"},
    "source": "api",
    "timestamp": "2024-03-20T15:04:05Z",
}


def _event(n: int = 0, **fields: Any) -> dict[str, Any]:
    return {"event_name": "api_request", "external_customer_id": "c1", **fields}


def _usage(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/events/usage", json={"event_name": "api_request", "aggregation_type": "COUNT", **ALL_TIME, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _send(client: httpx.Client, *events: dict[str, Any]) -> None:
    assert client.post("/events/bulk", json={"events": list(events)}).status_code == 202


def test_1_an_event_is_accepted_with_a_server_id(flexprice: httpx.Client) -> None:
    answer = flexprice.post("/events", json=_event())
    assert answer.status_code == 202
    assert answer.headers["content-type"].startswith("application/json")
    assert set(answer.json()) == {"message", "event_id"}
    assert answer.json()["message"] == "Event accepted for processing"
    assert re.fullmatch(r"event_[0-9A-Z]{26}", answer.json()["event_id"])


def test_2_and_15_the_same_id_is_accepted_again_and_counts_once(flexprice: httpx.Client) -> None:
    for _ in range(2):
        answer = flexprice.post("/events", json=_event(event_id="event123"))
        assert (answer.status_code, answer.json()["event_id"]) == (202, "event123")
    assert _usage(flexprice) == {"event_name": "api_request", "type": "COUNT", "value": 1}


def test_a_server_made_id_sent_back_counts_once(flexprice: httpx.Client) -> None:
    made = flexprice.post("/events", json=_event(timestamp="2024-03-20T15:04:05Z")).json()["event_id"]
    assert flexprice.post("/events", json=_event(timestamp="2024-03-20T15:04:05Z", event_id=made)).status_code == 202
    assert _usage(flexprice)["value"] == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"event_name":"api_request"}', id="3 no customer"),
        pytest.param(b'{"external_customer_id":"c1"}', id="4 no name"),
        pytest.param(b'{"event_name":"","external_customer_id":"c1"}', id="4 empty name"),
        pytest.param(b'{"event_name":5,"external_customer_id":"c1"}', id="4 name a number"),
        pytest.param(b'{"event_name":"api_request","external_customer_id":"c1","timestamp":"2024-03-20"}', id="5 date only"),
        pytest.param(b"{", id="6 not JSON"),
        pytest.param(b"", id="6 empty"),
        pytest.param(b'{"event_name":"api_request","external_customer_id":"c1","properties":[1]}', id="6 properties a list"),
    ],
)
def test_3_to_6_bad_events_have_one_message(flexprice: httpx.Client, body: bytes) -> None:
    answer = flexprice.post("/events", content=body)
    assert (answer.status_code, answer.json()) == (400, INVALID)
    assert _usage(flexprice) == {"event_name": "api_request", "type": "COUNT"}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("2024-03-20T15:04:05+05:30", "2024-03-20T09:34:05Z"), ("2024-03-20T15:04:05.123Z", "2024-03-20T15:04:05.123Z")],
)
def test_5_times_are_kept_in_utc(flexprice: httpx.Client, sent: str, stored: str) -> None:
    assert flexprice.post("/events", json=_event(timestamp=sent, properties={"a": {"b": [1, None]}})).status_code == 202
    events = flexprice.post("/events/query", json=ALL_TIME).json()["events"]
    assert [(event["timestamp"], event["properties"]) for event in events] == [(stored, {"a": {"b": [1, None]}})]


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        pytest.param({}, "Unauthorized", id="no key"),
        pytest.param({"authorization": "Token x"}, "Invalid authorization header format", id="another scheme"),
        pytest.param({"x-api-key": "wrong"}, "Unauthorized", id="unknown key"),
    ],
)
def test_7_without_a_valid_key_401(server: RunningServer, headers: dict[str, str], error: str) -> None:
    for path in ("/flexprice/v1/events", "/v1/events/bulk"):
        answer = httpx.post(f"{server.url}{path}", json=_event(), headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": error})


def test_8_bulk_answers_with_a_message_only(flexprice: httpx.Client) -> None:
    answer = flexprice.post("/events/bulk", json={"events": [_event(), _event()]})
    assert (answer.status_code, answer.json()) == (202, {"message": "Events accepted for processing"})


@pytest.mark.parametrize(
    ("body", "field", "tag"),
    [
        pytest.param({}, "Events", "required", id="9 no list"),
        pytest.param({"events": []}, "Events", "min", id="9 empty list"),
        pytest.param({"events": [_event()] * 1001}, "Events", "max", id="9 one too many"),
        pytest.param(
            {"events": [_event(), {"external_customer_id": "c1"}]}, "EventName", "required", id="10 element without name"
        ),
    ],
)
def test_9_and_10_bad_batches_are_refused_whole(flexprice: httpx.Client, body: dict[str, Any], field: str, tag: str) -> None:
    answer = flexprice.post("/events/bulk", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, "Request validation failed")
    assert f"'{tag}'" in answer.json()["details"][field]
    assert "value" not in _usage(flexprice)


def test_11_a_body_of_33_mib_is_refused(flexprice: httpx.Client) -> None:
    answer = flexprice.post("/events", content=b'{"event_name":"' + b"x" * (33 << 20) + b'"}')
    assert answer.status_code == 400
    assert answer.json()["message"] == "Request body exceeds the maximum size; split the batch into smaller requests"


def test_12_the_list_has_the_published_fields(flexprice: httpx.Client) -> None:
    _send(flexprice, _event(event_id="e1", source="api"))
    answer = flexprice.post("/events/query", json={"event_name": "api_request", "external_customer_id": "c1"}).json()
    assert (answer["total_count"], answer["offset"], answer["has_more"]) == (1, 50, False)
    published = {"id", "external_customer_id", "customer_id", "event_name", "timestamp", "properties", "source", "environment_id"}
    assert published <= set(answer["events"][0])
    listed = flexprice.get("/events", params={"event_name": "api_request"}).json()
    assert listed["events"] == answer["events"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"sort": "name"}, "Request validation failed due to invalid sort field", id="unknown sort"),
        pytest.param({"order": "DESC"}, "Request validation failed due to invalid order by value", id="order in capitals"),
        pytest.param(
            {"start_time": "2024-02-01T00:00:00Z", "end_time": "2024-01-01T00:00:00Z"},
            "Please check the request payload",
            id="start after end",
        ),
        pytest.param({"iter_last_key": "x"}, "Invalid cursor key format", id="broken cursor"),
    ],
)
def test_13_bad_lists_are_refused(flexprice: httpx.Client, change: dict[str, str], message: str) -> None:
    answer = flexprice.post("/events/query", json=change)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    if "sort" in change:
        assert answer.json()["details"]["allowed_values"] == ["timestamp", "event_name"]


def test_14_a_cursor_walk_meets_every_event_once(flexprice: httpx.Client) -> None:
    _send(flexprice, *(_event(event_id=f"e{n}", timestamp=f"2024-03-20T15:00:{n % 7:02}Z") for n in range(120)))
    seen: list[str] = []
    body: dict[str, Any] = {**ALL_TIME, "page_size": 50}
    pages = []
    for _ in range(3):
        page = flexprice.post("/events/query", json=body).json()
        seen += [event["id"] for event in page["events"]]
        pages.append(page["has_more"])
        body["iter_last_key"] = page.get("iter_last_key")
    assert pages == [True, True, False]
    assert body["iter_last_key"] is None
    assert sorted(seen) == sorted(f"e{n}" for n in range(120))


def _golden(values: list[Any], ids: list[str] | None = None, hours: list[str] | None = None) -> list[dict[str, Any]]:
    return [
        _event(
            event_id=ids[n] if ids else f"g{n}",
            timestamp=hours[n] if hours else f"2024-01-15T10:00:{n:02}Z",
            properties={"v": value} if not isinstance(value, dict) else value,
        )
        for n, value in enumerate(values)
    ]


def _hours(*times: str) -> list[str]:
    return [f"2024-01-15T{time}:00Z" for time in times]


GOLDEN = [
    pytest.param(_golden([1, 1, 1], ["001", "002", "001"]), {"aggregation_type": "COUNT"}, 2, id="COUNT"),
    pytest.param(_golden([5.2, 3.8, 7.1], ["001", "002", "001"]), {"aggregation_type": "SUM"}, 10.9, id="SUM, last value wins"),
    pytest.param(_golden([10, 20, 30, 40, -1, 0]), {"aggregation_type": "AVG"}, 16.5, id="AVG"),
    pytest.param(_golden([25, 40, 35]), {"aggregation_type": "MAX"}, 40, id="MAX"),
    pytest.param(
        _golden([8, 4, 10, 5, 9], hours=_hours("10:00", "10:30", "11:00", "11:20", "11:40")),
        {"aggregation_type": "MAX", "bucket_size": "HOUR"},
        18,
        id="MAX by hour",
    ),
    pytest.param(
        _golden(
            [{"v": 10, "resource_id": "a"}, {"v": 20, "resource_id": "b"}, {"v": 15, "resource_id": "a"}],
            hours=_hours("10:00", "10:30", "11:15"),
        ),
        {"aggregation_type": "MAX", "bucket_size": "HOUR", "group_by": ["properties.resource_id"]},
        45,
        id="MAX by hour and resource",
    ),
    pytest.param(
        _golden([{"v": 10}, {"v": 20}, {"v": 15}], hours=_hours("10:00", "10:30", "11:15")),
        {"aggregation_type": "MAX", "bucket_size": "HOUR"},
        35,
        id="MAX by hour without groups",
    ),
    pytest.param(_golden(["alice", "bob", "alice", "charlie"]), {"aggregation_type": "COUNT_UNIQUE"}, 3, id="COUNT_UNIQUE"),
    pytest.param(
        _golden([1, 2, 3, 4], hours=_hours("10:00", "12:00", "09:00", "14:00")), {"aggregation_type": "LATEST"}, 4, id="LATEST"
    ),
    pytest.param(
        _golden([1000, 2500, 1500, 800], ["001", "002", "003", "001"]),
        {"aggregation_type": "SUM_WITH_MULTIPLIER", "multiplier": "0.001"},
        4.8,
        id="SUM_WITH_MULTIPLIER, last value wins",
    ),
    pytest.param(_golden(["2", 2, "abc"]), {"aggregation_type": "SUM"}, 4, id="20 numeric strings add, other strings are zero"),
]


@pytest.mark.parametrize(("events", "question", "value"), GOLDEN)
def test_16_golden_aggregates(
    flexprice: httpx.Client, events: list[dict[str, Any]], question: dict[str, Any], value: float
) -> None:
    _send(flexprice, *events)
    named = {} if question["aggregation_type"] == "COUNT" else {"property_name": "v"}
    assert _usage(flexprice, **named, **question)["value"] == value


def test_16_weighted_sum_follows_the_published_formula(flexprice: httpx.Client) -> None:
    values = {"2025-08-16": 20, "2025-08-18": 10, "2025-08-20": 10, "2025-08-25": 5}
    _send(flexprice, *(_event(timestamp=f"{day}T00:00:00Z", properties={"v": value}) for day, value in values.items()))
    period = {"start_time": "2025-07-31T18:30:00Z", "end_time": "2025-08-31T18:30:00Z"}
    answer = _usage(flexprice, aggregation_type="WEIGHTED_SUM", property_name="v", **period)
    assert answer["value"] == pytest.approx(19.506048387096776, rel=1e-15)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        pytest.param(
            {"aggregation_type": "MEDIAN", "property_name": "v"}, "The specified aggregation type is not supported", id="type"
        ),
        pytest.param(
            {"aggregation_type": "SUM", "property_name": "v", "multiplier": "2"},
            "Multiplier can only be used with SUM_WITH_MULTIPLIER aggregations",
            id="multiplier with SUM",
        ),
        pytest.param({"event_name": None}, "Please check the request payload", id="no event name"),
    ],
)
def test_17_bad_usage_questions(flexprice: httpx.Client, question: dict[str, Any], message: str) -> None:
    body = {"event_name": "api_request", "aggregation_type": "COUNT", **question}
    answer = flexprice.post("/events/usage", json={name: value for name, value in body.items() if value is not None})
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_17_types_are_upper_cased_and_fall_back_to_count(flexprice: httpx.Client) -> None:
    assert _usage(flexprice, aggregation_type="SUM")["type"] == "COUNT"
    assert _usage(flexprice, aggregation_type="sum", property_name="v")["type"] == "SUM"


def test_18_nothing_has_no_value(flexprice: httpx.Client) -> None:
    assert _usage(flexprice, event_name="x") == {"event_name": "x", "type": "COUNT"}


def test_19_windows_start_at_the_hour_and_the_range_is_half_open(flexprice: httpx.Client) -> None:
    _send(flexprice, *(_event(timestamp=time) for time in _hours("10:00", "10:59", "11:00", "12:00")))
    answer = _usage(flexprice, window_size="HOUR", start_time="2024-01-15T10:00:00Z", end_time="2024-01-15T12:00:00Z")
    assert "value" not in answer
    points = [(point["window_size"], point.get("value")) for point in answer["results"]]
    assert points == [("2024-01-15T10:00:00Z", 2), ("2024-01-15T11:00:00Z", 1)]


def test_25_the_seed_sample_comes_back_as_sent(flexprice: httpx.Client) -> None:
    answer = flexprice.post("/events", json=SEED)
    assert (answer.status_code, answer.json()["event_id"]) == (202, "event123")
    event = flexprice.post("/events/query", json=ALL_TIME).json()["events"][0]
    assert event["properties"] == SEED["properties"]
    assert (event["id"], event["customer_id"], event["source"]) == ("event123", "customer456", "api")
    assert _usage(flexprice, aggregation_type="SUM", property_name='{"request_size"')["value"] == 100
    assert _usage(flexprice, filters={'"response_status"': ["200}"]})["value"] == 1


def test_lookup_finds_an_event_and_its_versions(flexprice: httpx.Client) -> None:
    _send(flexprice, *_golden([1, 2], ["same", "same"]))
    answer = flexprice.get("/events/lookup", params={"id": "same"}).json()
    assert answer["event"]["properties"] == {"v": 2}
    assert [event["properties"] for event in answer["events"]] == [{"v": 2}, {"v": 1}]
    assert flexprice.get("/events/same").json()["event"] == answer["event"]


def test_lookup_of_nothing_is_a_404(flexprice: httpx.Client) -> None:
    unknown = flexprice.get("/events/lookup", params={"id": "nothing"})
    assert (unknown.status_code, unknown.json()["code"], unknown.json()["message"]) == (
        404,
        "not_found",
        "Event not found in events table",
    )
    missing = flexprice.get("/events/lookup")
    assert (missing.status_code, missing.json()["message"]) == (400, "Please provide a valid event ID")


def test_unknown_routes_answer_in_plain_text(flexprice: httpx.Client) -> None:
    answer = flexprice.get("/nothing/here")
    assert (answer.status_code, answer.text) == (404, "404 page not found")


@pytest.mark.parametrize("path", ["/events", "/events/bulk"])
def test_collision_an_x_api_key_always_means_flexprice(flexprice: httpx.Client, path: str) -> None:
    body = {"event": "solinth", "events": [{"event": "solinth"}]}
    answer = flexprice.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_error"


def test_collision_a_bearer_key_with_a_flexprice_body_is_accepted(bearer: httpx.Client) -> None:
    assert bearer.post("/v1/events", json=_event()).status_code == 202
    assert bearer.post("/v1/events", json={"event": "signup"}).status_code == 200
    assert bearer.post("/v1/events", json={}).json()["error"]["code"] == "INVALID_EVENT"
