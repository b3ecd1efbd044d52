"""Who is told of loads: what was stored, what it replaced, and that no query saw it before."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.progress import LoadedEvents
from streamgauge.loader import Loader, open_loader
from streamgauge.store import Store, open_store
from tests.loader import stored
from tests.loader.memory_journal import MemoryJournal

_CLIENT = int(EventFlag.ID_FROM_CLIENT)


class _Listener:
    """Keeps what it was told, how far the loader said it was, and what the store held by then."""

    def __init__(self, loader: Loader, store: Store) -> None:
        self.told: list[LoadedEvents] = []
        self.loaded_before: list[int] = []
        self.stored: list[int] = []
        self._loader = loader
        self._store = store

    def on_load(self, loaded: LoadedEvents) -> None:
        self.told.append(loaded)
        self.loaded_before.append(self._loader.loaded)
        self.stored.append(len(stored.rows(self._store)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store")
    yield opened
    opened.close()


def _batch(*events: Event) -> Batch:
    return Batch("p", Door.FLEXPRICE, 0, list(events), "key_1")


def _event(event_id: str, properties: bytes = b"", flags: int = _CLIENT) -> Event:
    return Event(event_id, "n", 0, flags=flags, properties=properties)


def test_listeners_hear_each_load_before_queries_may_see_it(tmp_path: Path, store: Store) -> None:
    journal = MemoryJournal()
    loader = open_loader(tmp_path / "index", journal, store, SystemClock())
    listener = _Listener(loader, store)
    loader.add_listener(listener)
    first = journal.append_batch(_batch(_event("a", b'{"n":1}'), _event("b"), _event("b")))
    loader.start()
    try:
        assert asyncio.run(loader.wait_until_loaded(journal.end, 20))
        second = journal.append_batch(_batch(_event("a", b'{"n":2}'), _event("b"), _event("c", flags=_CLIENT | EventFlag.VOID)))
        assert asyncio.run(loader.wait_until_loaded(journal.end, 20))
    finally:
        loader.stop(drain=False, timeout_s=10)
    told = [(one.end, [event.event_id for event in one.events], list(one.positions), list(one.replaced)) for one in listener.told]
    assert told == [
        (second, ["a", "b"], [first, first + 1], []),
        (journal.end, ["a", "c"], [second, second + 2], [("p", first)]),
    ], "duplicates are not told"
    assert [batch.key_id for batch in listener.told[0].batches] == ["key_1", "key_1"]
    assert listener.loaded_before == [0, second], "it is told before the position is published"
    assert listener.stored == [2, 4], "what it is told is in the store"
