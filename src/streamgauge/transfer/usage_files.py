"""Export of usage: its pages, one after the other, into a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import pyarrow as pa

from streamgauge.kernel.export import UsagePage
from streamgauge.transfer.exporting import Exported
from streamgauge.transfer.files import Format
from streamgauge.transfer.usage import USAGE_COLUMNS
from streamgauge.transfer.writing import written


class UsageSource(Protocol):
    """Where usage comes from. Methods raise Refusal, ConnectionError."""

    def position(self) -> int:
        """As exporting.Source."""
        ...

    def usage(self, page: UsagePage) -> pa.Table:
        """As UsageDesk.page."""
        ...


def export_usage(source: UsageSource, pages: Sequence[UsagePage], path: Path, format_: Format) -> Exported:
    """Writes the usage of all pages, their `below` filled in, into a file. Raises OSError, Refusal, ConnectionError."""
    cursor = source.position()
    rows = 0
    with written(path, format_, frozenset()) as write:
        write(USAGE_COLUMNS.empty_table())
        for page in pages:
            table = source.usage(msgspec.structs.replace(page, below=cursor))
            write(table)
            rows += table.num_rows
    return Exported(cursor, rows)
