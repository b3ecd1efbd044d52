"""One question of the Solinth door as the statements that it needs, and their answers as one.

    totals of the range -> the groups to show -> series of these groups -> the same of the range to compare with -> render

Most questions are one statement. One after the other, not at once: a question takes one turn of the runner at a time.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from streamgauge.kernel.query import MetricAnswer, MetricQuery
from streamgauge.query import Answered, Freshness
from streamgauge.wire.solinth.metrics import MetricRequest
from streamgauge.wire.solinth.metrics_reply import (
    Measured,
    Ranked,
    in_range,
    rank,
    render_metrics,
    series_queries,
    totals_queries,
)


class Asked(Protocol):
    """Who answers a MetricQuery: a QueryRunner, or AskedOnce in front of it."""

    async def metric(self, query: MetricQuery) -> Answered[MetricAnswer]: ...


class AskedOnce:
    """Asks the same query once, however many ask it, at once or one after the other. For the length of one request."""

    def __init__(self, runner: Asked) -> None:
        self._runner = runner
        self._asked: dict[MetricQuery, asyncio.Task[Answered[MetricAnswer]]] = {}

    async def metric(self, query: MetricQuery) -> Answered[MetricAnswer]:
        """As the runner's; a refusal is everybody's too."""
        asked = self._asked.get(query)
        if asked is None:
            asked = self._asked[query] = asyncio.create_task(self._runner.metric(query))
        return await asked


async def measure(runner: Asked, request: MetricRequest) -> Answered[bytes]:
    """The answer as JSON, and how fresh the oldest part of it is. Raises Refusal as QueryRunner.metric does."""
    asking = _Asking(runner)
    totals = await asking.all(totals_queries(request))
    # On threads: the groups and points of a large answer would hold up the event loop, which accepts events meanwhile.
    ranked = await asyncio.to_thread(rank, request, totals) if request.is_grouped else Ranked((), 0)
    own = await _with_series(asking, request, ranked, totals)
    compared = None
    if request.compare is not None:
        earlier = in_range(request, request.compare)
        compared = await _with_series(asking, earlier, ranked, await asking.all(totals_queries(earlier)))
    body = await asyncio.to_thread(render_metrics, request, ranked, own, compared)
    return Answered(body, asking.freshness())


async def _with_series(asking: "_Asking", request: MetricRequest, ranked: Ranked, totals: Sequence[MetricAnswer]) -> Measured:
    if not request.is_grouped or request.first.window is None:
        return Measured(totals)
    queries = await asyncio.to_thread(series_queries, request, ranked)
    return Measured(totals, await asking.all(queries))


class _Asking:
    """Asks one statement after the other, and remembers the least fresh answer."""

    def __init__(self, runner: Asked) -> None:
        self._runner = runner
        self._freshness: list[Freshness] = []

    async def all(self, queries: Sequence[MetricQuery]) -> list[MetricAnswer]:
        answers = []
        for query in queries:
            answered = await self._runner.metric(query)
            self._freshness.append(answered.freshness)
            answers.append(answered.answer)
        return answers

    def freshness(self) -> Freshness:
        return least_fresh(self._freshness)


def least_fresh(parts: Sequence[Freshness]) -> Freshness:
    """How fresh an answer made of several is: as its oldest part."""
    return max(parts, key=lambda part: (part.lagging, part.position - part.loaded))
