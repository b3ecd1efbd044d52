"""Meters and features over HTTP: the published cases by number, every rule as a named case, who may, other projects."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer

METER_FIELDS = {
    "id", "name", "tenant_id", "environment_id", "event_name", "aggregation", "filters", "reset_usage", "status", "created_at",
    "updated_at",
}  # fmt: skip
SUM = {"type": "SUM", "field": "gb"}
PERIOD = "BILLING_PERIOD"


def spec(**changes: Any) -> dict[str, Any]:
    return {"name": "Traffic", "event_name": "request", "aggregation": SUM, "reset_usage": PERIOD, **changes}


def aggregation(**changes: Any) -> dict[str, Any]:
    return spec(aggregation=changes)


def refused(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["http_status_code"]) == (status, status), answer.text
    return body


@pytest.fixture
def other(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with server.client(server.key(f"{project}-other"), header="x-api-key", base="/v1") as client:
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
def test_every_kind_of_meter_is_taken_and_comes_back(flexprice: httpx.Client, wanted: dict[str, Any]) -> None:
    made = flexprice.post("/meters", json=spec(aggregation=wanted))
    assert made.status_code == 201, made.text
    shown = made.json()["aggregation"]
    assert shown == {**wanted, "type": wanted["type"].upper(), **({"multiplier": "0.001"} if "multiplier" in wanted else {})}
    assert flexprice.get(f"/meters/{made.json()['id']}").json()["aggregation"] == shown


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


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_21_broken_meters_are_refused_by_field_and_change_nothing(
    flexprice: httpx.Client, body: dict[str, Any], field: str
) -> None:
    given = {name: value for name, value in body.items() if value is not None}
    assert refused(flexprice.post("/meters", json=given))["details"]["field"] == field
    metered = {"name": "F", "type": "metered", "meter": given}
    assert refused(flexprice.post("/features", json=metered))["details"]["field"] == f"meter.{field}"
    assert flexprice.get("/meters").json()["pagination"]["total"] == 0
    assert flexprice.get("/features").json()["pagination"]["total"] == 0


def test_an_update_needs_a_filter(flexprice: httpx.Client) -> None:
    path = f"/meters/{flexprice.post('/meters', json=spec()).json()['id']}"
    bodies: tuple[dict[str, Any], ...] = ({}, {"filters": []})
    for body in bodies:
        assert refused(flexprice.put(path, json=body))["message"] == "At least one filter must be provided"


UNKNOWN = ["meter_01ARZ3NDEKTSV4RRFFQ69G5FAV", "unknown", "%00", "x" * 3000]


@pytest.mark.parametrize("meter_id", UNKNOWN)
def test_unknown_meters_are_not_found(flexprice: httpx.Client, meter_id: str) -> None:
    path = f"/meters/{meter_id}"
    added = {"filters": [{"key": "a", "values": ["b"]}]}
    for answer in (
        flexprice.get(path),
        flexprice.put(path, json=added),
        flexprice.post(f"{path}/disable"),
        flexprice.delete(path),
    ):
        assert refused(answer, 404)["code"] == "not_found"


def feature(**changes: Any) -> dict[str, Any]:
    given = {"name": "Data Transfer", "type": "metered", "meter": spec(), **changes}
    return {name: value for name, value in given.items() if value is not None}


def test_24_a_feature_is_made_with_its_meter_listed_changed_cloned_and_archived(flexprice: httpx.Client) -> None:
    unit = {"unit_singular": "TB", "unit_plural": "TB", "conversion_rate": 0.001}
    alerts = {"alert_enabled": True, "critical": {"threshold": "90", "condition": "above"}}
    made = flexprice.post(
        "/features",
        json=feature(
            description="d",
            metadata={"team": "net"},
            unit_singular="GB",
            unit_plural="GB",
            reporting_unit=unit,
            alert_settings=alerts,
        ),
    )
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["lookup_key"], one["status"], one["type"]) == ("data_transfer", "published", "metered")
    assert one["meter"]["id"] == one["meter_id"]
    assert (one["reporting_unit"], one["alert_settings"], one["metadata"]) == (unit, alerts, {"team": "net"})
    path = f"/features/{one['id']}"
    assert flexprice.get(path).json() == one
    assert flexprice.get(f"/meters/{one['meter_id']}").json() == one["meter"]
    page = {"items": [one], "pagination": {"total": 1, "limit": 50, "offset": 0}}
    assert flexprice.get("/features").json() == flexprice.post("/features/search", json={}).json() == page
    changed = flexprice.put(path, json={"name": "Data", "filters": [{"key": "region", "values": ["eu"]}]}).json()
    assert (changed["name"], changed["lookup_key"]) == ("Data", "data_transfer")
    assert changed["meter"]["filters"] == [{"key": "region", "values": ["eu"]}]
    clone = flexprice.post(f"{path}/clone", json={"name": "Partner data", "lookup_key": "partner_data"})
    assert clone.status_code == 201
    assert (clone.json()["meter_id"], clone.json()["metadata"]) == (one["meter_id"], {"team": "net"})
    assert flexprice.delete(path).json() == {"message": "feature deleted successfully"}
    assert flexprice.get(path).json()["status"] == "archived"
    assert flexprice.get(f"/meters/{one['meter_id']}").json()["status"] == "published", "another feature uses it"
    flexprice.delete(f"/features/{clone.json()['id']}")
    assert flexprice.get(f"/meters/{one['meter_id']}").json()["status"] == "archived"


@pytest.mark.parametrize("kind", ["boolean", "static", "config"])
def test_other_features_have_no_meter(flexprice: httpx.Client, kind: str) -> None:
    made = flexprice.post("/features", json=feature(type=kind, meter=None)).json()
    assert (made["type"], "meter_id" in made, "meter" in made) == (kind, False, False)
    added = {"filters": [{"key": "a", "values": ["b"]}]}
    assert "metered" in refused(flexprice.put(f"/features/{made['id']}", json=added))["message"]


REFUSED_FEATURES = {
    "no name": (feature(name=None), "name"),
    "blank name": (feature(name=" "), "name"),
    "no type": (feature(type=None), "type"),
    "unknown type": (feature(type="x"), "type"),
    "metered without meter": (feature(meter=None), "meter_id"),
    "meter as text": (feature(meter="x"), "meter"),
    "both meters": (feature(meter_id="meter_1"), "meter"),
    "long lookup key": (feature(lookup_key="x" * 256), "lookup_key"),
    "long description": (feature(description="x" * 1001), "description"),
    "metadata with a number": (feature(metadata={"a": 1}), "metadata"),
    "metadata as a list": (feature(metadata=["a"]), "metadata"),
    "half a unit": (feature(unit_singular="GB"), "unit_plural"),
    "unit of another type": (feature(reporting_unit=5), "reporting_unit"),
    "unit without rate": (feature(reporting_unit={"unit_singular": "a", "unit_plural": "b"}), "reporting_unit.conversion_rate"),
    "rate of zero": (
        feature(reporting_unit={"unit_singular": "a", "unit_plural": "b", "conversion_rate": 0}),
        "reporting_unit.conversion_rate",
    ),
    "alerts as text": (feature(alert_settings="x"), "alert_settings"),
    "threshold that is none": (
        feature(alert_settings={"critical": {"threshold": "x"}}),
        "alert_settings.critical.threshold",
    ),
    "unknown condition": (
        feature(alert_settings={"info": {"threshold": "1", "condition": "at"}}),
        "alert_settings.info",
    ),
    "alerts enabled as text": (feature(alert_settings={"alert_enabled": "yes"}), "alert_enabled"),
}


@pytest.mark.parametrize(("body", "field"), REFUSED_FEATURES.values(), ids=REFUSED_FEATURES)
def test_24_broken_features_are_refused_by_field_and_leave_no_meter(
    flexprice: httpx.Client, body: dict[str, Any], field: str
) -> None:
    assert refused(flexprice.post("/features", json=body))["details"]["field"] == field
    assert flexprice.get("/meters").json()["pagination"]["total"] == 0


def test_24_a_lookup_key_is_taken_once_and_free_again_when_archived(flexprice: httpx.Client) -> None:
    one = flexprice.post("/features", json=feature()).json()
    again = refused(flexprice.post("/features", json=feature()), 409)
    assert (again["code"], again["message"]) == ("already_exists", "A feature with this lookup key already exists")
    assert flexprice.get("/meters").json()["pagination"]["total"] == 1, "the meter that came along is not left behind"
    flexprice.delete(f"/features/{one['id']}")
    assert flexprice.post("/features", json=feature()).status_code == 201


def test_searches_show_what_they_ask_for(flexprice: httpx.Client) -> None:
    made = [flexprice.post("/features", json=feature(name=name)).json() for name in ("Alpha", "Beta", "Gamma alpha")]
    ids = [one["id"] for one in made]

    def found(**wanted: Any) -> list[str]:
        body = flexprice.post("/features/search", json={"order": "asc", **wanted}).json()
        return [one["id"] for one in body["items"]]

    assert found() == ids
    assert found(order="desc") == ids[::-1]
    assert found(name_contains="ALPHA") == [ids[0], ids[2]]
    assert found(lookup_key="beta") == [ids[1]]
    assert found(lookup_keys=["beta", "alpha"]) == ids[:2]
    assert found(feature_ids=[ids[2]]) == [ids[2]]
    assert found(meter_ids=[made[1]["meter_id"]]) == [ids[1]]
    assert found(limit=1, offset=1) == [ids[1]]
    assert found(status="archived") == []
    assert found(end_time="2020-01-01T00:00:00Z") == []
    assert refused(flexprice.post("/features/search", json={"filters": [{"field": "name"}]}))["details"]["field"] == "filters"
    assert flexprice.get("/features", params={"lookup_keys": "beta,alpha"}).json()["pagination"]["total"] == 2


def test_other_projects_see_and_change_nothing(flexprice: httpx.Client, other: httpx.Client) -> None:
    one = flexprice.post("/features", json=feature()).json()
    for path in (f"/features/{one['id']}", f"/meters/{one['meter_id']}"):
        before = flexprice.get(path).json()
        added = {"filters": [{"key": "a", "values": ["b"]}]}
        for answer in (other.get(path), other.put(path, json=added), other.delete(path)):
            refused(answer, 404)
        assert flexprice.get(path).json() == before
    stolen = feature(meter=None, meter_id=one["meter_id"])
    assert refused(other.post("/features", json=stolen), 404)["message"] == "Meter not found"
    assert other.get("/features").json()["items"] == []


@pytest.mark.parametrize("scope", ["ingest", "read"])
def test_a_change_takes_a_key_that_reads_and_sends(server: RunningServer, project: str, scope: str) -> None:
    with server.client(server.key(project, "unlimited", "--scope", scope), header="x-api-key", base="/v1") as weak:
        for answer in (weak.post("/meters", json=spec()), weak.post("/features", json=feature()), weak.delete("/meters/x")):
            assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})
        assert weak.get("/meters").status_code == (200 if scope == "read" else 403)


def test_the_catalogue_outlives_a_restart(tmp_path: Any) -> None:
    server = RunningServer(tmp_path / "data").start()
    try:
        secret = server.key()
        with server.client(secret, header="x-api-key", base="/v1") as client:
            one = client.post("/features", json=feature()).json()
        server.kill()
        server.start()
        with server.client(secret, header="x-api-key", base="/v1") as client:
            assert client.get(f"/features/{one['id']}").json() == one
    finally:
        server.stop()
