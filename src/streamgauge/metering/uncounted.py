"""Which events no meter counts: as a question to the store, and the reason for each event that it answers with.

Both come of the same meters, so the list leaves no event out and gives each a reason.

Limit: at most MAX_CONDITIONAL meters with filters or expressions at once, for 100 expressions take the engine seconds to read.
Who has more asks for one event name.
"""

from collections.abc import Sequence

from streamgauge.kernel.expression import parse_expression
from streamgauge.kernel.metering import Meter
from streamgauge.kernel.query import Matcher, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.metering.matching import EventFacts, Uncounted, rule_of, why_uncounted

MAX_CONDITIONAL = 100


def matchers_of(meters: Sequence[Meter], event_name: str | None = None) -> tuple[Matcher, ...]:
    """What each meter counts. event_name: only meters of this name; None for all. Meters that count the same are one.

    Raises Refusal INVALID_PARAMETER when there are too many.
    """
    asked = [meter for meter in meters if event_name in (None, meter.event_name)]
    certain = dict.fromkeys(meter.event_name for meter in asked if not meter.filters and not meter.measure.expression)
    conditional = {
        (meter.event_name, meter.filters, meter.measure.expression): None for meter in asked if meter.event_name not in certain
    }
    if len(conditional) > MAX_CONDITIONAL:
        expected = f"one event name, of at most {MAX_CONDITIONAL} meters with filters or expressions"
        details = {"field": "event_name", "expected": expected}
        message = "Too many meters with filters or expressions"
        raise Refusal(Reason.INVALID_PARAMETER, message, field="event_name", expected=expected, details=details)
    return (
        *map(Matcher, certain),
        *(Matcher(name, filters, parse_expression(text) if text else None) for name, filters, text in conditional),
    )


def reason_for(meters: Sequence[Meter], event: StoredEvent) -> Uncounted | None:
    """Why none of the meters counts it; None when one does."""
    facts = EventFacts(event)
    return why_uncounted(rule_of(meter).count(facts) for meter in meters if meter.event_name == event.name)
