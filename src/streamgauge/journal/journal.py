"""The log for an event loop: every append is told when it is durable, and one thread commits what has gathered while the last
commit ran."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from functools import partial
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


Settle = Callable[[int, Refusal | None], None]
"""Is told, on the event loop, the position of a durable record; or why there is none, and no position. It must not raise."""

Waiting = tuple[bytes, Settle]


class Journal:
    """An open journal. Use `open_journal`.

    `append` and `close` belong to the event loop's thread; `read`, `release` and `wait_for_end` to the loader's, which is to
    stop before `close`.
    """

    def __init__(self, log: Log, settings: JournalSettings, loop: asyncio.AbstractEventLoop) -> None:
        self._log = log
        self._settings = settings
        self._loop = loop
        # Bytes of the appends that are not settled. Written by the event loop only.
        self._waiting_bytes = 0
        # The loop adds at one end and the writer takes from the other, so neither needs a lock.
        self._waiting: deque[Waiting] = deque()
        # The writer says that it is about to sleep, looks once more, and sleeps until there is a token. A token too many
        # lets it look in vain. None of them may be missing, so the loop adds to the deque before it reads the flag.
        self._writer_sleeps = False
        self._tokens: SimpleQueue[None] = SimpleQueue()
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

        Raises at once what `submit` raises; the future raises Refusal JOURNAL_FAILED or DISK_FULL.
        """
        future: asyncio.Future[int] = self._loop.create_future()
        self.submit(payload, partial(resolve, future))
        return future

    def submit(self, payload: bytes, settle: Settle) -> None:
        """As append, for who does not wait: settle is called once, with the position or with Refusal JOURNAL_FAILED or DISK_FULL.

        Raises at once ValueError (empty or oversized payload) or Refusal SHUTTING_DOWN, JOURNAL_FAILED or BACKLOG_FULL.
        """
        log, settings, waiting_bytes = self._log, self._settings, self._waiting_bytes
        if (
            self._closed is not None
            or log.failure is not None
            or waiting_bytes >= settings.max_waiting_bytes
            or log.backlog_bytes + waiting_bytes >= settings.max_backlog_bytes
        ):
            raise self._refusal()
        length = len(payload)
        if not 0 < length <= MAX_PAYLOAD_BYTES:
            raise ValueError(f"a record has 1 to {MAX_PAYLOAD_BYTES} bytes, not {length}")
        self._waiting_bytes = waiting_bytes + FRAME_HEADER_BYTES + length
        self._waiting.append((payload, settle))
        if self._writer_sleeps:
            self._writer_sleeps = False
            # Not at once: what else this turn of the loop appends belongs to the same group.
            self._loop.call_soon(self._tokens.put, None)

    def _refusal(self) -> Refusal:
        """Why an append is not taken now."""
        if self._closed is not None:
            return Refusal(Reason.SHUTTING_DOWN, "the server is shutting down", retry_after_s=self._settings.retry_after_s)
        if self.failure is not None:
            return Refusal(Reason.JOURNAL_FAILED, "the journal cannot be written; the server needs its operator")
        message = "more was accepted than has been loaded; try again later"
        return Refusal(Reason.BACKLOG_FULL, message, retry_after_s=self._settings.retry_after_s)

    def _wake_writer(self) -> None:
        self._writer_sleeps = False
        self._tokens.put(None)

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
            self._wake_writer()
        await asyncio.shield(self._closed)
        self._writer.join()

    # What follows runs on the writer's thread.

    def _run(self) -> None:
        while self._wait_for_appends():
            if self._settings.linger_s:
                time.sleep(self._settings.linger_s)
            self._commit(self._gather())
        self._log.close()
        self._call_loop(self._settle_closed)

    def _wait_for_appends(self) -> bool:
        """False when there are none left and none will come."""
        while not self._waiting:
            self._writer_sleeps = True
            # The loop adds nothing after it closed, so what is not there now will not come.
            closed = self._closed is not None
            if self._waiting:
                break
            if closed:
                return False
            self._tokens.get()
        self._writer_sleeps = False
        return True

    def _gather(self) -> list[Waiting]:
        """The next group, at least one append long. Only this thread takes from the deque, so what is there stays there."""
        waiting = self._waiting
        count = len(waiting)
        # Asked after the count, so these bytes are at least those of so many appends.
        if self._waiting_bytes <= self._settings.max_group_bytes:
            return [waiting.popleft() for _ in range(count)]
        group = [waiting.popleft()]
        left = self._settings.max_group_bytes - framed_bytes(group[0][0])
        while left > 0 and waiting:
            group.append(waiting.popleft())
            left -= framed_bytes(group[-1][0])
        return group

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
        self._forget(group)
        for (_, settle), position in zip(group, positions, strict=True):
            settle(position, None)

    def _refuse(self, group: list[Waiting], reason: Reason, message: str) -> None:
        self._forget(group)
        retry_after_s = self._settings.retry_after_s if reason is Reason.DISK_FULL else None
        for _, settle in group:
            settle(-1, Refusal(reason, message, retry_after_s=retry_after_s))

    def _forget(self, group: list[Waiting]) -> None:
        self._waiting_bytes -= FRAME_HEADER_BYTES * len(group) + sum([len(payload) for payload, _ in group])

    def _settle_closed(self) -> None:
        if self._closed is not None:
            self._closed.set_result(None)


def resolve(future: asyncio.Future[int], position: int, refusal: Refusal | None) -> None:
    """A Settle, once its future is bound, for who waits. A future that was cancelled stays so."""
    if future.done():
        return
    if refusal is None:
        future.set_result(position)
    else:
        future.set_exception(refusal)


def open_journal(folder: Folder, settings: JournalSettings | None = None) -> Journal:
    """Open the journal in a folder, or begin one, for the running event loop. Blocks while the last segment is read.

    Raises JournalLocked, DamagedJournal, OSError, and RuntimeError when no event loop runs.
    """
    loop = asyncio.get_running_loop()
    settings = settings or JournalSettings()
    return Journal(open_log(folder, settings.max_segment_bytes), settings, loop)
