"""To which visits conversions and revenue are owed; small enough to follow by eye."""

from decimal import Decimal
from typing import Any

import pytest

from streamgauge.kernel.analytics import (
    AttributionAnswer,
    AttributionModel,
    AttributionQuery,
    AttributionRow,
    Bots,
    Dimension,
    SiteFilter,
)
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.money import Money, Rate, RateTable
from streamgauge.kernel.query import PropertyKey
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Operator
from tests.query.journeys.asking import attribution, goal, happened, march, paid
from tests.query.site.site_ledger import SiteLedger

DAY = 86_400_000
FIRST, LAST, LINEAR = AttributionModel.FIRST_TOUCH, AttributionModel.LAST_TOUCH, AttributionModel.LINEAR
ALL = (FIRST, LAST, LINEAR)


def asked(site: SiteLedger, model: AttributionModel = LAST, **rest: Any) -> AttributionAnswer:
    selected = {name: rest.pop(name) for name in ("filters", "bots") if name in rest}
    settings = {"key": Dimension.CHANNEL, "lookback_ms": 10 * DAY, "currency": "EUR", "conversions": (goal("signup"),), **rest}
    return attribution(site, AttributionQuery(march(site, **selected), model, **settings))


def revenue(answer: AttributionAnswer) -> dict[str, str]:
    """By value; "-" is what no visit is credited with."""
    found = {row.value: f"{row.revenue.normalize():f}" for row in answer.rows}
    return found | ({"-": f"{answer.unattributed.revenue.normalize():f}"} if answer.unattributed.revenue else {})


def visit(at: str, visitor: str, channel: str, **rest: Any) -> dict[str, Any]:
    return happened(at, visitor, channel=channel, **rest)


THREE_VISITS = [visit("05T10:00", "ann", "search"), visit("06T10:00", "ann", "social"), visit("07T10:00", "ann", "email")]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        pytest.param(FIRST, {"search": "10"}, id="first touch"),
        pytest.param(LAST, {"email": "10"}, id="last touch"),
        pytest.param(LINEAR, {"email": "3.333333334", "search": "3.333333333", "social": "3.333333333"}, id="linear"),
    ],
)
def test_the_three_models(site: SiteLedger, model: AttributionModel, expected: dict[str, str]) -> None:
    site.put([*THREE_VISITS, paid("08T10:00", "ann", 10)])
    answer = asked(site, model)
    assert revenue(answer) == expected
    assert answer.revenue.total == 10


def test_linear_counts_conversions_and_orders_in_parts(site: SiteLedger) -> None:
    site.put(
        [*THREE_VISITS, visit("08T10:00", "ann", "email"), happened("08T10:01", "ann", "signup"), paid("08T10:02", "ann", 1)]
    )
    quarter, half = Decimal("0.25"), Decimal("0.5")
    assert asked(site, LINEAR).rows == (
        AttributionRow("email", half, half, half),
        AttributionRow("search", quarter, quarter, quarter),
        AttributionRow("social", quarter, quarter, quarter),
    )


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize(
    ("at", "credited"),
    [
        pytest.param("05T09:59:59", False, id="before the visit"),
        pytest.param("05T10:00", True, id="as the visit begins"),
        pytest.param("15T09:59:59.999", True, id="as long as the window"),
        pytest.param("15T10:00", False, id="when the window is over"),
    ],
)
def test_the_edges_of_the_lookback_window(site: SiteLedger, model: AttributionModel, at: str, credited: bool) -> None:
    site.put([visit("05T10:00", "ann", "search"), paid(at, "ann", 5)])
    assert revenue(asked(site, model)) == ({"search": "5"} if credited else {"-": "5"})


def test_a_payment_with_only_a_customer_finds_all_visitors_of_the_customer(site: SiteLedger) -> None:
    site.put([visit("05T10:00", "phone", "search", customer_id="c1"), visit("06T10:00", "laptop", "email")])
    site.put([visit("20T10:00", "laptop", "direct", customer_id="c1"), visit("06T10:00", "other", "social", customer_id="c2")])
    site.put([paid("07T10:00", "", 8, customer_id="c1")])
    assert revenue(asked(site, FIRST)) == {"search": "8"}
    assert revenue(asked(site, LAST)) == {"email": "8"}
    assert revenue(asked(site, LINEAR)) == {"email": "4", "search": "4"}


@pytest.mark.parametrize("days", [pytest.param(-35, id="before the range"), pytest.param(35, id="after it")])
def test_a_customer_may_have_been_seen_at_any_time(site: SiteLedger, days: int) -> None:
    seen = happened("05T10:00", "phone", "login", customer_id="c1")
    site.put([visit("05T10:00", "phone", "search"), seen | {"timestamp": seen["timestamp"] + days * DAY}])
    site.put([paid("07T10:00", "", 8, customer_id="c1")])
    assert revenue(asked(site)) == {"search": "8"}


