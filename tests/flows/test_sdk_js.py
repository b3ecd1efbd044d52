"""The official JavaScript client of Flexprice, unmodified, with only its serverURL changed."""

import json
from typing import Any

import pytest

from tests.flows import sdk_js
from tests.flows.running import RunningServer

MOUNTS = pytest.mark.parametrize("told", ["/v1", "/flexprice/v1"], ids=["root mount", "explicit mount"], indirect=True)
_walked: dict[str, Any] = {}


@pytest.fixture
def told(request: pytest.FixtureRequest, server: RunningServer, project: str) -> Any:
    """What the calls returned; they are made once for each mount."""
    mount = request.param
    if mount not in _walked:
        secret = server.key(project, "unlimited", "--scope", "admin")
        _walked[mount] = sdk_js.ended(sdk_js.start(server.url + mount, secret, "everything"))
    return _walked[mount]


@MOUNTS
def test_events_in_and_out(told: Any) -> None:
    assert told["ingestEvent"] == {"message": "Event accepted for processing", "event_id": "id-0"}
    assert told["ingestEventsBulk"] == {"message": "Events accepted for processing"}
    listed = told["listRawEvents"]
    assert [event["id"] for event in listed["events"]] == ["id-0", "id-1", "id-2"]
    assert listed["events"][0]["properties"] == {"amount": "10.5", "region": "eu"}
    assert (listed["hasMore"], listed["totalCount"], listed["offset"]) == (True, 4, 3)
    assert (told["getEvent"]["event"]["id"], told["getEvent"]["status"]) == ("id-1", "processed")


@MOUNTS
def test_usage_of_events(told: Any) -> None:
    assert told["count"] == {"eventName": "api_request", "type": "COUNT", "value": 4}
    assert told["sum"] == {"eventName": "api_request", "type": "SUM", "value": 9.9}
    assert told["days"]["results"] == [
        {"windowSize": "2024-01-10T00:00:00Z", "value": 10.5},
        {"windowSize": "2024-01-12T00:00:00Z", "value": 0},
    ]


@MOUNTS
def test_usage_of_meters_and_features(told: Any) -> None:
    feature = told["createFeature"]
    assert told["getUsageByMeter"] == {"eventName": "api_request", "type": "SUM", "value": 9.5}
    assert [result["value"] for result in told["byDay"]["results"]] == [10.5, 0]
    analytics = told["getUsageAnalytics"]
    assert (analytics["totalCost"], analytics["currency"]) == ("0", "")
    by_source = {item["source"]: item for item in analytics["items"]}
    assert {source: item["totalUsage"] for source, item in by_source.items()} == {"api": "0", "web": "10.5"}
    item = by_source["web"]
    assert (item["featureId"], item["meterId"], item["name"]) == (feature["id"], feature["meterId"], "Amounts")
    assert (item["eventCount"], item["unit"], item["unitPlural"]) == (1, "GB", "GBs")
    assert (item["properties"], item["windowSize"]) == ({"region": "eu"}, "DAY")
    assert item["points"] == [{"timestamp": "2024-01-10T00:00:00Z", "usage": "10.5", "cost": "0", "eventCount": 1}]
    assert (item["feature"]["id"], item["meter"]["id"]) == (feature["id"], feature["meterId"])


@MOUNTS
def test_usage_of_a_customer(told: Any) -> None:
    summary = told["getCustomerUsageSummary"]
    assert summary["customerId"] == told["createCustomer"]["id"]
    (one,) = summary["features"]
    assert (one["feature"]["name"], one["currentUsage"], one["isUnlimited"]) == ("Amounts", "0", True)
    assert summary["period"]["period"] == "MONTHLY"


@MOUNTS
def test_customers_features_and_keys(told: Any) -> None:
    made = told["createCustomer"]
    assert (made["externalId"], made["name"], made["email"]) == ("customer 0", "Zero", "a@b.example")
    assert told["getCustomer"] == told["getCustomerByExternalId"] == made
    assert told["queryCustomer"]["items"] == [made]
    assert told["updateCustomer"]["name"] == "Nought"
    assert [feature["id"] for feature in told["queryFeature"]["items"]] == [told["createFeature"]["id"]]
    assert told["updateFeature"]["description"] == "changed"
    assert told["createFeature"]["meter"]["filters"] == [{"key": "region", "values": ["eu"]}]
    assert told["deleteFeature"] == {"message": "feature deleted successfully"}
    assert told["createApiKey"]["apiKey"].startswith("sk_")
    assert told["used"]["event_id"] == "by-own-key"
    assert told["createApiKey"]["secret"]["id"] in [key["id"] for key in told["listApiKeys"]["items"]]


FAULTS = {
    "an event without a name": ("noName", "ErrorsErrorsErrorResponse", 400, "validation_error"),
    "an unknown meter": ("noMeter", "ErrorsErrorsErrorResponse", 404, "not_found"),
    "an unknown event": ("noEvent", "ErrorsErrorsErrorResponse", 404, "not_found"),
    "a customer that exists": ("taken", "SDKError", 409, "already_exists"),
    "a customer that is gone": ("gone", "SDKError", 404, "not_found"),
}


@MOUNTS
@pytest.mark.parametrize(("call", "type_", "status", "code"), FAULTS.values(), ids=FAULTS)
def test_faults_are_the_clients_own_errors(told: Any, call: str, type_: str, status: int, code: str) -> None:
    """The client types 400 and 404 of most calls; of the others it has the status and the body."""
    fault = told[call]
    assert (fault["type"], fault["status"]) == (type_, status)
    assert json.loads(fault["body"])["code"] == code


@MOUNTS
def test_a_key_that_was_taken_back_is_refused(told: Any) -> None:
    assert (told["refused"]["type"], told["refused"]["status"]) == ("SDKError", 401)
