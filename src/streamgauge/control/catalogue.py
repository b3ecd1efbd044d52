"""Meters and features: kept in the database, held in memory whole, for every question and every load asks for them.

Promises
- A look-up costs no disk and may come from any thread; it sees what the last change left, for a project as a whole.
- A change is one transaction: a feature and the meter that it brings along are made together or not at all.
- Nothing is deleted: an archived meter answers questions about its past, and counts for nothing new.

Limits: at most MAX_METERS published meters and MAX_FEATURES published features per project. One process changes a catalogue;
another sees the change when it opens the database.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, insert, select, update

from streamgauge.control.database import Database
from streamgauge.control.metering_tables import features as feature_table
from streamgauge.control.metering_tables import meters as meter_table
from streamgauge.kernel.catalogue import FeatureChange, FeatureSpec, MeterSpec
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.metering import Feature, FeatureType, Measure, Meter, ReportingUnit, ResetUsage, Status
from streamgauge.kernel.query import Filter
from streamgauge.kernel.refusal import Reason, Refusal

MAX_METERS = 1_000
MAX_FEATURES = 1_000
_T = TypeVar("_T")
_measure = msgspec.json.Decoder(Measure)
_filters = msgspec.json.Decoder(tuple[Filter, ...])
_reporting_unit = msgspec.json.Decoder(ReportingUnit)


class _Shelf(msgspec.Struct, frozen=True):
    """The catalogue of one project. meters and features: by id, archived ones too, in the order of their making."""

    version: int = 0
    meters: Mapping[str, Meter] = MappingProxyType({})
    features: Mapping[str, Feature] = MappingProxyType({})
    published_meters: tuple[Meter, ...] = ()
    published_features: tuple[Feature, ...] = ()
    by_event: Mapping[str, tuple[Meter, ...]] = MappingProxyType({})
    by_meter: Mapping[str, tuple[Feature, ...]] = MappingProxyType({})

    @classmethod
    def of(cls, version: int, meters: Mapping[str, Meter], features: Mapping[str, Feature]) -> "_Shelf":
        published = tuple(meter for meter in meters.values() if meter.status is Status.PUBLISHED)
        offered = tuple(feature for feature in features.values() if feature.status is Status.PUBLISHED)
        by_event: dict[str, tuple[Meter, ...]] = {}
        for meter in published:
            by_event[meter.event_name] = (*by_event.get(meter.event_name, ()), meter)
        by_meter: dict[str, tuple[Feature, ...]] = {}
        for feature in offered:
            if feature.meter_id:
                by_meter[feature.meter_id] = (*by_meter.get(feature.meter_id, ()), feature)
        return cls(version, meters, features, published, offered, by_event, by_meter)


_EMPTY = _Shelf()


class Catalogue:
    """The meters and features of all projects. Look-ups are from memory; changes wait for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._shelves = _read_all(database)

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
        found = self._shelf(project_id).meters.get(meter_id)
        if found is None:
            raise Refusal(Reason.NOT_FOUND, "Meter not found")
        return found

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
        found = self._shelf(project_id).features.get(feature_id)
        if found is None:
            raise Refusal(Reason.NOT_FOUND, f"Feature with ID {feature_id[:100]} was not found")
        return found

    def feature_of_key(self, project_id: str, lookup_key: str) -> Feature | None:
        """The published feature of that lookup key."""
        return next((feature for feature in self.features(project_id) if feature.lookup_key == lookup_key), None)

    def features_of_meter(self, project_id: str, meter_id: str) -> tuple[Feature, ...]:
        """The published features that the meter measures."""
        return self._shelf(project_id).by_meter.get(meter_id, ())

    # Changes.

    def create_meter(self, project_id: str, spec: MeterSpec) -> Meter:
        """Raises Refusal invalid_parameter when there are MAX_METERS already."""

        def create(connection: Connection, now_ms: int) -> Meter:
            return self._insert_meter(connection, project_id, spec, now_ms)

        return self._changing(project_id, create)

    def add_filters(self, project_id: str, meter_id: str, added: Sequence[Filter]) -> Meter:
        """Filters of the same key become one with the values of both. Raises Refusal not_found."""

        def change(connection: Connection, now_ms: int) -> Meter:
            return self._add_filters(connection, self.meter(project_id, meter_id), added, now_ms)

        return self._changing(project_id, change)

    def archive_meter(self, project_id: str, meter_id: str) -> None:
        """Archiving again changes nothing. Raises Refusal not_found."""

        def change(connection: Connection, now_ms: int) -> None:
            self._archive_meter(connection, self.meter(project_id, meter_id), now_ms)

        self._changing(project_id, change)

    def create_feature(self, project_id: str, spec: FeatureSpec) -> Feature:
        """Raises Refusal already_exists (the lookup key), not_found (the meter), invalid_parameter (too many)."""

        def create(connection: Connection, now_ms: int) -> Feature:
            if len(self.features(project_id)) >= MAX_FEATURES:
                raise _too_many("features", MAX_FEATURES)
            if self.feature_of_key(project_id, spec.lookup_key) is not None:
                message = "A feature with this lookup key already exists"
                raise Refusal(Reason.ALREADY_EXISTS, message, field="lookup_key", details={"lookup_key": spec.lookup_key})
            meter_id = self._meter_of(connection, project_id, spec, now_ms)
            given = {name: value for name, value in msgspec.structs.asdict(spec).items() if name not in ("meter", "meter_id")}
            made = Feature(
                feature_id=self._mint.mint("feat"),
                project_id=project_id,
                meter_id=meter_id,
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                **given,
            )
            connection.execute(insert(feature_table).values(**_feature_values(made)))
            return made

        return self._changing(project_id, create)

    def update_feature(self, project_id: str, feature_id: str, change: FeatureChange) -> Feature:
        """The feature as it is afterwards. Raises Refusal not_found, invalid_parameter (filters of what has no meter)."""

        def update_it(connection: Connection, now_ms: int) -> Feature:
            before = self.feature(project_id, feature_id)
            given = {
                name: value for name, value in msgspec.structs.asdict(change).items() if name != "filters" and value is not UNSET
            }
            if change.filters is not UNSET and change.filters:
                if not before.meter_id:
                    raise Refusal(Reason.INVALID_PARAMETER, "Only a metered feature has filters", field="filters")
                self._add_filters(connection, self.meter(project_id, before.meter_id), change.filters, now_ms)
            after = msgspec.structs.replace(before, **given, updated_at_ms=max(now_ms, before.updated_at_ms + 1))
            own = feature_table.c.feature_id == feature_id
            connection.execute(update(feature_table).where(own).values(**_feature_values(after)))
            return after

        return self._changing(project_id, update_it)

    def archive_feature(self, project_id: str, feature_id: str) -> None:
        """Also its meter, unless another published feature uses it. Raises Refusal not_found."""

        def change(connection: Connection, now_ms: int) -> None:
            before = self.feature(project_id, feature_id)
            values = {"status": Status.ARCHIVED, "updated_at_ms": max(now_ms, before.updated_at_ms + 1)}
            connection.execute(update(feature_table).where(feature_table.c.feature_id == feature_id).values(**values))
            users = [one for one in self.features_of_meter(project_id, before.meter_id) if one.feature_id != feature_id]
            if before.meter_id and not users:
                self._archive_meter(connection, self.meter(project_id, before.meter_id), now_ms)

        self._changing(project_id, change)

    def _shelf(self, project_id: str) -> _Shelf:
        return self._shelves.get(project_id, _EMPTY)

    def _changing(self, project_id: str, change: Callable[[Connection, int], _T]) -> _T:
        """One change at a time: what it checks in memory is what the database holds."""
        with self._change_lock:
            with self._database.recording() as connection:
                result = change(connection, self._clock.now_ms())
            with self._database.reading() as connection:
                shelf = _read(connection, project_id, self._shelf(project_id).version + 1)
            self._shelves = {**self._shelves, project_id: shelf}
            return result

    def _meter_of(self, connection: Connection, project_id: str, spec: FeatureSpec, now_ms: int) -> str:
        if spec.type is not FeatureType.METERED:
            return ""
        if spec.meter is not None:
            return self._insert_meter(connection, project_id, spec.meter, now_ms).meter_id
        return self.meter(project_id, spec.meter_id).meter_id

    def _insert_meter(self, connection: Connection, project_id: str, spec: MeterSpec, now_ms: int) -> Meter:
        if len(self.meters(project_id)) >= MAX_METERS:
            raise _too_many("meters", MAX_METERS)
        made = Meter(
            meter_id=self._mint.mint("meter"),
            project_id=project_id,
            name=spec.name,
            event_name=spec.event_name,
            measure=spec.measure,
            filters=spec.filters,
            reset_usage=spec.reset_usage,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        connection.execute(insert(meter_table).values(**_meter_values(made)))
        return made

    def _add_filters(self, connection: Connection, before: Meter, added: Sequence[Filter], now_ms: int) -> Meter:
        merged = {chosen.key: chosen for chosen in before.filters}
        for chosen in added:
            known = merged.get(chosen.key)
            values = chosen.values if known is None else tuple(dict.fromkeys((*known.values, *chosen.values)))
            merged[chosen.key] = Filter(chosen.key, values)
        after = msgspec.structs.replace(
            before, filters=tuple(merged.values()), updated_at_ms=max(now_ms, before.updated_at_ms + 1)
        )
        own = meter_table.c.meter_id == before.meter_id
        connection.execute(update(meter_table).where(own).values(**_meter_values(after)))
        return after

    def _archive_meter(self, connection: Connection, before: Meter, now_ms: int) -> None:
        if before.status is not Status.ARCHIVED:
            values = {"status": Status.ARCHIVED, "updated_at_ms": max(now_ms, before.updated_at_ms + 1)}
            connection.execute(update(meter_table).where(meter_table.c.meter_id == before.meter_id).values(**values))


def _read_all(database: Database) -> dict[str, _Shelf]:
    with database.reading() as connection:
        projects = {row.project_id for row in connection.execute(select(meter_table.c.project_id).distinct())}
        projects |= {row.project_id for row in connection.execute(select(feature_table.c.project_id).distinct())}
        return {project_id: _read(connection, project_id, 1) for project_id in sorted(projects)}


def _read(connection: Connection, project_id: str, version: int) -> _Shelf:
    meter_rows = select(meter_table).where(meter_table.c.project_id == project_id)
    feature_rows = select(feature_table).where(feature_table.c.project_id == project_id)
    meters = [_meter(row) for row in connection.execute(meter_rows.order_by(meter_table.c.created_at_ms, meter_table.c.meter_id))]
    order = (feature_table.c.created_at_ms, feature_table.c.feature_id)
    features = [_feature(row) for row in connection.execute(feature_rows.order_by(*order))]
    return _Shelf.of(version, {one.meter_id: one for one in meters}, {one.feature_id: one for one in features})


def _meter(row: Row[tuple[object, ...]]) -> Meter:
    columns = row._mapping
    parsed = {
        "measure": _measure.decode(columns["measure"]),
        "filters": _filters.decode(columns["filters"]),
        "reset_usage": ResetUsage(columns["reset_usage"]),
        "status": Status(columns["status"]),
    }
    return Meter(**{**columns, **parsed})


def _meter_values(meter: Meter) -> Mapping[str, object]:
    texts = {"measure": _json(meter.measure), "filters": _json(meter.filters)}
    return {name: getattr(meter, name) for name in meter.__struct_fields__} | texts


def _feature(row: Row[tuple[object, ...]]) -> Feature:
    columns = row._mapping
    unit = columns["reporting_unit"]
    parsed = {
        "type": FeatureType(columns["type"]),
        "metadata": msgspec.json.decode(columns["metadata"]),
        "reporting_unit": None if unit is None else _reporting_unit.decode(unit),
        "alert_settings": msgspec.json.decode(columns["alert_settings"]),
        "status": Status(columns["status"]),
    }
    return Feature(**{**columns, **parsed})


def _feature_values(feature: Feature) -> Mapping[str, object]:
    unit = feature.reporting_unit
    texts = {
        "metadata": _json(dict(feature.metadata)),
        "reporting_unit": None if unit is None else _json(unit),
        "alert_settings": _json(dict(feature.alert_settings)),
    }
    return {name: getattr(feature, name) for name in feature.__struct_fields__} | texts


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _too_many(what: str, most: int) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, f"A project has at most {most:,} {what}; delete one first")
