"""Failures of the assembled server, as one clear line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import click

from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.settings import Settings

_MENDS = {
    errno.EADDRINUSE: "is used by another program. Stop that one, or choose another with --port.",
    errno.EADDRNOTAVAIL: "is no address of this machine. Choose one with --host.",
    errno.EACCES: "may not be used by this user. Choose a --port above 1023.",
}
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def clear_failures(settings: Settings) -> Iterator[None]:
    """Ends the command with one line when a part cannot be opened or the address cannot be had."""
    import lmdb

    from streamgauge.control import UnusableDatabase
    from streamgauge.intake.enrichment import UnusableGeoDatabase
    from streamgauge.journal.errors import JournalError
    from streamgauge.store.errors import StoreError
    from streamgauge.workers import WorkerFailed

    try:
        yield
    except (Refusal, UnusableDatabase, JournalError, StoreError, lmdb.Error) as exc:
        raise click.ClickException(f"{settings.data_dir}: {exc}") from exc
    except (UnusableGeoDatabase, WorkerFailed) as exc:
        raise click.ClickException(str(exc)) from exc
    except OSError as exc:
        raise click.ClickException(_line_of(exc, settings)) from exc


def _line_of(error: OSError, settings: Settings) -> str:
    if error.filename:
        return f"{error.filename}: {error.strerror}."
    if error.errno in _NO_SPACE:
        return f"{settings.data_dir}: {error.strerror}. Free some space, then start again; nothing is lost."
    place = f"{settings.host}:{settings.port}"
    mend = _MENDS.get(error.errno or 0)
    return f"{place} {mend}" if mend else f"{place}: {error.strerror or error}."
