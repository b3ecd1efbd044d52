"""streamgauge export: events out of a project, into a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from streamgauge.cli.assembled import clear_failures
from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import opened_control
from streamgauge.cli.importing import project_id_of
from streamgauge.cli.running import server_link
from streamgauge.cli.words import Expiry, Moment
from streamgauge.kernel.query import Window
from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.settings import Settings

if TYPE_CHECKING:
    from streamgauge.assembly import LocalSource
    from streamgauge.transfer import RemoteSource

T = TypeVar("T")
_Command = TypeVar("_Command", bound=Callable[..., Any])

_LINK_TIMEOUT_S = 600.0
_FIRST_MS, _END_MS = 0, 7_258_118_400_000


def _into_file(command: _Command) -> _Command:
    """The options that every export takes."""
    options = [
        click.option("--project", required=True, metavar="NAME", help="Project to export from."),
        click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE"),
        click.option(
            "--format", "format_", type=click.Choice(["parquet", "csv", "jsonl"]), help="[default: by the file's ending]"
        ),
        click.option("--from", "start_ms", type=Moment(), help="First day or time.  [default: all]"),
        click.option("--to", "end_ms", type=Expiry(), help="Last day, or the time at which to end.  [default: all]"),
        click.option(
            "--customer", "customers", multiple=True, metavar="ID", help="Of this customer; may be given several times."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return with_settings(command)


@click.group()
def export() -> None:
    """Write events or usage into a file. What is printed is the cursor: the state that the file shows."""


@export.command()
@_into_file
@click.option("--event-name", metavar="NAME", help="Events of this name only.")
@click.option("--since", type=click.IntRange(min=0), metavar="CURSOR", help="Only what changed since an earlier export.")
@click.option("--with-web", is_flag=True, help="Also what is known of pages and devices of events of websites.")
def events(
    project: str,
    out: Path,
    format_: str | None,
    start_ms: int | None,
    end_ms: int | None,
    customers: tuple[str, ...],
    event_name: str | None,
    since: int | None,
    with_web: bool,
    data_dir: str | None,
    config: str | None,
) -> None:
    """Export raw events: those in force when everything accepted before this command counts."""
    from streamgauge.kernel.export import EventExport
    from streamgauge.transfer.exporting import export_events
    from streamgauge.transfer.files import Format

    settings = load_settings(config, data_dir=data_dir)
    with _clear_faults(out):
        chosen = Format(format_) if format_ else _format_of(out)
        with opened_control(settings) as control:
            project_id = project_id_of(control, project)
        start, end = start_ms if start_ms is not None else _FIRST_MS, end_ms if end_ms is not None else _END_MS
        wanted = EventExport(project_id, 0, start, end, since, event_name, customers, with_web)
        done = _from_source(settings, lambda source: export_events(source, wanted, out, chosen, lambda _: None))
    click.echo(f"{out}: {done.rows:,} events.", err=True)
    click.echo(str(done.cursor))


@export.command()
@_into_file
@click.option("--meter", "meters", multiple=True, metavar="ID", help="Of this meter; may be given several times.  [default: all]")
@click.option(
    "--window", type=click.Choice([window.value for window in Window]), help="Rows by window.  [default: the whole range]"
)
@click.option("--timezone", default="UTC", show_default=True, help="IANA time zone in which windows are cut.")
@click.option("--month-day", type=click.IntRange(1, 31), default=1, show_default=True, help="Day on which months start.")
def usage(
    project: str,
    out: Path,
    format_: str | None,
    start_ms: int | None,
    end_ms: int | None,
    customers: tuple[str, ...],
    meters: tuple[str, ...],
    window: str | None,
    timezone: str,
    month_day: int,
    data_dir: str | None,
    config: str | None,
) -> None:
    """Export usage: what each customer used of each meter, in each window."""
    from streamgauge.kernel.calendar import check_timezone
    from streamgauge.kernel.export import UsagePage
    from streamgauge.transfer.files import Format
    from streamgauge.transfer.usage_files import export_usage

    if start_ms is None or end_ms is None:
        raise click.UsageError("export usage needs --from and --to")
    settings = load_settings(config, data_dir=data_dir)
    with _clear_faults(out):
        chosen = Format(format_) if format_ else _format_of(out)
        check_timezone(timezone)
        with opened_control(settings) as control:
            project_id = project_id_of(control, project)
            known = [meter.meter_id for meter in control.catalogue.meters(project_id)]
            wanted = [control.catalogue.meter(project_id, meter_id).meter_id for meter_id in meters] or known
        cut = Window(window) if window else None
        pages = [
            UsagePage(project_id, 0, meter_id, start_ms, end_ms, cut, timezone, month_day, customer)
            for meter_id in wanted
            for customer in customers or ("",)
        ]
        done = _from_source(settings, lambda source: export_usage(source, pages, out, chosen))
    click.echo(f"{out}: {done.rows:,} rows of {len(wanted):,} meters.", err=True)
    click.echo(str(done.cursor))


def _format_of(path: Path) -> Any:
    from streamgauge.transfer.files import format_of

    return format_of(path)


def _from_source(settings: Settings, work: "Callable[[RemoteSource | LocalSource], T]") -> T:
    """Through the running server when there is one."""
    from streamgauge.transfer import RemoteSource

    link = server_link(settings, _LINK_TIMEOUT_S)
    if link is not None:
        try:
            return work(RemoteSource(link))
        finally:
            link.close()
    with clear_failures(settings):
        from streamgauge import assembly

        return assembly.work_on_folder(settings, lambda ends: work(ends.source))


@contextmanager
def _clear_faults(out: Path) -> Iterator[None]:
    """Ends the command with one line."""
    from streamgauge.transfer.files import UnusableFile

    try:
        yield
    except UnusableFile as exc:
        raise click.ClickException(f"{exc}.") from exc
    except ConnectionError as exc:
        raise click.ClickException(f"The server went away: {exc}. Nothing was written; run the command again.") from exc
    except Refusal as exc:
        raise click.ClickException(f"{exc.message}. Nothing was written.") from exc
    except OSError as exc:
        raise click.ClickException(f"{exc.filename or out}: {exc.strerror}. Nothing was written.") from exc
