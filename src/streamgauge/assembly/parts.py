"""What holds data: opened and started in one order, closed in the reverse one."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import msgspec

from streamgauge.control import Control
from streamgauge.journal import DiskFolder, Journal, JournalSettings, open_journal
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.settings import Settings
from streamgauge.loader import BatchLimits, Loader, checkpoint_of, open_loader
from streamgauge.store import Store, open_store

_LOADER_STOP_S = 10.0


class Parts(NamedTuple):
    """What holds data, open and running."""

    control: Control
    store: Store
    journal: Journal
    loader: Loader


@contextlib.asynccontextmanager
async def opened_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open all parts that hold data and start the loader; close them in the reverse order."""
    clock = SystemClock()
    data_dir = settings.data_dir
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_private_files())
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        control = Control.open(settings.control_path, settings.plans, clock)
        stack.callback(control.close)
        store = open_store(settings.store_dsn, settings.store_memory_bytes, checkpoint_of(data_dir / "index"))
        stack.callback(store.close)
        journal = open_journal(DiskFolder(settings.journal_dir), _journal_settings(settings))
        stack.push_async_callback(journal.close)
        limits = BatchLimits(max_events=settings.load_batch_events)
        loader = open_loader(data_dir / "index", journal, store, clock, limits=limits)
        loader.start()
        stack.push_async_callback(asyncio.to_thread, loader.stop, drain=False, timeout_s=_LOADER_STOP_S)
        yield Parts(control, store, journal, loader)


@contextlib.contextmanager
def _private_files() -> Iterator[None]:
    """What is made from here on, by the engines too and in every thread, only its owner can open. What exists stays as it is."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _journal_settings(settings: Settings) -> JournalSettings:
    return JournalSettings(
        max_segment_bytes=settings.journal_segment_bytes,
        max_backlog_bytes=settings.journal_backlog_bytes,
        linger_s=settings.journal_linger_ms / 1000,
    )


def absolute(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, data_dir=settings.data_dir.absolute())
