"""Buckets, judged by tables of odd days and by a slow definition that looks at every quarter of an hour."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamgauge.kernel import calendar
from streamgauge.kernel.query import CalendarRule, Weekday, Window
from streamgauge.kernel.refusal import Reason, Refusal

_QUARTER_MS = 15 * 60 * 1000
_DAY_MS = 24 * 60 * 60 * 1000
ZONES = [
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kwajalein",
    "Pacific/Kiritimati",
    "Antarctica/Troll",
    "America/Caracas",
    "Asia/Pyongyang",
]


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def wall(instant_ms: int, zone: ZoneInfo) -> datetime:
    """What the local clock shows."""
    return datetime.fromtimestamp(instant_ms // 1000, zone).replace(tzinfo=None)


def labels(start: str, end: str, window: Window, rule: CalendarRule) -> list[str]:
    return [calendar.label(edge, window, rule) for edge in calendar.edges(ms(start), ms(end), window, rule, 1000)]


@pytest.mark.parametrize(
    ("zone", "start", "end", "window", "expected"),
    [
        pytest.param(
            "America/New_York",
            "2024-11-03T00:30-04:00",
            "2024-11-03T02:30-05:00",
            Window.HOUR,
            ["2024-11-03T00:00:00-04:00", "2024-11-03T01:00:00-04:00", "2024-11-03T01:00:00-05:00", "2024-11-03T02:00:00-05:00"],
            id="the hour that comes twice is two buckets",
        ),
        pytest.param(
            "America/New_York",
            "2024-03-10T01:30-05:00",
            "2024-03-10T04:00-04:00",
            Window.HOUR,
            ["2024-03-10T01:00:00-05:00", "2024-03-10T03:00:00-04:00"],
            id="the hour that is left out has no bucket",
        ),
        pytest.param(
            "America/New_York",
            "2024-11-03T00:00-04:00",
            "2024-11-03T07:00-05:00",
            Window.HOURS_3,
            ["2024-11-03T00:00:00-04:00", "2024-11-03T03:00:00-05:00", "2024-11-03T06:00:00-05:00"],
            id="three hours by the clock last four when one comes twice",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2024-04-07T01:00+11:00",
            "2024-04-07T04:00+10:30",
            Window.HOUR,
            ["2024-04-07T01:00:00+11:00", "2024-04-07T02:00:00+10:30", "2024-04-07T03:00:00+10:30"],
            id="an hour in which the clock is put back by half an hour lasts 90 minutes",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2024-04-07T01:00+11:00",
            "2024-04-07T02:10+10:30",
            Window.MINUTES_30,
            [
                "2024-04-07T01:00:00+11:00",
                "2024-04-07T01:30:00+11:00",
                "2024-04-07T01:30:00+10:30",
                "2024-04-07T02:00:00+10:30",
            ],
            id="the half hour that comes twice is two buckets",
        ),
        pytest.param(
            "America/Sao_Paulo",
            "2018-11-03T12:00Z",
            "2018-11-05T12:00Z",
            Window.DAY,
            ["2018-11-03", "2018-11-04", "2018-11-05"],
            id="a day without midnight starts at one",
        ),
        pytest.param(
            "Pacific/Apia",
            "2011-12-29T12:00-10:00",
            "2012-01-01T12:00+14:00",
            Window.DAY,
            ["2011-12-29", "2011-12-31", "2012-01-01"],
            id="30 December 2011 does not exist in Apia",
        ),
        pytest.param(
            "Pacific/Kwajalein",
            "1993-08-20T12:00-12:00",
            "1993-08-23T12:00+12:00",
            Window.DAY,
            ["1993-08-20", "1993-08-22", "1993-08-23"],
            id="21 August 1993 does not exist in Kwajalein",
        ),
        pytest.param(
            "Asia/Kathmandu",
            "2024-01-01T12:20Z",
            "2024-01-01T14:10Z",
            Window.HOUR,
            ["2024-01-01T18:00:00+05:45", "2024-01-01T19:00:00+05:45"],
            id="hours start at a quarter past in a zone of 45 minutes",
        ),
        pytest.param(
            "UTC", "2024-01-15T10:10Z", "2024-01-15T11:00Z", Window.HOUR, ["2024-01-15T10:00:00Z"], id="UTC hours end in Z"
        ),
        pytest.param(
            "UTC", "2024-01-03T00:00Z", "2024-01-15T00:00Z", Window.WEEK, ["2024-01-01", "2024-01-08"], id="weeks start on Monday"
        ),
        pytest.param(
            "UTC", "2024-01-15T00:00Z", "2024-03-01T00:00Z", Window.MONTH, ["2024-01-01", "2024-02-01"], id="months by the first"
        ),
        pytest.param("UTC", "2024-01-15T00:00Z", "2024-01-15T00:00Z", Window.DAY, [], id="an empty range has no buckets"),
        pytest.param("UTC", "1969-12-30T12:00Z", "1970-01-01T00:00Z", Window.DAY, ["1969-12-30", "1969-12-31"], id="before 1970"),
    ],
)
def test_buckets_of_odd_days(zone: str, start: str, end: str, window: Window, expected: list[str]) -> None:
    assert labels(start, end, window, CalendarRule(zone)) == expected


def test_weeks_may_start_on_sunday() -> None:
    rule = CalendarRule(week_starts_on=Weekday.SUNDAY)
    assert labels("2024-01-03T00:00Z", "2024-01-15T00:00Z", Window.WEEK, rule) == ["2023-12-31", "2024-01-07", "2024-01-14"]


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        (5, ["2023-12-05", "2024-01-05", "2024-02-05", "2024-03-05"]),
        (31, ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"]),
        (30, ["2023-12-30", "2024-01-30", "2024-02-29", "2024-03-30"]),
    ],
    ids=["the fifth", "the last day of each month", "the 30th, or the last of February"],
)
def test_months_start_on_the_anchor_day(anchor: int, expected: list[str]) -> None:
    rule = CalendarRule("America/New_York", month_anchor_day=anchor)
    assert labels("2024-01-01T12:00-05:00", "2024-04-01T12:00-04:00", Window.MONTH, rule)[:4] == expected


def slow_edges(start_ms: int, end_ms: int, window: Window, rule: CalendarRule) -> list[int]:
    """The definition itself, one quarter of an hour after the other: right for clocks that are changed by whole quarters.

    A bucket begins when the clock first reaches a bucket's wall time not reached before, or when it is put back by the length
    of the bucket or more.
    """
    zone = ZoneInfo(rule.timezone)
    length = {
        Window.MINUTES_15: 0.25,
        Window.MINUTES_30: 0.5,
        Window.HOUR: 1,
        Window.HOURS_3: 3,
        Window.HOURS_6: 6,
        Window.HOURS_12: 12,
    }
    starts, reached, before = [], datetime.min, None
    lead_days = {Window.WEEK: 10, Window.MONTH: 40}.get(window, 4)
    at = (start_ms - lead_days * _DAY_MS) // _QUARTER_MS * _QUARTER_MS
    while at < end_ms:
        shown = wall(at, zone)
        if (
            window in length
            and before is not None
            and (before + timedelta(minutes=15) - shown) >= timedelta(hours=length[window])
        ):
            reached = datetime.min
        begun = slow_floor(shown, window, rule)
        if begun > reached:
            starts.append(at)
            reached = begun
        at, before = at + _QUARTER_MS, shown
    first = max(place for place, edge in enumerate(starts) if edge <= start_ms)
    return starts[first:]


def slow_floor(shown: datetime, window: Window, rule: CalendarRule) -> datetime:
    """The wall time at which the bucket of a wall time starts."""
    midnight = shown.replace(hour=0, minute=0, second=0, microsecond=0)
    match window:
        case Window.MINUTES_15 | Window.MINUTES_30:
            step = int(window.value.removesuffix("MIN"))
            return shown.replace(minute=shown.minute // step * step, second=0, microsecond=0)
        case Window.HOUR | Window.HOURS_3 | Window.HOURS_6 | Window.HOURS_12:
            step = int(window.value.removesuffix("HOUR") or 1)
            return midnight.replace(hour=shown.hour // step * step)
        case Window.DAY:
            return midnight
        case Window.WEEK:
            return midnight - timedelta(
                days=midnight.isoweekday() % 7 if rule.week_starts_on is Weekday.SUNDAY else midnight.weekday()
            )
    day = midnight
    while not is_anchor(day, rule.month_anchor_day):
        day -= timedelta(days=1)
    return day


def is_anchor(day: datetime, anchor: int) -> bool:
    is_last = (day + timedelta(days=1)).day == 1
    return day.day == anchor or (is_last and day.day < anchor)


# Any time from 1980 on (before, some clocks were 20 or 40 minutes past the hour), and times around changes of the clock.
changes = [
    ms("2011-12-30T10:00Z"),
    ms("1993-08-21T12:00Z"),
    ms("2024-04-06T15:00Z"),
    ms("2024-11-03T06:00Z"),
    ms("2018-11-04T03:00Z"),
]
near_changes = st.builds(lambda change, days: change + days, st.sampled_from(changes), st.integers(-5 * _DAY_MS, 2 * _DAY_MS))
instants = st.one_of(near_changes, st.integers(ms("1980-01-01T00:00Z"), ms("2037-01-01T00:00Z")))
rules = st.builds(CalendarRule, st.sampled_from(ZONES), st.sampled_from(Weekday), st.integers(1, 31))
windows = st.sampled_from([window for window in Window if window is not Window.MINUTE])


@settings(max_examples=100, deadline=None)
@given(start_ms=instants, span_ms=st.integers(1, 12 * _DAY_MS), window=windows, rule=rules)
@example(ms("2006-10-28T12:00Z"), 3 * _DAY_MS, Window.DAY, CalendarRule("Asia/Beirut"))
@example(ms("2010-11-06T12:00Z"), 3 * _DAY_MS, Window.HOURS_12, CalendarRule("Africa/Cairo"))
def test_edges_equal_the_slow_definition(start_ms: int, span_ms: int, window: Window, rule: CalendarRule) -> None:
    # St. John's changed its clocks one minute after midnight until 2011, which quarters of an hour cannot show.
    if rule.timezone == "America/St_Johns" and start_ms < ms("2012-01-01T00:00Z"):
        start_ms += ms("2012-01-01T00:00Z") - ms("1980-01-01T00:00Z")
    assert calendar.edges(start_ms, start_ms + span_ms, window, rule, 5000) == slow_edges(
        start_ms, start_ms + span_ms, window, rule
    )


@settings(max_examples=100, deadline=None)
@given(
    start_ms=instants,
    span_ms=st.integers(1, 900 * _DAY_MS),
    window=st.sampled_from([Window.DAY, Window.WEEK, Window.MONTH]),
    rule=rules,
)
def test_buckets_of_days_start_where_their_first_day_starts(
    start_ms: int, span_ms: int, window: Window, rule: CalendarRule
) -> None:
    found = calendar.edges(start_ms, start_ms + span_ms, window, rule, 5000)
    assert found[0] <= start_ms
    assert all(earlier < later for earlier, later in pairwise(found))
    assert found[-1] < start_ms + span_ms
    for edge in found:
        assert calendar.day_start_ms(calendar.local_date(edge, rule.timezone), rule.timezone) == edge


def test_a_clock_put_back_across_midnight_starts_the_day_once() -> None:
    # At 00:01 on Sunday the clock went back to 23:01 on Saturday; Sunday began at the first midnight.
    found = calendar.edges(ms("2010-11-06T12:00Z"), ms("2010-11-08T12:00Z"), Window.DAY, CalendarRule("America/St_Johns"), 10)
    assert found[1:] == [ms("2010-11-07T00:00-02:30"), ms("2010-11-08T00:00-03:30")]


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        pytest.param(date(2024, 1, 15), "UTC", "2024-01-15T00:00Z", id="UTC"),
        pytest.param(date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04T01:00-02:00", id="the clock jumps over midnight"),
        pytest.param(date(1919, 3, 31), "America/Toronto", "1919-03-31T00:30-04:00", id="the clock jumps across midnight"),
        pytest.param(
            date(2011, 12, 30), "Pacific/Apia", "2011-12-31T00:00+14:00", id="a day that does not exist starts with the next"
        ),
        pytest.param(date(2024, 11, 3), "America/Havana", "2024-11-03T00:00-04:00", id="a midnight that comes twice: the first"),
    ],
)
def test_day_start(day: date, zone: str, expected: str) -> None:
    assert calendar.day_start_ms(day, zone) == ms(expected)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "../../etc/passwd",
        "/etc/localtime",
        "europe/berlin",
        "posix/UTC",
        "right/UTC",
        "localtime",
        "Factory",
        "A\0B",
    ],
)
def test_names_that_are_no_zone_are_refused(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        calendar.check_timezone(name)
    assert refused.value.reason is Reason.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("start", "end", "window", "zone"),
    [
        ("2024-01-01T00:00Z", "2024-03-01T00:00Z", Window.MINUTE, "UTC"),
        ("0002-01-01T00:00Z", "9998-01-01T00:00Z", Window.MINUTE, "Asia/Tokyo"),
        ("0002-01-01T00:00Z", "9998-01-01T00:00Z", Window.MONTH, "Asia/Tokyo"),
    ],
    ids=["two months of minutes", "all of history by the minute", "all of history by the month"],
)
def test_too_many_buckets_are_refused(start: str, end: str, window: Window, zone: str) -> None:
    with pytest.raises(Refusal) as refused:
        calendar.edges(ms(start), ms(end), window, CalendarRule(zone), 50_000)
    assert refused.value.reason is Reason.TOO_MANY_BUCKETS


def test_the_limit_itself_is_allowed() -> None:
    start = ms("2024-01-01T00:00Z")
    assert len(calendar.edges(start, start + 1000 * _DAY_MS, Window.DAY, CalendarRule(), 1000)) == 1000
    with pytest.raises(Refusal):
        calendar.edges(start, start + 1000 * _DAY_MS + 1, Window.DAY, CalendarRule(), 1000)


@pytest.mark.parametrize("start_ms", [-(10**15), 10**15], ids=["before year 2", "after year 9998"])
def test_times_beyond_the_calendar_are_refused(start_ms: int) -> None:
    with pytest.raises(Refusal) as refused:
        calendar.edges(start_ms, start_ms + 1, Window.DAY, CalendarRule(), 10)
    assert refused.value.reason is Reason.INVALID_PARAMETER


def test_epoch_is_a_thursday() -> None:
    assert datetime.fromtimestamp(0, UTC).strftime("%A") == "Thursday"
