"""The ledger: usage of customers by feature in the current period, in memory, moved on by every load.

Promises
- What a pair says is what the store would answer for all events below `position` and a few that are loaded right after it.
- Building: a pair is registered at a position up to which all loads were told of (`begun`); the store is asked as of that
  position, and every event at or beyond it waits in the pair. So none is counted twice and none is lost, whenever the load is
  published.
- Whatever cannot be moved on exactly makes the ledger forget the pair: a customer, entitlement, feature or meter that changed, a
  closed period, an event of the customer that was replaced or taken back, an aggregate with no running form. It is built again.
- Nobody is answered from a project while it is not known which of its pairs a replaced event belonged to (`unsettled`).

Limits
- At most `max_pairs` pairs; the one that was asked for or moved longest ago goes first, and is built again when it is needed.
- `on_load` runs on the loader's thread; an event of no tracked customer costs it two look-ups.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from streamgauge.kernel.clock import Clock
from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.metering import ClosedPeriod, Feature, Meter
from streamgauge.kernel.progress import LoadedEvents, LoadProgress
from streamgauge.kernel.refusal import Refusal
from streamgauge.metering.matching import EventFacts
from streamgauge.metering.pairs import Pair, Standing
from streamgauge.metering.running_usage import RunningUsage

MAX_PENDING = 100_000
MAX_UNSETTLED = 50_000
PairKey = tuple[str, str, str]
"""(project id, an id of the customer, feature id)."""


class CatalogueShelf(Protocol):
    """The catalogue, as the ledger needs it; from memory."""

    def feature(self, project_id: str, feature_id: str) -> Feature: ...

    def meter(self, project_id: str, meter_id: str) -> Meter: ...


class PeriodShelf(Protocol):
    """The closed periods, from memory; the same tuple while nothing changed."""

    def of(self, project_id: str) -> tuple[ClosedPeriod, ...]: ...


class WatchedFeatures(Protocol):
    """Which features alerts are about."""

    def watched(self, project_id: str) -> Mapping[str, Sequence[str]]:
        """By event name the ids of features whose customers are tracked even without an entitlement. From memory."""
        ...


class Claim:
    """Someone reads what is known of a customer. broken: it changed meanwhile."""

    __slots__ = ("broken",)

    def __init__(self) -> None:
        self.broken = False


class Ledger:
    """A LoadListener. Everything but `on_load` is quick and may be called from any thread. wake: called when there is work."""

    def __init__(
        self,
        progress: LoadProgress,
        catalogue: CatalogueShelf,
        periods: PeriodShelf,
        watched: WatchedFeatures,
        clock: Clock,
        max_pairs: int,
        wake: Callable[[], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._progress = progress
        self._catalogue = catalogue
        self._periods = periods
        self._watched = watched
        self._clock = clock
        self._max_pairs = max_pairs
        self._wake = wake
        self._on_failure = on_failure
        self._lock = threading.RLock()
        self._pairs: OrderedDict[PairKey, Pair] = OrderedDict()
        self._index: dict[tuple[str, str], tuple[Pair, ...]] = {}
        self._claims: dict[tuple[str, str], set[Claim]] = {}
        self._unsettled: dict[str, list[int]] = {}
        self._wanted: OrderedDict[PairKey, None] = OrderedDict()
        self._moved: dict[PairKey, Pair] = {}
        self._begun = self._done = 0

    def listening_from(self, position: int) -> None:
        """The end of the journal, after the loader was told of this listener: loads that were not told of end at or below it."""
        with self._lock:
            self._begun = max(self._begun, position)

    @property
    def position(self) -> int:
        """Every event below it is counted in every pair."""
        return max(self._done, self._progress.loaded)

    @property
    def pairs(self) -> int:
        return len(self._pairs)

    # Asking.

    def find(self, project_id: str, external_id: str, feature_id: str, now_ms: int) -> Pair | None:
        """The pair, when it can answer now."""
        for pair in self._index.get((project_id, external_id), ()):
            if pair.feature.feature_id == feature_id:
                return pair if self._answers(pair, now_ms) else None
        return None

    def standing(self, pair: Pair) -> Standing | None:
        """What the pair says now; None when it no longer counts, or is known to count too much (a replaced event)."""
        with self._lock:
            if pair.dropped or pair.running is None or pair.project_id in self._unsettled:
                return None
            return pair.standing

    def is_unsettled(self, project_id: str) -> bool:
        return project_id in self._unsettled

    def _answers(self, pair: Pair, now_ms: int) -> bool:
        if pair.running is None or pair.dropped or pair.project_id in self._unsettled:
            return False
        with self._lock:
            if not self._is_current(pair):
                self._drop(pair, again=False)
                return False
            if now_ms >= pair.end_ms:
                if not pair.turn(now_ms):
                    self._drop(pair, again=False)
                    return False
                self._note_moved(pair)
            self._pairs.move_to_end(pair.key)
        return True

    def _is_current(self, pair: Pair) -> bool:
        try:
            feature = self._catalogue.feature(pair.project_id, pair.feature.feature_id)
            meter = self._catalogue.meter(pair.project_id, feature.meter_id) if feature.meter_id else None
        except Refusal:
            return False
        unchanged = feature is pair.feature or feature == pair.feature
        return unchanged and (meter is pair.meter or meter == pair.meter) and self._periods.of(pair.project_id) == pair.closed

    # Building.

    def claim(self, project_id: str, external_id: str) -> Claim:
        """To be taken before reading what is known of a customer, and given back with `release`."""
        claim = Claim()
        with self._lock:
            self._claims.setdefault((project_id, external_id), set()).add(claim)
        return claim

    def release(self, project_id: str, external_id: str, claim: Claim) -> None:
        with self._lock:
            held = self._claims.get((project_id, external_id), set())
            held.discard(claim)
            if not held:
                self._claims.pop((project_id, external_id), None)

    def register(self, pair: Pair, claim: Claim) -> bool:
        """Take the pair in; from now on events wait in it. False when the claim is broken."""
        with self._lock:
            if claim.broken:
                return False
            known = self._pairs.get(pair.key)
            if known is not None:
                self._drop(known, again=False)
            pair.since = self._begun
            pair.plan = pair.planned(pair.since) if pair.meter is not None else None
            self._pairs[pair.key] = pair
            for external_id in pair.scope.external_ids:
                place = (pair.project_id, external_id)
                self._index[place] = (*self._index.get(place, ()), pair)
            while len(self._pairs) > self._max_pairs:
                self._drop(next(iter(self._pairs.values())), again=False)
        return True

    def begin(self, pair: Pair, running: RunningUsage, beyond: int) -> bool:
        """The store has answered. False: something changed meanwhile, and the pair is forgotten."""
        with self._lock:
            if not pair.dropped and self._is_current(pair) and pair.begin(running, beyond, self._clock.now_ms()):
                return True
            self._drop(pair, again=False)
            return False

    def forget(self, pair: Pair) -> None:
        with self._lock:
            self._drop(pair, again=False)

    # What changed.

    def customers_changed(self, project_id: str, external_ids: Sequence[str]) -> None:
        """Their ids, zones or entitlements are others now: their pairs are built again."""
        with self._lock:
            for external_id in external_ids:
                for claim in self._claims.get((project_id, external_id), ()):
                    claim.broken = True
                for pair in self._index.get((project_id, external_id), ()):
                    self._drop(pair, again=True)
        self._wake()

    def entitlement_changed(self, project_id: str, external_ids: Sequence[str], feature_id: str) -> None:
        """Also of a pair that is not here yet: whoever is entitled is tracked before anyone checks."""
        if external_ids:
            self.want((project_id, external_ids[0], feature_id))
        self.customers_changed(project_id, external_ids)

    def settled(self, project_id: str, positions: int, holders: Sequence[tuple[str, str]] | None) -> None:
        """Of the first so many unsettled positions the customers and event names are known. None: of any customer."""
        with self._lock:
            for pair in tuple(self._pairs.values()) if holders is None else ():
                if pair.project_id == project_id:
                    self._drop(pair, again=True)
            for external_id, name in holders or ():
                for pair in self._index.get((project_id, external_id), ()):
                    if pair.meter is not None and pair.meter.event_name == name:
                        self._drop(pair, again=True)
            left = self._unsettled.get(project_id, [])[positions:]
            if left:
                self._unsettled[project_id] = left
            else:
                self._unsettled.pop(project_id, None)

    def want(self, key: PairKey) -> None:
        """Have the pair built soon."""
        with self._lock:
            if len(self._wanted) < self._max_pairs:
                self._wanted[key] = None

    # Work for those who tend it.

    def unsettled(self) -> Mapping[str, Sequence[int]]:
        with self._lock:
            return {project_id: tuple(positions) for project_id, positions in self._unsettled.items()}

    def next_wanted(self) -> PairKey | None:
        with self._lock:
            return self._wanted.popitem(last=False)[0] if self._wanted else None

    def take_moved(self) -> Sequence[Pair]:
        """Pairs whose usage changed since this was last called."""
        with self._lock:
            moved, self._moved = self._moved, {}
        return tuple(moved.values())

    def note_moved(self, pair: Pair) -> None:
        with self._lock:
            self._note_moved(pair)

    # The loader's thread.

    def on_load(self, loaded: LoadedEvents) -> None:
        try:
            self._move_on(loaded)
        except Exception as error:  # noqa: BLE001 (on the loader's thread: a fault here must not stop a load; all is built anew)
            with self._lock:
                for pair in tuple(self._pairs.values()):
                    self._drop(pair, again=True)
            self._on_failure(error)
        self._done = loaded.end
        if self._moved or self._wanted or self._unsettled:
            self._wake()

    def _move_on(self, loaded: LoadedEvents) -> None:
        with self._lock:
            self._begun = max(self._begun, loaded.end)
        watched = {project: self._watched.watched(project) for project in {batch.project_id for batch in loaded.batches}}
        if not self._index and not any(watched.values()):
            return
        now_ms = self._clock.now_ms()
        gone = self._note_replaced(loaded) if loaded.replaced else frozenset()
        for event, batch, position in zip(loaded.events, loaded.batches, loaded.positions, strict=True):
            project_id = batch.project_id
            pairs = self._index.get((project_id, event.customer_id), ())
            names = watched[project_id]
            if not (pairs or names) or event.flags & EventFlag.VOID or position in gone or not event.customer_id:
                continue
            if pairs:
                self._count(pairs, event, position, now_ms)
            for feature_id in names.get(event.name, ()):
                if not any(pair.feature.feature_id == feature_id for pair in pairs):
                    self.want((project_id, event.customer_id, feature_id))

    def _count(self, pairs: Sequence[Pair], event: Event, position: int, now_ms: int) -> None:
        facts = None
        for pair in pairs:
            if pair.rule is None or pair.rule.meter.event_name != event.name:
                continue
            facts = facts or EventFacts(event)
            outcome = pair.rule.count(facts)
            with self._lock:
                if pair.dropped or position < pair.since:
                    continue
                if pair.running is None:
                    pair.pending.append((event.timestamp_ms, position, outcome))
                    if len(pair.pending) > MAX_PENDING:
                        self._drop(pair, again=True)
                elif pair.count(event.timestamp_ms, position, outcome, now_ms):
                    self._note_moved(pair)
                else:
                    self._drop(pair, again=True)

    def _note_replaced(self, loaded: LoadedEvents) -> frozenset[int]:
        """Note which positions are to be settled; those of this very load come back, and are not counted at all."""
        here = set(loaded.positions)
        with self._lock:
            tracked = {pair.project_id for pair in self._pairs.values()}
            for project_id, position in loaded.replaced:
                if project_id in tracked and position not in here:
                    self._unsettled.setdefault(project_id, []).append(position)
        return frozenset(position for _, position in loaded.replaced if position in here)

    def _note_moved(self, pair: Pair) -> None:
        self._moved[pair.key] = pair
        if pair.key in self._pairs:
            self._pairs.move_to_end(pair.key)

    def _drop(self, pair: Pair, *, again: bool) -> None:
        if pair.dropped:
            return
        pair.dropped = True
        pair.pending = []
        self._pairs.pop(pair.key, None)
        for external_id in pair.scope.external_ids:
            place = (pair.project_id, external_id)
            left = tuple(other for other in self._index.get(place, ()) if other is not pair)
            if left:
                self._index[place] = left
            else:
                self._index.pop(place, None)
        if again:
            self.want(pair.key)
