"""How an import is watched: a progress bar on the terminal, bad rows in a table and in a file, one line at the end."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from streamgauge.transfer.importing import Outcome
    from streamgauge.transfer.mapping import RowPlan
    from streamgauge.transfer.verdict import BadRow

_SHOWN = 20
_encode = msgspec.json.Encoder().encode


class ImportWatch:
    """Watches the files of one command, one after the other. report: a file for all bad rows, as JSON lines."""

    def __init__(self, report: Path | None) -> None:
        self._report_path = report
        self._report: IO[bytes] | None = None
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TextColumn("{task.fields[rate]:,.0f} rows/s"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task: TaskID | None = None
        self._first_rows: int | None = None
        self._shown: list[BadRow] = []
        self._reasons: Counter[tuple[str, str]] = Counter()

    def __enter__(self) -> Self:
        if self._report_path is not None:
            try:
                self._report = self._report_path.open("wb")
            except OSError as exc:
                raise click.ClickException(f"{self._report_path}: {exc.strerror}. Name another --report.") from exc
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()
        if self._report is not None:
            self._report.close()

    # What a Watcher is told.

    def begin(self, plan: "RowPlan", *, checking: bool) -> None:
        """See Watcher."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task("checking" if checking else "importing", total=1.0, rows=0, rate=0.0)
        self._first_rows = None
        self._shown, self._reasons = [], Counter()
        if plan.left_out and checking:
            self._console.print(f"Not used: {', '.join(plan.left_out)}", style="dim", highlight=False)

    def advance(self, rows: int, share: float) -> None:
        """See Watcher."""
        assert self._task is not None, "a pass has begun"
        if self._first_rows is None:
            self._first_rows = rows
        elapsed_s = self._progress.tasks[0].elapsed or 0.0
        rate = (rows - self._first_rows) / elapsed_s if elapsed_s else 0.0
        self._progress.update(self._task, completed=share, rows=rows, rate=rate)

    def note_bad(self, bad: Sequence["BadRow"]) -> None:
        """See Watcher."""
        for one in bad:
            self._reasons[one.reason, one.field] += 1
            if self._report is not None:
                self._report.write(_encode(one) + b"\n")
        self._shown += bad[: _SHOWN - len(self._shown)]

    # What a person is told.

    def tell_checked(self, path: Path, outcome: "Outcome") -> bool:
        """The end of a dry run; True when every row is good."""
        self._tell_bad()
        click.echo(f"{path}: {outcome.rows:,} rows, {outcome.taken:,} would be taken, {outcome.bad:,} are bad.")
        return not outcome.bad

    def tell_taken(self, path: Path, outcome: "Outcome") -> bool:
        """The end of an import; True when every row was good."""
        if outcome.already:
            click.echo(f"{path}: imported already, {outcome.taken:,} events. Nothing was done; --again reads it anew.")
            return True
        self._tell_bad()
        if outcome.bad and not outcome.taken:
            click.echo(f"{path}: {outcome.bad:,} of {outcome.rows:,} rows are bad; nothing was taken.")
            click.echo("Mend the file, or take the others with --on-error skip.", err=True)
            return False
        resumed = f", of which this run did those after row {outcome.resumed_after:,}" if outcome.resumed_after else ""
        skipped = f", {outcome.bad:,} bad rows left out" if outcome.bad else ""
        click.echo(f"{path}: {outcome.rows:,} rows, {outcome.taken:,} events taken{skipped}{resumed}.")
        return not outcome.bad

    def _tell_bad(self) -> None:
        if not self._shown:
            return
        self._progress.stop()
        table = Table("line", "reason", "field", "expected", "message", title="Bad rows", title_justify="left")
        for one in self._shown:
            place = f"{one.line:,}" if one.line else f"row {one.row:,}"
            table.add_row(*map(_plain, (place, one.reason, one.field, one.expected, one.message)))
        more = sum(self._reasons.values()) - len(self._shown)
        Console(stderr=True, width=None if self._console.is_terminal else 200).print(table)
        if more:
            counts = ", ".join(f"{reason} ({field or '-'}): {count:,}" for (reason, field), count in self._reasons.most_common())
            click.echo(f"and {more:,} more. In all: {counts}", err=True)
        self._progress.start()


def _plain(text: str) -> str:
    """A file's text must not become markup or move the cursor."""
    from rich.markup import escape

    return escape("".join(letter if letter.isprintable() else "�" for letter in text))
