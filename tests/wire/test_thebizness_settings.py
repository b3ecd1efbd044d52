"""Websites and conversion events in theBizness's words: what is read, what is refused and under which name, what is shown."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Condition, ConversionEvent, Identity, Operator, PageMatch, Website
from streamgauge.kernel.website_settings import ConversionEventChange, WebsiteChange, WebsiteSpec
from streamgauge.wire.thebizness import conversion_events, websites
from streamgauge.wire.thebizness.settings_body import read_page
from streamgauge.wire.thebizness.websites import snippet_of

SITE = Website("w", "p", "a.example", "UTC", "EUR", "Shop", ("https://a.example",), Identity.COOKIE, 0, 1_705_320_000_123)
GOAL = ConversionEvent(
    "cev_1",
    "w",
    "Big",
    "purchase",
    (Condition("plan", Operator.IS, ("a", "b")), Condition("n", Operator.CONTAINS, ("1.5",))),
    PageMatch(Operator.MATCHES, ("^/x",)),
    Decimal("0.10"),
    "EUR",
)

Parse = Callable[[bytes], Any]


def parse_goal(body: bytes) -> ConversionEventChange:
    return conversion_events.parse_new_conversion_event(body, "w")


def change_goal(body: bytes) -> ConversionEventChange:
    return conversion_events.parse_conversion_event_change(body, "w", "cev_1")


def change_site(body: bytes) -> WebsiteChange:
    return websites.parse_website_change(body, "w")


def test_a_website_is_read_whole() -> None:
    body = {
        "id": "w",
        "domain": "a.example",
        "name": "Shop",
        "timezone": "Asia/Tokyo",
        "currency": "JPY",
        "allowed_origins": ["https://a.example"],
        "identity": "cookie",
    }
    assert websites.parse_new_website(json.dumps(body).encode()) == WebsiteSpec(
        domain="a.example",
        website_id="w",
        name="Shop",
        timezone="Asia/Tokyo",
        currency="JPY",
        allowed_origins=("https://a.example",),
        identity="cookie",
    )
    assert websites.parse_new_website(b'{"domain":"a.example","name":null}') == WebsiteSpec(domain="a.example")


def test_a_change_names_only_what_is_sent() -> None:
    assert change_site(b'{"name":"N","domain":null}') == WebsiteChange(name="N")
    assert change_site(b'{"allowed_origins":[]}') == WebsiteChange(allowed_origins=())
    assert change_site(b"{}") == WebsiteChange()


def test_what_is_shown_can_be_sent_back() -> None:
    shown = json.loads(websites.render_website(SITE, "stats.example"))["website"]
    assert change_site(json.dumps(shown).encode()) == WebsiteChange(
        domain="a.example",
        timezone="UTC",
        currency="EUR",
        name="Shop",
        allowed_origins=("https://a.example",),
        identity="cookie",
    )
    body = json.loads(conversion_events.render_conversion_event(GOAL))["conversion_event"]
    body["event_name"] = "page_view"
    change = change_goal(json.dumps(body).encode())
    assert (change.conditions, change.page, change.value) == (GOAL.conditions, GOAL.page, Decimal("0.1"))


def test_a_website_is_shown() -> None:
    assert json.loads(websites.render_website(SITE, "stats.example:8080")) == {
        "success": True,
        "website": {
            "id": "w",
            "name": "Shop",
            "domain": "a.example",
            "timezone": "UTC",
            "currency": "EUR",
            "allowed_origins": ["https://a.example"],
            "identity": "cookie",
            "created_at": "1970-01-01T00:00:00Z",
            "updated_at": "2024-01-15T12:00:00.123Z",
            "snippet": (
                '<script defer src="//stats.example:8080/js/script.js" data-website-id="w" data-identity="cookie"></script>'
            ),
        },
    }


@pytest.mark.parametrize(
    ("website_id", "host", "snippet"),
    [
        pytest.param("w", "[::1]:80", '<script defer src="//[::1]:80/js/script.js" data-website-id="w"></script>', id="IPv6"),
        pytest.param(
            '"><x', "h", '<script defer src="//h/js/script.js" data-website-id="&quot;&gt;&lt;x"></script>', id="a hostile id"
        ),
        pytest.param("w", '"><x', '<script defer src="/js/script.js" data-website-id="w"></script>', id="a hostile host"),
        pytest.param("w", "", '<script defer src="/js/script.js" data-website-id="w"></script>', id="no host"),
        pytest.param("w", "a/b", '<script defer src="/js/script.js" data-website-id="w"></script>', id="a host with a path"),
    ],
)
def test_the_snippet_is_sound_html(website_id: str, host: str, snippet: str) -> None:
    assert snippet_of(Website(website_id, "p", "a.example"), host) == snippet


def test_a_conversion_event_is_shown_with_exact_numbers() -> None:
    body = conversion_events.render_conversion_event(GOAL)
    assert json.loads(body, parse_float=Decimal)["conversion_event"] == {
        "id": "cev_1",
        "website_id": "w",
        "name": "Big",
        "event_name": "purchase",
        "conditions": [
            {"property": "plan", "operator": "is", "value": ["a", "b"]},
            {"property": "n", "operator": "contains", "value": "1.5"},
        ],
        "page": {"operator": "matches", "value": "^/x"},
        "value": Decimal("0.1"),
        "currency": "EUR",
        "is_active": True,
        "created_at": "1970-01-01T00:00:00Z",
        "updated_at": "1970-01-01T00:00:00Z",
    }
    assert json.loads(conversion_events.render_conversion_events([]))["conversion_events"] == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param('"event_name":" signup "', ConversionEventChange(event_name="signup"), id="an event"),
        pytest.param('"page":"/thanks"', ConversionEventChange(page=PageMatch(Operator.IS, ("/thanks",))), id="a page"),
        pytest.param(
            '"page":{"value":["/a","/b"],"operator":"is_not"}',
            ConversionEventChange(page=PageMatch(Operator.IS_NOT, ("/a", "/b"))),
            id="other pages",
        ),
        pytest.param(
            '"page":{"operator":"contains","value":"cart"}',
            ConversionEventChange(page=PageMatch(Operator.CONTAINS, ("cart",))),
            id="pages whose path contains",
        ),
        pytest.param(
            '"event_name":"e","value":0.1', ConversionEventChange(event_name="e", value=Decimal("0.1")), id="a value in decimals"
        ),
        pytest.param(
            '"event_name":"e","value":1234567890123456789.123456789',
            ConversionEventChange(event_name="e", value=Decimal("1234567890123456789.123456789")),
            id="a value with more digits than a double has",
        ),
        pytest.param(
            '"event_name":"e","value":1e3', ConversionEventChange(event_name="e", value=Decimal(1000)), id="an exponent"
        ),
        pytest.param('"event_name":"e","value":null', ConversionEventChange(event_name="e", value=None), id="no value"),
        pytest.param(
            '"event_name":"e","currency":"eur","is_active":false',
            ConversionEventChange(event_name="e", currency="eur", is_active=False),
            id="currency and state",
        ),
        pytest.param('"event_name":"e","conditions":[]', ConversionEventChange(event_name="e", conditions=()), id="no condition"),
        pytest.param(
            '"event_name":"e","conditions":[{"property":"a","value":[1,1.50,1e3,-0.0,true,false,"x",""]}]',
            ConversionEventChange(
                event_name="e",
                conditions=(Condition("a", Operator.IS, ("1", "1.5", "1000", "0", "true", "false", "x", "")),),
            ),
            id="values of every kind",
        ),
        pytest.param(
            '"event_name":"e","conditions":[{"property":"a","operator":"matches","value":"^(a|b)+$"}]',
            ConversionEventChange(event_name="e", conditions=(Condition("a", Operator.MATCHES, ("^(a|b)+$",)),)),
            id="a pattern",
        ),
    ],
)
def test_conversion_events_are_read(fields: str, expected: ConversionEventChange) -> None:
    body = f'{{"name":"N",{fields}}}'.encode()
    read = parse_goal(body)
    assert read.name == "N"
    for field in ConversionEventChange.__struct_fields__[1:]:
        assert getattr(read, field) == getattr(expected, field), field


def test_absent_and_null_are_told_apart_only_where_null_means_something() -> None:
    assert change_goal(b'{"page":null,"value":null,"name":null,"event_name":null,"conditions":null,"is_active":null}') == (
        ConversionEventChange(page=None, value=None)
    )
    assert (change_goal(b"{}").page, change_goal(b"{}").value) == (UNSET, UNSET)


def goal(fields: str) -> str:
    return f'{{"name":"N","event_name":"e",{fields}}}'


def condition(text: str) -> str:
    return goal(f'"conditions":[{text}]')


OUT = Reason.NUMBER_OUT_OF_RANGE
WRONG, INVALID, MISSING = Reason.WRONG_TYPE, Reason.INVALID_PARAMETER, Reason.MISSING_FIELD
PATTERN = '{"property":"a","operator":"matches","value":'


@pytest.mark.parametrize(
    ("parse", "body", "reason", "field", "expected"),
    [
        pytest.param(change_site, '{"name":5}', WRONG, "name", "string", id="E.2.18: a name that is a number"),
        pytest.param(change_site, '{"name":5.5}', WRONG, "name", "string", id="a name that is a decimal"),
        pytest.param(change_site, '{"timezone":["UTC"]}', WRONG, "timezone", "string", id="a list for a text"),
        pytest.param(
            change_site, '{"allowed_origins":"x"}', WRONG, "allowed_origins", "array of strings", id="a text for a list"
        ),
        pytest.param(
            change_site, '{"allowed_origins":[1]}', WRONG, "allowed_origins", "array of strings", id="a list of numbers"
        ),
        pytest.param(change_site, '{"nmae":"x"}', INVALID, "nmae", None, id="an unknown field"),
        pytest.param(change_site, '{"id":"v"}', INVALID, "id", "w, or no such field", id="another id"),
        pytest.param(change_site, '{"id":5}', INVALID, "id", None, id="an id that is a number"),
        pytest.param(change_site, "[]", Reason.BODY_NOT_OBJECT, "", "object", id="a list for a body"),
        pytest.param(change_site, "", Reason.MALFORMED_JSON, "", None, id="no body"),
        pytest.param(change_site, '{"name":"x"} x', Reason.MALFORMED_JSON, "", None, id="more than a body"),
        pytest.param(change_site, '{"name":"a","name":"b"}', Reason.DUPLICATE_KEY, "name", None, id="a key twice"),
        pytest.param(change_site, '{"name":"\\u0000"}', Reason.NUL_CHARACTER, "", None, id="NUL"),
        pytest.param(change_site, '{"name":"\\ud800"}', Reason.INVALID_UTF8, "", None, id="half a surrogate pair"),
        pytest.param(websites.parse_new_website, "{}", MISSING, "domain", "string", id="no domain"),
        pytest.param(websites.parse_new_website, '{"domain":1}', WRONG, "domain", "string", id="a domain of digits"),
        pytest.param(parse_goal, '{"event_name":"e"}', MISSING, "name", "string", id="E.2.20: no name"),
        pytest.param(parse_goal, '{"name":"N"}', MISSING, "event_name", "string", id="neither event nor page"),
        pytest.param(parse_goal, '{"name":"N","page":null}', MISSING, "event_name", "string", id="a page that is null"),
        pytest.param(parse_goal, '{"name":"N","event_name":" "}', Reason.EMPTY_NAME, "event_name", "string", id="a blank event"),
        pytest.param(parse_goal, '{"name":"N","event_name":7}', WRONG, "event_name", "string", id="an event of digits"),
        pytest.param(parse_goal, goal(f'"event_name2":"{"x" * 300}"'), INVALID, "event_name2", None, id="unknown"),
        pytest.param(parse_goal, goal('"id":"cev_2"'), INVALID, "id", None, id="an id of one's own"),
        pytest.param(parse_goal, goal('"website_id":"v"'), INVALID, "website_id", None, id="another website"),
        pytest.param(parse_goal, goal('"is_active":"yes"'), WRONG, "is_active", "boolean", id="a word for a flag"),
        pytest.param(parse_goal, goal('"value":"9.99"'), WRONG, "value", "number", id="a text for a value"),
        pytest.param(parse_goal, goal('"value":true'), WRONG, "value", "number", id="a flag for a value"),
        pytest.param(parse_goal, goal('"value":-1'), INVALID, "value", None, id="a negative value"),
        pytest.param(parse_goal, goal('"value":0.0000000001'), INVALID, "value", None, id="ten digits"),
        pytest.param(parse_goal, goal('"value":1e-999999999'), OUT, "value", None, id="a billion digits"),
        pytest.param(
            parse_goal, condition('{"property":"a","value":1e-999999999}'), OUT, "conditions[0].value", None,
            id="a condition of a billion digits",
        ),
        pytest.param(parse_goal, goal('"value":1e28'), Reason.NUMBER_OUT_OF_RANGE, "", None, id="a value too large"),
        pytest.param(parse_goal, goal('"page":"thanks"'), INVALID, "page", None, id="a page without a slash"),
        pytest.param(parse_goal, goal('"page":"/a?b=1"'), INVALID, "page", None, id="a page with a query"),
        pytest.param(parse_goal, goal('"page":{"value":"/a#b"}'), INVALID, "page.value", None, id="a fragment"),
        pytest.param(parse_goal, goal('"page":5'), WRONG, "page", None, id="a page of digits"),
        pytest.param(parse_goal, goal('"page":1.5'), WRONG, "page", None, id="a page of a decimal"),
        pytest.param(parse_goal, goal('"page":{}'), MISSING, "page.value", None, id="a page of nothing"),
        pytest.param(parse_goal, goal('"page":{"value":"/","x":1}'), INVALID, "page", None, id="a page of more"),
        pytest.param(parse_goal, goal('"conditions":{}'), WRONG, "conditions", "array", id="an object for a list"),
        pytest.param(parse_goal, condition('"a"'), WRONG, "conditions[0]", "object", id="a text for a condition"),
        pytest.param(
            parse_goal, condition('{"property":"a","value":1},{"value":1}'), MISSING, "conditions[1].property", "string",
            id="the second without a property",
        ),
        pytest.param(
            parse_goal, condition('{"property":"","value":1}'), INVALID, "conditions[0].property", None, id="no name"
        ),
        pytest.param(
            parse_goal, condition('{"property":1,"value":1}'), WRONG, "conditions[0].property", "string", id="1 as a name"
        ),
        pytest.param(
            parse_goal, condition('{"property":"a"}'), MISSING, "conditions[0].value", None, id="nothing to compare"
        ),
        pytest.param(
            parse_goal, condition('{"property":"a","value":[]}'), INVALID, "conditions[0].value", "1 to 50 values",
            id="an empty list",
        ),
        pytest.param(
            parse_goal, condition('{"property":"a","value":{}}'), WRONG, "conditions[0].value", None, id="an object"
        ),
        pytest.param(
            parse_goal, condition('{"property":"a","value":[null]}'), WRONG, "conditions[0].value", None, id="null in a list"
        ),
        pytest.param(
            parse_goal, condition('{"property":"a","operator":"gt","value":1}'), INVALID, "conditions[0].operator",
            "one of is, is_not, contains, matches", id="another operator",
        ),
        pytest.param(
            parse_goal, condition('{"property":"a","operator":5,"value":1}'), INVALID, "conditions[0].operator",
            "one of is, is_not, contains, matches", id="an operator of digits",
        ),
        pytest.param(
            parse_goal, condition('{"property":"a","value":1,"or":1}'), INVALID, "conditions[0]", None, id="more fields"
        ),
        pytest.param(
            parse_goal, condition(PATTERN + '"(a"}'), INVALID, "conditions[0].value", None, id="an open bracket"
        ),
        pytest.param(
            parse_goal, condition(PATTERN + '"(a)\\\\1"}'), INVALID, "conditions[0].value", None, id="a back reference"
        ),
        pytest.param(
            parse_goal, condition(PATTERN + '"(?=a)"}'), INVALID, "conditions[0].value", None, id="a look ahead"
        ),
        pytest.param(
            parse_goal, condition(PATTERN + f'"{"a" * 1001}"}}'), INVALID, "conditions[0].value", None,
            id="a pattern too long",
        ),
        pytest.param(
            parse_goal, condition(PATTERN + '"((a{1,99}){1,99}){1,99}"}'), INVALID, "conditions[0].value", None,
            id="a pattern too large",
        ),
        pytest.param(
            parse_goal, goal('"page":{"operator":"matches","value":["/ok","["]}'), INVALID, "page.value", None,
            id="the second pattern of a page",
        ),
        pytest.param(
            parse_goal, condition(f'{{"property":"a","value":"{"x" * 1001}"}}'), INVALID, "conditions[0].value",
            "at most 1000 characters", id="a text too long",
        ),
        pytest.param(
            parse_goal, condition(",".join(['{"property":"a","value":1}'] * 21)), INVALID, "conditions",
            "at most 20 conditions", id="too many conditions",
        ),
        pytest.param(
            parse_goal, condition(f'{{"property":"a","value":[{",".join("1" * 51)}]}}'), INVALID,
            "conditions[0].value", "1 to 50 values", id="too many values",
        ),
        pytest.param(change_goal, '{"id":"cev_2"}', INVALID, "id", None, id="another conversion event"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_field(parse: Parse, body: str, reason: Reason, field: str, expected: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        parse(body.encode())
    assert (caught.value.reason, caught.value.field) == (reason, field)
    assert expected is None or caught.value.expected == expected
    assert not field or caught.value.expected or reason is Reason.DUPLICATE_KEY


@pytest.mark.parametrize(
    ("parameters", "page"),
    [
        pytest.param([], (100, 0), id="defaults"),
        pytest.param([("limit", "1000"), ("offset", "5")], (1000, 5), id="both"),
        pytest.param([("limit", "")], (100, 0), id="an empty one is absent"),
    ],
)
def test_pages(parameters: list[tuple[str, str]], page: tuple[int, int]) -> None:
    assert read_page(parameters) == page


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        pytest.param([("limit", "0")], "limit", id="none at all"),
        pytest.param([("limit", "1001")], "limit", id="too many"),
        pytest.param([("limit", "-1")], "limit", id="negative"),
        pytest.param([("limit", "ten")], "limit", id="a word"),
        pytest.param([("limit", "٣")], "limit", id="digits of another script"),
        pytest.param([("offset", "1.5")], "offset", id="a fraction"),
        pytest.param([("offset", "9" * 5000)], "offset", id="more digits than an integer may have"),
        pytest.param([("limit", "1"), ("limit", "2")], "limit", id="twice"),
        pytest.param([("page", "1")], "page", id="unknown"),
    ],
)
def test_bad_pages(parameters: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_page(parameters)
    assert (caught.value.reason, caught.value.field) == (INVALID, field)
