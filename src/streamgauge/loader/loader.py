"""The loader: one thread that carries the journal into the store, and what the rest of the house sees of it.

Promises
- Every durable record is loaded once, or set aside by name; none is skipped, whatever crashes when (see load.py).
- An id counts once for ever: there is no window after which a resent event would count again.
- A failure of store or disk is tried again with growing pauses until it works; meanwhile `stalled` and `last_error` say so.

Limits
- Memory: one batch at a time, at most BatchLimits or a single larger record. docs/loader.md has what the process was
  measured to take; no bound is proven.
- Pace: a batch is loaded at once when the last one is BUSY_PAUSE_S old; under steady traffic one every BUSY_PAUSE_S seconds, or
  every AWAITED_PAUSE_S when a query waits, so that the store is not flooded with small parts; at once when half a batch waits.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import lmdb
import msgspec

from streamgauge.kernel.clock import Clock
from streamgauge.kernel.progress import LoadListener
from streamgauge.kernel.refusal import Refusal
from streamgauge.loader.accounts import Accounts, VerifyReport, accepted_in_tail, rollup_faults, verify, visit_faults
from streamgauge.loader.batching import BatchLimits
from streamgauge.loader.index import Index
from streamgauge.loader.journal_port import JournalReader
from streamgauge.loader.load import BatchLoader, Load
from streamgauge.loader.waiting import LoadedPosition
from streamgauge.store import Store, StoreError

_DEFAULT_LIMITS = BatchLimits()
BUSY_PAUSE_S = 0.5
AWAITED_PAUSE_S = 0.02
_IDLE_WAIT_S = 0.2
_LINGER_LOOK_S = 0.005
_LAST_BATCH_S = 5.0
_FIRST_RETRY_S = 0.1
_LONGEST_RETRY_S = 5.0
_STALLED_AFTER_S = 10.0
_WORTH_TRYING_AGAIN = (StoreError, Refusal, lmdb.Error, OSError)


class LoaderFailed(Exception):
    """Index and journal do not belong together, or the loader's thread has ended by an error."""


