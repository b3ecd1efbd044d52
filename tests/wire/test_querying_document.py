"""docs/querying.md: its samples are read by the doors, and its lists name what there is."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from streamgauge.kernel.dashboard import WidgetType
from streamgauge.kernel.query import Aggregation, PropertyKey, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.listing import parse_event_list_body, parse_event_list_parameters
from streamgauge.wire.flexprice.lookup import parse_lookup
from streamgauge.wire.flexprice.usage import AGGREGATION_TYPES, parse_usage
from streamgauge.wire.solinth.dashboards import parse_new_dashboard, parse_overrides
from streamgauge.wire.solinth.filters import OPERATORS
from streamgauge.wire.solinth.formula import NAMED
from streamgauge.wire.solinth.metrics import INTERVALS, METRICS, PARAMETERS, parse_metrics

DOCUMENT = (Path(__file__).parents[2] / "docs" / "querying.md").read_text()
NOW = 1_710_947_045_000
SAMPLES = re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
REPLIES = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)


def ask(sample: str) -> object:
    """Parse the question of a curl command."""
    found = re.search(r"http://127\.0\.0\.1:8080[^\s\"]*", sample)
    assert found
    url = urlsplit(found[0])
    parameters = parse_qsl(url.query, keep_blank_values=True)
    parameters += [tuple(pair.split("=", 1)) for pair in re.findall(r"--data-urlencode '?(\w+=(?:\[.*\]|\w+))", sample)]
    body = sample.partition("-d '")[2].partition("'")[0].encode()
    match url.path, bool(body):
        case "/v1/metrics", False:
            return parse_metrics(parameters, "p1", NOW)
        case "/v1/dashboards", True:
            return parse_new_dashboard(body, "p1", NOW)
        case "/v1/dashboards/dash_01JMC3/data", False:
            return parse_overrides(parameters, NOW)
        case "/v1/events", False:
            return parse_event_list_parameters(parameters, "p1", NOW)
        case "/v1/events/lookup", False:
            return parse_lookup(parameters, "p1")
        case "/v1/events/query", True:
            return parse_event_list_body(body, "p1", NOW)
        case "/v1/events/usage", True:
            return parse_usage(body, "p1", NOW)
    raise AssertionError(sample)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_a_question(sample: str) -> None:
    assert ask(sample)


def test_there_are_samples_of_every_route() -> None:
    assert {type(ask(sample)).__name__ for sample in SAMPLES} == {
        "MetricRequest",
        "MetricQuery",
        "EventListQuery",
        "LookupRequest",
        "DashboardSpec",
        "dict",
    }
    assert len(SAMPLES) == 13


@pytest.mark.parametrize("reply", REPLIES)
def test_every_reply_is_json(reply: str) -> None:
    assert isinstance(json.loads(reply), dict)


@pytest.mark.parametrize(
    "name", [*METRICS, *INTERVALS, *PARAMETERS, *AGGREGATION_TYPES, *Window, *OPERATORS, *NAMED, *WidgetType]
)
def test_every_choice_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT


def test_the_empty_name_is_filtered_and_grouped_by_but_not_aggregated() -> None:
    asked = {
        "event_name": "a",
        "aggregation_type": "SUM",
        "property_name": "",
        "filters": {"": ["x"]},
        "group_by": ["properties."],
    }
    query = parse_usage(json.dumps(asked).encode(), "p1", NOW)
    assert [part.key for part in query.selection.filters] == [PropertyKey("")]
    assert query.group_by == (PropertyKey(""),)
    assert (query.aggregation, query.property) == (Aggregation.COUNT, None)
    with pytest.raises(Refusal) as caught:
        parse_metrics([("event", "a"), ("metric", "sum"), ("property", "")], "p1", NOW)
    assert caught.value.reason is Reason.MISSING_PARAMETER
