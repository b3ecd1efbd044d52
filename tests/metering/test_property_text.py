"""Properties in memory and in the store's maps: the same numbers, the same texts, whatever JSON a sender sends."""

import itertools
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.event import Event
from streamgauge.kernel.query import PropertyKey
from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.website import Operator
from streamgauge.metering.matching import EventFacts
from streamgauge.metering.property_text import compares
from streamgauge.store import Statement, StatementLimits, Store
from streamgauge.wire.properties import read_properties
from tests.query.ledger import Ledger

_LIMITS = StatementLimits()
_whole = st.integers(-(10**12), 10**12) | st.integers(-(10**27), 10**27)
_decimal_text = st.tuples(_whole, st.integers(0, 12), st.sampled_from(["", "e0", "E5", "e-7", "e+3", "e-20"])).map(
    lambda parts: format(Decimal(parts[0]).scaleb(-parts[1]), "f") + parts[2]
)
_ODD = [
    "", " 1", "1 ", "+5",
    ".5", "5.", "-", ".", "e", "1e", "1e5x", "1.2.3", "inf", "nan", "0x10", "1_0", "1,5", "-.5", "--1", "+-1",
    "1e40", "1e-400", "1e400", "1e28", "1e29", "00012", "-0", "-0.0", "1e000000000003", "99999999999999999999999999999.5", "٣",
    "1" * 40, "0." + "3" * 50, "1" * 20 + "." + "7" * 30, "true", "null", "1\n",
    "1e9999999999999999999", "1e-9999999999999999999",
    "0e29", "0e30", "0.01e30", "1" * 38 + "e-10", "1" * 39 + "e-12", "1e-2147483648", "0" * 60 + "1", "1e" + "0" * 5000 + "1",
]  # fmt: skip
_odd_texts = st.sampled_from(_ODD)
_characters = st.characters(categories=["L", "N", "P", "S", "Z", "Cc"], exclude_characters="\0")
_texts = st.text(_characters, max_size=8) | _odd_texts | _decimal_text
_written = st.one_of(
    _decimal_text,
    st.floats(allow_nan=False, allow_infinity=False, min_value=-9e27, max_value=9e27).map(repr),
    st.sampled_from(
        ["-0", "-0.0", "0.0", "1.0", "1e3", "1E5", "1e21", "1e20", "123456789012345678901e-3", "1e-7", "0.000001", "5e-324"]
    ),
)
_scalar = st.one_of(_written, _texts.map(json.dumps), st.sampled_from(["true", "false", "null"]))


def _members(pairs: Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {value}" for key, value in dict(pairs).items()) + "}"


_value = st.recursive(
    _scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[ " + " ,".join(items) + "]"),
        st.lists(st.tuples(_texts, inner), max_size=3).map(_members),
    ),
    max_leaves=5,
)
_properties = st.lists(st.tuples(st.sampled_from(["a", "b.c", "größe", ""]), _value), min_size=1, max_size=4).map(_members)
_projects = itertools.count(1)


def _stored(store: Store, sent: Sequence[bytes]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """The maps that the store makes of each."""
    ledger = Ledger(store)
    ledger.project_id = f"texts-{next(_projects)}"
    ledger.put([{"timestamp": 0, "properties": one, "exact_properties": read_properties(one).exact} for one in sent])
    sql = "SELECT numbers, strings FROM events WHERE project_id = {p:String} ORDER BY position"
    return store.select(Statement("test.maps", sql, {"p": ledger.project_id}), _LIMITS)


def _accepted(text: str) -> bytes | None:
    try:
        read_properties(text.encode())
    except Refusal:
        return None
    return text.encode()


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(_properties, min_size=1, max_size=60))
@example(texts=[json.dumps({"v": text}) for text in _ODD])
@example(texts=['{"a": 1e-7, "b": 0.00001, "c": 123456789012345680000, "d": 1e21, "e": [1.0, 1e-9, -0.0], "f": {"g": null}}'])
@example(texts=['{"a": 999999.9999999999999, "b": 0.99999999999999999999, "c": 1234567.123456789123, "d": 1e27}'])
def test_numbers_and_texts_are_those_of_the_store(store: Store, texts: list[str]) -> None:
    sent = [one for one in map(_accepted, texts) if one is not None]
    for properties, (numbers, strings) in zip(sent, _stored(store, sent) if sent else (), strict=True):
        facts = EventFacts(Event("e", "use", 0, properties=properties, exact_properties=read_properties(properties).exact))
        own = {name: number for name in facts.values if (number := facts.number(name)) is not None}
        assert own == numbers, properties
        shown = {name: facts.text(PropertyKey(name)) for name, value in facts.values.items() if value is not None}
        assert shown == strings, properties


_OPERATORS = {
    Operator.IS: "v IN {values:Array(String)}",
    Operator.IS_NOT: "v NOT IN {values:Array(String)}",
    Operator.CONTAINS: "arrayExists(part -> position(v, part) > 0, {values:Array(String)})",
}
_PATTERNS = ["", "a", "^a", "b$", "a.b", "(?i)A", "[^a]", "\\d+", "\\bß", "^$", "(?s).", "."]


@pytest.mark.parametrize("operator", list(Operator))
def test_texts_compare_as_in_the_store(store: Store, operator: Operator) -> None:
    texts = ["", "a", "ab", "A", "a\nb", "ß", "xß", "12", "a.b", "b\n"]
    for values in [(), ("",), ("a",), ("ß", "12")] if operator is not Operator.MATCHES else [(), *((one,) for one in _PATTERNS)]:
        if operator is Operator.MATCHES:
            condition = "match(v, {pattern:String})" if values else "false"
        else:
            condition = _OPERATORS[operator]
        sql = f"SELECT v, {condition} FROM (SELECT arrayJoin({{texts:Array(String)}}) AS v)"
        bound = {"texts": texts, "values": list(values), "pattern": values[0] if values else ""}
        for text, kept in store.select(Statement("test.compare", sql, bound), _LIMITS):
            assert compares(text, operator, values) == bool(kept), (text, operator, values)
