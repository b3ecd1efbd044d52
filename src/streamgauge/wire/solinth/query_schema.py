"""GET /v1/metrics for OpenAPI 3.1: what can be asked and what comes back. Refusals and keys are the HTTP floor's to add."""

from collections.abc import Mapping

from streamgauge.wire.solinth.filters import OPERATORS
from streamgauge.wire.solinth.formula import NAMED
from streamgauge.wire.solinth.metrics import DEFAULT_LIMIT, INTERVALS, MAX_GROUP_BY, MAX_LIMIT, METRICS


def _parameter(name: str, schema: Mapping[str, object], description: str, *, required: bool = False) -> Mapping[str, object]:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}


_TEXT: Mapping[str, object] = {"type": "string"}
_NUMBER_OR_NULL: Mapping[str, object] = {"type": ["number", "null"]}
_BOUND = "A day (2024-01-31), or an ISO 8601 time, meant in `timezone` when it has no offset"

_PART: Mapping[str, object] = {
    "type": "object",
    "description": "One of the two metrics of the formula.",
    "required": ["value", "count"],
    "properties": {"value": _NUMBER_OR_NULL, "count": {"type": "integer"}},
}
_VALUE: Mapping[str, object] = {
    "value": {
        **_NUMBER_OR_NULL,
        "description": "The metric; null when no event had a number (0 for count, sum, unique), or a formula divides by zero.",
    },
    "count": {"type": "integer", "description": "Number of matching events. Absent with a formula."},
    "a": _PART,
    "b": _PART,
}
_DATA: Mapping[str, object] = {
    "data": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["date", "value"],
            "properties": {
                "date": {**_TEXT, "description": "First day of the bucket, or for hours its start with offset."},
                "value": {**_NUMBER_OR_NULL, "description": "Null only with a formula."},
                "a": {**_NUMBER_OR_NULL, "description": "With a formula."},
                "b": {**_NUMBER_OR_NULL, "description": "With a formula of two metrics."},
            },
        },
    },
    "total": {**_NUMBER_OR_NULL, "description": "The metric over the whole range."},
    "a": _PART,
    "b": _PART,
}
_COMPARED: Mapping[str, object] = {
    "compare": {
        "type": "object",
        "description": "With `compare`: the same of the other range, in the same shape.",
        "required": ["difference", "change"],
        "properties": {
            "from": {**_TEXT, "description": "Start of the other range; not in groups."},
            "to": {**_TEXT, "description": "Its end, excluded; not in groups."},
            **_VALUE,
            **_DATA,
            "difference": {**_NUMBER_OR_NULL, "description": "The value less the compared one."},
            "change": {**_NUMBER_OR_NULL, "description": "The difference as a share of the compared value's size; null of 0."},
        },
    }
}
_GROUPS: Mapping[str, object] = {
    "groups": {
        "type": "array",
        "description": "With `group_by`: the largest first, each in the ungrouped shape.",
        "items": {
            "type": "object",
            "required": ["group"],
            "properties": {
                "group": {
                    "type": "object",
                    "additionalProperties": _TEXT,
                    "description": "Texts by property; empty where an event lacks it.",
                },
                **_VALUE,
                **_DATA,
                **_COMPARED,
            },
        },
    },
    "total_groups": {"type": "integer", "description": "How many groups there are, those beyond `limit` included."},
    "truncated": {"type": "boolean", "description": "Some groups are not shown."},
}


def _reply(title: str, description: str, properties: Mapping[str, object], *required: str) -> Mapping[str, object]:
    return {
        "type": "object",
        "title": title,
        "description": description,
        "required": list(required),
        "properties": {**properties, **_COMPARED},
    }


METRIC_REPLY: Mapping[str, object] = {
    "oneOf": [
        _reply("Total", "Without an interval.", {**_VALUE, **_GROUPS}, "value", "count"),
        _reply("Total of a formula", "Without an interval.", {**_VALUE, **_GROUPS}, "value", "a"),
        _reply("Series", "With an interval.", _DATA, "data", "total"),
        _reply("Series by group", "With an interval and group_by.", {**_DATA, **_GROUPS}, "total", "groups"),
    ]
}

OPERATIONS: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("GET", "/v1/metrics"): {
        "operationId": "solinthMetrics",
        "tags": ["Solinth"],
        "summary": "One metric over the events of a name: in total, per interval, by groups, compared, or two as a formula",
        "description": "Besides the listed parameters, `filter[NAME]=value` keeps the events whose property NAME is the value.",
        "parameters": [
            _parameter("event", _TEXT, "Name of the events.", required=True),
            _parameter("metric", {**_TEXT, "enum": list(METRICS), "default": "count"}, "What is made of the events."),
            _parameter("property", _TEXT, "Name of the property; required by every metric but count."),
            _parameter("from", _TEXT, f"{_BOUND}. Without it: the day 30 days before the end."),
            _parameter("to", _TEXT, f"{_BOUND}. A day is included, a time is excluded. Without it: now."),
            _parameter("interval", {**_TEXT, "enum": list(INTERVALS)}, "Cut the range into buckets; weeks start on Monday."),
            _parameter("timezone", {**_TEXT, "default": "UTC"}, "IANA name of the zone of days and buckets."),
            _parameter(
                "group_by",
                {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MAX_GROUP_BY},
                "Properties to group by. Repeated, each holds one name; given once, names are separated by commas.",
            ),
            _parameter("filters", _TEXT, f"JSON list of filters: property, operator ({', '.join(OPERATORS)}), value."),
            _parameter("compare", _TEXT, "previous_period, previous_year, or FROM..TO in the forms of from and to."),
            _parameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                "With group_by: how many groups are shown.",
            ),
            _parameter("formula", _TEXT, f"{', '.join(NAMED)}, or an expression over a and b with numbers, + - * / ( )."),
            _parameter("event_b", _TEXT, "Name of the events of b; without it those of a."),
            _parameter("metric_b", {**_TEXT, "enum": list(METRICS), "default": "count"}, "What b is made of."),
            _parameter("property_b", _TEXT, "Name of the property of b; required by every metric but count."),
            _parameter("filters_b", _TEXT, "Filters of b; without it those of a. [] means none."),
        ],
        "responses": {
            "200": {
                "description": "The metric",
                "content": {"application/json": {"schema": METRIC_REPLY}},
            }
        },
    }
}
