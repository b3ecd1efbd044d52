"""streamgauge import: files of events into a project."""

import gc
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from streamgauge.cli.assembled import clear_failures
from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import opened_control
from streamgauge.cli.running import server_link
from streamgauge.cli.words import split_commas
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.settings import Settings

if TYPE_CHECKING:
    from streamgauge.cli.watching import ImportWatch
    from streamgauge.control import Control
    from streamgauge.transfer import Taker
    from streamgauge.transfer.importing import Import, Importing
    from streamgauge.transfer.mapping import Wishes

_LINK_TIMEOUT_S = 120.0
# Rows make hundreds of thousands of short-lived objects and no cycles; with the defaults a quarter of the time went to looking.
_GC_THRESHOLDS = (500_000, 50, 1_000)
_RECORD_BYTES = 8 * 2**20
_LEAST_BYTES = 1024
# What an event has beside its properties.
_ROOM_IN_A_REQUEST = 32 * 1024


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE...")
@click.option("--project", required=True, metavar="NAME", help="Project that the events belong to.")
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl", "parquet"]), help="[default: by the file's ending]")
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Mapping, as JSON or TOML.")
@click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Column of a field of the event.")
@click.option("--set", "constants", multiple=True, metavar="FIELD=TEXT", help="The same text for a field in every row.")
@click.option("--properties", multiple=True, metavar="COLUMN,...", help="Columns that become properties.  [default: all others]")
@click.option("--properties-json", metavar="COLUMN", help="Column that holds the properties as a JSON object.")
@click.option("--time-unit", type=click.Choice(["s", "ms", "us", "ns"]), help="What times that are numbers count since 1970.")
@click.option("--door", type=click.Choice([door.value for door in Door]), default="flexprice", show_default=True)
@click.option("--on-error", type=click.Choice(["stop", "skip"]), default="stop", show_default=True, help="What a bad row does.")
@click.option("--dry-run", is_flag=True, help="Only say what would be taken, and list bad rows.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="File for all bad rows, as JSON lines.")
@click.option("--again", is_flag=True, help="Read a file from its start although an earlier import of it was finished or begun.")
@with_settings
def import_(
    files: Sequence[Path],
    project: str,
    format_: str | None,
    mapping: Path | None,
    maps: tuple[str, ...],
    constants: tuple[str, ...],
    properties: tuple[str, ...],
    properties_json: str | None,
    time_unit: str | None,
    door: str,
    on_error: str,
    dry_run: bool,
    report: Path | None,
    again: bool,
    data_dir: str | None,
    config: str | None,
) -> None:
    """Import events from CSV, JSON Lines or Parquet. Killed or interrupted, run it again: it goes on; each row counts once."""
    from streamgauge.cli.watching import ImportWatch
    from streamgauge.transfer.files import Format
    from streamgauge.transfer.importing import Import
    from streamgauge.transfer.mapping import Wishes

    gc.set_threshold(*_GC_THRESHOLDS)
    settings = load_settings(config, data_dir=data_dir)
    options = {
        "columns": dict(_pair(text, "--map") for text in maps),
        "constants": dict(_pair(text, "--set") for text in constants),
        "properties": split_commas(properties) if properties else None,
        "properties_json": properties_json or "",
        "time_unit": time_unit,
    }
    wishes = (_read_mapping(mapping) if mapping else Wishes()).overridden_by(msgspec.convert(options, Wishes))
    with opened_control(settings) as control, _clear_faults(), ImportWatch(report) as watch:
        template = Import(
            files[0],
            project_id_of(control, project),
            wishes,
            Format(format_) if format_ else None,
            Door(door),
            skip_bad=on_error == "skip",
            again=again,
            max_bytes=max(min(_RECORD_BYTES, settings.max_body_bytes - _ROOM_IN_A_REQUEST), _LEAST_BYTES),
        )
        opened = [_opened(settings, control, msgspec.structs.replace(template, path=path)) for path in files]
        if dry_run:
            all_good = [watch.tell_checked(path, one.check(watch)) for path, one in zip(files, opened, strict=True)]
        else:
            all_good = _take(settings, list(zip(files, opened, strict=True)), watch)
    if not all(all_good) and (dry_run or on_error == "stop"):
        raise click.exceptions.Exit(1)


def _opened(settings: Settings, control: "Control", wanted: "Import") -> "Importing":
    from streamgauge.kernel.clock import SystemClock
    from streamgauge.transfer.importing import Importing

    def known_website(website_id: str) -> bool:
        website = control.website(website_id)
        return website is not None and website.project_id == wanted.project_id

    return Importing(wanted, known_website, settings.data_dir / "imports", SystemClock().now_ms)


def _take(settings: Settings, opened: "Sequence[tuple[Path, Importing]]", watch: "ImportWatch") -> list[bool]:
    """Takes the files, through the running server when there is one. All are prepared before any is taken."""
    from streamgauge.transfer import RemoteTaker

    with ThreadPoolExecutor(1, thread_name_prefix="prepare") as thread:
        preparing = thread.submit(lambda: [(path, one, one.prepare(watch)) for path, one in opened])

        def work(taker: "Taker") -> list[bool]:
            prepared = preparing.result()
            stopped = any(outcome is not None and not outcome.already for _, _, outcome in prepared)
            told = []
            for path, one, outcome in prepared:
                if outcome is not None or not stopped:
                    told.append(watch.tell_taken(path, outcome or one.take(taker, watch)))
            return told

        link = server_link(settings, _LINK_TIMEOUT_S)
        if link is not None:
            taker = RemoteTaker(link)
            try:
                return work(taker)
            finally:
                taker.close()
                link.close()
        with clear_failures(settings):
            # Loading and opening the engine takes over a second, in which rows are checked.
            from streamgauge import assembly

            return assembly.work_on_folder(settings, lambda ends: work(ends.taker))


def project_id_of(control: "Control", name: str) -> str:
    """Ends the command when there is no project of that name."""
    for project in control.projects():
        if project.name == name:
            return project.project_id
    raise click.ClickException(f"There is no project {name!r}. Create it: streamgauge projects create {name}")


@contextmanager
def _clear_faults() -> Iterator[None]:
    """Ends the command with one line."""
    from streamgauge.transfer.files import UnusableFile
    from streamgauge.transfer.mapping import UnusableMapping

    try:
        yield
    except (UnusableFile, UnusableMapping) as exc:
        raise click.ClickException(f"{exc}.") from exc
    except ConnectionError as exc:
        raise click.ClickException(f"The server went away: {exc}. Run the same command again: it goes on where it was.") from exc
    except Refusal as exc:
        raise click.ClickException(f"{exc.message}. Run the same command again when that is mended: it goes on.") from exc


def _pair(text: str, option: str) -> tuple[str, str]:
    field, sign, value = text.partition("=")
    if not sign or not field:
        raise click.UsageError(f"{option} {text!r} is not of the form FIELD=...")
    return field, value


def _read_mapping(path: Path) -> "Wishes":
    from streamgauge.transfer.mapping import Wishes

    try:
        raw = path.read_bytes()
        table = tomllib.loads(raw.decode()) if path.suffix.lower() == ".toml" else msgspec.json.decode(raw)
        return msgspec.convert(table, Wishes)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.DecodeError, msgspec.ValidationError) as exc:
        raise click.ClickException(f"{path} is no mapping: {exc}.") from exc
