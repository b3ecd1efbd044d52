"""What meters count an event for, in memory and in the store: for each type, expression and filter, event by event."""

import itertools
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.kernel.event import Event
from streamgauge.kernel.measuring import UsageAsked, usage_of, usage_questions
from streamgauge.kernel.metering import Measure, Meter, MeterType
from streamgauge.kernel.query import Field, FieldKey, Filter, PropertyKey, Window
from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.website import Operator
from streamgauge.metering.matching import (
    Counted,
    EventFacts,
    MeterRule,
    NotCounted,
    Uncounted,
    quantity,
    rule_of,
    why_uncounted,
)
from streamgauge.store import Store
from streamgauge.wire.properties import read_properties
from tests.query.ledger import Ledger, ms

START, END = ms("2024-05-01T00:00Z"), ms("2024-06-01T00:00Z")
A, B = PropertyKey("a"), PropertyKey("b.c")

MEASURES = {
    "COUNT": Measure(MeterType.COUNT),
    **{type_.value: Measure(type_, field="a") for type_ in MeterType if type_ is not MeterType.COUNT},
    "another property": Measure(MeterType.SUM, field="b.c"),
    "a multiplier": Measure(MeterType.SUM_WITH_MULTIPLIER, field="a", multiplier=Decimal("0.001")),
    "a negative power": Measure(MeterType.SUM_WITH_MULTIPLIER, field="a", multiplier=Decimal("3.3333333333333333333")),
    "sums of hours": Measure(MeterType.SUM, field="a", bucket_size=Window.HOUR),
    "maxima of hours": Measure(MeterType.MAX, field="a", bucket_size=Window.HOUR),
    "maxima of groups": Measure(MeterType.MAX, field="a", bucket_size=Window.HOUR, group_by=(B,)),
    **{
        f"{type_.value} of {text}": Measure(type_, expression=text)
        for type_, text in zip(
            (MeterType.SUM, MeterType.AVG, MeterType.MAX, MeterType.LATEST),
            ("a * x + 1", "max(a, x) / 3", "a / x", "a > 1 ? sqrt(a) : x % 7"),
            strict=True,
        )
    },
}
FILTERS: dict[str, tuple[Filter, ...]] = {
    "none": (),
    "one value": (Filter(A, ("1",)),),
    "two values": (Filter(A, ("1", "abc", "")),),
    "two properties": (Filter(A, ("1", "true", "1.5")), Filter(B, ("", "x"))),
    "not": (Filter(A, ("1", ""), Operator.IS_NOT),),
    "part of a text": (Filter(A, (".", "b"), Operator.CONTAINS),),
    "a pattern": (Filter(A, ("^[0-9]+$",), Operator.MATCHES),),
    "a source": (Filter(FieldKey(Field.SOURCE), ("api",)),),
}
_values: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([0, 1, -1, 1.5, -2.25, 7, 1e6, 123456789.123456789, True, False, None, {"x": 1}, [1, "b"], {}, []]),
    st.sampled_from(["1", "1.5", "-3", "+5", ".5", "1e3", "abc", "", " 1", "nan", "true", "0.1234567899", "x"]),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.integers(-(10**12), 10**12),
)
_events = st.fixed_dictionaries(
    {"source": st.sampled_from(["api", "web", ""])},
    optional={"a": _values, "b.c": _values, "x": _values},
)
_projects = itertools.count(1)


def _meter(measure: Measure, filters: tuple[Filter, ...] = (), project_id: str = "p") -> Meter:
    return Meter("m", project_id, "m", "use", measure, filters)


def _event(event_id: str, given: dict[str, Any]) -> Event:
    properties = json.dumps({name: value for name, value in given.items() if name != "source"}).encode()
    exact = read_properties(properties).exact
    return Event(event_id, "use", START, source=given.get("source", ""), properties=properties, exact_properties=exact)


def _stored(ledger: Ledger, events: Sequence[Event]) -> None:
    names = ("event_id", "source", "properties", "exact_properties")
    ledger.put([{"timestamp": START, **{name: getattr(event, name) for name in names}} for event in events])


def _asked_of_the_store(ledger: Ledger, meter: Meter) -> dict[str, Any]:
    """The usage of each event by itself; None when it has no value. An event that is filtered out is not there.

    All happen when the range starts, where a weighted sum weighs one.
    """
    asked = UsageAsked(start_ms=START, end_ms=END, group_by=(FieldKey(Field.EVENT_ID),))
    answers = [ledger.metric(question) for question in usage_questions(meter, asked)]
    return {point.group[0]: point.value for point in usage_of(meter, asked, answers).points}


def _alone(meter: Meter, outcome: Counted | NotCounted) -> Any:
    """The usage that the event makes by itself. A sum of nothing is 0."""
    if isinstance(outcome, Counted):
        return outcome.quantity
    assert outcome.reason is Uncounted.NOT_A_NUMBER
    return 0 if meter.measure.type is MeterType.SUM else None


@settings(max_examples=6, deadline=None)
@given(events=st.lists(_events, min_size=5, max_size=40), chosen=st.sampled_from(sorted(FILTERS)))
@pytest.mark.parametrize("name", MEASURES)
def test_the_store_counts_each_event_for_the_same(store: Store, name: str, events: list[dict[str, Any]], chosen: str) -> None:
    ledger = Ledger(store)
    meter = _meter(MEASURES[name], FILTERS[chosen], ledger.project_id)
    sent = [_event(f"e{place}", given) for place, given in enumerate(events)]
    _stored(ledger, sent)
    outcomes = {event.event_id: quantity(meter, event) for event in sent}
    kept = {id_: outcome for id_, outcome in outcomes.items() if getattr(outcome, "reason", None) is not Uncounted.FILTERED_OUT}
    in_store = _asked_of_the_store(ledger, meter)
    assert set(kept) == set(in_store)
    assert {id_: _alone(meter, outcome) for id_, outcome in kept.items()} == in_store


