"""GET /v1/metrics for OpenAPI 3.1: what can be asked and what comes back. Refusals and keys are the HTTP floor's to add."""

from collections.abc import Mapping

from streamgauge.wire.solinth.metrics import INTERVALS, METRICS


def _parameter(name: str, schema: Mapping[str, object], description: str, *, required: bool = False) -> Mapping[str, object]:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}


_TEXT: Mapping[str, object] = {"type": "string"}
_NUMBER_OR_NULL: Mapping[str, object] = {"type": ["number", "null"]}
_BOUND = "A day (2024-01-31), or an ISO 8601 time, meant in `timezone` when it has no offset"

_TOTAL: Mapping[str, object] = {
    "type": "object",
    "title": "Total",
    "description": "Without an interval.",
    "required": ["value", "count"],
    "properties": {
        "value": {**_NUMBER_OR_NULL, "description": "The metric; null when no event had a number (0 for count, sum, unique)."},
        "count": {"type": "integer", "description": "Number of matching events."},
    },
}
_SERIES: Mapping[str, object] = {
    "type": "object",
    "title": "Series",
    "description": "With an interval.",
    "required": ["data", "total"],
    "properties": {
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["date", "value"],
                "properties": {
                    "date": {**_TEXT, "description": "First day of the bucket, or for hours its start with offset."},
                    "value": {"type": "number"},
                },
            },
        },
        "total": {**_NUMBER_OR_NULL, "description": "The metric over the whole range."},
    },
}

OPERATIONS: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("GET", "/v1/metrics"): {
        "operationId": "solinthMetrics",
        "tags": ["Solinth"],
        "summary": "One metric over the events of a name, in total or per interval",
        "parameters": [
            _parameter("event", _TEXT, "Name of the events.", required=True),
            _parameter("metric", {**_TEXT, "enum": list(METRICS), "default": "count"}, "What is made of the events."),
            _parameter("property", _TEXT, "Name of the property; required by every metric but count."),
            _parameter("from", _TEXT, f"{_BOUND}. Without it: the day 30 days before the end."),
            _parameter("to", _TEXT, f"{_BOUND}. A day is included, a time is excluded. Without it: now."),
            _parameter("interval", {**_TEXT, "enum": list(INTERVALS)}, "Cut the range into buckets; weeks start on Monday."),
            _parameter("timezone", {**_TEXT, "default": "UTC"}, "IANA name of the zone of days and buckets."),
        ],
        "responses": {
            "200": {
                "description": "The metric",
                "content": {"application/json": {"schema": {"oneOf": [_TOTAL, _SERIES]}}},
            }
        },
    }
}
