"""Every number of a website, recomputed by DuckDB from the raw events: random visits in random batches, late events, changes of
clocks, refunds, several currencies, bots, filters, breakdowns. They must agree exactly."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.analytics import (
    Bots,
    Breakdown,
    Dimension,
    SiteFilter,
    SiteKey,
    SiteMetric,
    SiteQuery,
    SiteSelection,
    SiteTotals,
)
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.money import Rate, RateTable
from streamgauge.kernel.query import CalendarRule, PropertyKey, Window
from streamgauge.kernel.website import VISIT_GAP_MS, Condition, ConversionEvent, Operator, PageMatch
from tests.loader.house import House
from tests.query.ledger import ms
from tests.query.site.loaded_site import LoadedSite
from tests.query.site.site_judge import SiteJudge
from tests.query.site.site_ledger import SITE

# Shrinking a history takes minutes; a failure prints its query and events as they are.
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)

HOSTILE = 'it\'s {p0:String} \\ "q" [1] %s'
ALL = tuple(SiteMetric)
PATHS = ("/", "/a", "/a/b", "/ü", "/it's", "")
NAMES = ("page_view", "page_view", "page_view", "signup", "click")
# Days on which clocks change in Berlin and New York, and one on which none does.
DAYS = [ms("2024-03-31T00:00Z"), ms("2024-10-27T00:00Z"), ms("2024-03-10T00:00Z"), ms("2024-06-15T00:00Z")]
# Gaps around the end of a visit, to the millisecond.
STEPS = st.sampled_from((0, 1, 60_000, VISIT_GAP_MS - 1, VISIT_GAP_MS, VISIT_GAP_MS + 1, 5 * 3_600_000))
TEXTS = st.sampled_from(("", "a", "A", "b/c", "ü\n", "it's", "a.b", "(x"))
RATES = RateTable.of(
    [
        Rate("2024-01-01", "USD", "EUR", Decimal("0.9")),
        Rate("2024-03-31", "USD", "EUR", Decimal("0.912345678")),
        Rate("2024-04-01", "GBP", "EUR", Decimal("1.1")),
        Rate("2024-01-01", "EUR", "USD", Decimal("1.1")),
    ]
)


@st.composite
def steps_of(draw: st.DrawFn, day: int) -> list[dict[str, Any]]:
    """What one visitor does, or what happens without one."""
    visitor = draw(st.sampled_from(("ann", "bob", "cid", "")))
    flags = draw(st.sampled_from((0, 0, 0, EventFlag.BOT)))
    at = day + draw(st.integers(-30 * 3_600_000, 40 * 3_600_000))
    found = []
    for step in draw(st.lists(STEPS, min_size=1, max_size=8)):
        at += step
        event: dict[str, Any] = {
            "timestamp": at,
            "visitor_id": visitor,
            "name": draw(st.sampled_from(NAMES)),
            "path": draw(st.sampled_from(PATHS)),
            "country": draw(st.sampled_from(("", "DE", "IN"))),
            "channel": draw(TEXTS),
            "flags": flags,
        }
        if draw(st.booleans()):
            event["properties"] = {draw(st.sampled_from(("plan", HOSTILE))): draw(st.one_of(TEXTS, st.integers(-2, 2)))}
        found.append(event)
    return found


@st.composite
def payments_of(draw: st.DrawFn, day: int) -> dict[str, Any]:
    properties: dict[str, Any] = {"amount": draw(st.sampled_from((10, 0.1, 19.99, 0, -3.5, -0.000000001, 10**12)))}
    if kind := draw(st.sampled_from(("", "sale", "refund", "renewal", "free_trial"))):
        properties["type"] = kind
    if currency := draw(st.sampled_from(("", "EUR", "usd", "GBP", "JPY"))):
        properties["currency"] = currency
    return {
        "timestamp": day + draw(st.integers(-2 * 86_400_000, 35 * 86_400_000)),
        "visitor_id": draw(st.sampled_from(("ann", "bob", "cid", ""))),
        "name": draw(st.sampled_from(("revenue", "signup"))),
        "path": "",
        "flags": draw(st.sampled_from((EventFlag.REVENUE, EventFlag.REVENUE, EventFlag.REVENUE | EventFlag.VOID))),
        "properties": properties,
        "event_id": draw(st.sampled_from(("order-1", "order-2", "order-3", "order-4"))),
    }


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[dict[str, Any]]], int]:
    """Batches of events in any order of time, and the day around which they lie."""
    day = draw(st.sampled_from(DAYS))
    events = [event for steps in draw(st.lists(steps_of(day), min_size=1, max_size=5)) for event in steps]
    events += draw(st.lists(payments_of(day), max_size=4))
    events = draw(st.permutations(events))
    cut = draw(st.integers(0, len(events)))
    return [batch for batch in (events[:cut], events[cut:]) if batch], day


def operators(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Operator, tuple[str, ...]]]:
    plain = st.tuples(st.sampled_from((Operator.IS, Operator.IS_NOT, Operator.CONTAINS)), st.lists(values, max_size=2).map(tuple))
    patterns = st.sampled_from(("^a", "b$", "^/a?$", ".", "^$", "(?i)A", "ü.", r"a\.b", "[^a]"))
    return st.one_of(plain, st.tuples(st.just(Operator.MATCHES), st.lists(patterns, min_size=1, max_size=2).map(tuple)))


KEYS: tuple[SiteKey, ...] = (
    Dimension.PAGE,
    Dimension.EVENT_NAME,
    Dimension.ENTRY_PAGE,
    Dimension.EXIT_PAGE,
    Dimension.COUNTRY,
    Dimension.CHANNEL,
    PropertyKey("plan"),
    PropertyKey(HOSTILE),
)
CONDITIONS = operators(TEXTS).map(lambda chosen: Condition("plan", *chosen))
CONVERSIONS = st.builds(
    lambda name, conditions, page: ConversionEvent("c", SITE, "c", "page_view" if page else name, tuple(conditions), page),
    st.sampled_from(("signup", "page_view")),
    st.lists(CONDITIONS, max_size=1),
    st.one_of(st.none(), operators(st.sampled_from(PATHS)).map(lambda chosen: PageMatch(*chosen))),
)


@st.composite
def filters(draw: st.DrawFn) -> SiteFilter:
    key = draw(st.sampled_from(KEYS))
    values = st.sampled_from(PATHS) if "page" in str(key) else st.sampled_from(("page_view", "DE", "a", "", "1"))
    return SiteFilter(key, *draw(operators(values)))


@st.composite
def queries(draw: st.DrawFn, day: int) -> SiteQuery:
    start = day + draw(st.sampled_from((-86_400_000, -3_600_000, 0, 43_200_000)))
    length = draw(st.sampled_from((0, 3_600_001, 86_400_000, 3 * 86_400_000, 30 * 86_400_000)))
    window = draw(st.sampled_from((None, Window.DAY, Window.WEEK, Window.MONTH, Window.HOUR)))
    if window is Window.HOUR:
        length = min(length, 5 * 3_600_000)
    table = st.builds(
        Breakdown,
        st.sampled_from(KEYS),
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from(ALL),
        st.one_of(st.just(()), st.just((SiteMetric.VISITORS,)), st.lists(st.sampled_from(ALL), max_size=4).map(tuple)),
    )
    return SiteQuery(
        SiteSelection("", SITE, start, start + length, tuple(draw(st.lists(filters(), max_size=2))), draw(st.sampled_from(Bots))),
        ALL,
        tuple(draw(st.lists(CONVERSIONS, max_size=2))),
        window,
        CalendarRule(draw(st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")))),
        tuple(draw(st.lists(table, min_size=1, max_size=3))),
        draw(st.one_of(st.none(), st.just((start - length, start)))),
        draw(st.sampled_from(("EUR", "USD"))),
        RATES,
    )


def check_totals(judge: SiteJudge, query: SiteQuery, ours: SiteTotals, start: int, end: int) -> None:
    assert ours.values == judge.totals(query, start, end)
    if query.window is None:
        assert ours.points == ()
        return
    edges = judge.edges(query, start, end) if end > start else []
    assert [point.start_ms for point in ours.points] == edges
    for point, (begins, ends) in zip(ours.points, pairwise((*edges, end)), strict=True):
        assert point.values == judge.totals(query, max(begins, start), ends)


def check_tables(judge: SiteJudge, query: SiteQuery, answers: Any) -> None:
    for breakdown, answer in zip(query.breakdowns, answers, strict=True):
        metrics = breakdown.metrics or query.metrics
        theirs = judge.table(query, breakdown)
        assert answer.total == len(theirs)
        page = theirs[breakdown.offset : breakdown.offset + breakdown.limit]
        assert [row.value for row in answer.rows] == [value for value, _ in page]
        assert [row.values for row in answer.rows] == [{metric: values[metric] for metric in metrics} for _, values in page]


@settings(
    max_examples=12,
    deadline=None,
    phases=WITHOUT_SHRINKING,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), history=histories())
def test_every_number_agrees(house: House, data: st.DataObject, history: tuple[list[list[dict[str, Any]]], int]) -> None:
    batches, day = history
    ours, stranger = LoadedSite(house), LoadedSite(house)
    for batch in batches:
        ours.put(batch)
        ours.put([{**event, "website_id": "other-site"} for event in batch[::2]])
        stranger.put(batch[::3])
    judge = SiteJudge(ours.events)
    for _ in range(2):
        query = data.draw(queries(day))
        selection = query.selection
        asked = SiteQuery(
            **{**{name: getattr(query, name) for name in query.__struct_fields__}, "selection": _of(ours, selection)}
        )
        answer = ours.ask(asked)
        check_totals(judge, query, answer.totals, selection.start_ms, selection.end_ms)
        if query.compare is not None:
            assert answer.compared is not None
            check_totals(judge, query, answer.compared, *query.compare)
        check_tables(judge, query, answer.breakdowns)


def _of(ledger: LoadedSite, selection: SiteSelection) -> SiteSelection:
    return SiteSelection(
        ledger.project_id, selection.website_id, selection.start_ms, selection.end_ms, selection.filters, selection.bots
    )
