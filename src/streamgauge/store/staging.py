"""Files through which the embedded engine reads the rows of an insert: Arrow streams in a folder beside the store's own.

They lie on the store's disk and never in the system's temporary folder; a file lives as long as its insert. What a killed
process left is deleted when the store is opened. Nothing is synced here: an insert that did not return is done again.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa


class Staging:
    """The folder of these files. For one process at a time; its threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        folder.mkdir(exist_ok=True)
        for left in folder.glob("*.arrow"):
            left.unlink()

    @contextmanager
    def file_of(self, rows: pa.Table) -> Iterator[Path]:
        """A file that holds the rows as one batch. Raises OSError when it cannot be written."""
        path = self._folder / f"{next(self._numbers)}.arrow"
        try:
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, rows.schema) as writer:
                writer.write_table(rows.combine_chunks())
            yield path
        finally:
            path.unlink(missing_ok=True)
