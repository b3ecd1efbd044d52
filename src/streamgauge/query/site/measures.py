"""The exact whole numbers that statements count, and the metrics that are made of them."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

from streamgauge.kernel.analytics import SiteMetric, SiteValues

DIVISION = Context(prec=28, rounding=ROUND_HALF_EVEN)


class Measure(StrEnum):
    """What is counted. DURATION_MS: summed over visits. OWN_VIEWS: page views of the visits, whenever they happened.

    CONVERTERS: distinct visitors with a conversion. REVENUE: in the asked currency.
    """

    VISITORS = "visitors"
    VISITS = "visits"
    BOUNCES = "bounces"
    DURATION_MS = "duration_ms"
    OWN_VIEWS = "own_views"
    PAGE_VIEWS = "page_views"
    EVENTS = "events"
    CONVERSIONS = "conversions"
    CONVERTERS = "converters"
    ORDERS = "orders"
    REVENUE = "revenue"


OF_VISITS = frozenset({Measure.VISITORS, Measure.VISITS, Measure.BOUNCES, Measure.DURATION_MS, Measure.OWN_VIEWS})
OF_EVENTS = frozenset({Measure.PAGE_VIEWS, Measure.EVENTS})
OF_CONVERSIONS = frozenset({Measure.CONVERSIONS, Measure.CONVERTERS})
OF_MONEY = frozenset({Measure.ORDERS, Measure.REVENUE})

# A metric is a measure, or one measure divided by another (and by a number, for its unit).
_WHOLE = {
    SiteMetric.VISITORS: Measure.VISITORS,
    SiteMetric.VISITS: Measure.VISITS,
    SiteMetric.PAGE_VIEWS: Measure.PAGE_VIEWS,
    SiteMetric.EVENTS: Measure.EVENTS,
    SiteMetric.CONVERSIONS: Measure.CONVERSIONS,
    SiteMetric.ORDERS: Measure.ORDERS,
    SiteMetric.REVENUE: Measure.REVENUE,
}
_RATIO = {
    SiteMetric.VIEWS_PER_VISIT: (Measure.OWN_VIEWS, Measure.VISITS, 1),
    SiteMetric.BOUNCE_RATE: (Measure.BOUNCES, Measure.VISITS, 1),
    SiteMetric.VISIT_DURATION: (Measure.DURATION_MS, Measure.VISITS, 1000),
    SiteMetric.CONVERSION_RATE: (Measure.CONVERTERS, Measure.VISITORS, 1),
    SiteMetric.REVENUE_PER_VISITOR: (Measure.REVENUE, Measure.VISITORS, 1),
}

Counts = Mapping[Measure, int | Decimal]


def needed(metrics: Iterable[SiteMetric]) -> frozenset[Measure]:
    """The measures of which the metrics are made."""
    found: set[Measure] = set()
    for metric in metrics:
        found.update((_WHOLE[metric],) if metric in _WHOLE else _RATIO[metric][:2])
    return frozenset(found)


def values(metrics: Iterable[SiteMetric], counts: Counts) -> SiteValues:
    """The metrics from their measures; a measure that is missing counts 0."""
    return {metric: _value(metric, counts) for metric in metrics}


def _value(metric: SiteMetric, counts: Counts) -> Decimal | int | None:
    if metric in _WHOLE:
        return counts.get(_WHOLE[metric], Decimal(0) if metric is SiteMetric.REVENUE else 0)
    above, below, unit = _RATIO[metric]
    divisor = counts.get(below, 0)
    if not divisor:
        return None
    return DIVISION.divide(Decimal(counts.get(above, 0)), Decimal(divisor * unit))


def order(metric: SiteMetric) -> str:
    """An SQL expression over measures that sorts as the metric does; NULL where the metric is undefined.

    A ratio is cut after its twentieth digit: ratios of whole numbers below 2^32 that differ, differ before it.
    """
    if metric in _WHOLE:
        return _WHOLE[metric].value
    above, below, _ = _RATIO[metric]
    digits = f"toInt256('1{'0' * 20}')"
    return f"if({below} = 0, NULL, intDiv(toInt256({above}) * {digits}, greatest({below}, 1)))"
