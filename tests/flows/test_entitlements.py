"""Entitlements over HTTP: every rule as a named case, lists, who may, other projects, the official client."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flexprice import Flexprice

from tests.flows.customers import refused
from tests.flows.limits import customer, metered, posted
from tests.flows.running import RunningServer

FIELDS = {
    "id", "entity_type", "entity_id", "customer_id", "feature_id", "is_enabled", "usage_limit", "is_soft_limit", "hard_limit",
    "soft_limit", "usage_reset_period", "billing_anchor", "tenant_id", "environment_id", "status", "created_at", "updated_at",
    "created_by", "updated_by",
}  # fmt: skip
ALL = "/entitlements"


@pytest.fixture(scope="module")
def shared(server: RunningServer) -> Iterator[httpx.Client]:
    """A project with one customer and one feature, for all cases that leave nothing behind."""
    with server.client(server.key("entitlements"), header="x-api-key", base="/v1") as client:
        customer(client)
        metered(client)
        metered(client, "Weighed", type="WEIGHTED_SUM")
        yield client


def test_an_entitlement_is_made_listed_read_changed_and_deleted(flexprice: httpx.Client) -> None:
    who, feature = customer(flexprice), metered(flexprice)
    made = posted(flexprice, ALL, external_customer_id="c1", lookup_key="calls", hard_limit="100.50", soft_limit=80)
    assert set(made) == FIELDS
    assert (made["customer_id"], made["feature_id"], made["entity_type"]) == (who["id"], feature["id"], "CUSTOMER")
    assert (made["hard_limit"], made["soft_limit"], made["usage_limit"]) == ("100.5", "80", None)
    assert (made["usage_reset_period"], made["billing_anchor"], made["is_enabled"]) == ("MONTHLY", None, True)
    path = f"{ALL}/{made['id']}"
    assert flexprice.get(path).json() == made
    again = flexprice.post(ALL, json={"customer_id": who["id"], "feature_id": feature["id"]})
    assert refused(again, 409)["code"] == "already_exists"
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"hard_limit": "90"}, {"hard_limit": "90", "usage_limit": 90}),
        ({"soft_limit": None}, {"soft_limit": None}),
        ({"usage_limit": 7, "is_soft_limit": True, "hard_limit": None},
         {"hard_limit": None, "soft_limit": "7", "usage_limit": 7, "is_soft_limit": True}),
        ({"usage_reset_period": "DAILY"}, {"usage_reset_period": "DAILY"}),
        ({"usage_reset_period": "LIFETIME"}, {"usage_reset_period": "NEVER"}),
        ({"billing_anchor": "2026-01-15T00:00:00Z"}, {"billing_anchor": "2026-01-15T00:00:00Z"}),
        ({"is_enabled": False}, {"is_enabled": False}),
        ({"billing_anchor": None}, {"billing_anchor": None}),
    ]  # fmt: skip
    for change, shown in changes:
        answer = flexprice.put(path, json=change)
        assert answer.status_code == 200, answer.text
        made = {**made, **shown, "updated_at": answer.json()["updated_at"]}
        assert answer.json() == made == flexprice.get(path).json()
    deleted = flexprice.delete(path)
    assert (deleted.status_code, deleted.json()) == (200, {"message": "entitlement deleted successfully"})
    for gone in (flexprice.get(path), flexprice.put(path, json={}), flexprice.delete(path)):
        assert refused(gone, 404)["code"] == "not_found"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no customer": ({"external_customer_id": None}, "customer_id"),
    "two customers": ({"customer_id": "cust_1"}, "customer_id"),
    "customer of another type": ({"external_customer_id": 5}, "external_customer_id"),
    "no feature": ({"lookup_key": None}, "feature_id"),
    "two features": ({"feature_id": "feat_1"}, "feature_id"),
    "a plan": ({"entity_type": "PLAN"}, "entity_type"),
    "of a plan": ({"plan_id": "plan_1"}, "plan_id"),
    "limit of letters": ({"hard_limit": "many"}, "hard_limit"),
    "negative limit": ({"hard_limit": "-1"}, "hard_limit"),
    "endless limit": ({"soft_limit": "Infinity"}, "soft_limit"),
    "limit as a flag": ({"usage_limit": True}, "usage_limit"),
    "soft above hard": ({"soft_limit": "6"}, "soft_limit"),
    "a period that is not kept": ({"usage_reset_period": "QUARTERLY"}, "usage_reset_period"),
    "period of another type": ({"usage_reset_period": 3}, "usage_reset_period"),
    "weights for ever": ({"lookup_key": "weighed", "usage_reset_period": "NEVER"}, "usage_reset_period"),
    "anchor as a day": ({"billing_anchor": "2026-01-15"}, "billing_anchor"),
    "enabled as text": ({"is_enabled": "yes"}, "is_enabled"),
}


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_bad_entitlements_are_refused_by_field_and_change_nothing(shared: httpx.Client, body: dict[str, Any], field: str) -> None:
    whole = {"external_customer_id": "c1", "lookup_key": "calls", "hard_limit": "5", **body}
    answer = refused(shared.post(ALL, json=whole))
    assert (answer["code"], answer["details"]["field"]) == ("validation_error", field)
    assert shared.get(ALL).json()["items"] == []


def test_what_another_project_has_is_not_there(server: RunningServer, flexprice: httpx.Client, project: str) -> None:
    who, feature = customer(flexprice), metered(flexprice)
    made = posted(flexprice, ALL, customer_id=who["id"], feature_id=feature["id"])
    with server.client(server.key(f"{project}-other"), header="x-api-key", base="/v1") as other:
        own, own_feature = customer(other), metered(other)
        for body in ({"customer_id": who["id"], "lookup_key": "calls"}, {"customer_id": own["id"], "feature_id": feature["id"]}):
            refused(other.post(ALL, json=body), 404)
        for path in (f"{ALL}/{made['id']}", f"{ALL}/x"):
            refused(other.get(path), 404)
            refused(other.put(path, json={"is_enabled": False}), 404)
            refused(other.delete(path), 404)
        refused(other.post(f"{ALL}/check", json={"external_customer_id": "c1", "feature": feature["id"]}), 404)
        assert other.get(ALL).json()["items"] == []
        assert own_feature["id"] != feature["id"]
    assert flexprice.get(f"{ALL}/{made['id']}").json()["is_enabled"] is True


def test_lists_choose_and_page(flexprice: httpx.Client) -> None:
    features = [metered(flexprice, name) for name in ("A", "B")]
    customers = [customer(flexprice, name) for name in ("c1", "c2", "c3")]
    made = [
        posted(flexprice, ALL, customer_id=who["id"], feature_id=feature["id"])["id"] for who in customers for feature in features
    ]

    def listed(**parameters: Any) -> list[str]:
        return [one["id"] for one in flexprice.get(ALL, params=parameters).json()["items"]]

    assert listed() == made[::-1]
    assert listed(order="asc", limit=2, offset=1) == made[1:3]
    assert listed(external_customer_id="c2", order="asc") == listed(customer_id=customers[1]["id"], order="asc") == made[2:4]
    assert listed(feature_id=features[0]["id"], order="asc") == made[::2]
    assert listed(external_customer_id="nobody") == []
    found = posted(
        flexprice, f"{ALL}/search", 200, feature_ids=[features[1]["id"]], entity_ids=[customers[0]["id"], customers[2]["id"]]
    )
    assert ([one["id"] for one in found["items"]], found["pagination"]["total"]) == ([made[5], made[1]], 2)
    assert refused(flexprice.get(ALL, params={"limit": 0}))["details"]["field"] == "limit"
    assert flexprice.delete(f"/customers/{customers[0]['id']}").status_code == 204
    assert listed(order="asc") == made[2:]


def test_who_may(server: RunningServer, project: str) -> None:
    for scope, changes in (("read", 403), ("ingest", 403)):
        with server.client(server.key(project, "unlimited", "--scope", scope), header="x-api-key", base="/v1") as client:
            assert client.post(ALL, json={}).status_code == changes
            assert client.put(f"{ALL}/x", json={}).status_code == changes
            assert client.delete(f"{ALL}/x").status_code == changes
            assert client.get(ALL).status_code == (200 if scope == "read" else 403)


def test_the_official_client_makes_reads_changes_and_deletes(server: RunningServer, secret: str, flexprice: httpx.Client) -> None:
    who, feature = customer(flexprice), metered(flexprice)
    with Flexprice(server_url=f"{server.url}/v1", api_key_auth=secret) as sdk:
        made = sdk.entitlements.create_entitlement(
            feature_id=feature["id"], feature_type="metered", entity_id=who["id"], usage_limit=100,
            usage_reset_period="MONTHLY", is_enabled=True,
        )  # fmt: skip
        assert made.id is not None
        assert (made.usage_limit, made.usage_reset_period, made.entity_id) == (100, "MONTHLY", who["id"])
        assert sdk.entitlements.get_entitlement(id=made.id).feature_id == feature["id"]
        assert sdk.entitlements.update_entitlement(id=made.id, usage_limit=200).usage_limit == 200
        found = sdk.entitlements.query_entitlement(feature_ids=[feature["id"]])
        assert [one.id for one in found.items or []] == [made.id]
        sdk.entitlements.delete_entitlement(id=made.id)
    assert flexprice.get(ALL).json()["items"] == []
