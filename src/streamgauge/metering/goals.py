"""For which conversion goals of its website an event counts: the meaning that query/site gives them, for one event in memory."""

from collections.abc import Iterable

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import PropertyKey
from streamgauge.kernel.website import ConversionEvent
from streamgauge.metering.matching import EventFacts
from streamgauge.metering.property_text import compares


def goals_of(facts: EventFacts, goals: Iterable[ConversionEvent]) -> tuple[ConversionEvent, ...]:
    """Those that are active and match. Events of bots count for none, as in web analytics unless bots are asked for."""
    if facts.event.flags & EventFlag.BOT:
        return ()
    return tuple(goal for goal in goals if goal.is_active and _converts(facts, goal))


def _converts(facts: EventFacts, goal: ConversionEvent) -> bool:
    if facts.event.name != goal.event_name:
        return False
    if goal.page is not None and not compares(facts.path, goal.page.operator, goal.page.values):
        return False
    return all(compares(facts.text(PropertyKey(one.property)), one.operator, one.values) for one in goal.conditions)
