"""Filters of GET /v1/metrics: what each form means, and how bad ones are refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.query import Filter, NumberFilter, Order, PropertyKey
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Operator
from streamgauge.wire.solinth.filters import MAX_FILTERS, MAX_VALUES, OPERATORS, parse_filters
from streamgauge.wire.solinth.metrics import parse_metrics

P = PropertyKey("p")


def one(value: str, operator: str = "is") -> object:
    """The filter of a value given as JSON."""
    (found,) = parse_filters(f'[{{"property":"p","operator":"{operator}","value":{value}}}]', "filters")
    return found


MEANT = [
    pytest.param(one('"a"'), Filter(P, ("a",)), id="text"),
    pytest.param(one('["a","","a"]'), Filter(P, ("a", "", "a")), id="a list"),
    pytest.param(one("2"), Filter(P, ("2",)), id="a whole number is its text"),
    pytest.param(one("[2.50,1e2]"), Filter(P, ("2.5", "100")), id="numbers in their shortest plain form"),
    pytest.param(one("-0.0"), Filter(P, ("0", "-0")), id="zero with and without its sign"),
    pytest.param(one("-1.5e-7"), Filter(P, ("-0.00000015", "-1.5e-7")), id="a small number in both forms"),
    pytest.param(one("1e21"), Filter(P, ("1000000000000000000000", "1e21")), id="a large number in both forms"),
    pytest.param(one("[true,false]"), Filter(P, ("true", "false")), id="true and false"),
    pytest.param(one('"2.50"'), Filter(P, ("2.50",)), id="a text stays as it is"),
    pytest.param(one('"x"', "is_not"), Filter(P, ("x",), Operator.IS_NOT), id="is_not"),
    pytest.param(one('"x"', "contains"), Filter(P, ("x",), Operator.CONTAINS), id="contains"),
    pytest.param(one('"^x.*$"', "matches"), Filter(P, ("^x.*$",), Operator.MATCHES), id="matches"),
    pytest.param(one("10", "gt"), NumberFilter(P, Order.ABOVE, Decimal(10)), id="gt"),
    pytest.param(one('"10"', "gte"), NumberFilter(P, Order.AT_LEAST, Decimal(10)), id="gte a number as text"),
    pytest.param(
        one("0.1234567890123456789", "lt"),
        NumberFilter(P, Order.BELOW, Decimal("0.1234567890123456789")),
        id="every digit counts",
    ),
    pytest.param(one("-1.5e3", "lte"), NumberFilter(P, Order.AT_MOST, Decimal("-1.5e3")), id="lte"),
]


@pytest.mark.parametrize(("found", "meant"), MEANT)
def test_what_filters_mean(found: object, meant: object) -> None:
    assert found == meant


def test_is_is_the_default_operator() -> None:
    assert parse_filters('[{"property":"p","value":"a"}]', "filters") == (Filter(P, ("a",)),)


REFUSED = [
    pytest.param("plan", "filters", id="no JSON"),
    pytest.param("", "filters", id="empty"),
    pytest.param("{}", "filters", id="an object"),
    pytest.param("null", "filters", id="null"),
    pytest.param("[1]", "filters[0]", id="a number for a filter"),
    pytest.param('[{"property":"p","value":"a"},{"value":"a"}]', "filters[1].property", id="no property"),
    pytest.param('[{"property":1,"value":"a"}]', "filters[0].property", id="property a number"),
    pytest.param('[{"property":1.5,"value":"a"}]', "filters[0].property", id="property a fraction"),
    pytest.param('[{"property":"p","op":"is","value":"a"}]', "filters[0].op", id="a misspelt field"),
    pytest.param('[{"property":"p","operator":"like","value":"a"}]', "filters[0].operator", id="an unknown operator"),
    pytest.param('[{"property":"p","operator":1.5,"value":"a"}]', "filters[0].operator", id="operator a number"),
    pytest.param('[{"property":"p"}]', "filters[0].value", id="no value"),
    pytest.param('[{"property":"p","value":null}]', "filters[0].value", id="null"),
    pytest.param('[{"property":"p","value":[]}]', "filters[0].value", id="no values"),
    pytest.param('[{"property":"p","value":[null]}]', "filters[0].value", id="a list of null"),
    pytest.param('[{"property":"p","value":[["a"]]}]', "filters[0].value", id="a list of lists"),
    pytest.param('[{"property":"p","value":{}}]', "filters[0].value", id="an object"),
    pytest.param('[{"property":"p","operator":"matches","value":"(?=x)"}]', "filters[0].value", id="not RE2"),
    pytest.param('[{"property":"p","operator":"matches","value":"%s"}]' % ("x" * 1001), "filters[0].value", id="a long pattern"),
    pytest.param('[{"property":"p","operator":"gt","value":"ten"}]', "filters[0].value", id="a word for a number"),
    pytest.param('[{"property":"p","operator":"gt","value":"NaN"}]', "filters[0].value", id="NaN"),
    pytest.param('[{"property":"p","operator":"gt","value":"1e999999999"}]', "filters[0].value", id="a huge exponent"),
    pytest.param('[{"property":"p","operator":"gt","value":true}]', "filters[0].value", id="true for a number"),
    pytest.param('[{"property":"p","operator":"gt","value":[1]}]', "filters[0].value", id="a list for a number"),
    pytest.param('[{"property":"p","operator":"gt","value":"1%s"}]' % ("0" * 28), "filters[0].value", id="beyond the store"),
    pytest.param('[{"property":"p","value":1e30}]', "filters", id="a number beyond the store"),
    pytest.param('[{"property":"p","property":"q","value":1}]', "filters", id="a key twice"),
    pytest.param('[{"property":"a\\u0000","value":1}]', "filters", id="NUL"),
    pytest.param('[{"property":"\\ud800","value":1}]', "filters", id="half a surrogate"),
    pytest.param("[" * 10_000 + "]" * 10_000, "filters", id="nested 10,000 levels"),
    pytest.param(json.dumps([{"property": "p", "value": 1}] * (MAX_FILTERS + 1)), "filters", id="51 filters"),
    pytest.param(json.dumps([{"property": "p", "value": ["a"] * (MAX_VALUES + 1)}]), "filters[0].value", id="1,001 values"),
]


@pytest.mark.parametrize(("text", "field"), REFUSED)
def test_bad_filters_are_refused_by_place(text: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_filters(text, "filters")
    assert caught.value.field == field
    assert caught.value.kind.value == 400
    assert field in caught.value.message


SHORT = [
    pytest.param([("filter[p]", "a")], (Filter(P, ("a",)),), id="one"),
    pytest.param([("filter[p]", "a"), ("filter[p]", "b")], (Filter(P, ("a", "b")),), id="either"),
    pytest.param([("filter[p]", "")], (Filter(P, ("",)),), id="the empty text"),
    pytest.param([("filter[]", "a")], (Filter(PropertyKey(""), ("a",)),), id="the empty name"),
    pytest.param([("filter[a[b]]", "a")], (Filter(PropertyKey("a[b]"), ("a",)),), id="brackets in a name"),
    pytest.param([("filter[a\nb]", "☃")], (Filter(PropertyKey("a\nb"), ("☃",)),), id="a line break in a name"),
    pytest.param(
        [("filter[p]", "a"), ("filters", '[{"property":"q","operator":"gt","value":1}]')],
        (Filter(P, ("a",)), NumberFilter(PropertyKey("q"), Order.ABOVE, Decimal(1))),
        id="beside the long form",
    ),
]


@pytest.mark.parametrize(("params", "meant"), SHORT)
def test_the_short_form(params: list[tuple[str, str]], meant: object) -> None:
    (query,) = parse_metrics([("event", "e"), *params], "p1", 0).sides
    assert query.selection.filters == meant


@pytest.mark.parametrize("name", ["filter", "filter[p", "filter(p)", "filters[p]", "Filter[p]"])
def test_what_is_no_short_form_is_an_unknown_parameter(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_metrics([("event", "e"), (name, "a")], "p1", 0)
    assert caught.value.reason is Reason.INVALID_PARAMETER


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_almost = st.fixed_dictionaries(
    {}, optional={"property": st.text() | _json, "operator": st.sampled_from(OPERATORS), "value": _json}
)


@given(st.lists(_almost | _json).map(json.dumps) | st.text())
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        found: Any = parse_filters(text, "filters")
    except Refusal:
        return
    assert all(isinstance(each.key.name, str) for each in found)
