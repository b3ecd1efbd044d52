"""Files of rows judged as an import judges them, quickly and with care."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from streamgauge.kernel.event import Door, Event
from streamgauge.transfer.column_rows import ColumnJudge, RowRules
from streamgauge.transfer.files import Format, Lines, open_rows
from streamgauge.transfer.line_rows import LineJudge
from streamgauge.transfer.mapping import Wishes, settle
from streamgauge.transfer.verdict import BadRow

SITE = "site"
RULES = RowRules("import-x-", Door.FLEXPRICE, 2_000, lambda website_id: website_id == SITE)

_NO_WISHES = Wishes()

Verdict = tuple[list[tuple[Event, Door]], list[BadRow]]


def judged(path: Path, wishes: Wishes = _NO_WISHES, *, only_care: bool = False, after_row: int = 0) -> Verdict:
    """Events with their doors, and bad rows, of a file."""
    format_ = {".csv": Format.CSV, ".parquet": Format.PARQUET, ".jsonl": Format.JSON_LINES}[path.suffix]
    rows = open_rows(path, format_)
    plan = settle(wishes, rows.names)
    columns = ColumnJudge(plan, RULES, guess=format_ is Format.CSV, only_care=only_care)
    lines = LineJudge(plan, RULES, only_care=only_care)
    events: list[tuple[Event, Door]] = []
    bad: list[BadRow] = []
    for chunk in rows.chunks(after_row):
        found = lines.judge(chunk) if isinstance(chunk, Lines) else columns.judge(chunk)
        doors = found.doors if isinstance(found.doors, list) else [found.doors] * len(found.events)
        events += zip(found.events, doors, strict=True)
        bad += found.bad
    return events, bad


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    """Rows as CSV, every cell quoted but the empty ones."""
    return "".join(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if cell else "" for cell in row) + "\n" for row in rows)


def write_parquet(path: Path, columns: dict[str, list[Any]]) -> None:
    pa.parquet.write_table(pa.table(columns), path)
