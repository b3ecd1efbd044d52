"""Opening the control plane for one command, telling a running server, and turning refusals into one clear line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from streamgauge.cli.running import ask_server
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.settings import Settings

if TYPE_CHECKING:
    from streamgauge.control import Control

_REFRESH_TIMEOUT_S = 2.0


@contextmanager
def opened_control(settings: Settings) -> Iterator["Control"]:
    """The control plane of the data folder. Ends the command with one line when something is refused or fails."""
    from sqlalchemy.exc import DBAPIError

    from streamgauge.control import Control, UnusableDatabase

    try:
        control = Control.open(settings.control_path, settings.plans, SystemClock())
        try:
            yield control
        finally:
            control.close()
    except Refusal as exc:
        wrong_usage = exc.reason is Reason.INVALID_PARAMETER
        raise (click.UsageError if wrong_usage else click.ClickException)(exc.message) from exc
    except UnusableDatabase as exc:
        raise click.ClickException(str(exc)) from exc
    except DBAPIError as exc:
        raise click.ClickException(f"{settings.control_path}: {exc.orig}. Nothing was changed; try again.") from exc
    except OSError as exc:
        raise click.ClickException(f"{exc.filename or settings.data_dir}: {exc.strerror}. Choose another --data-dir.") from exc


@contextmanager
def changed_control(settings: Settings) -> Iterator["Control"]:
    """As `opened_control`, for a change: a server that runs on the folder takes it up before the command ends."""
    with opened_control(settings) as control:
        yield control
    answer = ask_server(settings, "/internal/refresh", _REFRESH_TIMEOUT_S)
    if answer is not None and not answer.ok:
        click.echo(f"The change is saved, but the running server did not confirm it: {answer.fault}.", err=True)
