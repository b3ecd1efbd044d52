"""Meters and features: kept in the database, held in memory whole, for every question and every load asks for them.

Promises
- A look-up costs no disk and may come from any thread; it sees what the last change left, for a project as a whole.
- A change is one transaction: a feature and the meter that it brings along are made together or not at all.
- Nothing is deleted: an archived meter answers questions about its past, and counts for nothing new.
- version() differs after every change of the project, so that who derives something from the catalogue knows when to do so again.

Limits: at most MAX_METERS published meters and MAX_FEATURES published features per project, and MAX_KEPT of each with the
archived ones. One process changes a catalogue; another sees the change when it opens the database.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from streamgauge.control.catalogue_shelves import EMPTY_SHELF, Draft, Shelf, read_shelves
from streamgauge.control.database import Database
from streamgauge.kernel.catalogue import MAX_METER_FILTER_VALUES, MAX_METER_FILTERS, FeatureChange, FeatureSpec, MeterSpec
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.metering import Feature, FeatureType, Meter, Status
from streamgauge.kernel.query import Filter
from streamgauge.kernel.refusal import Reason, Refusal

MAX_METERS = 1_000
MAX_FEATURES = 1_000
MAX_KEPT = 10_000
_T = TypeVar("_T")


class Catalogue:
    """The meters and features of all projects. Look-ups are from memory; changes wait for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._shelves = read_shelves(database)

    # Look-ups.

    def version(self, project_id: str) -> int:
        """Another number after every change of the project's catalogue."""
        return self._shelf(project_id).version

    def meters(self, project_id: str) -> tuple[Meter, ...]:
        """The published ones, in the order of their making."""
        return self._shelf(project_id).published_meters

    def all_meters(self, project_id: str) -> Sequence[Meter]:
        """The archived ones too."""
        return tuple(self._shelf(project_id).meters.values())

    def meter(self, project_id: str, meter_id: str) -> Meter:
        """Also an archived one. Raises Refusal not_found."""
        return self._shelf(project_id).meter(meter_id)

    def meters_of_event(self, project_id: str, event_name: str) -> tuple[Meter, ...]:
        """The published meters of an event name."""
        return self._shelf(project_id).by_event.get(event_name, ())

    def features(self, project_id: str) -> tuple[Feature, ...]:
        """The published ones, in the order of their making."""
        return self._shelf(project_id).published_features

    def all_features(self, project_id: str) -> Sequence[Feature]:
        """The archived ones too."""
        return tuple(self._shelf(project_id).features.values())

    def feature(self, project_id: str, feature_id: str) -> Feature:
        """Also an archived one. Raises Refusal not_found."""
        return self._shelf(project_id).feature(feature_id)

    def feature_of_key(self, project_id: str, lookup_key: str) -> Feature | None:
        """The published feature of that lookup key."""
        return self._shelf(project_id).by_key.get(lookup_key)

    def features_of_meter(self, project_id: str, meter_id: str) -> tuple[Feature, ...]:
        """The published features that the meter measures."""
        return self._shelf(project_id).by_meter.get(meter_id, ())

    # Changes.

    def create_meter(self, project_id: str, spec: MeterSpec) -> Meter:
        """Raises Refusal invalid_parameter when there are too many already."""
        return self._changing(project_id, lambda draft: self._new_meter(draft, project_id, spec))

    def add_filters(self, project_id: str, meter_id: str, added: Sequence[Filter]) -> Meter:
        """Filters of the same key become one with the values of both. Raises Refusal not_found, invalid_parameter (too many)."""
        return self._changing(project_id, lambda draft: _add_filters(draft, meter_id, added))

    def archive_meter(self, project_id: str, meter_id: str) -> None:
        """Archiving again changes nothing. Raises Refusal not_found."""
        self._changing(project_id, lambda draft: _archive_meter(draft, meter_id))

    def create_feature(self, project_id: str, spec: FeatureSpec) -> Feature:
        """Raises Refusal already_exists (the lookup key), not_found (the meter), invalid_parameter (too many, archived meter)."""
        return self._changing(project_id, lambda draft: self._new_feature(draft, project_id, spec))

    def update_feature(self, project_id: str, feature_id: str, change: FeatureChange) -> Feature:
        """The feature as it is afterwards. Raises Refusal not_found, invalid_parameter (filters of what has no meter)."""
        return self._changing(project_id, lambda draft: _update_feature(draft, feature_id, change))

    def archive_feature(self, project_id: str, feature_id: str) -> None:
        """Also its meter, unless another published feature uses it. Raises Refusal not_found."""
        self._changing(project_id, lambda draft: _archive_feature(draft, feature_id))

    def _shelf(self, project_id: str) -> Shelf:
        return self._shelves.get(project_id, EMPTY_SHELF)

    def _changing(self, project_id: str, change: Callable[[Draft], _T]) -> _T:
        """One change at a time: what it checks in memory is what the database holds. Memory changes after the commit."""
        with self._change_lock:
            with self._database.recording() as connection:
                draft = Draft(connection, self._shelf(project_id), self._clock.now_ms())
                result = change(draft)
            self._shelves = {**self._shelves, project_id: draft.shelf()}
            return result

    def _new_meter(self, draft: Draft, project_id: str, spec: MeterSpec) -> Meter:
        _check_room("meters", len(draft.before.published_meters), MAX_METERS, len(draft.before.meters))
        made = Meter(
            meter_id=self._mint.mint("meter"),
            project_id=project_id,
            created_at_ms=draft.now_ms,
            updated_at_ms=draft.now_ms,
            **msgspec.structs.asdict(spec),
        )
        return draft.put_meter(made)

    def _new_feature(self, draft: Draft, project_id: str, spec: FeatureSpec) -> Feature:
        _check_room("features", len(draft.before.published_features), MAX_FEATURES, len(draft.before.features))
        if spec.lookup_key in draft.before.by_key:
            message = "A feature with this lookup key already exists"
            raise Refusal(Reason.ALREADY_EXISTS, message, field="lookup_key", details={"lookup_key": spec.lookup_key})
        made = Feature(
            feature_id=self._mint.mint("feat"),
            project_id=project_id,
            meter_id=self._meter_of(draft, project_id, spec),
            created_at_ms=draft.now_ms,
            updated_at_ms=draft.now_ms,
            **_given(spec, "meter", "meter_id"),
        )
        return draft.put_feature(made)

    def _meter_of(self, draft: Draft, project_id: str, spec: FeatureSpec) -> str:
        if spec.type is not FeatureType.METERED:
            return ""
        if spec.meter is not None:
            return self._new_meter(draft, project_id, spec.meter).meter_id
        named = draft.before.meter(spec.meter_id)
        if named.status is not Status.PUBLISHED:
            raise _refused("meter_id", "a meter that is not archived")
        return named.meter_id


