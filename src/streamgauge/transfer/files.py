"""Files of rows: CSV, Parquet and JSON Lines, read in chunks of bounded size, plain or compressed (.gz, .zst, .bz2, .lz4).

Rows are numbered from 1, the header not counted. The number of a row depends on the file alone, never on how it is read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from xxhash import xxh3_128

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.transfer.verdict import BadRow

BLOCK_BYTES = 4 * 2**20
_PARQUET_ROWS = 20_000
_SAMPLED_LINES = 1_000
_LONGEST_LINE_BYTES = 64 * 2**20
_DIGEST_BLOCK_BYTES = 2**20


class Format(StrEnum):
    """What a file of rows may be."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


_ENDINGS = {
    ".csv": Format.CSV,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}


_CODECS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".lz4": "lz4"}


class UnusableFile(Exception):
    """The file cannot be read as what it should be; the message says why."""


class Table(msgspec.Struct, frozen=True):
    """A chunk of rows with columns. rows: the number of each; lines: the line on which each begins, () where there are none.

    bad: rows before the end of this chunk that could not be read at all. share: how much of the file is read.
    """

    columns: pa.RecordBatch
    rows: Sequence[int]
    lines: Sequence[int]
    bad: list[BadRow]
    share: float


class Lines(msgspec.Struct, frozen=True):
    """A chunk of lines that are not blank. rows: the number of each, which is its line."""

    lines: list[bytes]
    rows: Sequence[int]
    share: float


class RowFile(Protocol):
    """An opened file. names: of its columns; of JSON Lines, the keys seen in its first lines."""

    @property
    def names(self) -> Sequence[str]: ...

    def chunks(self, after_row: int) -> "Iterator[Table | Lines]":
        """The rows after that number, in order. Raises UnusableFile."""
        ...


def format_of(path: Path) -> Format:
    """By the name's ending. Raises UnusableFile."""
    for ending in [suffix.lower() for suffix in reversed(path.suffixes[-2:])]:
        if ending in _ENDINGS:
            return _ENDINGS[ending]
    raise UnusableFile(f"{path}: the ending does not tell the format; say it with --format csv, jsonl or parquet")


def open_rows(path: Path, format_: Format) -> RowFile:
    """Raises UnusableFile; OSError when the file cannot be opened."""
    with _clear(path, format_):
        match format_:
            case Format.CSV:
                return CsvFile(path)
            case Format.PARQUET:
                return ParquetFile(path)
            case Format.JSON_LINES:
                return JsonLinesFile(path)


def digest_of(path: Path) -> str:
    """Of the file's bytes: 32 hexadecimal digits."""
    digest = xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_DIGEST_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _clear(path: Path, format_: Format) -> Iterator[None]:
    """Turns Arrow's errors into UnusableFile."""
    try:
        yield
    except pa.ArrowException as error:
        raise UnusableFile(f"{path} cannot be read as {format_.value}: {str(error).splitlines()[0]}") from error


class _Bytes:
    """The unpacked bytes of a file, and how much of it was read."""

    def __init__(self, path: Path) -> None:
        raw = pa.OSFile(str(path), "rb")
        self._size = max(raw.size(), 1)
        self._raw = raw
        codec = _CODECS.get(path.suffix.lower())
        self.stream = pa.CompressedInputStream(raw, codec) if codec else raw

    @property
    def share(self) -> float:
        return float(min(self._raw.tell() / self._size, 1.0))