def test_visits_of_robots_are_not_credited_to_people(site: SiteLedger) -> None:
    site.put([visit("05T10:00", "ann", "search", customer_id="c1")])
    site.put([visit("06T10:00", "robot", "robots", customer_id="c1", flags=EventFlag.BOT), paid("07T10:00", "ann", 8, "c1")])
    assert revenue(asked(site)) == {"search": "8"}
    assert revenue(asked(site, bots=Bots.INCLUDE)) == {"robots": "8"}


def test_a_servers_payment_for_a_robot_is_owed_to_none_of_its_visits(site: SiteLedger) -> None:
    site.put([visit("06T10:00", "robot", "robots", flags=EventFlag.BOT), paid("07T10:00", "robot", 8)])
    assert revenue(asked(site)) == {"-": "8"}
    assert revenue(asked(site, bots=Bots.INCLUDE)) == {"robots": "8"}


def test_customers_are_not_followed_any_further(site: SiteLedger) -> None:
    """The visitor of the payment also was another customer once, whose visitors are not those of the payment."""
    site.put([visit("05T10:00", "shared", "search", customer_id="c1"), visit("05T10:00", "shared", "search", customer_id="c2")])
    site.put([visit("06T10:00", "stranger", "email", customer_id="c2"), paid("07T10:00", "shared", 8, customer_id="c1")])
    assert revenue(asked(site)) == {"search": "8"}


def test_customers_of_other_websites_are_other_customers(site: SiteLedger) -> None:
    site.put(
        [visit("05T10:00", "ann", "search", customer_id="c1", website_id="other"), paid("07T10:00", "", 8, customer_id="c1")]
    )
    assert revenue(asked(site)) == {"-": "8"}


def test_a_payment_without_visitor_and_customer_is_owed_to_nothing(site: SiteLedger) -> None:
    site.put([*THREE_VISITS, happened("05T10:00", "", "import"), paid("07T10:00", "", 8)])
    assert revenue(asked(site)) == {"-": "8"}


@pytest.mark.parametrize(
    ("refund", "expected"),
    [
        pytest.param({"order_id": "o1"}, {"search": "6"}, id="of a known order: where the sale was"),
        pytest.param({"order_id": "o9"}, {"email": "-4", "search": "10"}, id="of an unknown order: by its own time"),
        pytest.param({}, {"email": "-4", "search": "10"}, id="of no order: by its own time"),
    ],
)
def test_refunds(site: SiteLedger, refund: dict[str, str], expected: dict[str, str]) -> None:
    site.put([visit("05T10:00", "ann", "search"), paid("05T11:00", "ann", 10, order_id="o1")])
    site.put([visit("20T10:00", "ann", "email"), paid("20T11:00", "ann", -4, type="refund", **refund)])
    answer = asked(site)
    assert revenue(answer) == expected
    assert sum(row.orders for row in answer.rows) == 1


def test_a_refund_follows_the_first_sale_of_its_order_and_its_customer(site: SiteLedger) -> None:
    site.put([visit("05T10:00", "ann", "search", customer_id="c1"), paid("05T11:00", "", 10, "c1", order_id="o1")])
    site.put([visit("07T10:00", "bob", "email", customer_id="c2"), paid("07T11:00", "bob", 10, "c2", order_id="o1")])
    site.put([paid("08T11:00", "bob", -4, "c2", type="refund", order_id="o1")])
    assert revenue(asked(site)) == {"email": "10", "search": "6"}


def test_the_refund_of_an_order_sold_before_the_range(site: SiteLedger) -> None:
    sale = paid("05T11:00", "ann", 10, order_id="o1")
    site.put([{**event, "timestamp": event["timestamp"] - 40 * DAY} for event in (visit("05T10:00", "ann", "search"), sale)])
    site.put([paid("20T11:00", "", -4, type="refund", order_id="o1")])
    assert revenue(asked(site)) == {"search": "-4"}


def test_the_smallest_parts_of_a_refund_mirror_those_of_the_sale(site: SiteLedger) -> None:
    site.put([*THREE_VISITS, paid("08T10:00", "ann", "0.000000002", order_id="o1")])
    assert revenue(asked(site, LINEAR)) == {"email": "0.000000002", "search": "0", "social": "0"}
    site.put([paid("09T10:00", "ann", "-0.000000002", type="refund", order_id="o1")])
    assert revenue(asked(site, LINEAR)) == {"email": "0", "search": "0", "social": "0"}


def test_unlike_currencies_are_converted_by_the_day_of_the_payment_or_reported(site: SiteLedger) -> None:
    site.put([*THREE_VISITS, paid("08T10:00", "ann", 10, currency="USD"), paid("09T10:00", "ann", 10, currency="USD")])
    site.put([paid("09T11:00", "ann", 500, currency="JPY"), paid("09T11:00", "ann", "1.5")])
    rates = RateTable.of(Rate(day, "USD", "EUR", Decimal(rate)) for day, rate in (("2024-03-01", "0.5"), ("2024-03-09", "0.75")))
    answer = asked(site, rates=rates)
    assert answer.rows == (AttributionRow("email", Decimal(0), Decimal(4), Decimal("14")),)
    assert answer.revenue.total == 14
    assert answer.revenue.unconverted == (Money("JPY", Decimal(500)),)
    assert len(answer.revenue.rates) == 2
    assert [money.currency for money in answer.revenue.by_currency] == ["EUR", "JPY", "USD"]


