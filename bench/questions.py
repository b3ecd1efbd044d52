"""The documented questions that are timed, each as a request, as SQL for the store's raw table, and as SQL for DuckDB.

The SQL is what somebody would write who knows the data: that every event has every property as a number or text, that none was
replaced, and that the total of sums can be had by adding. Where the answer holds a total that cannot (unique, p95), the SQL
makes it too. Each gives rows of (bucket or group, value), None standing for the total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isclose
from typing import Any

from bench.traffic import EVENT_NAME

# In the SQL, for the id of the project, which the folder knows.
PROJECT = "<project>"
_WHOLE = {"from": "2025-01-01", "to": "2025-12-31"}
_JUNE = {"from": "2025-06-01", "to": "2025-06-30"}
_RANGES = {"year": ("2025-01-01", "2026-01-01"), "june": ("2025-06-01", "2025-07-01")}

# What the store's ROLLUP has for a bucket in the row of the total.
_YEAR_OF_TOTALS = 1970

Cells = dict[str, float]


@dataclass(frozen=True)
class Question:
    """parameters: of GET /v1/metrics; rolled_up: it is of the kind that roll-ups are for, by day and of one event."""

    name: str
    parameters: Mapping[str, str]
    store_sql: str
    duckdb_sql: str
    rolled_up: bool = False


def _store(columns: str, span: str, *, rollup: bool = False, also: str = "", zone: str = "UTC", by: str = "") -> str:
    """SQL for the store's table. columns: bucket and value."""
    first, end = (f"toDateTime64('{day} 00:00:00', 3, '{zone}')" for day in _RANGES[span])
    total = " WITH ROLLUP" if rollup else ""
    return (
        f"SELECT {columns} FROM events WHERE project_id = '{PROJECT}' AND name = '{EVENT_NAME}' "
        f"AND timestamp >= {first} AND timestamp < {end}{also} GROUP BY bucket{total} ORDER BY {by or 'bucket'}"
    )


def _duck(columns: str, span: str, *, rollup: bool = False, also: str = "", by: str = "") -> str:
    """SQL for DuckDB; `timestamp` is UTC without a zone."""
    first, end = (f"TIMESTAMP '{day} 00:00:00'" for day in _RANGES[span])
    groups = "ROLLUP (bucket)" if rollup else "bucket"
    return (
        f"SELECT {columns} FROM events WHERE project_id = '{PROJECT}' AND name = '{EVENT_NAME}' "
        f"AND timestamp >= {first} AND timestamp < {end}{also} GROUP BY {groups} ORDER BY {by or 'bucket'}"
    )


def _by_day(metric: str, name: str, store: str, duck: str, *, rollup: bool = False, rolled_up: bool = True) -> Question:
    asked = {"event": EVENT_NAME, "metric": metric, **({"property": name} if name else {}), **_WHOLE, "interval": "day"}
    what = f"{metric} of {name}" if name else metric
    return Question(
        f"{what} by day, a year",
        asked,
        _store(f"toDate(timestamp) AS bucket, {store}", "year", rollup=rollup),
        _duck(f"CAST(timestamp AS DATE) AS bucket, {duck}", "year", rollup=rollup),
        rolled_up,
    )


# A question is not repeated in a turn once its times add up to so many seconds.
LONGEST_TURN_S = 20.0
HEADLINE = "sum of cost by day, a year"
_EXACT_P95 = "quantileExactInclusive(0.95)(toFloat64(numbers['ms']))"
_TOP = "value DESC LIMIT 100"

