"""Questions about a website over HTTP: the published conformance cases by number (E.2 of the contract), every number recomputed
by DuckDB from what was sent, and what is refused."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import httpx
import pytest

from tests.flows.running import RunningServer

_FIRST = datetime(2024, 3, 1, tzinfo=UTC)
_GAP_MS = 30 * 60 * 1000
_RANGE = {"start_date": "2024-03-01", "end_date": "2024-03-20"}


class Told(NamedTuple):
    """What was sent to one website, and how to ask about it."""

    client: httpx.Client
    site: str
    events: list[dict[str, Any]]
    payments: list[dict[str, Any]]

    def ask(self, path: str = "", **parameters: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/analytics{path}", params={"website_id": self.site, **_RANGE, **parameters})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = json.loads(answer.content, parse_float=Decimal)
        assert body["success"] is True
        return body


def _random_events(seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    events = []
    for number in range(60):
        moment = _FIRST + timedelta(minutes=rng.randrange(19 * 24 * 60))
        source = rng.choice(["https://www.google.com/", "https://news.example/", None])
        for _ in range(rng.randrange(1, 6)):
            name = rng.choice(["page_view", "page_view", "page_view", "signup", "click"])
            properties = {"page_url": f"https://example.com{rng.choice(['/', '/pricing', '/blog'])}"}
            if source:
                properties["referrer"] = source
            if name == "signup":
                properties["plan"] = rng.choice(["pro", "free"])
            events.append(
                {
                    "event_name": name,
                    "visitor_id": f"v{number % 40}",
                    "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "properties": properties,
                }
            )
            moment += timedelta(seconds=rng.randrange(5, 2_400))
    rng.shuffle(events)
    return events


def _random_payments(seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    payments = []
    for number in range(40):
        moment = _FIRST + timedelta(minutes=rng.randrange(19 * 24 * 60))
        kind = rng.choice(["sale", "sale", "renewal", "refund", "free_trial"])
        payments.append(
            {
                "amount": str(Decimal(rng.randrange(1, 10**12)) / 10**9),
                "currency": "EUR" if rng.random() < 0.8 else "SEK",
                "type": kind,
                "transaction_id": f"t{number}",
                "visitor_id": f"v{rng.randrange(40)}",
                "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
    return payments


@pytest.fixture(scope="module")
def told(server: RunningServer) -> Iterator[Told]:
    with server.client(server.key("told to theBizness")) as client:
        made = client.post("/api/websites", json={"domain": "example.com", "currency": "EUR", "timezone": "UTC"})
        site = made.json()["website"]["id"]
        client.post(f"/api/websites/{site}/conversion-events", json={"name": "Signup", "event_name": "signup"})
        events, payments = _random_events(1), _random_payments(2)
        sent = client.post("/api/events/batch", json={"website_id": site, "events": events})
        assert (sent.status_code, sent.json()["failed"]) == (200, 0), sent.text
        # Each payment twice: it counts once. The last one is taken back.
        for _ in range(2):
            paid = client.post("/api/revenue/batch", json={"website_id": site, "events": payments})
            assert (paid.status_code, paid.json()["failed"]) == (200, 0), paid.text
        taken = payments.pop()
        gone = client.delete(f"/api/revenue/{taken['transaction_id']}", params={"website_id": site})
        assert gone.status_code == 200, gone.text
        yield Told(client, site, events, payments)


@pytest.fixture(scope="module")
def judge(told: Told) -> Iterator[duckdb.DuckDBPyConnection]:
    """What was sent, as tables; visits cut anew, by the gap alone."""
    with duckdb.connect() as base:
        base.execute("CREATE TABLE sent (name TEXT, visitor TEXT, at_ms BIGINT, path TEXT, referrer TEXT)")
        base.executemany(
            "INSERT INTO sent VALUES (?, ?, ?, ?, ?)",
            [
                (
                    event["event_name"],
                    event["visitor_id"],
                    round(datetime.fromisoformat(event["timestamp"]).timestamp() * 1000),
                    event["properties"]["page_url"].removeprefix("https://example.com"),
                    event["properties"].get("referrer", ""),
                )
                for event in told.events
            ],
        )
        base.execute("CREATE TABLE paid (currency TEXT, kind TEXT, at_ms BIGINT, amount DECIMAL(38, 9))")
        base.executemany(
            "INSERT INTO paid VALUES (?, ?, ?, ?)",
            [
                (
                    payment["currency"],
                    payment["type"],
                    round(datetime.fromisoformat(payment["timestamp"]).timestamp() * 1000),
                    -Decimal(payment["amount"]) if payment["type"] == "refund" else Decimal(payment["amount"]),
                )
                for payment in told.payments
            ],
        )
        base.execute(
            f"""
            CREATE TABLE visits AS
            SELECT visitor, number, min(at_ms) AS began, max(at_ms) AS ended, count(*) AS events,
              count(*) FILTER (name = 'page_view') AS views
            FROM (
              SELECT *, sum(is_first) OVER (PARTITION BY visitor ORDER BY at_ms ROWS UNBOUNDED PRECEDING) AS number
              FROM (
                SELECT *, CASE WHEN at_ms - lag(at_ms) OVER (PARTITION BY visitor ORDER BY at_ms) < {_GAP_MS} THEN 0 ELSE 1 END
                  AS is_first
                FROM sent
              )
            )
            GROUP BY visitor, number
            """
        )
        yield base


def _one(judge: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = judge.execute(sql).fetchone()
    assert row is not None
    return row[0]


_WHOLE = {
    "visitors": "SELECT count(DISTINCT visitor) FROM visits",
    "visits": "SELECT count(*) FROM visits",
    "page_views": "SELECT count(*) FROM sent WHERE name = 'page_view'",
    "conversions": "SELECT count(*) FROM sent WHERE name = 'signup'",
    "orders": "SELECT count(*) FROM paid WHERE kind IN ('sale', 'renewal')",
    "revenue": "SELECT sum(amount) FROM paid WHERE currency = 'EUR' AND kind != 'free_trial'",
}
_SHARES = {
    "bounce_rate": ("SELECT count(*) FROM visits WHERE events = 1", "SELECT count(*) FROM visits"),
    "views_per_visit": ("SELECT sum(views) FROM visits", "SELECT count(*) FROM visits"),
    "visit_duration": ("SELECT sum(ended - began) FROM visits", "SELECT count(*) * 1000 FROM visits"),
    "conversion_rate": (
        "SELECT count(DISTINCT visitor) FROM sent WHERE name = 'signup'",
        "SELECT count(DISTINCT visitor) FROM visits",
    ),
}


@pytest.mark.parametrize("metric", _WHOLE)
def test_17_totals_match_what_was_sent(told: Told, judge: duckdb.DuckDBPyConnection, metric: str) -> None:
    assert told.ask()["metrics"][metric] == _one(judge, _WHOLE[metric])


@pytest.mark.parametrize("metric", _SHARES)
def test_17_shares_have_every_digit(told: Told, judge: duckdb.DuckDBPyConnection, metric: str) -> None:
    above, below = (Decimal(_one(judge, sql)) for sql in _SHARES[metric])
    assert told.ask(metric=metric)["metrics"] == {metric: above / below}


def test_17_the_series_adds_up(told: Told, judge: duckdb.DuckDBPyConnection) -> None:
    body = told.ask(metrics="page_views,revenue,conversions")
    assert [point["date"] for point in body["data"]] == [f"2024-03-{day:02}" for day in range(1, 21)]
    for metric, total in body["metrics"].items():
        assert sum(Decimal(point[metric]) for point in body["data"]) == total
    by_day = judge.execute(
        "SELECT strftime(make_timestamp(at_ms * 1000), '%Y-%m-%d'), count(*) FROM sent WHERE name = 'page_view' GROUP BY 1"
    ).fetchall()
    assert {point["date"]: point["page_views"] for point in body["data"] if point["page_views"]} == dict(by_day)


def test_17_without_a_website_as_case_3(told: Told) -> None:
    answer = told.client.get("/api/analytics")
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "success": False,
            "error": {
                "code": "INVALID_REQUEST",
                "message": "Missing required field: website_id",
                "details": {"field": "website_id", "expected": "string"},
            },
        },
    )


def test_revenue_stays_apart_by_currency(told: Told, judge: duckdb.DuckDBPyConnection) -> None:
    body = told.ask(metric="revenue")
    sums = dict(judge.execute("SELECT currency, sum(amount) FROM paid WHERE kind != 'free_trial' GROUP BY 1").fetchall())
    assert {one["currency"]: one["amount"] for one in body["revenue"]["by_currency"]} == sums
    assert body["revenue"]["unconverted"] == [{"currency": "SEK", "amount": sums["SEK"]}]
    assert (body["currency"], body["revenue"]["total"], body["revenue"]["rates_used"]) == ("EUR", sums["EUR"], [])
    assert told.ask(metric="revenue", currency="sek")["metrics"]["revenue"] == sums["SEK"]


def test_breakdowns_by_pages_and_their_pages(told: Told, judge: duckdb.DuckDBPyConnection) -> None:
    body = told.ask(group_by="page,source", metrics="page_views,visits", sort="page_views")
    assert list(body["breakdowns"]) == ["page", "source"]
    expected = judge.execute("SELECT path, count(*) FROM sent WHERE name = 'page_view' GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    found = body["breakdowns"]["page"]
    assert [(row["value"], row["page_views"]) for row in found["rows"] if row["value"]] == expected
    assert found["total"] == 4
    assert {row["value"] for row in body["breakdowns"]["source"]["rows"]} == {"google.com", "news.example", ""}
    second = told.ask(group_by="page", metric="page_views", limit="1", page="2")["breakdowns"]["page"]
    assert ([(row["value"], row["page_views"]) for row in second["rows"]], second["total"]) == (expected[1:2], 4)


def test_filters_in_both_forms_agree(told: Told, judge: duckdb.DuckDBPyConnection) -> None:
    pro = sum(event["properties"].get("plan") == "pro" for event in told.events)
    full = json.dumps([{"dimension": "property:plan", "operator": "is", "value": ["pro"]}])
    assert told.ask(metric="events", filters=full)["metrics"]["events"] == pro
    assert told.ask(metric="events", **{"filter[property:plan]": "pro"})["metrics"]["events"] == pro
    signups = _one(judge, _WHOLE["conversions"])
    assert told.ask(metric="events", event_name="signup")["metrics"]["events"] == signups


def test_a_range_is_compared_with_the_one_before(told: Told, judge: duckdb.DuckDBPyConnection) -> None:
    body = told.ask(metric="page_views", start_date="2024-03-11", compare="previous_period")
    assert body["compare"]["period"] == {"start": "2024-03-01T00:00:00Z", "end": "2024-03-11T00:00:00Z", "timezone": "UTC"}
    both = body["metrics"]["page_views"] + body["compare"]["metrics"]["page_views"]
    assert both == _one(judge, _WHOLE["page_views"])
    assert len(body["compare"]["data"]) == 10


def test_all_begins_with_what_there_is(told: Told) -> None:
    answer = told.client.get("/api/analytics", params={"website_id": told.site, "period": "all", "metric": "visits"})
    assert answer.json()["data"][0] == {"date": "2024-03-01", "visits": told.ask(metric="visits")["metrics"]["visits"]}


def test_values_are_found_by_a_part(told: Told) -> None:
    body = told.ask("/values", dimension="page", search="pri")
    assert ([row["value"] for row in body["values"]], body["total"]) == (["/pricing"], 1)


@pytest.mark.parametrize("by_body", [False, True], ids=["parameters", "body"])
def test_a_funnel(told: Told, by_body: bool) -> None:
    conversion = told.client.get(f"/api/websites/{told.site}/conversion-events").json()["conversion_events"][0]["id"]
    steps = [{"page": "/"}, conversion]
    if by_body:
        asked = {"website_id": told.site, **_RANGE, "steps": steps, "window": "1d"}
        body = told.client.post("/api/analytics/funnel", json=asked).json()
    else:
        body = told.ask("/funnel", steps=json.dumps(steps), window="1d")
    first, second = body["steps"]
    at_home = {
        event["visitor_id"]
        for event in told.events
        if event["properties"]["page_url"] == "https://example.com/" and event["event_name"] == "page_view"
    }
    assert (first["name"], first["visitors"], second["name"]) == ("/", len(at_home), "Signup")
    assert 0 < second["visitors"] <= first["visitors"]
    assert first["rate"] == 1


def test_retention(told: Told, judge: duckdb.DuckDBPyConnection) -> None:
    body = told.ask("/retention", interval="week", periods="2", start_date="2024-02-26")
    assert [cohort["date"] for cohort in body["cohorts"]] == ["2024-02-26", "2024-03-04", "2024-03-11", "2024-03-18"]
    assert sum(cohort["visitors"] for cohort in body["cohorts"]) == _one(judge, _WHOLE["visitors"])
    assert [len(cohort["returned"]) for cohort in body["cohorts"]] == [3, 3, 2, 1]
    assert body["cohorts"][0]["rates"][0] == 1


@pytest.mark.parametrize("model", ["first_touch", "last_touch", "linear"])
def test_attribution_adds_up(told: Told, judge: duckdb.DuckDBPyConnection, model: str) -> None:
    body = told.ask("/attribution", model=model, dimension="source", lookback="30d")
    for figure in ("conversions", "orders", "revenue"):
        total = sum(Decimal(row[figure]) for row in [*body["rows"], body["unattributed"]])
        assert total == _one(judge, _WHOLE[figure])
    assert (body["model"], body["dimension"], body["revenue"]["total"]) == (model, "referrer", _one(judge, _WHOLE["revenue"]))


def test_21_a_matching_event_is_one_conversion(bearer: httpx.Client) -> None:
    site = bearer.post("/api/websites", json={"domain": "example.com"}).json()["website"]["id"]
    made = bearer.post(f"/api/websites/{site}/conversion-events", json={"name": "Signup", "event_name": "signup"})
    assert made.status_code == 200

    def conversions() -> int:
        answer = bearer.get("/api/analytics", params={"website_id": site, "period": "today"}).json()
        return int(answer["metrics"]["conversions"])

    for expected in (0, 1, 2):
        assert conversions() == expected
        bearer.post("/api/events", json={"website_id": site, "event_name": "signup", "visitor_id": "v"})
        bearer.post("/api/events", json={"website_id": site, "event_name": "login", "visitor_id": "v"})
    bearer.put(f"/api/websites/{site}/conversion-events/{made.json()['conversion_event']['id']}", json={"is_active": False})
    assert conversions() == 0


_PATHS = ["", "/values", "/funnel", "/retention", "/attribution"]


@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("base", ["/api", "/thebizness/api"])
def test_another_projects_website_is_not_there(told: Told, bearer: httpx.Client, base: str, path: str) -> None:
    extra = {"/values": {"dimension": "page"}, "/funnel": {"steps": "a,b"}}.get(path, {})
    for client, site in ((bearer, told.site), (told.client, "nobodys")):
        answer = client.get(f"{base}/analytics{path}", params={"website_id": site, **extra})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND"), answer.text


@pytest.mark.parametrize("path", _PATHS)
def test_what_every_question_needs(told: Told, server: RunningServer, path: str) -> None:
    missing = told.client.get(f"/api/analytics{path}").json()["error"]
    assert missing["details"] == {"field": "website_id", "expected": "string"}
    unknown = told.client.get(f"/api/analytics{path}", params={"website_id": told.site, "metrik": "x"}).json()["error"]
    assert unknown["details"]["field"] == "metrik"
    with server.client(server.key("told to theBizness", "unlimited", "--scope", "ingest")) as sender:
        assert sender.get(f"/api/analytics{path}", params={"website_id": told.site}).status_code == 403
