"""GET /v1/metrics beyond the published parameters, over HTTP: groups, filters, comparisons, formulas; judged by DuckDB."""

import json
import random
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import duckdb
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator

from streamgauge.wire.solinth.query_schema import METRIC_REPLY
from tests.flows.running import RunningServer

COUNTRIES = ("DE", "FR", "", "ÄÖ", "a,b")
PLANS = ("pro", "team", "free")
DAYS = [*(f"2024-01-{day:02}" for day in range(1, 32)), *(f"2023-12-{day:02}" for day in range(1, 32))]
JANUARY = {"from": "2024-01-01", "to": "2024-01-31"}


def _events() -> list[dict[str, Any]]:
    chance = random.Random(7)
    made = []
    for _ in range(600):
        properties: dict[str, Any] = {"plan": chance.choice(PLANS), "tier": chance.randrange(3)}
        if country := chance.choice(COUNTRIES):
            properties["country"] = country
        if chance.random() < 0.9:
            properties["amount"] = chance.choice([chance.randrange(-500, 5000) / 100, str(chance.randrange(100)), "none", 10])
        made.append(
            {
                "event": chance.choice(["purchase", "cart", "cart"]),
                "timestamp": f"{chance.choice(DAYS)}T{chance.randrange(24):02}:30:00Z",
                "properties": properties,
            }
        )
    return made


