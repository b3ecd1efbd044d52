"""The official Python SDK of Flexprice, unmodified: its methods about customers and API keys."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flexprice import Flexprice
from flexprice.models import FilterCondition, SortCondition, Value
from flexprice.models.errors import ErrorResponse, FlexpriceDefaultError

from tests.flows.running import RunningServer

LONG_AGO, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["/v1", "/flexprice/v1"], ids=["root mount", "explicit mount"])
def sdk(request: pytest.FixtureRequest, server: RunningServer, project: str) -> Iterator[Flexprice]:
    secret = server.key(project, "unlimited", "--scope", "admin")
    with Flexprice(server_url=f"{server.url}{request.param}", api_key_auth=secret) as client:
        yield client


def test_a_customer_is_made_found_searched_changed_and_deleted(sdk: Flexprice) -> None:
    made = sdk.customers.create_customer(
        external_id="tenants/1 a",
        name="Acme",
        email="a@b.example",
        contact="123",
        address_city="Berlin",
        address_country="DE",
        address_postal_code="10115",
        address_state="BE",
        timezone="Europe/Berlin",
        metadata={"tier": "gold"},
        skip_onboarding_workflow=True,
    )
    assert made.id is not None
    assert (made.external_id, made.name, made.status, made.timezone) == ("tenants/1 a", "Acme", "published", "Europe/Berlin")
    assert (made.address_city, made.address_country, made.metadata) == ("Berlin", "DE", {"tier": "gold"})
    assert made.created_at is not None
    assert abs(datetime.now(UTC) - made.created_at) < timedelta(minutes=5)
    assert sdk.customers.get_customer(id=made.id) == made
    assert sdk.customers.get_customer_by_external_id(external_id="tenants/1 a") == made
    found = sdk.customers.query_customer(
        external_ids=["tenants/1 a"],
        email="a@b.example",
        metadata={"tier": "gold"},
        start_time=LONG_AGO,
        end_time=FUTURE,
        status="published",
        limit=10,
        order="asc",
        filters=[FilterCondition(field="name", operator="contains", data_type="string", value=Value(string="acm"))],
        sort=[SortCondition(field="name", direction="asc")],
    )
    assert found.items == [made]
    assert found.pagination is not None
    assert (found.pagination.total, found.pagination.limit, found.pagination.offset) == (1, 10, 0)
    assert sdk.customers.query_customer(external_id="nobody").items == []
    changed = sdk.customers.update_customer(id=made.id, name="Acme plc")
    again = sdk.customers.update_customer(external_customer_id="tenants/1 a", metadata={})
    assert (changed.name, again.name, again.metadata, again.email) == ("Acme plc", "Acme plc", {}, "a@b.example")
    sdk.customers.delete_customer(id=made.id)
    with pytest.raises(ErrorResponse) as told:
        sdk.customers.get_customer_by_external_id(external_id="tenants/1 a")
    assert (told.value.data.code, told.value.data.http_status_code) == ("not_found", 404)


async def _walk(server_url: str, secret: str) -> None:
    async with Flexprice(server_url=server_url, api_key_auth=secret) as sdk:
        made = await sdk.customers.create_customer_async(external_id="c1", name="N")
        assert made.id is not None
        assert await sdk.customers.get_customer_async(id=made.id) == made
        assert await sdk.customers.get_customer_by_external_id_async(external_id="c1") == made
        assert (await sdk.customers.update_customer_async(id=made.id, name="M")).name == "M"
        assert len((await sdk.customers.query_customer_async(external_id="c1")).items or []) == 1
        await sdk.customers.delete_customer_async(id=made.id)
        key = await sdk.secrets.create_api_key_async(name="K", type_="private_key")
        assert key.secret is not None
        assert key.secret.id is not None
        await sdk.secrets.delete_api_key_async(id=key.secret.id)
        assert key.secret.id not in [each.id for each in (await sdk.secrets.list_api_keys_async()).items or []]


def test_the_asynchronous_methods_do_the_same(server: RunningServer, project: str) -> None:
    asyncio.run(_walk(f"{server.url}/v1", server.key(project, "unlimited", "--scope", "admin")))


def test_what_is_wrong_with_a_customer_is_told(sdk: Flexprice) -> None:
    with pytest.raises(ErrorResponse) as told:
        sdk.customers.create_customer(external_id="c1", name="")
    assert (told.value.data.code, told.value.data.message) == ("validation_error", "Request validation failed")
    assert '"details":{"field":"name","expected":"a text of 1 to 255 characters"}' in told.value.body
    sdk.customers.create_customer(external_id="c1", name="N")
    with pytest.raises(FlexpriceDefaultError) as conflict:  # The SDK knows no body for 409.
        sdk.customers.create_customer(external_id="c1", name="N")
    assert conflict.value.status_code == 409
    assert "A customer with this identifier already exists" in conflict.value.body


def test_a_key_is_made_used_listed_and_taken_back(server: RunningServer, sdk: Flexprice) -> None:
    made = sdk.secrets.create_api_key(name="backend", type_="private_key", expires_at=FUTURE)
    assert made.api_key is not None
    assert made.secret is not None
    assert made.api_key.startswith("sk_")
    assert made.secret.display_id == f"{made.api_key[:5]}***{made.api_key[-2:]}"
    assert (made.secret.name, made.secret.type, made.secret.status, made.secret.expires_at) == (
        "backend", "private_key", "published", FUTURE,
    )  # fmt: skip
    assert made.secret.id is not None
    with Flexprice(server_url=f"{server.url}/v1", api_key_auth=made.api_key) as own:
        told = own.events.ingest_event(event_name="a", external_customer_id="c", event_id="e1")
        assert told["event_id"] == "e1"
        assert own.events.get_event(id="e1", external_customer_id="c").event is not None
        listed = sdk.secrets.list_api_keys()
        assert listed.items is not None
        assert made.secret in listed.items
        sdk.secrets.delete_api_key(id=made.secret.id)
        with pytest.raises(FlexpriceDefaultError) as refused:
            own.events.ingest_event(event_name="a", external_customer_id="c")
        assert refused.value.status_code == 401
    assert made.secret.id not in [secret.id for secret in sdk.secrets.list_api_keys(status="published").items or []]
    assert [secret.id for secret in sdk.secrets.list_api_keys(status="archived").items or []] == [made.secret.id]
    with pytest.raises(ErrorResponse) as told_gone:
        sdk.secrets.delete_api_key(id=made.secret.id)
    assert told_gone.value.data.code == "not_found"


def test_a_publishable_key_only_sends(server: RunningServer, sdk: Flexprice) -> None:
    made = sdk.secrets.create_api_key(name="page", type_="publishable_key")
    assert made.api_key is not None
    assert made.secret is not None
    assert made.api_key.startswith("pk_")
    assert (made.secret.type, made.secret.roles) == ("publishable_key", ["event_ingestor"])
    with Flexprice(server_url=f"{server.url}/v1", api_key_auth=made.api_key) as own:
        own.events.ingest_event(event_name="a", external_customer_id="c")
        with pytest.raises(FlexpriceDefaultError) as refused:
            own.customers.create_customer(external_id="c", name="N")
        assert refused.value.status_code == 403
