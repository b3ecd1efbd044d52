"""Which meters count an event, and for how much: in memory, with exactly the meaning that the store gives to the same questions.

    facts = EventFacts(event)                      # of the journal or of the store; its properties are parsed once, when needed
    for rule in rules:                             # MeterRule(meter), kept for many events
        match rule.count(facts): ...

Promise: for a single event, `Counted.quantity` is what the aggregate of the meter over that event alone would be, and an event is
NotCounted where that aggregate has no value. A property-based test holds both to the store.

Quantities
- COUNT, COUNT_UNIQUE: 1; of the latter, `text` is what is told apart. SUM_WITH_MULTIPLIER: the value times the multiplier.
- WEIGHTED_SUM: the value before it is weighed, which takes a period to do. All others: the value.
- A negative quantity is negative here. Only results are shown as 0 below zero, never what single events count for.

Limits
- Whether an event is in force is not asked here: whoever has the event knows it (superseded, voided).
"""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from streamgauge.kernel.event import Event
from streamgauge.kernel.expression import evaluate, number_of, parse_expression
from streamgauge.kernel.metering import Meter, MeterType
from streamgauge.kernel.query import FieldKey, Key, StoredEvent
from streamgauge.metering.property_text import compares, text_of
from streamgauge.wire.properties import read_properties

_EXACT = Context(prec=120)
_ONE = Decimal(1)
_ZERO = Decimal(0)
_DIGITS_AFTER_POINT = 9
_SURELY_PLAIN = 1e15
_SURELY_SHORT = 10


class Uncounted(StrEnum):
    """Why an event is not counted: by one meter, or by none at all. The names are public (docs/metering.md).

    FILTERED_OUT, NOT_A_NUMBER: by this meter, because of its filters or of its expression.
    NO_METER, NO_MATCH: by no meter; none is of this event name, or all of those that are filter it out.
    SUPERSEDED, VOIDED: another version of the event counts, or it was taken back.
    OTHER_NAME: the meter is of another event name.
    """

    NO_METER = "no_meter_for_event_name"
    NO_MATCH = "no_matching_meter"
    FILTERED_OUT = "filtered_out"
    NOT_A_NUMBER = "not_a_number"
    SUPERSEDED = "superseded"
    VOIDED = "voided"
    OTHER_NAME = "other_event_name"


class Counted(msgspec.Struct, frozen=True, gc=False):
    """quantity: see the module. text: of COUNT_UNIQUE the value that is told apart. group: texts in the order of group_by."""

    meter_id: str
    quantity: Decimal
    text: str = ""
    group: tuple[str, ...] = ()


class NotCounted(msgspec.Struct, frozen=True, gc=False):
    meter_id: str
    reason: Uncounted


class EventFacts:
    """One event, as rules of meters look at it."""

    __slots__ = ("_values", "event")

    def __init__(self, event: Event | StoredEvent) -> None:
        self.event = event
        self._values: Mapping[str, object] | None = None

    @property
    def values(self) -> Mapping[str, object]:
        """The properties as the store indexes them. Empty when they are no JSON object."""
        if self._values is None:
            self._values = _indexed(self.event)
        return self._values

    @property
    def path(self) -> str:
        """Of the page that it happened on; "" for none."""
        event = self.event
        if isinstance(event, StoredEvent):
            return event.path
        return event.web.path if event.web is not None else ""

    def number(self, name: str) -> Decimal | None:
        """As in the store's map `numbers`; None when the property is absent or no number."""
        value = self.values.get(name)
        # Most numbers need no cutting; what follows is number_of in a third of its time for them.
        if type(value) is int:
            return Decimal(value)
        if type(value) is float and -_SURELY_PLAIN < value < _SURELY_PLAIN:
            text = repr(value)
            if "e" not in text and len(text) - text.index(".") <= _DIGITS_AFTER_POINT + 1:
                return Decimal(text)
        if type(value) is str and len(value) <= _SURELY_SHORT and value.isascii() and value.replace(".", "", 1).isdigit():
            return Decimal(value)
        return number_of(value)

    def text(self, key: Key) -> str:
        """As in the store's map `strings`; "" when the property is absent."""
        if isinstance(key, FieldKey):
            text: str = getattr(self.event, key.field.value)
            return text
        return text_of(self.values.get(key.name))


class MeterRule:
    """A meter, ready to look at many events. Raises Refusal when its expression cannot be read (a stored one always can)."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        measure = meter.measure
        self._type = measure.type
        self._field = measure.field
        self._expression = parse_expression(measure.expression) if measure.expression else None
        self._group_by = measure.group_by
        self._name = meter.event_name
        self._filters = meter.filters
        self._counted = Counted(meter.meter_id, _ONE)
        with_multiplier = measure.type is MeterType.SUM_WITH_MULTIPLIER
        self._multiplier = measure.multiplier if with_multiplier else None

    def count(self, facts: EventFacts) -> Counted | NotCounted:
        if facts.event.name != self._name:
            return NotCounted(self.meter.meter_id, Uncounted.OTHER_NAME)
        for chosen in self._filters:
            if not compares(facts.text(chosen.key), chosen.operator, chosen.values):
                return NotCounted(self.meter.meter_id, Uncounted.FILTERED_OUT)
        if self._type is MeterType.COUNT:
            return self._counted
        if self._type is MeterType.COUNT_UNIQUE:
            return Counted(self.meter.meter_id, _ONE, text_of(facts.values.get(self._field)))
        value = self._value(facts)
        if value is None:
            return NotCounted(self.meter.meter_id, Uncounted.NOT_A_NUMBER)
        group = tuple([facts.text(key) for key in self._group_by]) if self._group_by else ()
        return Counted(self.meter.meter_id, value, "", group)

    def _value(self, facts: EventFacts) -> Decimal | None:
        if self._expression is not None:
            return evaluate(self._expression, facts.values)
        number = facts.number(self._field)
        if number is None:
            return _ZERO
        return number if self._multiplier is None else _EXACT.multiply(number, self._multiplier)


def quantity(meter: Meter, event: Event | StoredEvent) -> Counted | NotCounted:
    """What one meter counts one event for. For many, keep MeterRules and EventFacts."""
    return rule_of(meter).count(EventFacts(event))


@lru_cache(maxsize=4096)
def rule_of(meter: Meter) -> MeterRule:
    """The rule of a meter, made once while it stays as it is."""
    return MeterRule(meter)


def why_uncounted(outcomes: Iterable[Counted | NotCounted]) -> Uncounted | None:
    """Why no meter of the event's name counts it, from what each of them said; None when one counts it."""
    reasons = set()
    for outcome in outcomes:
        if isinstance(outcome, Counted):
            return None
        reasons.add(outcome.reason)
    if not reasons:
        return Uncounted.NO_METER
    return Uncounted.NOT_A_NUMBER if Uncounted.NOT_A_NUMBER in reasons else Uncounted.NO_MATCH


_decode = msgspec.json.Decoder(dict[str, object]).decode


def _indexed(event: Event | StoredEvent) -> Mapping[str, object]:
    if not event.properties:
        return {}
    exact = event.exact_properties if isinstance(event, Event) else read_properties(event.properties).exact
    try:
        return _decode(exact or event.properties)
    except msgspec.DecodeError:
        return {}  # No door lets such properties in, and the store finds nothing in them either.
