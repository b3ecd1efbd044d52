"""streamgauge verify: does received = stored + duplicate + refused hold, and do journal and store agree?"""

import click
import msgspec

from streamgauge.cli.assembled import clear_failures
from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.running import ask_server
from streamgauge.cli.tables import print_table
from streamgauge.kernel.settings import Settings

_TIMEOUT_S = 600.0


class Line(msgspec.Struct, frozen=True):
    """One thing that was checked, what was found, and whether it is as it must be."""

    check: str
    result: str
    ok: bool


class Report(msgspec.Struct, frozen=True):
    """What the server, or `assembly.verify_folder`, hands over."""

    ok: bool
    lines: tuple[Line, ...]


@click.command()
@with_settings
def verify(data_dir: str | None, config: str | None) -> None:
    """Check the data folder, through the running server when there is one. Exit code 1 when anything is wrong."""
    report = _report(load_settings(config, data_dir=data_dir))
    print_table(("CHECK", "RESULT", ""), [(line.check, line.result, "ok" if line.ok else "WRONG") for line in report.lines])
    if not report.ok:
        raise click.ClickException("The folder does not agree with itself; the lines marked WRONG say where.")


def _report(settings: Settings) -> Report:
    answer = ask_server(settings, "/internal/verify", _TIMEOUT_S)
    if answer is None:
        # Opening a folder makes what it lacks; a mistyped one must not become a data folder.
        if not settings.control_path.is_file():
            raise click.ClickException(f"{settings.data_dir} is no data folder. Name another with --data-dir.")
        with clear_failures(settings):
            from streamgauge import assembly

            return msgspec.convert(assembly.verify_folder(settings), Report, from_attributes=True)
    if not answer.ok:
        raise click.ClickException(f"The running server did not verify: {answer.fault}.")
    try:
        return msgspec.json.decode(answer.body, type=Report)
    except msgspec.DecodeError as exc:
        raise click.ClickException(f"The running server's report cannot be read: {exc}.") from exc