QUESTIONS: Sequence[Question] = (
    _by_day("count", "", "count()", "count(*)"),
    _by_day("sum", "cost", "sum(numbers['cost'])", "sum(cost)"),
    _by_day("avg", "ms", "avg(numbers['ms'])", "avg(ms)"),
    _by_day("min", "ms", "min(numbers['ms'])", "min(ms)"),
    _by_day("max", "ms", "max(numbers['ms'])", "max(ms)"),
    _by_day("unique", "user", "uniqExact(strings['user'])", 'count(DISTINCT "user")', rollup=True, rolled_up=False),
    _by_day("p95", "ms", _EXACT_P95, "quantile_cont(ms, 0.95)", rollup=True, rolled_up=False),
    Question(
        "sum of bytes by hour, a month",
        {"event": EVENT_NAME, "metric": "sum", "property": "bytes", **_JUNE, "interval": "hour"},
        _store("toStartOfHour(timestamp) AS bucket, sum(numbers['bytes'])", "june"),
        _duck("date_trunc('hour', timestamp) AS bucket, sum(bytes)", "june"),
    ),
    Question(
        "p95 of ms by hour, a month",
        {"event": EVENT_NAME, "metric": "p95", "property": "ms", **_JUNE, "interval": "hour"},
        _store(f"toStartOfHour(timestamp) AS bucket, {_EXACT_P95}", "june", rollup=True),
        _duck("date_trunc('hour', timestamp) AS bucket, quantile_cont(ms, 0.95)", "june", rollup=True),
    ),
    Question(
        "count by route, a year",
        {"event": EVENT_NAME, "metric": "count", **_WHOLE, "group_by": "route"},
        _store("strings['route'] AS bucket, count() AS value", "year", by=_TOP),
        _duck("route AS bucket, count(*) AS value", "year", by=_TOP),
    ),
    Question(
        "sum of cost by country, a month",
        {"event": EVENT_NAME, "metric": "sum", "property": "cost", **_JUNE, "group_by": "country"},
        _store("strings['country'] AS bucket, sum(numbers['cost']) AS value", "june", by=_TOP),
        _duck("country AS bucket, sum(cost) AS value", "june", by=_TOP),
    ),
    Question(
        "sum of cost by day where plan is pro, a year",
        {"event": EVENT_NAME, "metric": "sum", "property": "cost", **_WHOLE, "interval": "day", "filter[plan]": "pro"},
        _store("toDate(timestamp) AS bucket, sum(numbers['cost'])", "year", also=" AND strings['plan'] = 'pro'"),
        _duck("CAST(timestamp AS DATE) AS bucket, sum(cost)", "year", also=" AND plan = 'pro'"),
    ),
    Question(
        "count by day where ms is at least 100, a year",
        {
            "event": EVENT_NAME,
            "metric": "count",
            **_WHOLE,
            "interval": "day",
            "filters": '[{"property":"ms","operator":"gte","value":100}]',
        },
        _store("toDate(timestamp) AS bucket, count()", "year", also=" AND numbers['ms'] >= 100"),
        _duck("CAST(timestamp AS DATE) AS bucket, count(*)", "year", also=" AND ms >= 100"),
    ),
    Question(
        "sum of cost by hour of Berlin, a month",
        {
            "event": EVENT_NAME,
            "metric": "sum",
            "property": "cost",
            **_JUNE,
            "interval": "hour",
            "timezone": "Europe/Berlin",
        },
        _store("toStartOfHour(timestamp) AS bucket, sum(numbers['cost'])", "june", zone="Europe/Berlin"),
        # The whole of June has summer time.
        _duck("date_trunc('hour', timestamp) AS bucket, sum(cost)", "june").replace(" 00:00:00'", " 00:00:00' - INTERVAL 2 HOUR"),
    ),
)


def cells_of_rows(rows: Sequence[Sequence[Any]]) -> Cells:
    """By the name of each bucket (an instant or a date in ISO form) or group."""
    return {_name(bucket): float(value) for bucket, value in rows}


def _name(bucket: object) -> str:
    match bucket:
        case None:
            return "total"
        case date() if bucket.year == _YEAR_OF_TOTALS:
            return "total"
        case datetime():
            return bucket.replace(tzinfo=None).isoformat() + "Z"
        case date():
            return bucket.isoformat()
        case _:
            return str(bucket)


def cells_of_answer(answer: Mapping[str, Any]) -> Cells:
    """The same from an answer of GET /v1/metrics; the total under "total"."""
    cells: Cells = {}
    for point in answer.get("data", ()):
        cells[_instant(point["date"])] = float(Decimal(str(point["value"])))
    for group in answer.get("groups", ()):
        cells["".join(group["group"].values())] = float(Decimal(str(group["value"])))
    return {**cells, "total": float(answer["total"] if "data" in answer else answer["value"])}


def _instant(label: str) -> str:
    """A day stays; an instant with an offset becomes one of UTC."""
    if "T" not in label:
        return label
    instant = datetime.fromisoformat(label)
    offset = instant.utcoffset()
    return (instant.replace(tzinfo=None) - offset).isoformat() + "Z" if offset is not None else label


def difference(answered: Cells, other: Cells) -> str:
    """What the first cell is in which the two differ by more than the rounding of doubles; empty when none does.

    A total that only the answer has is not compared; and buckets without events are in the answer, but in no rows.
    """
    for name in sorted(answered.keys() | other.keys()):
        if name not in other and (name == "total" or answered[name] == 0):
            continue
        if name not in answered or name not in other:
            return f"{name} is only in one of them"
        if not isclose(answered[name], other[name], rel_tol=1e-9):
            return f"{name}: {answered[name]} and {other[name]}"
    return ""
