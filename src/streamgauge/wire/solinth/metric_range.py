"""The range of a question to the Solinth door, and the range to compare it with.

- A date alone is a whole day of the zone, the day of `to` included. A full time is a time; `to` itself is then excluded. A time
  without an offset is meant in the zone.
- Without to the range ends now; without from it starts with the day 30 days before the day of its end.
- previous_period: equally long and ending where the range begins; of whole days when the range is of whole days.
- previous_year: the same dates and times of the local clock, a year earlier; 28 February for the 29th.
- FROM..TO: bounds as from and to.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from streamgauge.kernel.calendar import day_start_ms, local_date
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.parameters import shown
from streamgauge.wire.timestamps import parse_date, parse_iso8601

DEFAULT_DAYS = 30
COMPARISONS = ("previous_period", "previous_year")

Range = tuple[int, int]
"""Start and end in milliseconds, the end excluded."""


def parse_range(values: Mapping[str, str], timezone: str, now_ms: int) -> Range:
    """The range of `from` and `to`. Raises Refusal: invalid_timestamp, timestamp_out_of_range, range_reversed."""
    start, end = values.get("from"), values.get("to")
    last_day = _day(end, "to") if end else None
    if last_day is not None:
        end_ms = day_start_ms(last_day + timedelta(days=1), timezone)
    elif end:
        end_ms = _instant(end, "to", timezone)
    else:
        end_ms = now_ms + 1  # What arrived in this very millisecond is in.
    if start:
        start_ms = _start(start, "from", timezone)
    else:
        before = last_day or local_date(end_ms, timezone)
        start_ms = day_start_ms(before - timedelta(days=DEFAULT_DAYS), timezone)
    _check_order(start_ms, end_ms, last_day, "from")
    return start_ms, end_ms


def parse_comparison(text: str, range_: Range, timezone: str) -> Range:
    """The range that `compare` means. Raises as parse_range, and invalid_parameter."""
    if text == "previous_period":
        return _previous_period(range_, timezone)
    if text == "previous_year":
        return _year_before(range_[0], timezone), _year_before(range_[1], timezone)
    start, dots, end = text.partition("..")
    if not (start and dots and end):
        expected = "previous_period, previous_year or FROM..TO such as 2024-01-01..2024-01-31"
        message = f"Parameter compare must be {expected}; it is {shown(text)}"
        raise Refusal(Reason.INVALID_PARAMETER, message, field="compare", expected=expected)
    last_day = _day(end, "compare")
    end_ms = _instant(end, "compare", timezone) if last_day is None else day_start_ms(last_day + timedelta(days=1), timezone)
    start_ms = _start(start, "compare", timezone)
    _check_order(start_ms, end_ms, last_day, "compare")
    return start_ms, end_ms


def _previous_period(range_: Range, timezone: str) -> Range:
    start_ms, end_ms = range_
    first, after = local_date(start_ms, timezone), local_date(end_ms, timezone)
    if day_start_ms(first, timezone) == start_ms and day_start_ms(after, timezone) == end_ms:
        return day_start_ms(first - (after - first), timezone), start_ms
    return start_ms - (end_ms - start_ms), start_ms


def _year_before(instant_ms: int, timezone: str) -> int:
    day = local_date(instant_ms, timezone)
    earlier = day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
    if day_start_ms(day, timezone) == instant_ms:
        return day_start_ms(earlier, timezone)
    zone = ZoneInfo(timezone)
    clock = datetime.fromtimestamp(instant_ms // 1000, zone).timetz()
    return round(datetime.combine(earlier, clock, zone).timestamp()) * 1000 + instant_ms % 1000


def _start(text: str, name: str, timezone: str) -> int:
    day = _day(text, name)
    return _instant(text, name, timezone) if day is None else day_start_ms(day, timezone)


def _check_order(start_ms: int, end_ms: int, last_day: date | None, name: str) -> None:
    # An empty range of times is a fair question with the answer 0; a day is never empty.
    if start_ms > end_ms or (last_day is not None and start_ms == end_ms):
        ends = "from must not be after to" if name == "from" else f"{name} must not end before it starts"
        raise Refusal(Reason.RANGE_REVERSED, f"Parameter {ends}", field=name, expected="a time before the end")


def _day(text: str, name: str) -> date | None:
    """The day when the text is a date alone."""
    day = parse_date(text)
    if day is not None:
        parse_iso8601(text, name)  # Refuses what lies outside the years that can be asked for.
    return day


def _instant(text: str, name: str, timezone: str) -> int:
    try:
        return parse_iso8601(text, name, ZoneInfo(timezone))
    except Refusal as refusal:
        if refusal.reason is not Reason.INVALID_TIMESTAMP or " " not in text:
            raise
        # A plus sign that was not percent-encoded arrives as a space: the most common slip with offsets.
        message = f"{refusal.message}; in a query string write the + of an offset as %2B"
        raise Refusal(refusal.reason, message, field=name, expected=refusal.expected) from refusal
