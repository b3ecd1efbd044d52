"""Lines of JSON become events, a few thousand at a time.

As in wire.reading, a block of lines is read quickly, in C, if all of it is plainly good, and otherwise line by line with care.
The quick reader's word counts only when every key of the block is accounted for, and when there are as many objects as lines.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.event import Door, Event
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.transfer.column_rows import RowRules, mark_of
from streamgauge.transfer.files import Lines
from streamgauge.transfer.mapping import ADDED, REPLACED, RowPlan
from streamgauge.transfer.verdict import BadRow, Judged
from streamgauge.wire.body import JsonObject, Written, check_text, inspect, load_object
from streamgauge.wire.fields import MAX_NAME_LENGTH
from streamgauge.wire.properties import Properties, decode_plain, not_an_object, read_properties
from streamgauge.wire.reading import Doubt, Tally
from streamgauge.wire.rows import TEXT_FIELDS, WEB_FIELDS, instant_reader, read_door, read_flags, read_row

_BLOCK = 1_000
_OPENING, _CLOSING = b"{}"
_raw_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
_PROPERTIES = "properties_"
_AFTER_TIME = ("customer_id", "account_id", "visitor_id", "website_id", "source")
_TEXTS = frozenset({*TEXT_FIELDS, "door"})
_USUAL_FLAGS = read_flags(None)
_DOUBTS = (Doubt, Refusal, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class LineJudge:
    """Judges lines of one file. only_care: as in column_rows."""

    def __init__(self, plan: RowPlan, rules: RowRules, *, only_care: bool = False) -> None:
        self._plan = plan
        self._rules = rules
        self._struct = _struct_of(plan)
        self._decoder = msgspec.json.Decoder(self._struct)
        self._constants = list(plan.constants.items())
        self._read_time = instant_reader(plan.time_unit)
        # Flat rows, several fields of one key, and what an export tells of pages are always read with care.
        keys = list(plan.columns.values())
        self._quick_possible = (
            not only_care
            and bool(plan.properties_json)
            and not plan.change
            and len(set(keys)) == len(keys)
            and WEB_FIELDS.keys().isdisjoint(plan.columns)
        )

    def judge(self, chunk: Lines) -> Judged:
        """Never raises."""
        events: list[Event] = []
        doors: list[Door] = []
        bad: list[BadRow] = []
        for start in range(0, len(chunk.lines), _BLOCK):
            lines, rows = chunk.lines[start : start + _BLOCK], chunk.rows[start : start + _BLOCK]
            try:
                some, their_doors = self._quick(lines, rows)
            except _DOUBTS:
                some, their_doors = self._careful(lines, rows, bad)
            events += some
            doors += their_doors if isinstance(their_doors, list) else [their_doors] * len(some)
        one = doors[0] if doors else self._rules.door
        uniform = doors.count(one) == len(doors)
        return Judged(events, one if uniform else doors, bad, chunk.rows[-1] + 1, chunk.share)

    # The careful way.

    def _careful(self, lines: Sequence[bytes], rows: Sequence[int], bad: list[BadRow]) -> tuple[list[Event], list[Door]]:
        events, doors = [], []
        for line, row in zip(lines, rows, strict=True):
            try:
                found = self._event(line, row)
            except Refusal as refusal:
                bad.append(BadRow.of(row, row, refusal))
                continue
            if found is not None:
                events.append(found[0])
                doors.append(found[1])
        return events, doors

    def _event(self, line: bytes, row: int) -> tuple[Event, Door] | None:
        """None as in column_rows."""
        tree = load_object(line)
        inspect(tree)
        change = tree.get(self._plan.change, ADDED) if self._plan.change else ADDED
        if change == REPLACED:
            return None
        words = JsonObject([*((field, tree.get(key)) for field, key in self._plan.columns.items()), *self._constants])
        for _, text in self._constants:
            check_text(text)
        if isinstance(words.get("flags"), int):
            words["flags"] = str(words["flags"])
        event = read_row(words, self._properties(tree, line), f"{self._rules.id_prefix}{row}", self._plan.time_unit)
        door = words.get("door")
        if isinstance(door, Written | int):
            door = str(door)
        event = self._rules.check_event(event)
        return event if change == ADDED else mark_of(event, str(change)), read_door(door, self._rules.door)

    def _properties(self, tree: JsonObject, line: bytes) -> Properties:
        try:
            members = _raw_members(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(Reason.MALFORMED_JSON, "The line is not valid JSON") from error
        plan = self._plan
        if plan.properties_json:
            raw = members.get(plan.properties_json)
            if raw is not None and not isinstance(tree[plan.properties_json], JsonObject | None):
                raise not_an_object(plan.properties_json)
            return read_properties(bytes(raw)) if raw is not None else Properties()
        used = {*plan.columns.values(), plan.change}
        wanted = [key for key in members if key not in used] if plan.rest else [key for key in plan.properties if key in members]
        kept = [_encode(key) + b":" + bytes(members[key]) for key in wanted if tree[key] is not None]
        return read_properties(b"{" + b",".join(kept) + b"}") if kept else Properties()

    # The quick way.

    def _quick(self, lines: Sequence[bytes], rows: Sequence[int]) -> tuple[list[Event], list[Door] | Door]:
        """Raises one of _DOUBTS."""
        if not self._quick_possible:
            raise Doubt
        block = b"\n".join(lines)
        sents = self._decoder.decode_lines(block)
        if len(sents) != len(lines) or not all(map(_is_whole, lines)) or max(map(len, lines)) > self._rules.max_bytes:
            raise Doubt
        tally = Tally()
        columns = {name: self._column(sents, name, tally) for name in self._struct.__struct_fields__ if name != _PROPERTIES}
        for field, text in self._constants:
            check_text(text)
            columns[field] = [text] * len(sents)
        if UNSET in columns["timestamp"]:
            raise Doubt
        if self._plan.time_unit is None:
            tally.text_colons += sum([text.count(":") for text in columns["timestamp"]])
        properties, exact = _quick_properties(sents, tally)
        if not tally.vouches_for(block):
            raise Doubt
        prefix = self._rules.id_prefix
        ids = columns.get("event_id") or [""] * len(sents)
        events = map(
            Event,
            [text or f"{prefix}{row}" for text, row in zip(ids, rows, strict=True)],
            list(map(_name_of, columns["event_name"])),
            [self._read_time(str(value)) for value in columns["timestamp"]],
            *[columns.get(field) or repeat("") for field in _AFTER_TIME],
            [read_flags(value or None) for value in columns["flags"]] if "flags" in columns else repeat(_USUAL_FLAGS),
            properties,
            exact,
        )
        if "website_id" in columns:
            events = map(self._rules.check_event, events)
        doors: list[Door] | Door = self._rules.door
        if "door" in columns:
            doors = [read_door(value, self._rules.door) for value in columns["door"]]
        return list(events), doors

    def _column(self, sents: Sequence[Any], name: str, tally: Tally) -> list[Any]:
        """The values of all rows, absent texts empty. Every key that is there is counted."""
        values = list(map(attrgetter(name), sents))
        absent = values.count(UNSET)
        tally.keys += len(values) - absent
        if name in _TEXTS and (absent or None in values):
            return [value or "" for value in values]
        return values


def _quick_properties(sents: Sequence[Any], tally: Tally) -> tuple[list[bytes], list[bytes]]:
    sent, exact = [], []
    for row in sents:
        raw, other = bytes(getattr(row, _PROPERTIES)), b""
        if raw:
            try:
                tally.keys += 1 + len(decode_plain(raw))
            except msgspec.ValidationError:
                raw, other, keys = read_properties(raw)
                tally.keys += 1 + keys
        sent.append(raw)
        exact.append(other)
    return sent, exact


def _is_whole(line: bytes) -> bool:
    """The decoder of lines would also take two objects on one line, or one on two. When every line begins and ends so, the latter
    cannot be, and then the former shows in the number of objects."""
    return line[0] == _OPENING and line[-1] == _CLOSING


def _name_of(text: str) -> str:
    name = text.strip()
    if not name:
        raise Doubt
    return name


def _struct_of(plan: RowPlan) -> type[msgspec.Struct]:
    """A struct with the fields of the plan, under the keys of the file. Every further key is `left_<n>`."""
    fields: list[tuple[str, Any, Any]] = []
    keys: dict[str, str] = {}
    time = str if plan.time_unit is None else int | float | str
    kinds = {"event_name": (Annotated[str, msgspec.Meta(max_length=MAX_NAME_LENGTH)], ...), "timestamp": (time, ...)}
    for field, key in plan.columns.items():
        if field in WEB_FIELDS:
            continue
        keys[field] = key
        most = TEXT_FIELDS.get(field, MAX_NAME_LENGTH)
        text = (Annotated[str, msgspec.Meta(max_length=most)] | UnsetType | None, UNSET)
        kind, default = kinds.get(field, (int | UnsetType | None, UNSET) if field == "flags" else text)
        fields.append((field, kind | UnsetType if default is ... else kind, UNSET))
    fields.append((_PROPERTIES, msgspec.Raw, msgspec.Raw()))
    keys[_PROPERTIES] = plan.properties_json
    for number, key in enumerate(plan.left_out):
        fields.append((f"left_{number}", msgspec.Raw | UnsetType, UNSET))
        keys[f"left_{number}"] = key
    return msgspec.defstruct("Row", fields, rename=keys, gc=False)
