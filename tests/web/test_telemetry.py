"""What /metrics shows, read back by a parser of the format."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason
from streamgauge.web.telemetry import Gauge, Telemetry


def read(telemetry: Telemetry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and its labels, sorted."""
    families = text_string_to_metric_families(telemetry.render().decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_there_from_the_start(reason: Reason) -> None:
    samples = read(Telemetry("1.2.3"))
    for door in ("solinth", "thebizness", "flexprice", "none"):
        assert samples["streamgauge_refused_total", (("door", door), ("reason", reason.value))] == 0


def test_counts_are_kept_apart_by_door_reason_and_status() -> None:
    telemetry = Telemetry("1.2.3")
    telemetry.accepted(Door.SOLINTH, 1)
    telemetry.accepted(Door.FLEXPRICE, 1000)
    telemetry.refused(Door.FLEXPRICE, Reason.RATE_LIMITED)
    telemetry.refused(None, Reason.RATE_LIMITED)
    telemetry.answered(200)
    telemetry.answered(200)
    telemetry.answered(429)
    samples = read(telemetry)
    assert samples["streamgauge_events_accepted_total", (("door", "solinth"),)] == 1
    assert samples["streamgauge_events_accepted_total", (("door", "flexprice"),)] == 1000
    assert samples["streamgauge_events_accepted_total", (("door", "thebizness"),)] == 0
    assert samples["streamgauge_refused_total", (("door", "flexprice"), ("reason", "rate_limited"))] == 1
    assert samples["streamgauge_refused_total", (("door", "none"), ("reason", "rate_limited"))] == 1
    assert samples["streamgauge_http_requests_total", (("status", "200"),)] == 2
    assert samples["streamgauge_http_requests_total", (("status", "429"),)] == 1
    assert samples["streamgauge_build_info", (("version", "1.2.3"),)] == 1


def test_query_times_fall_into_cumulative_buckets() -> None:
    telemetry = Telemetry("1.2.3")
    for seconds in (0.005, 0.02, 100.0):
        telemetry.observe("metric_total", seconds)
    samples = read(telemetry)
    query = ("query", "metric_total")
    bounds = {"0.005": 1, "0.01": 1, "0.025": 2, "30.0": 2, "+Inf": 3}
    for bound, count in bounds.items():
        assert samples["streamgauge_query_seconds_bucket", (("le", bound), query)] == count
    assert samples["streamgauge_query_seconds_count", (query,)] == 3
    assert samples["streamgauge_query_seconds_sum", (query,)] == pytest.approx(100.025)


def test_figures_of_other_rooms_are_asked_at_every_scrape() -> None:
    backlog = [5]
    telemetry = Telemetry(
        "1.2.3",
        [
            Gauge("streamgauge_journal_backlog_bytes", "Bytes not loaded yet.", lambda: backlog[0]),
            Gauge("streamgauge_events_stored_total", "Events in the store.", lambda: 7, is_counter=True),
        ],
    )
    assert read(telemetry)["streamgauge_journal_backlog_bytes", ()] == 5
    backlog[0] = 6
    samples = read(telemetry)
    assert samples["streamgauge_journal_backlog_bytes", ()] == 6
    assert samples["streamgauge_events_stored_total", ()] == 7


def test_every_figure_is_explained_in_the_handbook() -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "operation.md").read_text(encoding="utf-8")
    telemetry = Telemetry("1.2.3")
    telemetry.observe("metric_total", 1)
    for family in text_string_to_metric_families(telemetry.render().decode()):
        assert family.name in handbook
