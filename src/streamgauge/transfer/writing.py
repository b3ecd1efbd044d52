"""Files that are written in pieces, and are there whole or not at all: under a name of its own until the end, then renamed."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from streamgauge.transfer.files import Format

Write = Callable[[pa.Table], None]
_encode = msgspec.json.Encoder().encode


@contextmanager
def written(path: Path, format_: Format, raw: frozenset[str]) -> Iterator[Write]:
    """Yields what takes tables of one schema, at least one of them. raw: columns that hold JSON. Raises OSError."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with _opened(draft, format_, raw) as write:
            yield write
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, format_: Format, raw: frozenset[str]) -> Iterator[Write]:
    match format_:
        case Format.PARQUET:
            with _later(lambda schema: pa.parquet.ParquetWriter(path, schema, compression="zstd")) as write:
                yield write
        case Format.CSV:
            with _later(lambda schema: pa.csv.CSVWriter(path, schema)) as write:
                yield lambda table: write(with_text_times(table))
        case Format.JSON_LINES:
            with path.open("wb") as file:

                def write_lines(table: pa.Table) -> None:
                    file.writelines(lines_of(with_text_times(table), raw))

                yield write_lines


@contextmanager
def _later(make: Callable[[pa.Schema], pa.parquet.ParquetWriter]) -> Iterator[Write]:
    """A writer that is made when the first table tells the schema."""
    writer = None

    def write(table: pa.Table) -> None:
        nonlocal writer
        writer = writer or make(table.schema)
        writer.write_table(table)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


def with_text_times(table: pa.Table) -> pa.Table:
    """Times as RFC 3339 in UTC, with milliseconds."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            texts = pc.strftime(table.column(place).cast(pa.timestamp("ms", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(place, field.name, texts)
    return table


def lines_of(table: pa.Table, raw: frozenset[str]) -> Iterator[bytes]:
    """One JSON object per row. raw: these columns are JSON already."""
    names = table.column_names
    columns = [
        [None if text is None else msgspec.Raw(text.encode()) for text in column.to_pylist()]
        if name in raw
        else column.to_pylist()
        for name, column in zip(names, table.columns, strict=True)
    ]
    for row in zip(*columns, strict=True):
        yield _encode(dict(zip(names, row, strict=True))) + b"\n"
