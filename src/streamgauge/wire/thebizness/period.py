"""The range of a question about a website.

    period       today, yesterday, 7d, 30d (the default), 90d, month, last_month, 12mo, year, all, custom
    start_date, end_date   instead of a period, or with custom

- A date alone is a whole day of the zone, that of end_date included. A full time is a time, and end_date itself is then excluded.
- Every period but yesterday and last_month ends with today, the whole day. 7d, 30d and 90d are so many days, today included;
  month and year are this one so far; 12mo are twelve months, this one included.
- Without end_date the range ends with today; without start_date it has the 30 days that end with its last day.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streamgauge.kernel.calendar import day_start_ms, local_date
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.parameters import one_of, shown
from streamgauge.wire.timestamps import parse_date, parse_iso8601

DEFAULT_PERIOD = "30d"
CUSTOM = "custom"
ALL = "all"
_DAY = timedelta(days=1)
_DEFAULT_DAYS = 30
_FIRST_DAY = date(1970, 1, 1)


def _month_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    month = day.year * 12 + day.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)


# The first day of each period and the day after its last one, from today.
_PERIODS: Mapping[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today + _DAY),
    "yesterday": lambda today: (today - _DAY, today),
    "7d": lambda today: (today - 6 * _DAY, today + _DAY),
    "30d": lambda today: (today - 29 * _DAY, today + _DAY),
    "90d": lambda today: (today - 89 * _DAY, today + _DAY),
    "month": lambda today: (_month_before(today, 0), today + _DAY),
    "last_month": lambda today: (_month_before(today, 1), _month_before(today, 0)),
    "12mo": lambda today: (_month_before(today, 11), today + _DAY),
    "year": lambda today: (date(today.year, 1, 1), today + _DAY),
    ALL: lambda today: (_FIRST_DAY, today + _DAY),
}
PERIODS = (*_PERIODS, CUSTOM)


class Range(NamedTuple):
    """Milliseconds; the end is excluded. is_all: everything there is was asked for."""

    start_ms: int
    end_ms: int
    is_all: bool = False


def read_range(values: Mapping[str, str], timezone: str, now_ms: int) -> Range:
    """Raises Refusal: invalid_parameter, missing_parameter, invalid_timestamp, timestamp_out_of_range, range_reversed."""
    period, start, end = values.get("period"), values.get("start_date"), values.get("end_date")
    if period is not None and period not in PERIODS:
        raise _invalid("period", one_of(PERIODS), shown(period))
    if period == CUSTOM and not start:
        raise Refusal(Reason.MISSING_PARAMETER, "Parameter start_date is required", field="start_date", expected="a date or time")
    if period not in (None, CUSTOM) and (start or end):
        raise _invalid("period", "custom, or absent, when start_date or end_date is given", shown(str(period)))
    today = local_date(now_ms, timezone)
    if not (start or end):
        first, after = _PERIODS[period or DEFAULT_PERIOD](today)
        return Range(day_start_ms(first, timezone), day_start_ms(after, timezone), period == ALL)
    last_day = _day(end, "end_date") if end else today
    if last_day is not None:
        end_ms = day_start_ms(last_day + _DAY, timezone)
    else:
        end_ms = parse_iso8601(end or "", "end_date", ZoneInfo(timezone))
        last_day = local_date(end_ms - 1, timezone)
    return _ordered(Range(_start_ms(start, last_day, timezone), end_ms))


def _start_ms(start: str | None, last_day: date, timezone: str) -> int:
    if not start:
        return day_start_ms(last_day - (_DEFAULT_DAYS - 1) * _DAY, timezone)
    day = _day(start, "start_date")
    return parse_iso8601(start, "start_date", ZoneInfo(timezone)) if day is None else day_start_ms(day, timezone)


def _ordered(found: Range) -> Range:
    if found.start_ms >= found.end_ms:
        message = "Parameter start_date must not be after end_date"
        raise Refusal(Reason.RANGE_REVERSED, message, field="start_date", expected="a time before the end")
    return found


def _day(text: str, name: str) -> date | None:
    """The day when the text is a date alone."""
    day = parse_date(text)
    if day is not None:
        parse_iso8601(text, name)  # Refuses what lies outside the years that can be asked for.
    return day


def _invalid(field: str, expected: str, given: str) -> Refusal:
    message = f"Parameter {field} must be {expected}; it is {given}"
    return Refusal(Reason.INVALID_PARAMETER, message, field=field, expected=expected)
