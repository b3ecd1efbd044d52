"""Customers over HTTP: the published case by number, every rule as a named case, aliases, trees, who may, other projects."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.customers import FIELDS, UNKNOWN, WHOLE, ids, made, refused
from tests.flows.refusing import Shape, assert_refused
from tests.flows.running import RunningServer


@pytest.fixture(scope="module")
def shared(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of one project for all cases of the tables that leave nothing behind: to make a key takes half a second."""
    with server.client(server.key("customers"), header="x-api-key", base="/v1") as client:
        yield client


@pytest.fixture
def other(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with server.client(server.key(f"{project}-other"), header="x-api-key", base="/v1") as client:
        yield client


def test_23_a_customer_is_made_once_and_found(flexprice: httpx.Client) -> None:
    answer = flexprice.post("/customers", json={"external_id": "c1", "name": "N"})
    assert answer.status_code == 201
    customer = answer.json()
    assert set(customer) == FIELDS
    assert (customer["timezone"], customer["status"], customer["metadata"]) == ("UTC", "published", {})
    again = refused(flexprice.post("/customers", json={"external_id": "c1", "name": "N"}), 409)
    assert (again["code"], again["message"]) == ("already_exists", "A customer with this identifier already exists")
    assert again["details"] == {"external_id": "c1"}
    for path in ("/customers/external/c1", "/customers/lookup/c1", f"/customers/{customer['id']}"):
        assert flexprice.get(path).json() == customer
    assert refused(flexprice.get("/customers/external/c2"), 404)["message"] == "Customer with lookup key c2 was not found"
    assert refused(flexprice.get("/customers/c1"), 404)["message"] == "Customer with ID c1 was not found"
    assert refused(flexprice.post("/customers", json={"external_id": "c2", "name": "N", "email": "x"})) == {
        "code": "validation_error",
        "message": "Request validation failed",
        "http_status_code": 400,
        "details": {"field": "email", "expected": "an e-mail address"},
    }


def test_what_is_sent_comes_back_and_can_be_sent_back(flexprice: httpx.Client) -> None:
    customer = made(flexprice, **WHOLE)
    assert {name: customer[name] for name in WHOLE} == WHOLE
    sent_back = flexprice.put(f"/customers/{customer['id']}", json=customer)
    assert sent_back.status_code == 200, sent_back.text
    assert sent_back.json() == {**customer, "updated_at": sent_back.json()["updated_at"]}
    ignored = {"billing_currency": "USD", "contact_persons": [{"first_name": "A"}], "tax_treatment": "x", "nonsense": 1}
    assert set(made(flexprice, "c2", **ignored)) == FIELDS


def test_a_change_changes_what_it_names(flexprice: httpx.Client) -> None:
    customer = made(flexprice, **WHOLE)
    path = f"/customers/{customer['id']}"
    changes: list[dict[str, Any]] = [
        {"name": "B"},
        {"address_city": "Bonn"},
        {"address_line2": ""},
        {"email": ""},
        {"metadata": {"tier": "lead"}},
        {"metadata": {}},
        {"timezone": "Asia/Kolkata"},
        {"aliases": ["c1-asia", "c1-eu"]},
        {"external_id": "c1-new"},
        {"external_id": "c1", "aliases": ["c1-new"]},
        {"aliases": []},
    ]
    for change in changes:
        changed = flexprice.put(path, json=change)
        assert changed.status_code == 200, changed.text
        customer = {**customer, **change, "updated_at": changed.json()["updated_at"]}
        assert changed.json() == customer == flexprice.get(path).json()
    by_external_id = flexprice.put("/customers", params={"external_customer_id": "c1"}, json={"name": "C"})
    by_id = flexprice.put("/customers", params={"id": customer["id"]}, json={"contact": "1"})
    assert by_external_id.json()["name"] == by_id.json()["name"] == "C"
    assert by_id.json()["contact"] == "1"
    for parameters in ({}, {"id": "", "external_customer_id": ""}, {"id": customer["id"], "external_customer_id": "c1"}):
        assert refused(flexprice.put("/customers", params=parameters, json={"name": "D"}))["details"]["field"] == "id"
    refused(flexprice.put("/customers", params={"external_customer_id": "c9"}, json={"name": "D"}), 404)
    refused(flexprice.put("/customers", params={"id": "c1"}, json={"name": "D"}), 404)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"external_id": None}, "external_id"),
    "blank id": ({"external_id": " "}, "external_id"),
    "long id": ({"external_id": "x" * 513}, "external_id"),
    "id of another type": ({"external_id": 5}, "external_id"),
    "no name": ({"name": None}, "name"),
    "empty name": ({"name": ""}, "name"),
    "long name": ({"name": "x" * 256}, "name"),
    "name of another type": ({"name": ["N"]}, "name"),
    "email without a host": ({"email": "a@"}, "email"),
    "two emails": ({"email": "a@b.example, c@d.example"}, "email"),
    "email with a line break": ({"email": "a@b.example\nbcc: c"}, "email"),
    "long email": ({"email": "x" * 250 + "@a.example"}, "email"),
    "email of another type": ({"email": {}}, "email"),
    "long contact": ({"contact": "1" * 21}, "contact"),
    "contact of another type": ({"contact": 123}, "contact"),
    "long line 1": ({"address_line1": "x" * 256}, "address_line1"),
    "long line 2": ({"address_line2": "x" * 256}, "address_line2"),
    "long city": ({"address_city": "x" * 101}, "address_city"),
    "long state": ({"address_state": "x" * 101}, "address_state"),
    "long postal code": ({"address_postal_code": "x" * 21}, "address_postal_code"),
    "postal code of another type": ({"address_postal_code": 10115}, "address_postal_code"),
    "country by name": ({"address_country": "Germany"}, "address_country"),
    "country in small letters": ({"address_country": "de"}, "address_country"),
    "country that is not": ({"address_country": "XX"}, "address_country"),
    "country of another type": ({"address_country": True}, "address_country"),
    "zone that is not": ({"timezone": "Mars/Base"}, "timezone"),
    "zone as a path": ({"timezone": "../../etc/passwd"}, "timezone"),
    "zone of another type": ({"timezone": 2}, "timezone"),
    "metadata as a list": ({"metadata": ["a"]}, "metadata"),
    "metadata of numbers": ({"metadata": {"a": 1}}, "metadata"),
    "metadata of nothing": ({"metadata": {"a": None}}, "metadata"),
    "much metadata": ({"metadata": {str(n): "" for n in range(51)}}, "metadata"),
    "long metadata": ({"metadata": {"a": "x" * 10_001}}, "metadata"),
    "aliases as a text": ({"aliases": "a"}, "aliases"),
    "aliases of numbers": ({"aliases": [1]}, "aliases"),
    "blank alias": ({"aliases": ["a", ""]}, "aliases[1]"),
    "long alias": ({"aliases": ["x" * 513]}, "aliases[0]"),
    "an alias twice": ({"aliases": ["a", "a"]}, "aliases"),
    "many aliases": ({"aliases": [str(n) for n in range(101)]}, "aliases"),
    "parent of another type": ({"parent_customer_id": 1}, "parent_customer_id"),
    "two parents": ({"parent_customer_id": "a", "parent_external_id": "b"}, "parent_customer_id"),
}


