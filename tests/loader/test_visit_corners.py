"""Visits where it is narrow: one visitor with very much, times at both ends, refused rows, a full index; DuckDB is the judge."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.website import PAGE_VIEW, VISIT_GAP_MS, WebContext
from streamgauge.loader.accounts import verify, visit_faults
from streamgauge.loader.index import Index
from streamgauge.loader.visits import Visit, VisitChanges, VisitorSpan
from streamgauge.store import open_store
from tests.loader import visit_judge
from tests.loader.house import House

_NOON_MS = 1_705_320_000_000
_TIMED = int(EventFlag.TIME_FROM_CLIENT)
_FIRST_STORABLE_MS = -2_208_988_800_000
_LAST_STORABLE_MS = 10_413_791_999_999


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = open_store(tmp_path / "store")
    opened = House(tmp_path, store)
    yield opened
    opened.index.close()
    store.close()


def _view(at_ms: int, visitor_id: str = "v", path: str = "/", website_id: str = "site") -> Event:
    web = WebContext(path=path, referrer=f"from{path}")
    return Event("", PAGE_VIEW, at_ms, visitor_id=visitor_id, website_id=website_id, flags=_TIMED, web=web)


def _load(house: House, *events: Event) -> None:
    house.append(Batch("p", Door.THEBIZNESS, _NOON_MS, list(events)))
    house.load_all()


def _assert_as_judged(house: House, visits: int) -> None:
    found = visit_judge.visits_in_store(house.store)
    assert len(found) == visits
    assert found == visit_judge.judged(visit_judge.hits_in_store(house.store))
    assert visit_judge.wrong_signs(house.store) == []
    assert verify(house.index, house.store, house.journal).faults == ()
    assert list(visit_faults(house.store)) == []


@pytest.mark.parametrize(
    ("loads", "visits"),
    [
        pytest.param([[_NOON_MS], [_NOON_MS], [_NOON_MS, _NOON_MS]], 1, id="one moment, load by load"),
        pytest.param([[-1], [0], [-VISIT_GAP_MS]], 1, id="over 1970, backwards"),
        pytest.param([[-VISIT_GAP_MS - 1], [0], [-1]], 2, id="over 1970, a gap"),
        pytest.param([[_FIRST_STORABLE_MS + 1], [_FIRST_STORABLE_MS]], 1, id="the first moments of the store"),
        pytest.param([[_LAST_STORABLE_MS], [_LAST_STORABLE_MS - VISIT_GAP_MS]], 2, id="the last moments of the store"),
        pytest.param(
            [[_NOON_MS + n * (VISIT_GAP_MS - 1) for n in range(first, 200, 2)] for first in (0, 1)],
            1,
            id="a visit of four days made of a hundred",
        ),
        pytest.param([[_NOON_MS - 10**10, _NOON_MS, _NOON_MS + 10**10], [_NOON_MS + 1, _NOON_MS - 10**10]], 3, id="far apart"),
    ],
)  # fmt: skip
def test_times(house: House, loads: list[list[int]], visits: int) -> None:
    for number, times in enumerate(loads):
        _load(house, *(_view(at_ms, path=f"/{number}") for at_ms in times))
    _assert_as_judged(house, visits)


def test_a_visit_that_reaches_over_two_far_events_is_changed_once(house: House) -> None:
    _load(house, *(_view(_NOON_MS + n * (VISIT_GAP_MS - 1)) for n in range(12)))
    # Both fall into the same visit, further apart than anything that is asked for at once.
    _load(house, _view(_NOON_MS + 5), _view(_NOON_MS + 10 * VISIT_GAP_MS))
    _assert_as_judged(house, 1)


def test_visitors_are_told_apart_whatever_their_names_hold(house: House) -> None:
    names = ["v", "v\0", "\0v", "v\x000", "v\x004", "\0", "é", "e\u0301", "x" * 1024, "x" * 1023, "💶", "V", " v"]
    _load(house, *(_view(_NOON_MS, name) for name in names))
    _load(house, *(_view(_NOON_MS, name, website_id="site\0v") for name in names))
    _assert_as_judged(house, 2 * len(names))


def test_a_record_that_is_refused_leaves_nothing_in_visits(house: House) -> None:
    house.append(Batch("p", Door.THEBIZNESS, _NOON_MS, [_view(_NOON_MS)]))
    house.append(Batch("p", Door.THEBIZNESS, _NOON_MS, [_view(_NOON_MS + 1), _view(2**63)]))
    house.append(Batch("p", Door.THEBIZNESS, _NOON_MS, [_view(_NOON_MS + 2)]))
    house.load_all()
    assert [(tally.stored, tally.refused) for tally in house.index.tallies().values()] == [(2, 2)]
    _assert_as_judged(house, 1)


def test_one_visitor_with_very_many_visits_and_events(house: House) -> None:
    _load(house, *(_view(_NOON_MS + n * VISIT_GAP_MS) for n in range(20_000)))
    # The ends of them all in one load, then a crowd within the last visit.
    _load(house, _view(_NOON_MS - 1), _view(_NOON_MS + 19_999 * VISIT_GAP_MS + 1))
    _load(house, *(_view(_NOON_MS + 19_999 * VISIT_GAP_MS + n) for n in range(20_000)))
    _assert_as_judged(house, 20_000)


def test_as_many_corrections_as_a_load_holds(house: House) -> None:
    """Whether a correction takes an event from a visit is asked of the store, all of a load at once."""
    _load(house, _view(_NOON_MS))
    flags = int(EventFlag.ID_FROM_CLIENT)
    for properties in (b'{"v": 1}', b'{"v": 2}'):
        _load(house, *(Event(f"id {n}", "n", _NOON_MS, flags=flags, properties=properties) for n in range(50_000)))
    assert visit_judge.select(house.store, "SELECT count() FROM superseded") == [(50_000,)]
    _assert_as_judged(house, 1)


def test_an_index_grows_under_visits(tmp_path: Path) -> None:
    index = Index(tmp_path / "index", map_bytes=2**17)
    visits = [
        Visit("p", "s", 1, n + 1, n * VISIT_GAP_MS, n, n * VISIT_GAP_MS, 1, 1, False, None, None, WebContext(path=f"/{n}"))
        for n in range(5_000)
    ]
    numbers = {n.to_bytes(16, "big"): n + 1 for n in range(5_000)}
    index.commit(7, {}, {}, VisitChanges([], [], numbers, [], visits, []))
    memory = index.visit_memory
    last_ms = 4_999 * VISIT_GAP_MS
    assert memory.near([VisitorSpan(1, 0, last_ms)]) == {1: visits}
    assert memory.near([VisitorSpan(1, 0, 0), VisitorSpan(1, last_ms, last_ms)]) == {1: [visits[0], visits[-1]]}
    assert memory.numbers(numbers) == numbers
    assert memory.next_number() == 5_001
    index.close()
