"""One load: a batch of the journal becomes rows of the store, exactly once.

The steps, in order (LOAD_STEPS). A crash between any two of them leads to the same rows:

    choose             boundaries of the batch; after a crash the ones that were written down
    intend             the boundaries are on disk
    set aside          records that nobody can read are copied out
    decide             duplicates are dropped, amendments found; depends only on what was known at the checkpoint
    decide visits      to which visit of a website each event belongs; depends only on the checkpoint too
    mark amended       projects whose events are replaced are known as such, on disk and to queries, before the store changes
    insert events      the rows; under a token made of the boundaries, so that a second try is dropped by the store
    insert superseded  which events are replaced; under a token too, as what follows
    insert slots       in which slots of the roll-up those events happened
    insert aliases     which numbers of visits stand for others from now on
    insert visits      the visits that changed
    commit             ids, visits, tallies and checkpoint, in one transaction that also ends the intent

The events go first: where the store refuses rows, nothing that belongs to them has been written. A query of an amended project
bounds events and superseded by the published position, so it never sees both events of an id, or neither. Visits cannot be
bounded so: a query that runs between two of the inserts sees a load's events before its visits. Once the load is published both
are there.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa

from streamgauge.kernel.clock import Clock
from streamgauge.kernel.progress import LoadedEvents
from streamgauge.loader.amended_slots import amended_slots
from streamgauge.loader.batching import BatchLimits, Chosen, Unreadable, choose, reread
from streamgauge.loader.dedup import Decision, Deduplicator, IdNaming, Kept, Unpacked
from streamgauge.loader.index import Index, Intent
from streamgauge.loader.journal_port import JournalReader
from streamgauge.loader.removals import removals
from streamgauge.loader.returned_ids import StoredIdLookup
from streamgauge.loader.rows import alias_rows, amended_slot_rows, event_rows, superseded_rows, visit_rows
from streamgauge.loader.set_aside import set_aside
from streamgauge.loader.tally import Tally, utc_day
from streamgauge.loader.visits import VisitChanges, Visiting
from streamgauge.store import RowsRefused, Store

LOAD_STEPS = (
    "choose",
    "intend",
    "set aside",
    "decide",
    "decide visits",
    "mark amended",
    "insert events",
    "insert superseded",
    "insert slots",
    "insert aliases",
    "insert visits",
    "commit",
)


class Load(msgspec.Struct, frozen=True):
    """What one load did: the new checkpoint, the receipt time of its last readable record, its counts, and its events."""

    loaded: int
    received_at_ms: int | None
    tally: Tally
    events: LoadedEvents


class BatchLoader:
    """Loads batches one after the other. For one thread; only `amended` may be read by others.

    before_step: called with the name of each step before it begins; tests crash there.
    """

    def __init__(
        self,
        index: Index,
        journal: JournalReader,
        store: Store,
        clock: Clock,
        set_aside_folder: Path,
        limits: BatchLimits,
        partition: str,
        before_step: Callable[[str], None],
    ) -> None:
        self.amended = index.amended_projects()
        self._index = index
        self._journal = journal
        self._store = store
        self._clock = clock
        self._folder = set_aside_folder
        self.limits = limits
        self._partition = partition
        self._before_step = before_step
        self._naming = IdNaming(index.seed)

    def load_once(self) -> Load | None:
        """Loads the next batch; None when nothing waits.

        Raises StoreError, Refusal, lmdb.Error or OSError; calling again then tries the same batch.
        """
        chosen = self._choose()
        if chosen is None:
            return None
        try:
            return self._load(chosen)
        except (RowsRefused, pa.ArrowInvalid, OverflowError) as error:
            self._refuse_records(chosen, error)
            return self._load(reread(self._journal, self._intent_now(), self.limits))

    def _choose(self) -> Chosen | None:
        self._before_step("choose")
        begun = self._index.intent
        if begun is not None:
            return reread(self._journal, begun, self.limits)
        chosen = choose(self._journal, self._index.checkpoint, self.limits)
        if chosen is not None:
            self._before_step("intend")
            self._index.intend(chosen.intent)
        return chosen

    def _load(self, chosen: Chosen) -> Load:
        self._before_step("set aside")
        for unreadable in chosen.unreadable:
            set_aside(self._folder, unreadable.record.position, unreadable.record.payload, unreadable.why)
        self._before_step("decide")
        decision = self._decide(chosen)
        self._before_step("decide visits")
        visits = self._decide_visits(chosen.intent, decision)
        self._insert(chosen.intent, decision, visits)
        self._before_step("commit")
        for unreadable in chosen.unreadable:
            self._count_refused(decision, unreadable)
        self._index.commit(chosen.intent.end, decision.ids, decision.tallies, visits)
        total = Tally()
        for tally in decision.tallies.values():
            total.add(tally)
        last = chosen.records[-1].batch.received_at_ms if chosen.records else None
        return Load(chosen.intent.end, last, total, _events_of(decision, chosen.intent.end))

    def _decide(self, chosen: Chosen) -> Decision:
        lookup = StoredIdLookup(self._store, self._naming, chosen.intent.start)
        return Deduplicator(self._naming, self._index.known, lookup).decide(chosen.records)

    def _decide_visits(self, intent: Intent, decision: Decision) -> VisitChanges:
        superseded = {row.position for row in decision.superseded}
        lost = removals(self._store, self._index.visit_memory, decision.superseded, intent.start) if superseded else ()
        return Visiting(self._index.visit_memory, self._index.seed).decide(decision.kept, superseded, lost)

    def _insert(self, intent: Intent, decision: Decision, visits: VisitChanges) -> None:
        token = f"{self._partition}:{intent.start}-{intent.end}"
        self._before_step("mark amended")
        newly_amended = ({row.project_id for row in decision.superseded} | decision.marked) - self.amended
        if newly_amended:
            self._index.mark_amended(newly_amended)
            self.amended |= newly_amended
        self._before_step("insert events")
        if decision.kept.events:
            self._store.insert("events", event_rows(decision.kept, visits), token)
        self._before_step("insert superseded")
        if decision.superseded:
            self._store.insert("superseded", superseded_rows(decision.superseded), f"{token}:superseded")
        self._before_step("insert slots")
        if slots := amended_slots(self._store, decision.superseded, intent.start):
            self._store.insert("amended_slots", amended_slot_rows(slots), f"{token}:slots")
        self._before_step("insert aliases")
        if visits.aliases:
            self._store.insert("visit_aliases", alias_rows(visits.aliases), f"{token}:aliases")
        self._before_step("insert visits")
        if visits.before or visits.after:
            self._store.insert("visits", visit_rows(visits), f"{token}:visits")

    def _count_refused(self, decision: Decision, unreadable: Unreadable) -> None:
        received_at_ms = self._clock.now_ms() if unreadable.received_at_ms is None else unreadable.received_at_ms
        tally = decision.tallies[unreadable.project_id, utc_day(received_at_ms)]
        tally.received += unreadable.events
        tally.refused += unreadable.events

    def _intent_now(self) -> Intent:
        intent = self._index.intent
        assert intent is not None, "an intent stands while its batch is being loaded"
        return intent

    def _refuse_records(self, chosen: Chosen, error: Exception) -> None:
        """Writes the records whose rows cannot be stored into the intent. Raises `error` when none is at fault."""
        at_fault = self._at_fault(chosen.records)
        if not at_fault:
            raise error
        positions = (*chosen.intent.refused, *(record.position for record in at_fault))
        self._index.intend(msgspec.structs.replace(chosen.intent, refused=positions))

    def _at_fault(self, records: list[Unpacked]) -> list[Unpacked]:
        """Halves the records until each one that is refused stands alone."""
        if not records or self._storable(records):
            return []
        if len(records) == 1:
            return records
        middle = len(records) // 2
        return self._at_fault(records[:middle]) + self._at_fault(records[middle:])

    def _storable(self, records: list[Unpacked]) -> bool:
        """Tries the rows on a table that keeps nothing."""
        try:
            self._store.insert(
                "events_trial",
                event_rows(Kept.all_of(records), VisitChanges.none()),
                f"trial:{records[0].position}-{records[-1].position}",
            )
        except (RowsRefused, pa.ArrowInvalid, OverflowError):
            return False
        return True


def _events_of(decision: Decision, end: int) -> LoadedEvents:
    kept = decision.kept
    replaced = [(row.project_id, row.position) for row in decision.superseded]
    return LoadedEvents(end, kept.events, kept.batches, kept.positions, replaced)
