"""Meters over HTTP: the published cases by number, every rule as a named case, hostile texts, who may, other projects."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.catalogue import PERIOD, SUM, WRONG_TYPES, aggregation, feature, nothing_was_made, refused, refused_field, spec
from tests.flows.running import RunningServer

METER_FIELDS = {
    "id", "name", "tenant_id", "environment_id", "event_name", "aggregation", "filters", "reset_usage", "status", "created_at",
    "updated_at",
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of one project for all cases that do not mind each other: to make a key takes half a second."""
    with server.client(server.key("meters"), header="x-api-key", base="/v1") as client:
        yield client


@pytest.fixture(scope="module")
def empty(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a project in which nothing shall ever be made."""
    with server.client(server.key("no-meters"), header="x-api-key", base="/v1") as client:
        yield client


def test_21_a_meter_is_made_listed_read_changed_and_archived(flexprice: httpx.Client) -> None:
    made = flexprice.post("/meters", json=spec(filters=[{"key": "region", "values": ["eu"]}]))
    assert made.status_code == 201
    meter = made.json()
    assert set(meter) == METER_FIELDS
    assert (meter["status"], meter["aggregation"], meter["reset_usage"]) == ("published", SUM, PERIOD)
    path = f"/meters/{meter['id']}"
    assert flexprice.get(path).json() == meter
    assert flexprice.get("/meters").json() == {"items": [meter], "pagination": {"total": 1, "limit": 50, "offset": 0}}
    added = {"filters": [{"key": "region", "values": ["us", "eu"]}, {"key": "tier", "values": ["a"]}]}
    changed = flexprice.put(path, json=added).json()
    assert changed["filters"] == [{"key": "region", "values": ["eu", "us"]}, {"key": "tier", "values": ["a"]}]
    assert flexprice.post(f"{path}/disable").json() == {"message": "Meter disabled successfully"}
    assert flexprice.delete(path).json() == {"message": "Meter deleted successfully"}
    assert flexprice.get(path).json()["status"] == "archived"
    assert flexprice.get("/meters").json()["items"] == []
    assert [one["id"] for one in flexprice.get("/meters?status=archived").json()["items"]] == [meter["id"]]


TAKEN = {
    "count": {"type": "COUNT"},
    "count in small letters": {"type": "count"},
    "average": {"type": "AVG", "field": "ms"},
    "unique": {"type": "COUNT_UNIQUE", "field": "user"},
    "latest": {"type": "LATEST", "field": "seats"},
    "multiplied": {"type": "SUM_WITH_MULTIPLIER", "field": "ms", "multiplier": "0.001"},
    "multiplied by a number": {"type": "SUM_WITH_MULTIPLIER", "field": "ms", "multiplier": 0.001},
    "weighted": {"type": "WEIGHTED_SUM", "field": "gb"},
    "expression": {"type": "SUM", "expression": "tokens * max(1, factor)"},
    "bucketed maximum": {"type": "MAX", "field": "gb", "bucket_size": "HOUR"},
    "bucketed sum": {"type": "SUM", "field": "gb", "bucket_size": "DAY"},
    "maximum by group": {"type": "MAX", "field": "gb", "bucket_size": "HOUR", "group_by": "resource_id"},
    "maximum by groups": {"type": "MAX", "field": "gb", "bucket_size": "HOUR", "group_by": ["resource_id", "zone"]},
    "property of any name": {"type": "SUM", "field": "a'b\"; DROP TABLE events --"},
}


@pytest.mark.parametrize("wanted", TAKEN.values(), ids=TAKEN)
def test_every_kind_of_meter_is_taken_and_comes_back(shared: httpx.Client, wanted: dict[str, Any]) -> None:
    made = shared.post("/meters", json=spec(aggregation=wanted))
    assert made.status_code == 201, made.text
    shown = made.json()["aggregation"]
    assert shown == {**wanted, "type": wanted["type"].upper(), **({"multiplier": "0.001"} if "multiplier" in wanted else {})}
    assert shared.get(f"/meters/{made.json()['id']}").json()["aggregation"] == shown


REFUSED = {
    "no name": (spec(name=None), "name"),
    "blank name": (spec(name="  "), "name"),
    "long name": (spec(name="x" * 256), "name"),
    "name of another type": (spec(name=5), "name"),
    "no event name": (spec(event_name=None), "event_name"),
    "blank event name": (spec(event_name=" "), "event_name"),
    "no aggregation": (spec(aggregation=None), "aggregation"),
    "aggregation as text": (spec(aggregation="SUM"), "aggregation"),
    "no type": (aggregation(field="gb"), "aggregation.type"),
    "unknown type": (aggregation(type="MEDIAN", field="gb"), "aggregation.type"),
    "sum without field": (aggregation(type="SUM"), "aggregation.field"),
    "unique without field": (aggregation(type="COUNT_UNIQUE"), "aggregation.field"),
    "field and expression": (aggregation(type="SUM", field="a", expression="b"), "aggregation.expression"),
    "expression of a count": (aggregation(type="COUNT", expression="a"), "aggregation.expression"),
    "expression of unique": (aggregation(type="COUNT_UNIQUE", expression="a"), "aggregation.expression"),
    "expression of weighted": (aggregation(type="WEIGHTED_SUM", expression="a"), "aggregation.expression"),
    "broken expression": (aggregation(type="SUM", expression="a *"), "aggregation.expression"),
    "expression that calls": (aggregation(type="SUM", expression="system(1)"), "aggregation.expression"),
    "multiplier of zero": (aggregation(type="SUM_WITH_MULTIPLIER", field="a", multiplier="0"), "aggregation.multiplier"),
    "multiplier below zero": (aggregation(type="SUM_WITH_MULTIPLIER", field="a", multiplier=-1), "aggregation.multiplier"),
    "no multiplier": (aggregation(type="SUM_WITH_MULTIPLIER", field="a"), "aggregation.multiplier"),
    "multiplier that is none": (aggregation(type="SUM_WITH_MULTIPLIER", field="a", multiplier="x"), "aggregation.multiplier"),
    "multiplier of a sum": (aggregation(type="SUM", field="a", multiplier="2"), "aggregation.multiplier"),
    "bucket of an average": (aggregation(type="AVG", field="a", bucket_size="HOUR"), "aggregation.bucket_size"),
    "unknown bucket": (aggregation(type="MAX", field="a", bucket_size="YEAR"), "aggregation.bucket_size"),
    "group without bucket": (aggregation(type="MAX", field="a", group_by="b"), "aggregation.group_by"),
    "group of a sum": (aggregation(type="SUM", field="a", bucket_size="DAY", group_by="b"), "aggregation.group_by"),
    "group of another type": (aggregation(type="MAX", field="a", bucket_size="DAY", group_by=5), "aggregation.group_by"),
    "group twice": (aggregation(type="MAX", field="a", bucket_size="DAY", group_by=["b", "b"]), "aggregation.group_by"),
    "filters of another type": (spec(filters={"a": ["b"]}), "filters"),
    "filter without key": (spec(filters=[{"values": ["b"]}]), "filters[0].key"),
    "filter with empty key": (spec(filters=[{"key": "", "values": ["b"]}]), "filters[0].key"),
    "filter without values": (spec(filters=[{"key": "a", "values": []}]), "filters[0].values"),
    "filter with empty value": (spec(filters=[{"key": "a", "values": [""]}]), "filters[0].values"),
    "filter with a number": (spec(filters=[{"key": "a", "values": [1]}]), "filters[0].values"),
    "filter twice": (spec(filters=[{"key": "a", "values": ["b"]}, {"key": "a", "values": ["c"]}]), "filters[1].key"),
    "no reset": (spec(reset_usage=None), "reset_usage"),
    "unknown reset": (spec(reset_usage="MONTHLY"), "reset_usage"),
}


def _wrong_types() -> dict[str, tuple[dict[str, Any], str]]:
    """Every field with a value of every type that it is not."""
    texts = ("name", "event_name", "reset_usage")
    parts = {"type": "SUM", "field": "a", "expression": "a", "bucket_size": "DAY"}
    cases = {f"{name} {kind}": (spec(**{name: value}), name) for name in texts for kind, value in WRONG_TYPES.items()}
    for part in parts:
        for kind, value in WRONG_TYPES.items():
            cases[f"{part} {kind}"] = (aggregation(**{"type": "SUM", "field": "a", part: value}), f"aggregation.{part}")
    for kind, value in WRONG_TYPES.items():
        cases[f"multiplier {kind}"] = (
            aggregation(type="SUM_WITH_MULTIPLIER", field="a", multiplier=value),
            "aggregation.multiplier",
        )
        cases[f"aggregation {kind}"] = (spec(aggregation=value), "aggregation")
        cases[f"filters {kind}"] = (spec(filters=value), "filters")
    taken = ("name a text", "event_name a text", "field a text", "multiplier a number")
    inside = {
        "aggregation an object": "aggregation.type",
        "filters a list": "filters[0]",
        "expression a text": "aggregation.expression",
    }
    return {name: (body, inside.get(name, field)) for name, (body, field) in cases.items() if name not in taken}


ALL_REFUSED = {**REFUSED, **_wrong_types()}


@pytest.mark.parametrize(("body", "field"), ALL_REFUSED.values(), ids=ALL_REFUSED)
def test_21_broken_meters_are_refused_by_field_and_change_nothing(empty: httpx.Client, body: dict[str, Any], field: str) -> None:
    assert refused_field(empty.post("/meters", json=body)) == field
    assert refused_field(empty.post("/features", json={"name": "F", "type": "metered", "meter": body})) == f"meter.{field}"
    nothing_was_made(empty)


BODIES = {
    "nothing": b"",
    "half an object": b'{"name":"a"',
    "a list": b"[]",
    "a text": b'"x"',
    "a name twice": b'{"name":"a","name":"b"}',
    "NUL": b'{"name":"a\\u0000b"}',
    "half a surrogate": b'{"name":"a\\ud800"}',
    "no UTF-8": b'{"name":"\xff"}',
    "deep": b'{"name":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "an object after it": b"{}{}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_that_are_no_object_are_refused_everywhere(empty: httpx.Client, body: bytes) -> None:
    for method, path in (("POST", "/meters"), ("POST", "/features"), ("PUT", "/meters/x"), ("PUT", "/features/x")):
        refused(empty.request(method, path, content=body))
    nothing_was_made(empty)


HOSTILE = [
    "'; DROP TABLE meters; --",
    "<script>alert(1)</script>",
    "%s%n{0}${jndi:x}",
    "\u202e\u0001\U0001f600",
    "../../etc",
    "\\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_texts(shared: httpx.Client, text: str) -> None:
    filters = [{"key": text, "values": [text, "b"]}]
    body = spec(name=text, event_name=text, aggregation={"type": "SUM", "field": text}, filters=filters)
    made = shared.post("/meters", json=body)
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["name"], one["event_name"], one["aggregation"]["field"], one["filters"]) == (text, text, text, filters)
    assert shared.get("/meters", params={"event_name": text, "name_contains": text}).json()["items"] == [one]
    shared.delete(f"/meters/{one['id']}")


LISTS = {
    "limit=0": "limit",
    "limit=1001": "limit",
    "limit=x": "limit",
    "limit=-1": "limit",
    "offset=-1": "offset",
    "offset=1e3": "offset",
    "order=up": "order",
    "status=gone": "status",
    "limit=1&limit=2": "limit",
}


@pytest.mark.parametrize(("query", "field"), LISTS.items(), ids=LISTS)
def test_lists_refuse_what_they_do_not_know(empty: httpx.Client, query: str, field: str) -> None:
    for path in ("/meters", "/features"):
        assert refused_field(empty.get(f"{path}?{query}")) == field


def test_lists_show_what_they_ask_for(flexprice: httpx.Client) -> None:
    made = [flexprice.post("/meters", json=spec(name=f"Meter {n}", event_name=f"e{n % 2}")).json() for n in range(5)]
    ids = [one["id"] for one in made]

    def found(**wanted: Any) -> list[str]:
        return [one["id"] for one in flexprice.get("/meters", params=wanted).json()["items"]]

    assert found() == ids[::-1]
    assert found(order="asc", limit=2, offset=1) == ids[1:3]
    assert found(order="asc", event_name="e1") == [ids[1], ids[3]]
    assert found(name_contains="METER 3") == [ids[3]]
    assert found(order="asc", meter_ids=f"{ids[4]},{ids[0]},unknown") == [ids[0], ids[4]]
    assert flexprice.get("/meters", params={"limit": 2, "offset": 9}).json() == {
        "items": [],
        "pagination": {"total": 5, "limit": 2, "offset": 9},
    }


def test_an_update_needs_a_filter(flexprice: httpx.Client) -> None:
    path = f"/meters/{flexprice.post('/meters', json=spec()).json()['id']}"
    bodies: tuple[dict[str, Any], ...] = ({}, {"filters": []})
    for body in bodies:
        assert refused(flexprice.put(path, json=body))["message"] == "At least one filter must be provided"


def test_filters_of_a_meter_stay_within_their_number(flexprice: httpx.Client) -> None:
    path = f"/meters/{flexprice.post('/meters', json=spec()).json()['id']}"
    many = {"filters": [{"key": "a", "values": [str(n) for n in range(1000)]}]}
    assert flexprice.put(path, json=many).status_code == 200
    before = flexprice.get(path).json()
    assert refused_field(flexprice.put(path, json={"filters": [{"key": "a", "values": ["one more"]}]})) == "filters"
    assert (
        refused_field(flexprice.put(path, json={"filters": [{"key": f"k{n}", "values": ["b"]} for n in range(50)]})) == "filters"
    )
    assert flexprice.get(path).json() == before


UNKNOWN = ["meter_01ARZ3NDEKTSV4RRFFQ69G5FAV", "unknown", "%00", "x" * 3000]


@pytest.mark.parametrize("meter_id", UNKNOWN)
def test_unknown_meters_are_not_found(shared: httpx.Client, meter_id: str) -> None:
    path = f"/meters/{meter_id}"
    added = {"filters": [{"key": "a", "values": ["b"]}]}
    for answer in (
        shared.get(path),
        shared.put(path, json=added),
        shared.post(f"{path}/disable"),
        shared.delete(path),
    ):
        assert refused(answer, 404)["code"] == "not_found"


@pytest.mark.parametrize("scope", ["ingest", "read"])
def test_a_change_takes_a_key_that_reads_and_sends(server: RunningServer, project: str, scope: str) -> None:
    with server.client(server.key(project, "unlimited", "--scope", scope), header="x-api-key", base="/v1") as weak:
        for answer in (weak.post("/meters", json=spec()), weak.post("/features", json=feature()), weak.delete("/meters/x")):
            assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})
        assert weak.get("/meters").status_code == (200 if scope == "read" else 403)
