"""The measures as SQL aggregates over rows of visits, of events, of conversions and of payments."""

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.website import PAGE_VIEW
from streamgauge.query.clauses import Bindings
from streamgauge.query.site.measures import Measure

OVER_VISITS = {
    Measure.VISITORS: "uniqExact(visitor)",
    Measure.VISITS: "count()",
    Measure.BOUNCES: "countIf(events = 1)",
    Measure.DURATION_MS: "sum(toUnixTimestamp64Milli(ended_at) - toUnixTimestamp64Milli(started_at))",
    Measure.OWN_VIEWS: "sum(page_views)",
}
OVER_EVENTS = {Measure.PAGE_VIEWS: f"countIf(name = '{PAGE_VIEW}')", Measure.EVENTS: "count()"}
OVER_CONVERSIONS = {Measure.CONVERSIONS: "count()", Measure.CONVERTERS: "uniqExactIf(visitor, visitor != 0)"}

IS_PAYMENT = f"bitAnd(flags, {EventFlag.REVENUE.value}) != 0 AND strings['type'] != 'free_trial'"
"""Payments and refunds; a trial is neither revenue nor an order."""

IS_ORDER = "strings['type'] IN ('sale', 'renewal') OR (strings['type'] = '' AND numbers['amount'] >= 0)"


def currency(default: str, bindings: Bindings) -> str:
    """The currency of a payment; the asked one where it names none."""
    return f"if(strings['currency'] = '', {bindings.text(default)}, upper(strings['currency']))"


def chosen(measures: frozenset[Measure], offered: dict[Measure, str]) -> dict[Measure, str]:
    """The aggregates of those measures that are wanted, in a fixed order."""
    return {measure: aggregate for measure, aggregate in offered.items() if measure in measures}
