"""Questions about usage through the official Python SDK of Flexprice over their limit: each waits as long as Retry-After says."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flexprice.models.errors import FlexpriceDefaultError
from flexprice.utils import BackoffStrategy, RetryConfig

from tests.flows.running import RunningServer, running
from tests.flows.sdk_python import STYLES, Ask, world

LIMIT = 4
RETRIES = RetryConfig("backoff", BackoffStrategy(10, 100, 1.1, 90_000), retry_connection_errors=False)
WHEN = {"start_time": datetime(2024, 5, 1, tzinfo=UTC), "end_time": datetime(2024, 6, 1, tzinfo=UTC)}
EVENT = {"id": "e-eu", "external_customer_id": "acme"}


@pytest.fixture
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose plan allows few requests of a minute, so that the wait is for one window only."""
    folder = tmp_path_factory.mktemp("sdk") / "data"
    with running(folder, environment={"STREAMGAUGE_PLAN_FREE_REQUESTS_PER_MINUTE": str(LIMIT)}) as server:
        yield server


@pytest.mark.timeout(150)
def test_questions_over_the_limit_wait_as_long_as_they_are_told(brief: RunningServer) -> None:
    """The window is a minute, so this test lasts one; all calls wait in it side by side, LIMIT of them with each key."""
    url = f"{brief.url}/v1"
    made = world(url, brief.key())
    asked: list[tuple[str, dict[str, Any]]] = [
        ("events.get_usage_by_meter", {"meter_id": made.meter_id, **WHEN}),
        ("events.get_usage_analytics", {"external_customer_id": "acme", **WHEN}),
        ("customers.get_customer_usage_summary", {"customer_id": made.customer_id}),
        ("events.get_event", EVENT),
    ]
    keys = [brief.key("default", "free") for _ in STYLES]
    begun = time.monotonic()
    for secret, style in zip(keys, STYLES.values(), strict=True):
        for _ in range(LIMIT):
            style(url, secret)("events.get_event", **EVENT)
        with pytest.raises(FlexpriceDefaultError) as refused:  # A client that is not told to retry does not.
            style(url, secret)("events.get_event", **EVENT)
        assert refused.value.status_code == 429
        assert 0 < int(refused.value.headers["retry-after"]) <= 60
    calls: list[tuple[Ask, str, dict[str, Any]]] = [
        (style(url, secret, retry_config=RETRIES), method, fields)
        for secret, style in zip(keys, STYLES.values(), strict=True)
        for method, fields in asked
    ]
    with ThreadPoolExecutor(len(calls)) as threads:
        answers = list(threads.map(lambda call: call[0](call[1], **call[2]), calls))
    waited_s = time.monotonic() - begun

    # One refusal of each call, and the two above: none came back before the time it was told.
    assert brief.metric("streamgauge_refused_total", door="flexprice", reason="rate_limited") == len(calls) + len(keys)
    assert 55 < waited_s < 80
    for by_meter, analytics, summary, receipt in (answers[:LIMIT], answers[LIMIT:]):
        assert (by_meter.value, analytics.items[0].total_usage, summary.features[0].current_usage) == (4.1, "4.1", "0")
        assert receipt.processed_events[0].qty_total == "4.1"
