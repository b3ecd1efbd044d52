"""The official Python SDK of Flexprice, unmodified: its methods about usage of meters, features and customers."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flexprice import Flexprice
from flexprice.models import (
    CreateMeterRequest,
    FeatureResponse,
    GetUsageAnalyticsResponse,
    IngestEventRequest,
    MeterAggregation,
    MeterFilter,
    ReportingUnit,
)
from flexprice.models.errors import ErrorResponse, FlexpriceDefaultError

from tests.flows.running import RunningServer

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
WHEN: dict[str, Any] = {"start_time": START, "end_time": END}


@pytest.fixture(params=["/v1", "/flexprice/v1"], ids=["root mount", "explicit mount"])
def sdk(request: pytest.FixtureRequest, server: RunningServer, secret: str) -> Iterator[Flexprice]:
    with Flexprice(server_url=f"{server.url}{request.param}", api_key_auth=secret) as client:
        yield client


def _event(number: int, gb: str, time: str, **fields: Any) -> IngestEventRequest:
    properties = {"gb": gb, "region": fields.pop("region", "eu")}
    base = {"event_name": "request", "external_customer_id": "c1", "event_id": f"e{number}", "source": "api"}
    return IngestEventRequest(**{**base, "properties": properties, "timestamp": time, **fields})


def _traffic(sdk: Flexprice, name: str = "Traffic", **fields: Any) -> FeatureResponse:
    """A feature that sums gigabytes of one region."""
    meter = CreateMeterRequest(
        name=name,
        event_name="request",
        aggregation=MeterAggregation(**(fields.pop("aggregation", None) or {"type": "SUM", "field": "gb"})),
        filters=[MeterFilter(key="region", values=["eu"])],
        reset_usage=fields.pop("reset_usage", "BILLING_PERIOD"),
    )
    return sdk.features.create_feature(name=name, type_="metered", meter=meter, **fields)


def _sent(sdk: Flexprice) -> None:
    sdk.events.ingest_events_bulk(
        events=[
            _event(0, "1.5", "2024-01-05T23:30:00Z"),
            _event(1, "2.25", "2024-01-10T10:00:00Z", source="web"),
            _event(2, "40", "2024-01-10T11:00:00Z", region="us"),
            _event(3, "100", "2024-01-20T00:00:00Z", external_customer_id="other"),
        ]
    )


def test_usage_by_meter(sdk: Flexprice) -> None:
    _sent(sdk)
    meter_id = _traffic(sdk).meter_id or ""
    by_meter = sdk.events.get_usage_by_meter
    answer = by_meter(meter_id=meter_id, external_customer_id="c1", **WHEN)
    assert (answer.event_name, answer.type, answer.value, answer.results) == ("request", "SUM", 3.75, None)
    assert by_meter(meter_id=meter_id, **WHEN).value == 103.75
    assert by_meter(meter_id=meter_id, filters={"region": ["us"]}, **WHEN).value is None
    days = by_meter(meter_id=meter_id, external_customer_id="c1", window_size="DAY", timezone="Europe/Berlin", **WHEN)
    assert [(one.window_size, one.value) for one in days.results or []] == [
        ("2024-01-05T23:00:00Z", 1.5),
        ("2024-01-09T23:00:00Z", 2.25),
    ]
    months = by_meter(
        meter_id=meter_id,
        window_size="MONTH",
        billing_anchor=datetime(2023, 5, 10, tzinfo=UTC),
        external_customer_id="c1",
        **WHEN,
    )
    assert [(one.window_size, one.value) for one in months.results or []] == [
        ("2023-12-10T00:00:00Z", 1.5),
        ("2024-01-10T00:00:00Z", 2.25),
    ]


def test_usage_analytics(sdk: Flexprice) -> None:
    _sent(sdk)
    unit = ReportingUnit(unit_singular="TB", unit_plural="TBs", conversion_rate=0.001)
    traffic = _traffic(sdk, unit_singular="GB", unit_plural="GBs", reporting_unit=unit)
    calls = _traffic(sdk, "Calls", aggregation={"type": "COUNT"})
    answer = sdk.events.get_usage_analytics(external_customer_id="c1", **WHEN)
    assert (answer.total_cost, answer.subtotal, answer.total_discount, answer.currency) == ("0", "0", "0", "")
    assert _usages(answer) == {"Traffic": "3.75", "Calls": "2"}
    assert {item.name: item.total_usage_display for item in answer.items or []} == {"Traffic": "0.00375", "Calls": ""}
    (item,) = (
        sdk.events.get_usage_analytics(
            external_customer_id="c1",
            feature_ids=[traffic.id or ""],
            window_size="DAY",
            expand=["feature", "meter", "price", "plan", "source"],
            include_children=True,
            **WHEN,
        ).items
        or []
    )
    assert (item.feature_id, item.meter_id, item.event_name, item.event_count) == (traffic.id, traffic.meter_id, "request", 2)
    assert (item.unit, item.unit_plural, item.aggregation_type, item.window_size) == ("GB", "GBs", "SUM", "DAY")
    assert [(point.timestamp, point.usage, point.event_count) for point in item.points or []] == [
        ("2024-01-05T00:00:00Z", "1.5", 1),
        ("2024-01-10T00:00:00Z", "2.25", 1),
    ]
    assert item.sources == ["api", "web"]
    assert item.feature is not None
    assert item.meter is not None
    assert (item.feature.id, item.meter.id) == (traffic.id, traffic.meter_id)
    grouped = sdk.events.get_usage_analytics(
        external_customer_id="c1", feature_ids=[calls.id or ""], group_by=["feature_id", "source", "properties.gb"], **WHEN
    )
    assert [(one.source, one.properties, one.total_usage) for one in grouped.items or []] == [
        ("api", {"gb": "1.5"}, "1"),
        ("web", {"gb": "2.25"}, "1"),
    ]
    web = sdk.events.get_usage_analytics(external_customer_id="c1", sources=["web"], property_filters={"gb": ["2.25"]}, **WHEN)
    assert _usages(web) == {"Traffic": "2.25", "Calls": "1"}


def _usages(answer: GetUsageAnalyticsResponse) -> dict[str | None, str | None]:
    return {item.name: item.total_usage for item in answer.items or []}


def test_usage_of_a_customer(sdk: Flexprice) -> None:
    now = datetime.now(UTC).isoformat()
    sdk.events.ingest_events_bulk(events=[_event(0, "0.1", now), _event(1, "0.2", now), _event(2, "9", "2020-01-01T00:00:00Z")])
    customer = sdk.customers.create_customer(external_id="c1", name="One", timezone="Asia/Tokyo")
    traffic = _traffic(sdk)
    _traffic(sdk, "Ever", reset_usage="NEVER")
    summary = sdk.customers.get_customer_usage_summary
    answer = summary(customer_id=customer.id)
    assert answer.customer_id == customer.id
    assert {one.feature.name: one.current_usage for one in answer.features or [] if one.feature} == {
        "Traffic": "0.3",
        "Ever": "9.3",
    }
    assert answer.period is not None
    assert answer.period.start_time is not None
    assert str(answer.period.start_time).endswith("15:00:00+00:00"), "months begin at midnight in Tokyo"
    (one,) = summary(customer_lookup_key="c1", feature_ids=[traffic.id or ""]).features or []
    assert (one.is_enabled, one.is_unlimited, one.is_soft_limit, one.total_limit) == (True, True, False, None)
    assert one.current_usage is not None
    assert Decimal(one.current_usage) == Decimal("0.3")
    (ever,) = summary(customer_lookup_key="c1", feature_lookup_keys=["ever", "unknown"]).features or []
    assert ever.feature is not None
    assert ever.feature.name == "Ever"
    assert summary(customer_lookup_key="c1", feature_lookup_keys=["unknown"]).features == []


def test_what_is_wrong_is_told(sdk: Flexprice) -> None:
    with pytest.raises(ErrorResponse) as told:
        sdk.events.get_usage_by_meter(meter_id="meter_x")
    assert (told.value.data.code, told.value.data.message, told.value.data.http_status_code) == (
        "not_found",
        "Meter not found",
        404,
    )
    with pytest.raises(ErrorResponse) as told:
        sdk.events.get_usage_by_meter(meter_id="m", timezone="Mars/Olympus")
    assert told.value.data.code == "validation_error"
    with pytest.raises(ErrorResponse) as told:
        sdk.events.get_usage_analytics(external_customer_id="c1", start_time=END, end_time=START)
    assert (told.value.data.code, told.value.data.message) == ("validation_error", "Please check the request payload")
    with pytest.raises(FlexpriceDefaultError) as absent:  # The client types 400 and 500 here, and no 404.
        sdk.events.get_usage_analytics(external_customer_id="c1", feature_ids=["feat_x"])
    assert absent.value.status_code == 404
    with pytest.raises(ErrorResponse) as told:
        sdk.customers.get_customer_usage_summary()
    assert told.value.data.code == "validation_error"
    with pytest.raises(FlexpriceDefaultError) as absent:
        sdk.customers.get_customer_usage_summary(customer_lookup_key="nobody")
    assert absent.value.status_code == 404
    assert "Customer with lookup key nobody was not found" in absent.value.body


async def _walk(server_url: str, secret: str, meter_id: str) -> None:
    async with Flexprice(server_url=server_url, api_key_auth=secret) as sdk:
        told = await sdk.events.ingest_event_async(event_name="request", external_customer_id="c1", event_id="e9")
        assert told["event_id"] == "e9"
        await sdk.events.ingest_events_bulk_async(events=[_event(1, "5", "2024-01-10T10:00:00Z")])
        assert (await sdk.events.get_event_async(id="e9", external_customer_id="c1")).event is not None
        assert len((await sdk.events.list_raw_events_async(**WHEN)).events or []) == 1
        counted = await sdk.events.get_usage_statistics_async(event_name="request", aggregation_type="COUNT", **WHEN)
        assert counted.value == 1
        assert (await sdk.events.get_usage_by_meter_async(meter_id=meter_id, **WHEN)).value == 5
        assert _usages(await sdk.events.get_usage_analytics_async(external_customer_id="c1", **WHEN)) == {"Traffic": "5"}
        await sdk.customers.create_customer_async(external_id="c1", name="One")
        summary = await sdk.customers.get_customer_usage_summary_async(customer_lookup_key="c1")
        assert [one.current_usage for one in summary.features or []] == ["0"]


def test_the_asynchronous_methods_do_the_same(server: RunningServer, secret: str, sdk: Flexprice) -> None:
    asyncio.run(_walk(f"{server.url}/v1", secret, _traffic(sdk).meter_id or ""))
