"""The check over HTTP: what it says in each case, that it follows events at once, and across a restart."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.customers import refused
from tests.flows.limits import checked, customer, metered, posted, used
from tests.flows.running import RunningServer

FIELDS = {
    "allowed", "reason", "external_customer_id", "customer_id", "feature_id", "lookup_key", "entitlement_id", "units", "usage",
    "remaining", "soft_limit", "hard_limit", "usage_reset_period", "period_start", "period_end", "position",
}  # fmt: skip

SAID: dict[str, tuple[dict[str, Any], float, str, bool, str, str | None]] = {
    "below all limits": ({"hard_limit": "10", "soft_limit": "8"}, 5, "1", True, "ok", "5"),
    "up to the soft limit": ({"hard_limit": "10", "soft_limit": "8"}, 7, "1", True, "ok", "3"),
    "past the soft limit": ({"hard_limit": "10", "soft_limit": "8"}, 8, "1", True, "soft_limit_reached", "2"),
    "up to the hard limit": ({"hard_limit": "10"}, 9, "1", True, "ok", "1"),
    "past the hard limit": ({"hard_limit": "10"}, 10, "1", False, "hard_limit_reached", "0"),
    "far past it": ({"hard_limit": "10"}, 50, "0", False, "hard_limit_reached", "0"),
    "many units": ({"hard_limit": "10"}, 5, "5.000000001", False, "hard_limit_reached", "5"),
    "a part of a unit": ({"hard_limit": "10"}, 9.5, "0.5", True, "ok", "0.5"),
    "no unit": ({"hard_limit": "10"}, 10, "0", True, "ok", "0"),
    "only soft": ({"soft_limit": "8"}, 50, "1", True, "soft_limit_reached", "0"),
    "no limit": ({}, 50, "1000000", True, "ok", None),
    "a limit of nothing": ({"hard_limit": "0"}, 0, "1", False, "hard_limit_reached", "0"),
    "disabled": ({"hard_limit": "10", "is_enabled": False}, 1, "1", False, "disabled", "9"),
    "usage below zero": ({"hard_limit": "10"}, -5, "10", True, "ok", "10"),
}


@pytest.fixture(scope="module")
def shared(server: RunningServer) -> Any:
    with server.client(server.key("checks"), header="x-api-key", base="/v1") as client:
        metered(client)
        yield client


@pytest.mark.parametrize("name", SAID)
def test_what_a_check_says(shared: httpx.Client, name: str) -> None:
    limits, usage, units, allowed, reason, remaining = SAID[name]
    who = customer(shared, name)
    posted(shared, "/entitlements", external_customer_id=name, lookup_key="calls", **limits)
    used(shared, usage, name)
    said = checked(shared, external_id=name, units=units)
    assert set(said) == FIELDS
    assert (said["allowed"], said["reason"], said["remaining"]) == (allowed, reason, remaining)
    assert (said["usage"], said["customer_id"]) == (str(max(usage, 0)), who["id"])


def test_a_check_follows_each_event_correction_and_void(flexprice: httpx.Client) -> None:
    feature = metered(flexprice)
    customer(flexprice, aliases=["c1-eu"])
    posted(flexprice, "/entitlements", external_customer_id="c1", lookup_key="calls", hard_limit="100")
    assert checked(flexprice)["usage"] == "0"
    used(flexprice, 3, event_id="e1")
    used(flexprice, 4, "c1-eu")
    assert checked(flexprice)["usage"] == checked(flexprice, external_id="c1-eu")["usage"] == "7"
    used(flexprice, 3, event_id="e1")
    assert checked(flexprice, feature["id"])["usage"] == "7"
    used(flexprice, 10.25, event_id="e1")
    assert checked(flexprice)["usage"] == "14.25"
    used(flexprice, 1, "c2", event_id="e1")
    assert checked(flexprice)["usage"] == "4", "it is another customer's now"
    used(flexprice, 50, timestamp="2020-01-01T00:00:00Z")
    assert checked(flexprice)["usage"] == "4"


def test_without_an_entitlement_the_answer_is_no(flexprice: httpx.Client) -> None:
    feature = metered(flexprice)
    customer(flexprice)
    for who in ("c1", "nobody"):
        said = checked(flexprice, external_id=who)
        assert (said["allowed"], said["reason"], said["usage"], said["hard_limit"]) == (False, "no_entitlement", None, None)
    assert said["feature_id"] == feature["id"]


def test_a_feature_without_a_meter_is_on_or_off(flexprice: httpx.Client) -> None:
    posted(flexprice, "/features", name="SSO", type="boolean")
    customer(flexprice)
    made = posted(flexprice, "/entitlements", external_customer_id="c1", lookup_key="sso")
    said = checked(flexprice, "sso")
    assert (said["allowed"], said["reason"], said["usage"], said["period_start"]) == (True, "ok", None, None)
    flexprice.put(f"/entitlements/{made['id']}", json={"is_enabled": False})
    assert checked(flexprice, "sso")["reason"] == "disabled"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no customer": ({"external_customer_id": None}, "external_customer_id"),
    "customer of another type": ({"external_customer_id": 1}, "external_customer_id"),
    "no feature": ({"feature": None}, "feature"),
    "two features": ({"lookup_key": "calls"}, "feature"),
    "units of letters": ({"units": "one"}, "units"),
    "negative units": ({"units": "-1"}, "units"),
    "waiting as text": ({"wait": "yes"}, "wait"),
}


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_bad_checks_are_refused_by_field(shared: httpx.Client, body: dict[str, Any], field: str) -> None:
    answer = shared.post("/entitlements/check", json={"external_customer_id": "c1", "feature": "calls", **body})
    assert refused(answer)["details"]["field"] == field


def test_an_unknown_feature_is_not_found(shared: httpx.Client) -> None:
    refused(shared.post("/entitlements/check", json={"external_customer_id": "c1", "feature": "nothing"}), 404)


def test_after_a_kill_the_usage_is_the_same(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    try:
        secret = server.key("default")
        with server.client(secret, header="x-api-key", base="/v1") as client:
            metered(client)
            customer(client)
            posted(client, "/entitlements", external_customer_id="c1", lookup_key="calls", hard_limit="100")
            for number in range(20):
                used(client, number, event_id=f"e{number}")
            assert checked(client)["usage"] == "190"
            used(client, 1, event_id="e19")
        server.kill()
        server.start()
        with server.client(secret, header="x-api-key", base="/v1") as client:
            assert checked(client)["usage"] == "172"
    finally:
        server.stop()
