"""Funnels, retention and attribution of random histories against the judge: visits that come late and out of order, ties of time,
payments without a visitor, refunds, corrections and marks, robots, zones in which the clock changes, names that mean something
in SQL. They must agree exactly.
"""

import random
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.analytics import (
    AttributionModel,
    AttributionQuery,
    AttributionRow,
    Bots,
    Dimension,
    FunnelQuery,
    FunnelStep,
    RetentionQuery,
    SiteFilter,
    SiteKey,
    SiteSelection,
)
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.money import Rate, RateTable
from streamgauge.kernel.query import CalendarRule, PropertyKey, Window
from streamgauge.kernel.website import Condition, ConversionEvent, Operator, PageMatch
from streamgauge.store import Store
from tests.query.journeys.asking import attribution, funnel, retention
from tests.query.journeys.journey_judge import Judge, Row, bucket_of, visits_of
from tests.query.ledger import ms
from tests.query.site.site_ledger import SITE, SiteLedger

MINUTE, DAY = 60_000, 86_400_000
NAMES = ["page_view", "page_view", "it's", "{p0:String}", "revenue"]
PATHS = ["/", "/a", "/a'b", "/ü\\"]
TEXTS = ["", "a", "b'c", 'd"\\', "☃"]
VISITORS = ["ann", "bob", "cid", "dan", "robot", ""]
CUSTOMERS = ["", "", "c1", "c'2", "c3"]
AMOUNTS = ["10", "0.000000001", "-3.333333334", "99.99", "0", "-10", "7", "12345678901234567890.123456789", "-0.000000002"]
# Around changes of the clock in Berlin, New York and Sao Paulo.
MIDDLES = [ms("2018-11-04T03:00Z"), ms("2019-03-31T01:00Z"), ms("2024-03-10T07:00Z")]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kathmandu"]
MANY = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


class History(NamedTuple):
    chance: random.Random
    site: SiteLedger
    judge: Judge
    middle: int


def history(store: Store, seed: int) -> History:
    chance = random.Random(seed)
    site = SiteLedger(store)
    middle = chance.choice(MIDDLES)
    # One history in a few minutes, where times are often equal; one over weeks; most between.
    spread = chance.choice([4, 5 * 60, 3 * 24 * 60, 40 * 24 * 60])
    for _ in range(chance.randint(1, 2)):
        site.put([some_event(chance, middle, spread) for _ in range(chance.randint(1, 40))])
    # Visits are made of what was seen, also of events that were replaced later.
    visits = visits_of(site.events)
    amend(chance, site)
    return History(chance, site, Judge(site.events, visits), middle)


def some_event(chance: random.Random, middle: int, spread: int) -> Row:
    visitor = chance.choice(VISITORS)
    name = chance.choice(NAMES)
    row: Row = {
        "timestamp": middle + chance.randint(-spread, spread) * MINUTE,
        "visitor_id": visitor,
        "customer_id": chance.choice(CUSTOMERS),
        "name": name,
        "path": chance.choice(PATHS),
        "channel": chance.choice(TEXTS),
        "country": chance.choice(["DE", "US"]),
        "website_id": chance.choice([SITE] * 9 + ["other"]),
        "flags": EventFlag.BOT if visitor == "robot" else 0,
        "properties": {"plan": chance.choice(TEXTS)},
    }
    if name == "revenue":
        row["flags"] |= EventFlag.REVENUE
        payment = {
            "amount": chance.choice(AMOUNTS),
            "currency": chance.choice(["EUR", "EUR", "USD", "usd", "JPY", ""]),
            "type": chance.choice(["sale", "sale", "renewal", "refund", "free_trial", ""]),
            "order_id": chance.choice(["", "o1", "o2", "o'3"]),
        }
        row["properties"] |= {key: value for key, value in payment.items() if value}
    return row


def amend(chance: random.Random, site: SiteLedger) -> None:
    """Some payments are corrected and some taken back; so are some conversions."""
    others = [row for row in site.events if row["name"] != "page_view"]
    for replaced in chance.sample(others, min(len(others), chance.choice([0, 0, 1, 3]))):
        is_void = chance.random() < 0.5
        same = {key: replaced[key] for key in ("timestamp", "visitor_id", "website_id", "customer_id", "name")}
        # Marks and payments are of no visit, so visits stay as they are.
        flags = EventFlag.REVENUE | (EventFlag.VOID if is_void else 0) | (replaced["flags"] & EventFlag.BOT)
        site.put([{**same, "flags": flags, "properties": {"amount": "5", "currency": "EUR", "type": "sale", "order_id": "o2"}}])
        site.supersede(replaced, by=site.events[-1])


