"""Where days, weeks, months and shorter buckets begin, in any time zone.

Promise: the buckets of a range follow one another without gap or overlap, and each starts at the first instant at which the
local clock reaches the bucket's wall time. From this follow the rules for the odd days:

- A day of 23 or 25 hours is one bucket; so is the 3-hour bucket that a change of the clock makes 2 or 4 hours long.
- Where the clock jumps over a start (midnight in Sao Paulo, Beirut or Cairo), the bucket starts at the jump.
- Where the clock is put back by at least the length of the bucket, the repeated buckets are buckets of their own: both hours
  from 01:00 to 02:00 in New York in November. Where it is put back by less (an hour in Lord Howe), the bucket is longer.
- A day that does not exist (30 December 2011 in Apia) has no bucket.

Limits: years 2 to 9998. Two changes of a clock that cancel each other within 24 hours would be missed; no zone has such.
All instants are milliseconds since 1970, UTC.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from streamgauge.kernel.query import CalendarRule, Weekday, Window
from streamgauge.kernel.refusal import Reason, Refusal

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

_FIXED_MS = {
    Window.MINUTE: _MINUTE,
    Window.MINUTES_15: 15 * _MINUTE,
    Window.MINUTES_30: 30 * _MINUTE,
    Window.HOUR: _HOUR,
    Window.HOURS_3: 3 * _HOUR,
    Window.HOURS_6: 6 * _HOUR,
    Window.HOURS_12: 12 * _HOUR,
    Window.DAY: _DAY,
    Window.WEEK: 7 * _DAY,
}
_SHORTEST_MONTH_MS = 28 * _DAY
_FIRST_WEEK_MS = {Weekday.MONDAY: 4 * _DAY, Weekday.SUNDAY: 3 * _DAY}  # 5 and 4 January 1970; the epoch is a Thursday.
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EARLIEST_MS = (date(2, 1, 1).toordinal() - _EPOCH_ORDINAL) * _DAY
_LATEST_MS = (date(9999, 1, 1).toordinal() - _EPOCH_ORDINAL) * _DAY

# Not places: a machine's own setting, the default for new machines, and the template for POSIX rules.
_NOT_ZONES = frozenset({"localtime", "Factory", "posixrules"})
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal"})


class _Stretch(NamedTuple):
    """From start_ms to end_ms the local clock is offset_ms ahead of UTC."""

    start_ms: int
    end_ms: int
    offset_ms: int


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones()) - _NOT_ZONES


def check_timezone(name: str) -> str:
    """The name itself when it is a zone of the IANA database; else Refusal INVALID_PARAMETER."""
    if name not in _zone_names():
        raise Refusal(
            Reason.INVALID_PARAMETER,
            f"Unknown timezone: {name[:100]!r}; an IANA name is expected, such as Europe/Berlin",
            field="timezone",
            expected="IANA time zone name",
        )
    return name


def edges(start_ms: int, end_ms: int, window: Window, rule: CalendarRule, limit: int) -> list[int]:
    """The starts of all buckets that overlap [start_ms, end_ms), ascending; the first is at or before start_ms.

    Raises Refusal TOO_MANY_BUCKETS for more than `limit`, INVALID_PARAMETER for an unknown zone, a month that would start on
    a day outside 1 to 31, or a time outside the years 2 to 9998.
    """
    zone = _zone(rule.timezone)
    if end_ms <= start_ms:
        return []
    _check_years(start_ms, end_ms)
    # Only a clock put back by less than the bucket makes buckets longer, so this estimate may refuse no range that fits:
    # it allows for a day of buckets that the clock jumped over.
    if (end_ms - start_ms - _DAY) // length_ms(window) > limit:
        raise _too_many(limit)
    starts = (
        _month_starts(start_ms, end_ms, rule, zone)
        if window is Window.MONTH
        else _fixed_starts(start_ms, end_ms, window, rule, zone)
    )
    starts = starts[bisect_right(starts, start_ms) - 1 :]
    if len(starts) > limit:
        raise _too_many(limit)
    return starts


def length_ms(window: Window) -> int:
    """The length of a bucket where no clock is changed; of the shortest month."""
    return _FIXED_MS.get(window, _SHORTEST_MONTH_MS)


def local_date(instant_ms: int, timezone: str) -> date:
    """The date that the local clock shows at the instant."""
    _check_years(instant_ms, instant_ms)
    return datetime.fromtimestamp(instant_ms // _SECOND, _zone(timezone)).date()


def day_start_ms(day: date, timezone: str) -> int:
    """The first instant at which the local clock reaches the day; that of the next day when the day does not exist there."""
    midnight_ms = (day.toordinal() - _EPOCH_ORDINAL) * _DAY
    _check_years(midnight_ms, midnight_ms)
    zone = _zone(timezone)
    if timezone in _UTC_NAMES:
        return midnight_ms
    return _first_instant(midnight_ms, zone)


def label(start_ms: int, window: Window, rule: CalendarRule) -> str:
    """A bucket by name: the date of its first day, or for windows below a day its local start with the offset from UTC."""
    _check_years(start_ms, start_ms)
    local = datetime.fromtimestamp(start_ms // _SECOND, _zone(rule.timezone))
    if _FIXED_MS.get(window, _DAY) >= _DAY:
        return local.date().isoformat()
    text = local.isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if rule.timezone in _UTC_NAMES else text


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(check_timezone(name))


def _check_years(start_ms: int, end_ms: int) -> None:
    if start_ms < _EARLIEST_MS or end_ms > _LATEST_MS:
        raise Refusal(Reason.INVALID_PARAMETER, "Time out of range: years 2 to 9998 are understood")


def _too_many(limit: int) -> Refusal:
    message = f"The range holds more than {limit} buckets: ask for a shorter range or longer buckets"
    return Refusal(Reason.TOO_MANY_BUCKETS, message)


def _fixed_starts(start_ms: int, end_ms: int, window: Window, rule: CalendarRule, zone: ZoneInfo) -> list[int]:
    """Starts of buckets of one wall-clock length, beginning somewhere before start_ms."""
    length = _FIXED_MS[window]
    phase = _FIRST_WEEK_MS[rule.week_starts_on] if window is Window.WEEK else 0
    if rule.timezone in _UTC_NAMES:
        return list(range(start_ms - (start_ms - phase) % length, end_ms, length))
    # Far enough ahead that the bucket in which the range starts has begun, even if the clock was put back by a day in it.
    lead_ms = start_ms - length - 3 * _DAY
    starts: list[int] = []
    next_wall, before = None, None
    for stretch in _stretches(lead_ms, end_ms, zone):
        wall = stretch.start_ms + stretch.offset_ms
        put_back_ms = before - stretch.offset_ms if before is not None else 0
        if next_wall is None:
            next_wall = wall + (phase - wall) % length
        elif next_wall <= wall or put_back_ms >= length:
            starts.append(stretch.start_ms)
            next_wall = wall + length - (wall - phase) % length
        run = range(next_wall - stretch.offset_ms, stretch.end_ms, length)
        starts.extend(run)
        next_wall += len(run) * length
        before = stretch.offset_ms
    return starts


def _stretches(start_ms: int, end_ms: int, zone: ZoneInfo) -> Iterator[_Stretch]:
    """The range cut where the offset of the zone changes."""
    at, offset, since = start_ms, _offset_ms(start_ms, zone), start_ms
    while at < end_ms:
        then = min(at + _DAY, end_ms)
        offset_then = _offset_ms(then, zone)
        if offset_then != offset:
            change = _change_ms(at, then, offset, zone)
            yield _Stretch(since, change, offset)
            since, offset = change, _offset_ms(change, zone)
            then = change
        at = then
    if since < end_ms:
        yield _Stretch(since, end_ms, offset)


def _change_ms(low_ms: int, high_ms: int, offset: int, zone: ZoneInfo) -> int:
    """The first whole second after low_ms at which the offset is no longer `offset`."""
    low, high = low_ms // _SECOND, -(-high_ms // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_ms(middle * _SECOND, zone) == offset:
            low = middle
        else:
            high = middle
    return high * _SECOND


def _offset_ms(instant_ms: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant_ms // _SECOND, zone).utcoffset()
    assert offset is not None
    return offset.days * _DAY + offset.seconds * _SECOND


def _month_starts(start_ms: int, end_ms: int, rule: CalendarRule, zone: ZoneInfo) -> list[int]:
    """Starts of months, beginning somewhere before start_ms."""
    if not 1 <= rule.month_anchor_day <= 31:
        raise Refusal(
            Reason.INVALID_PARAMETER, "A month starts on a day from 1 to 31", field="billing_anchor", expected="day from 1 to 31"
        )
    first = datetime.fromtimestamp(start_ms // _SECOND, UTC)
    month = first.year * 12 + first.month - 1 - 2
    starts: list[int] = []
    while True:
        start = _first_instant(_month_wall_ms(month, rule.month_anchor_day), zone)
        if start >= end_ms:
            return starts
        if not starts or start > starts[-1]:
            starts.append(start)
        month += 1


def _month_wall_ms(month: int, anchor_day: int) -> int:
    """Local midnight of the anchor day in the month (counted from year 0), or of the month's last day when that is earlier."""
    first = date(month // 12, month % 12 + 1, 1)
    following = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    day = min(first + timedelta(days=anchor_day - 1), following - timedelta(days=1))
    return (day.toordinal() - _EPOCH_ORDINAL) * _DAY


def _first_instant(wall_ms: int, zone: ZoneInfo) -> int:
    """The first instant at which the local clock shows wall_ms (as if it were UTC) or, having jumped over it, more."""
    wall = datetime.fromtimestamp(wall_ms // _SECOND, UTC).replace(tzinfo=zone)
    early, late = (wall.replace(fold=fold).utcoffset() for fold in (0, 1))
    assert early is not None
    assert late is not None
    instant = wall_ms - early // timedelta(milliseconds=1)
    if late <= early:  # Either the clock shows it once, or twice and fold 0 is the first time.
        return instant
    before_jump = wall_ms - late // timedelta(milliseconds=1)
    return _change_ms(before_jump, instant, _offset_ms(before_jump, zone), zone)
