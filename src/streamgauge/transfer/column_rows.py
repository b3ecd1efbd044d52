"""Rows of columns become events, a chunk at a time.

A row that is plainly good is never looked at alone: columns are checked whole, by Arrow, and events are made of lists. One that
is not goes through wire.rows.read_row, with the checks that an event of the API goes through, and that alone decides. The quick
way must only never take a row that the careful one would not, nor make another event of it (tests/transfer/test_two_ways.py).
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import WebContext
from streamgauge.transfer.composing import TextColumn, compose, either, some, text_column
from streamgauge.transfer.files import Table
from streamgauge.transfer.mapping import ADDED, REPLACED, VOIDED, RowPlan, UnusableMapping
from streamgauge.transfer.verdict import BadRow, Judged
from streamgauge.wire.body import JsonObject, check_text
from streamgauge.wire.fields import MAX_ID_LENGTH, read_name, read_optional_text
from streamgauge.wire.properties import NO_PROPERTIES, Properties, decode_plain, read_properties
from streamgauge.wire.rows import TEXT_FIELDS, WEB_FIELDS, TimeUnit, instant_reader, read_door, read_flags, read_row
from streamgauge.wire.timestamps import MAX_MS, MIN_MS

_USUAL_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?Z$"
_MILLISECONDS = pa.timestamp("ms", tz="UTC")
_WHITE_SPACE = b" \t\n\r"


class RowRules(msgspec.Struct, frozen=True):
    """What holds for all rows of an import. id_prefix: what the ids of rows without one begin with; their number follows.

    max_bytes: of one event's properties. known_website: whether a website is one of the project.
    """

    id_prefix: str
    door: Door
    max_bytes: int
    known_website: Callable[[str], bool]

    def check_event(self, event: Event) -> Event:
        """What the wire cannot know. Raises Refusal."""
        if len(event.properties) > self.max_bytes:
            expected = f"at most {self.max_bytes} bytes"
            message = f"The event is larger than the server takes: {expected}"
            raise Refusal(Reason.BODY_TOO_LARGE, message, field="properties", expected=expected)
        if event.website_id and not self.known_website(event.website_id):
            message = f"Unknown website: {event.website_id[:64]}. Create it first, or check the id."
            expected = "the id of a website of this project"
            raise Refusal(Reason.UNKNOWN_WEBSITE, message, field="website_id", expected=expected)
        return event


class ColumnJudge:
    """Judges chunks of one file with columns. guess: cells are texts that may be numbers (CSV).

    only_care: every row is looked at with care; the same must come of it.
    """

    def __init__(self, plan: RowPlan, rules: RowRules, *, guess: bool, only_care: bool = False) -> None:
        self._plan = plan
        self._rules = rules
        self._guess = guess
        self._only_care = only_care

    def judge(self, table: Table) -> Judged:
        """Raises UnusableMapping when a column is of a type that cannot be what the plan says."""
        bad = list(table.bad)
        next_row = table.rows[-1] + 1 if table.rows else max((one.row for one in bad), default=0) + 1
        if not table.rows:
            return Judged([], self._rules.door, bad, next_row, table.share)
        chunk = _Chunk(self._plan, self._rules, table, guess=self._guess)
        if self._only_care:
            chunk.doubtful = pa.array([True] * len(table.rows))
        events, doors = chunk.events(bad)
        bad.sort(key=lambda one: one.row)
        return Judged(events, doors, bad, max(next_row, bad[-1].row + 1 if bad else 0), table.share)


class _Chunk:
    """One chunk on its way. doubtful: rows that the careful reader decides."""

    def __init__(self, plan: RowPlan, rules: RowRules, table: Table, *, guess: bool) -> None:
        self._plan = plan
        self._rules = rules
        self._table = table
        self._count = len(table.rows)
        self.doubtful: pa.BooleanArray | None = None
        self._raw = {field: table.columns.column(name) for field, name in plan.columns.items()}
        self._raw |= {field: pa.repeat(pa.scalar(text), self._count) for field, text in plan.constants.items()}
        self._unit = plan.time_unit
        self._times = self._time_texts()
        self._texts = {field: self._text(field) for field in self._raw if field != "timestamp"}
        self._changes = self._known(plan.change, table.columns.column(plan.change)).texts if plan.change else None
        if self._changes is not None:
            self._doubt(some(pc.not_equal(self._changes, ADDED)))
        if plan.properties_json:
            column = self._known(plan.properties_json, table.columns.column(plan.properties_json))
            self._properties = column.texts
        else:
            composed = compose(plan.properties, [table.columns.column(name) for name in plan.properties], guess=guess)
            self._properties = composed.texts if plan.properties else pa.nulls(self._count, pa.string())
            self._doubt(composed.doubtful)

    def events(self, bad: list[BadRow]) -> tuple[list[Event], list[Door] | Door]:
        """The events in order and their doors; bad rows are added."""
        names = self._distinct("event_name", read_name_of)
        columns = (
            self._ids(),
            names,
            self._instants(),
            self._plain("customer_id"),
            self._plain("account_id"),
            self._plain("visitor_id"),
            self._websites(),
            self._distinct("source", lambda text: read_text_of("source", text)),
            self._flags(),
            self._plain_properties(),
            repeat(b""),
            self._webs(),
        )
        doors = self._doors()
        doubtful = self._doubtful_places()
        events = list(map(Event, *columns))
        if not doubtful:
            return events, doors
        lost = set()
        for place in doubtful:
            try:
                event = self._careful(place)
                if event is None:
                    lost.add(place)
                    continue
                events[place] = event
                if isinstance(doors, list):
                    doors[place] = read_door(self._value("door", place), self._rules.door)
            except Refusal as refusal:
                lines = self._table.lines
                bad.append(BadRow.of(self._table.rows[place], lines[place] if lines else None, refusal))
                lost.add(place)
        if lost:
            kept = [place for place in range(self._count) if place not in lost]
            events = [events[place] for place in kept]
            doors = [doors[place] for place in kept] if isinstance(doors, list) else doors
        return events, doors

    # The careful way: one row.

    def _careful(self, place: int) -> Event | None:
        """None when an increment says that the row is another's past: the event that took its place comes with it."""
        change = self._changes[place].as_py() if self._changes is not None else ADDED
        if change == REPLACED:
            return None
        row = JsonObject([(field, self._value(field, place)) for field in self._raw])
        for value in row.values():
            if isinstance(value, str):
                check_text(value)
        properties = self._careful_properties(place)
        own_id = f"{self._rules.id_prefix}{self._table.rows[place]}"
        event = self._rules.check_event(read_row(row, properties, own_id, self._unit))
        return event if change in (None, ADDED) else mark_of(event, change)

    def _careful_properties(self, place: int) -> Properties:
        if self._plan.properties_json:
            raw = self._table.columns.column(self._plan.properties_json)[place].as_py()
            text = raw if isinstance(raw, bytes) else None if raw is None else str(raw).encode()
            return read_properties(text) if text else NO_PROPERTIES
        for name in self._plan.properties:
            check_bytes(name, self._table.columns.column(name)[place].as_py())
        value = self._properties[place].as_py()
        return read_properties(value.encode()) if value else NO_PROPERTIES

    def _value(self, field: str, place: int) -> object:
        if field not in self._raw:
            return None
        if field == "timestamp":
            return self._times[place].as_py()
        check_bytes(field, self._raw[field][place].as_py())
        return self._texts[field][place].as_py()

    # The quick way: whole columns.

    def _doubt(self, mask: pa.BooleanArray | None) -> None:
        self.doubtful = either(self.doubtful, mask)

    def _doubtful_places(self) -> list[int]:
        return [] if self.doubtful is None else pc.indices_nonzero(self.doubtful).to_pylist()

    def _known(self, name: str, column: pa.Array) -> TextColumn:
        if pa.types.is_nested(column.type):
            encoded = [None if value is None else msgspec.json.encode(value).decode() for value in column.to_pylist()]
            return TextColumn(pa.array(encoded, pa.string()), None)
        try:
            text = text_column(column)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnusableMapping(f"the column {name!r} of type {column.type} has no text") from error
        self._doubt(text.broken)
        return text

    def _text(self, field: str) -> pa.StringArray:
        return self._known(self._plan.columns.get(field, field), self._raw[field]).texts

    def _time_texts(self) -> pa.Array:
        """Texts of times; times of the file's own type become milliseconds first."""
        column = self._raw["timestamp"]
        kind = column.type
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            self._unit = TimeUnit.MILLISECONDS
            moments = column.cast(pa.timestamp("us"), safe=False) if pa.types.is_date(kind) else column
            floored = pc.floor_temporal(moments, unit="millisecond")
            column = floored.cast(pa.timestamp("ms", tz=getattr(floored.type, "tz", None)), safe=False).cast(pa.int64())
        return self._known(self._plan.columns.get("timestamp", "timestamp"), column).texts

    def _instants(self) -> list[int]:
        if self._unit is None and (whole := usual_instants(self._times)) is not None:
            return whole
        texts = self._times.to_pylist()
        read = instant_reader(self._unit)
        try:
            return [read(text) for text in texts]
        except (Refusal, TypeError, AttributeError):
            return self._tried(texts, read, 0)

    def _tried(self, texts: Sequence[Any], read: Callable[[Any], Any], otherwise: Any) -> list[Any]:
        """Each read; where that is refused, a stand-in, and the row is doubtful."""
        values, doubts = [], []
        for text in texts:
            try:
                values.append(otherwise if text is None else read(text))
                doubts.append(text is None)
            except Refusal:
                values.append(otherwise)
                doubts.append(True)
        self._doubt(some(pa.array(doubts, pa.bool_())))
        return values

    def _distinct(self, field: str, read: Callable[[str | None], Any]) -> "list[Any] | repeat[Any]":
        """A field with few different values: each is read once."""
        if field not in self._texts:
            return repeat(read(None))
        encoded = self._texts[field].dictionary_encode()
        values = [*encoded.dictionary.to_pylist(), None]
        found, faulty = [], []
        for place, value in enumerate(values):
            try:
                found.append(read(value))
            except Refusal:
                found.append("")
                faulty.append(place)
        indices = pc.fill_null(encoded.indices, len(values) - 1)
        if faulty:
            self._doubt(some(pc.is_in(indices, pa.array(faulty, indices.type))))
        if len(values) <= 2 and not indices.null_count and pc.all(pc.equal(indices, 0)).as_py():
            return repeat(found[0])
        return list(map(found.__getitem__, indices.to_pylist()))

    def _plain(self, field: str) -> "list[str] | repeat[str]":
        """A field with many different values, as texts."""
        texts = self._texts.get(field)
        if texts is None or texts.null_count == self._count:
            return repeat("")
        self._doubt(some(pc.greater(pc.utf8_length(texts), TEXT_FIELDS[field])))
        self._doubt(some(pc.match_substring(texts, "\x00")))
        filled: list[str] = pc.fill_null(texts, "").to_pylist()
        return filled

    def _ids(self) -> list[str]:
        prefix, rows = self._rules.id_prefix, self._table.rows
        ids = self._plain("event_id")
        if isinstance(ids, repeat):
            return [f"{prefix}{row}" for row in rows]
        return [text or f"{prefix}{row}" for text, row in zip(ids, rows, strict=True)]

    def _websites(self) -> "list[str] | repeat[str]":
        def read(text: str | None) -> str:
            website_id = read_text_of("website_id", text)
            if website_id and not self._rules.known_website(website_id):
                raise Refusal(Reason.UNKNOWN_WEBSITE, "unknown")
            return website_id

        return self._distinct("website_id", read)

    def _flags(self) -> "list[int] | repeat[int]":
        return self._distinct("flags", read_flags)

    def _doors(self) -> list[Door] | Door:
        doors = self._distinct("door", lambda text: read_door(text, self._rules.door))
        if not isinstance(doors, repeat):
            return doors
        door: Door = next(doors)
        return door or self._rules.door

    def _webs(self) -> "list[WebContext | None] | repeat[None]":
        if "web.hostname" not in self._texts:
            return repeat(None)
        columns = [self._plain_web(field) for field in WEB_FIELDS]
        return [WebContext(*texts) if any(texts) else None for texts in zip(*columns, strict=True)]

    def _plain_web(self, field: str) -> list[str]:
        found = self._distinct(field, lambda text: read_text_of(field, text))
        return found if isinstance(found, list) else [next(found)] * self._count

    def _plain_properties(self) -> list[bytes]:
        texts = self._properties
        sizes = pc.binary_length(texts)
        self._doubt(some(pc.greater(sizes, self._rules.max_bytes)))
        values: list[bytes] = pc.fill_null(texts.cast(pa.binary()), b"").to_pylist()
        if self._plan.properties_json:
            doubts = [bool(value) and not is_plain(value) for value in values]
            self._doubt(some(pa.array(doubts, pa.bool_())))
        return values


