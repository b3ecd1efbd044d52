"""The quick way and the careful way give the same events and the same refusals, whatever the rows hold."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.transfer.mapping import Wishes
from streamgauge.wire.rows import TimeUnit
from tests.transfer.judging import SITE, csv_text, judged, write_parquet

_settings = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_TEXTS = [
    "",
    "a",
    " a ",
    "é",
    "\u2003x",
    "\x00",
    "a\nb",
    '"',
    "\\",
    "x" * 256,
    "x" * 513,
    "é" * 255,
    "\x1f",
    "null",
    "true",
    "tru",
]
_NUMBERS = [
    *["0", "-0", "1", "1.50", "00123", "+1", "1e3", "-1E-7", ".5", "1.", "999999.999999999", "1000000.1", "12345678901234567890"],
    *[
        "1e27",
        "1e28",
        "1e400",
        "0." + "1" * 40,
        "NaN",
        "Infinity",
        "-",
        "123456789012345678",
        "9007199254740993",
        "0x10",
        "1_000",
    ],
]
_TIMES = [
    *[
        "2024-01-15T10:30:00Z",
        "2024-01-15T10:30:00.123456Z",
        "2024-01-15 10:30:00",
        "2024-01-15",
        "2024-02-30T00:00:00Z",
        "x",
        "",
    ],
    *["1969-12-31T23:59:59Z", "2199-12-31T23:59:59.999Z", "2200-01-01", "2024-01-15T10:30:60Z", "2024-01-15T24:00:00Z"],
    *[
        "2024-01-15T10:30:00+02:00",
        "1970-01-01T01:00:00+02:00",
        "2024-01-15T10:30Z",
        "2024-01-15t10:30:00z",
        "0001-01-01T00:00:00Z",
    ],
]
_OBJECTS = [
    *["", "{}", '{"a":1}', '{"a": 1.50, "b": "x:y"}', '{"a":1,"a":2}', '{"a":{"b":1}}', '{"a":12345678.123456789}', "[]", "null"],
    *[
        '{"a":"\\u0000"}',
        '{"a":"\\ud800"}',
        '{"a":1e400}',
        '{"a":NaN}',
        "{",
        '{} {"b":1}',
        '{"a":1},"event_name":"y"',
        '{"\\u0061":1}',
    ],
    *[
        '{"a":[1,[2]]}',
        "{" + '"a":' * 3 + "}",
        '{"a":"' + "x" * 2_500 + '"}',
        '{"a":' + "[" * 40 + "]" * 40 + "}",
        " {} ",
        '{"a":"2024-01-01T00:00:00Z"}',
    ],
]
# Mostly good, so that a row with one odd value is usual.
_text = st.sampled_from(["", "a"]) | st.sampled_from(["b", "c"]) | st.sampled_from(_TEXTS) | st.text(max_size=4)
_website = st.sampled_from(["", "", SITE, SITE, "other"])
_NO_WISHES = Wishes()
_HEADER = ("event_name", "timestamp", "event_id", "customer_id", "website_id", "source")


def _fields() -> st.SearchStrategy[tuple[str, ...]]:
    name = st.sampled_from(["api", "use"]) | st.sampled_from(["api", *_TEXTS])
    time = st.sampled_from(["2024-01-15T10:30:00Z", "2024-01-15T10:30:01Z"]) | st.sampled_from(_TIMES)
    return st.tuples(name, time, _text, _text, _website, _text)


def _same(path: Path, wishes: Wishes = _NO_WISHES) -> None:
    quick, careful = judged(path, wishes), judged(path, wishes, only_care=True)
    assert quick == careful


@_settings
@given(rows=st.lists(st.tuples(_fields(), _text | st.sampled_from(_NUMBERS), st.sampled_from(_NUMBERS)), max_size=6))
def test_csv_with_columns_of_properties(rows: list[tuple[tuple[str, ...], str, str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        cells = [(*fields, one, two) for fields, one, two in rows]
        path.write_text(csv_text([(*_HEADER, "amount", 'odd "name"'), *cells]), newline="")
        _same(path)


@_settings
@given(rows=st.lists(st.tuples(_fields(), st.sampled_from(_OBJECTS)), max_size=6))
def test_csv_with_a_column_of_json(rows: list[tuple[tuple[str, ...], str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_text(csv_text([(*_HEADER, "properties"), *((*fields, json_) for fields, json_ in rows)]), newline="")
        _same(path)


@_settings
@given(data=st.data())
def test_parquet_with_typed_columns(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 6))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return data.draw(st.lists(st.none() | values, min_size=size, max_size=size))

    columns: dict[str, Any] = {
        "event_name": column(_text),
        "timestamp": pa.array(column(st.integers(-(10**13), 10**13)), pa.timestamp("us")),
        "customer_id": pa.array(column(st.integers(0, 10**6)), pa.int64()),
        "whole": pa.array(column(st.integers(-(2**63), 2**63 - 1)), pa.int64()),
        "unsigned": pa.array(column(st.integers(0, 2**64 - 1)), pa.uint64()),
        "real": pa.array(column(st.floats()), pa.float64()),
        "exact": pa.array(column(st.decimals(min_value=-(10**20), max_value=10**20, places=9)), pa.decimal128(38, 9)),
        "yes": pa.array(column(st.booleans()), pa.bool_()),
        "text": pa.array(column(_text), pa.string()).dictionary_encode(),
        "raw": pa.array(column(st.binary(max_size=3)), pa.binary()),
        "nested": pa.array(column(st.lists(st.integers(0, 3), max_size=2)), pa.list_(pa.int64())),
        "day": pa.array(column(st.integers(0, 20_000)), pa.date32()),
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write_parquet(path, columns)
        _same(path)


_members: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["event_name", "timestamp", "event_id", "customer_id", "website_id", "source", "properties", "other"]),
    st.sampled_from(["a", "", None, 1, 1.5, True, [], {}, {"a": 1}, {"a": "x:y"}, "x" * 300, "2024-01-15T10:30:00Z", SITE]),
)
_good = {"event_name": "api", "timestamp": "2024-01-15T10:30:00Z"}
_odd_lines = [
    *[
        "{}",
        "[]",
        "{",
        "null",
        '{"event_name":"a"',
        '"b":1}',
        '{"event_name":"a","timestamp":"2024-01-15T10:30:00Z"} {"event_name":"b"}',
    ],
    *[
        '{"event_name":"a","event_name":"b","timestamp":"2024-01-15"}',
        '\ufeff{"event_name":"a"}',
        '{"event_name":"a\\u0000"}',
        "  ",
    ],
    *[
        '{"event_name":"a","timestamp":"2024-01-15","properties":{"a":1,"a":2}}',
        '{"event_name":"a","timestamp":"2024-01-15","new":{"x":1}}',
    ],
]


@_settings
@given(
    lines=st.lists(
        _members.map(lambda sent: json.dumps({**_good, **sent}))
        | st.sampled_from(_odd_lines)
        | st.sampled_from(_OBJECTS).map(
            lambda own: '{"event_name":"a","timestamp":"2024-01-15","properties":' + (own or "{}") + "}"
        ),
        max_size=6,
    )
)
def test_lines_with_an_object_of_properties(lines: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("\n".join([json.dumps({**_good, "properties": {"a": 1}}), *lines]))
        _same(path)


@_settings
@given(
    times=st.lists(st.sampled_from(["0", "1700000000", "1700000000.1239", "-1", "1e9", "x", "", "7258118400", " 5 "]), max_size=5)
)
def test_times_that_are_numbers(times: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_text(csv_text([("event_name", "timestamp"), *(("a", time) for time in times)]))
        _same(path, Wishes(time_unit=TimeUnit.SECONDS))


def test_an_object_over_two_lines_and_two_objects_on_one_do_not_cancel_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    good = '{"event_name":"a","timestamp":"2024-01-15","properties":{}}'
    path.write_text("\n".join([good, f"{good} {good}", '{"event_name":"a","timestamp":"2024-01-15"', ',"properties":{}}']))
    _same(path)
    assert [one.reason for one in judged(path)[1]] == ["malformed_json"] * 3
