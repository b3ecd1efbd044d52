"""Answers as of an earlier moment: by position exactly what was answered then, by time what a Python model of arrivals says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.query import Aggregation, AsOf, EventListQuery, EventPage, MetricAnswer, MetricQuery, Selection, Window
from streamgauge.query.clauses import Snapshot
from streamgauge.query.metric import compile_metric, plan
from streamgauge.store import Store
from tests.query import history
from tests.query.history import DAY, DAYS, END, START, Arrival
from tests.query.ledger import Ledger

_loads = st.lists(
    st.lists(
        st.builds(
            Arrival,
            event_id=st.integers(0, 5),
            timestamp_ms=st.integers(0, DAYS - 1).map(lambda day: START + day * DAY),
            value=st.one_of(st.integers(-3, 9), st.none()),
        ),
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)
_aggregations = st.sampled_from([Aggregation.COUNT, Aggregation.SUM, Aggregation.MAX, Aggregation.LATEST, Aggregation.UNIQUE])


def answers(ledger: Ledger, aggregation: Aggregation, as_of: AsOf | None) -> tuple[MetricAnswer, EventPage]:
    selection = ledger.selection(START, END, as_of=as_of)
    prop = None if aggregation is Aggregation.COUNT else "v"
    return (
        ledger.metric(MetricQuery(selection, aggregation, prop, Window.DAY)),
        ledger.page(EventListQuery(selection, limit=50, with_total=True)),
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(loads=_loads, aggregation=_aggregations)
def test_a_position_gives_the_answer_of_its_time_again(
    store: Store, loads: list[list[Arrival]], aggregation: Aggregation
) -> None:
    ledger = Ledger(store)
    arrivals = history.placed([arrival for load in loads for arrival in load])
    given_then = []
    loaded: list[Arrival] = []
    for load in loads:
        following = arrivals[len(loaded) : len(loaded) + len(load)]
        history.put(ledger, following, loaded)
        loaded += following
        end = loaded[-1].position + 1 if loaded else 100
        given_then.append((end, answers(ledger, aggregation, None)))
    for end, then in given_then:
        assert answers(ledger, aggregation, AsOf(position=end)) == then


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(loads=_loads, aggregation=_aggregations, moment=st.integers(-1, 17))
def test_a_time_gives_what_had_arrived_by_then(
    store: Store, loads: list[list[Arrival]], aggregation: Aggregation, moment: int
) -> None:
    ledger = Ledger(store)
    arrivals = history.placed([arrival for load in loads for arrival in load])
    history.put(ledger, arrivals)
    # Halves, so that it is asked between two arrivals and at the moment of one.
    instant_ms = END + 500 * moment
    metric, page = answers(ledger, aggregation, AsOf(instant_ms=instant_ms))
    arrived = [arrival for arrival in arrivals if arrival.received_ms <= instant_ms]
    book = history.entries(arrived, (), signed=False)
    query = MetricQuery(ledger.selection(START, END), aggregation, "v")
    assert (metric.value, metric.count) == history.answer(query, arrived)
    assert {event.position for event in page.events} == {entry.arrival.position for entry in book}
    assert page.total == len(book)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        pytest.param(None, 0, id="now: it was taken back"),
        pytest.param(AsOf(position=100), 0, id="before it came"),
        pytest.param(AsOf(position=101), 1, id="when it had come"),
        pytest.param(AsOf(position=200), 1, id="just before it was corrected"),
        pytest.param(AsOf(position=201), 2, id="corrected"),
        pytest.param(AsOf(position=300), 2, id="just before it was taken back"),
        pytest.param(AsOf(position=2**63 - 1), 0, id="at the end of time"),
        pytest.param(AsOf(instant_ms=999), 0, id="just before it was received"),
        pytest.param(AsOf(instant_ms=1000), 1, id="when it was received"),
        pytest.param(AsOf(instant_ms=1999), 1, id="just before the correction was received"),
        pytest.param(AsOf(instant_ms=2000), 2, id="when the correction was received"),
        pytest.param(AsOf(instant_ms=2999), 2, id="just before the mark was received"),
        pytest.param(AsOf(instant_ms=3000), 0, id="when the mark was received"),
        pytest.param(AsOf(instant_ms=-(10**15)), 0, id="before all that can be stored"),
        pytest.param(AsOf(instant_ms=10**15), 0, id="after all that can be stored"),
    ],
)
def test_one_event_is_corrected_and_taken_back(ledger: Ledger, as_of: AsOf | None, expected: int) -> None:
    versions = [
        Arrival(1, START + place, value, received_ms=1000 * (place + 1), position=100 * (place + 1))
        for place, value in enumerate((1, 2, None))
    ]
    history.put(ledger, versions)
    metric, page = answers(ledger, Aggregation.SUM, as_of)
    assert metric.value == expected
    assert page.total == len(page.events) == (1 if expected else 0)


@pytest.mark.parametrize("amended", [False, True])
def test_present_answers_ask_for_no_moment(amended: bool) -> None:
    sql = compile_metric(plan(MetricQuery(Selection("p", 0, 10), Aggregation.COUNT), 10), Snapshot(100, amended)).sql
    assert "received_at" not in sql
    assert ("position" in sql) == amended
