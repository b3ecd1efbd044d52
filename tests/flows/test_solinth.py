"""The Solinth door over HTTP: the published conformance cases, by number (E.1 of the contract)."""

from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer

NAME_MISSING = {"error": {"code": "INVALID_EVENT", "message": "Event name is required"}}
JANUARY = {"event": "purchase", "property": "amount", "from": "2024-01-01", "to": "2024-01-31"}


@pytest.fixture(params=["/v1", "/solinth/v1"], ids=["root mount", "explicit mount"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _count(client: httpx.Client, event: str) -> int:
    answer = client.get("/v1/metrics", params={"event": event, "metric": "count", "from": "2020-01-01"}).json()
    return int(answer["count"])


def test_1_an_event_answers_exactly_success_and_event_id(bearer: httpx.Client, base: str) -> None:
    body = {"event": "purchase", "timestamp": "2024-01-15T10:30:00Z", "properties": {"amount": 99.0, "currency": "USD"}}
    answer = bearer.post(f"{base}/events", json=body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"success", "event_id"}
    assert answer.json()["success"] is True
    assert answer.json()["event_id"].startswith("evt_")


def test_2_without_timestamp_the_event_happens_now(bearer: httpx.Client, base: str) -> None:
    assert bearer.post(f"{base}/events", json={"event": "signup"}).status_code == 200
    answer = bearer.get(f"{base}/metrics", params={"event": "signup", "interval": "hour"}).json()
    assert answer["total"] == 1
    assert sum(point["value"] for point in answer["data"][-2:]) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b'{"properties":{}}', "INVALID_EVENT", id="3 name absent"),
        pytest.param(b'{"event":""}', "INVALID_EVENT", id="4 name empty"),
        pytest.param(b'{"event":null}', "INVALID_EVENT", id="4 name null"),
        pytest.param(b'{"event":123}', "INVALID_EVENT", id="5 name a number"),
        pytest.param(b'{"event":"a","timestamp":"yesterday"}', "INVALID_REQUEST", id="6 timestamp unreadable"),
        pytest.param(b'{"event":"a","properties":[1]}', "INVALID_REQUEST", id="7 properties a list"),
        pytest.param(b"{bad", "INVALID_REQUEST", id="8 not JSON"),
        pytest.param(b"[]", "INVALID_REQUEST", id="8 not an object"),
    ],
)
def test_3_to_8_bad_events_are_refused(bearer: httpx.Client, base: str, body: bytes, code: str) -> None:
    answer = bearer.post(f"{base}/events", content=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["code"] == code
    if code == "INVALID_EVENT" and b"123" not in body:
        assert answer.json() == NAME_MISSING
    assert _count(bearer, "a") == 0


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no header"),
        pytest.param({"authorization": "Bearer sk_live_wrong"}, id="unknown key"),
        pytest.param({"authorization": "Basic x"}, id="another scheme"),
    ],
)
def test_9_without_a_valid_key_401(server: RunningServer, base: str, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{server.url}{base}/events", json={"event": "a"}, headers=headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize("count", [3, 1000], ids=["10 three events", "11 a thousand events"])
def test_10_and_11_a_batch_says_how_many(bearer: httpx.Client, base: str, count: int) -> None:
    answer = bearer.post(
        f"{base}/events/batch", json={"events": [{"event": "pageview", "properties": {"n": n}} for n in range(count)]}
    )
    assert (answer.status_code, answer.json()) == (200, {"success": True, "processed": count})
    assert _count(bearer, "pageview") == count


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"events": [{"event": "b"}] * 1001}, "INVALID_REQUEST", id="11 one too many"),
        pytest.param({"events": []}, "INVALID_REQUEST", id="12 empty list"),
        pytest.param({}, "INVALID_REQUEST", id="12 no list"),
        pytest.param({"events": "x"}, "INVALID_REQUEST", id="12 text for a list"),
        pytest.param({"events": [{"event": "b"}, {"properties": {}}, {"event": "b"}]}, "INVALID_EVENT", id="13 one bad element"),
    ],
)
def test_11_to_13_a_bad_batch_is_refused_whole(bearer: httpx.Client, base: str, body: dict[str, Any], code: str) -> None:
    answer = bearer.post(f"{base}/events/batch", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert _count(bearer, "b") == 0


@pytest.fixture
def purchases(bearer: httpx.Client) -> httpx.Client:
    """150 purchases in January 2024 that sum to 12,500, one of them in its last second; and one just after it."""
    events = [
        {"event": "purchase", "timestamp": f"2024-01-{1 + n % 30:02}T12:00:00Z", "properties": {"amount": 80 + n % 2}}
        for n in range(149)
    ]
    rest = 12500 - sum(event["properties"]["amount"] for event in events)  # type: ignore[index]  # the literal above is typed as object
    events.append({"event": "purchase", "timestamp": "2024-01-31T23:59:59Z", "properties": {"amount": rest}})
    events.append({"event": "purchase", "timestamp": "2024-02-01T00:00:00Z", "properties": {"amount": 1_000_000}})
    assert bearer.post("/v1/events/batch", json={"events": events}).status_code == 200
    return bearer


def test_14_the_documented_sum(purchases: httpx.Client, base: str) -> None:
    answer = purchases.get(f"{base}/metrics", params={**JANUARY, "metric": "sum"})
    assert (answer.status_code, answer.json()) == (200, {"value": 12500.0, "count": 150})


def test_15_the_sum_by_day(purchases: httpx.Client, base: str) -> None:
    answer = purchases.get(f"{base}/metrics", params={**JANUARY, "metric": "sum", "interval": "day"}).json()
    assert set(answer) == {"data", "total"}
    assert answer["total"] == 12500
    assert [point["date"] for point in answer["data"]] == [f"2024-01-{day:02}" for day in range(1, 32)]
    assert sum(point["value"] for point in answer["data"]) == 12500


def test_16_count_is_both_value_and_count(purchases: httpx.Client, base: str) -> None:
    answer = purchases.get(
        f"{base}/metrics", params={"event": "purchase", "metric": "count", "from": "2024-01-01", "to": "2024-02-01"}
    )
    assert answer.json() == {"value": 151, "count": 151}


@pytest.mark.parametrize(("metric", "value"), [("avg", 12500 / 150), ("min", 80), ("max", 505), ("median", 80.5), ("p99", 81)])
def test_17_other_metrics(purchases: httpx.Client, base: str, metric: str, value: float) -> None:
    answer = purchases.get(f"{base}/metrics", params={**JANUARY, "metric": metric}).json()
    assert answer["count"] == 150
    if metric not in ("max", "p99"):
        assert answer["value"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        pytest.param({}, "event", id="no event"),
        pytest.param({"event": "a", "metric": "mode"}, "metric", id="unknown metric"),
        pytest.param({"event": "a", "metric": "sum"}, "property", id="sum without property"),
        pytest.param({"event": "a", "interval": "minute"}, "interval", id="unknown interval"),
        pytest.param({"event": "a", "from": "notadate"}, "from", id="from unreadable"),
        pytest.param({"event": "a", "from": "2024-02-01", "to": "2024-01-01"}, "from", id="from after to"),
        pytest.param({"event": "a", "timezone": "Mars/Olympus"}, "timezone", id="unknown zone"),
    ],
)
def test_18_bad_questions_are_refused_by_name(bearer: httpx.Client, base: str, parameters: dict[str, str], named: str) -> None:
    answer = bearer.get(f"{base}/metrics", params=parameters)
    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"].lower()


