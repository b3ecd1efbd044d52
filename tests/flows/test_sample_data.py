"""Sample data: what the generator says of a month is what the three doors answer, and loading again changes nothing."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from streamgauge.kernel.event import Door
from streamgauge.sample import DAYS, SampleEvent, SamplePayment, events_of_day
from tests.flows.running import RunningServer


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> Iterator[httpx.Client]:
    with server.client(server.key("sample company", "unlimited", "--scope", "admin,read,ingest")) as client:
        yield client


@pytest.fixture(scope="module")
def loaded(admin: httpx.Client) -> dict[str, Any]:
    answer = admin.post("/console/v1/sample-data", timeout=60)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture(scope="module")
def made(server: RunningServer, loaded: dict[str, Any]) -> list[SampleEvent | SamplePayment]:
    """What the generator makes of the days before today: today is cut where now is."""
    (line,) = [line for line in server.command("projects", "list").splitlines() if line.endswith("sample company")]
    project_id = line.split()[0]
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, 0, -1)]
    return [one for day in days for one in events_of_day(project_id, loaded["website_id"], day)]


def before_today(loaded: dict[str, Any]) -> dict[str, str]:
    return {"from": loaded["from"], "to": (datetime.now(UTC).date() - timedelta(days=1)).isoformat(), "timezone": "UTC"}


def test_every_event_is_counted_once_at_the_first_door(
    admin: httpx.Client, loaded: dict[str, Any], made: list[SampleEvent | SamplePayment]
) -> None:
    wanted = Counter(str(one.body.get("event_name", one.body.get("event"))) for one in made if isinstance(one, SampleEvent))
    for name, count in wanted.items():
        answer = admin.get("/solinth/v1/metrics", params={"event": name, **before_today(loaded)}).json()
        assert answer["value"] == count, name


def test_visits_and_payments_are_those_of_the_second_door(
    admin: httpx.Client, loaded: dict[str, Any], made: list[SampleEvent | SamplePayment]
) -> None:
    asked = {"website_id": loaded["website_id"], "start_date": loaded["from"], "end_date": before_today(loaded)["to"]}
    told = admin.get("/thebizness/api/analytics", params={**asked, "timezone": "UTC"}).json()["metrics"]
    views = [one for one in made if isinstance(one, SampleEvent) and one.body.get("event_name") == "page_view"]
    visitors = {one.body["visitor_id"] for one in made if isinstance(one, SampleEvent) and one.door is Door.THEBIZNESS}
    money = sum(
        (Decimal(str(one.body["amount"])) * (-1 if one.body["type"] == "refund" else 1))
        for one in made
        if isinstance(one, SamplePayment)
    )
    assert (told["page_views"], told["visitors"], Decimal(str(told["revenue"]))) == (len(views), len(visitors), money)


def test_usage_is_that_of_the_third_door(
    admin: httpx.Client, loaded: dict[str, Any], made: list[SampleEvent | SamplePayment]
) -> None:
    features = admin.get("/flexprice/v1/features").json()["items"]
    meter = next(one["meter_id"] for one in features if one["lookup_key"] == "tokens")
    days = before_today(loaded)
    asked = {
        "meter_id": meter,
        "external_customer_id": "amber-analytics",
        "start_time": f"{days['from']}T00:00:00Z",
        "end_time": f"{datetime.now(UTC).date().isoformat()}T00:00:00Z",
    }
    told = admin.post("/flexprice/v1/meter-usage/query", json=asked).json()
    wanted = 0
    for one in made:
        properties = one.body.get("properties")
        if one.body.get("external_customer_id") == "amber-analytics" and isinstance(properties, dict):
            wanted += properties.get("tokens", 0)
    assert Decimal(told["total_value"]) == wanted


def test_loading_again_changes_nothing(admin: httpx.Client, loaded: dict[str, Any]) -> None:
    before = admin.get("/console/v1/schema/events").json()
    dashboards = admin.get("/solinth/v1/dashboards").json()["total"]
    again = admin.post("/console/v1/sample-data", timeout=60)
    assert again.status_code == 200, again.text
    counts = [
        {one["name"]: one["count"] for one in told["events"]} for told in (before, admin.get("/console/v1/schema/events").json())
    ]
    # Between the two a moment passed, in which the sample company went on.
    assert all(0 <= counts[1][name] - count <= 5 for name, count in counts[0].items())
    assert admin.get("/solinth/v1/dashboards").json()["total"] == dashboards


def test_what_is_there_already_stays_and_the_rest_is_made(server: RunningServer) -> None:
    own = {"name": "Own tokens", "lookup_key": "tokens", "type": "metered",
           "meter": {"name": "own", "event_name": "completion", "aggregation": {"type": "COUNT"}, "reset_usage": "NEVER"},
           "unit_singular": "token", "unit_plural": "tokens"}  # fmt: skip
    with server.client(server.key("a company with tokens", "unlimited", "--scope", "admin")) as client:
        assert client.post("/flexprice/v1/features", json=own).status_code == 201
        loaded = client.post("/console/v1/sample-data", timeout=60)
        assert loaded.status_code == 200, loaded.text
        assert settings_of(client) == (4, 40, 1, 1)
        # A website that was deleted comes back with its conversions, and nothing else comes twice.
        assert client.delete(f"/thebizness/api/websites/{loaded.json()['website_id']}").status_code == 200
        again = client.post("/console/v1/sample-data", timeout=60)
        assert again.status_code == 200, again.text
        assert settings_of(client) == (4, 40, 1, 1)
        names = {one["lookup_key"]: one["name"] for one in client.get("/flexprice/v1/features").json()["items"]}
        assert names["tokens"] == "Own tokens"
        conversions = client.get(f"/thebizness/api/websites/{loaded.json()['website_id']}/conversion-events").json()
        assert [one["name"] for one in conversions["conversion_events"]] == ["Signup", "Pricing seen"]


def settings_of(client: httpx.Client) -> tuple[int, int, int, int]:
    """How many features, customers, alert settings and dashboards there are."""
    return (
        len(client.get("/flexprice/v1/features").json()["items"]),
        client.get("/flexprice/v1/customers").json()["pagination"]["total"],
        len(client.get("/flexprice/v1/alerts/setting").json()["items"]),
        client.get("/solinth/v1/dashboards").json()["total"],
    )


def test_the_same_day_is_the_same_whenever_it_is_made() -> None:
    day = datetime.now(UTC).date()
    assert events_of_day("proj_1", "site", day) == events_of_day("proj_1", "site", day)
    assert events_of_day("proj_1", "site", day) != events_of_day("proj_2", "site", day)
