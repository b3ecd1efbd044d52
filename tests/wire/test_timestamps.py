from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.timestamps import MAX_MS, MIN_MS, format_instant, parse_date, parse_iso8601, parse_rfc3339

INVALID, OUT = Reason.INVALID_TIMESTAMP, Reason.TIMESTAMP_OUT_OF_RANGE


def outcome(parse: Callable[[str], int], text: str) -> str:
    try:
        return format_instant(parse(text))
    except Refusal as refusal:
        return refusal.reason


@pytest.mark.parametrize(
    ("text", "strict", "lenient"),
    [
        pytest.param("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z", id="the usual form"),
        pytest.param("2024-01-15T10:30:00.123Z", "2024-01-15T10:30:00.123Z", "2024-01-15T10:30:00.123Z", id="milliseconds"),
        pytest.param("2024-01-15T10:30:00.5Z", "2024-01-15T10:30:00.500Z", "2024-01-15T10:30:00.500Z", id="one digit"),
        pytest.param(
            "2024-01-31T23:59:59.9999999Z",
            "2024-01-31T23:59:59.999Z",
            "2024-01-31T23:59:59.999Z",
            id="cut, not rounded into the next day",
        ),
        pytest.param("2024-03-20T15:04:05+05:30", "2024-03-20T09:34:05Z", "2024-03-20T09:34:05Z", id="E.3 5: an offset"),
        pytest.param("2024-03-20T15:04:05-00:00", "2024-03-20T15:04:05Z", "2024-03-20T15:04:05Z", id="minus zero"),
        pytest.param("2024-03-20t15:04:05z", "2024-03-20T15:04:05Z", "2024-03-20T15:04:05Z", id="lower case"),
        pytest.param("2024-03-20", INVALID, "2024-03-20T00:00:00Z", id="E.3 5: a date alone"),
        pytest.param("2024-03-20T15:04:05", INVALID, "2024-03-20T15:04:05Z", id="no offset"),
        pytest.param("2024-03-20T15:04Z", INVALID, "2024-03-20T15:04:00Z", id="no seconds"),
        pytest.param("2024-03-20 15:04:05Z", INVALID, "2024-03-20T15:04:05Z", id="a space"),
        pytest.param("2024-03-20T15:04:05,25Z", INVALID, "2024-03-20T15:04:05.250Z", id="a comma"),
        pytest.param("2024-03-20T15:04:05+0530", INVALID, "2024-03-20T09:34:05Z", id="an offset without a colon"),
        pytest.param("2024-03-20T15:04:05+05", INVALID, "2024-03-20T10:04:05Z", id="an offset of hours"),
        pytest.param("2024-03-20Z", INVALID, INVALID, id="a date with an offset"),
        pytest.param("yesterday", INVALID, INVALID, id="E.1 6: a word"),
        pytest.param("", INVALID, INVALID, id="nothing"),
        pytest.param("1705314600", INVALID, INVALID, id="seconds since 1970"),
        pytest.param("20240320T150405Z", INVALID, INVALID, id="the basic form"),
        pytest.param("2024-W12-3T15:04:05Z", INVALID, INVALID, id="a week date"),
        pytest.param("2024-02-30T00:00:00Z", INVALID, INVALID, id="a day that does not exist"),
        pytest.param("2024-03-20T24:00:00Z", INVALID, INVALID, id="hour 24"),
        pytest.param("2016-12-31T23:59:60Z", INVALID, INVALID, id="a leap second"),
        pytest.param("2024-03-20T15:04:05+24:00", INVALID, INVALID, id="an offset of a day"),
        pytest.param("2024-03-20T15:04:05+05:60", INVALID, INVALID, id="an offset of sixty minutes"),
        pytest.param("2024-03-20T15:04:05.Z", INVALID, INVALID, id="a point without digits"),
        pytest.param("2024-03-20T15:04:05Z\n", INVALID, INVALID, id="a line end"),
        pytest.param("٢٠٢٤-03-20T15:04:05Z", INVALID, INVALID, id="digits that are not ASCII"),
        pytest.param("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", id="the first instant"),
        pytest.param("1969-12-31T23:59:59.999Z", OUT, OUT, id="before the first instant"),
        pytest.param("2199-12-31T23:59:59.999Z", "2199-12-31T23:59:59.999Z", "2199-12-31T23:59:59.999Z", id="the last instant"),
        pytest.param("2200-01-01T00:00:00Z", OUT, OUT, id="after the last instant"),
        pytest.param("0001-01-01T00:00:00+05:30", OUT, OUT, id="before the first year in UTC"),
        pytest.param("0000-01-01T00:00:00Z", INVALID, INVALID, id="year zero"),
    ],
)
def test_a_text_means_an_instant_or_is_refused(text: str, strict: str, lenient: str) -> None:
    assert outcome(parse_rfc3339, text) == strict
    assert outcome(parse_iso8601, text) == lenient
    # A second reading may come from the memo of minutes; it must say the same.
    assert outcome(parse_rfc3339, text) == strict


def test_the_lenient_reader_never_loosens_the_strict_one() -> None:
    parse_iso8601("2031-05-06T07:08:00Z")
    parse_iso8601("2031-05-06 07:08:00Z")
    parse_iso8601("2031-05-06T07:08Z")
    assert outcome(parse_rfc3339, "2031-05-06 07:08:00Z") is INVALID
    assert outcome(parse_rfc3339, "2031-05-06T07:08Z") is INVALID
    assert outcome(parse_rfc3339, "2031-05-06T07:08:09Z") == "2031-05-06T07:08:09Z"


@given(st.integers(MIN_MS, MAX_MS))
def test_every_instant_of_the_range_comes_back_from_its_text(instant_ms: int) -> None:
    text = format_instant(instant_ms)
    assert parse_rfc3339(text) == parse_iso8601(text) == instant_ms
    assert datetime.fromisoformat(text) == datetime.fromtimestamp(instant_ms // 1000, UTC).replace(
        microsecond=instant_ms % 1000 * 1000
    )


@given(st.text(alphabet="0123456789-+:.,TtZz W\n", max_size=30))
def test_any_text_is_an_instant_or_a_refusal(text: str) -> None:
    for parse in (parse_rfc3339, parse_iso8601):
        assert isinstance(outcome(parse, text), str)


def test_a_zone_is_used_only_where_the_text_names_none() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert format_instant(parse_iso8601("2024-07-01", zone=berlin)) == "2024-06-30T22:00:00Z"
    assert format_instant(parse_iso8601("2024-07-01T00:00:00Z", zone=berlin)) == "2024-07-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "day"),
    [("2024-01-31", date(2024, 1, 31)), ("2024-02-30", None), ("2024-01-31T00:00:00Z", None), ("", None), ("0000-01-01", None)],
)
def test_a_date_alone_is_told_apart(text: str, day: date | None) -> None:
    assert parse_date(text) == day


def test_a_refusal_names_the_field() -> None:
    with pytest.raises(Refusal) as caught:
        parse_iso8601("soon", "from")
    assert caught.value.field == "from"
    assert caught.value.message.startswith("from must be")