def test_19_nothing_counts_nothing(bearer: httpx.Client, base: str) -> None:
    assert bearer.get(f"{base}/metrics", params={"event": "never"}).json() == {"value": 0, "count": 0}
    series = bearer.get(f"{base}/metrics", params={"event": "never", "interval": "day"}).json()
    assert series["total"] == 0
    assert all(point["value"] == 0 for point in series["data"])


def test_20_every_answer_carries_the_limit_and_remaining_falls_by_one(server: RunningServer, project: str) -> None:
    with server.client(server.key(project, "free")) as client:
        answers = [
            client.post("/v1/events", json={"event": "a"}),
            client.post("/v1/events", content=b"{bad"),
            client.get("/v1/metrics", params={"event": "a"}),
            client.get("/v1/metrics"),
        ]
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers] == [99, 98, 97, 96]
    assert {int(answer.headers["x-ratelimit-limit"]) for answer in answers} == {100}
    assert len({int(answer.headers["x-ratelimit-reset"]) for answer in answers}) == 1


def test_21_request_101_of_a_minute_is_refused(server: RunningServer, project: str) -> None:
    with server.client(server.key(project, "free")) as client:
        statuses = [client.get("/v1/metrics", params={"event": "a"}).status_code for _ in range(100)]
        late = client.get("/v1/metrics", params={"event": "a"})
    assert set(statuses) == {200}
    assert late.status_code == 429
    assert late.json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert 1 <= int(late.headers["retry-after"]) <= 60


def test_22_event_10_001_of_a_day_is_refused_and_other_tenants_are_not(server: RunningServer, project: str) -> None:
    full = [{"event": "a"}] * 1000
    with server.client(server.key(project, "free")) as client:
        for _ in range(9):
            assert client.post("/v1/events/batch", json={"events": full}).status_code == 200
        assert client.post("/v1/events/batch", json={"events": full[:999]}).status_code == 200
        crossing = client.post("/v1/events/batch", json={"events": full[:2]})
        assert client.post("/v1/events", json={"event": "a"}).status_code == 200
        late = client.post("/v1/events", json={"event": "a"})
        assert _count(client, "a") == 10_000
    assert (crossing.status_code, late.status_code) == (429, 429)
    assert late.json()["error"]["code"] == "QUOTA_EXCEEDED"
    with server.client(server.key(f"{project}-other", "free")) as other:
        assert other.post("/v1/events", json={"event": "a"}).status_code == 200


def test_25_metrics_never_include_another_tenant(server: RunningServer, bearer: httpx.Client, project: str) -> None:
    bearer.post("/v1/events", json={"event": "shared"})
    with server.client(server.key(f"{project}-other")) as other:
        assert _count(other, "shared") == 0
    assert _count(bearer, "shared") == 1