def some_match(chance: random.Random) -> ConversionEvent:
    name = chance.choice(NAMES)
    page = PageMatch(chance.choice([Operator.IS, Operator.IS_NOT]), (chance.choice(PATHS),)) if chance.random() < 0.4 else None
    condition = Condition("plan", chance.choice([Operator.IS, Operator.IS_NOT, Operator.CONTAINS]), (chance.choice(TEXTS),))
    conditions = (condition,) if chance.random() < 0.3 else ()
    return ConversionEvent("cev", SITE, name, "page_view" if page else name, conditions, page)


def some_selection(world: History) -> SiteSelection:
    chance = world.chance
    start = world.middle - chance.choice([3 * MINUTE, 2 * 60 * MINUTE, 2 * DAY, 30 * DAY])
    end = world.middle + chance.choice([0, 3 * MINUTE, 2 * 60 * MINUTE, 2 * DAY, 30 * DAY])
    keys: list[SiteKey] = [
        Dimension.CHANNEL,
        Dimension.ENTRY_PAGE,
        Dimension.EXIT_PAGE,
        Dimension.PAGE,
        Dimension.EVENT_NAME,
        PropertyKey("plan"),
    ]
    filters = []
    for _ in range(chance.choice([0, 0, 1, 2])):
        operator = chance.choice([Operator.IS, Operator.IS_NOT, Operator.CONTAINS])
        filters.append(SiteFilter(chance.choice(keys), operator, tuple(chance.sample([*TEXTS, *PATHS, *NAMES], 3))))
    bots = chance.choice([Bots.EXCLUDE, Bots.EXCLUDE, Bots.INCLUDE, Bots.ONLY])
    return SiteSelection(world.site.project_id, SITE, start, end, tuple(filters), bots)


@MANY
@given(seed=st.integers(0, 2**32))
def test_funnels(store: Store, seed: int) -> None:
    world = history(store, seed)
    steps = tuple(FunnelStep("step", some_match(world.chance)) for _ in range(world.chance.randint(2, 5)))
    within = world.chance.choice([1, MINUTE, 30 * MINUTE, DAY, 60 * DAY])
    query = FunnelQuery(some_selection(world), steps, within)
    answer = funnel(world.site, query)
    assert [(step.visitors, step.median_ms) for step in answer.steps] == world.judge.funnel(query)


@MANY
@given(seed=st.integers(0, 2**32))
def test_retention(store: Store, seed: int) -> None:
    world = history(store, seed)
    chance = world.chance
    query = RetentionQuery(
        some_selection(world),
        chance.choice([Window.DAY, Window.WEEK, Window.MONTH]),
        chance.choice([0, 1, 5, 100]),
        CalendarRule(chance.choice(ZONES)),
        chance.choice([None, some_match(chance)]),
    )
    cohorts = retention(world.site, query).cohorts
    buckets = [bucket_of(cohort.start_ms, query) for cohort in cohorts]
    expected = world.judge.retention(query)
    for place, cohort in enumerate(cohorts):
        visitors, came = expected.pop(buckets[place], (0, {}))
        followed = buckets[place : place + query.periods + 1]
        assert (cohort.visitors, cohort.returned) == (visitors, tuple(came.get(bucket, 0) for bucket in followed))
    assert expected == {}


RATES = RateTable.of(
    Rate(day, "USD", "EUR", Decimal(rate))
    for day, rate in (("2018-01-01", "0.5"), ("2018-11-05", "0.912345678901"), ("2024-03-09", "1.1"))
)


@pytest.mark.parametrize("model", AttributionModel)
@MANY
@given(seed=st.integers(0, 2**32))
def test_attribution(store: Store, model: AttributionModel, seed: int) -> None:
    world = history(store, seed)
    chance = world.chance
    query = AttributionQuery(
        some_selection(world),
        model,
        chance.choice([Dimension.CHANNEL, Dimension.ENTRY_PAGE, Dimension.COUNTRY]),
        chance.choice([MINUTE, 90 * MINUTE, 2 * DAY, 60 * DAY]),
        tuple(some_match(chance) for _ in range(chance.randint(0, 2))),
        "EUR",
        RATES,
    )
    answer = attribution(world.site, query)
    rows = {row.value: _parts(row) for row in answer.rows}
    expected = world.judge.attribution(query)
    unattributed = expected.pop(None, (0, 0, Fraction(0)))
    assert rows.items() == expected.items()
    assert _parts(answer.unattributed) == unattributed
    # The parts of each event add up to it.
    conversions, orders, revenue = map(sum, zip(unattributed, *expected.values(), strict=True))
    assert Fraction(answer.revenue.total) == revenue
    if not query.selection.filters:
        assert conversions % 10**9 == orders % 10**9 == 0


def _parts(row: AttributionRow) -> tuple[Fraction | int, Fraction | int, Fraction]:
    return Fraction(row.conversions) * 10**9, Fraction(row.orders) * 10**9, Fraction(row.revenue)
