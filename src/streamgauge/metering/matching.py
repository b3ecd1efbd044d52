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
from streamgauge.kernel.query import FieldKey, Filter, Key, StoredEvent
from streamgauge.metering.property_text import compares, text_of
from streamgauge.wire.properties import read_properties

_EXACT = Context(prec=120)
_ONE = Decimal(1)
_ZERO = Decimal(0)
_COUNTING = (MeterType.COUNT, MeterType.COUNT_UNIQUE)


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
        return number_of(self.values.get(name))

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
        with_multiplier = measure.type is MeterType.SUM_WITH_MULTIPLIER
        self._multiplier = measure.multiplier if with_multiplier and measure.multiplier is not None else _ONE

    def count(self, facts: EventFacts) -> Counted | NotCounted:
        meter = self.meter
        if facts.event.name != meter.event_name:
            return NotCounted(meter.meter_id, Uncounted.OTHER_NAME)
        for chosen in meter.filters:
            if not _passes(chosen, facts):
                return NotCounted(meter.meter_id, Uncounted.FILTERED_OUT)
        value = self._value(facts)
        if value is None:
            return NotCounted(meter.meter_id, Uncounted.NOT_A_NUMBER)
        group = tuple(facts.text(key) for key in self._group_by)
        text = text_of(facts.values.get(self._field)) if self._type is MeterType.COUNT_UNIQUE else ""
        return Counted(meter.meter_id, value, text, group)

    def _value(self, facts: EventFacts) -> Decimal | None:
        if self._type in _COUNTING:
            return _ONE
        if self._expression is not None:
            return evaluate(self._expression, facts.values)
        number = facts.number(self._field) or _ZERO
        return number if self._multiplier is _ONE else _EXACT.multiply(number, self._multiplier)


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


def _passes(chosen: Filter, facts: EventFacts) -> bool:
    return compares(facts.text(chosen.key), chosen.operator, chosen.values)


_decode = msgspec.json.Decoder(dict[str, object]).decode


def _indexed(event: Event | StoredEvent) -> Mapping[str, object]:
    if not event.properties:
        return {}
    exact = event.exact_properties if isinstance(event, Event) else read_properties(event.properties).exact
    try:
        return _decode(exact or event.properties)
    except msgspec.DecodeError:
        return {}  # No door lets such properties in, and the store finds nothing in them either.
