"""Ranges to compare with: the period before, the year before, and any other."""

import pytest

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.solinth.metric_range import parse_comparison
from streamgauge.wire.solinth.metrics import parse_metrics
from streamgauge.wire.timestamps import format_instant, parse_rfc3339

NOW = parse_rfc3339("2024-02-10T12:34:56.789Z")
PERIOD, YEAR = "previous_period", "previous_year"
NEW_YORK, LORD_HOWE = "America/New_York", "Australia/Lord_Howe"

COMPARED = [
    pytest.param("2024-02-01", "2024-02-07", PERIOD, "UTC", "2024-01-25T00:00:00Z", "2024-02-01T00:00:00Z", id="a week"),
    pytest.param("2024-03-01", "2024-03-31", PERIOD, "UTC", "2024-01-30T00:00:00Z", "2024-03-01T00:00:00Z", id="31 days"),
    pytest.param(
        "2024-03-11", "2024-03-17", PERIOD, NEW_YORK, "2024-03-04T05:00:00Z", "2024-03-11T04:00:00Z", id="days, not hours"
    ),
    pytest.param(
        "2024-01-01T06:00:00Z", "2024-01-01T12:00:00Z", PERIOD, "UTC", "2024-01-01T00:00:00Z", "2024-01-01T06:00:00Z",
        id="hours",
    ),
    pytest.param(
        "2024-01-01T06:00:00Z", "2024-01-01T06:00:00Z", PERIOD, "UTC", "2024-01-01T06:00:00Z", "2024-01-01T06:00:00Z",
        id="nothing",
    ),
    pytest.param("2024-02-01", "2024-02-29", YEAR, "UTC", "2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z", id="a month"),
    pytest.param(
        "2024-02-29T10:00:00Z", "2024-02-29T11:00:00Z", YEAR, "UTC", "2023-02-28T10:00:00Z", "2023-02-28T11:00:00Z",
        id="a leap day",
    ),
    pytest.param(
        "2024-03-10T12:00:00", "2024-03-11", YEAR, NEW_YORK, "2023-03-10T17:00:00Z", "2023-03-12T05:00:00Z",
        id="the same clock",
    ),
    pytest.param(
        "2024-01-01T00:30:15.250Z", "2024-01-02", YEAR, LORD_HOWE, "2023-01-01T00:30:15.250Z", "2023-01-02T13:00:00Z",
        id="milliseconds stay",
    ),
    pytest.param(
        "2024-01-01", "2024-01-31", "2023-05-01..2023-05-31", NEW_YORK, "2023-05-01T04:00:00Z", "2023-06-01T04:00:00Z", id="days"
    ),
    pytest.param(
        "2024-01-01", "2024-01-31", "2023-05-01T01:00:00Z..2023-05-01T02:00:00Z", "UTC", "2023-05-01T01:00:00Z",
        "2023-05-01T02:00:00Z", id="times",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "compare", "zone", "from_", "to"), COMPARED)
def test_the_range_to_compare_with(start: str, end: str, compare: str, zone: str, from_: str, to: str) -> None:
    asked = [("event", "e"), ("from", start), ("to", end), ("compare", compare), ("timezone", zone)]
    found = parse_metrics(asked, "p1", NOW).compare
    assert found is not None
    assert tuple(map(format_instant, found)) == (from_, to)


def test_the_period_before_the_default_range_is_as_long_and_ends_where_it_begins() -> None:
    request = parse_metrics([("event", "e"), ("compare", "previous_period")], "p1", NOW)
    selection = request.first.selection
    assert request.compare == (2 * selection.start_ms - selection.end_ms, selection.start_ms)


REFUSED = [
    pytest.param("next_period", Reason.INVALID_PARAMETER, id="another word"),
    pytest.param("2023-01-01", Reason.INVALID_PARAMETER, id="one day"),
    pytest.param("2023-01-01..", Reason.INVALID_PARAMETER, id="no end"),
    pytest.param("..2023-01-01", Reason.INVALID_PARAMETER, id="no start"),
    pytest.param("..", Reason.INVALID_PARAMETER, id="neither"),
    pytest.param("2023-01-01...2023-02-01", Reason.INVALID_TIMESTAMP, id="three dots"),
    pytest.param("soon..later", Reason.INVALID_TIMESTAMP, id="no times"),
    pytest.param("2023-02-01..2023-01-01", Reason.RANGE_REVERSED, id="reversed"),
    pytest.param("1969-01-01..2023-01-01", Reason.TIMESTAMP_OUT_OF_RANGE, id="too early"),
]


@pytest.mark.parametrize(("compare", "reason"), REFUSED)
def test_refusals(compare: str, reason: Reason) -> None:
    with pytest.raises(Refusal) as caught:
        parse_comparison(compare, (0, NOW), "UTC")
    assert (caught.value.reason, caught.value.field) == (reason, "compare")


def test_the_longest_range_has_periods_before_it() -> None:
    for compare in (PERIOD, YEAR):
        asked = [("event", "e"), ("from", "1970-01-01"), ("to", "2199-12-31"), ("compare", compare)]
        assert parse_metrics(asked, "p1", NOW).compare
