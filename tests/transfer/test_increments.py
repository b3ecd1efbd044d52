"""An export at a cursor, and what came after it: together they are the export at the end, whatever was replaced or taken back."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.export import EventExport, ExportPage
from streamgauge.kernel.progress import AllLoaded
from streamgauge.query import ExportDesk
from streamgauge.store import StatementLimits, Store, open_store
from streamgauge.transfer.exporting import export_events
from streamgauge.transfer.files import Format
from tests.loader.house import House

_FLAGS = int(EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT)
_MARK = int(EventFlag.VOID) | _FLAGS
_ALL = (0, 2**53)

_events = st.builds(
    Event,
    event_id=st.sampled_from(["a", "b", "c", "d"]),
    name=st.sampled_from(["m", "n"]),
    timestamp_ms=st.sampled_from([1, 2, 3]),
    customer_id=st.sampled_from(["x", "y"]),
    flags=st.sampled_from([_FLAGS, _FLAGS, _MARK]),
    properties=st.sampled_from([b"", b'{"v":1}', b'{"v":2}']),
)
_batches = st.lists(st.lists(_events, min_size=1, max_size=4), min_size=1, max_size=5)


class FolderSource:
    """A store that is loaded, as a source of pages. end: the journal's."""

    def __init__(self, store: Store, end: int) -> None:
        self._desk = ExportDesk(store, AllLoaded(), lambda: end, StatementLimits())

    def position(self) -> int:
        return asyncio.run(self._desk.position())

    def page(self, page: ExportPage) -> pa.Table:
        return asyncio.run(self._desk.page(page))


def _exported(source: FolderSource, wanted: EventExport, folder: Path) -> tuple[int, list[dict[str, object]]]:
    path = folder / "out.parquet"
    done = export_events(source, wanted, path, Format.PARQUET, lambda _: None, page_rows=2)
    rows = pa.parquet.read_table(path).to_pylist()
    assert len(rows) == done.rows
    return done.cursor, rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=_batches, after=_batches, name=st.sampled_from([None, "m"]), customers=st.sampled_from([(), ("x",)]))
def test_the_end_is_the_beginning_and_what_came_since(
    before: list[list[Event]], after: list[list[Event]], name: str | None, customers: tuple[str, ...]
) -> None:
    with TemporaryDirectory() as text:
        folder = Path(text)
        store = open_store(folder / "store")
        try:
            house = House(folder, store)
            for events in before:
                house.append(Batch("p", Door.FLEXPRICE, 5, events))
                house.append(Batch("q", Door.FLEXPRICE, 5, events))
            house.load_all()
            wanted = EventExport("p", 0, *_ALL, event_name=name, customer_ids=customers)
            cursor, first = _exported(FolderSource(store, house.journal.end), wanted, folder)
            for events in after:
                house.append(Batch("p", Door.FLEXPRICE, 6, events))
            house.load_all()
            source = FolderSource(store, house.journal.end)
            _, last = _exported(source, wanted, folder)
            since = EventExport("p", 0, *_ALL, cursor, name, customers)
            _, changes = _exported(source, since, folder)
            again = _pages_at(source, cursor, wanted)
            house.index.close()
        finally:
            store.close()
    assert _by_position(again) == _by_position(first), "an earlier state can be asked for again"
    gone = {change["position"] for change in changes if change["change"] != "added"}
    added = [
        {key: value for key, value in change.items() if key != "change"} for change in changes if change["change"] == "added"
    ]
    applied = [row for row in first if row["position"] not in gone] + added
    assert gone <= {row["position"] for row in first}
    assert _by_position(applied) == _by_position(last)
    assert len({row["event_id"] for row in last}) == len(last)
    if name is None and not customers:
        _assert_named(changes, last)


def _assert_named(changes: list[dict[str, object]], last: list[dict[str, object]]) -> None:
    """What is replaced has another version now, what is voided has none."""
    there = {row["event_id"] for row in last}
    assert all(
        (change["event_id"] in there) == (change["change"] == "replaced") for change in changes if change["change"] != "added"
    )


def _pages_at(source: FolderSource, cursor: int, wanted: EventExport) -> list[dict[str, object]]:
    export = EventExport(wanted.project_id, cursor, *_ALL, event_name=wanted.event_name, customer_ids=wanted.customer_ids)
    return [{**row, "properties": row["properties"] or None} for row in source.page(ExportPage(export, 1000)).to_pylist()]


def _by_position(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(rows, key=lambda row: int(str(row["position"])))
