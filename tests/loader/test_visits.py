"""Visits, judged by DuckDB over the raw events: whatever order they come in and whenever the loader dies."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.website import PAGE_VIEW, VISIT_GAP_MS, WebContext
from streamgauge.loader import LOAD_STEPS
from streamgauge.loader.accounts import verify, visit_faults
from streamgauge.store import open_store
from tests.loader import visit_judge
from tests.loader.house import House, Restart
from tests.loader.visit_judge import select, visits_in_store, wrong_signs

_NOON_MS = 1_705_320_000_000
_MINUTE_MS = 60_000
_REVENUE, _BOT, _VOID = int(EventFlag.REVENUE), int(EventFlag.BOT), int(EventFlag.VOID)
_CLIENT = int(EventFlag.ID_FROM_CLIENT)
_TIMED = int(EventFlag.TIME_FROM_CLIENT)


def _judged(batches: Sequence[tuple[int, Batch]]) -> list[tuple[Any, ...]]:
    hits: list[visit_judge.Hit] = []
    for start, batch in batches:
        for place, event in enumerate(batch.events):
            if event.website_id and event.visitor_id and not event.flags & (_REVENUE | _VOID):
                web = event.web or WebContext()
                hits.append(
                    (
                        *(batch.project_id, event.website_id, event.visitor_id, bool(event.flags & _BOT)),
                        *(event.timestamp_ms, start + place, event.name == PAGE_VIEW, web.path, web.referrer),
                    )
                )
    return visit_judge.judged(hits)


def _assert_as_judged(house: House) -> None:
    assert visits_in_store(house.store) == _judged(house.batches)
    assert wrong_signs(house.store) == []
    assert verify(house.index, house.store, house.journal).faults == ()
    assert list(visit_faults(house.store)) == []


# Times whose differences fall on both sides of the gap, to the millisecond.
_times = st.builds(
    lambda halves, extra: _NOON_MS + halves * VISIT_GAP_MS // 2 + extra,
    st.integers(-8, 8),
    st.sampled_from([-1, 0, 0, 0, 1, _MINUTE_MS]),
)


@st.composite
def _events(draw: st.DrawFn) -> Event:
    return Event(
        event_id="",
        name=draw(st.sampled_from([PAGE_VIEW, PAGE_VIEW, "click"])),
        timestamp_ms=draw(_times),
        visitor_id=draw(st.sampled_from(["", "v", "v", "w"])),
        website_id=draw(st.sampled_from(["", "site", "site", "other"])),
        flags=draw(st.sampled_from([_TIMED, _TIMED, _TIMED, _BOT, _REVENUE])),
        web=draw(
            st.none()
            | st.builds(lambda path, host: WebContext(path=path, referrer=host), st.sampled_from("abc"), st.sampled_from("xyz"))
        ),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Batch | Restart | None]:
    history: list[Batch | Restart | None] = []
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["batch", "batch", "batch", "load", "restart"]))
        if kind == "batch":
            events = draw(st.lists(_events(), min_size=1, max_size=5))
            history.append(Batch(draw(st.sampled_from(["p", "p", "q"])), Door.THEBIZNESS, 5, events))
        elif kind == "load":
            history.append(None)
        else:
            history.append(Restart(draw(st.sampled_from(LOAD_STEPS)), draw(st.integers(1, 3)), draw(st.integers(1, 6))))
    return history


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories())
def test_visits_are_those_of_all_events_at_once(history: list[Batch | Restart | None]) -> None:
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store")
        try:
            house = House(Path(folder), store)
            house.play(history)
            _assert_as_judged(house)
            house.index.close()
        finally:
            store.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = open_store(tmp_path / "store")
    opened = House(tmp_path, store)
    yield opened
    opened.index.close()
    store.close()


def _view(minute: float, path: str = "/", *, event_id: str = "", name: str = PAGE_VIEW, flags: int = _TIMED) -> Event:
    at_ms = _NOON_MS + int(minute * _MINUTE_MS)
    web = WebContext(path=path, referrer=f"from{path}")
    return Event(event_id, name, at_ms, visitor_id="v", website_id="site", flags=flags, web=web)


def _load(house: House, *events: Event, project_id: str = "p") -> None:
    house.append(Batch(project_id, Door.THEBIZNESS, _NOON_MS, list(events)))
    house.load_all()


def _summary(house: House) -> list[tuple[float, float, int, int, str, str, str]]:
    """Start and end in minutes, page views, events, entry page, exit page, referrer."""
    return [
        ((row[2] - _NOON_MS) / _MINUTE_MS, (row[3] - _NOON_MS) / _MINUTE_MS, row[4], row[5], row[7], row[8], row[9])
        for row in visits_in_store(house.store)
    ]


@pytest.mark.parametrize(
    ("loads", "visits"),
    [
        pytest.param([[0], [29.9]], [(0, 29.9)], id="less than the gap: the visit goes on"),
        pytest.param([[0], [30]], [(0, 0), (30, 30)], id="exactly the gap: a new visit"),
        pytest.param([[0], [50], [25]], [(0, 50)], id="a late event joins two visits"),
        pytest.param([[0], [50], [100], [25], [75]], [(0, 100)], id="joined twice"),
        pytest.param([[0], [50], [100], [75], [25]], [(0, 100)], id="joined from the end"),
        pytest.param([[50], [25], [0]], [(0, 50)], id="an earlier event prolongs a visit at its start"),
        pytest.param([[0, 50, 100, 25, 75]], [(0, 100)], id="all in one load"),
        pytest.param([[0, 20], [200], [100]], [(0, 20), (100, 100), (200, 200)], id="a late event that stands alone"),
    ],
)
def test_late_events(house: House, loads: list[list[float]], visits: list[tuple[float, float]]) -> None:
    for minutes in loads:
        _load(house, *(_view(minute) for minute in minutes))
    assert [(started, ended) for started, ended, *_ in _summary(house)] == visits
    _assert_as_judged(house)


def test_a_payment_neither_begins_nor_prolongs_a_visit_and_has_a_visitor(house: House) -> None:
    _load(house, _view(0, "/a"), _view(20, name="revenue", flags=_REVENUE), _view(40, "/b"), _view(500, flags=_REVENUE))
    assert [row[:4] for row in _summary(house)] == [(0, 0, 1, 1), (40, 40, 1, 1)]
    assert select(house.store, "SELECT DISTINCT visitor FROM events") == [(1,)]


def test_bots_have_visits_of_their_own(house: House) -> None:
    _load(house, _view(0), _view(1, flags=_BOT), _view(2))
    assert [(row[5], row[6]) for row in visits_in_store(house.store)] == [(2, False), (1, True)]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        pytest.param([_view(10, "/x", event_id="b", name="other", flags=_CLIENT)], [(0, 20, 2, 3, "/a", "/c", "from/a")],
                     id="corrected to another name"),
        pytest.param([Event("b", "", 0, flags=_CLIENT | _VOID)], [(0, 20, 2, 2, "/a", "/c", "from/a")],
                     id="voided in the middle"),
        pytest.param([Event("a", "", 0, flags=_CLIENT | _VOID)], [(10, 20, 2, 2, "/b", "/c", "from/b")],
                     id="voided at the start"),
        pytest.param([Event(name, "", 0, flags=_CLIENT | _VOID) for name in "abc"], [], id="nothing is left"),
        pytest.param([Event("a", "", 0, flags=_CLIENT | _VOID), _view(21, "/d")], [(10, 21, 3, 3, "/b", "/d", "from/b")],
                     id="voided while the visit goes on"),
        pytest.param([Event("b", "", 0, flags=_CLIENT | _VOID), Event("b", "", 0, flags=_CLIENT | _VOID)],
                     [(0, 20, 2, 2, "/a", "/c", "from/a")], id="voided twice"),
        pytest.param([Event("b", "", 0, flags=_CLIENT | _VOID), _view(12, "/e", event_id="b", flags=_CLIENT | _TIMED)],
                     [(0, 20, 3, 3, "/a", "/c", "from/a")], id="voided and sent again"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dies_before", [None, "insert superseded", "insert visits", "insert events", "commit"])
def test_a_visit_that_loses_an_event_is_made_again(
    house: House, change: list[Event], left: list[tuple[Any, ...]], dies_before: str | None
) -> None:
    flags = _CLIENT | _TIMED
    _load(
        house,
        _view(0, "/a", event_id="a", flags=flags),
        _view(10, "/b", event_id="b", flags=flags),
        _view(20, "/c", event_id="c", flags=flags),
    )
    house.append(Batch("p", Door.FLEXPRICE, _NOON_MS, change))
    if dies_before is not None:
        house.crash(Restart(dies_before, 1, 1_000))
    house.load_all()
    assert _summary(house) == left
    assert wrong_signs(house.store) == []
    assert verify(house.index, house.store, house.journal).faults == ()
    assert list(visit_faults(house.store)) == []


@pytest.mark.parametrize("together", [True, False])
def test_an_id_that_wins_first_is_never_amended(house: House, together: bool) -> None:
    flags = _CLIENT | int(EventFlag.FIRST_WINS)
    first, second = _view(0, "/a", event_id="x", flags=flags), _view(5, "/b", event_id="x", flags=flags)
    house.append(Batch("p", Door.THEBIZNESS, _NOON_MS, [first]))
    if not together:
        house.load_all()
    _load(house, second)
    assert _summary(house) == [(0, 0, 1, 1, "/a", "/a", "from/a")]
    assert sum(tally.duplicate for tally in house.index.tallies().values()) == 1


def test_a_void_of_an_unknown_id_counts_nowhere_and_makes_the_project_an_amended_one(house: House) -> None:
    _load(house, Event("nobody", "", 0, flags=_CLIENT | _VOID))
    assert house.loader.amended == {"p"}
    assert visits_in_store(house.store) == []
    assert verify(house.index, house.store, house.journal).faults == ()
    assert list(visit_faults(house.store)) == []


def test_the_store_numbers_visitors_by_website_and_project(house: House) -> None:
    _load(house, _view(0), _view(1))
    _load(house, _view(0), project_id="q")
    _load(house, Event("", PAGE_VIEW, _NOON_MS, visitor_id="v", website_id="other"))
    by_website = "SELECT project_id, website_id, uniqExact(visitor), count() FROM events GROUP BY ALL ORDER BY ALL"
    assert select(house.store, by_website) == [("p", "other", 1, 1), ("p", "site", 1, 2), ("q", "site", 1, 1)]
    assert select(house.store, "SELECT uniqExact(visitor) FROM events") == [(3,)]


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        pytest.param(
            "INSERT INTO visits (project_id, website_id, visit, sign, events) VALUES ('p', 'site', 77, 1, 5)",
            "visits tell of 6 events, the store holds 1 of them",
            id="a visit that nobody made",
        ),
        pytest.param(
            "INSERT INTO visits (project_id, website_id, visit, sign, events) VALUES ('p', 'site', 77, -1, 0)",
            "1 visits are there more than once or taken back too often",
            id="a visit taken back that never was",
        ),
    ],
)
def test_verify_finds_visits_that_do_not_fit_their_events(house: House, sql: str, fault: str) -> None:
    _load(house, _view(0))
    select(house.store, sql)
    (found,) = visit_faults(house.store)
    assert fault in found
