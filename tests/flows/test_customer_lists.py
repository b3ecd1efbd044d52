"""Customers over HTTP: lists and searches, each kind of condition as a named case."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.customers import ids, made, refused
from tests.flows.running import RunningServer


@pytest.fixture(scope="module")
def several(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a project with three customers."""
    with server.client(server.key("several customers"), header="x-api-key", base="/v1") as client:
        made(client, "a", name="Alpha", email="a@x.example", metadata={"tier": "gold", "region": "eu"}, timezone="Europe/Berlin")
        made(client, "b", name="beta 100%", email="b@x.example", metadata={"tier": "gold"}, aliases=["b2"])
        made(client, "c", name="Gamma", email="a@x.example", metadata={"tier": "lead", "$.tier": "gold"}, contact="5")
        yield client


def condition(field: str, operator: str, *values: str) -> dict[str, Any]:
    value = {"string": values[0]} if len(values) == 1 else {"array": list(values)}
    return {"filters": [{"field": field, "operator": operator, "value": value}]}


SEARCHES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all": ({}, ["c", "b", "a"]),
    "oldest first": ({"order": "asc"}, ["a", "b", "c"]),
    "a page": ({"limit": 1, "offset": 1}, ["b"]),
    "nulls": ({"email": None, "external_ids": None, "filters": None, "sort": None}, ["c", "b", "a"]),
    "lists that were not filled": ({"external_ids": [], "customer_ids": []}, ["c", "b", "a"]),
    "external ids": ({"external_ids": ["a", "b", "nobody"]}, ["b", "a"]),
    "alias": ({"external_ids": ["b2"]}, ["b"]),
    "one external id": ({"external_id": "a"}, ["a"]),
    "no customer's id": ({"customer_ids": ["a"]}, []),
    "email": ({"email": "a@x.example"}, ["c", "a"]),
    "metadata": ({"metadata": {"tier": "gold"}}, ["b", "a"]),
    "all of metadata": ({"metadata": {"tier": "gold", "region": "eu"}}, ["a"]),
    "metadata by an odd name": ({"metadata": {"$.tier": "gold"}}, ["c"]),
    "published": ({"status": "published"}, ["c", "b", "a"]),
    "archived": ({"status": "archived"}, []),
    "before there was any": ({"end_time": "2020-01-01T00:00:00Z"}, []),
    "since long ago": ({"start_time": "2020-01-01T00:00:00Z"}, ["c", "b", "a"]),
    "name is": (condition("name", "eq", "Alpha"), ["a"]),
    "name is, in other letters": (condition("name", "eq", "alpha"), []),
    "name has, in other letters": (condition("name", "contains", "ALPH"), ["a"]),
    "name has a percent sign": (condition("name", "contains", "%"), ["b"]),
    "name has one of": (condition("name", "contains", "lph", "amm"), ["c", "a"]),
    "name has none of": (condition("name", "not_contains", "lph", "amm"), ["b"]),
    "id in": (condition("external_id", "in", "a", "c"), ["c", "a"]),
    "id not in": (condition("external_id", "not_in", "a", "c"), ["b"]),
    "zone": (condition("timezone", "eq", "Europe/Berlin"), ["a"]),
    "contact": (condition("contact", "eq", "5"), ["c"]),
    "sorted by name": ({"sort": [{"field": "name", "direction": "asc"}]}, ["a", "c", "b"]),
    "sorted by email, then newest": ({"sort": [{"field": "email", "direction": "asc"}]}, ["c", "a", "b"]),
    "sorted by change": ({"sort": [{"field": "updated_at"}]}, ["c", "b", "a"]),
    "both": ({"email": "a@x.example", **condition("name", "contains", "a"), "metadata": {"tier": "lead"}}, ["c"]),
}


@pytest.mark.parametrize(("search", "found"), SEARCHES.values(), ids=SEARCHES)
def test_a_search_finds_what_fulfils_all_of_it(several: httpx.Client, search: dict[str, Any], found: list[str]) -> None:
    assert ids(several.post("/customers/search", json=search)) == found


def test_the_list_takes_simple_searches_as_parameters(several: httpx.Client) -> None:
    assert ids(several.get("/customers")) == ["c", "b", "a"]
    listed = several.get("/customers", params={"email": "a@x.example", "limit": "1", "offset": "1"}).json()
    assert [customer["external_id"] for customer in listed["items"]] == ["a"]
    assert listed["pagination"] == {"total": 2, "limit": 1, "offset": 1}
    assert ids(several.get("/customers", params={"external_id": "b2"})) == ["b"]
    refused(several.get("/customers", params={"external_ids": "a,b"}))


WRONG_SEARCHES: dict[str, tuple[dict[str, Any], str]] = {
    "limit 0": ({"limit": 0}, "limit"),
    "limit 1001": ({"limit": 1001}, "limit"),
    "limit as text": ({"limit": "x"}, "limit"),
    "limit with a point": ({"limit": 1.5}, "limit"),
    "offset below 0": ({"offset": -1}, "offset"),
    "order": ({"order": "up"}, "order"),
    "ids as a text": ({"external_ids": "a"}, "external_ids"),
    "ids of numbers": ({"customer_ids": [1]}, "customer_ids"),
    "many ids": ({"customer_ids": ["x"] * 1001}, "customer_ids"),
    "email of another type": ({"email": []}, "email"),
    "status": ({"status": "gone"}, "status"),
    "time": ({"start_time": "yesterday"}, "start_time"),
    "metadata": ({"metadata": {"a": 1}}, "metadata"),
    "filters as an object": ({"filters": {}}, "filters"),
    "filters of texts": ({"filters": ["x"]}, "filters"),
    "many filters": ({"filters": [condition("name", "eq", "a")["filters"][0]] * 21}, "filters"),
    "unknown field": (condition("metadata", "eq", "a"), "filters[0].field"),
    "column of ours": (condition("project_id", "eq", "a"), "filters[0].field"),
    "unknown operator": (condition("name", "like", "a"), "filters[0].operator"),
    "no value": ({"filters": [{"field": "name", "operator": "eq"}]}, "filters[0].value"),
    "empty value": ({"filters": [{"field": "name", "operator": "eq", "value": {}}]}, "filters[0].value"),
    "value of numbers": ({"filters": [{"field": "name", "operator": "in", "value": {"array": [1]}}]}, "filters[0].value.array"),
    "sort by what is not": ({"sort": [{"field": "address"}]}, "sort[0].field"),
    "sort in no direction": ({"sort": [{"field": "name", "direction": "up"}]}, "sort[0].direction"),
    "sort as a text": ({"sort": "name"}, "sort"),
}


@pytest.mark.parametrize(("search", "field"), WRONG_SEARCHES.values(), ids=WRONG_SEARCHES)
def test_what_cannot_be_searched_by_is_refused_by_name(several: httpx.Client, search: dict[str, Any], field: str) -> None:
    assert refused(several.post("/customers/search", json=search))["details"]["field"] == field