def test_trials_are_neither_revenue_nor_orders(site: SiteLedger) -> None:
    site.put([*THREE_VISITS, paid("08T10:00", "ann", 10, type="free_trial")])
    assert asked(site).rows == ()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Dimension.ENTRY_PAGE, {"/landing": "10"}),
        (Dimension.EXIT_PAGE, {"/cart": "10"}),
        (Dimension.UTM_CAMPAIGN, {"it's {p0:String}": "10"}),
        (Dimension.REFERRER, {"": "10"}),
        (Dimension.COUNTRY, {"DE": "10"}),
    ],
)
def test_any_key_of_visits(site: SiteLedger, key: Dimension, expected: dict[str, str]) -> None:
    first = happened("05T10:00", "ann", path="/landing", utm_campaign="it's {p0:String}", country="DE")
    site.put([first, happened("05T10:10", "ann", path="/cart"), paid("05T10:20", "ann", 10)])
    assert revenue(asked(site, key=key)) == expected


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        pytest.param({"filters": (SiteFilter(Dimension.CHANNEL, Operator.IS, ("email",)),)}, {"email": "3"}, id="by the key"),
        pytest.param({"filters": (SiteFilter(Dimension.COUNTRY, Operator.IS, ("DE",)),)}, {"search": "3"}, id="by another key"),
        pytest.param({"filters": (SiteFilter(Dimension.CHANNEL, Operator.IS, ("",)),)}, {"-": "2"}, id="what has no visit"),
        pytest.param(
            {"filters": (SiteFilter(PropertyKey("order_id"), Operator.CONTAINS, ("o",)),)},
            {"email": "3", "search": "3"},
            id="by a property of the payment",
        ),
        pytest.param({"bots": Bots.ONLY}, {"robots": "9"}, id="robots only"),
    ],
)
def test_filters_keep_parts_by_their_visit(site: SiteLedger, selected: dict[str, Any], expected: dict[str, str]) -> None:
    site.put([visit("05T10:00", "ann", "search", country="DE"), visit("06T10:00", "ann", "email", country="FR")])
    site.put([paid("07T10:00", "ann", 6, order_id="o1"), paid("08T10:00", "", 2)])
    site.put([visit("05T10:00", "robot", "robots", flags=EventFlag.BOT)])
    site.put([{**paid("05T10:01", "robot", 9), "flags": EventFlag.REVENUE | EventFlag.BOT}])
    answer = asked(site, LINEAR, **selected)
    assert revenue(answer) == expected
    assert answer.revenue.total == sum(Decimal(part) for part in expected.values())


def test_late_events_that_join_visits(site: SiteLedger) -> None:
    site.put([visit("05T10:00", "ann", "search"), visit("05T10:50", "ann", "email"), paid("05T11:00", "ann", 4)])
    assert revenue(asked(site, LINEAR)) == {"email": "2", "search": "2"}
    site.put([visit("05T10:25", "ann", "direct")])
    assert revenue(asked(site, LINEAR)) == {"search": "4"}


def test_a_corrected_payment_counts_as_corrected(site: SiteLedger) -> None:
    site.put([*THREE_VISITS, paid("08T10:00", "ann", 10), paid("08T10:00", "ann", 12), paid("08T11:00", "ann", 99)])
    site.put([paid("08T11:00", "ann", 99) | {"flags": EventFlag.REVENUE | EventFlag.VOID}])
    *_, wrong, right, taken, void = site.events
    site.supersede(wrong, by=right)
    site.supersede(taken, by=void)
    assert revenue(asked(site)) == {"email": "12"}


def test_pages_of_values(site: SiteLedger) -> None:
    for place in range(5):
        site.put([visit("05T10:00", f"v{place}", f"c{place}"), paid("06T10:00", f"v{place}", 10 * min(place, 3))])
    site.put([paid("06T10:00", "", 7)])
    pages = [asked(site, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [[row.value for row in page.rows] for page in pages] == [["c3", "c4"], ["c2", "c1"], ["c0"], []]
    assert {(page.total, page.unattributed.revenue, page.revenue.total) for page in pages} == {(5, Decimal(7), Decimal(97))}


@pytest.mark.parametrize("model", ALL)
def test_nothing_happened(site: SiteLedger, model: AttributionModel) -> None:
    answer = asked(site, model)
    assert answer.rows == ()
    assert answer.total == answer.revenue.total == answer.unattributed.conversions == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"key": Dimension.PAGE}, "dimension", id="a key of events"),
        pytest.param({"lookback_ms": 0}, "lookback", id="no lookback"),
        pytest.param({"limit": 0}, "limit", id="an empty page"),
    ],
)
def test_refused_questions(site: SiteLedger, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        asked(site, **changed)
    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, field)
