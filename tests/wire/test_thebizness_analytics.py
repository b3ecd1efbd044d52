"""Questions about a website in theBizness's words: every parameter, every range, every fault named."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from streamgauge.kernel.analytics import (
    AttributionModel,
    AttributionQuery,
    Bots,
    Dimension,
    FunnelQuery,
    RetentionQuery,
    SiteFilter,
    SiteMetric,
)
from streamgauge.kernel.money import RateTable
from streamgauge.kernel.query import PropertyKey, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import ConversionEvent, Operator, Website
from streamgauge.wire.thebizness import analytics, attribution, funnels, retention
from streamgauge.wire.thebizness.asking import Site
from streamgauge.wire.thebizness.period import read_range

_NOW = "2024-03-15T22:30:00+00:00"
NOW_MS = round(datetime.fromisoformat(_NOW).timestamp() * 1000)
_SIGNUP = ConversionEvent("cev_1", "w", "Signup", "signup")
SITE = Site(Website("w", "p", "example.com", timezone="Europe/Berlin", currency="EUR"), (_SIGNUP,), RateTable())
Asked = dict[str, str] | list[tuple[str, str]]


def _pairs(asked: Asked) -> list[tuple[str, str]]:
    return [("website_id", "w"), *(asked.items() if isinstance(asked, dict) else asked)]


def _analytics(asked: Asked) -> analytics.AnalyticsRequest:
    return analytics.parse_analytics(analytics.analytics_asked(_pairs(asked)), SITE, NOW_MS)


def _values(asked: Asked) -> object:
    return analytics.parse_values(analytics.values_asked(_pairs(asked)), SITE, NOW_MS)


def _funnel(asked: Asked) -> FunnelQuery:
    return funnels.parse_funnel(funnels.funnel_asked(_pairs(asked)), SITE, NOW_MS)


def _funnel_body(body: object) -> FunnelQuery:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return funnels.parse_funnel(funnels.funnel_asked_by_body(sent), SITE, NOW_MS)


def _retention(asked: Asked) -> RetentionQuery:
    return retention.parse_retention(retention.retention_asked(_pairs(asked)), SITE, NOW_MS)


def _attribution(asked: Asked) -> AttributionQuery:
    return attribution.parse_attribution(attribution.attribution_asked(_pairs(asked)), SITE, NOW_MS)


def _text(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


# In Berlin it is 23:30 on 15 March, an hour ahead of UTC; from 31 March on two hours.
RANGES = {
    "the default": ({}, "2024-02-14T23:00", "2024-03-15T23:00"),
    "today": ({"period": "today"}, "2024-03-14T23:00", "2024-03-15T23:00"),
    "yesterday": ({"period": "yesterday"}, "2024-03-13T23:00", "2024-03-14T23:00"),
    "7d": ({"period": "7d"}, "2024-03-08T23:00", "2024-03-15T23:00"),
    "month": ({"period": "month"}, "2024-02-29T23:00", "2024-03-15T23:00"),
    "last_month": ({"period": "last_month"}, "2024-01-31T23:00", "2024-02-29T23:00"),
    "90d": ({"period": "90d"}, "2023-12-16T23:00", "2024-03-15T23:00"),
    "12mo": ({"period": "12mo"}, "2023-03-31T22:00", "2024-03-15T23:00"),
    "year": ({"period": "year"}, "2023-12-31T23:00", "2024-03-15T23:00"),
    "all": ({"period": "all"}, "1969-12-31T23:00", "2024-03-15T23:00"),
    "days": ({"start_date": "2024-03-30", "end_date": "2024-03-31"}, "2024-03-29T23:00", "2024-03-31T22:00"),
    "one day": ({"start_date": "2024-03-30", "end_date": "2024-03-30"}, "2024-03-29T23:00", "2024-03-30T23:00"),
    "custom": ({"period": "custom", "start_date": "2024-03-10"}, "2024-03-09T23:00", "2024-03-15T23:00"),
    "only an end": ({"end_date": "2024-03-01"}, "2024-01-31T23:00", "2024-03-01T23:00"),
}


@pytest.mark.parametrize(("values", "start", "end"), RANGES.values(), ids=RANGES)
def test_a_range(values: dict[str, str], start: str, end: str) -> None:
    found = read_range(values, "Europe/Berlin", NOW_MS)
    assert (_text(found.start_ms), _text(found.end_ms)) == (start, end)


def test_the_end_of_a_range_of_times_is_excluded_and_meant_in_the_zone() -> None:
    found = read_range({"start_date": "2024-03-01T12:00Z", "end_date": "2024-03-01T14:00"}, "Europe/Berlin", NOW_MS)
    assert (_text(found.start_ms), _text(found.end_ms)) == ("2024-03-01T12:00", "2024-03-01T13:00")


def test_defaults() -> None:
    request = _analytics({})
    query = request.query
    assert (query.selection.project_id, query.selection.website_id, query.selection.bots) == ("p", "w", Bots.EXCLUDE)
    assert (query.metrics, query.window, query.currency) == (tuple(SiteMetric), Window.DAY, "EUR")
    assert (query.calendar.timezone, query.conversions, query.breakdowns, query.compare) == (
        "Europe/Berlin",
        (_SIGNUP,),
        (),
        None,
    )
    assert _analytics({"period": "all"}).query.window is Window.MONTH


def test_breakdowns_and_their_page() -> None:
    request = _analytics({"group_by": "source,property:plan", "metrics": "orders, events", "limit": "5", "page": "3"})
    assert request.names == ("source", "property:plan")
    assert [(one.key, one.limit, one.offset, one.sort) for one in request.query.breakdowns] == [
        (Dimension.REFERRER, 5, 10, SiteMetric.ORDERS),
        (PropertyKey("plan"), 5, 10, SiteMetric.ORDERS),
    ]
    assert _analytics([("group_by", "property:a,b"), ("breakdown", "page")]).names == ("property:a,b", "page")


def test_filters() -> None:
    filters = [
        {"dimension": "page", "operator": "contains", "value": "/b"},
        {"dimension": "property:seats", "operator": "is_not", "value": [1.5, True]},
    ]
    asked = [
        ("filters", json.dumps(filters)),
        ("filter[country]", "DE"),
        ("filter[country]", "AT"),
        ("event_name", "x"),
        ("bots", "only"),
    ]
    selection = _analytics(asked).query.selection
    assert selection.bots is Bots.ONLY
    assert selection.filters == (
        SiteFilter(Dimension.COUNTRY, Operator.IS, ("DE", "AT")),
        SiteFilter(Dimension.PAGE, Operator.CONTAINS, ("/b",)),
        SiteFilter(PropertyKey("seats"), Operator.IS_NOT, ("1.5", "true")),
        SiteFilter(Dimension.EVENT_NAME, Operator.IS, ("x",)),
    )


def test_journeys() -> None:
    query = _funnel({"steps": "cev_1,cev_1", "window": "2h"})
    assert ([step.match for step in query.steps], query.within_ms) == ([_SIGNUP, _SIGNUP], 7_200_000)
    body = _funnel_body({"website_id": "w", "steps": [{"page": "/a"}, "cev_1"], "filters": [{"dimension": "os", "value": "x"}]})
    assert ([step.name for step in body.steps], len(body.selection.filters)) == (["/a", "Signup"], 1)
    again = _retention({"returning": "login", "interval": "month", "periods": "3"})
    assert (again.window, again.periods, again.returning and again.returning.event_name) == (Window.MONTH, 3, "login")
    assert _retention({"returning": "cev_1"}).returning == _SIGNUP
    credit = _attribution({"model": "linear", "dimension": "source", "lookback": "1d", "currency": "sek"})
    assert (credit.model, credit.key, credit.lookback_ms, credit.currency) == (
        AttributionModel.LINEAR, Dimension.REFERRER, 86_400_000, "SEK",
    )  # fmt: skip


Parse = Callable[[Asked], object]
_BAD, _NEEDED, _WRONG = Reason.INVALID_PARAMETER, Reason.MISSING_PARAMETER, Reason.WRONG_TYPE
REFUSED: dict[str, tuple[Parse, Asked, Reason, str]] = {
    "an unknown parameter": (_analytics, {"intervall": "day"}, _BAD, "intervall"),
    "a parameter given twice": (_analytics, [("limit", "1"), ("limit", "2")], _BAD, "limit"),
    "an unknown period": (_analytics, {"period": "8d"}, _BAD, "period"),
    "a period and a start": (_analytics, {"period": "7d", "start_date": "2024-01-01"}, _BAD, "period"),
    "custom without a start": (_analytics, {"period": "custom"}, _NEEDED, "start_date"),
    "a start that is none": (_analytics, {"start_date": "x"}, Reason.INVALID_TIMESTAMP, "start_date"),
    "a day that is none": (_analytics, {"end_date": "2024-02-30"}, Reason.INVALID_TIMESTAMP, "end_date"),
    "a year out of range": (_analytics, {"end_date": "3024-02-20"}, Reason.TIMESTAMP_OUT_OF_RANGE, "end_date"),
    "a start out of range": (_analytics, {"start_date": "0001-01-01"}, Reason.TIMESTAMP_OUT_OF_RANGE, "start_date"),
    "reversed": (_analytics, {"start_date": "2024-02-02", "end_date": "2024-02-01"}, Reason.RANGE_REVERSED, "start_date"),
    "a start after today": (_analytics, {"start_date": "2025-01-01"}, Reason.RANGE_REVERSED, "start_date"),
    "an unknown interval": (_analytics, {"interval": "minute"}, _BAD, "interval"),
    "an unknown metric": (_analytics, {"metrics": "visitors,foo"}, _BAD, "metrics"),
    "an empty metric": (_analytics, {"metrics": "visitors,"}, _BAD, "metrics"),
    "metric and metrics": (_analytics, {"metrics": "visitors", "metric": "events"}, _BAD, "metric"),
    "an unknown dimension": (_analytics, {"group_by": "planet"}, _BAD, "group_by"),
    "a dimension twice": (_analytics, {"group_by": "source,referrer"}, _BAD, "group_by"),
    "a property without a name": (_analytics, {"breakdown": "property:"}, _BAD, "breakdown"),
    "a long property": (_analytics, {"group_by": "property:" + "x" * 256}, _BAD, "group_by"),
    "too many dimensions": (_analytics, {"group_by": ",".join(f"property:{n}" for n in range(11))}, _BAD, "group_by"),
    "an unknown sort": (_analytics, {"sort": "page"}, _BAD, "sort"),
    "a limit of 0": (_analytics, {"limit": "0"}, _BAD, "limit"),
    "a large limit": (_analytics, {"limit": "1001"}, _BAD, "limit"),
    "a limit that is a word": (_analytics, {"limit": "ten"}, _BAD, "limit"),
    "a limit in other digits": (_analytics, {"limit": "٣"}, _BAD, "limit"),
    "a negative offset": (_analytics, {"offset": "-1"}, _BAD, "offset"),
    "page 0": (_analytics, {"page": "0"}, _BAD, "page"),
    "page and offset": (_analytics, {"page": "1", "offset": "0"}, _BAD, "page"),
    "an unknown comparison": (_analytics, {"compare": "last_period"}, _BAD, "compare"),
    "a comparison reversed": (_analytics, {"compare": "2024-02-01..2024-01-01"}, Reason.RANGE_REVERSED, "compare"),
    "an unknown zone": (_analytics, {"timezone": "Mars/Olympus"}, _BAD, "timezone"),
    "a currency of four letters": (_analytics, {"currency": "EURO"}, _BAD, "currency"),
    "unknown bots": (_analytics, {"bots": "yes"}, _BAD, "bots"),
    "filters that are no JSON": (_analytics, {"filters": "country=DE"}, Reason.MALFORMED_JSON, "filters"),
    "filters that are no list": (_analytics, {"filters": "{}"}, _BAD, "filters"),
    "a filter that is no object": (_analytics, {"filters": "[1]"}, _WRONG, "filters[0]"),
    "a filter of nothing": (_analytics, {"filters": '[{"value":"x"}]'}, Reason.MISSING_FIELD, "filters[0].dimension"),
    "a filter of a number": (_analytics, {"filters": '[{"dimension":1,"value":"x"}]'}, _WRONG, "filters[0].dimension"),
    "a filter of a planet": (_analytics, {"filters": '[{"dimension":"planet","value":"x"}]'}, _BAD, "filters[0].dimension"),
    "a filter without a value": (_analytics, {"filters": '[{"dimension":"os"}]'}, _NEEDED, "filters[0].value"),
    "a filter with more": (_analytics, {"filters": '[{"dimension":"os","value":"x","or":1}]'}, _BAD, "filters[0].or"),
    "a filter of numbers": (
        _analytics, {"filters": '[{"dimension":"os","operator":"gt","value":1}]'}, _BAD, "filters[0].operator",
    ),
    "an unknown operator": (
        _analytics, {"filters": '[{"dimension":"os","operator":"like","value":"x"}]'}, _BAD, "filters[0].operator",
    ),
    "a pattern that is none": (
        _analytics, {"filters": '[{"dimension":"os","operator":"matches","value":"("}]'}, _BAD, "filters[0].value",
    ),
    "a short filter of a planet": (_analytics, {"filter[planet]": "x"}, _BAD, "filter[planet]"),
    "too many filters": (_analytics, [(f"filter[property:{n}]", "x") for n in range(51)], _BAD, "filters"),
    "a NUL": (_analytics, {"event_name": "\0"}, Reason.NUL_CHARACTER, ""),
    "a NUL in a dimension": (_analytics, {"group_by": "property:\0"}, Reason.NUL_CHARACTER, ""),
    "half a surrogate pair": (_analytics, {"event_name": "\udc80"}, Reason.INVALID_UTF8, ""),
    "values of nothing": (_values, {}, _NEEDED, "dimension"),
    "values of a planet": (_values, {"dimension": "planet"}, _BAD, "dimension"),
    "no steps": (_funnel, {}, _NEEDED, "steps"),
    "one step": (_funnel, {"steps": "cev_1"}, _BAD, "steps"),
    "nine steps": (_funnel, {"steps": ",".join(["cev_1"] * 9)}, _BAD, "steps"),
    "an unknown conversion event": (_funnel, {"steps": "cev_1,cev_2"}, Reason.NOT_FOUND, "steps[1]"),
    "a step that is a number": (_funnel, {"steps": '["cev_1",2.5]'}, _WRONG, "steps[1]"),
    "a step without an event": (_funnel, {"steps": '["cev_1",{"name":"x"}]'}, Reason.MISSING_FIELD, "steps[1].event_name"),
    "steps that are no JSON": (_funnel, {"steps": "[x"}, Reason.MALFORMED_JSON, "steps"),
    "a window that is none": (_funnel, {"steps": "cev_1,cev_1", "window": "week"}, _BAD, "window"),
    "a window of years": (_funnel, {"steps": "cev_1,cev_1", "window": "367d"}, _BAD, "window"),
    "cohorts by hour": (_retention, {"interval": "hour"}, _BAD, "interval"),
    "401 periods": (_retention, {"periods": "401"}, _BAD, "periods"),
    "an unknown return": (_retention, {"returning": "cev_9"}, Reason.NOT_FOUND, "returning"),
    "a long return": (_retention, {"returning": "x" * 256}, _BAD, "returning"),
    "an unknown model": (_attribution, {"model": "magic"}, _BAD, "model"),
    "attribution by page": (_attribution, {"dimension": "page"}, _BAD, "dimension"),
    "attribution by property": (_attribution, {"dimension": "property:x"}, _BAD, "dimension"),
    "a lookback of nothing": (_attribution, {"lookback": "0d"}, _BAD, "lookback"),
}  # fmt: skip


@pytest.mark.parametrize(("parse", "asked", "reason", "field"), REFUSED.values(), ids=REFUSED)
def test_a_fault_is_named(parse: Parse, asked: Asked, reason: Reason, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(asked)
    assert (refused.value.reason, refused.value.field) == (reason, field), refused.value.message
    assert refused.value.expected or not field


def test_a_number_too_small_for_a_double_is_compared_as_the_zero_that_is_stored() -> None:
    asked = {"filters": '[{"dimension":"property:x","value":1e-999999999}]'}
    assert _analytics(asked).query.selection.filters[0].values == ("0", "-0")


BODIES = {
    "no object": (b"[]", Reason.BODY_NOT_OBJECT, ""),
    "an unknown field": ({"website_id": "w", "step": []}, _BAD, "step"),
    "steps that are a text": ({"website_id": "w", "steps": "cev_1,cev_1"}, _WRONG, "steps"),
    "a zone that is a list": ({"website_id": "w", "timezone": []}, _WRONG, "timezone"),
    "a flag": ({"website_id": "w", "bots": True}, _WRONG, "bots"),
}


@pytest.mark.parametrize(("body", "reason", "field"), BODIES.values(), ids=BODIES)
def test_a_fault_of_a_body_is_named(body: object, reason: Reason, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        _funnel_body(body)
    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_the_website_is_needed() -> None:
    for asked in (analytics.analytics_asked([]), funnels.funnel_asked_by_body(b"{}")):
        with pytest.raises(Refusal) as refused:
            _ = asked.website_id
        assert (refused.value.message, refused.value.field) == ("Missing required field: website_id", "website_id")
