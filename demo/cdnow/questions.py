"""The figures, each asked twice: of the server through its doors, and of DuckDB over the raw file.

Every figure is asked per calendar month (UTC) and over the whole range. Percentiles are linear between neighbours in both.
A key of these answers is (measure, month), the month as YYYY-MM, or ALL for the whole range.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx

from demo.cdnow.doors import CUSTOMER, DOLLARS, EVENT_NAME

ALL = "all"
FIRST_DAY, LAST_DAY, DAY_AFTER = "1997-01-01", "1998-06-30", "1998-07-01"

Answers = Mapping[tuple[str, str], Decimal]

# Measure to the property it is taken of. These are the names of /v1/metrics.
METRICS: Mapping[str, str] = {
    "count": "",
    "sum": DOLLARS,
    "avg": DOLLARS,
    "min": DOLLARS,
    "max": DOLLARS,
    "unique": CUSTOMER,
    "median": DOLLARS,
    "p90": DOLLARS,
    "p95": DOLLARS,
    "p99": DOLLARS,
}
# Measure to the aggregation_type of /v1/events/usage, for those that it knows.
USAGE: Mapping[str, str] = {"count": "COUNT", "sum": "SUM", "avg": "AVG", "max": "MAX", "unique": "COUNT_UNIQUE"}

_JUDGE = """
    WITH words AS (
        SELECT string_split_regex(trim(line), '\\s+') AS word
        FROM read_csv(?, columns = {'line': 'VARCHAR'}, delim = '|', quote = '', escape = '', header = true)
    ), purchases AS (
        SELECT word[1] AS customer, strftime(strptime(word[2], '%Y%m%d'), '%Y-%m') AS month, word[4]::DECIMAL(18, 2) AS dollars
        FROM words
    )
    SELECT coalesce(month, 'all') AS month, count(*) AS count, sum(dollars) AS sum, avg(dollars) AS avg, min(dollars) AS min,
        max(dollars) AS max, count(DISTINCT customer) AS unique, quantile_cont(dollars::DOUBLE, 0.5) AS median,
        quantile_cont(dollars::DOUBLE, 0.9) AS p90, quantile_cont(dollars::DOUBLE, 0.95) AS p95,
        quantile_cont(dollars::DOUBLE, 0.99) AS p99
    FROM purchases GROUP BY GROUPING SETS ((month), ())
"""


def ask_judge(path: Path) -> Answers:
    """DuckDB's answers, from the file as it is on disk."""
    with duckdb.connect() as judge:
        found = judge.execute(_JUDGE, [str(path)])
        names = [column[0] for column in found.description or ()]
        rows = found.fetchall()
    return {(name, row[0]): _exact(row[at]) for row in rows for at, name in enumerate(names) if name != "month"}


def ask_metrics(client: httpx.Client) -> Answers:
    """The answers of the Solinth door, whichever door the events came through."""
    answers: dict[tuple[str, str], Decimal] = {}
    for measure, of in METRICS.items():
        question = {"event": EVENT_NAME, "metric": measure, "from": FIRST_DAY, "to": LAST_DAY}
        if of:
            question["property"] = of
        answers[measure, ALL] = _exact(_json(client.get("/v1/metrics", params=question))["value"])
        by_month = _json(client.get("/v1/metrics", params={**question, "interval": "month"}))
        answers |= {(measure, point["date"][:7]): _exact(point["value"]) for point in by_month["data"]}
    return answers


def ask_usage(client: httpx.Client) -> Answers:
    """The answers of the Flexprice door, whichever door the events came through. It leaves a value of 0 out."""
    answers: dict[tuple[str, str], Decimal] = {}
    for measure, aggregation in USAGE.items():
        question = {
            "event_name": EVENT_NAME,
            "aggregation_type": aggregation,
            "property_name": METRICS[measure],
            "start_time": f"{FIRST_DAY}T00:00:00Z",
            "end_time": f"{DAY_AFTER}T00:00:00Z",
        }
        answers[measure, ALL] = _exact(_json(client.post("/v1/events/usage", json=question)).get("value", 0))
        by_month = _json(client.post("/v1/events/usage", json={**question, "window_size": "MONTH"}))
        answers |= {(measure, point["window_size"][:7]): _exact(point.get("value", 0)) for point in by_month["results"]}
    return answers


def _json(reply: httpx.Response) -> dict[str, Any]:
    """The body of a good reply, its numbers as decimals with the digits that were sent."""
    if reply.status_code != 200:
        raise RuntimeError(f"{reply.request.url} answered {reply.status_code}: {reply.text[:500]}")
    body: dict[str, Any] = json.loads(reply.content, parse_float=Decimal)
    return body


def _exact(number: object) -> Decimal:
    """A number as the decimal that its shortest text form says."""
    return Decimal(str(number))
