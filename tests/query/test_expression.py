"""Expressions in the store: the same number as in memory, for any expression and any event; and as part of each aggregate."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamgauge.kernel.expression import evaluate, parse_expression
from streamgauge.kernel.query import Aggregation, Field, FieldKey, MetricQuery, Missing, Selection, Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Snapshot
from streamgauge.query.metric import compile_metric, plan
from streamgauge.store import Store
from tests.kernel import expressions
from tests.query.ledger import Ledger, ms

_NOON = ms("2025-01-01T12:00Z")
_RANGE = (_NOON - 1000, _NOON + 1000)


def put(ledger: Ledger, events: Sequence[dict[str, Any]]) -> None:
    """Each event is a customer of its own, so that an answer by customers tells of single events."""
    rows = [
        {"timestamp": _NOON + place, "customer_id": f"{place:03}", "properties": json.dumps(event).encode()}
        for place, event in enumerate(events)
    ]
    ledger.put(rows)


def each(ledger: Ledger, text: str) -> list[Decimal | None]:
    """What each event counts for, by the store."""
    query = MetricQuery(
        ledger.selection(*_RANGE),
        Aggregation.MAX,
        expression=parse_expression(text),
        group_by=(FieldKey(Field.CUSTOMER_ID),),
        missing=Missing.ZERO,
    )
    return [point.value for point in ledger.metric(query).points]  # type: ignore[misc]  # Maxima are decimals.


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=expressions.expressions, events=st.lists(expressions.properties, min_size=1, max_size=6))
def test_the_store_finds_what_memory_finds(store: Store, text: str, events: list[dict[str, Any]]) -> None:
    ledger = Ledger(store)
    put(ledger, events)
    expected = [evaluate(parse_expression(text), event) for event in events]
    assert each(ledger, text) == expected


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(pairs=st.lists(st.tuples(st.floats(-1000, 1000), st.floats(-20, 20)), min_size=1, max_size=50))
@pytest.mark.parametrize("text", ["pow(a, b)", "pow(a, round(b))", "log(a)", "pow(-1, b * 1e17)"])
def test_powers_and_logarithms_agree_but_for_the_last_bit(store: Store, text: str, pairs: list[tuple[float, float]]) -> None:
    ledger = Ledger(store)
    events = [{"a": a, "b": b} for a, b in pairs]
    put(ledger, events)
    for ours, event in zip(each(ledger, text), events, strict=True):
        theirs = evaluate(parse_expression(text), event)
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert abs(ours - theirs) <= max(Decimal("1e-9"), abs(theirs) * Decimal(2) ** -51)


@pytest.mark.parametrize(
    ("aggregation", "change", "expected", "count"),
    [
        pytest.param(Aggregation.SUM, {}, Decimal("6.5"), 4, id="sum"),
        pytest.param(Aggregation.AVG, {}, Decimal("6.5") / 3, 4, id="average of those that have a number"),
        pytest.param(Aggregation.MAX, {}, Decimal(6), 4, id="maximum"),
        pytest.param(Aggregation.LATEST, {}, Decimal("0.5"), 4, id="latest that has a number"),
        pytest.param(Aggregation.SUM, {"multiplier": Decimal("0.1")}, Decimal("0.65"), 4, id="sum with a multiplier"),
        pytest.param(Aggregation.MAX, {"bucket": Window.HOUR}, Decimal(6), 4, id="maxima of buckets"),
    ],
)
def test_events_without_a_number_are_counted_and_not_valued(
    ledger: Ledger, aggregation: Aggregation, change: dict[str, Any], expected: Decimal, count: int
) -> None:
    put(ledger, [{"a": 2, "b": 3}, {"a": 7}, {"a": "0.5", "b": 1}, {"a": "x", "b": 1}])
    expression = parse_expression("a * b")
    for missing in Missing:
        asked = MetricQuery(ledger.selection(*_RANGE), aggregation, expression=expression, missing=missing, **change)
        answer = ledger.metric(asked)
        assert answer.value is not None
        assert (round(answer.value, 25), answer.count) == (round(expected, 25), count)


@pytest.mark.parametrize("aggregation", [Aggregation.SUM, Aggregation.MAX])
def test_no_event_has_a_number(ledger: Ledger, aggregation: Aggregation) -> None:
    put(ledger, [{"a": 1, "b": 0}])
    answer = ledger.metric(MetricQuery(ledger.selection(*_RANGE), aggregation, expression=parse_expression("a / b")))
    assert (answer.value, answer.count) == (0 if aggregation is Aggregation.SUM else None, 1)


def test_sums_of_expressions_are_exact(ledger: Ledger) -> None:
    put(ledger, [{"a": 0.1}] * 10 + [{"a": 10**17}])
    answer = ledger.metric(MetricQuery(ledger.selection(*_RANGE), Aggregation.SUM, expression=parse_expression("a * 1")))
    assert answer.value == 10**17 + 1


def test_the_longest_expressions_are_answered(ledger: Ledger) -> None:
    put(ledger, [{"a": 1}])
    deepest = "max(1, " * 31 + "a" + ")" * 31
    for text in ("a" + "+a" * 124, deepest, "a" + "%a" * 124, "+".join(["pow(a,16)"] * 35)):
        assert each(ledger, text) == [evaluate(parse_expression(text), {"a": 1})]


def test_names_and_numbers_are_bound_values() -> None:
    query = MetricQuery(Selection("p", 0, 1000), Aggregation.SUM, expression=parse_expression("secret * 424242 + secret"))
    statement = compile_metric(plan(query, 10), Snapshot(100, False))
    assert "secret" not in statement.sql
    assert "424242" not in statement.sql
    assert list(statement.parameters.values()).count("secret") == 1


@pytest.mark.parametrize("aggregation", Aggregation)
def test_which_aggregations_take_an_expression(aggregation: Aggregation) -> None:
    query = MetricQuery(Selection("p", 0, 1000), aggregation, expression=parse_expression("a"))
    if aggregation in (Aggregation.SUM, Aggregation.AVG, Aggregation.MAX, Aggregation.LATEST):
        plan(query, 10)
    else:
        with pytest.raises(Refusal, match="takes no expression"):
            plan(query, 10)
    with pytest.raises(Refusal) as caught:
        plan(replace(query, property="a"), 10)
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_PARAMETER, "expression")
