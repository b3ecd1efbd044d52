"""Words of the command line that become values: dates, durations, lists of scopes."""

import re
from datetime import UTC, datetime, timedelta

import click

_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d{1,6})([smhd])")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Expiry(click.ParamType[int]):
    """A date or a time in ISO 8601, as milliseconds since 1970. A date lasts until its end, in UTC; so a time without zone."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
            if _DAY.fullmatch(str(value)):
                moment += timedelta(days=1)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a date such as 2027-12-31 or 2027-12-31T18:00:00Z.", param, ctx)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)


class Moment(click.ParamType[int]):
    """A date or a time in ISO 8601, as milliseconds since 1970. A date is its beginning, in UTC; so a time without zone."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2027-12-31 or 2027-12-31T18:00:00Z.", param, ctx)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


class Duration(click.ParamType[int]):
    """A number and a unit, as milliseconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if value == "0":
            return 0
        match = _DURATION.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration such as 30m, 24h or 7d.", param, ctx)
        return int(match[1]) * _UNIT_MS[match[2]]


def split_commas(values: tuple[str, ...]) -> tuple[str, ...]:
    """The items of an option that takes a comma-separated list and may be repeated."""
    return tuple(item.strip() for value in values for item in value.split(",") if item.strip())


def moment_text(time_ms: int | None) -> str:
    """A time as the lists show it; "" for None."""
    return "" if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
