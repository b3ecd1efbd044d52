"""Widgets that ask the same share one answer, and one refusal."""

import asyncio

import pytest

from streamgauge.kernel.query import Aggregation, MetricAnswer, MetricQuery, Selection
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import Answered, Freshness
from streamgauge.web.measuring import AskedOnce, least_fresh


def query(event: str) -> MetricQuery:
    return MetricQuery(Selection("p1", 0, 1, event_name=event), Aggregation.COUNT)


class Counting:
    """Answers with how often it was asked; refuses what is called "bad"."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    async def metric(self, query: MetricQuery) -> Answered[MetricAnswer]:
        self.asked.append(query.selection.event_name)
        number = len(self.asked)
        await asyncio.sleep(0)
        if query.selection.event_name == "bad":
            raise Refusal(Reason.QUERY_TIMEOUT, "too slow")
        return Answered(MetricAnswer(number, number), Freshness(1, 1, lagging=False))


def test_the_same_question_is_asked_once() -> None:
    async def ask() -> list[Answered[MetricAnswer]]:
        once = AskedOnce(counting)
        at_once = await asyncio.gather(*(once.metric(query(event)) for event in ("a", "b", "a", "a")))
        return [*at_once, await once.metric(query("a"))]

    counting = Counting()
    answers = asyncio.run(ask())
    assert counting.asked == ["a", "b"]
    assert [answered.answer.count for answered in answers] == [1, 2, 1, 1, 1]


def test_a_refusal_is_everybodys() -> None:
    async def ask() -> list[object]:
        once = AskedOnce(counting)
        return list(await asyncio.gather(*(once.metric(query("bad")) for _ in range(3)), return_exceptions=True))

    counting = Counting()
    refusals = asyncio.run(ask())
    assert counting.asked == ["bad"]
    assert [refusal.reason for refusal in refusals if isinstance(refusal, Refusal)] == [Reason.QUERY_TIMEOUT] * 3


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([Freshness(9, 9, lagging=False)], 0, id="one"),
        pytest.param(
            [Freshness(9, 9, lagging=False), Freshness(20, 5, lagging=True), Freshness(9, 8, lagging=True)], 1, id="lags"
        ),
        pytest.param([Freshness(9, 2, lagging=False), Freshness(9, 8, lagging=True)], 1, id="the bound was hit"),
    ],
)
def test_an_answer_is_as_fresh_as_its_oldest_part(parts: list[Freshness], expected: int) -> None:
    assert least_fresh(parts) is parts[expected]
