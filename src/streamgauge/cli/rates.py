"""streamgauge rates: dated exchange rates, by which revenue in other currencies becomes revenue in a website's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import changed_control, opened_control
from streamgauge.cli.tables import print_table

if TYPE_CHECKING:
    from rich.progress import Progress

    from streamgauge.kernel.money import Rate


@click.group()
def rates() -> None:
    """Load and list exchange rates."""


@rates.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--with-inverse", is_flag=True, help="Also load the way back of each pair that the file lacks, to 12 significant digits."
)
@with_settings
def load(file: Path, with_inverse: bool, data_dir: str | None, config: str | None) -> None:
    """Add the rates of FILE, or replace those of the same date, base and quote.

    FILE is CSV with the header date,base,quote,rate, or eurofxref-hist.csv of the European Central Bank. When any row is bad,
    all bad rows are listed and nothing is changed.
    """
    settings = load_settings(config, data_dir=data_dir)
    with _progress() as progress:
        found = _read(file, progress)
        if with_inverse:
            found += _missing_inverses(found)
        with changed_control(settings) as control:
            task = progress.add_task("storing", total=len(found))
            done = control.load_rates(found, lambda count: progress.advance(task, count))
    click.echo(f"{done.added:,} rates added, {done.replaced:,} replaced, {done.unchanged:,} unchanged.", err=True)


@rates.command("list")
@click.option("--base", default="", help="Only rates from this currency.")
@click.option("--quote", default="", help="Only rates to this currency.")
@with_settings
def list_(base: str, quote: str, data_dir: str | None, config: str | None) -> None:
    """List the rates, by pair and date."""
    with opened_control(load_settings(config, data_dir=data_dir)) as control:
        table = control.rates()
    rows = [
        (rate.date, rate.base, rate.quote, format(rate.rate, "f"))
        for rate in table.rates
        if base.upper() in ("", rate.base) and quote.upper() in ("", rate.quote)
    ]
    print_table(("DATE", "BASE", "QUOTE", "RATE"), rows)


@contextmanager
def _progress() -> Iterator["Progress"]:
    """On standard error, and only at a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn as Bar
    from rich.progress import MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), Bar(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def _read(file: Path, progress: "Progress") -> list["Rate"]:
    from streamgauge.control import BadRates, read_rate_file

    try:
        lines = file.read_text("utf-8-sig").splitlines()
        return read_rate_file(progress.track(lines, description="reading"))
    except UnicodeDecodeError as exc:
        raise click.ClickException(f"{file}: is not UTF-8 at byte {exc.start}. Nothing was changed.") from exc
    except OSError as exc:
        raise click.ClickException(f"{file}: cannot be read: {exc.strerror}.") from exc
    except BadRates as exc:
        listed = "\n".join(f"  line {fault.line}: {fault.reason}" for fault in exc.faults)
        count = "1 bad row" if len(exc.faults) == 1 else f"{len(exc.faults):,} bad rows"
        raise click.ClickException(f"{file}: {count}; nothing was changed.\n{listed}") from exc


def _missing_inverses(found: list["Rate"]) -> list["Rate"]:
    from streamgauge.control import inverse_of

    there = {(rate.base, rate.quote, rate.date) for rate in found}
    return [inverse_of(rate) for rate in found if (rate.quote, rate.base, rate.date) not in there]
