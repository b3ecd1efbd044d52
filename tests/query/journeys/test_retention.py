"""Cohorts small enough to follow by eye."""

from typing import Any

import pytest

from streamgauge.kernel.analytics import Bots, Dimension, RetentionQuery, SiteFilter
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import CalendarRule, PropertyKey, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Operator
from tests.query.journeys.asking import goal, happened, march, retention
from tests.query.ledger import ms
from tests.query.site.site_ledger import SITE, SiteLedger

Table = dict[str, tuple[int, tuple[int, ...]]]


def table(site: SiteLedger, start: str, end: str, periods: int = 3, window: Window = Window.DAY, **rest: Any) -> Table:
    """By the day of March on which a cohort begins: its visitors, and how many of them came again. Empty cohorts are left out."""
    selected = {name: rest.pop(name) for name in ("filters", "bots") if name in rest}
    selection = march(site, **selected)
    selection = type(selection)(
        site.project_id, SITE, ms(f"2024-03-{start}Z"), ms(f"2024-03-{end}Z"), selection.filters, selection.bots
    )
    answer = retention(site, RetentionQuery(selection, window, periods, **rest))
    first = ms("2024-03-01T00:00Z")
    return {
        f"{1 + (cohort.start_ms - first) / 86_400_000:g}": (cohort.visitors, cohort.returned)
        for cohort in answer.cohorts
        if cohort.visitors
    }


def test_visitors_come_again_on_later_days(site: SiteLedger) -> None:
    site.put([happened(at, "ann") for at in ("01T10:00", "01T18:00", "02T10:00", "04T10:00")])
    site.put([happened(at, "bob") for at in ("01T11:00", "04T23:59")])
    site.put([happened(at, "cid") for at in ("03T00:00", "04T00:00")])
    site.put([happened("02T10:00", "")])
    assert table(site, "01T00:00", "05T00:00") == {"1": (2, (2, 1, 0, 2)), "3": (1, (1, 1))}


def test_the_first_visit_ever_decides_and_not_the_first_in_the_range(site: SiteLedger) -> None:
    site.put([happened(at, "ann") for at in ("04T23:00", "05T10:00", "06T10:00")])
    site.put([happened(at, "bob") for at in ("05T10:00", "06T10:00")])
    assert table(site, "05T00:00", "07T00:00") == {"5": (1, (1, 1))}


def test_a_late_event_moves_its_visitor_to_an_earlier_cohort(site: SiteLedger) -> None:
    site.put([happened("03T10:00", "ann")])
    assert table(site, "01T00:00", "04T00:00") == {"3": (1, (1,))}
    site.put([happened("01T10:00", "ann")])
    assert table(site, "01T00:00", "04T00:00") == {"1": (1, (1, 0, 1))}


def test_no_more_buckets_than_asked_for_nor_such_as_have_not_begun(site: SiteLedger) -> None:
    site.put([happened(f"{day:02}T10:00", "ann") for day in (1, 2, 3, 4)])
    assert table(site, "01T00:00", "05T00:00", periods=1) == {"1": (1, (1, 1))}
    assert table(site, "01T00:00", "03T00:00", periods=9) == {"1": (1, (1, 1))}
    assert table(site, "01T00:00", "05T00:00", periods=0) == {"1": (1, (1,))}


def test_days_are_those_of_the_zone(site: SiteLedger) -> None:
    site.put([happened("02T04:00", "ann"), happened("02T06:00", "ann")])
    assert table(site, "01T00:00", "03T00:00") == {"2": (1, (1,))}
    new_york = CalendarRule("America/New_York")
    # Midnight of New York is five o'clock.
    assert table(site, "01T05:00", "03T05:00", calendar=new_york) == {"1.20833": (1, (1, 1))}


def test_weeks_and_months(site: SiteLedger) -> None:
    site.put([happened(at, "ann") for at in ("04T10:00", "10T23:00", "11T00:00")])
    assert table(site, "04T00:00", "18T00:00", window=Window.WEEK) == {"4": (1, (1, 1))}
    assert table(site, "01T00:00", "31T00:00", window=Window.MONTH) == {"1": (1, (1,))}


def test_coming_again_by_an_event(site: SiteLedger) -> None:
    site.put([happened("01T10:00", "ann"), happened("02T10:00", "ann"), happened("03T10:00", "ann", "order")])
    site.put([happened("01T10:00", "bob"), happened("01T10:01", "bob", "order"), happened("03T10:00", "bob")])
    assert table(site, "01T00:00", "04T00:00", returning=goal("order")) == {"1": (2, (1, 0, 1))}


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        pytest.param({}, {"1": (2, (2, 2))}, id="no filter"),
        pytest.param(
            {"filters": (SiteFilter(Dimension.CHANNEL, Operator.IS, ("search",)),)},
            {"1": (1, (1, 1))},
            id="who first came by search, however they came again",
        ),
        pytest.param(
            {"filters": (SiteFilter(PropertyKey("plan"), Operator.IS, ("pro",)),)},
            {"1": (1, (1, 1))},
            id="whose first visit has such an event",
        ),
        pytest.param({"bots": Bots.ONLY}, {"1": (1, (1, 0))}, id="robots"),
    ],
)
@pytest.mark.parametrize("returning", [None, goal("page_view")], ids=["by a visit", "by an event"])
def test_who_is_looked_at(site: SiteLedger, selected: dict[str, Any], expected: Table, returning: Any) -> None:
    site.put([happened("01T10:00", "ann", channel="search"), happened("02T10:00", "ann", channel="direct")])
    site.put([happened("01T10:00", "bob", properties={"plan": "pro"}), happened("02T10:00", "bob")])
    site.put([happened("01T10:00", "robot", flags=EventFlag.BOT)])
    assert table(site, "01T00:00", "03T00:00", returning=returning, **selected) == expected


def test_other_websites_do_not_count(site: SiteLedger) -> None:
    site.put([happened("01T10:00", "ann", website_id="other"), happened("02T10:00", "ann")])
    assert table(site, "01T00:00", "03T00:00") == {"2": (1, (1,))}


def test_an_empty_range_has_no_cohorts(site: SiteLedger) -> None:
    assert table(site, "01T00:00", "01T00:00") == {}


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        pytest.param({"window": Window.HOUR}, Reason.INVALID_PARAMETER, "interval", id="hours"),
        pytest.param({"periods": -1}, Reason.INVALID_PARAMETER, "periods", id="periods before"),
        pytest.param({"calendar": CalendarRule("Nowhere")}, Reason.INVALID_PARAMETER, "timezone", id="no zone"),
    ],
)
def test_refused_questions(site: SiteLedger, changed: dict[str, Any], reason: Reason, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        retention(site, RetentionQuery(**{"selection": march(site), "window": Window.DAY, "periods": 3, **changed}))
    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_more_cohorts_than_can_be_answered(site: SiteLedger) -> None:
    selection = march(site)
    longer = type(selection)(site.project_id, SITE, selection.start_ms, selection.start_ms + 500 * 86_400_000)
    with pytest.raises(Refusal) as refused:
        retention(site, RetentionQuery(longer, Window.DAY, 3))
    assert refused.value.reason is Reason.TOO_MANY_BUCKETS