@pytest.mark.parametrize(("wrong", "field"), REFUSED.values(), ids=REFUSED)
def test_bad_customers_are_refused_by_field_and_change_nothing(shared: httpx.Client, wrong: dict[str, Any], field: str) -> None:
    body = {"external_id": "new", "name": "N", **wrong}
    assert refused(shared.post("/customers", json=body))["details"]["field"] == field
    assert ids(shared.get("/customers")) == []
    if None in wrong.values():
        return  # What is absent from a change stays as it is.
    customer = made(shared, **WHOLE)
    path = f"/customers/{customer['id']}"
    assert refused(shared.put(path, json={"contact": "1", **wrong}))["details"]["field"] == field
    assert shared.get(path).json() == customer
    assert shared.delete(path).status_code == 204


def test_an_alias_may_not_be_the_external_id_itself(flexprice: httpx.Client) -> None:
    assert refused(flexprice.post("/customers", json={**WHOLE, "aliases": ["c1"]}))["details"]["field"] == "aliases"
    customer = made(flexprice, **WHOLE)
    path = f"/customers/{customer['id']}"
    assert refused(flexprice.put(path, json={"external_id": "c1-eu"}))["details"]["field"] == "aliases"
    assert flexprice.get(path).json() == customer


BODIES = (
    b"",
    b"[]",
    b'"x"',
    b"{",
    b'{"external_id":"a","external_id":"b","name":"N"}',
    b'{"external_id":"a\\u0000","name":"N"}',
    b'{"external_id":"a","name":"\\ud800"}',
    b"\xff{}",
)


@pytest.mark.parametrize("body", BODIES)
def test_bodies_that_are_none_are_refused(shared: httpx.Client, body: bytes) -> None:
    for answer in (
        shared.post("/customers", content=body),
        shared.put("/customers/x", content=body),
        shared.post("/customers/search", content=body),
    ):
        assert_refused(Shape.FLEXPRICE, answer, 400)