@settings(max_examples=10, deadline=None)
@given(events=st.lists(_events, min_size=1, max_size=30))
def test_distinct_texts_are_those_of_the_store(store: Store, events: list[dict[str, Any]]) -> None:
    ledger = Ledger(store)
    meter = _meter(MEASURES["COUNT_UNIQUE"], (), ledger.project_id)
    sent = [_event(f"e{place}", given) for place, given in enumerate(events)]
    _stored(ledger, sent)
    asked = UsageAsked(start_ms=START, end_ms=END)
    (answer,) = (ledger.metric(question) for question in usage_questions(meter, asked))
    texts = {outcome.text for outcome in (quantity(meter, event) for event in sent) if isinstance(outcome, Counted)}
    assert len(texts) == answer.value


def test_an_event_from_the_store_counts_as_the_one_from_the_journal(store: Store) -> None:
    ledger = Ledger(store)
    properties = b'{"a":1234567890.123456789}'  # More digits than a double carries.
    exact = read_properties(properties).exact
    assert exact
    sent = Event("e", "use", START, source="api", properties=properties, exact_properties=exact)
    _stored(ledger, [sent])
    (version,) = ledger.versions("e")
    for measure in MEASURES.values():
        meter = _meter(measure, FILTERS["a source"])
        assert quantity(meter, version) == quantity(meter, sent)
    assert quantity(_meter(MEASURES["SUM"]), version) == Counted("m", Decimal("1234567890.123456789"))


COUNTED = [
    pytest.param(Measure(MeterType.COUNT), (), {"a": 5}, Counted("m", Decimal(1)), id="a count"),
    pytest.param(Measure(MeterType.COUNT_UNIQUE, field="a"), (), {}, Counted("m", Decimal(1), ""), id="a missing text is one"),
    pytest.param(Measure(MeterType.COUNT_UNIQUE, field="a"), (), {"a": 1.50}, Counted("m", Decimal(1), "1.5"), id="a text"),
    pytest.param(Measure(MeterType.SUM, field="a"), (), {"a": "-7.25"}, Counted("m", Decimal("-7.25")), id="a negative one"),
    pytest.param(Measure(MeterType.SUM, field="a"), (), {"a": "seven"}, Counted("m", Decimal(0)), id="a word is 0"),
    pytest.param(Measure(MeterType.SUM, expression="a * 2"), (), {"a": "3"}, Counted("m", Decimal(6)), id="an expression"),
    pytest.param(
        Measure(MeterType.SUM, expression="a * 2"), (), {"a": "x"}, NotCounted("m", Uncounted.NOT_A_NUMBER), id="not a number"
    ),
    pytest.param(
        Measure(MeterType.MAX, field="a", bucket_size=Window.DAY, group_by=(B, FieldKey(Field.SOURCE))), (),
        {"a": 2, "b.c": True, "source": "api"}, Counted("m", Decimal(2), "", ("true", "api")), id="groups",
    ),
    pytest.param(
        Measure(MeterType.COUNT), (Filter(A, ("2",)),), {"a": 1}, NotCounted("m", Uncounted.FILTERED_OUT), id="filtered out"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "filters", "properties", "outcome"), COUNTED)
def test_what_a_meter_says(
    measure: Measure, filters: tuple[Filter, ...], properties: dict[str, Any], outcome: Counted | NotCounted
) -> None:
    assert quantity(_meter(measure, filters), _event("e", properties)) == outcome


def test_a_meter_of_another_name_says_so() -> None:
    other = Event("e", "other", START)
    assert quantity(_meter(Measure(MeterType.COUNT)), other) == NotCounted("m", Uncounted.OTHER_NAME)


NOT_IT = {reason: NotCounted("m", reason) for reason in Uncounted}


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        pytest.param([], Uncounted.NO_METER, id="no meter"),
        pytest.param([NOT_IT[Uncounted.FILTERED_OUT]], Uncounted.NO_MATCH, id="filtered out"),
        pytest.param(
            [NOT_IT[Uncounted.FILTERED_OUT], NOT_IT[Uncounted.NOT_A_NUMBER]],
            Uncounted.NOT_A_NUMBER,
            id="no number for one of them",
        ),
        pytest.param([NOT_IT[Uncounted.FILTERED_OUT], Counted("m", Decimal(0))], None, id="one counts it"),
    ],
)
def test_why_no_meter_counts_it(outcomes: list[Counted | NotCounted], reason: Uncounted | None) -> None:
    assert why_uncounted(outcomes) == reason


@pytest.mark.parametrize("properties", [b"", b"null", b"{}"])
def test_an_event_without_properties_counts_by_what_is_absent(properties: bytes) -> None:
    facts = EventFacts(Event("e", "use", START, properties=properties))
    assert rule_of(_meter(Measure(MeterType.SUM, field="a"))).count(facts) == Counted("m", Decimal(0))


def test_an_expression_that_cannot_be_read_is_refused_when_the_rule_is_made() -> None:
    with pytest.raises(Refusal):
        MeterRule(_meter(Measure(MeterType.SUM, expression="a +")))