class CsvFile:
    """First row the columns' names, UTF-8, quotes doubled inside quotes. An empty cell is no value, a row of them no row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bad: list[Any] = []
        options = pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES)
        sample = pa.csv.open_csv(_Bytes(path).stream, options, _csv_rules(self._skip))
        self.names = list(sample.schema.names)
        self._header_lines = 1 + sum(name.count("\n") for name in self.names)

    def chunks(self, after_row: int) -> Iterator[Table]:
        """See RowFile."""
        self._bad.clear()
        source = _Bytes(self._path)
        with _clear(self._path, Format.CSV):
            reader = pa.csv.open_csv(
                source.stream,
                pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
                _csv_rules(self._skip),
                pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, pa.binary()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
            numbers = _Numbers(self._header_lines)
            for batch in reader:
                rows, lines, bad = numbers.take(batch, self._bad)
                batch, rows, lines = _without_blanks(batch, rows, lines)
                if not rows or rows[-1] <= after_row:
                    continue
                first = next(place for place, row in enumerate(rows) if row > after_row)
                yield Table(
                    batch.slice(first), rows[first:], lines[first:], [one for one in bad if one.row > after_row], source.share
                )
            _, _, bad = numbers.take(None, self._bad)
            if bad:
                yield Table(pa.RecordBatch.from_pylist([]), (), (), [one for one in bad if one.row > after_row], 1.0)

    def _skip(self, row: Any) -> str:
        self._bad.append(row)
        return "skip"


def _csv_rules(skip: Any) -> Any:
    return pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip, ignore_empty_lines=False)


class _Numbers:
    """Numbers the rows of a CSV file and finds their lines, skipped rows counted."""

    def __init__(self, header_lines: int) -> None:
        self._row = 0
        self._line = header_lines
        self._seen = 0

    def take(self, batch: pa.RecordBatch | None, skipped: list[Any]) -> tuple[Sequence[int], Sequence[int], list[BadRow]]:
        """Rows and lines of a batch, and the bad rows before its end (None: those after the last batch)."""
        count = batch.num_rows if batch is not None else 0
        breaks = _line_breaks(batch) if batch is not None else None
        waiting = skipped[self._seen :]
        if breaks is None and not any(row.number - 1 <= self._row + count for row in waiting) and batch is not None:
            first, line = self._row + 1, self._line + 1
            self._row += count
            self._line += count
            return range(first, first + count), range(line, line + count), []
        return self._walk(count, breaks or [0] * count, waiting, last=batch is None)

    def _walk(
        self, count: int, breaks: Sequence[int], waiting: list[Any], *, last: bool
    ) -> tuple[Sequence[int], Sequence[int], list[BadRow]]:
        rows, lines, bad = [], [], []
        place = 0
        while place < count or (waiting and (last or waiting[0].number - 1 == self._row + 1)):
            self._row += 1
            self._line += 1
            if waiting and waiting[0].number - 1 <= self._row:
                row = waiting.pop(0)
                self._seen += 1
                if row.text:
                    bad.append(BadRow.of(self._row, self._line, _wrong_width(row)))
                self._line += row.text.count("\n")
                continue
            rows.append(self._row)
            lines.append(self._line)
            self._line += breaks[place]
            place += 1
        return rows, lines, bad


def _without_blanks(
    batch: pa.RecordBatch, rows: Sequence[int], lines: Sequence[int]
) -> tuple[pa.RecordBatch, Sequence[int], Sequence[int]]:
    """Without the rows that have no cell at all: blank lines, and the lines of commas that spreadsheets leave at their end."""
    if not all(column.null_count for column in batch.columns):
        return batch, rows, lines
    kept = batch.columns[0].is_valid()
    for column in batch.columns[1:]:
        kept = pc.or_(kept, column.is_valid())
    places = pc.indices_nonzero(kept).to_pylist()
    return batch.filter(kept), [rows[place] for place in places], [lines[place] for place in places]


def _line_breaks(batch: pa.RecordBatch) -> list[int] | None:
    """How many line breaks the cells of each row hold; None when there are none at all."""
    broken = [column for column in batch.columns if _holds(column, b"\n")]
    if not broken:
        return None
    counts = [pc.fill_null(pc.count_substring(column, "\n"), 0).to_pylist() for column in broken]
    return [sum(row) for row in zip(*counts, strict=True)]


def _holds(column: pa.Array, needle: bytes) -> bool:
    data = column.buffers()[2]
    return data is not None and needle in memoryview(data).tobytes()


def _wrong_width(row: Any) -> Refusal:
    expected = f"{row.expected_columns} columns, not {row.actual_columns}"
    return Refusal(Reason.WRONG_TYPE, f"The row must have {expected}", field="row", expected=expected)


class ParquetFile:
    """Rows of flat columns; lists, structs and maps may be properties."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = max(pa.parquet.read_metadata(str(path)).num_rows, 1)
        self.names = list(pa.parquet.read_schema(str(path)).names)

    def chunks(self, after_row: int) -> Iterator[Table]:
        """See RowFile."""
        with _clear(self._path, Format.PARQUET), pa.parquet.ParquetFile(str(self._path), pre_buffer=False) as file:
            row = 0
            groups: list[int] = []
            for number in range(file.num_row_groups):
                size = file.metadata.row_group(number).num_rows
                if row + size <= after_row and not groups:
                    row += size
                else:
                    groups.append(number)
            for batch in file.iter_batches(_PARQUET_ROWS, row_groups=groups, use_threads=False):
                first = min(max(after_row - row, 0), batch.num_rows)
                if first < batch.num_rows:
                    rows = range(row + first + 1, row + batch.num_rows + 1)
                    yield Table(batch.slice(first), rows, (), [], rows[-1] / self._rows)
                row += batch.num_rows


class JsonLinesFile:
    """One JSON object per line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = self._sampled_names()

    def chunks(self, after_row: int) -> Iterator[Lines]:
        """See RowFile."""
        source = _Bytes(self._path)
        number = 0
        with _clear(self._path, Format.JSON_LINES):
            for block in _whole_lines(source.stream, self._path):
                lines = (block.replace(b"\r\n", b"\n") if b"\r" in block else block).split(b"\n")
                if not lines[-1]:
                    lines.pop()
                start, number = number, number + len(lines)
                if number <= after_row:
                    continue
                skipped = max(after_row - start, 0)
                lines, rows = lines[skipped:], range(start + skipped + 1, number + 1)
                if all(map(bytes.strip, lines)):
                    yield Lines(lines, rows, source.share)
                elif kept := [(line, row) for line, row in zip(lines, rows, strict=True) if line.strip()]:
                    yield Lines([line for line, _ in kept], [row for _, row in kept], source.share)

    def _sampled_names(self) -> list[str]:
        decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
        names: dict[str, None] = {}
        for chunk in self.chunks(0):
            for line in chunk.lines[:_SAMPLED_LINES]:
                try:
                    names.update(dict.fromkeys(decode(line)))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue  # The row is refused by name when it is its turn.
            break
        return list(names)


def _whole_lines(stream: Any, path: Path) -> Iterator[bytes]:
    """Blocks that end at the end of a line; the last one may lack its line break."""
    rest = b""
    while block := stream.read(BLOCK_BYTES):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block
        if len(rest) > _LONGEST_LINE_BYTES:
            raise UnusableFile(f"{path} has a line of more than {_LONGEST_LINE_BYTES >> 20} MiB: is it JSON Lines?")
    if rest:
        yield rest
