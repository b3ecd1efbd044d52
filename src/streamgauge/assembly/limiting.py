"""Limits and alerts, made of the parts and kept in order while the server runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from streamgauge.assembly.parts import Parts
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.settings import Settings
from streamgauge.metering.limits import Books, Limits, LimitSettings
from streamgauge.query import QueryRunner


@contextlib.asynccontextmanager
async def limiting(
    settings: Settings, parts: Parts, runner: QueryRunner, on_failure: Callable[[Exception], None]
) -> AsyncIterator[Limits]:
    """For the length of a `with` block loads move the ledger on, limits are checked and alerts told."""
    control = parts.control
    books = Books(
        control.catalogue, control.customers, control.entitlements, control.alerts, control.closed_periods, control.webhooks
    )
    wanted = LimitSettings(settings.ledger_pairs, settings.read_wait_s)
    limits = Limits(books, runner, parts.loader, lambda: parts.journal.end, SystemClock(), wanted, on_failure)
    parts.loader.add_listener(limits.ledger)
    limits.ledger.listening_from(parts.journal.end)
    control.customers.watch(limits.ledger.customers_changed)
    control.entitlements.watch(limits.ledger.entitlement_changed)
    running = asyncio.create_task(limits.run())
    try:
        yield limits
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