class Loader:
    """Implements kernel.progress.LoadProgress. Make one with `open_loader`; `start`, and `stop` when done.

    stored, duplicates, amended, set_aside: events (set_aside: those of records that could not be loaded) since this loader was
    opened. loads: batches since then.
    """

    def __init__(self, index: Index, journal: JournalReader, store: Store, clock: Clock, batches: BatchLoader) -> None:
        self.stored = 0
        self.duplicates = 0
        self.amended = 0
        self.set_aside = 0
        self.loads = 0
        self.last_error: str | None = None
        self._index = index
        self._journal = journal
        self._store = store
        self._clock = clock
        self._batches = batches
        self._between_loads = threading.Lock()
        self._position = LoadedPosition(index.checkpoint)
        self._accepted = accepted_in_tail(index, journal)
        self._failure: Exception | None = None
        self._failing_since: float | None = None
        self._oldest_waiting_ms: int | None = None
        self._enough_bytes = batches.limits.max_bytes // 2
        self._stopping = threading.Event()
        self._abandoned = threading.Event()
        self._last_load_at = time.monotonic() - BUSY_PAUSE_S
        self._drain_to = -1
        self._listeners: tuple[LoadListener, ...] = ()
        self._thread = threading.Thread(target=self._run, name="loader", daemon=True)

    @property
    def loaded(self) -> int:
        """All below this position is in the store and checkpointed."""
        return self._position.loaded

    def is_amended(self, project_id: str) -> bool:
        """True from just before the first event of the project is replaced."""
        return project_id in self._batches.amended

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        return await self._position.wait(position, timeout_s)

    @property
    def failed(self) -> bool:
        """True when the thread has ended by an error; nothing is loaded any more until a restart."""
        return self._failure is not None

    @property
    def stalled(self) -> bool:
        """True when loading has failed for ten seconds or for good: the server is not ready."""
        since = self._failing_since
        return self.failed or (since is not None and self._clock.monotonic() - since >= _STALLED_AFTER_S)

    @property
    def lag_bytes(self) -> int:
        """Journal bytes that are durable and not loaded."""
        return max(0, self._journal.end - self.loaded)

    @property
    def lag_ms(self) -> int:
        """Age of the oldest event known to wait, at least: 0 when nothing waits."""
        oldest = self._oldest_waiting_ms
        return 0 if oldest is None or not self.lag_bytes else max(0, self._clock.now_ms() - oldest)

    def add_listener(self, listener: LoadListener) -> None:
        """Have every load from now on told to it, after it is committed and before any query sees it."""
        self._listeners = (*self._listeners, listener)

    def accepted_today(self, project_id: str, utc_day: int) -> int:
        """Events of the project received on that day (days since 1970) before this loader was opened.

        What waited in the journal then, not loaded, is included.
        """
        return self._accepted[project_id, utc_day]

    def accounts(self) -> Accounts:
        """Totals by project, from the index."""
        return Accounts.of(self._index.tallies())

    def verify(self) -> VerifyReport:
        """Compares index, store and journal, as of the checkpoint; loading waits while visits and roll-up are looked at.

        Raises StoreError or Refusal when the store cannot answer.
        """
        report = verify(self._index, self._store, self._journal)
        with self._between_loads:
            # A load that failed half-way is tried again; until then the store holds a part of it.
            settled = self._index.intent is None
            faults = (*visit_faults(self._store), *rollup_faults(self._store)) if settled else ()
        return msgspec.structs.replace(report, faults=(*report.faults, *faults))

    def start(self) -> None:
        """Begins to load, in a thread of its own."""
        self._thread.start()

    def stop(self, drain: bool, timeout_s: float) -> bool:
        """Ends the thread and closes the index; with drain, first loads all that is durable now.

        False when that was not done in time, or not at all; what was not loaded waits in the journal for the next start. When
        even the running batch did not end in time the index is left open, for the thread still uses it.
        """
        if drain:
            self._drain_to = self._journal.end
        else:
            self._abandoned.set()
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                self._abandoned.set()
                self._thread.join(_LAST_BATCH_S)
            if self._thread.is_alive():
                return False
        self._index.close()
        return self.loaded >= self._drain_to

    def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        try:
            while self._goes_on():
                try:
                    self._load_when_due()
                    retry_s = _FIRST_RETRY_S
                except _WORTH_TRYING_AGAIN as error:
                    self._note_failure(error)
                    self._abandoned.wait(retry_s)
                    retry_s = min(retry_s * 2, _LONGEST_RETRY_S)
        except Exception as error:  # noqa: BLE001 (the top of a thread: what ended it is kept, and makes the server not ready)
            self._note_failure(error)
            self._failure = error

    def _goes_on(self) -> bool:
        return not self._stopping.is_set() or (self.loaded < self._drain_to and not self._abandoned.is_set())

    def _load_when_due(self) -> None:
        if not self._journal.wait_for_end(self.loaded, _IDLE_WAIT_S):
            return
        if self._oldest_waiting_ms is None:
            self._oldest_waiting_ms = self._clock.now_ms()
        self._linger()
        if not self._goes_on():
            return
        self._last_load_at = time.monotonic()
        with self._between_loads:
            load = self._batches.load_once()
        self._failing_since = self.last_error = None
        if load is not None:
            self._publish(load)

    def _linger(self) -> None:
        """Waits until a load is due. Real time, not the given clock: this is about the machine's load, not about events."""
        while not self._stopping.is_set() and self.lag_bytes < self._enough_bytes:
            pause_s = AWAITED_PAUSE_S if self._position.awaited else BUSY_PAUSE_S
            left_s = self._last_load_at + pause_s - time.monotonic()
            if left_s <= 0:
                return
            self._stopping.wait(min(left_s, _LINGER_LOOK_S))

    def _publish(self, load: Load) -> None:
        """Counts first, then listeners, the position, the journal: who waits finds told and counted what it waited for."""
        self.loads += 1
        self.stored += load.tally.stored
        self.duplicates += load.tally.duplicate
        self.amended += load.tally.amended
        self.set_aside += load.tally.refused
        for listener in self._listeners:
            listener.on_load(load.events)
        self._oldest_waiting_ms = load.received_at_ms if self._journal.end > load.loaded else None
        self._position.publish(load.loaded)
        self._journal.release(load.loaded)

    def _note_failure(self, error: Exception) -> None:
        self.last_error = f"{type(error).__name__}: {error}"
        if self._failing_since is None:
            self._failing_since = self._clock.monotonic()


def _nothing_to_do(step: str) -> None:
    """The ordinary loader has nothing to do before a step."""


def open_loader(
    index_path: Path,
    journal: JournalReader,
    store: Store,
    clock: Clock,
    *,
    limits: BatchLimits = _DEFAULT_LIMITS,
    partition: str = "0",
    set_aside_folder: Path | None = None,
    before_step: Callable[[str], None] = _nothing_to_do,
) -> Loader:
    """Opens the index folder (made when missing) beside a journal and a store that belong to it.

    partition: names the journal in tokens. set_aside_folder: "set_aside" beside the index when not given.
    Raises LoaderFailed when the journal does not reach the checkpoint, or begins after it.
    """
    index = Index(index_path)
    try:
        _require_reach(index.checkpoint, journal)
        folder = set_aside_folder or index_path.with_name("set_aside")
        batches = BatchLoader(index, journal, store, clock, folder, limits, partition, before_step)
        return Loader(index, journal, store, clock, batches)
    except BaseException:
        index.close()
        raise


def _require_reach(checkpoint: int, journal: JournalReader) -> None:
    if not journal.start <= checkpoint <= journal.end:
        raise LoaderFailed(f"the checkpoint {checkpoint} lies outside the journal, which holds {journal.start} to {journal.end}")
