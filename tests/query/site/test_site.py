"""Numbers of one website that can be checked by eye; the example of docs/analytics.md is one of them."""

from decimal import Decimal

import msgspec
import pytest

from streamgauge.kernel.analytics import (
    Bots,
    Breakdown,
    BreakdownRow,
    Dimension,
    SiteFilter,
    SiteMetric,
    SiteQuery,
    SiteSelection,
)
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.money import Money, Rate, RateTable
from streamgauge.kernel.query import PropertyKey, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import ConversionEvent, Operator
from tests.query.ledger import ms
from tests.query.site.loaded_site import LoadedSite
from tests.query.site.site_ledger import SITE

ALL = tuple(SiteMetric)
VOIDED = EventFlag.REVENUE | EventFlag.VOID
SIGNUP = ConversionEvent("cev_1", SITE, "Sign-up", "signup")


def event(at: str, visitor: str = "", **rest: object) -> dict[str, object]:
    return {"timestamp": ms(f"2024-03-{at}Z"), "visitor_id": visitor, **rest}


def paid(at: str, visitor: str, flags: int = EventFlag.REVENUE, **properties: object) -> dict[str, object]:
    return event(at, visitor, name="revenue", path="", flags=flags, properties=properties)


def march(site: LoadedSite, **rest: object) -> SiteSelection:
    selection = SiteSelection(site.project_id, SITE, ms("2024-03-01T00:00Z"), ms("2024-04-01T00:00Z"))
    return msgspec.structs.replace(selection, **rest)


def fill(site: LoadedSite) -> None:
    site.put(
        [
            event("01T10:00", "ann", path="/", country="DE", channel="search"),
            event("01T10:05", "ann", path="/pricing", country="DE", channel="search"),
            event("01T10:06", "ann", name="signup", path="/pricing", properties={"plan": "pro"}),
            event("02T09:00", "ann", path="/", country="DE", channel="direct"),
            event("02T12:00", "bob", path="/", country="FR", channel="direct"),
            event("02T12:00", "crawler", path="/", country="US", flags=EventFlag.BOT),
            event("03T08:00", "", name="import", path=""),
            paid("02T09:10", "ann", amount=10.5, currency="EUR", type="sale"),
            paid("03T00:00", "ann", amount=-2, currency="EUR", type="refund"),
            paid("03T00:00", "bob", amount=7, currency="usd", type="renewal"),
            paid("03T00:00", "bob", amount=99, currency="EUR", type="free_trial"),
            paid("04T00:00", "", amount=1, currency="JPY"),
        ]
    )


def test_all_metrics_of_a_small_website(site: LoadedSite) -> None:
    fill(site)
    rates = RateTable.of([Rate("2024-01-01", "USD", "EUR", Decimal("0.9"))])
    answer = site.ask(SiteQuery(march(site), ALL, (SIGNUP,), currency="EUR", rates=rates))
    assert answer.totals.values == {
        SiteMetric.VISITORS: 2,
        SiteMetric.VISITS: 3,
        SiteMetric.PAGE_VIEWS: 4,
        SiteMetric.EVENTS: 11,
        SiteMetric.VIEWS_PER_VISIT: Decimal("1.333333333333333333333333333"),
        SiteMetric.BOUNCE_RATE: Decimal("0.6666666666666666666666666667"),
        SiteMetric.VISIT_DURATION: Decimal(120),
        SiteMetric.CONVERSIONS: 1,
        SiteMetric.CONVERSION_RATE: Decimal("0.5"),
        SiteMetric.REVENUE: Decimal("14.8"),
        SiteMetric.REVENUE_PER_VISITOR: Decimal("7.4"),
        SiteMetric.ORDERS: 3,
    }
    money = answer.totals.revenue
    assert money is not None
    assert money.by_currency == (Money("EUR", Decimal("8.5")), Money("JPY", Decimal(1)), Money("USD", Decimal(7)))
    assert money.unconverted == (Money("JPY", Decimal(1)),)
    assert money.rates == rates.rates


def test_a_breakdown_credits_money_and_conversions_to_the_last_visit(site: LoadedSite) -> None:
    fill(site)
    metrics = (SiteMetric.VISITORS, SiteMetric.CONVERSIONS, SiteMetric.REVENUE, SiteMetric.ORDERS)
    query = SiteQuery(march(site), metrics, (SIGNUP,), breakdowns=(Breakdown(Dimension.CHANNEL),), currency="EUR")
    (channels,) = site.ask(query).breakdowns
    assert channels.total == 3
    assert [(row.value, *row.values.values()) for row in channels.rows] == [
        ("direct", 2, 0, Decimal("8.5"), 2),
        ("search", 1, 1, Decimal(0), 0),
        ("", 0, 0, Decimal(0), 1),
    ]