def _add_filters(draft: Draft, meter_id: str, added: Sequence[Filter]) -> Meter:
    before = draft.before.meter(meter_id)
    merged = {chosen.key: chosen for chosen in before.filters}
    for chosen in added:
        known = merged.get(chosen.key)
        values = chosen.values if known is None else tuple(dict.fromkeys((*known.values, *chosen.values)))
        merged[chosen.key] = Filter(chosen.key, values)
    if len(merged) > MAX_METER_FILTERS or any(len(each.values) > MAX_METER_FILTER_VALUES for each in merged.values()):
        raise _refused(
            "filters", f"at most {MAX_METER_FILTERS} properties, and {MAX_METER_FILTER_VALUES:,} values of each, in all"
        )
    changed_ms = draft.touched(before.updated_at_ms)
    return draft.put_meter(msgspec.structs.replace(before, filters=tuple(merged.values()), updated_at_ms=changed_ms))


def _archive_meter(draft: Draft, meter_id: str) -> None:
    before = draft.before.meter(meter_id)
    if before.status is Status.PUBLISHED:
        changed_ms = draft.touched(before.updated_at_ms)
        draft.put_meter(msgspec.structs.replace(before, status=Status.ARCHIVED, updated_at_ms=changed_ms))


def _update_feature(draft: Draft, feature_id: str, change: FeatureChange) -> Feature:
    before = draft.before.feature(feature_id)
    if change.filters is not UNSET and change.filters:
        if not before.meter_id:
            raise _refused("filters", "no filters: only a metered feature has them")
        _add_filters(draft, before.meter_id, change.filters)
    given = {name: value for name, value in _given(change, "filters").items() if value is not UNSET}
    return draft.put_feature(msgspec.structs.replace(before, **given, updated_at_ms=draft.touched(before.updated_at_ms)))


def _archive_feature(draft: Draft, feature_id: str) -> None:
    before = draft.before.feature(feature_id)
    if before.status is not Status.PUBLISHED:
        return
    changed_ms = draft.touched(before.updated_at_ms)
    draft.put_feature(msgspec.structs.replace(before, status=Status.ARCHIVED, updated_at_ms=changed_ms))
    if before.meter_id and len(draft.before.by_meter[before.meter_id]) == 1:
        _archive_meter(draft, before.meter_id)


def _given(spec: msgspec.Struct, *left_out: str) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(spec).items() if name not in left_out}


def _check_room(what: str, published: int, most: int, kept: int) -> None:
    if published >= most:
        raise Refusal(Reason.INVALID_PARAMETER, f"A project has at most {most:,} {what}; delete one first")
    if kept >= MAX_KEPT:
        raise Refusal(Reason.INVALID_PARAMETER, f"A project has at most {MAX_KEPT:,} {what}, archived ones included")


def _refused(field: str, expected: str) -> Refusal:
    details = {"field": field, "expected": expected}
    return Refusal(Reason.INVALID_PARAMETER, "Request validation failed", field=field, expected=expected, details=details)
