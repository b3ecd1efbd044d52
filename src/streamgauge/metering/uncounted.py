"""Which events no meter counts: as a question to the store, and the reason for each event that it answers with.

Both come of the same meters, so the list leaves no event out and gives each a reason.
"""

from collections.abc import Sequence

from streamgauge.kernel.expression import parse_expression
from streamgauge.kernel.metering import Meter
from streamgauge.kernel.query import Matcher, StoredEvent
from streamgauge.metering.matching import EventFacts, Uncounted, rule_of, why_uncounted


def matchers_of(meters: Sequence[Meter], event_name: str | None = None) -> tuple[Matcher, ...]:
    """What each meter counts. event_name: only meters of this name; None for all. Meters that count the same are one."""
    matchers = {}
    for meter in meters:
        if event_name in (None, meter.event_name):
            text = meter.measure.expression
            matcher = Matcher(meter.event_name, meter.filters, parse_expression(text) if text else None)
            matchers[meter.event_name, meter.filters, text] = matcher
    certain = {matcher.event_name for matcher in matchers.values() if not matcher.filters and matcher.expression is None}
    return tuple(
        matcher
        for matcher in matchers.values()
        if matcher.event_name not in certain or (not matcher.filters and matcher.expression is None)
    )


def reason_for(meters: Sequence[Meter], event: StoredEvent) -> Uncounted | None:
    """Why none of the meters counts it; None when one does."""
    facts = EventFacts(event)
    return why_uncounted(rule_of(meter).count(facts) for meter in meters if meter.event_name == event.name)
