"""The log for an event loop: every append is a future, and one thread commits what has gathered while the last commit ran."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

import msgspec

from streamgauge.journal.errors import DiskFull
from streamgauge.journal.files import Folder
from streamgauge.journal.format import FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES, Record
from streamgauge.journal.log import DEFAULT_SEGMENT_BYTES, Log, framed_bytes, open_log
from streamgauge.journal.recovery import Recovery
from streamgauge.kernel.refusal import Reason, Refusal

_MIB = 1024 * 1024


class JournalSettings(msgspec.Struct, frozen=True):
    """Sizes are bytes of the log, frames included.

    max_segment_bytes: a segment is longer only when one group is.
    max_backlog_bytes: appends are refused when so much is not released.
    max_waiting_bytes: and when so much waits in memory; one record may go over it.
    max_group_bytes: what one commit takes at most; one record may go over it.
    linger_s: how long a group gathers before it is committed, beyond the time that the commit before it took.
    retry_after_s: what a sender is told when the backlog or the disk is full.
    """

    max_segment_bytes: int = DEFAULT_SEGMENT_BYTES
    max_backlog_bytes: int = 1024 * _MIB
    max_waiting_bytes: int = 64 * _MIB
    max_group_bytes: int = 8 * _MIB
    linger_s: float = 0.0
    retry_after_s: int = 5


Waiting = tuple[bytes, asyncio.Future[int]]


class Journal:
    """An open journal. Use `open_journal`.

    `append` and `close` belong to the event loop's thread; `read`, `release` and `wait_for_end` to the loader's, which is to
    stop before `close`.
    """

    def __init__(self, log: Log, settings: JournalSettings, loop: asyncio.AbstractEventLoop) -> None:
        self._log = log
        self._settings = settings
        self._loop = loop
        self._waiting_bytes = 0  # read and written by the event loop only
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._closed: asyncio.Future[None] | None = None
        self._writer = Thread(target=self._run, name="journal-writer", daemon=True)
        self._writer.start()

    @property
    def recovery(self) -> Recovery:
        """What opening found and cut."""
        return self._log.recovery

    @property
    def start(self) -> int:
        """The position from which records are kept."""
        return self._log.start

    @property
    def end(self) -> int:
        """All below is durable."""
        return self._log.end

    @property
    def backlog_bytes(self) -> int:
        """Bytes that nobody has released yet, those that wait to be written included."""
        return self._log.backlog_bytes + self._waiting_bytes

    @property
    def failure(self) -> str | None:
        """Why every append is refused until a restart; None while all is well."""
        return self._log.failure

    def append(self, payload: bytes) -> asyncio.Future[int]:
        """The position of the record, once it is durable. A cancelled future does not take the record back.

        Raises at once ValueError (empty or oversized payload) or Refusal SHUTTING_DOWN, JOURNAL_FAILED or BACKLOG_FULL.
        The future raises Refusal JOURNAL_FAILED or DISK_FULL.
        """
        if self._closed is not None:
            raise Refusal(Reason.SHUTTING_DOWN, "the server is shutting down")
        if self.failure is not None:
            raise Refusal(Reason.JOURNAL_FAILED, "the journal cannot be written; the server needs its operator")
        settings = self._settings
        if self._waiting_bytes >= settings.max_waiting_bytes or self.backlog_bytes >= settings.max_backlog_bytes:
            raise Refusal(
                Reason.BACKLOG_FULL,
                "more was accepted than has been loaded; try again later",
                retry_after_s=settings.retry_after_s,
            )
        if not 0 < len(payload) <= MAX_PAYLOAD_BYTES:
            raise ValueError(f"a record has 1 to {MAX_PAYLOAD_BYTES} bytes, not {len(payload)}")
        future: asyncio.Future[int] = self._loop.create_future()
        self._waiting_bytes += FRAME_HEADER_BYTES + len(payload)
        self._queue.put((payload, future))
        return future

    def read(self, position: int, max_bytes: int) -> list[Record]:
        """See Log.read."""
        return self._log.read(position, max_bytes)

    def wait_for_end(self, beyond: int, timeout_s: float) -> bool:
        """See Log.wait_for_end."""
        return self._log.wait_for_end(beyond, timeout_s)

    def release(self, position: int) -> None:
        """See Log.release."""
        self._log.release(position)

    async def close(self) -> None:
        """Commit what waits, refuse what comes, close the files. Closing twice is allowed."""
        if self._closed is None:
            self._closed = self._loop.create_future()
            self._queue.put(None)
        await asyncio.shield(self._closed)
        self._writer.join()

    # What follows runs on the writer's thread.

    def _run(self) -> None:
        closing = False
        while not closing:
            group, closing = self._gather()
            if group:
                self._commit(group)
        self._log.close()
        self._call_loop(self._settle_closed)

    def _gather(self) -> tuple[list[Waiting], bool]:
        """The next group, at least one append long, and whether the journal is to close after it."""
        queue = self._queue
        item = queue.get()
        if item is not None and self._settings.linger_s:
            time.sleep(self._settings.linger_s)
        group: list[Waiting] = []
        left = self._settings.max_group_bytes
        while item is not None:
            group.append(item)
            left -= framed_bytes(item[0])
            # Only this thread takes from the queue, so what is there stays there.
            if left <= 0 or queue.empty():
                return group, False
            item = queue.get()
        return group, True

    def _commit(self, group: list[Waiting]) -> None:
        try:
            positions = self._log.append([payload for payload, _ in group])
        except DiskFull:
            self._call_loop(self._refuse, group, Reason.DISK_FULL, "the disk is full; nothing was stored")
        except Exception as exc:  # noqa: BLE001 - the thread's top: whatever it is, nobody may be left waiting
            self._log.fail(f"{type(exc).__name__}: {exc}")
            self._call_loop(self._refuse, group, Reason.JOURNAL_FAILED, "the journal could not be written; nothing was stored")
        else:
            self._call_loop(self._settle, group, positions)

    def _call_loop(self, function: Callable[..., None], *arguments: object) -> None:
        # A loop that was closed under us has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    # What follows runs on the event loop.

    def _settle(self, group: list[Waiting], positions: list[int]) -> None:
        for (payload, future), position in zip(group, positions, strict=True):
            self._waiting_bytes -= FRAME_HEADER_BYTES + len(payload)
            if not future.done():
                future.set_result(position)

    def _refuse(self, group: list[Waiting], reason: Reason, message: str) -> None:
        retry_after_s = self._settings.retry_after_s if reason is Reason.DISK_FULL else None
        for payload, future in group:
            self._waiting_bytes -= FRAME_HEADER_BYTES + len(payload)
            if not future.done():
                future.set_exception(Refusal(reason, message, retry_after_s=retry_after_s))

    def _settle_closed(self) -> None:
        if self._closed is not None:
            self._closed.set_result(None)


def open_journal(folder: Folder, settings: JournalSettings | None = None) -> Journal:
    """Open the journal in a folder, or begin one, for the running event loop. Blocks while the last segment is read.

    Raises JournalLocked, DamagedJournal, OSError, and RuntimeError when no event loop runs.
    """
    loop = asyncio.get_running_loop()
    settings = settings or JournalSettings()
    return Journal(open_log(folder, settings.max_segment_bytes), settings, loop)