def usual_instants(texts: pa.StringArray) -> list[int] | None:
    """Times that are all of the usual form, read by Arrow at a fifth of the cost; None when any is not, or is no time."""
    if texts.null_count or not pc.all(pc.match_substring_regex(texts, _USUAL_TIME)).as_py():
        return None
    try:
        instants = texts.cast(_MILLISECONDS).cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    bounds = pc.min_max(instants).as_py()
    if bounds["min"] < MIN_MS or bounds["max"] > MAX_MS:
        return None
    read: list[int] = instants.to_pylist()
    return read


def mark_of(event: Event, change: str) -> Event:
    """The mark that takes an event back. Raises Refusal for a change that is none."""
    if change != VOIDED:
        expected = f"one of {ADDED}, {REPLACED}, {VOIDED}"
        raise Refusal(Reason.WRONG_TYPE, f"Invalid field: change must be {expected}", field="change", expected=expected)
    return msgspec.structs.replace(event, flags=event.flags | EventFlag.VOID)


def is_plain(sent: bytes) -> bool:
    """True when a text is surely an object that needs no careful look. Keys are counted by their colons, as wire.reading does."""
    try:
        keys = len(decode_plain(sent))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if b"\\" in sent and b"\\u0000" in sent:
        return False
    return sent.count(b":") == keys or sent.translate(None, _WHITE_SPACE).count(b'":') == keys


def read_name_of(text: str | None) -> str:
    """Raises Refusal."""
    if text is not None:
        check_text(text)
    return read_name(JsonObject([("event_name", text)]), "event_name")


def read_text_of(field: str, text: str | None) -> str:
    """Raises Refusal."""
    if text is not None:
        check_text(text)
    return read_optional_text(JsonObject([(field, text)]), field, TEXT_FIELDS.get(field, MAX_ID_LENGTH))


def check_bytes(field: str, value: object) -> None:
    """Raises Refusal invalid_utf8 for bytes that are no text."""
    if isinstance(value, bytes):
        try:
            value.decode()
        except UnicodeDecodeError as error:
            message = f"{field} is not valid UTF-8 at byte {error.start}"
            raise Refusal(Reason.INVALID_UTF8, message, field=field, expected="UTF-8") from error
