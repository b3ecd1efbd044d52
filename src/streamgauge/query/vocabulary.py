"""What there is to ask about: the statements, and their rows as answers.

Bounds: names are counted over all events of the project, of which only two narrow columns are read; properties and values are
looked for in a sample of the newest events of one name, which is read in the order in which it lies on the disk.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from streamgauge.kernel.query import Selection
from streamgauge.kernel.vocabulary import (
    KnownProperties,
    KnownProperty,
    KnownValues,
    NamedEvents,
    NamesQuery,
    PropertiesQuery,
    ValuesQuery,
    WebsiteArrivals,
    WebsiteQuery,
)
from streamgauge.query.clauses import Bindings, Snapshot, conditions, where
from streamgauge.store import Statement

EVENTS_SAMPLED_FOR_PROPERTIES = 2_000
EVENTS_SAMPLED_FOR_VALUES = 50_000
MOST_PROPERTIES = 500
EXAMPLES = 5
EXAMPLE_CHARACTERS = 100
LONGEST_VALUE_BYTES = 1_000

_ALL_TIME = (-(2**62), 2**62)
# Of a value as JSON: its first character says what it is; all others begin a number.
_TYPES = {'"': "text", "t": "boolean", "f": "boolean", "n": "null", "[": "list", "{": "object"}

Results = Sequence[Sequence[tuple[Any, ...]]]


class NamesQuestion(msgspec.Struct, frozen=True):
    """A NamesQuery, answered by a tuple of NamedEvents."""

    query: NamesQuery

    @property
    def project_id(self) -> str:
        return self.query.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        bindings = Bindings()
        found = conditions(Selection(self.project_id, *_ALL_TIME), snapshot, bindings)
        if self.query.search:
            found.append(_holds("toString(name)", self.query.search, bindings))
        sql = (
            "SELECT name, count(), toUnixTimestamp64Milli(min(timestamp)), toUnixTimestamp64Milli(max(timestamp))\n"
            f"FROM events\n{where(found)}\nGROUP BY name\nORDER BY count() DESC, name\nLIMIT {bindings.whole(self.query.limit)}"
        )
        return [Statement("vocabulary.names", sql, bindings.values())]

    def read(self, results: Results) -> tuple[NamedEvents, ...]:
        return tuple(NamedEvents(*row) for row in results[0])


class PropertiesQuestion(msgspec.Struct, frozen=True):
    """A PropertiesQuery, answered by KnownProperties."""

    query: PropertiesQuery

    @property
    def project_id(self) -> str:
        return self.query.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        bindings = Bindings()
        newest = _newest("properties, mapKeys(numbers) AS numeric", self.query, EVENTS_SAMPLED_FOR_PROPERTIES, snapshot, bindings)
        example = f"leftUTF8(if(startsWith(raw, '\"'), JSONExtractString(raw), raw), {EXAMPLE_CHARACTERS})"
        sql = (
            "SELECT pair.1 AS key, count(), countIf(has(numeric, pair.1)), topK(6)(left(pair.2 AS raw, 1)), "  # noqa: S608 - placeholders only
            f"topK({EXAMPLES})({example})\n"
            f"FROM (SELECT numeric, arrayJoin(JSONExtractKeysAndValuesRaw(properties)) AS pair FROM ({newest}))\n"
            f"GROUP BY key\nORDER BY count() DESC, key\nLIMIT {MOST_PROPERTIES}"
        )
        return [Statement("vocabulary.properties", sql, bindings.values()), _sampled(self.query, snapshot)]

    def read(self, results: Results) -> KnownProperties:
        ((sampled,),) = results[1]
        return KnownProperties(sampled, tuple(_known(row, sampled) for row in results[0]))


class ValuesQuestion(msgspec.Struct, frozen=True):
    """A ValuesQuery, answered by KnownValues. Values longer than LONGEST_VALUE_BYTES are left out."""

    query: ValuesQuery

    @property
    def project_id(self) -> str:
        return self.query.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        query, bindings = self.query, Bindings()
        newest = _newest("strings", query, EVENTS_SAMPLED_FOR_VALUES, snapshot, bindings)
        name = bindings.text(query.property)
        found = [f"mapContains(strings, {name})", f"length(value) <= {LONGEST_VALUE_BYTES}"]
        if query.search:
            found.append(_holds("value", query.search, bindings))
        sql = (
            f"SELECT strings[{name}] AS value, count()\nFROM ({newest})\n{where(found)}\n"
            f"GROUP BY value\nORDER BY count() DESC, value\nLIMIT {bindings.whole(query.limit)}"
        )
        counting = _sampled(query, snapshot, EVENTS_SAMPLED_FOR_VALUES)
        return [Statement("vocabulary.values", sql, bindings.values()), counting]

    def read(self, results: Results) -> KnownValues:
        ((sampled,),) = results[1]
        return KnownValues(sampled, tuple((value, count) for value, count in results[0]))


class WebsiteQuestion(msgspec.Struct, frozen=True):
    """A WebsiteQuery, answered by WebsiteArrivals."""

    query: WebsiteQuery

    @property
    def project_id(self) -> str:
        return self.query.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        bindings = Bindings()
        found = conditions(Selection(self.project_id, *_ALL_TIME), snapshot, bindings)
        found.append(f"website_id = {bindings.text(self.query.website_id)}")
        sql = (
            "SELECT count(), toUnixTimestamp64Milli(max(received_at)), argMaxIf(path, (received_at, position), path != ''),\n"
            f"  countIf(received_at >= {bindings.instant(self.query.recent_ms)})\nFROM events\n{where(found)}"
        )
        return [Statement("vocabulary.website", sql, bindings.values())]

    def read(self, results: Results) -> WebsiteArrivals:
        ((count, last_ms, last_path, recent),) = results[0]
        return WebsiteArrivals(last_ms if count else None, last_path, recent)


def _newest(columns: str, query: PropertiesQuery | ValuesQuery, most: int, snapshot: Snapshot, bindings: Bindings) -> str:
    """The newest events of the name by their own time."""
    found = conditions(Selection(query.project_id, *_ALL_TIME, query.event_name), _pinned(snapshot), bindings)
    return f"SELECT {columns} FROM events {where(found)} ORDER BY timestamp DESC LIMIT {most}"  # noqa: S608 - placeholders only


def _sampled(query: PropertiesQuery | ValuesQuery, snapshot: Snapshot, most: int = EVENTS_SAMPLED_FOR_PROPERTIES) -> Statement:
    bindings = Bindings()
    found = conditions(Selection(query.project_id, *_ALL_TIME, query.event_name), _pinned(snapshot), bindings)
    sql = f"SELECT least(count(), {most}) FROM events {where(found)}"  # noqa: S608 - placeholders only
    return Statement("vocabulary.sampled", sql, bindings.values())


def _pinned(snapshot: Snapshot) -> Snapshot:
    """The sample and its size are two statements: neither may see what the other does not."""
    return msgspec.structs.replace(snapshot, pinned=True)


def _holds(text: str, part: str, bindings: Bindings) -> str:
    return f"positionCaseInsensitiveUTF8({text}, {bindings.text(part)}) > 0"


def _known(row: tuple[Any, ...], sampled: int) -> KnownProperty:
    name, count, numeric, firsts, examples = row
    types = dict.fromkeys(_TYPES.get(first, "number") for first in firsts)
    return KnownProperty(name, tuple(types), count / sampled, numeric / sampled, tuple(examples))