def test_a_breakdown_by_page_counts_events_on_the_page(site: LoadedSite) -> None:
    fill(site)
    metrics = (SiteMetric.VISITORS, SiteMetric.VISITS, SiteMetric.PAGE_VIEWS, SiteMetric.EVENTS, SiteMetric.CONVERSIONS)
    query = SiteQuery(march(site), metrics, (SIGNUP,), breakdowns=(Breakdown(Dimension.PAGE, limit=2),))
    (pages,) = site.ask(query).breakdowns
    assert pages.total == 3
    assert [(row.value, *row.values.values()) for row in pages.rows] == [("/", 2, 3, 3, 3, 0), ("/pricing", 1, 1, 1, 2, 1)]


@pytest.mark.parametrize(
    "key", [Dimension.CHANNEL, Dimension.ENTRY_PAGE, Dimension.PAGE, Dimension.EVENT_NAME, PropertyKey("plan")]
)
def test_a_row_is_what_a_filter_of_its_value_leaves(site: LoadedSite, key: Dimension | PropertyKey) -> None:
    fill(site)
    query = SiteQuery(march(site), ALL, (SIGNUP,), currency="EUR", breakdowns=(Breakdown(key),))
    rows = site.ask(query).breakdowns[0].rows
    assert rows
    for row in rows:
        kept = march(site, filters=(SiteFilter(key, Operator.IS, (row.value,)),))
        assert site.ask(msgspec.structs.replace(query, selection=kept, breakdowns=())).totals.values == row.values


def test_a_series_has_its_empty_buckets_and_the_compared_range_its_own(site: LoadedSite) -> None:
    fill(site)
    selection = SiteSelection(site.project_id, SITE, ms("2024-03-02T00:00Z"), ms("2024-03-05T00:00Z"))
    compared = (ms("2024-02-29T00:00Z"), ms("2024-03-02T00:00Z"))
    answer = site.ask(SiteQuery(selection, (SiteMetric.VISITORS, SiteMetric.EVENTS), window=Window.DAY, compare=compared))
    assert [tuple(point.values.values()) for point in answer.totals.points] == [(2, 3), (0, 4), (0, 1)]
    assert answer.compared is not None
    assert [point.start_ms for point in answer.compared.points] == [ms("2024-02-29T00:00Z"), ms("2024-03-01T00:00Z")]
    assert [tuple(point.values.values()) for point in answer.compared.points] == [(0, 0), (1, 3)]


def test_what_is_undefined_is_none(site: LoadedSite) -> None:
    values = site.ask(SiteQuery(march(site), ALL)).totals.values
    undefined = {metric for metric, value in values.items() if value is None}
    assert undefined == {
        SiteMetric.VIEWS_PER_VISIT,
        SiteMetric.BOUNCE_RATE,
        SiteMetric.VISIT_DURATION,
        SiteMetric.CONVERSION_RATE,
        SiteMetric.REVENUE_PER_VISITOR,
    }
    assert all(value == 0 for value in values.values() if value is not None)


def test_bots_count_only_when_asked_for(site: LoadedSite) -> None:
    fill(site)
    counted = {
        bots: site.ask(SiteQuery(march(site, bots=bots), (SiteMetric.VISITORS, SiteMetric.EVENTS))).totals.values for bots in Bots
    }
    assert {bots: tuple(values.values()) for bots, values in counted.items()} == {
        Bots.EXCLUDE: (2, 11),
        Bots.INCLUDE: (3, 12),
        Bots.ONLY: (1, 1),
    }


