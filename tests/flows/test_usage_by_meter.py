"""Usage of meters, features and customers over HTTP: golden values, filters, ids, zones, closed periods, earlier states."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.flows.running import RunningServer
from tests.flows.sending import meter, send
from tests.flows.test_flexprice import GOLDEN

RANGE = {"start_time": "2024-05-01T00:00:00Z", "end_time": "2024-06-01T00:00:00Z"}
SUM = {"type": "SUM", "field": "n"}


def by_meter(client: httpx.Client, meter_id: str, **asked: Any) -> httpx.Response:
    answer = client.post("/events/usage/meter", json={"meter_id": meter_id, **RANGE, **asked})
    assert answer.status_code == 200, answer.text
    return answer


def value(client: httpx.Client, meter_id: str, **asked: Any) -> float:
    return float(by_meter(client, meter_id, **asked).json().get("value", 0))


def customer(client: httpx.Client, external_id: str, **fields: Any) -> str:
    answer = client.post("/customers", json={"external_id": external_id, "name": external_id, **fields})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def as_meter(question: dict[str, Any]) -> dict[str, Any]:
    """The aggregation of a meter that asks the same as a question of /events/usage."""
    named: dict[str, Any] = {"field": "v", "type": question["aggregation_type"]}
    groups = [name.removeprefix("properties.") for name in question.get("group_by", ())]
    rest: dict[str, Any] = {name: question[name] for name in ("bucket_size", "multiplier") if name in question}
    return {**named, **rest, **({"group_by": groups[0]} if groups else {})}


@pytest.mark.parametrize(("events", "question", "expected"), GOLDEN)
def test_16_golden_aggregates_on_the_routes_of_meters(
    flexprice: httpx.Client, events: list[dict[str, Any]], question: dict[str, Any], expected: float
) -> None:
    for event in events:
        assert flexprice.post("/events", json=event).status_code == 202
    when = {"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-02-01T00:00:00Z"}
    meter_id = meter(flexprice, as_meter(question), event=events[0]["event_name"])
    assert value(flexprice, meter_id, **when) == expected
    exact = flexprice.post("/meter-usage/query", json={"meter_id": meter_id, **when}).json()
    assert float(exact["total_value"]) == expected
    assert flexprice.post("/meter-usage/analytics", json={"meter_ids": [meter_id], **when}).json() == {"items": [exact]}
    feature = {"name": "F", "type": "metered", "meter_id": meter_id}
    assert flexprice.post("/features", json=feature).status_code == 201
    who = {"external_customer_id": events[0]["external_customer_id"], **when}
    (item,) = flexprice.post("/events/analytics", json=who).json()["items"]
    assert float(item["total_usage"]) == expected


def test_16_weighted_sum_on_the_routes_of_meters(flexprice: httpx.Client) -> None:
    for day, amount in {"2025-08-16": 20, "2025-08-18": 10, "2025-08-20": 10, "2025-08-25": 5}.items():
        send(flexprice, f"w{day}", {"n": amount}, timestamp=f"{day}T00:00:00Z")
    meter_id = meter(flexprice, {"type": "WEIGHTED_SUM", "field": "n"})
    period = {"start_time": "2025-07-31T18:30:00Z", "end_time": "2025-08-31T18:30:00Z"}
    assert value(flexprice, meter_id, **period) == pytest.approx(19.506048387096776, rel=1e-15)


def test_22_an_unknown_meter_is_not_found(flexprice: httpx.Client) -> None:
    for path in ("/events/usage/meter", "/meter-usage/query"):
        answer = flexprice.post(path, json={"meter_id": "meter_x"})
        assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (404, "not_found", "Meter not found")


REFUSED = {
    "no meter": ({}, "meter_id"),
    "meter of another type": ({"meter_id": 5}, "meter_id"),
    "window": ({"meter_id": "m", "window_size": "YEAR"}, "window_size"),
    "zone": ({"meter_id": "m", "timezone": "Mars/Olympus"}, "timezone"),
    "reversed": ({"meter_id": "m", "start_time": "2024-05-02T00:00:00Z", "end_time": "2024-05-01T00:00:00Z"}, "end_time"),
    "as_of that is no position": ({"meter_id": "m", "as_of": "position:x"}, "as_of"),
    "as_of that is no time": ({"meter_id": "m", "as_of": "yesterday"}, "as_of"),
    "children as text": ({"meter_id": "m", "include_children": "yes"}, "include_children"),
    "filters as list": ({"meter_id": "m", "filters": ["a"]}, "filters"),
    "group": ({"meter_id": "m", "group_by": ["event_name"]}, "group_by"),
    "too many customers": ({"meter_id": "m", "external_customer_ids": ["c"] * 101}, "external_customer_ids"),
    "customer of another type": ({"meter_id": "m", "external_customer_id": 5}, "external_customer_id"),
}


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_broken_questions_are_refused_by_field(flexprice: httpx.Client, body: dict[str, Any], field: str) -> None:
    answer = flexprice.post("/events/usage/meter", json=body)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)


def test_a_meters_own_filters_and_those_asked_for_both_count(flexprice: httpx.Client) -> None:
    for number, (region, tier) in enumerate([("eu", "a"), ("eu", "b"), ("us", "a")]):
        send(flexprice, f"e{number}", {"n": 10**number, "region": region, "tier": tier})
    meter_id = meter(flexprice, SUM, filters=[{"key": "region", "values": ["eu"]}])
    assert value(flexprice, meter_id) == 11
    assert value(flexprice, meter_id, filters={"tier": ["a"]}) == 1
    assert value(flexprice, meter_id, filters={"region": ["us"]}) == 0
    exact = flexprice.post("/meter-usage/query", json={"meter_id": meter_id, **RANGE}).json()
    assert (exact["total_value"], exact["event_count"]) == ("11", 2)


def test_all_ids_of_a_customer_and_those_below_it_count(flexprice: httpx.Client) -> None:
    for number, name in enumerate(["c1", "old-c1", "child", "stranger"]):
        send(flexprice, f"e{number}", {"n": 10**number}, external_customer_id=name)
    meter_id = meter(flexprice, SUM)
    assert value(flexprice, meter_id, external_customer_id="c1") == 1, "no customer is needed"
    parent = customer(flexprice, "c1", aliases=["old-c1"])
    customer(flexprice, "child", parent_customer_id=parent)
    assert value(flexprice, meter_id, external_customer_id="c1") == 11
    assert value(flexprice, meter_id, external_customer_id="old-c1") == 11
    assert value(flexprice, meter_id, customer_id=parent) == 11
    assert value(flexprice, meter_id, external_customer_id="c1", include_children=True) == 111
    assert value(flexprice, meter_id) == 1111
    assert value(flexprice, meter_id, external_customer_ids=["old-c1", "stranger"]) == 1011
    raw = {"event_name": "api_call", "aggregation_type": "SUM", "property_name": "n", **RANGE}
    for name in ("c1", "old-c1"):
        assert flexprice.post("/events/usage", json={**raw, "external_customer_id": name}).json()["value"] == 11


def test_the_own_id_and_the_senders_second_one(flexprice: httpx.Client) -> None:
    send(flexprice, "e0", {"n": 1}, customer_id="inner")
    send(flexprice, "e1", {"n": 10})
    send(flexprice, "e2", {"n": 100}, external_customer_id="c2", customer_id="inner")
    meter_id = meter(flexprice, SUM)
    c1, c2 = customer(flexprice, "c1"), customer(flexprice, "c2")
    assert value(flexprice, meter_id, customer_id=c1) == 11
    assert value(flexprice, meter_id, customer_id=c1, external_customer_id="c1") == 11
    assert value(flexprice, meter_id, customer_id="inner") == 101, "no id of ours: as events carry it"
    assert value(flexprice, meter_id, customer_id="inner", external_customer_id="c1") == 1
    body = {"meter_id": meter_id, "customer_id": c2, "external_customer_id": "c1", **RANGE}
    answer = flexprice.post("/events/usage/meter", json=body)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, "customer_id")


def test_the_results_of_a_bucketed_meter_are_its_buckets(flexprice: httpx.Client) -> None:
    for number, (hour, n) in enumerate([(10, 8), (10, 4), (11, 10)]):
        send(flexprice, f"e{number}", {"n": n}, timestamp=f"2024-05-10T{hour}:0{number}:00Z")
    meter_id = meter(flexprice, {"type": "MAX", "field": "n", "bucket_size": "HOUR"})
    told = by_meter(flexprice, meter_id).json()
    raw = {"event_name": "api_call", "aggregation_type": "MAX", "property_name": "n", "bucket_size": "HOUR", **RANGE}
    assert told == flexprice.post("/events/usage", json=raw).json()
    assert (told["value"], [one["value"] for one in told["results"]]) == (18, [8, 10])


def test_windows_are_cut_in_the_customers_zone(flexprice: httpx.Client) -> None:
    send(flexprice, "late", {"n": 1}, timestamp="2024-05-10T16:30:00Z")
    meter_id = meter(flexprice, SUM)
    customer(flexprice, "c1", timezone="Asia/Tokyo")
    asked = {"external_customer_id": "c1", "window_size": "DAY"}
    (result,) = by_meter(flexprice, meter_id, **asked).json()["results"]
    assert result == {"window_size": "2024-05-10T15:00:00Z", "value": 1}
    (in_utc,) = by_meter(flexprice, meter_id, timezone="UTC", **asked).json()["results"]
    assert in_utc["window_size"] == "2024-05-10T00:00:00Z"


def test_a_meter_that_never_starts_anew_counts_from_the_beginning(flexprice: httpx.Client) -> None:
    send(flexprice, "before", {"n": 5}, timestamp="2020-01-01T00:00:00Z")
    send(flexprice, "within", {"n": 2}, timestamp="2024-05-10T00:00:00Z")
    send(flexprice, "after", {"n": 9}, timestamp="2024-07-01T00:00:00Z")
    body = {"name": "m", "event_name": "api_call", "aggregation": SUM, "reset_usage": "NEVER"}
    meter_id = flexprice.post("/meters", json=body).json()["id"]
    assert value(flexprice, meter_id) == 7
    windowed = by_meter(flexprice, meter_id, window_size="MONTH").json()
    assert (windowed["value"], [one["value"] for one in windowed["results"]]) == (7, [2])


def test_expressions_and_groups(flexprice: httpx.Client) -> None:
    for number, (tokens, factor, source) in enumerate([(10, 2, "api"), ("3", 0.5, "web"), (7, None, "api"), ("x", 1, "api")]):
        send(flexprice, f"e{number}", {"tokens": tokens, **({} if factor is None else {"factor": factor})}, source=source)
    meter_id = meter(flexprice, {"type": "SUM", "expression": "tokens * max(1, factor)"})
    assert value(flexprice, meter_id) == 30, "20, 3, and 7 where the factor is missing; what is no number counts for nothing"
    tried = {"event_name": "api_call", "aggregation_type": "SUM", "expression": "tokens * max(1, factor)", **RANGE}
    assert flexprice.post("/events/usage", json=tried).json()["value"] == 30, "as the page tries a meter before it is made"
    grouped = by_meter(flexprice, meter_id, group_by=["source"]).json()["results"]
    assert grouped == [{"value": 27, "group_by": {"source": "api"}}, {"value": 3, "group_by": {"source": "web"}}]


@pytest.fixture
def admin(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with server.client(server.key(project, "unlimited", "--scope", "admin"), header="x-api-key", base="/v1") as client:
        yield client


def test_what_comes_after_a_period_was_closed_counts_after_it(flexprice: httpx.Client, admin: httpx.Client) -> None:
    send(flexprice, "early", {"n": 100}, timestamp="2024-05-10T00:00:00Z")
    send(flexprice, "wrong", {"n": 7}, timestamp="2024-05-11T00:00:00Z")
    meter_id = meter(flexprice, SUM)
    june = {"start_time": RANGE["end_time"], "end_time": "2024-07-01T00:00:00Z"}
    assert (value(flexprice, meter_id), value(flexprice, meter_id, **june)) == (107, 0)
    closed = admin.post("/periods/close", json=RANGE)
    assert closed.status_code == 201, closed.text
    send(flexprice, "late", {"n": 20}, timestamp="2024-05-20T00:00:00Z")
    send(flexprice, "wrong", {"n": 9}, timestamp="2024-05-11T00:00:00Z")
    assert flexprice.delete("/events/early").status_code == 200
    assert value(flexprice, meter_id) == 107, "the closed period stays as it was"
    exact = flexprice.post("/meter-usage/query", json={"meter_id": meter_id, **june}).json()
    assert exact["total_value"] == "0", "20, and 9 instead of 7, less 100: below zero is shown as 0"
    send(flexprice, "new", {"n": 200}, timestamp="2024-06-15T00:00:00Z")
    assert value(flexprice, meter_id, **june) == 200 + 20 + 9 - 7 - 100
    listed = admin.get(f"/periods/{closed.json()['id']}/adjustments").json()
    assert {one["id"] for one in listed["items"]} == {"late", "wrong", "early"}
    raw = flexprice.post(
        "/events/usage", json={"event_name": "api_call", "aggregation_type": "SUM", "property_name": "n", **RANGE}
    )
    assert raw.json()["value"] == 29, "raw questions go by the time of events"


def test_an_earlier_answer_comes_again(flexprice: httpx.Client) -> None:
    meter_id = meter(flexprice, SUM)
    answers = []
    for step, sent in enumerate([("a", 1), ("b", 10), ("a", 5), ("c", 100)]):
        send(flexprice, sent[0], {"n": sent[1]})
        answer = by_meter(flexprice, meter_id)
        answers.append((answer.headers["x-streamgauge-position"], answer.json()["value"]))
        assert step or answer.json()["value"] == 1
    flexprice.delete("/events/b")
    assert value(flexprice, meter_id) == 105
    assert [found for _, found in answers] == [1, 11, 15, 115]
    for position, found in answers:
        assert value(flexprice, meter_id, as_of=f"position:{position}") == found
        raw = {"event_name": "api_call", "aggregation_type": "SUM", "property_name": "n", **RANGE}
        assert flexprice.post("/events/usage", json={**raw, "as_of": f"position:{position}"}).json()["value"] == found
    past = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).isoformat()
    assert value(flexprice, meter_id, as_of=past) == 0


def test_analytics_report_every_feature(flexprice: httpx.Client) -> None:
    for number, source in enumerate(["api", "web", "api"]):
        send(
            flexprice, f"e{number}", {"n": 1500 + number, "region": "eu"}, source=source, timestamp=f"2024-05-1{number}T00:00:00Z"
        )
    unit = {"unit_singular": "GB", "unit_plural": "GB", "conversion_rate": 0.001}
    spec = {"name": "m", "event_name": "api_call", "aggregation": SUM, "reset_usage": "BILLING_PERIOD"}
    body = {"name": "Data", "type": "metered", "meter": spec, "unit_singular": "MB", "unit_plural": "MB", "reporting_unit": unit}
    made = flexprice.post("/features", json=body).json()
    flexprice.post("/features", json={"name": "Flag", "type": "boolean"})
    asked = {"external_customer_id": "c1", **RANGE}
    reply = flexprice.post("/events/analytics", json={**asked, "window_size": "DAY", "expand": ["meter", "feature"]}).json()
    (item,) = reply["items"]
    assert (reply["total_cost"], reply["currency"], reply["custom_analytics"]) == ("0", "", [])
    assert (item["feature_id"], item["meter_id"], item["name"]) == (made["id"], made["meter_id"], "Data")
    assert (item["total_usage"], item["total_usage_display"], item["event_count"]) == ("4503", "4.503", 3)
    assert item["reporting_unit"] == item["feature"]["reporting_unit"]
    assert [(point["timestamp"][:10], point["usage"]) for point in item["points"]] == [
        ("2024-05-10", "1500"),
        ("2024-05-11", "1501"),
        ("2024-05-12", "1502"),
    ]
    assert (item["feature"]["id"], item["meter"]["id"]) == (made["id"], made["meter_id"])
    grouped = flexprice.post("/events/analytics", json={**asked, "group_by": ["source", "feature_id"]}).json()["items"]
    assert {(one["source"], one["total_usage"], one["event_count"]) for one in grouped} == {
        ("api", "3002", 2),
        ("web", "1501", 1),
    }
    by_region = flexprice.post("/events/analytics", json={**asked, "group_by": ["properties.region"]}).json()["items"]
    assert [one["properties"] for one in by_region] == [{"region": "eu"}]
    only = flexprice.post("/events/analytics", json={**asked, "sources": ["web"]}).json()["items"]
    assert [one["total_usage"] for one in only] == ["1501"]
    refused = flexprice.post("/events/analytics", json=RANGE)
    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "external_customer_id")


def test_usage_of_a_customer_over_all_features(flexprice: httpx.Client) -> None:
    now = dt.datetime.now(dt.UTC).isoformat()
    customer_id = customer(flexprice, "c1", aliases=["alias"])
    for name, kind in (("Calls", {"type": "COUNT"}), ("Data", SUM)):
        spec = {"name": name, "event_name": "api_call", "aggregation": kind, "reset_usage": "BILLING_PERIOD"}
        assert flexprice.post("/features", json={"name": name, "type": "metered", "meter": spec}).status_code == 201
    send(flexprice, "a", {"n": 1.5}, timestamp=now)
    send(flexprice, "b", {"n": 2}, timestamp=now, external_customer_id="alias")
    for asked in ({"customer_id": customer_id}, {"customer_lookup_key": "c1"}, {"external_customer_id": "alias"}):
        reply = flexprice.get("/customers/usage", params=asked).json()
        assert reply["customer_id"] == customer_id
        used = {one["feature"]["name"]: one["current_usage"] for one in reply["features"]}
        assert used == {"Calls": "2", "Data": "3.5"}
        assert all(one["is_unlimited"] for one in reply["features"])
    assert flexprice.get("/customers/usage", params={"customer_lookup_key": "nobody"}).status_code == 404
    assert flexprice.get("/customers/usage").json()["details"]["field"] == "customer_id"


def test_monitoring_counts_events(flexprice: httpx.Client) -> None:
    now = dt.datetime.now(dt.UTC)
    for number in range(3):
        send(flexprice, f"e{number}", timestamp=(now - dt.timedelta(minutes=number)).isoformat())
    reply = flexprice.get("/events/monitoring").json()
    assert (reply["total_count"], reply["consumption_lag"]) == (3, 0)
    assert sum(point["event_count"] for point in reply["points"]) == 3
    half = flexprice.get("/events/monitoring", params={"start_time": "2024-05-01T00:00:00Z"})
    assert (half.status_code, half.json()["details"]["field"]) == (400, "end_time")


AGREEING = {"COUNT": "count", "SUM": "sum", "MAX": "max", "AVG": "avg", "COUNT_UNIQUE": "unique"}


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(numbers=st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=20))
def test_two_doors_agree(server: RunningServer, numbers: list[Any]) -> None:
    """Where a value is present and not negative, a meter and the Solinth door's metric are the same number."""
    secret = server.key(f"agree-{dt.datetime.now().timestamp()}")
    with server.client(secret, header="x-api-key", base="/v1") as flexprice, server.client(secret) as solinth:
        events = [
            {
                "event_name": "api_call",
                "external_customer_id": "c",
                "properties": {"n": str(n)},
                "timestamp": "2024-05-02T00:00:00Z",
            }
            for n in numbers
        ]
        assert flexprice.post("/events/bulk", json={"events": events}).status_code == 202
        for type_, aggregation in AGREEING.items():
            measured = meter(flexprice, {"type": type_, **({} if type_ == "COUNT" else {"field": "n"})}, name=type_)
            asked = {
                "event": "api_call",
                "metric": aggregation,
                **({} if type_ == "COUNT" else {"property": "n"}),
                "from": "2024-05-01",
                "to": "2024-05-31",
            }
            metric = solinth.get("/v1/metrics", params=asked)
            assert metric.status_code == 200, metric.text
            assert value(flexprice, measured) == metric.json()["value"]
