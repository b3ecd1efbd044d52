"""Which period usage is held against a limit in: the one that a moment lies in, in the customer's time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from streamgauge.kernel import calendar
from streamgauge.kernel.measuring import BEGINNING_OF_TIME_MS
from streamgauge.kernel.metering import LimitPeriod
from streamgauge.kernel.query import CalendarRule, Weekday, Window

END_OF_TIME_MS = 10_413_791_999_999
"""2299: no event can be stored that happens later."""

_WINDOWS = {
    LimitPeriod.HOUR: Window.HOUR,
    LimitPeriod.DAY: Window.DAY,
    LimitPeriod.WEEK: Window.WEEK,
    LimitPeriod.MONTH: Window.MONTH,
}
_DAY_MS = 86_400_000
_LONGEST_MS = {LimitPeriod.HOUR: 3 * 3_600_000, LimitPeriod.DAY: 3 * _DAY_MS, LimitPeriod.WEEK: 9 * _DAY_MS}
_LONGEST_MONTH_MS = 64 * _DAY_MS
_EDGES = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def limit_period(period: LimitPeriod, now_ms: int, timezone: str, anchor_ms: int | None = None) -> tuple[int, int]:
    """Start and end of the period of which `now_ms` is a part. Weeks start on Sunday, months on the anchor's day of the month.

    A LIFETIME is from the first to the last moment that an event can have.
    """
    if period is LimitPeriod.LIFETIME:
        return BEGINNING_OF_TIME_MS, END_OF_TIME_MS
    day = 1
    if anchor_ms is not None:
        day = (_EPOCH + timedelta(milliseconds=anchor_ms)).astimezone(ZoneInfo(timezone)).day
    rule = CalendarRule(timezone=timezone, week_starts_on=Weekday.SUNDAY, month_anchor_day=day)
    ahead_ms = now_ms + _LONGEST_MS.get(period, _LONGEST_MONTH_MS)
    start_ms, end_ms, *_ = calendar.edges(now_ms, ahead_ms, _WINDOWS[period], rule, _EDGES)
    return start_ms, end_ms
