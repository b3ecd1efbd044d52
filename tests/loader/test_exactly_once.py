"""Random batches, loads and crashes: the store always ends as the plain model says."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.loader import LOAD_STEPS
from streamgauge.loader.accounts import Accounts, rollup_faults, verify
from streamgauge.store import open_store
from tests.loader import stored
from tests.loader.house import House, Restart
from tests.loader.model import Model

_DAY_MS = 86_400_000
_CLIENT_IDS = ["a", "b", "c", "évt/'\\\"{x}"]
_SERVER_IDS = ["evt_01HF7YAT00W6W7CM7N3W5FDXT4", "event_01HF7YAT01W6W7CM7N3W5FDXT5"]
_CLIENT = EventFlag.ID_FROM_CLIENT
_TIMED = EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT


_properties = st.sampled_from([b"", b'{"v": 1}', b'{"v": 2}', b"{}"])


def _client_events(draw: st.DrawFn, size: int) -> list[Event]:
    return [
        Event(
            event_id=draw(st.sampled_from(_CLIENT_IDS + _SERVER_IDS)),
            name=draw(st.sampled_from(["n", "m"])),
            timestamp_ms=draw(st.sampled_from([0, 1_700_000_000_000, 60 * 365 * _DAY_MS])),
            customer_id=draw(st.sampled_from(["", "c"])),
            flags=int(draw(st.sampled_from([_CLIENT, _TIMED]))),
            properties=draw(_properties),
        )
        for _ in range(size)
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[Batch | Restart | None]:
    """Batches to append, None to load all, and restarts. Each server-made id is made once per project, before anyone sends it."""
    projects = ["p", "q"]
    mints = [
        Batch(project, Door.FLEXPRICE, 5, [Event(server_id, "n", 7, properties=draw(_properties))])
        for project in projects
        for server_id in _SERVER_IDS
        if draw(st.booleans())
    ]
    history: list[Batch | Restart | None] = [*mints]
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["batch", "batch", "batch", "load", "restart"]))
        if kind == "batch":
            received_at_ms = draw(st.integers(1, 3)) * _DAY_MS
            events = _client_events(draw, draw(st.integers(1, 5)))
            history.append(Batch(draw(st.sampled_from(projects)), Door.SOLINTH, received_at_ms, events))
        elif kind == "load":
            history.append(None)
        else:
            history.append(Restart(draw(st.sampled_from(LOAD_STEPS)), draw(st.integers(1, 3)), draw(st.integers(1, 6))))
    return history


def _assert_as_modelled(house: House) -> None:
    model = Model().load(house.batches)
    assert stored.rows(house.store) == model.rows
    assert stored.superseded(house.store) == model.superseded
    assert stored.amended_slots(house.store) == stored.slots_of_superseded(house.store)
    assert list(rollup_faults(house.store)) == []
    accounts = Accounts.of(house.index.tallies()).by_project
    for project_id, received in model.received.items():
        tally = accounts[project_id]
        assert tally.received == received == tally.stored + tally.duplicate + tally.refused
        assert tally.duplicate == model.duplicates.get(project_id, 0)
    assert house.loader.amended == {project_id for project_id, _, _ in model.superseded}
    assert verify(house.index, house.store, house.journal).faults == ()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories())
def test_whatever_comes_and_whenever_it_crashes_the_store_ends_as_the_model(history: list[Batch | Restart | None]) -> None:
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store")
        try:
            house = House(Path(folder), store)
            house.play(history)
            _assert_as_modelled(house)
            house.index.close()
        finally:
            store.close()


def _client(event_id: str, properties: bytes, flags: int = int(_CLIENT)) -> Event:
    return Event(event_id, "n", 0, flags=flags, properties=properties)


def _batch(*events: Event, project_id: str = "p") -> Batch:
    return Batch(project_id, Door.SOLINTH, _DAY_MS, list(events))


_A, _B = b'{"v":"A"}', b'{"v":"B"}'


@pytest.mark.parametrize("together", [pytest.param(True, id="in one load"), pytest.param(False, id="load by load")])
@pytest.mark.parametrize(
    ("batches", "kept", "duplicates", "current"),
    [
        pytest.param([_batch(_client("x", _A))] * 3, 1, 2, ["x"], id="a resent event counts once"),
        pytest.param([_batch(_client("x", _A), _client("x", _A))], 1, 1, ["x"], id="twice in one request counts once"),
        pytest.param([_batch(_client("x", _A)), _batch(_client("x", _B))], 2, 0, ["x"], id="other content replaces"),
        pytest.param(
            [_batch(_client("x", _A)), _batch(_client("x", _B)), _batch(_client("x", _A))], 3, 0, ["x"], id="A, B, A ends as A"
        ),
        pytest.param(
            [_batch(_client("x", _A)), _batch(_client("x", _A), project_id="q")], 2, 0, ["x"], id="projects do not mix"
        ),
        pytest.param(
            [_batch(_client(_SERVER_IDS[0], _A, 0)), _batch(_client(_SERVER_IDS[0], _A))], 1, 1, [_SERVER_IDS[0]],
            id="an id that we made, sent back, counts once",
        ),
        pytest.param(
            [_batch(_client("", _A, 0)), _batch(_client("y", _A, 0))], 2, 0, ["", "y"], id="ids of the server are not looked up"
        ),
    ],
)  # fmt: skip
def test_rules_of_ids(
    tmp_path: Path, batches: list[Batch], kept: int, duplicates: int, current: list[str], together: bool
) -> None:
    store = open_store(tmp_path / "store")
    house = House(tmp_path, store)
    for batch in batches:
        house.append(batch)
        if not together:
            house.load_all()
    house.load_all()
    _assert_as_modelled(house)
    assert len(stored.rows(store)) == kept
    assert sum(tally.duplicate for tally in house.index.tallies().values()) == duplicates
    assert stored.current(store, "p", house.index.checkpoint) == current
    house.index.close()
    store.close()


def test_an_id_remembers_only_what_the_sender_stated(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    house = House(tmp_path, store)
    for timestamp_ms in (1, 2):
        house.append(
            _batch(Event("untimed", "n", timestamp_ms, flags=int(_CLIENT)), Event("timed", "n", timestamp_ms, flags=int(_TIMED)))
        )
    house.load_all()
    assert [event_id for _, _, event_id in stored.rows(store)] == ["untimed", "timed", "timed"]
    house.index.close()
    store.close()


def test_a_batch_begun_under_other_limits_is_finished_as_it_was_begun(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    house = House(tmp_path, store)
    for number in range(6):
        house.append(_batch(_client(f"e{number}", _A)))
    house.crash(Restart("commit", 2, max_events=2))
    house.append(_batch(_client("later", _A)))
    house.load_all()
    _assert_as_modelled(house)
    house.index.close()
    store.close()


def test_an_amendment_of_an_id_that_we_made_is_not_taken_for_a_duplicate_of_itself_after_a_crash(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    house = House(tmp_path, store)
    house.append(_batch(_client(_SERVER_IDS[0], _A, flags=0)))
    house.load_all()
    house.append(_batch(_client(_SERVER_IDS[0], _B)))
    # The new row is in the store when the same batch is decided again.
    house.crash(Restart("commit", 1, max_events=100))
    house.load_all()
    _assert_as_modelled(house)
    assert house.index.tallies()["p", 1].amended == 1
    house.index.close()
    store.close()