AWKWARD = [
    "a/b c", "a/b%20c", "/", "children", "external/x", "a?b#c", "..", "ü ☃", "a'b\"; DROP TABLE customers --", "%", "x" * 508,
    "$'[*]",
]  # fmt: skip


def test_any_text_is_an_id_and_finds_its_customer(flexprice: httpx.Client) -> None:
    for external_id in AWKWARD:
        customer = made(flexprice, external_id, aliases=[f"{external_id} too"])
        escaped = "".join(f"%{byte:02X}" for byte in external_id.encode())
        for mount in ("external", "lookup"):
            assert flexprice.get(f"/customers/{mount}/{escaped}").json() == customer
            assert flexprice.get(f"/customers/{mount}/{escaped}%20too").json() == customer
        changed = flexprice.put("/customers", params={"external_customer_id": external_id}, json={"name": "M"}).json()
        assert (changed["id"], changed["name"]) == (customer["id"], "M")
        assert ids(flexprice.post("/customers/search", json={"external_ids": [external_id]})) == [external_id]
        assert ids(flexprice.post("/customers/search", json={"external_id": f"{external_id} too"})) == [external_id]


def test_what_cannot_be_an_id_finds_nobody(shared: httpx.Client) -> None:
    for wrong in ("%00", "%FF", "%ED%A0%80", "..%2F..", "x" * 5_000, "%25", "a%0Ab"):
        for path in (wrong, f"external/{wrong}", f"lookup/{wrong}", f"{wrong}/children"):
            refused(shared.get(f"/customers/{path}"), 404)
        refused(shared.put(f"/customers/{wrong}", json={"name": "N"}), 404)
        refused(shared.delete(f"/customers/{wrong}"), 404)
    for text in ("%00", "%ED%A0%80"):
        refused(shared.get(f"/customers?email={text}"), 400)
        refused(shared.put(f"/customers?id={text}", json={"name": "N"}), 400)


def test_slashes_need_no_escape(flexprice: httpx.Client) -> None:
    customer = made(flexprice, "a/b c")
    assert flexprice.get("/customers/external/a/b%20c").json() == customer
    refused(flexprice.get("/customers/a/b%20c"), 404)
    assert refused(flexprice.get("/customers/external/children"), 404)["message"].startswith("Customer with lookup key")


def test_an_id_belongs_to_one_customer_of_the_project(flexprice: httpx.Client, other: httpx.Client) -> None:
    first, second = made(flexprice, **WHOLE), made(flexprice, "c2", aliases=["c2-eu"])
    for wrong in (
        {"external_id": "c1-eu"},
        {"external_id": "c3", "aliases": ["c3-eu", "c2-eu"]},
        {"external_id": "c3", "aliases": ["c1"]},
    ):
        taken = refused(flexprice.post("/customers", json={"name": "N", **wrong}), 409)
        assert taken["details"]["external_id"] in ("c1-eu", "c2-eu", "c1")
    for_second: list[dict[str, Any]] = [
        {"external_id": "c1-eu"},
        {"aliases": ["c2-eu", "c1-us"]},
        {"external_id": "c4", "aliases": ["c1"]},
    ]
    for change in for_second:
        refused(flexprice.put(f"/customers/{second['id']}", json=change), 409)
    assert flexprice.get("/customers/external/c1-us").json() == first
    assert flexprice.get(f"/customers/{second['id']}").json() == second
    assert ids(flexprice.get("/customers")) == ["c2", "c1"]
    made(other, **WHOLE)
    freed = flexprice.put(f"/customers/{first['id']}", json={"aliases": ["c1-us"]})
    assert freed.status_code == 200
    assert flexprice.put(f"/customers/{second['id']}", json={"aliases": ["c1-eu"]}).status_code == 200
    assert flexprice.get("/customers/external/c1-eu").json()["external_id"] == "c2"


def test_children_are_listed_and_cycles_refused(flexprice: httpx.Client) -> None:
    top = made(flexprice, "top")
    middle = made(flexprice, "middle", parent_external_id="top")
    low = made(flexprice, "low", parent_customer_id=middle["id"])
    made(flexprice, "beside", parent_customer_id=top["id"])
    assert middle["parent_customer_id"] == top["id"]
    children = f"/customers/{top['id']}/children"
    assert ids(flexprice.get(children)) == ["beside", "middle"]
    assert ids(flexprice.get(children, params={"order": "asc", "limit": "1"})) == ["middle"]
    assert flexprice.get(children, params={"limit": "1"}).json()["pagination"] == {"total": 2, "limit": 1, "offset": 0}
    assert ids(flexprice.post("/customers/search", json={"parent_customer_ids": [middle["id"]]})) == ["low"]
    for customer, parent in ((top, top), (top, middle), (top, low), (middle, low)):
        wrong = refused(flexprice.put(f"/customers/{customer['id']}", json={"parent_customer_id": parent["id"]}))
        assert wrong["details"]["field"] == "parent_customer_id"
    refused(flexprice.post("/customers", json={"external_id": "x", "name": "N", "parent_customer_id": UNKNOWN}), 404)
    refused(flexprice.post("/customers", json={"external_id": "x", "name": "N", "parent_external_id": "nobody"}), 404)
    alone = flexprice.put(f"/customers/{low['id']}", json={"parent_customer_id": ""}).json()
    assert alone["parent_customer_id"] == ""
    assert flexprice.delete(f"/customers/{top['id']}").status_code == 204
    assert flexprice.get(f"/customers/{middle['id']}").json()["parent_customer_id"] == ""
    refused(flexprice.get(children), 404)


