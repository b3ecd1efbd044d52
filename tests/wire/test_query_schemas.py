"""The OpenAPI descriptions of the questions say what the parsers read and what the renderers write."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from streamgauge.kernel.query import EventPage, MetricAnswer, Point, StoredEvent
from streamgauge.wire.flexprice import listing, query_schema, usage
from streamgauge.wire.solinth import metrics, metrics_reply
from streamgauge.wire.solinth import query_schema as solinth_schema
from tests.wire.schemas import misfits

_EVENT = StoredEvent("e", "use", 1, 2, "flexprice", "c", "a", "v", "w", "s", b'{"n":1}', 3)


def _reply_schema(operations: Mapping[tuple[str, str], Any], route: tuple[str, str]) -> Any:
    return operations[route]["responses"]["200"]["content"]["application/json"]["schema"]


_METRIC_ANSWERS = [
    pytest.param("", MetricAnswer(5, 5), id="count"),
    pytest.param("avg", MetricAnswer(None, 0), id="average of nothing"),
    pytest.param("interval", MetricAnswer(5, 5, (Point(0, 5, 5),)), id="series"),
]


@pytest.mark.parametrize(("asked", "answer"), _METRIC_ANSWERS)
def test_metrics_replies_fit(asked: str, answer: MetricAnswer) -> None:
    extra = {"": [], "avg": [("metric", "avg"), ("property", "n")], "interval": [("interval", "hour")]}[asked]
    query = metrics.parse_metrics([("event", "use"), *extra], "p1", 86_400_000 * 365)
    schema = _reply_schema(solinth_schema.OPERATIONS, ("GET", "/v1/metrics"))
    assert (
        misfits(
            schema,
            json.loads(metrics_reply.render_metrics(query, metrics_reply.Ranked((), 0), metrics_reply.Measured([answer]), None)),
        )
        == []
    )


def test_list_replies_fit() -> None:
    for page in (EventPage((_EVENT,), True, 9), EventPage((), False, 0)):
        body = listing.render_event_list(listing.parse_event_list_body(b"{}", "p1", 0), page)
        for route in (("GET", "/v1/events"), ("POST", "/v1/events/query")):
            assert misfits(_reply_schema(query_schema.OPERATIONS, route), json.loads(body)) == []


def test_usage_replies_fit() -> None:
    asked = {"event_name": "use", "aggregation_type": "SUM", "property_name": "n", "bucket_size": "DAY", "group_by": ["source"]}
    query = usage.parse_usage(json.dumps(asked).encode(), "p1", 0)
    schema = _reply_schema(query_schema.OPERATIONS, ("POST", "/v1/events/usage"))
    for answer in (MetricAnswer(5, 5, (Point(0, 5, 5, ("api",)),)), MetricAnswer(None, 0)):
        assert misfits(schema, json.loads(usage.render_usage(query, answer))) == []


def test_the_check_can_fail() -> None:
    assert misfits(query_schema.USAGE, {"event_name": "e", "type": "MODE", "extra": 1}) == [
        ".type: 'MODE' is not one of " + str(list(usage.AGGREGATION_TYPES)),
        ".extra is not described",
    ]


def test_metrics_parameters_are_those_that_are_read() -> None:
    described: Any = solinth_schema.OPERATIONS["GET", "/v1/metrics"]["parameters"]
    assert tuple(parameter["name"] for parameter in described) == metrics.PARAMETERS


_READ_BY_USAGE: Mapping[str, object] = {
    "event_name": "other",
    "aggregation_type": "AVG",
    "property_name": "m",
    "expression": "n * 2",
    "external_customer_id": "c",
    "customer_id": "a",
    "start_time": "1970-12-30T00:00:00Z",
    "end_time": "1970-12-31T00:00:00Z",
    "window_size": "HOUR",
    "bucket_size": "HOUR",
    "filters": {"a": ["b"]},
    "billing_anchor": "1970-01-05T00:00:00Z",
    "timezone": "Asia/Tokyo",
    "group_by": ["source"],
    "group_by_property": "p",
    "as_of": "position:1",
}
_READ_BY_LIST: Mapping[str, object] = {
    "event_name": "other",
    "event_id": "e",
    "external_customer_id": "c",
    "customer_id": "a",
    "source": "s",
    "start_time": "1970-12-30T00:00:00Z",
    "end_time": "1970-12-31T00:00:00Z",
    "property_filters": {"a": ["b"]},
    "page_size": 7,
    "offset": 7,
    "sort": "event_name",
    "order": "asc",
    "iter_first_key": "1::e",
    "iter_last_key": "1::e",
}
_NEW_YEAR_1971 = 365 * 86_400_000


def _body_names(route: tuple[str, str]) -> set[str]:
    operation: Any = query_schema.OPERATIONS[route]
    return set(operation["requestBody"]["content"]["application/json"]["schema"]["properties"])


def _parameter_names(route: tuple[str, str]) -> set[str]:
    operation: Any = query_schema.OPERATIONS[route]
    return {parameter["name"] for parameter in operation["parameters"]}


@pytest.mark.parametrize("name", sorted(_body_names(("POST", "/v1/events/usage")) - {"multiplier"}))
def test_every_described_field_of_usage_changes_the_question(name: str) -> None:
    least = {"event_name": "use", "aggregation_type": "SUM", **({} if name == "expression" else {"property_name": "n"})}
    plain, changed = (json.dumps(fields).encode() for fields in (least, {**least, name: _READ_BY_USAGE[name]}))
    assert usage.parse_usage(plain, "p1", _NEW_YEAR_1971) != usage.parse_usage(changed, "p1", _NEW_YEAR_1971)


@pytest.mark.parametrize("name", sorted(_body_names(("POST", "/v1/events/query"))))
def test_every_described_field_of_a_list_changes_the_question(name: str) -> None:
    plain = listing.parse_event_list_body(b"{}", "p1", _NEW_YEAR_1971)
    changed = json.dumps({name: _READ_BY_LIST[name]}).encode()
    assert listing.parse_event_list_body(changed, "p1", _NEW_YEAR_1971) != plain


def test_body_and_query_string_of_a_list_have_the_same_names() -> None:
    assert _body_names(("POST", "/v1/events/query")) == _parameter_names(("GET", "/v1/events")) == set(_READ_BY_LIST)
