"""The official Python SDK of Flexprice, called by the names of its methods, either as they are or as their asynchronous twins."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from flexprice import Flexprice
from flexprice.models import CreateMeterRequest, IngestEventRequest, MeterAggregation, MeterFilter

Ask = Callable[..., Any]
"""ask("events.get_event", id="e"): what that method returns."""


def by_method(url: str, secret: str, **options: Any) -> Ask:
    def ask(method: str, **asked: Any) -> Any:
        part, _, name = method.partition(".")
        with Flexprice(server_url=url, api_key_auth=secret, **options) as client:
            return getattr(getattr(client, part), name)(**asked)

    return ask


def by_twin(url: str, secret: str, **options: Any) -> Ask:
    async def answer(part: str, name: str, asked: dict[str, Any]) -> Any:
        async with Flexprice(server_url=url, api_key_auth=secret, **options) as client:
            return await getattr(getattr(client, part), f"{name}_async")(**asked)

    def ask(method: str, **asked: Any) -> Any:
        part, _, name = method.partition(".")
        return asyncio.run(answer(part, name, asked))

    return ask


STYLES: dict[str, Callable[..., Ask]] = {"methods": by_method, "asynchronous twins": by_twin}


class World(NamedTuple):
    feature_id: str
    meter_id: str
    customer_id: str


def world(url: str, secret: str) -> World:
    """The customer acme, a feature whose meter sums gigabytes in the eu, and an event of 4.1 in the eu, one of 100 in the us."""
    with Flexprice(server_url=url, api_key_auth=secret) as client:
        meter = CreateMeterRequest(
            name="Traffic",
            event_name="transfer",
            aggregation=MeterAggregation(type="SUM", field="gb"),
            filters=[MeterFilter(key="region", values=["eu"])],
            reset_usage="BILLING_PERIOD",
        )
        feature = client.features.create_feature(name="Traffic", type_="metered", meter=meter)
        customer = client.customers.create_customer(external_id="acme", name="Acme")
        events = [
            IngestEventRequest(
                event_name="transfer",
                external_customer_id="acme",
                event_id=f"e-{region}",
                timestamp="2024-05-12T12:00:00Z",
                source="api",
                properties={"gb": gb, "region": region},
            )
            for region, gb in (("eu", "4.10"), ("us", "100"))
        ]
        client.events.ingest_events_bulk(events=events)
    assert feature.id is not None
    assert feature.meter_id is not None
    assert customer.id is not None
    return World(feature.id, feature.meter_id, customer.id)
