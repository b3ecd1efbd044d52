"""`make demo`: sends the purchases with a progress bar and prints every measure with its verdict; exits 1 on any difference.

Without flags it runs a server of its own in a folder that it throws away. To use a running one:
`make demo ARGS="--url http://127.0.0.1:8080 --data-dir ./data"`.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo.cdnow.doors import DOORS
from demo.cdnow.purchases import ROWS, dataset_path
from demo.cdnow.questions import ALL
from demo.cdnow.run import Figure, Server, run_all
from tests.flows.running import running

SHOWN_DIFFERENCES = 20
WHOLE_NUMBERS = frozenset({"count", "unique"})


@dataclass(frozen=True)
class OuterServer:
    """A server that somebody else started."""

    url: str
    data_dir: Path

    def command(self, *arguments: str) -> str:
        line = [sys.executable, "-m", "streamgauge", *arguments, "--data-dir", str(self.data_dir)]
        return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@contextmanager
def _server(url: str | None, data_dir: Path) -> Iterator[Server]:
    if url is not None:
        yield OuterServer(url, data_dir)
        return
    with tempfile.TemporaryDirectory(prefix="streamgauge-demo-") as folder, running(Path(folder) / "data") as server:
        yield server


def _send_and_compare(server: Server, console: Console) -> list[Figure]:
    columns = [TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, console=console) as progress:
        bars = {door.name: progress.add_task(door.name, total=ROWS, start=False) for door in DOORS}

        def on_accepted(door: str, count: int) -> None:
            progress.start_task(bars[door])
            progress.advance(bars[door], count)

        return run_all(server, dataset_path(), f"cdnow-{int(time.time())}", on_accepted)


def _verdicts(figures: list[Figure]) -> Table:
    """One row per door, endpoint and measure; narrow enough for a terminal of 80 columns."""
    table = Table(box=SIMPLE_HEAD, title="Streamgauge beside DuckDB over the raw file")
    for heading in ("door", "asked of", "measure"):
        table.add_column(heading, no_wrap=True)
    for heading in ("all months", "DuckDB", "verdict"):
        table.add_column(heading, justify="right", no_wrap=True)
    for (door, asked, measure), rows in groupby(figures, key=lambda figure: (figure.door, figure.asked, figure.measure)):
        found = list(rows)
        whole = next(figure for figure in found if figure.month == ALL)
        equal = f"{sum(figure.agrees for figure in found)} of {len(found)} equal"
        verdict = f"[green]{equal}" if all(figure.agrees for figure in found) else f"[bold red]{equal}"
        table.add_row(door, asked.rpartition("/")[2], measure, _shown(whole, whole.server), _shown(whole, whole.judge), verdict)
    return table


def _shown(figure: Figure, number: Decimal | None) -> str:
    if number is None:
        return "none"
    return f"{number:,.0f}" if figure.measure in WHOLE_NUMBERS else f"{number:,.2f}"


@click.command()
@click.option("--url", help="Address of a running server; without it the demo runs one of its own.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("data"), help="Folder of that running server.")
def demo(url: str | None, data_dir: Path) -> None:
    """Send the CDNOW purchases through all three doors and compare the answers with DuckDB's."""
    console = Console()
    with _server(url, data_dir) as server:
        figures = _send_and_compare(server, console)
    console.print(_verdicts(figures))
    different = [figure for figure in figures if not figure.agrees]
    for figure in different[:SHOWN_DIFFERENCES]:
        console.print(
            f"[red]{figure.door} {figure.asked} {figure.measure} {figure.month}: {figure.server}, DuckDB {figure.judge}"
        )
    console.print(f"{len(figures) - len(different)} of {len(figures)} figures are equal.")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    demo()
