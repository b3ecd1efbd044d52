"""Failures of the assembled server, as one clear line."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.settings import Settings


@contextmanager
def clear_failures(settings: Settings) -> Iterator[None]:
    """Ends the command with one line when a part cannot be opened or the address cannot be had."""
    import lmdb

    from streamgauge.control import UnusableDatabase
    from streamgauge.journal.errors import JournalError
    from streamgauge.store.errors import StoreError

    try:
        yield
    except (Refusal, UnusableDatabase, JournalError, StoreError, lmdb.Error) as exc:
        raise click.ClickException(f"{settings.data_dir}: {exc}") from exc
    except OSError as exc:
        raise click.ClickException(f"{exc.filename or f'{settings.host}:{settings.port}'}: {exc.strerror or exc}") from exc
