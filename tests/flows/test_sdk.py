"""The official Python SDK of Flexprice, unmodified, with only its server_url changed. (Of JavaScript's, the waiting only.)"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flexprice import Flexprice
from flexprice.models import AggregationType, IngestEventRequest
from flexprice.models.errors import ErrorResponse, FlexpriceDefaultError
from flexprice.utils import BackoffStrategy, RetryConfig

from tests.flows import sdk_js
from tests.flows.running import RunningServer, running

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
AMOUNTS = ("10.5", "0.4", "-1", "not a number")


@pytest.fixture(params=["/v1", "/flexprice/v1", "/v1/"], ids=["root mount", "explicit mount", "slash at the end"])
def sdk(request: pytest.FixtureRequest, server: RunningServer, secret: str) -> Iterator[Flexprice]:
    with Flexprice(server_url=f"{server.url}{request.param}", api_key_auth=secret) as client:
        yield client


def _events() -> list[IngestEventRequest]:
    return [
        IngestEventRequest(
            event_name="api_request",
            external_customer_id=f"customer {n % 2}",
            event_id=f"id-{n}",
            timestamp=f"2024-01-{10 + n}T00:00:00Z",
            properties={"amount": amount, "n": str(n)},
            source="sdk",
        )
        for n, amount in enumerate(AMOUNTS)
    ]


def _usage(sdk: Flexprice, kind: AggregationType, of: str | None = None, customer: str | None = None) -> float | None:
    answer = sdk.events.get_usage_statistics(
        aggregation_type=kind,
        event_name="api_request",
        property_name=of,
        external_customer_id=customer,
        start_time=START,
        end_time=END,
    )
    return answer.value


def test_one_event_in_and_out(sdk: Flexprice) -> None:
    told = sdk.events.ingest_event(
        event_name="api_request",
        external_customer_id="c1",
        customer_id="inner",
        event_id="event123",
        properties={"bytes": "100", '{"odd"': "200}"},
        source="api",
        timestamp="2024-01-20T15:04:05Z",
    )
    assert told == {"message": "Event accepted for processing", "event_id": "event123"}
    found = sdk.events.get_event(id="event123", external_customer_id="c1", start_time="2024-01-01T00:00:00Z")
    assert found.event is not None
    assert (found.event.id, found.event.event_name, found.event.source) == ("event123", "api_request", "api")
    assert found.event.properties == {"bytes": "100", '{"odd"': "200}"}


def test_an_event_without_an_id_is_given_one(sdk: Flexprice) -> None:
    told = sdk.events.ingest_event(event_name="api_request", external_customer_id="c1")
    found = sdk.events.get_event(id=told["event_id"], external_customer_id="c1")
    assert found.event is not None
    assert found.event.external_customer_id == "c1"


def test_a_batch_is_counted_listed_and_aggregated(sdk: Flexprice) -> None:
    for _ in range(2):  # The second time they are duplicates.
        assert sdk.events.ingest_events_bulk(events=_events()) == {"message": "Events accepted for processing"}
    assert _usage(sdk, "COUNT") == 4
    assert _usage(sdk, "SUM", "amount") == 9.9
    assert _usage(sdk, "MAX", "amount") == 10.5
    assert _usage(sdk, "COUNT_UNIQUE", "n") == 4
    assert _usage(sdk, "LATEST", "n") == 3
    assert _usage(sdk, "SUM", "amount", customer="customer 1") == 0.4
    assert _usage(sdk, "SUM", "nothing") in (None, 0)
    listed = sdk.events.list_raw_events(event_name="api_request", start_time=START, end_time=END, order="asc")
    assert listed.total_count == 4
    assert [event.id for event in listed.events or []] == ["id-0", "id-1", "id-2", "id-3"]
    assert [event.properties["amount"] for event in listed.events or [] if event.properties] == list(AMOUNTS)


def test_windows_are_days(sdk: Flexprice) -> None:
    sdk.events.ingest_events_bulk(events=_events())
    answer = sdk.events.get_usage_statistics(
        aggregation_type="SUM", property_name="n", event_name="api_request", window_size="DAY", start_time=START, end_time=END
    )
    values = {result.window_size: result.value for result in answer.results or []}
    assert {day: value for day, value in values.items() if value} == {f"2024-01-{10 + n}T00:00:00Z": float(n) for n in (1, 2, 3)}


def test_pages_are_walked_by_cursor_and_filtered(sdk: Flexprice) -> None:
    sdk.events.ingest_events_bulk(events=_events())
    seen, last = [], None
    while True:
        page = sdk.events.list_raw_events(start_time=START, end_time=END, page_size=1, iter_last_key=last)
        seen += [event.id for event in page.events or []]
        if not page.has_more:
            break
        last = page.iter_last_key
    assert seen == ["id-3", "id-2", "id-1", "id-0"]
    found = sdk.events.list_raw_events(start_time=START, end_time=END, property_filters={"n": ["1", "2"]}, order="asc")
    assert [event.id for event in found.events or []] == ["id-1", "id-2"]


def test_a_missing_name_is_a_validation_error(sdk: Flexprice) -> None:
    with pytest.raises(ErrorResponse) as told:
        sdk.events.ingest_event(event_name="", external_customer_id="c1")
    assert (told.value.data.code, told.value.data.http_status_code) == ("validation_error", 400)
    assert told.value.data.message == "Invalid request payload"
    with pytest.raises(ErrorResponse) as told:
        sdk.events.ingest_events_bulk(events=[])
    assert told.value.data.code == "validation_error"
    with pytest.raises(ErrorResponse) as told:
        sdk.events.get_event(id="nobody's", external_customer_id="c1")
    assert told.value.data.code == "not_found"


def test_a_wrong_key_is_told_as_such(server: RunningServer) -> None:
    with (
        Flexprice(server_url=f"{server.url}/v1", api_key_auth="sk_wrong") as client,
        pytest.raises(FlexpriceDefaultError) as told,
    ):
        client.events.ingest_event(event_name="a", external_customer_id="c")
    assert told.value.status_code == 401


RETRIES = RetryConfig("backoff", BackoffStrategy(10, 100, 1.1, 90_000), retry_connection_errors=False)


@pytest.fixture
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose plan allows three requests of a minute, so that the wait is for one window only."""
    folder = tmp_path_factory.mktemp("sdk") / "data"
    with running(folder, environment={"STREAMGAUGE_PLAN_FREE_REQUESTS_PER_MINUTE": "3"}) as server:
        yield server


@pytest.mark.timeout(100)
def test_a_request_over_the_limit_waits_as_long_as_it_is_told(brief: RunningServer) -> None:
    """The window is a minute, so this test lasts one; the JavaScript client waits for a window of its own meanwhile."""
    secret, other = brief.key("default", "free"), brief.key("other", "free")
    walk = sdk_js.start(f"{brief.url}/v1", other, "limited")
    with Flexprice(server_url=f"{brief.url}/v1", api_key_auth=secret, retry_config=RETRIES) as client:
        begun = time.monotonic()
        for n in range(4):
            told = client.events.ingest_event(event_name="limited", external_customer_id="c", event_id=f"e{n}")
            assert told["event_id"] == f"e{n}"
        waited_s = time.monotonic() - begun
    there = sdk_js.ended(walk)
    assert [told["event_id"] for told in there["told"]] == ["js-0", "js-1", "js-2", "js-3"]
    # One refusal of each only: neither SDK came back before the time it was told.
    assert brief.metric("streamgauge_refused_total", door="flexprice", reason="rate_limited") == 2
    assert 55 < waited_s < 65
    assert 55 < there["waitedMs"] / 1000 < 65
