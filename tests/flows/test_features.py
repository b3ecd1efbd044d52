"""Features over HTTP: the published cases by number, every rule as a named case, other projects, a restart."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.catalogue import WRONG_TYPES, feature, nothing_was_made, refused, refused_field
from tests.flows.running import RunningServer


@pytest.fixture(scope="module")
def empty(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a project in which nothing shall ever be made."""
    with server.client(server.key("no-features"), header="x-api-key", base="/v1") as client:
        yield client


@pytest.fixture
def other(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with server.client(server.key(f"{project}-other"), header="x-api-key", base="/v1") as client:
        yield client


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
    assert refused_field(flexprice.put(f"/features/{made['id']}", json=added)) == "filters"
    brought: tuple[dict[str, Any], ...] = ({"meter": None, "meter_id": "meter_1"}, {"meter": {}})
    for meter in brought:
        body = feature(name="B", type=kind, **meter)
        assert refused_field(flexprice.post("/features", json=body)) in meter


REFUSED = {
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
    "alerts enabled as text": (feature(alert_settings={"alert_enabled": "yes"}), "alert_settings.alert_enabled"),
    "alerts in per cent": (
        feature(alert_settings={"alert_threshold_type": "percentage"}),
        "alert_settings.alert_threshold_type",
    ),
}


_FIELDS = (
    "name", "type", "lookup_key", "description", "metadata", "unit_singular", "reporting_unit", "alert_settings", "group_id",
    "meter",
)  # fmt: skip
_TAKEN = {
    **dict.fromkeys(("name", "lookup_key", "description", "group_id"), "a text"), "metadata": "an object",
}  # fmt: skip
_ELSEWHERE = {
    "reporting_unit an object": "reporting_unit.conversion_rate", "meter an object": "meter.name",
    "unit_singular a text": "unit_plural",
}  # fmt: skip
WRONG = {
    f"{field} {kind}": (feature(**{field: value}), _ELSEWHERE.get(f"{field} {kind}", field))
    for field in _FIELDS
    for kind, value in WRONG_TYPES.items()
    if _TAKEN.get(field) != kind and (field, kind) != ("alert_settings", "an object")
}
ALL_REFUSED = {**REFUSED, **WRONG}


@pytest.mark.parametrize(("body", "field"), ALL_REFUSED.values(), ids=ALL_REFUSED)
def test_24_broken_features_are_refused_by_field_and_leave_no_meter(
    empty: httpx.Client, body: dict[str, Any], field: str
) -> None:
    assert refused_field(empty.post("/features", json=body)) == field
    nothing_was_made(empty)


SEARCHES = {
    "limit a text": ({"limit": "x"}, "limit"),
    "limit of zero": ({"limit": 0}, "limit"),
    "limit too high": ({"limit": 1001}, "limit"),
    "order a number": ({"order": 1}, "order"),
    "ids a text": ({"feature_ids": "a"}, "feature_ids"),
    "ids of numbers": ({"meter_ids": [1]}, "meter_ids"),
    "too many ids": ({"feature_ids": ["a"] * 1001}, "feature_ids"),
    "unknown status": ({"status": "x"}, "status"),
    "start that is no time": ({"start_time": "soon"}, "start_time"),
    "conditions a text": ({"filters": "x"}, "filters"),
    "conditions of texts": ({"filters": ["x"]}, "filters"),
    "condition on what is unknown": ({"filters": [{"field": "price", "operator": "eq"}]}, "filters[0].field"),
    "operator unknown": ({"filters": [{"field": "name", "operator": "gt"}]}, "filters[0].operator"),
    "condition without value": ({"filters": [{"field": "name", "operator": "eq"}]}, "filters[0].value"),
    "value of numbers": ({"filters": [{"field": "name", "operator": "in", "value": {"array": [1]}}]}, "filters[0].value.array"),
    "sort unknown": ({"sort": [{"field": "price"}]}, "sort[0].field"),
    "direction unknown": ({"sort": [{"field": "name"}, {"field": "name", "direction": "up"}]}, "sort[1].direction"),
    "too many sorts": ({"sort": [{"field": "name"}] * 21}, "sort"),
}


@pytest.mark.parametrize(("body", "field"), SEARCHES.values(), ids=SEARCHES)
def test_broken_searches_are_refused_by_field(empty: httpx.Client, body: dict[str, Any], field: str) -> None:
    assert refused_field(empty.post("/features/search", json=body)) == field


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "blank name": ({"name": " "}, "name"),
    "name a number": ({"name": 5}, "name"),
    "half a unit": ({"unit_plural": "GB"}, "unit_singular"),
    "metadata of numbers": ({"metadata": {"a": 1}}, "metadata"),
    "filters without values": ({"filters": [{"key": "a"}]}, "filters[0].values"),
    "alerts without number": ({"alert_settings": {"info": {"threshold": ""}}}, "alert_settings.info.threshold"),
}


