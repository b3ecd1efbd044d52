"""GET /api/analytics/attribution. Parameters beyond those of asking.py:

    model       last_touch (the default), first_touch or linear
    dimension   of visits: channel when absent
    lookback    how long before a conversion a visit may have begun: 30d when absent, at most 366d
    limit, offset or page; currency

The answer: {"rows": [{"value", "conversions", "orders", "revenue"}], "unattributed": {...}, "total", "revenue": {...}}.
"""

from collections.abc import Mapping

import msgspec

from streamgauge.kernel.analytics import (
    EVENT_DIMENSIONS,
    AttributionAnswer,
    AttributionModel,
    AttributionQuery,
    AttributionRow,
    Dimension,
)
from streamgauge.wire.numbers import json_number
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.solinth.funnels import read_window
from streamgauge.wire.thebizness import asking
from streamgauge.wire.thebizness.asking import Asked, Site, invalid
from streamgauge.wire.thebizness.figures import period_shape, revenue_shape

DEFAULT_LOOKBACK = "30d"
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
PARAMETERS = (*asking.SELECTING, "model", "dimension", "lookback", *asking.PAGING, "currency")


def attribution_asked(parameters: Pairs) -> Asked:
    """Raises Refusal."""
    return asking.of_parameters(parameters, PARAMETERS)


def parse_attribution(asked: Asked, site: Site, now_ms: int) -> AttributionQuery:
    """Raises Refusal."""
    selection, _ = asking.read_selection(asked, site, now_ms)
    limit, offset = asking.read_page(asked, DEFAULT_LIMIT, MAX_LIMIT)
    return AttributionQuery(
        selection=selection,
        model=asking.read_choice(asked, "model", AttributionModel) or AttributionModel.LAST_TOUCH,
        key=_key(asked),
        lookback_ms=read_window(asked.values.get("lookback", DEFAULT_LOOKBACK), "lookback"),
        conversions=site.conversions,
        currency=asking.read_currency(asked, site),
        rates=site.rates,
        limit=limit,
        offset=offset,
    )


def render_attribution(query: AttributionQuery, answer: AttributionAnswer, timezone: str) -> bytes:
    selection = query.selection
    return msgspec.json.encode(
        {
            "success": True,
            "website_id": selection.website_id,
            "period": period_shape(selection.start_ms, selection.end_ms, timezone),
            "model": query.model.value,
            "dimension": query.key.value,
            "currency": query.currency,
            "rows": [{"value": row.value, **_credits(row)} for row in answer.rows],
            "unattributed": _credits(answer.unattributed),
            "total": answer.total,
            "revenue": revenue_shape(answer.revenue),
        }
    )


def _credits(row: AttributionRow) -> Mapping[str, object]:
    return {
        "conversions": json_number(row.conversions),
        "orders": json_number(row.orders),
        "revenue": json_number(row.revenue),
    }


def _key(asked: Asked) -> Dimension:
    name = asked.values.get("dimension", Dimension.CHANNEL.value)
    key = asking.read_key(name, "dimension")
    if not isinstance(key, Dimension) or key in EVENT_DIMENSIONS:
        raise invalid("dimension", "a dimension of visits, such as channel, utm_campaign or entry_page", name)
    return key
