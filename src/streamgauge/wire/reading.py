"""How a dialect's requests are read: quickly if they are plainly good, else carefully.

The quick reader decodes a whole body in C into the dialect's structs and looks at each properties object once. Its word counts
only if every key of the body is accounted for: the colons of the text equal the keys that were decoded and the colons of the
times. Duplicate and unknown keys, and colons inside other strings, make them differ; then the sequence quote-colon is counted
instead, which a string can only make larger.
Whenever it is in doubt it says so, by Doubt, and the careful reader (wire.body) decides alone. So a request is refused for
the same reason whichever way its neighbours were read, and the quick reader must only never accept what the careful one
would not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from streamgauge.kernel.event import Door, Event
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, Node, check_duplicate, check_text, inspect, load_object
from streamgauge.wire.dialect import MAX_BATCH_EVENTS, Arrival, Dialect, NoneAccepted, ParsedBatch, Reply
from streamgauge.wire.fields import missing_field, wrong_type
from streamgauge.wire.properties import Properties, properties_of

_WHITE_SPACE = b" \t\n\r"


class Doubt(Exception):
    """The quick reader cannot vouch for a body."""


class Tally:
    """Keys and colons that a quick reader has accounted for.

    keys: of all objects. text_colons: inside times, of which the body may hold fewer only if it writes them as escapes.
    """

    __slots__ = ("keys", "text_colons")

    def __init__(self) -> None:
        self.keys = 0
        self.text_colons = 0

    def vouches_for(self, body: bytes) -> bool:
        """True when no key of the body is left over, and no escape stands for NUL."""
        if b"\\" not in body:
            if body.count(b":") == self.keys + self.text_colons:
                return True
        elif b"\\u0000" in body:
            return False
        return body.translate(None, _WHITE_SPACE).count(b'":') == self.keys


class _RawEvents(msgspec.Struct):
    events: list[msgspec.Raw]


_raw_events = msgspec.json.Decoder(_RawEvents)

One = TypeVar("One", bound=msgspec.Struct)
Many = TypeVar("Many", bound=msgspec.Struct)


@dataclass(frozen=True)
class Grammar(Generic[One, Many]):
    """What is particular to a dialect's requests.

    one, many: structs of an event and of a batch request; wrapper_keys: the keys of the latter, all of them required.
    quick_one, quick_many: events from structs. They add to the tally, and raise Doubt, Refusal or what msgspec raises:
        all of these mean doubt.
    careful: an event from an inspected object and its properties; the first argument is the batch's object (the event itself
        outside batches). Raises Refusal.
    check_wrapper: what a batch needs beside its events; raises Refusal.
    partial: refusals of elements are collected, and raised together when no element is good; otherwise the first one is raised.
    """

    one: type[One]
    many: type[Many]
    wrapper_keys: int
    quick_one: Callable[[One, Arrival, Tally], list[Event]]
    quick_many: Callable[[Many, Arrival, Tally], list[Event]]
    careful: Callable[[JsonObject, JsonObject, Properties, Arrival], Event]
    check_wrapper: Callable[[JsonObject], None] | None = None
    partial: bool = False


class Reader(Generic[One, Many]):
    """Reads the requests of one dialect. Both methods raise Refusal and nothing else."""

    def __init__(self, grammar: Grammar[One, Many]) -> None:
        self._grammar = grammar
        self._one = msgspec.json.Decoder(grammar.one)
        self._many = msgspec.json.Decoder(grammar.many)

    def parse_event(self, body: bytes, arrival: Arrival) -> Event:
        tally = Tally()
        try:
            events = self._grammar.quick_one(self._one.decode(body), arrival, tally)
        except _DOUBTS:
            return self._careful_event(body, arrival)
        return events[0] if tally.vouches_for(body) else self._careful_event(body, arrival)

    def parse_batch(self, body: bytes, arrival: Arrival) -> ParsedBatch:
        tally = Tally()
        tally.keys = self._grammar.wrapper_keys
        try:
            events = self._grammar.quick_many(self._many.decode(body), arrival, tally)
        except _DOUBTS:
            return self._careful_batch(body, arrival)
        if not 1 <= len(events) <= MAX_BATCH_EVENTS or not tally.vouches_for(body):
            return self._careful_batch(body, arrival)
        return ParsedBatch(events, range(len(events)), [])

    def _careful_event(self, body: bytes, arrival: Arrival) -> Event:
        tree = load_object(body)
        inspect(tree)
        return self._grammar.careful(tree, tree, properties_of(tree, body), arrival)

    def _careful_batch(self, body: bytes, arrival: Arrival) -> ParsedBatch:
        wrapper = load_object(body)
        nodes = elements_of(wrapper)
        if self._grammar.check_wrapper is not None:
            self._grammar.check_wrapper(wrapper)
        batch = ParsedBatch([], indexes := [], [])
        for index, (node, sent) in enumerate(zip(nodes, raw_elements(body, nodes), strict=True)):
            try:
                batch.events.append(self._careful_element(wrapper, node, bytes(sent), arrival))
                indexes.append(index)
            except Refusal as refusal:
                if not self._grammar.partial:
                    raise refusal.at(index) from refusal
                batch.failures.append((index, refusal.at(index)))
        if not batch.events:
            raise NoneAccepted(batch.failures)
        return batch

    def _careful_element(self, wrapper: JsonObject, node: Node, sent: bytes, arrival: Arrival) -> Event:
        if not isinstance(node, JsonObject):
            raise wrong_type("event", "object")
        inspect(node)
        return self._grammar.careful(wrapper, node, properties_of(node, sent), arrival)


def dialect_of(
    grammar: Grammar[One, Many],
    *,
    door: Door,
    success_status: int,
    render_event: Callable[[Event], bytes],
    render_batch: Callable[[Sequence[Event], Sequence[tuple[int, Refusal]]], bytes],
    render_refusal: Callable[[Refusal], Reply],
) -> Dialect:
    """The dialect whose requests follow the grammar; the rest is as Dialect says."""
    reader = Reader(grammar)
    return Dialect(
        door=door,
        success_status=success_status,
        partial=grammar.partial,
        parse_event=reader.parse_event,
        parse_batch=reader.parse_batch,
        render_event=render_event,
        render_batch=render_batch,
        render_refusal=render_refusal,
    )


# All that a quick reader may meet in a body that is not plainly good.
_DOUBTS = (Doubt, Refusal, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def elements_of(wrapper: JsonObject, most: int = MAX_BATCH_EVENTS) -> list[Node]:
    """The elements of a batch, still unread. Raises Refusal for what is wrong with the wrapper itself."""
    check_duplicate(wrapper)
    for key, value in wrapper.items():
        check_text(key)
        if key != "events":
            inspect(value, level=2)
    nodes = wrapper.get("events")
    if nodes is None:
        raise missing_field("events", "array")
    if not isinstance(nodes, list):
        raise wrong_type("events", "array")
    expected = f"1 to {most} events"
    if not nodes:
        raise Refusal(Reason.BATCH_EMPTY, "The batch is empty", field="events", expected=expected)
    if len(nodes) > most:
        message = f"The batch holds {len(nodes)} events; at most {most} are allowed"
        raise Refusal(Reason.BATCH_TOO_LARGE, message, field="events", expected=expected)
    return nodes


def raw_elements(body: bytes, nodes: list[Node]) -> list[msgspec.Raw]:
    """The bytes of each element.

    msgspec cannot step over half a surrogate pair: such text spoils the whole body, as bytes that are not UTF-8 do.
    """
    try:
        return _raw_events.decode(body).events
    except _DOUBTS as error:
        for index, node in enumerate(nodes):
            _inspect_element(node, index)
        raise Refusal(Reason.MALFORMED_JSON, "The body is not valid JSON") from error


def _inspect_element(node: Node, index: int) -> None:
    try:
        inspect(node)
    except Refusal as refusal:
        raise refusal.at(index) from refusal