def test_a_tree_is_ten_deep_at_most(flexprice: httpx.Client) -> None:
    chain = [made(flexprice, "0")]
    for level in range(1, 10):
        chain.append(made(flexprice, str(level), parent_customer_id=chain[-1]["id"]))
    too_deep = {"external_id": "10", "name": "N", "parent_customer_id": chain[-1]["id"]}
    assert "10 deep" in refused(flexprice.post("/customers", json=too_deep))["details"]["expected"]
    above = made(flexprice, "above")
    refused(flexprice.put(f"/customers/{chain[0]['id']}", json={"parent_customer_id": above["id"]}))
    moved = flexprice.put(f"/customers/{chain[1]['id']}", json={"parent_customer_id": above["id"]})
    assert moved.status_code == 200


def test_a_deleted_customer_frees_its_ids_and_its_events_stay(flexprice: httpx.Client) -> None:
    customer = made(flexprice, **WHOLE)
    event = {"event_name": "e", "external_customer_id": "c1", "event_id": "e1"}
    assert flexprice.post("/events", json=event).status_code == 202
    deleted = flexprice.delete(f"/customers/{customer['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    refused(flexprice.delete(f"/customers/{customer['id']}"), 404)
    refused(flexprice.get("/customers/external/c1-eu"), 404)
    assert flexprice.get("/events/lookup", params={"id": "e1"}).json()["event"]["external_customer_id"] == "c1"
    assert made(flexprice, **WHOLE)["id"] != customer["id"]


def test_another_projects_customer_is_not_there(flexprice: httpx.Client, other: httpx.Client) -> None:
    customer = made(flexprice, **WHOLE)
    path = f"/customers/{customer['id']}"
    for answer in (
        other.get(path),
        other.put(path, json={"name": "mine"}),
        other.put("/customers", params={"id": customer["id"]}, json={"name": "mine"}),
        other.put("/customers", params={"external_customer_id": "c1"}, json={"name": "mine"}),
        other.delete(path),
        other.get(f"{path}/children"),
        other.get("/customers/external/c1"),
        other.get("/customers/lookup/c1-eu"),
        other.post("/customers", json={"external_id": "x", "name": "N", "parent_customer_id": customer["id"]}),
        other.post("/customers", json={"external_id": "x", "name": "N", "parent_external_id": "c1"}),
    ):
        refused(answer, 404)
    assert ids(other.get("/customers")) == []
    assert ids(other.post("/customers/search", json={"customer_ids": [customer["id"]]})) == []
    assert ids(other.post("/customers/search", json={"external_ids": ["c1"]})) == []
    assert flexprice.get(path).json() == customer


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        pytest.param("read", 200, 403, id="reading alone"),
        pytest.param("ingest", 403, 403, id="sending alone"),
        pytest.param("ingest,read", 200, 200, id="as keys are made"),
        pytest.param("admin", 200, 200, id="all"),
    ],
)
def test_who_may_read_and_who_may_change(
    server: RunningServer, flexprice: httpx.Client, project: str, scopes: str, reads: int, writes: int
) -> None:
    path = f"/customers/{made(flexprice, 'c1')['id']}"
    with server.client(server.key(project, "unlimited", "--scope", scopes), header="x-api-key", base="/v1") as key:
        for route in ("/customers", path, f"{path}/children", "/customers/external/c1", "/customers/lookup/c1"):
            assert key.get(route).status_code == reads
        assert key.post("/customers/search", json={}).status_code == reads
        assert key.post("/customers", json={"external_id": "c2", "name": "N"}).status_code == (201 if writes == 200 else writes)
        assert key.put(path, json={"name": "M"}).status_code == writes
        assert key.put("/customers", params={"external_customer_id": "c1"}, json={"name": "M"}).status_code == writes
        assert key.delete(path).status_code == (204 if writes == 200 else writes)
