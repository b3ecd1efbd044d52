"""Alerts and limits over HTTP: settings, states as usage passes thresholds, the log, webhook messages, restarts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flexprice import Flexprice

from tests.flows.customers import refused
from tests.flows.limits import checked, customer, metered, posted, soon, used
from tests.flows.running import RunningServer

SETTINGS, LOGS = "/alerts/setting", "/alerts"
CONFIG = {
    "alert_enabled": True,
    "critical": {"threshold": "100", "condition": "above"},
    "warning": {"threshold": "50", "condition": "above"},
    "info": {"threshold": "10.5", "condition": "above"},
}


def _states(client: httpx.Client, **chosen: Any) -> list[tuple[str, str, str]]:
    logs = client.get(LOGS, params={"order": "asc", **chosen}).json()["items"]
    return [(log["external_customer_id"], log["alert_status"], log["value"]) for log in logs]


def test_settings_are_made_listed_read_changed_and_deleted(flexprice: httpx.Client) -> None:
    feature = metered(flexprice)
    made = posted(flexprice, SETTINGS, entity_type="feature", entity_id=feature["id"], config=CONFIG)
    assert (made["config"], made["enabled"], made["entity_id"]) == (CONFIG, True, feature["id"])
    path = f"{SETTINGS}/{made['id']}"
    assert flexprice.get(path).json() == made
    assert flexprice.get(SETTINGS).json()["items"] == [made]
    again = flexprice.post(SETTINGS, json={"entity_type": "feature", "entity_id": feature["id"], "config": CONFIG})
    refused(again, 409)
    config = {"alert_enabled": False, "info": {"threshold": "5", "condition": "below"}}
    changed = flexprice.put(path, json={"config": config}).json()
    assert changed == {**made, "config": config, "enabled": False, "updated_at": changed["updated_at"]}
    assert posted(flexprice, f"{SETTINGS}/search", 200, enabled=True)["items"] == []
    assert posted(flexprice, f"{SETTINGS}/search", 200, entity_ids=[feature["id"]])["items"] == [changed]
    assert flexprice.delete(path).status_code == 204
    for gone in (flexprice.get(path), flexprice.put(path, json={"config": CONFIG}), flexprice.delete(path)):
        refused(gone, 404)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a wallet": ({"entity_type": "wallet"}, "entity_type"),
    "a subscription": ({"entity_type": "subscription"}, "entity_type"),
    "no type": ({"entity_type": None}, "entity_type"),
    "no feature": ({"entity_id": None}, "entity_id"),
    "a parent": ({"parent_entity_id": "subs_1"}, "parent_entity_id"),
    "no config": ({"config": None}, "config"),
    "no thresholds": ({"config": {"alert_enabled": True}}, "config"),
    "threshold of letters": ({"config": {"critical": {"threshold": "x"}}}, "config.critical.threshold"),
    "no threshold": ({"config": {"info": {"condition": "above"}}}, "config.info.threshold"),
    "a level as text": ({"config": {"warning": "5"}}, "config.warning"),
    "another condition": ({"config": {"critical": {"threshold": "5", "condition": "at"}}}, "config.critical.condition"),
    "a share": ({"config": {**CONFIG, "alert_threshold_type": "percentage"}}, "config.alert_threshold_type"),
    "enabled as text": ({"config": {**CONFIG, "alert_enabled": "yes"}}, "config.alert_enabled"),
}


@pytest.fixture(scope="module")
def shared(server: RunningServer) -> Iterator[tuple[httpx.Client, str]]:
    with server.client(server.key("alerts"), header="x-api-key", base="/v1") as client:
        yield client, metered(client)["id"]


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_bad_settings_are_refused_by_field(shared: tuple[httpx.Client, str], body: dict[str, Any], field: str) -> None:
    client, feature_id = shared
    answer = client.post(SETTINGS, json={"entity_type": "feature", "entity_id": feature_id, "config": CONFIG, **body})
    assert refused(answer)["details"]["field"] == field
    assert client.get(SETTINGS).json()["items"] == []


def test_states_change_as_usage_passes_thresholds(flexprice: httpx.Client) -> None:
    feature = metered(flexprice)
    posted(flexprice, SETTINGS, entity_type="feature", entity_id=feature["id"], config=CONFIG)
    wanted = []
    for number, state, value in ((10.5, "", ""), (1, "info", "11.5"), (40, "warning", "51.5"), (60, "in_alarm", "111.5")):
        used(flexprice, number, event_id=f"e{number}")
        if state:
            wanted.append(("c1", state, value))
        checked(flexprice)
        soon(lambda: _states(flexprice), wanted)
    used(flexprice, 0, event_id="e60")
    wanted.append(("c1", "warning", "51.5"))
    soon(lambda: _states(flexprice), wanted)
    used(flexprice, 11, "c2")
    soon(lambda: _states(flexprice, customer_id="c2"), [("c2", "info", "11")])
    assert _states(flexprice, alert_status="in_alarm") == [("c1", "in_alarm", "111.5")]
    assert len(posted(flexprice, f"{LOGS}/search", 200, entity_id=feature["id"], limit=2)["items"]) == 2
    for body, field in (({"entity_type": "wallet"}, "entity_type"), ({"alert_status": "x"}, "alert_status")):
        assert refused(flexprice.post(f"{LOGS}/search", json=body))["details"]["field"] == field


def test_a_setting_may_be_about_one_customer(flexprice: httpx.Client) -> None:
    feature, who = metered(flexprice), customer(flexprice)
    posted(flexprice, SETTINGS, entity_type="feature", entity_id=feature["id"], customer_id=who["id"], config=CONFIG)
    used(flexprice, 60, "c2")
    used(flexprice, 60, "c1")
    soon(lambda: _states(flexprice), [("c1", "warning", "60")])
    assert _states(flexprice, customer_id=who["id"]) == [("c1", "warning", "60")]


def test_limits_are_told_once_per_period_and_not_again_after_a_kill(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    try:
        secret = server.key("default")
        with server.client(secret, header="x-api-key", base="/v1") as client:
            metered(client)
            customer(client)
            posted(client, "/entitlements", external_customer_id="c1", lookup_key="calls", soft_limit="5", hard_limit="10")
            wanted = []
            for number, state, value in ((4, "", ""), (1, "soft_limit", "5"), (1, "", ""), (9, "hard_limit", "15"), (1, "", "")):
                used(client, number)
                wanted += [("c1", state, value)] if state else []
                checked(client)
                soon(lambda: _states(client), wanted)
        server.kill()
        server.start()
        with server.client(secret, header="x-api-key", base="/v1") as client:
            used(client, 1)
            checked(client)
            used(client, 1, "c2")
            assert checked(client)["usage"] == "17"
            assert _states(client, entity_type="entitlement") == wanted
    finally:
        server.stop()


def test_the_official_client_reads_settings_and_logs(server: RunningServer, secret: str, flexprice: httpx.Client) -> None:
    feature = metered(flexprice)
    with Flexprice(server_url=f"{server.url}/v1", api_key_auth=secret) as sdk:
        made = sdk.alert_settings.create_alert_settings(entity_type="feature", entity_id=feature["id"], config=CONFIG)
        assert made.config is not None
        assert made.config.critical is not None
        assert (made.enabled, made.entity_id, made.config.critical.threshold) == (True, feature["id"], "100")
        used(flexprice, 200)
        soon(lambda: _states(flexprice), [("c1", "in_alarm", "200")])
        found = sdk.alerts.query_alert_log(alert_status="in_alarm")
        assert [log.alert_status for log in found.items or []] == ["in_alarm"]
