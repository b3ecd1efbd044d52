"""Funnels small enough to follow by eye."""

from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from streamgauge.kernel.analytics import Bots, Dimension, FunnelQuery, SiteFilter
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Condition, Operator, PageMatch
from tests.query.journeys.asking import funnel, happened, march, step
from tests.query.site.site_ledger import SiteLedger

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
STEPS = (step("look"), step("cart"), step("buy"))


class Case(NamedTuple):
    """events: (day and time, visitor, name). reached: visitors per step. medians: minutes to the second and the third step."""

    name: str
    events: list[tuple[str, str, str]]
    reached: list[int]
    medians: list[int | None]


CASES = [
    Case("nobody came", [], [0, 0, 0], [None, None]),
    Case("all the way", [("01T10:00", "a", "look"), ("01T10:05", "a", "cart"), ("01T10:15", "a", "buy")], [1, 1, 1], [5, 10]),
    Case("a step left out ends the way", [("01T10:00", "a", "look"), ("01T10:05", "a", "buy")], [1, 0, 0], [None, None]),
    Case("the wrong order", [("01T10:00", "a", "cart"), ("01T10:05", "a", "look")], [1, 0, 0], [None, None]),
    Case("another's step is not one's own", [("01T10:00", "a", "look"), ("01T10:05", "b", "cart")], [1, 0, 0], [None, None]),
    Case(
        "other events between",
        [("01T10:00", "a", "look"), ("01T10:01", "a", "x"), ("01T10:02", "a", "cart")],
        [1, 1, 0],
        [2, None],
    ),
    Case(
        "just in time, and a minute too late",
        [
            *(("01T10:00", "a", "look"), ("02T09:00", "a", "cart"), ("02T10:00", "a", "buy")),
            *(("01T10:00", "b", "look"), ("02T09:00", "b", "cart"), ("02T10:01", "b", "buy")),
        ],
        [2, 2, 1],
        [23 * 60, 60],
    ),
    Case(
        "a later entry leads further than the first",
        [("01T10:00", "a", "look"), ("03T10:00", "a", "look"), ("03T10:04", "a", "cart"), ("03T10:05", "a", "buy")],
        [1, 1, 1],
        [4, 1],
    ),
    Case(
        "of entries that lead equally far the first counts",
        [("01T10:00", "a", "look"), ("01T10:10", "a", "look"), ("01T10:12", "a", "cart"), ("01T10:20", "a", "cart")],
        [1, 1, 0],
        [12, None],
    ),
    Case("no visitor, no way", [("01T10:00", "", "look"), ("01T10:05", "", "cart")], [0, 0, 0], [None, None]),
    Case("entered after the range", [("31T23:59", "a", "look"), ("31T23:59:59", "b", "cart")], [1, 0, 0], [None, None]),
    Case(
        "of two middle times the mean",
        [
            *(("01T10:00", "a", "look"), ("01T10:02", "a", "cart"), ("01T10:00", "b", "look"), ("01T10:04", "b", "cart")),
            *(("01T10:00", "c", "look"), ("01T11:00", "c", "cart"), ("01T10:00", "d", "look"), ("01T10:01", "d", "cart")),
        ],
        [4, 4, 0],
        [3, None],
    ),
    Case(
        "in one millisecond as they stand in the journal",
        [("01T10:00", "a", "look"), ("01T10:00", "a", "cart")],
        [1, 1, 0],
        [0, None],
    ),
    Case(
        "in one millisecond the other way round", [("01T10:00", "a", "cart"), ("01T10:00", "a", "look")], [1, 0, 0], [None, None]
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ways_through_a_funnel(site: SiteLedger, case: Case) -> None:
    site.put([happened(*event) for event in case.events])
    answer = funnel(site, FunnelQuery(march(site), STEPS, DAY))
    assert [one.visitors for one in answer.steps] == case.reached
    medians = [None if one.median_ms is None else one.median_ms // MINUTE for one in answer.steps]
    assert medians == [None, *case.medians]


def test_later_steps_may_follow_after_the_range_but_nobody_enters_then(site: SiteLedger) -> None:
    after = {"timestamp": march(site).end_ms}
    site.put([happened("31T23:50", "a", "look"), happened("31T23:50", "a", "cart") | after])
    site.put([happened("31T23:50", "b", "look") | after])
    assert [one.visitors for one in funnel(site, FunnelQuery(march(site), STEPS, DAY)).steps] == [1, 1, 0]


def test_rates_are_of_those_who_entered_and_of_those_before(site: SiteLedger) -> None:
    site.put([happened("01T10:00", who, "look") for who in "abcd"] + [happened("01T10:05", who, "cart") for who in "abc"])
    site.put([happened("01T10:10", "a", "buy")])
    rates = [(one.rate, one.step_rate) for one in funnel(site, FunnelQuery(march(site), STEPS, DAY)).steps]
    assert rates == [(1, 1), (Decimal("0.75"), Decimal("0.75")), (Decimal("0.25"), Decimal("0." + "3" * 28))]


def test_one_event_is_one_step_even_when_it_matches_two(site: SiteLedger) -> None:
    site.put([happened("01T10:00", "a", "look"), happened("01T10:00", "b", "look"), happened("01T10:01", "b", "look")])
    assert [one.visitors for one in funnel(site, FunnelQuery(march(site), (STEPS[0], STEPS[0]), DAY)).steps] == [2, 1]


def test_steps_match_pages_and_properties(site: SiteLedger) -> None:
    site.put([happened("01T10:00", "a", path="/shop/1"), happened("01T10:01", "a", "cart", properties={"size": "XL"})])
    site.put([happened("01T10:00", "b", path="/blog"), happened("01T10:01", "b", "cart", properties={"size": "S"})])
    shop = step("page_view", page=PageMatch(Operator.MATCHES, ("^/shop/",)))
    large = step("cart", conditions=(Condition("size", Operator.IS, ("L", "XL")),))
    assert [one.visitors for one in funnel(site, FunnelQuery(march(site), (shop, large), DAY)).steps] == [1, 1]


SEARCH = SiteFilter(Dimension.CHANNEL, Operator.IS, ("search",))


@pytest.mark.parametrize(
    ("selected", "reached"),
    [
        pytest.param({}, [2, 2], id="robots left out"),
        pytest.param({"bots": Bots.INCLUDE}, [3, 2], id="robots too"),
        pytest.param({"bots": Bots.ONLY}, [1, 0], id="robots only"),
        pytest.param({"filters": (SEARCH,)}, [1, 1], id="visits that came by search, and the payment that follows"),
    ],
)
def test_who_is_looked_at(site: SiteLedger, selected: dict[str, Any], reached: list[int]) -> None:
    site.put([happened("01T10:00", "a", "look", channel="search"), happened("01T10:00", "b", "look", channel="direct")])
    site.put([happened("01T10:00", "robot", "look", flags=EventFlag.BOT)])
    site.put([happened("01T12:00", who, "paid", flags=EventFlag.REVENUE) for who in "ab"])
    query = FunnelQuery(march(site, **selected), (step("look"), step("paid")), DAY)
    assert [one.visitors for one in funnel(site, query).steps] == reached


def test_what_was_replaced_or_taken_back_is_no_step(site: SiteLedger) -> None:
    site.put([happened("01T10:00", "a", "look"), happened("01T10:01", "a", "cart"), happened("01T10:02", "a", "buy")])
    site.put([happened("01T10:01", "a", "other"), happened("01T10:02", "a", "buy", flags=EventFlag.VOID)])
    _, cart, buy, other, void = site.events
    site.supersede(cart, by=other)
    assert [one.visitors for one in funnel(site, FunnelQuery(march(site), STEPS, DAY)).steps] == [1, 0, 0]
    site.supersede(buy, by=void)
    assert [one.visitors for one in funnel(site, FunnelQuery(march(site), (STEPS[0], STEPS[2]), DAY)).steps] == [1, 0]


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        pytest.param({"steps": STEPS[:1]}, Reason.INVALID_PARAMETER, "steps", id="one step"),
        pytest.param({"steps": STEPS * 3}, Reason.INVALID_PARAMETER, "steps", id="nine steps"),
        pytest.param({"within_ms": 0}, Reason.INVALID_PARAMETER, "within", id="no time"),
        pytest.param({"within_ms": 367 * DAY}, Reason.INVALID_PARAMETER, "within", id="longer than a year"),
    ],
)
def test_refused_funnels(site: SiteLedger, changed: dict[str, Any], reason: Reason, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        funnel(site, FunnelQuery(**{"selection": march(site), "steps": STEPS, "within_ms": DAY, **changed}))
    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_hostile_names_mean_themselves(site: SiteLedger) -> None:
    names = ["it's", "{p0:String}", "a\\'b", "%s ☃"]
    site.put([happened(f"01T10:0{place}", "a", name) for place, name in enumerate(names)])
    steps = tuple(step(name) for name in names)
    assert [one.visitors for one in funnel(site, FunnelQuery(march(site), steps, DAY)).steps] == [1, 1, 1, 1]