def test_a_property_with_a_hostile_name_is_only_a_name(site: LoadedSite) -> None:
    name = 'a\'] OR 1=1 -- {p0:String} \\ "%s"'
    site.put([event("01T10:00", "ann", properties={name: "it's {p0}"}), event("01T10:00", "bob")])
    kept = (SiteFilter(PropertyKey(name), Operator.IS, ("it's {p0}",)),)
    query = SiteQuery(march(site, filters=kept), (SiteMetric.VISITORS,), breakdowns=(Breakdown(PropertyKey(name)),))
    answer = site.ask(query)
    assert answer.totals.values == {SiteMetric.VISITORS: 1}
    assert answer.breakdowns[0].rows == (BreakdownRow("it's {p0}", {SiteMetric.VISITORS: 1}),)


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?<=a)b", "\\", "[z-a]"])
@pytest.mark.parametrize("key", [Dimension.PAGE, Dimension.COUNTRY])
def test_what_is_no_pattern_is_refused(site: LoadedSite, pattern: str, key: Dimension) -> None:
    fill(site)
    kept = (SiteFilter(key, Operator.MATCHES, (pattern,)),)
    with pytest.raises(Refusal) as refused:
        site.ask(SiteQuery(march(site, filters=kept), ALL, (SIGNUP,)))
    assert refused.value.reason is Reason.INVALID_PARAMETER


def test_a_range_that_ends_before_it_starts_is_refused(site: LoadedSite) -> None:
    for query in (
        SiteQuery(SiteSelection(site.project_id, SITE, 1, 0), ALL),
        SiteQuery(SiteSelection(site.project_id, SITE, 0, 1), ALL, compare=(1, 0)),
    ):
        with pytest.raises(Refusal) as refused:
            site.ask(query)
        assert refused.value.reason is Reason.RANGE_REVERSED


def test_corrected_and_voided_payments_count_as_they_are_now(site: LoadedSite) -> None:
    first, second = {"event_id": "order-1"}, {"event_id": "order-2"}
    site.put(
        [
            event("02T08:55", "ann", channel="search"),
            paid("02T09:00", "ann", amount=10, currency="EUR", type="sale") | first,
            paid("03T09:00", "ann", amount=5, currency="EUR", type="sale") | second,
        ]
    )
    site.put(
        [
            paid("02T09:00", "ann", amount=12, currency="EUR", type="sale") | first,
            paid("03T09:00", "ann", flags=VOIDED) | second,
        ]
    )
    metrics = (SiteMetric.REVENUE, SiteMetric.ORDERS, SiteMetric.EVENTS)
    answer = site.ask(
        SiteQuery(march(site), metrics, currency="EUR", breakdowns=(Breakdown(Dimension.CHANNEL, metrics=metrics),))
    )
    assert answer.totals.values == {SiteMetric.REVENUE: Decimal(12), SiteMetric.ORDERS: 1, SiteMetric.EVENTS: 2}
    (row,) = answer.breakdowns[0].rows
    assert (row.value, *row.values.values()) == ("search", Decimal(12), 1, 1)


def test_visits_over_the_edges_of_a_range_count_their_events_within_it(site: LoadedSite) -> None:
    site.put([event(f"01T{at}", "ann", path="/early", channel="search") for at in ("09:50", "10:00", "10:10")])
    site.put([event(f"01T{at}", "bob", path="/late", channel="direct") for at in ("10:50", "11:00")])
    selection = SiteSelection(site.project_id, SITE, ms("2024-03-01T10:00Z"), ms("2024-03-01T11:00Z"))
    metrics = (SiteMetric.VISITORS, SiteMetric.VISITS, SiteMetric.PAGE_VIEWS, SiteMetric.VISIT_DURATION)
    breakdowns = (Breakdown(Dimension.CHANNEL), Breakdown(Dimension.PAGE), Breakdown(Dimension.PAGE, metrics=metrics[:1]))
    answer = site.ask(SiteQuery(selection, metrics, breakdowns=breakdowns))
    assert tuple(answer.totals.values.values()) == (1, 1, 3, 600)
    by_channel, by_page, visitors_by_page = ([(row.value, *row.values.values()) for row in one.rows] for one in answer.breakdowns)
    assert by_channel == [("direct", 1, 1, 1, 600), ("search", 0, 0, 2, None)]
    assert by_page == [("/late", 1, 1, 1, 600), ("/early", 0, 0, 2, None)]
    assert visitors_by_page == [("/late", 1), ("/early", 0)]


def test_a_conversion_without_a_visitor_is_nobodys(site: LoadedSite) -> None:
    site.put([event("01T10:00", "ann"), event("01T10:00", "", name="signup"), event("01T11:00", "", name="signup")])
    answer = site.ask(SiteQuery(march(site), (SiteMetric.CONVERSIONS, SiteMetric.CONVERSION_RATE), (SIGNUP,)))
    assert answer.totals.values == {SiteMetric.CONVERSIONS: 2, SiteMetric.CONVERSION_RATE: 0}
