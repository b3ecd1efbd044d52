"""Funnels, retention and attribution over HTTP, of one history that is written out here with every number computed by hand.

Asked for is Friday 1 March 2024 to Monday 4 March, in UTC. It is sent as a backlog: payments first, a refund before its sale, the
newest event before the oldest. At each mount of the door it is told to a website of its own.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import httpx
import pytest

from tests.flows.running import RunningServer

DIRECT, SPRING, SUMMER = "", "?utm_medium=email&utm_campaign=spring", "?utm_medium=email&utm_campaign=summer"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
ROBOT = {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}

# Each line that names a visit begins it; lines without one lie within 30 minutes of the line before them.
HISTORY = (
    # visitor, when, what, by which link, visit
    ("ann", "03-01T10:00:00", "look", SPRING),  # A1
    ("ann", "03-01T10:05:00", "cart", SPRING),
    ("ann", "03-01T10:15:00.001", "buy", SPRING),
    ("ann", "03-02T09:00:00", "look", DIRECT),  # A2
    ("ann", "03-03T09:00:00", "look", SUMMER),  # A3
    ("ann", "03-04T17:00:00", "look", DIRECT),  # A4, after her order and before its refund
    ("bob", "03-01T12:00:00", "look", DIRECT),  # B1, too early for his cart
    ("bob", "03-03T10:00:00", "look", SUMMER),  # B2
    ("bob", "03-03T10:04:00", "cart", SUMMER),
    ("cid", "03-02T10:00:00", "cart", DIRECT),  # C1, the cart before the look
    ("cid", "03-02T10:05:00", "look", DIRECT),
    ("dan", "03-02T10:00:00", "look", DIRECT),  # D1
    ("dan", "03-03T10:00:00", "cart", SUMMER),  # D2, a day after the look to the millisecond
    ("eve", "03-02T10:00:00", "look", DIRECT),  # E1
    ("eve", "03-03T10:00:00.001", "cart", DIRECT),  # E2, a millisecond later than that
    ("fay", "03-04T09:00:00", "look", SPRING),  # F1
    ("fay", "03-04T09:20:00", "cart", SPRING),
    ("fay", "03-05T08:00:00", "buy", DIRECT),  # F2, after the range and within a day of the look
    ("gus", "03-02T23:50:00", "look", DIRECT),  # G1, over midnight
    ("gus", "03-03T00:10:00", "look", DIRECT),
    ("gus", "03-04T12:00:00", "look", DIRECT),  # G2
    ("ivy", "02-28T09:00:00", "look", SPRING),  # I0, before the range
    ("ivy", "03-02T11:00:00", "look", DIRECT),  # I1
    ("ivy", "03-02T11:10:00", "cart", DIRECT),
    ("robot", "03-02T03:00:00", "look", DIRECT),  # tells a crawler's User-Agent: only seen by those who ask for bots
    ("robot", "03-02T03:01:00", "cart", DIRECT),
    ("robot", "03-02T03:02:00", "buy", DIRECT),
)

PAYMENTS = (
    # ann's refund names her order and nobody: it goes where the order went, to A1, A2 and A3.
    {"timestamp": "2024-03-04T18:00:00Z", "amount": 5, "type": "refund", "order_id": "o-ann"},
    {"timestamp": "2024-03-03T10:00:00Z", "amount": 10, "order_id": "o-ann", "visitor_id": "ann"},  # A1, A2, A3
    {"timestamp": "2024-03-04T08:00:00Z", "amount": 7, "order_id": "o-bob", "customer_id": "cust-bob"},  # B1, B2
    {"timestamp": "2024-03-02T12:00:00Z", "amount": 6, "type": "renewal", "order_id": "o-ivy", "visitor_id": "ivy"},  # I0, I1
    {"timestamp": "2024-03-02T12:00:00Z", "amount": 2, "order_id": "o-ghost", "customer_id": "cust-ghost"},  # nobody's visit
)
REVENUE, ORDERS, CARTS = 10 - 5 + 7 + 6 + 2, 4, 7

# Who cust-bob is, is told last of all and long after the range: at the root mount by the tracker's identify, which is a visit of
# today; at the other by a trial that a server reports with both ids, which is neither an order nor revenue.
IDENTIFY = {"name": "identify", "url": "https://example.com/", "visitor_id": "bob", "customer_id": "cust-bob"}
TRIAL = {"timestamp": "2024-04-01T00:00:00Z", "type": "free_trial", "visitor_id": "bob", "customer_id": "cust-bob"}


class Told(NamedTuple):
    client: httpx.Client
    base: str
    site: str
    cart: str
    """The id of the conversion event."""

    @property
    def range(self) -> dict[str, str]:
        return {"website_id": self.site, "start_date": "2024-03-01", "end_date": "2024-03-04"}

    def ask(self, path: str, **parameters: str) -> dict[str, Any]:
        return _good(self.client.get(f"{self.base}/analytics/{path}", params={**self.range, **parameters}))


def _good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 202), answer.text
    body: dict[str, Any] = json.loads(answer.content, parse_float=Decimal)
    assert (body["success"], body.get("failed", 0)) == (True, 0), body
    return body


def _event(visitor: str, at: str, what: str, link: str) -> dict[str, Any]:
    path = "/" if what == "look" else f"/{what}"
    return {
        "event_name": "page_view" if what == "look" else what,
        "visitor_id": visitor,
        "timestamp": f"2024-{at}Z",
        "properties": {"page_url": f"https://example.com{path}{link}", "plan": "pro", **(ROBOT if visitor == "robot" else {})},
    }


@pytest.fixture(scope="module", params=["/api", "/thebizness/api"], ids=["root mount", "explicit mount"])
def told(server: RunningServer, request: pytest.FixtureRequest) -> Iterator[Told]:
    base = str(request.param)
    with server.client(server.key(f"journeys at {base}")) as client:
        settings = {"domain": "example.com", "currency": "EUR", "timezone": "UTC", "identity": "cookie"}
        site = _good(client.post(f"{base}/websites", json=settings))["website"]["id"]
        conversion = {"name": "Cart", "event_name": "cart"}
        cart = _good(client.post(f"{base}/websites/{site}/conversion-events", json=conversion))["conversion_event"]["id"]
        for payment in PAYMENTS:
            _good(client.post(f"{base}/revenue", json={"website_id": site, **payment}))
        newest_first = [_event(*line) for line in sorted(HISTORY, key=lambda line: line[1], reverse=True)]
        _good(client.post(f"{base}/events/batch", json={"website_id": site, "events": newest_first}))
        if base == "/api":
            page = {"origin": "https://example.com", "user-agent": BROWSER}
            _good(httpx.post(f"{server.url}{base}/collect", json={"website_id": site, "events": [IDENTIFY]}, headers=page))
        else:
            _good(client.post(f"{base}/revenue", json={"website_id": site, **TRIAL}))
        yield Told(client, base, site, cart)


def _of(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def _steps(told: Told) -> list[object]:
    """A step by its page, one that is the conversion event, and one by its name and a property."""
    pro = {"property": "plan", "operator": "is", "value": "pro"}
    return [{"page": "/", "name": "Look"}, told.cart, {"event_name": "buy", "conditions": [pro]}]


THIRD = Decimal("0.3333333333333333333333333333")
FUNNELS = {
    # what is asked beside the steps: name, visitors, rate, step_rate, median_seconds
    "within a day": (
        {"window": "1d"},
        [
            # All but the robot. ivy by I1: I0 lies before the range.
            ("Look", 8, 1, 1, None),
            # bob after 240 s, ann 300, ivy 600, fay 1200, dan 86400. Not cid, the wrong way round, nor eve, too late.
            ("Cart", 5, Decimal("0.625"), Decimal("0.625"), 600),
            # ann 600.001 s after her cart, fay 81600 s: the middle of the two is 41100.0005 s, and half a millisecond is cut.
            ("buy", 2, Decimal("0.25"), Decimal("0.4"), 41_100),
        ],
    ),
    "within an hour": (
        {"window": "1h"},
        # dan's cart falls out, and fay's buy.
        [
            ("Look", 8, 1, 1, None),
            ("Cart", 4, Decimal("0.5"), Decimal("0.5"), 450),
            ("buy", 1, Decimal("0.125"), Decimal("0.25"), Decimal("600.001")),
        ],
    ),
    "by email": (
        {"window": "1d", "filters": [{"dimension": "channel", "operator": "is", "value": "Email"}]},
        # ann by A1, bob by B2, fay by F1; D2 began with the cart. fay's buy on Tuesday belongs to F2, which is direct.
        [("Look", 3, 1, 1, None), ("Cart", 3, 1, 1, 300), ("buy", 1, THIRD, THIRD, Decimal("600.001"))],
    ),
    "bots only": ({"bots": "only"}, [("Look", 1, 1, 1, None), ("Cart", 1, 1, 1, 60), ("buy", 1, 1, 1, 60)]),
}


@pytest.mark.parametrize(("asked", "expected"), FUNNELS.values(), ids=FUNNELS)
def test_the_funnel(told: Told, asked: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    question = {**told.range, "steps": _steps(told), **asked}
    posted = _good(told.client.post(f"{told.base}/analytics/funnel", json=question))
    assert _of(posted["steps"], "name", "visitors", "rate", "step_rate", "median_seconds") == expected
    written = {name: value if isinstance(value, str) else json.dumps(value) for name, value in question.items()}
    assert _good(told.client.get(f"{told.base}/analytics/funnel", params=written)) == posted


QUARTER, HALF = Decimal("0.25"), Decimal("0.5")
RETENTION = {
    # what is asked beside the interval: cohort, visitors, returned after 0, 1, 2, 3 days
    "by visits": (
        {},
        [
            ("2024-03-01", 2, [2, 1, 2, 1]),  # ann and bob: A2; A3 and B2; A4
            ("2024-03-02", 4, [4, 2, 1]),  # cid, dan, eve, gus: D2 and E2, G1 is all of Saturday; G2. ivy came first in February
            ("2024-03-03", 0, [0, 0]),
            ("2024-03-04", 1, [1]),  # fay; F2 is after the range
        ],
    ),
    "by carts": (
        {"returning": "cart"},
        [
            ("2024-03-01", 2, [1, 0, 1, 0]),  # ann at once, bob on Sunday
            ("2024-03-02", 4, [1, 2, 0]),  # cid at once, dan and eve on Sunday
            ("2024-03-03", 0, [0, 0]),
            ("2024-03-04", 1, [1]),
        ],
    ),
    "who came by email first": (
        {"filter[channel]": "Email"},
        # ann, followed by direct visits too; fay. Not bob and dan: their first visits were direct.
        [("2024-03-01", 1, [1, 1, 1, 1]), ("2024-03-02", 0, [0, 0, 0]), ("2024-03-03", 0, [0, 0]), ("2024-03-04", 1, [1])],
    ),
}


@pytest.mark.parametrize(("asked", "expected"), RETENTION.values(), ids=RETENTION)
def test_retention_by_day(told: Told, asked: dict[str, str], expected: list[tuple[Any, ...]]) -> None:
    cohorts = told.ask("retention", interval="day", **asked)["cohorts"]
    assert _of(cohorts, "date", "visitors", "returned") == expected


def test_rates_of_retention(told: Told) -> None:
    body = told.ask("retention", interval="day", periods="2")
    # Two days beyond the cohort's own, where the range has so many. Of nobody there is no share.
    assert _of(body["cohorts"], "rates") == [([1, HALF, 1],), ([1, HALF, QUARTER],), ([None, None],), ([1],)]
    assert body["period"] == {"start": "2024-03-01T00:00:00Z", "end": "2024-03-05T00:00:00Z", "timezone": "UTC"}


# Which visits a cart (a conversion) can be credited to. Of fay's visits F1 alone; her buy is no conversion.
#   ann A1 | bob B1 B2 | cid C1 | dan D1 D2 | eve E1 E2 | fay F1 | ivy I0 I1
# By email: A1 F1 I0 (spring), A3 B2 D2 (summer). Direct, without a campaign: A2 B1 C1 D1 E1 E2 I1.

GHOST = (0, 1, 2)
ATTRIBUTION = {
    # model, dimension, lookback: value, carts, orders, revenue; most revenue first
    ("first_touch", "channel", "30d"): [
        ("Email", 3, 2, 11),  # ann, fay, ivy; ann's 10 - 5 and ivy's 6
        ("Direct", 4, 1, 7),  # bob, cid, dan, eve; bob's 7
    ],
    ("last_touch", "channel", "30d"): [
        ("Email", 4, 2, 12),  # ann, bob, dan, fay; ann's 10 - 5 by A3, although A4 was the last before the refund, and bob's 7
        ("Direct", 3, 1, 6),  # cid, eve, ivy; ivy's 6
    ],
    # 10 is 3.333333333 by A1, 3.333333333 by A2, 3.333333334 by A3; -5 is -1.666666666, -1.666666666 and -1.666666668;
    # 7 is 3.5 by B1 and B2, and 6 is 3 by I0 and I1. An order of ann's is 0.333333333, 0.333333333 and 0.333333334.
    ("linear", "channel", "30d"): [
        # ann, fay, and half of bob, dan, ivy; A1 and A3: 1.666666667 + 1.666666666, 3.5, 3
        ("Email", Decimal("3.5"), Decimal("1.666666667"), Decimal("9.833333333")),
        # cid, eve, and the other halves; A2: 1.666666667, 3.5, 3
        ("Direct", Decimal("3.5"), Decimal("1.333333333"), Decimal("8.166666667")),
    ],
    ("first_touch", "utm_campaign", "30d"): [("spring", 3, 2, 11), ("", 4, 1, 7)],
    ("last_touch", "utm_campaign", "30d"): [
        ("summer", 2, 2, 12),  # bob, dan
        ("", 3, 1, 6),
        ("spring", 2, 0, 0),  # ann, fay
    ],
    ("linear", "utm_campaign", "30d"): [
        ("", Decimal("3.5"), Decimal("1.333333333"), Decimal("8.166666667")),
        ("summer", 1, Decimal("0.833333334"), Decimal("5.166666666")),  # half of bob and dan; A3, B2
        ("spring", Decimal("2.5"), Decimal("0.833333333"), Decimal("4.666666667")),  # ann, fay, half of ivy; A1, I0
    ],
    # In two days A1 no longer counts for ann's order, which is exactly so much later, nor B1 for bob's, nor I0 for ivy's.
    ("linear", "channel", "2d"): [
        ("Email", 3, Decimal("1.5"), Decimal("9.5")),  # ann, fay, half of bob and dan; A3: 5 - 2.5, B2: 7
        ("Direct", 4, Decimal("1.5"), Decimal("8.5")),  # cid, eve, ivy and the halves; A2: 5 - 2.5, I1: 6
    ],
}


@pytest.mark.parametrize(("asked", "expected"), ATTRIBUTION.items(), ids=[" ".join(asked) for asked in ATTRIBUTION])
def test_attribution(told: Told, asked: tuple[str, str, str], expected: list[tuple[Any, ...]]) -> None:
    body = told.ask("attribution", **dict(zip(("model", "dimension", "lookback"), asked, strict=True)))
    assert _of(body["rows"], "value", "conversions", "orders", "revenue") == expected
    assert _of([body["unattributed"]], "conversions", "orders", "revenue") == [GHOST]
    sums = tuple(sum(row[name] for row in [*body["rows"], body["unattributed"]]) for name in ("conversions", "orders", "revenue"))
    assert sums == (CARTS, ORDERS, REVENUE)
    assert (body["total"], body["revenue"]["total"], body["revenue"]["unconverted"]) == (len(expected), REVENUE, [])


def test_the_same_money_is_in_the_totals_of_the_range(told: Told) -> None:
    answer = told.client.get(f"{told.base}/analytics", params={**told.range, "metrics": "conversions,orders,revenue"})
    assert _good(answer)["metrics"] == {"conversions": CARTS, "orders": ORDERS, "revenue": REVENUE}
