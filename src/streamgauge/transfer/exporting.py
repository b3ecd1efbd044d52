"""Export of events: pages of one state of the journal, in order, into a file.

    position (waits for the loader) -> (what is gone since the cursor) -> what counts -> file, renamed at its end

Promises
- The file holds exactly the events in force when everything accepted before the command began counts, and nothing else does.
- The cursor that is printed is that state. `since` a cursor gives what to add and what to take away to come from there to here.
- Memory holds one page at a time.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from streamgauge.kernel.export import EventExport, ExportPage, ExportPlace
from streamgauge.transfer.files import Format
from streamgauge.transfer.writing import written

PAGE_ROWS = 50_000
_RAW = frozenset({"properties"})


class Source(Protocol):
    """Where events come from. Methods raise Refusal, ConnectionError."""

    def position(self) -> int:
        """A cursor below which lies all that was accepted before now; returns when that is loaded."""
        ...

    def page(self, page: ExportPage) -> pa.Table:
        """As query.export.ExportDesk.page."""
        ...


class Exported(msgspec.Struct, frozen=True):
    """cursor: what the file covers. rows: how many it has."""

    cursor: int
    rows: int


def export_events(
    source: Source, wanted: EventExport, path: Path, format_: Format, advance: Callable[[int], None], page_rows: int = PAGE_ROWS
) -> Exported:
    """Writes the file. wanted.below is filled in. advance: told the rows so far. Raises OSError, Refusal, ConnectionError."""
    export = msgspec.structs.replace(wanted, below=source.position())
    rows = 0
    with written(path, format_, _RAW) as write:
        for table in _pages(source, export, page_rows):
            write(_without_empty(table))
            rows += table.num_rows
            advance(rows)
    return Exported(export.below, rows)


def _pages(source: Source, export: EventExport, page_rows: int) -> Iterator[pa.Table]:
    """All pages; the last of each kind may be empty, so that an export without events has its columns too."""
    for gone in (True, False) if export.since is not None else (False,):
        after = None
        while True:
            table = source.page(ExportPage(export, page_rows, after, gone))
            yield table
            if not table.num_rows:
                break
            after = _last_place(table)


def _last_place(table: pa.Table) -> ExportPlace:
    last = table.slice(table.num_rows - 1)
    return ExportPlace(last["event_name"][0].as_py(), last["timestamp"].cast(pa.int64())[0].as_py(), last["position"][0].as_py())


def _without_empty(table: pa.Table) -> pa.Table:
    """No properties are no text, rather than an empty one that is not JSON."""
    place = table.column_names.index("properties")
    texts = table.column(place)
    return table.set_column(place, "properties", pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts))
