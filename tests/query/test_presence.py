"""Which events have a property: the same by its values as by the names of all, and by values alone where they tell enough."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.query import Aggregation, Closed, MetricQuery, Missing, PropertyKey, Window
from streamgauge.query.clauses import Snapshot
from streamgauge.query.metric import compile_metric, plan, read_metric
from streamgauge.query.presence import asks_presence, event_rows
from streamgauge.store import Statement, StatementLimits, Store
from tests.query.ledger import Ledger, ms

_START, _END = ms("2025-01-01T00:00Z"), ms("2025-01-03T00:00Z")
_ALL = Snapshot(2**63 - 1, False)
_BODIES = [b"", b"{}", b'{"v":0}', b'{"v":""}', b'{"v":1}', b'{"v":-2.5}', b'{"v":"x"}', b'{"w":3}', b'{"v":"0"}']


class Selecting:
    """Runs statements and counts those that gave up."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked = self.answered = 0

    def __call__(self, statement: Statement) -> Sequence[tuple[Any, ...]]:
        self.asked += 1
        rows = self._store.select(statement, StatementLimits())
        self.answered += 1
        return rows


def _put(store: Store, bodies: Sequence[bytes]) -> Ledger:
    ledger = Ledger(store)
    step = (_END - _START) // max(1, len(bodies))
    ledger.put([{"timestamp": _START + place * step, "properties": body} for place, body in enumerate(bodies)])
    return ledger


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    bodies=st.lists(st.sampled_from(_BODIES), min_size=1, max_size=12),
    aggregation=st.sampled_from(Aggregation),
    missing=st.sampled_from(Missing),
    window=st.sampled_from([None, Window.DAY]),
    grouped=st.booleans(),
    closed=st.booleans(),
)
def test_values_tell_what_names_tell(
    store: Store,
    bodies: list[bytes],
    aggregation: Aggregation,
    missing: Missing,
    window: Window | None,
    grouped: bool,
    closed: bool,
) -> None:
    ledger = _put(store, bodies)
    groups = (PropertyKey("w"),) if grouped else ()
    periods = (Closed(_START, _START + 86_400_000, 120),) if closed and aggregation is Aggregation.SUM else ()
    name = None if aggregation is Aggregation.COUNT else "v"
    query = MetricQuery(
        ledger.selection(_START, _END), aggregation, name, window, group_by=groups, missing=missing, closed=periods
    )
    planned = plan(query, 100)
    by_names = store.select(compile_metric(planned, _ALL), StatementLimits())
    assert read_metric(planned, event_rows(planned, _ALL, Selecting(store))) == read_metric(planned, by_names)


@pytest.mark.parametrize("aggregation", [each for each in Aggregation if each is not Aggregation.COUNT])
@pytest.mark.parametrize(
    ("bodies", "tells"),
    [
        ([b'{"v":1}', b'{"v":2.5}'], True),
        ([b'{"v":1}', b'{"v":0}'], False),
        ([b'{"v":1}', b'{"w":1}'], False),
    ],
    ids=["all have one", "one is zero", "one has none"],
)
def test_names_are_read_only_where_a_value_tells_too_little(
    store: Store, aggregation: Aggregation, bodies: list[bytes], tells: bool
) -> None:
    ledger = _put(store, bodies)
    planned = plan(MetricQuery(ledger.selection(_START, _END), aggregation, "v"), 100)
    selecting = Selecting(store)
    event_rows(planned, _ALL, selecting)
    # As a text, "0" is not empty; and of a sum nothing is asked but the values.
    gives_up = not tells and asks_presence(planned.query) and not (aggregation is Aggregation.UNIQUE and b'"v"' in bodies[1])
    assert (selecting.asked, selecting.answered) == ((2, 1) if gives_up else (1, 1))
    assert aggregation is not Aggregation.SUM or "mapContains" not in compile_metric(planned, _ALL).sql
