"""The two ends of an import: who takes records, and the journal as one that does.

A taker makes records durable in the order in which they are given. It waits, and tries again, while more waits to be loaded than
an import may leave waiting: questions wait for what was accepted before them, and senders share the journal's room.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import msgspec

from streamgauge.kernel.event import Event, decode_batch, encode_batch
from streamgauge.kernel.refusal import Reason, Refusal

IMPORT_BACKLOG_BYTES = 48 * 2**20
PATIENT_REASONS = frozenset({Reason.BACKLOG_FULL, Reason.SERVER_BUSY, Reason.TOO_MANY_QUERIES})
PAUSE_S = 0.05


class Taker(Protocol):
    """Takes encoded batches. of_website: some event is one of a website, and is to be enriched."""

    def begin(self, payload: bytes, *, of_website: bool) -> "Future[None]":
        """Done when the record is durable. Raises, or fails with, Refusal or ConnectionError."""
        ...


class Journal(Protocol):
    """The journal, as this room sees it."""

    @property
    def backlog_bytes(self) -> int: ...

    def append(self, payload: bytes) -> "asyncio.Future[int]": ...


class AppendDesk:
    """Appends records of imports; for the event loop's thread. max_backlog_bytes: from where on they are told to come back."""

    def __init__(self, journal: Journal, enrich: Callable[[Event], Event], max_backlog_bytes: int = IMPORT_BACKLOG_BYTES) -> None:
        self._journal = journal
        self._enrich = enrich
        self._max_backlog_bytes = max_backlog_bytes

    async def append(self, payload: bytes, *, of_website: bool) -> None:
        """Returns when the record is durable. Raises Refusal: backlog_full (to be tried again), and what append raises."""
        if self._journal.backlog_bytes >= self._max_backlog_bytes:
            raise Refusal(Reason.BACKLOG_FULL, "What was imported is still being loaded; try again", retry_after_s=1)
        if of_website:
            payload = await asyncio.to_thread(self._enriched, payload)
        await self._journal.append(payload)

    def _enriched(self, payload: bytes) -> bytes:
        try:
            batch = decode_batch(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal(Reason.MALFORMED_JSON, "The record is no batch of events") from error
        events = [event if event.web is not None else self._enrich(event) for event in batch.events]
        return encode_batch(msgspec.structs.replace(batch, events=events))


class LocalTaker:
    """Takes records in this process, for a thread beside the event loop."""

    def __init__(self, desk: AppendDesk, loop: asyncio.AbstractEventLoop) -> None:
        self._desk = desk
        self._loop = loop
        self._last: asyncio.Future[None] | None = None
        self._stopped = False

    def begin(self, payload: bytes, *, of_website: bool) -> "Future[None]":
        """See Taker."""
        if self._stopped:
            raise Refusal(Reason.SHUTTING_DOWN, "the import was interrupted")
        return asyncio.run_coroutine_threadsafe(self._take(payload, of_website), self._loop)

    def stop(self) -> None:
        """Take nothing more; what is under way is finished."""
        self._stopped = True

    async def _take(self, payload: bytes, of_website: bool) -> None:
        """One after the other, so that the order is kept also while some wait."""
        before, own = self._last, self._loop.create_future()
        self._last = own
        try:
            if before is not None:
                await before
            while True:
                try:
                    return await self._desk.append(payload, of_website=of_website)
                except Refusal as refusal:
                    if self._stopped or refusal.reason not in PATIENT_REASONS:
                        raise
                await asyncio.sleep(PAUSE_S)
        finally:
            own.set_result(None)
