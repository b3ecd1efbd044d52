"""Features and their meters through the official Python SDK of Flexprice, unmodified, with only its server_url changed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flexprice import Flexprice
from flexprice.models import (
    AlertSettings,
    AlertThreshold,
    CreateMeterRequest,
    FeatureResponse,
    FilterCondition,
    MeterAggregation,
    MeterFilter,
    ReportingUnit,
    SortCondition,
    Value,
)
from flexprice.models.errors import ErrorResponse, FlexpriceDefaultError

from tests.flows.running import RunningServer

TRAFFIC = CreateMeterRequest(
    name="Traffic",
    event_name="request",
    aggregation=MeterAggregation(type="SUM", field="gb"),
    filters=[MeterFilter(key="region", values=["eu"])],
    reset_usage="BILLING_PERIOD",
)


@pytest.fixture(params=["/v1", "/flexprice/v1"], ids=["root mount", "explicit mount"])
def sdk(request: pytest.FixtureRequest, server: RunningServer, secret: str) -> Iterator[Flexprice]:
    with Flexprice(server_url=f"{server.url}{request.param}", api_key_auth=secret) as client:
        yield client


def _ids(found: list[FeatureResponse] | None) -> list[str | None]:
    return [one.id for one in found or []]


def test_a_feature_from_its_making_to_its_end(sdk: Flexprice) -> None:
    alerts = AlertSettings(
        alert_enabled=True,
        critical=AlertThreshold(threshold="90.5", condition="above"),
        info=AlertThreshold(threshold="10", condition="below"),
    )
    unit = ReportingUnit(unit_singular="TB", unit_plural="TBs", conversion_rate=0.001)
    made = sdk.features.create_feature(
        name="Data Transfer",
        type_="metered",
        meter=TRAFFIC,
        description="what goes out",
        metadata={"team": "net"},
        unit_singular="GB",
        unit_plural="GBs",
        reporting_unit=unit,
        alert_settings=alerts,
    )
    assert (made.name, made.type, made.status, made.lookup_key) == ("Data Transfer", "metered", "published", "data_transfer")
    assert (made.alert_settings, made.reporting_unit, made.metadata) == (alerts, unit, {"team": "net"})
    assert made.created_at is not None
    assert abs(datetime.now(UTC) - made.created_at) < timedelta(minutes=5)
    assert made.meter is not None
    assert (made.meter.id, made.meter.event_name, made.meter.filters) == (made.meter_id, "request", TRAFFIC.filters)
    assert made.meter.aggregation == TRAFFIC.aggregation

    found = sdk.features.query_feature(lookup_key="data_transfer", expand="meter")
    assert found.items == [made]
    assert found.pagination is not None
    assert (found.pagination.total, found.pagination.limit, found.pagination.offset) == (1, 50, 0)

    assert made.id is not None
    added = [MeterFilter(key="region", values=["us"]), MeterFilter(key="tier", values=["a", "b"])]
    changed = sdk.features.update_feature(id=made.id, name="Data", metadata={"team": "core"}, filters=added)
    assert (changed.name, changed.metadata, changed.description) == ("Data", {"team": "core"}, "what goes out")
    assert changed.meter is not None
    assert changed.meter.filters == [MeterFilter(key="region", values=["eu", "us"]), added[1]]

    clone = sdk.features.clone_feature(id=made.id, name="Partner data", lookup_key="partner_data")
    assert (clone.meter_id, clone.description) == (made.meter_id, "what goes out")
    assert clone.id not in (None, made.id)

    assert sdk.features.delete_feature(id=made.id).message == "feature deleted successfully"
    assert _ids(sdk.features.query_feature().items) == [clone.id]
    assert _ids(sdk.features.query_feature(status="archived").items) == [made.id]


def test_searches_by_every_field_of_the_client(sdk: Flexprice) -> None:
    made = [sdk.features.create_feature(name=name, type_="metered", meter=TRAFFIC) for name in ("Alpha", "Beta", "Gamma")]
    ids, meters = _ids(made), [one.meter_id or "" for one in made]
    query = sdk.features.query_feature
    begun = made[0].created_at
    assert begun is not None
    assert _ids(query(order="asc").items) == ids
    assert _ids(query(order="desc", limit=2, offset=1).items) == [ids[1], ids[0]]
    assert _ids(query(feature_ids=[ids[1] or ""]).items) == [ids[1]]
    assert _ids(query(meter_ids=meters[:1]).items) == [ids[0]]
    assert _ids(query(lookup_keys=["gamma", "unknown"]).items) == [ids[2]]
    assert _ids(query(name_contains="eta").items) == [ids[1]]
    assert _ids(query(start_time=begun, order="asc").items) == ids
    named = FilterCondition(field="name", operator="contains", data_type="string", value=Value(string="A"))
    sort = SortCondition(field="name", direction="desc")
    assert _ids(query(filters=[named], sort=[sort]).items) == ids[::-1]
    assert _ids(query(end_time=begun - timedelta(seconds=1)).items) == []


def test_faults_are_the_clients_own_errors(sdk: Flexprice) -> None:
    sdk.features.create_feature(name="Seats", type_="boolean")
    with pytest.raises(FlexpriceDefaultError) as taken:  # The client types 400, 404 and 500 here, and no 409.
        sdk.features.create_feature(name="Seats", type_="boolean")
    assert taken.value.status_code == 409
    assert "A feature with this lookup key already exists" in taken.value.body
    with pytest.raises(ErrorResponse) as told:
        sdk.features.create_feature(name="Traffic", type_="metered")
    assert told.value.data.code == "validation_error"
    assert told.value.data.message == "Please provide meter details to setup a metered feature"
    with pytest.raises(ErrorResponse) as told:
        sdk.features.update_feature(id="feat_unknown", name="x")
    assert (told.value.data.code, told.value.data.http_status_code) == ("not_found", 404)
    with pytest.raises(ErrorResponse) as told:
        sdk.features.delete_feature(id="feat_unknown")
    assert told.value.data.code == "not_found"


def test_the_asynchronous_client_does_the_same(server: RunningServer, secret: str) -> None:
    async def walk() -> None:
        async with Flexprice(server_url=f"{server.url}/v1", api_key_auth=secret) as client:
            made = await client.features.create_feature_async(name="Traffic", type_="metered", meter=TRAFFIC)
            assert made.id is not None
            assert (await client.features.query_feature_async()).items == [made]
            changed = await client.features.update_feature_async(id=made.id, name="T")
            assert changed.name == "T"
            deleted = await client.features.delete_feature_async(id=made.id)
            assert deleted.message == "feature deleted successfully"
            assert (await client.features.query_feature_async()).items == []

    asyncio.run(walk())
