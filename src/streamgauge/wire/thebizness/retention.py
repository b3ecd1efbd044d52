"""GET /api/analytics/retention. Parameters beyond those of asking.py:

    interval    day, week (the default) or month: the buckets of first visits
    periods     how many buckets after its own a cohort is followed: 8 when absent, at most 400
    returning   the id of a conversion event, or else the name of an event, by which visitors come again; any visit when absent

The answer: {"cohorts": [{"date", "visitors", "returned", "rates"}]} beside the period. rates: shares of the cohort's visitors.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec

from streamgauge.kernel import calendar
from streamgauge.kernel.analytics import Cohort, RetentionAnswer, RetentionQuery
from streamgauge.kernel.query import CalendarRule, Window
from streamgauge.kernel.website import ConversionEvent
from streamgauge.wire.fields import MAX_NAME_LENGTH
from streamgauge.wire.numbers import json_number
from streamgauge.wire.parameters import Pairs, one_of
from streamgauge.wire.thebizness import asking
from streamgauge.wire.thebizness.asking import Asked, Site, invalid
from streamgauge.wire.thebizness.figures import period_shape

INTERVALS: Mapping[str, Window] = {"day": Window.DAY, "week": Window.WEEK, "month": Window.MONTH}
DEFAULT_INTERVAL = "week"
DEFAULT_PERIODS = 8
MAX_PERIODS = 400
PARAMETERS = (*asking.SELECTING, "interval", "periods", "returning")
_CONVERSION = "cev_"
_DIVISION = Context(prec=28, rounding=ROUND_HALF_EVEN)


def retention_asked(parameters: Pairs) -> Asked:
    """Raises Refusal."""
    return asking.of_parameters(parameters, PARAMETERS)


def parse_retention(asked: Asked, site: Site, now_ms: int) -> RetentionQuery:
    """Raises Refusal."""
    selection, _ = asking.read_selection(asked, site, now_ms)
    interval = asked.values.get("interval", DEFAULT_INTERVAL)
    if interval not in INTERVALS:
        raise invalid("interval", one_of(INTERVALS), interval)
    return RetentionQuery(
        selection=selection,
        window=INTERVALS[interval],
        periods=asking.read_whole(asked, "periods", DEFAULT_PERIODS, 1, MAX_PERIODS),
        calendar=CalendarRule(timezone=asking.read_zone(asked, site)),
        returning=_returning(asked, site),
    )


def render_retention(query: RetentionQuery, answer: RetentionAnswer) -> bytes:
    selection = query.selection
    names = {window: name for name, window in INTERVALS.items()}
    return msgspec.json.encode(
        {
            "success": True,
            "website_id": selection.website_id,
            "period": period_shape(selection.start_ms, selection.end_ms, query.calendar.timezone),
            "interval": names[query.window],
            "cohorts": [_cohort_shape(one, query) for one in answer.cohorts],
        }
    )


def _cohort_shape(one: Cohort, query: RetentionQuery) -> Mapping[str, object]:
    visitors = Decimal(one.visitors)
    rates = [json_number(_DIVISION.divide(Decimal(count), visitors) if one.visitors else None) for count in one.returned]
    return {
        "date": calendar.label(one.start_ms, query.window, query.calendar),
        "visitors": one.visitors,
        "returned": one.returned,
        "rates": rates,
    }


def _returning(asked: Asked, site: Site) -> ConversionEvent | None:
    text = asked.values.get("returning", "").strip()
    if not text:
        return None
    if text.startswith(_CONVERSION):
        return asking.conversion_named(text, "returning", site)
    if len(text) > MAX_NAME_LENGTH:
        raise invalid("returning", f"at most {MAX_NAME_LENGTH} characters", text)
    return ConversionEvent("", site.website.website_id, text, text)