@pytest.fixture(scope="module")
def judge() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE e (event TEXT, ts TIMESTAMP, plan TEXT, tier TEXT, country TEXT, text TEXT, amount DECIMAL(38, 9))"
        )
        rows = []
        for event in _events():
            own = event["properties"]
            text = str(own.get("amount", ""))
            amount = Decimal(text) if text not in ("", "none") else None
            moment = event["timestamp"].removesuffix("Z")
            rows.append((event["event"], moment, own["plan"], str(own["tier"]), own.get("country", ""), text, amount))
        connection.executemany("INSERT INTO e VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        yield connection


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with server.client(server.key("solinth-metrics")) as opened:
        assert opened.post("/v1/events/batch", json={"events": _events()}).status_code == 200
        yield opened


def ask(client: httpx.Client, base: str = "/v1", **parameters: Any) -> Any:
    answer = client.get(f"{base}/metrics", params={"event": "purchase", **JANUARY, **parameters})
    assert answer.status_code == 200, answer.text
    OAS31Validator(METRIC_REPLY).validate(answer.json())
    return json.loads(answer.text, parse_float=Decimal)


def rows(judge: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    found = judge.execute(sql).fetchall()
    assert found
    return found


IN_JANUARY = "ts >= '2024-01-01' AND ts < '2024-02-01'"
IN_DECEMBER = "ts >= '2023-12-01' AND ts < '2024-01-01'"
METRICS = {"count": "count(*)", "sum": "sum(amount)", "max": "max(amount)", "unique": "count(DISTINCT nullif(text, ''))"}


@pytest.mark.parametrize("base", ["/v1", "/solinth/v1"])
@pytest.mark.parametrize("metric", METRICS)
def test_groups_are_those_of_the_judge_the_largest_first(
    client: httpx.Client, judge: duckdb.DuckDBPyConnection, base: str, metric: str
) -> None:
    answer = ask(client, base, metric=metric, property="amount", group_by="country,plan")
    expected = rows(
        judge,
        f"SELECT country, plan, {METRICS[metric]} AS value, count(*) FROM e WHERE event = 'purchase' AND {IN_JANUARY} "
        "GROUP BY ALL ORDER BY value DESC, country, plan",
    )
    found = [(g["group"]["country"], g["group"]["plan"], g["value"], g["count"]) for g in answer["groups"]]
    assert found == expected
    assert (answer["total_groups"], answer["truncated"]) == (len(expected), False)
    ((value, count),) = rows(judge, f"SELECT {METRICS[metric]}, count(*) FROM e WHERE event = 'purchase' AND {IN_JANUARY}")
    assert (answer["value"], answer["count"]) == (value, count)


def test_the_limit_leaves_groups_out_and_says_so(client: httpx.Client) -> None:
    whole = ask(client, group_by=["country", "tier"])
    cut = ask(client, group_by=["country", "tier"], limit="2")
    assert cut["groups"] == whole["groups"][:2]
    assert (cut["total_groups"], cut["truncated"]) == (len(whole["groups"]), True)
    assert cut["value"] == whole["value"]


def test_a_name_with_a_comma_is_asked_for_literally(bearer: httpx.Client) -> None:
    bearer.post("/v1/events", json={"event": "e", "timestamp": "2024-01-02T00:00:00Z", "properties": {"a,b": "x", "a": "y"}})
    answer = bearer.get("/v1/metrics", params={"event": "e", **JANUARY, "group_by": ["a,b", ""]}).json()
    assert answer["groups"] == [{"group": {"a,b": "x"}, "value": 1, "count": 1}]


def test_series_of_groups(client: httpx.Client, judge: duckdb.DuckDBPyConnection) -> None:
    answer = ask(client, metric="sum", property="amount", group_by=["country", "plan"], limit="3", interval="week")
    assert set(answer) == {"total", "groups", "total_groups", "truncated"}
    for group in answer["groups"]:
        own = "country = $country AND plan = $plan"
        found = judge.execute(
            f"SELECT strftime(date_trunc('week', ts), '%Y-%m-%d'), sum(amount) FROM e "
            f"WHERE event = 'purchase' AND {IN_JANUARY} AND {own} GROUP BY 1",
            group["group"],
        ).fetchall()
        by_week = {day: value or 0 for day, value in found}
        weeks = ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22", "2024-01-29"]
        assert [(point["date"], point["value"]) for point in group["data"]] == [(week, by_week.get(week, 0)) for week in weeks]
        assert group["total"] == sum(by_week.values())


FILTERS = {
    "is": ([{"property": "plan", "operator": "is", "value": ["pro", "team"]}], "plan IN ('pro', 'team')"),
    "is, a number": ([{"property": "tier", "value": 2}], "tier = '2'"),
    "is, absent": ([{"property": "country", "operator": "is", "value": ""}], "country = ''"),
    "is not": ([{"property": "plan", "operator": "is_not", "value": ["pro", "team"]}], "plan NOT IN ('pro', 'team')"),
    "is not absent": ([{"property": "country", "operator": "is_not", "value": ""}], "country <> ''"),
    "contains": ([{"property": "country", "operator": "contains", "value": ["Ö", "a,"]}], "country IN ('ÄÖ', 'a,b')"),
    "contains no other case": ([{"property": "plan", "operator": "contains", "value": ["PRO", "ee"]}], "plan = 'free'"),
    "matches": ([{"property": "plan", "operator": "matches", "value": "^(p|t)"}], "plan IN ('pro', 'team')"),
    "gt": ([{"property": "amount", "operator": "gt", "value": 10}], "amount > 10"),
    "gte": ([{"property": "amount", "operator": "gte", "value": "10"}], "amount >= 10"),
    "lt": ([{"property": "amount", "operator": "lt", "value": 0.01}], "amount < 0.01"),
    "lte": ([{"property": "amount", "operator": "lte", "value": -0.5}], "amount <= -0.5"),
    "a bound between two numbers, above": ([{"property": "amount", "operator": "gte", "value": "9.99999999999"}], "amount >= 10"),
    "a bound between two numbers, below": ([{"property": "amount", "operator": "lt", "value": "10.0000000001"}], "amount <= 10"),
    "both": (
        [{"property": "plan", "value": "pro"}, {"property": "amount", "operator": "gt", "value": 0}],
        "plan = 'pro' AND amount > 0",
    ),
    "none": ([], "true"),
}


@pytest.mark.parametrize("case", FILTERS)
def test_filters(client: httpx.Client, judge: duckdb.DuckDBPyConnection, case: str) -> None:
    filters, sql = FILTERS[case]
    answer = ask(client, metric="sum", property="amount", filters=json.dumps(filters))
    where = f"event = 'purchase' AND {IN_JANUARY} AND {sql}"
    ((value, count),) = rows(judge, f"SELECT coalesce(sum(amount), 0), count(*) FROM e WHERE {where}")
    assert answer == {"value": value, "count": count}
    assert count


def test_the_short_form(client: httpx.Client, judge: duckdb.DuckDBPyConnection) -> None:
    short: dict[str, Any] = {"filter[plan]": ["pro", "team"], "filter[country]": ""}
    answer = ask(client, **short)
    where = f"event = 'purchase' AND {IN_JANUARY} AND plan IN ('pro', 'team') AND country = ''"
    ((count,),) = rows(judge, f"SELECT count(*) FROM e WHERE {where}")
    assert answer == {"value": count, "count": count}


def test_compared_with_the_period_before(client: httpx.Client, judge: duckdb.DuckDBPyConnection) -> None:
    answer = ask(client, metric="sum", property="amount", compare="previous_period")
    ((value,),) = rows(judge, f"SELECT sum(amount) FROM e WHERE event = 'purchase' AND {IN_JANUARY}")
    ((before, count),) = rows(judge, f"SELECT sum(amount), count(*) FROM e WHERE event = 'purchase' AND {IN_DECEMBER}")
    compared = answer["compare"]
    assert (compared["from"], compared["to"]) == ("2023-12-01T00:00:00Z", "2024-01-01T00:00:00Z")
    assert (answer["value"], compared["value"], compared["count"]) == (value, before, count)
    assert compared["difference"] == value - before
    assert abs(compared["change"] - (value - before) / abs(before)) < Decimal("1e-20")


def test_groups_and_series_are_compared_one_by_one(client: httpx.Client, judge: duckdb.DuckDBPyConnection) -> None:
    answer = ask(client, group_by="plan", interval="day", compare="2023-12-01..2023-12-31")
    for group in answer["groups"]:
        found = rows(
            judge,
            f"SELECT strftime(ts, '%Y-%m-%d') AS day, count(*) FROM e WHERE event = 'purchase' AND {IN_DECEMBER} "
            f"AND plan = '{group['group']['plan']}' GROUP BY day",
        )
        by_day = {point["date"]: point["value"] for point in group["compare"]["data"] if point["value"]}
        assert by_day == dict(found)
        assert len(group["compare"]["data"]) == 31
        assert group["compare"]["total"] == sum(by_day.values())
        assert group["compare"]["difference"] == group["total"] - group["compare"]["total"]


FORMULAS = {
    "ratio": "a / b",
    "percent": "a / b * 100",
    "sum": "a + b",
    "difference": "a - b",
    "product": "a * b",
    "(a-b)/b*100": "(a - b) / b * 100",
    "-a*1.19+b/3": "-a * 1.19 + b / 3",
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas(client: httpx.Client, judge: duckdb.DuckDBPyConnection, formula: str) -> None:
    answer = ask(client, metric="sum", property="amount", event_b="cart", formula=formula, group_by="country")
    sides = "sum(amount) FILTER (event = 'purchase') AS a, count(*) FILTER (event = 'cart')::DECIMAL(38, 9) AS b"
    found = rows(judge, f"SELECT country, a, b FROM (SELECT country, {sides} FROM e WHERE {IN_JANUARY} GROUP BY country)")
    expected = {country: _exactly(FORMULAS[formula], a, b) for country, a, b in found}
    assert {group["group"]["country"]: group["value"] for group in answer["groups"]} == expected
    for country, a, b in found:
        (group,) = [group for group in answer["groups"] if group["group"]["country"] == country]
        assert (group["a"]["value"], group["b"]["value"]) == (a, b)
    values = [group["value"] for group in answer["groups"]]
    assert values == sorted(values, reverse=True)


def _exactly(formula: str, a: Decimal, b: Decimal) -> Decimal:
    with localcontext(prec=80):
        value: Decimal = eval(formula.replace("1.19", "Decimal('1.19')"), {"a": a, "b": b, "Decimal": Decimal})
    with localcontext(prec=28):
        return +value


def test_a_formula_by_day_is_null_where_it_divides_by_zero(client: httpx.Client, judge: duckdb.DuckDBPyConnection) -> None:
    answer = ask(client, formula="ratio", event_b="cart", filters_b="[]", interval="hour", **{"filter[plan]": "pro"})
    found = rows(
        judge,
        f"SELECT strftime(date_trunc('hour', ts), '%Y-%m-%dT%H:00:00Z') AS hour, count(*) FILTER (event = 'purchase' AND "
        f"plan = 'pro') AS a, count(*) FILTER (event = 'cart') AS b FROM e WHERE {IN_JANUARY} GROUP BY hour",
    )
    by_hour = {hour: (a, b) for hour, a, b in found}
    assert len(answer["data"]) == 31 * 24
    for point in answer["data"]:
        a, b = by_hour.get(point["date"], (0, 0))
        assert (point["a"], point["b"]) == (a, b)
        assert point["value"] == (Decimal(a) / Decimal(b) if b else None)
    assert any(point["value"] is None and point["a"] for point in answer["data"])


def test_another_projects_events_are_in_no_group_or_formula(client: httpx.Client, bearer: httpx.Client) -> None:
    for parameters in ({"group_by": "plan"}, {"formula": "sum", "event_b": "cart"}, {"compare": "previous_period"}):
        answer = bearer.get("/v1/metrics", params={"event": "purchase", **JANUARY, **parameters}).json()
        assert answer["value"] == 0
        assert answer.get("groups", []) == []


NUMBERS = [
    "2",
    "2.50",
    "1e2",
    "1E-3",
    "-0.0",
    "0",
    "0.1",
    "100000000000000000000",
    "12345678901234567.89",
    "1e21",
    "-1.25e-7",
    "0.00001",
    "1e15",
    "123456789012345678",
    "1234567890123456.5",
    "123456789.123456789",
    "9.99e27",
]


def test_a_number_is_found_by_itself_as_it_was_written(bearer: httpx.Client) -> None:
    numbers = list(enumerate(NUMBERS))
    for place, number in numbers:
        body = f'{{"event":"n","timestamp":"2024-01-02T00:00:00Z","properties":{{"v":{number},"place":{place}}}}}'
        assert bearer.post("/v1/events", content=body).status_code == 200
    for operator, found in (("is", 1), ("is_not", 0)):
        for place, number in numbers:
            filters = f'[{{"property":"v","operator":"{operator}","value":{number}}},{{"property":"place","value":{place}}}]'
            answer = bearer.get("/v1/metrics", params={"event": "n", **JANUARY, "filters": filters}).json()
            assert answer["count"] == found, (operator, number)


class Side(NamedTuple):
    """What a or b is: parameters, and the same as SQL."""

    event: str
    metric: str
    plans: tuple[str, ...] | None

    def parameters(self, suffix: str) -> dict[str, Any]:
        filters = [] if self.plans is None else [{"property": "plan", "value": list(self.plans)}]
        return {
            f"event{suffix}": self.event,
            f"metric{suffix}": self.metric,
            f"property{suffix}": "amount",
            f"filters{suffix}": json.dumps(filters),
        }

    def sql(self) -> str:
        own = f"event = '{self.event}'"
        if self.plans is not None:
            own += f" AND plan IN ({', '.join(map(repr, self.plans))})"
        value = f"{METRICS[self.metric]} FILTER ({own})"
        return f"coalesce({value}, 0)" if self.metric == "sum" else value


sides = st.builds(
    Side,
    st.sampled_from(["purchase", "cart", "never"]),
    st.sampled_from(sorted(METRICS)),
    st.none() | st.sets(st.sampled_from(PLANS), min_size=1).map(lambda found: tuple(sorted(found))),
)
INTERVALS = {None: "''", "day": "strftime(ts, '%Y-%m-%d')", "month": "strftime(date_trunc('month', ts), '%Y-%m-%d')"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    a=sides,
    b=st.none() | sides,
    formula=st.sampled_from([*FORMULAS]),
    groups=st.lists(st.sampled_from(["country", "plan", "tier"]), unique=True, max_size=3),
    interval=st.sampled_from([*INTERVALS]),
    limit=st.integers(1, 12),
)
def test_whatever_is_asked_is_answered_as_the_judge_does(
    client: httpx.Client,
    judge: duckdb.DuckDBPyConnection,
    a: Side,
    b: Side | None,
    formula: str,
    groups: list[str],
    interval: str | None,
    limit: int,
) -> None:
    parameters = a.parameters("") | {"from": "2023-12-10", "to": "2024-01-20"}
    parameters |= {} if b is None else {**b.parameters("_b"), "formula": formula}
    parameters |= {} if not groups else {"group_by": [*groups, ""], "limit": str(limit)}
    parameters |= {} if interval is None else {"interval": interval}
    answer = ask(client, **parameters)
    bucket = INTERVALS[interval]

    def judged(keys: list[str], *, of: str = "true") -> dict[tuple[Any, ...], Decimal | None]:
        """The value of each key, as the judge's own SQL and Python's decimals make it."""
        columns = ", ".join([*keys, a.sql(), "0" if b is None else b.sql()])
        in_range = f"ts >= '2023-12-10' AND ts < '2024-01-21' AND {of}"
        found = judge.execute(f"SELECT {columns} FROM e WHERE {in_range} {'GROUP BY ALL' if keys else ''}").fetchall()
        return {row[: len(keys)]: _formula_of(None if b is None else formula, *row[len(keys) :]) for row in found}

    total = "value" if interval is None else "total"
    assert answer[total] == judged([])[()]
    matching = " OR ".join(
        f"event = '{side.event}'" + ("" if side.plans is None else f" AND plan IN ({', '.join(map(repr, side.plans))})")
        for side in (a, b)
        if side is not None
    )
    if not groups:
        assert interval is None or _points(answer) == _nonempty(judged([bucket]))
        return
    by_group = judged(groups, of=f"({matching})")
    in_order = sorted(by_group.items(), key=lambda item: (item[1] is None, -(item[1] or 0), item[0]))
    shown = [(tuple(group["group"].values()), group[total]) for group in answer["groups"]]
    assert shown == in_order[:limit]
    assert (answer["total_groups"], answer["truncated"]) == (len(in_order), len(in_order) > limit)
    if interval is not None:
        by_bucket = judged([bucket, *groups])
        for group in answer["groups"]:
            own = tuple(group["group"].values())
            assert _points(group) == _nonempty({key[:1]: value for key, value in by_bucket.items() if key[1:] == own})


def _formula_of(formula: str | None, a: Any, b: Any) -> Decimal | None:
    if formula is None:
        return a if a is None else Decimal(a)
    if a is None or b is None or (b == 0 and "/ b" in FORMULAS[formula]):
        return None
    return _exactly(FORMULAS[formula], Decimal(a), Decimal(b))


def _points(answer: Any) -> dict[tuple[str], Any]:
    return _nonempty({(point["date"],): point["value"] for point in answer["data"]})


def _nonempty(values: Any) -> dict[tuple[str], Any]:
    """Without zeros and nulls: the judge has no row where there are no events."""
    return {key: value for key, value in values.items() if value}
