"""The loader on the real journal: across segments, releases and restarts."""

from pathlib import Path

from streamgauge.journal.files import DiskFolder
from streamgauge.journal.log import Log, open_log
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag, encode_batch
from streamgauge.loader import BatchLimits, open_loader
from streamgauge.store import Store, open_store
from tests.loader import stored
from tests.loader.model import Model


def _append(log: Log, first: int, records: int) -> list[tuple[int, Batch]]:
    """Records of three events; every second record repeats the one before it."""
    batches = []
    for number in range(first, first + records):
        ids = [f"e{number // 2}-{place}" for place in range(3)]
        events = [Event(event_id, "n", 0, flags=int(EventFlag.ID_FROM_CLIENT), properties=b"{}") for event_id in ids]
        batch = Batch("p", Door.SOLINTH, 0, events)
        (position,) = log.append([encode_batch(batch)])
        batches.append((position, batch))
    return batches


def _load_all(folder: Path, log: Log, store: Store) -> None:
    loader = open_loader(folder / "index", log, store, SystemClock(), limits=BatchLimits(max_events=10, max_bytes=500))
    loader.start()
    assert loader.stop(drain=True, timeout_s=30)
    assert loader.last_error is None


def test_segments_are_loaded_released_and_found_again_after_restarts(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    batches: list[tuple[int, Batch]] = []
    for restart in range(3):
        log = open_log(DiskFolder(tmp_path / "journal"), max_segment_bytes=600)
        batches += _append(log, restart * 10, 10)
        segments = len(list((tmp_path / "journal").glob("*.journal")))
        _load_all(tmp_path, log, store)
        assert len(list((tmp_path / "journal").glob("*.journal"))) < segments
        log.close()
    model = Model().load(batches)
    assert stored.rows(store) == model.rows
    assert len(model.rows) == 45
    store.close()