def test_a_broken_change_changes_nothing_and_a_whole_one_what_it_names(flexprice: httpx.Client) -> None:
    one = flexprice.post("/features", json=feature(group_id="g", description="d")).json()
    path = f"/features/{one['id']}"
    for body, field in CHANGES.values():
        assert refused_field(flexprice.put(path, json={"description": "changed", **body})) == field
        assert flexprice.get(path).json() == one
    changed = flexprice.put(path, json={"group_id": "", "description": "", "metadata": {"a": "b"}}).json()
    assert {**one, "metadata": {"a": "b"}, "updated_at": changed["updated_at"]} == {
        **changed,
        "group_id": "g",
        "description": "d",
    }
    assert "group_id" not in changed
    for path in ("/features/unknown", "/features/unknown/clone"):
        refused(
            flexprice.request("PUT" if path.endswith("unknown") else "POST", path, json={"name": "a", "lookup_key": "b"}), 404
        )


def test_an_archived_meter_takes_no_new_feature(flexprice: httpx.Client) -> None:
    one = flexprice.post("/features", json=feature()).json()
    flexprice.delete(f"/meters/{one['meter_id']}")
    late = feature(name="Late", meter=None, meter_id=one["meter_id"])
    assert refused_field(flexprice.post("/features", json=late)) == "meter_id"
    clone = {"name": "Late", "lookup_key": "late"}
    assert refused_field(flexprice.post(f"/features/{one['id']}/clone", json=clone)) == "meter_id"
    assert flexprice.get("/features").json()["pagination"]["total"] == 1


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
    for name in ("filters", "sort"):
        assert refused_field(flexprice.get("/features", params={name: "name"})) == name
    listed = flexprice.get("/features", params={"lookup_keys": "beta,alpha", "offset": 1, "limit": 1, "order": "asc"}).json()
    assert ([one["id"] for one in listed["items"]], listed["pagination"]["total"]) == ([ids[1]], 2)


def test_searches_hold_texts_to_conditions_and_sort(flexprice: httpx.Client) -> None:
    names = ("Beta", "alpha", "Gamma alpha", "beta")
    for n, name in enumerate(names):
        body = feature(name=name, lookup_key=f"key {n}", type="static" if n == 3 else "boolean", meter=None)
        assert flexprice.post("/features", json=body).status_code == 201

    def found(field: str, operator: str, *values: str, **wanted: Any) -> list[str]:
        condition = {"field": field, "operator": operator, "value": {"array": values}, "data_type": "array"}
        body = flexprice.post("/features/search", json={"order": "asc", "filters": [condition], **wanted}).json()
        return [one["name"] for one in body["items"]]

    assert found("name", "eq", "Beta") == ["Beta"]
    assert found("name", "in", "beta", "alpha") == ["alpha", "beta"]
    assert found("name", "not_in", "beta", "alpha") == ["Beta", "Gamma alpha"]
    assert found("name", "contains", "ALPHA", "x") == ["alpha", "Gamma alpha"]
    assert found("lookup_key", "not_contains", "1", "2") == ["Beta", "beta"]
    assert found("type", "eq", "static") == ["beta"]
    assert found("type", "not_in", "x", sort=[{"field": "name", "direction": "asc"}]) == sorted(names)
    assert found("type", "not_in", "x", sort=[{"field": "name"}]) == sorted(names, reverse=True)
    assert found("type", "not_in", "x", sort=[{"field": "created_at"}], order="desc") == list(names[::-1])
    assert found("type", "not_in", "x", sort=[{"field": "lookup_key"}], limit=1, offset=1) == ["Gamma alpha"]


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
