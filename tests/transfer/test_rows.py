"""Rows of files by name: what each becomes, why it is refused, and that the API says the same."""

import json
from pathlib import Path

import pytest

from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.event import Door, EventFlag
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Refusal
from streamgauge.transfer.mapping import UnusableMapping, Wishes, settle
from streamgauge.wire.dialect import Arrival
from streamgauge.wire.flexprice.events import FLEXPRICE
from streamgauge.wire.rows import TimeUnit
from tests.transfer.judging import csv_text, judged

_TIME = "2024-01-15T10:30:00Z"
_FULL = {
    "event_name": " api ",
    "event_id": "e",
    "external_customer_id": "c",
    "customer_id": "account",
    "timestamp": _TIME,
    "source": "s",
    "properties": {"a": 1.50, "b": "x"},
}
_AT_THE_DOOR = [
    pytest.param({}, id="as it is"),
    pytest.param({"event_name": ""}, id="an empty name"),
    pytest.param({"event_name": "x" * 256}, id="a long name"),
    pytest.param({"event_name": 5}, id="a name that is a number"),
    pytest.param({"event_name": None}, id="no name"),
    pytest.param({"timestamp": "yesterday"}, id="no time"),
    pytest.param({"timestamp": "2200-01-01T00:00:00Z"}, id="a time too late"),
    pytest.param({"event_id": "x" * 513}, id="a long id"),
    pytest.param({"source": "x" * 256}, id="a long source"),
    pytest.param({"event_id": "a\0"}, id="a NUL character"),
    pytest.param({"properties": []}, id="properties that are a list"),
    pytest.param({"properties": {"a": 10**28}}, id="a number too large"),
    pytest.param({"properties": {"a": 12345678.123456789}}, id="a number that no double carries"),
    pytest.param({"properties": None}, id="properties null"),
]


@pytest.mark.parametrize("change", _AT_THE_DOOR)
def test_a_line_is_what_the_api_would_have_made_of_it(tmp_path: Path, change: dict[str, object]) -> None:
    line = json.dumps({**_FULL, **change})
    path = tmp_path / "rows.jsonl"
    # The first line tells the keys of the file.
    path.write_text(f"{json.dumps({**_FULL, 'event_id': 'first'})}\n{line}\n")
    events, bad = judged(path)
    try:
        event = FLEXPRICE.parse_event(line.encode(), Arrival(0, IdMint(ManualClock(0))))
    except Refusal as refusal:
        expected = [(refusal.reason.value, refusal.field, 2)]
    else:
        expected = []
        assert [event for event, _ in events][1:] == [event]
    assert [(one.reason, one.field, one.line) for one in bad] == expected


def test_cells_become_numbers_booleans_and_texts(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    header = ["event_name", "timestamp", "customer_id", "a", "b", "c", "d", "e"]
    path.write_text(csv_text([header, ["x", _TIME, "007", "1.50", "00123", "true", "", 'a"\\é']]), newline="")
    ((event, door),), bad = judged(path)
    assert bad == []
    assert event.properties == '{"a":1.50,"b":"00123","c":true,"e":"a\\"\\\\é"}'.encode()
    assert (event.event_id, event.customer_id, door) == ("import-x-1", "007", Door.FLEXPRICE)
    assert event.flags == EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT


def test_rows_and_lines_are_counted_through_breaks_blank_lines_and_broken_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f'event_name,timestamp,x\na,{_TIME},"1\n2"\n\na,{_TIME}\n,{_TIME},1\na,{_TIME},2\n\n')
    events, bad = judged(path)
    assert [event.event_id for event, _ in events] == ["import-x-1", "import-x-5"]
    assert [(one.row, one.line, one.reason, one.field) for one in bad] == [
        (3, 5, "wrong_type", "row"),
        (4, 6, "missing_field", "event_name"),
    ]
    assert judged(path, after_row=3) == ([events[1]], [bad[1]])


def test_a_mapping_names_columns_constants_and_properties(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("type,ts,who,tokens,secret\ncall,1700000000.1239,c,5,x\n")
    wishes = Wishes(
        columns={"timestamp": "ts", "customer_id": "who"},
        constants={"event_name": "api", "source": "old"},
        properties=("tokens", "type"),
        time_unit=TimeUnit.SECONDS,
    )
    ((event, _),), bad = judged(path, wishes)
    assert bad == []
    assert (event.name, event.timestamp_ms, event.customer_id, event.source) == ("api", 1_700_000_000_123, "c", "old")
    assert event.properties == b'{"tokens":5,"type":"call"}'


def test_flat_lines_keep_what_is_no_field_as_sent(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"event":"a","timestamp":"{_TIME}","x":1.50,"y":{{"z":[1]}},"gone":null}}\n')
    ((event, _),), bad = judged(path)
    assert (bad, event.properties) == ([], b'{"x":1.50,"y":{"z":[1]}}')


@pytest.mark.parametrize(
    ("wishes", "names", "words"),
    [
        pytest.param(Wishes(), ["a", "timestamp"], "no column is the event_name", id="no name"),
        pytest.param(Wishes(), ["event_name"], "no column is the timestamp", id="no time"),
        pytest.param(Wishes(columns={"event": "a"}), ["a"], "is no field of an event", id="an unknown field"),
        pytest.param(Wishes(columns={"event_name": "b"}), ["a"], "no column 'b'", id="an unknown column"),
        pytest.param(Wishes(properties=("z",)), ["event_name", "timestamp"], "no column 'z'", id="an unknown property"),
        pytest.param(Wishes(), ["a", "a"], "the column a is there twice", id="a column that is there twice"),
        pytest.param(Wishes(properties=("a",), properties_json="b"), ["a", "b"], "either as a list", id="properties in two ways"),
    ],
)
def test_a_mapping_that_does_not_fit_is_told(wishes: Wishes, names: list[str], words: str) -> None:
    with pytest.raises(UnusableMapping, match=words):
        settle(wishes, names)


def test_flexprice_fields_are_told_from_our_own() -> None:
    flexprice = settle(
        Wishes(), ["id", "event_name", "timestamp", "external_customer_id", "customer_id", "properties", "ingested_at"]
    )
    assert flexprice.columns["customer_id"] == "external_customer_id"
    assert (flexprice.columns["account_id"], flexprice.columns["event_id"]) == ("customer_id", "id")
    assert (flexprice.properties_json, flexprice.left_out) == ("properties", ("ingested_at",))
    assert settle(Wishes(), ["event_name", "timestamp", "customer_id"]).columns["customer_id"] == "customer_id"
