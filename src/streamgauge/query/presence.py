"""Whether an event has a property, told by its value where that is enough.

A property that an event lacks reads as 0 or as the empty text. To tell it from one that is 0 or empty, the store must read the
names of all properties of every event, which takes several times as long as reading the one that is asked for. So a statement is
tried first that takes every other value for a property that is there, and gives up at the first 0 or empty text; most properties
have none. Where it gives up, which is at once where such values are common, the names are read.

Measured on 10 M events with eight properties, on the store alone: distinct users by day 7.9 s with the names and 1.0 s by value,
and a statement that gives up at its first block 11 ms.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from streamgauge.kernel.query import Aggregation, MetricQuery, Missing
from streamgauge.query.clauses import Snapshot
from streamgauge.query.metric import MetricPlan, compile_metric
from streamgauge.store import GaveUp, Statement

Rows = Sequence[tuple[Any, ...]]

# Of these no presence is asked: each event counts, and what is absent adds 0.
_WITHOUT_PRESENCE = frozenset({Aggregation.COUNT, Aggregation.SUM})


def event_rows(planned: MetricPlan, snapshot: Snapshot, select: Callable[[Statement], Rows]) -> Rows:
    """The rows that answer a plan, from the events. select: runs one statement."""
    if asks_presence(planned.query):
        with suppress(GaveUp):
            return select(compile_metric(planned, snapshot, by_value=True))
    return select(compile_metric(planned, snapshot))


def asks_presence(query: MetricQuery) -> bool:
    """Whether the answer depends on which events have the property."""
    return query.property is not None and query.aggregation not in _WITHOUT_PRESENCE and query.missing is not Missing.ZERO
