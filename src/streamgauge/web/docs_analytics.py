"""The questions about a website, as the OpenAPI document tells them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from streamgauge.kernel.analytics import AttributionModel, Bots, Dimension, SiteMetric
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import list_of, object_of
from streamgauge.wire.solinth.funnels import DEFAULT_WINDOW, FEWEST_STEPS, MOST_STEPS
from streamgauge.wire.thebizness import analytics, attribution, retention
from streamgauge.wire.thebizness.asking import ALIASES, PROPERTY
from streamgauge.wire.thebizness.period import DEFAULT_PERIOD, PERIODS

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_SHARE: Schema = {"type": ["number", "null"], "description": "A fraction of 28 significant digits; null when undefined."}
_YES: Schema = {"type": "boolean"}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_KEYS = f"{', '.join([*Dimension, *ALIASES])}, or {PROPERTY}NAME"


def _one_of(words: Iterable[str], default: str | None = None) -> Schema:
    return {**_TEXT, "enum": list(words), **({} if default is None else {"default": default})}


def _whole(least: int, most: int, default: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


def _asked(name: str, schema: Schema, description: str, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}


_DATE = "A date alone is a whole day of the zone."
_SELECTING = (
    _asked("website_id", _TEXT, "The website.", required=True),
    _asked("period", _one_of(PERIODS, DEFAULT_PERIOD), "All but yesterday and last_month end with today, the whole day."),
    _asked("start_date", _TEXT, f"Instead of a period, or with custom: ISO 8601. {_DATE}"),
    _asked("end_date", _TEXT, f"As start_date. A day is included, a time is not. {_DATE}"),
    _asked("timezone", _TEXT, "IANA name. Without it: the website's."),
    _asked(
        "filters", _TEXT,
        'A JSON list of {"dimension", "operator", "value"}, all of which must hold. Operators: is, is_not, contains, matches. '
        "value: text, number, boolean, or a list of which one must fit (is_not: none).",
    ),
    _asked("filter[KEY]", _TEXT, f"KEY is VALUE; once more: or this value. KEY is one of {_KEYS}."),
    _asked("event_name", _TEXT, "Only events of this name, and visits that have one."),
    _asked("bots", _one_of(Bots, Bots.EXCLUDE.value), "Which traffic counts."),
)  # fmt: skip


def _paging(most: int, default: int) -> tuple[Schema, ...]:
    return (
        _asked("limit", _whole(1, most, default), "How many rows."),
        _asked("offset", {**_COUNT, "default": 0}, "How many to leave out first."),
        _asked("page", {"type": "integer", "minimum": 1}, "Instead of offset: which page, from 1."),
    )


_CURRENCY = _asked("currency", _TEXT, "ISO 4217 code in which revenue is answered. Without it: the website's.")
_PERIOD = object_of({"start": _TIME, "end": {**_TIME, "description": "Excluded."}, "timezone": _TEXT}, "start", "end", "timezone")
_COUNTS = frozenset(
    {
        SiteMetric.VISITORS, SiteMetric.VISITS, SiteMetric.PAGE_VIEWS, SiteMetric.EVENTS,
        SiteMetric.CONVERSIONS, SiteMetric.ORDERS,
    }
)  # fmt: skip
_VALUES: Mapping[str, Schema] = {
    metric.value: _COUNT if metric in _COUNTS else _NUMBER if metric is SiteMetric.REVENUE else _SHARE for metric in SiteMetric
}
_MONEY = object_of({"currency": _TEXT, "amount": _NUMBER}, "currency", "amount")
_RATE = object_of({"date": _TEXT, "base": _TEXT, "quote": _TEXT, "rate": _NUMBER}, "date", "base", "quote", "rate")
_REVENUE = {
    **object_of(
        {
            "currency": _TEXT,
            "total": _NUMBER,
            "by_currency": list_of(_MONEY),
            "unconverted": {**list_of(_MONEY), "description": "What no rate covers; it is not in the total."},
            "rates_used": list_of(_RATE),
        },
        "currency", "total", "by_currency", "unconverted", "rates_used",
    ),
    "description": "How revenue was made. Only when a metric needs it.",
}  # fmt: skip
_TOTALS: Mapping[str, Schema] = {
    "metrics": object_of(_VALUES),
    "data": list_of(object_of({"date": _TEXT, **_VALUES}, "date")),
    "revenue": _REVENUE,
}
_ROWS: Mapping[str, Schema] = {"rows": list_of(object_of({"value": _TEXT, **_VALUES}, "value")), "total": _COUNT}
_HEAD: Mapping[str, Schema] = {"success": _YES, "website_id": _TEXT, "period": _PERIOD}
ANALYTICS_REPLY = object_of(
    {
        **_HEAD,
        "interval": _TEXT,
        "currency": _TEXT,
        **_TOTALS,
        "compare": object_of({"period": _PERIOD, **_TOTALS}, "period", "metrics", "data"),
        "breakdowns": {"type": "object", "additionalProperties": object_of(_ROWS, "rows", "total")},
    },
    *_HEAD, "interval", "currency", "metrics", "data",
)  # fmt: skip
_STEP = object_of(
    {"name": _TEXT, "visitors": _COUNT, "rate": _SHARE, "step_rate": _SHARE, "median_seconds": {"type": ["number", "null"]}},
    "name", "visitors", "rate", "step_rate", "median_seconds",
)  # fmt: skip
_FUNNEL = object_of({**_HEAD, "steps": list_of(_STEP)}, *_HEAD, "steps")
_COHORT = object_of(
    {"date": _TEXT, "visitors": _COUNT, "returned": list_of(_COUNT), "rates": list_of(_SHARE)},
    "date",
    "visitors",
    "returned",
    "rates",
)
_CREDITS: Mapping[str, Schema] = {"conversions": _NUMBER, "orders": _NUMBER, "revenue": _NUMBER}
RETENTION_REPLY = object_of({**_HEAD, "interval": _TEXT, "cohorts": list_of(_COHORT)}, *_HEAD, "interval", "cohorts")
ATTRIBUTION_REPLY = object_of(
    {
        **_HEAD,
        "model": _TEXT,
        "dimension": _TEXT,
        "currency": _TEXT,
        "rows": list_of(object_of({"value": _TEXT, **_CREDITS}, "value", *_CREDITS)),
        "unattributed": object_of(_CREDITS, *_CREDITS),
        "total": _COUNT,
        "revenue": _REVENUE,
    },
    *_HEAD, "model", "dimension", "currency", "rows", "unattributed", "total", "revenue",
)  # fmt: skip
_STEPS = (
    f"{FEWEST_STEPS} to {MOST_STEPS} steps in order: a JSON list of steps ({{event_name or page, name, conditions}}) and ids of "
    "conversion events, or such ids separated by commas."
)
_WINDOW = "How long after the first step the last one may come: a number and s, m, h or d, at most 366d."
_STEP_SENT: Schema = {"type": ["object", "string"]}
_ABOUT = "What each number means: docs/analytics.md. Numbers have all their digits, more than a double carries."

ANALYTICS_DOCS = (
    RouteDoc(
        "GET", "/api/analytics", Tag.THEBIZNESS, "thebiznessAnalytics", "The numbers of a website", _ABOUT,
        parameters=(
            *_SELECTING,
            _asked("interval", _one_of(analytics.INTERVALS), "Of the series. Without it: day, and month for period=all."),
            _asked("metrics", _TEXT, f"Separated by commas: {', '.join(SiteMetric)}. Without it: all."),
            _asked("metric", _one_of(SiteMetric), "Instead of metrics."),
            _asked("breakdown_metrics", _TEXT, "Of each value of a breakdown. Without it: metrics when given, else visitors."),
            _asked("group_by", _TEXT, f"Breakdowns, separated by commas, or one each when given more than once: {_KEYS}."),
            _asked("breakdown", _TEXT, "Another name of group_by."),
            _asked("sort", _one_of(SiteMetric), "By which metric the values of a breakdown are ordered, largest first."),
            *_paging(analytics.MAX_LIMIT, analytics.DEFAULT_LIMIT),
            _asked("compare", _TEXT, "previous_period, previous_year or START..END: totals and series of that range as well."),
            _CURRENCY,
        ),
        reply=ANALYTICS_REPLY, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/api/analytics/values", Tag.THEBIZNESS, "thebiznessValues", "The values of one dimension, to choose from",
        "The most frequent first.",
        parameters=(
            *_SELECTING,
            _asked("dimension", _TEXT, f"One of {_KEYS}.", required=True),
            _asked("search", _TEXT, "Only values that contain this."),
            *_paging(analytics.MAX_LIMIT, analytics.DEFAULT_LIMIT),
        ),
        reply=object_of(
            {"success": _YES, "website_id": _TEXT, "values": _ROWS["rows"], "total": _COUNT},
            "success", "website_id", "values", "total",
        ),
        also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/api/analytics/funnel", Tag.THEBIZNESS, "thebiznessFunnel", "How many visitors took each of several steps",
        parameters=(
            *_SELECTING,
            _asked("steps", _TEXT, _STEPS, required=True),
            _asked("window", {**_TEXT, "default": DEFAULT_WINDOW}, _WINDOW),
        ),
        reply=_FUNNEL, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", "/api/analytics/funnel", Tag.THEBIZNESS, "thebiznessFunnelOfBody", "The same, asked by a body",
        "All parameters of the query by their names, but filter[KEY].",
        request=object_of(
            {
                "website_id": _TEXT,
                "steps": {**list_of(_STEP_SENT), "minItems": FEWEST_STEPS, "maxItems": MOST_STEPS, "description": _STEPS},
                "window": {**_TEXT, "default": DEFAULT_WINDOW, "description": _WINDOW},
                "period": _one_of(PERIODS, DEFAULT_PERIOD),
                "start_date": _TEXT,
                "end_date": _TEXT,
                "timezone": _TEXT,
                "filters": list_of({"type": "object"}),
                "event_name": _TEXT,
                "bots": _one_of(Bots, Bots.EXCLUDE.value),
            },
            "website_id", "steps",
        ),
        example={"website_id": "your-website-id", "steps": [{"page": "/pricing"}, {"event_name": "signup"}], "window": "7d"},
        reply=_FUNNEL, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/api/analytics/retention", Tag.THEBIZNESS, "thebiznessRetention", "How many visitors came again",
        "By the day, week or month of their first visit. returned[i] came again i buckets later.",
        parameters=(
            *_SELECTING,
            _asked("interval", _one_of(retention.INTERVALS, retention.DEFAULT_INTERVAL), "Of the cohorts."),
            _asked("periods", _whole(1, retention.MAX_PERIODS, retention.DEFAULT_PERIODS), "How many buckets each is followed."),
            _asked("returning", _TEXT, "By which conversion event (its id) or event (its name). Without it: by any visit."),
        ),
        reply=RETENTION_REPLY, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/api/analytics/attribution", Tag.THEBIZNESS, "thebiznessAttribution",
        "Conversions and revenue by the visits that led to them",
        "All rows and `unattributed` add up to the whole.",
        parameters=(
            *_SELECTING,
            _asked("model", _one_of(AttributionModel, AttributionModel.LAST_TOUCH.value), "Which visits are credited."),
            _asked("dimension", {**_TEXT, "default": Dimension.CHANNEL.value}, "Of visits."),
            _asked(
                "lookback", {**_TEXT, "default": attribution.DEFAULT_LOOKBACK},
                "How long before a conversion a visit may have begun: a number and s, m, h or d, at most 366d.",
            ),
            *_paging(attribution.MAX_LIMIT, attribution.DEFAULT_LIMIT),
            _CURRENCY,
        ),
        reply=ATTRIBUTION_REPLY, also=_LOOKED_UP,
    ),
)  # fmt: skip
