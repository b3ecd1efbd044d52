"""What came after a period was closed: by a model in plain Python, over random histories."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.adjustment import AdjustmentKind, AdjustmentPage, AdjustmentQuery
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.store import Store
from tests.query.ledger import Ledger

START, END = 1_000_000, 2_000_000
_VOID = int(EventFlag.VOID)
TIMES = (START - 1, START, START + 500, END - 1, END, END + 500)


def asked(ledger: Ledger, position: int, **page: Any) -> AdjustmentPage:
    query = AdjustmentQuery(ledger.project_id, START, END, position, **{"limit": 100, **page})
    runner = ledger._runner()
    try:
        return asyncio.run(runner.adjustments(query)).answer
    finally:
        runner.close()


def told(page: AdjustmentPage) -> list[tuple[str, str, int, bool]]:
    return [(each.event.event_id, each.kind.value, each.event.position, each.event.superseded) for each in page.adjustments]


def test_only_what_came_later_and_is_of_the_period(ledger: Ledger) -> None:
    before = ledger.put([{"event_id": f"b{time}", "timestamp": time} for time in TIMES])
    closed_at = before[-1] + 1
    after = ledger.put([{"event_id": f"a{time}", "timestamp": time} for time in TIMES])
    assert told(asked(ledger, closed_at)) == [(f"a{TIMES[place]}", "late", after[place], False) for place in (3, 2, 1)]
    assert told(asked(ledger, before[-1])) == told(asked(ledger, closed_at))  # An event outside the period is not of it.
    assert len(told(asked(ledger, before[3]))) == 4
    assert told(asked(ledger, after[-1] + 1)) == []


def test_pages_and_their_total(ledger: Ledger) -> None:
    ledger.put([{"event_id": f"e{number}", "timestamp": START + number} for number in range(7)])
    whole = told(asked(ledger, 0, descending=False))
    assert [event_id for event_id, *_ in whole] == [f"e{number}" for number in range(7)]
    assert told(asked(ledger, 0)) == whole[::-1]
    page = asked(ledger, 0, limit=3, offset=5, descending=False)
    assert (told(page), page.total) == (whole[5:], 7)


def test_bad_pages_are_refused(ledger: Ledger) -> None:
    for page in ({"limit": 0}, {"offset": -1}):
        with pytest.raises(Refusal) as caught:
            asked(ledger, 0, **page)
        assert caught.value.reason is Reason.INVALID_PARAMETER


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[dict[str, Any]], int]:
    """Arrivals of a few event ids, some of them void marks; and before how many of them the period is closed."""
    arrivals = draw(
        st.lists(
            st.fixed_dictionaries(
                {"event_id": st.sampled_from("abc"), "timestamp": st.sampled_from(TIMES), "flags": st.sampled_from((0, 0, _VOID))}
            ),
            max_size=10,
        )
    )
    return arrivals, draw(st.integers(0, len(arrivals)))


def expected(arrivals: list[dict[str, Any]], positions: list[int], closed_at: int) -> list[tuple[str, str, int, bool]]:
    """Each arrival takes the place of the one before with the same id."""
    found = []
    latest: dict[str, int] = {}
    replaced = {}
    for place, arrival in enumerate(arrivals):
        replaced[place] = latest.get(arrival["event_id"])
        latest[arrival["event_id"]] = place
    within = [START <= arrival["timestamp"] < END for arrival in arrivals]
    for place, arrival in enumerate(arrivals):
        before = replaced[place]
        corrects = before is not None and positions[before] < closed_at and within[before]
        if positions[place] < closed_at or not (within[place] or corrects):
            continue
        kind = AdjustmentKind.LATE if before is None else AdjustmentKind.CORRECTION
        kind = AdjustmentKind.VOID if arrival["flags"] & _VOID else kind
        found.append((arrival["event_id"], kind.value, positions[place], place in replaced.values()))
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(histories())
def test_random_histories(store: Store, history: tuple[list[dict[str, Any]], int]) -> None:
    arrivals, kept = history
    ledger = Ledger(store)
    positions = ledger.put(arrivals) if arrivals else []
    closed_at = positions[kept] if kept < len(positions) else 10_000
    latest: dict[str, int] = {}
    for position, arrival in zip(positions, arrivals, strict=True):
        if arrival["event_id"] in latest:
            ledger.supersede([latest[arrival["event_id"]]], position)
        latest[arrival["event_id"]] = position
    page = asked(ledger, closed_at, descending=False)
    wanted = expected(arrivals, positions, closed_at)
    assert (told(page), page.total) == (wanted, len(wanted))
