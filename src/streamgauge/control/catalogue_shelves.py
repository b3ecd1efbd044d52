"""The catalogue of one project as a value: read from its rows, looked up without the disk, changed together with its rows."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from streamgauge.control.database import Database
from streamgauge.control.metering_tables import features as feature_table
from streamgauge.control.metering_tables import meters as meter_table
from streamgauge.kernel.metering import Feature, FeatureType, Measure, Meter, ReportingUnit, ResetUsage, Status
from streamgauge.kernel.query import Filter
from streamgauge.kernel.refusal import Reason, Refusal

_measure = msgspec.json.Decoder(Measure)
_filters = msgspec.json.Decoder(tuple[Filter, ...])
_reporting_unit = msgspec.json.Decoder(ReportingUnit)


class Shelf(msgspec.Struct, frozen=True):
    """The catalogue of one project. meters and features: by id, archived ones too, in the order of their making."""

    version: int = 0
    meters: Mapping[str, Meter] = MappingProxyType({})
    features: Mapping[str, Feature] = MappingProxyType({})
    published_meters: tuple[Meter, ...] = ()
    published_features: tuple[Feature, ...] = ()
    by_event: Mapping[str, tuple[Meter, ...]] = MappingProxyType({})
    by_meter: Mapping[str, tuple[Feature, ...]] = MappingProxyType({})
    by_key: Mapping[str, Feature] = MappingProxyType({})

    @classmethod
    def of(cls, version: int, meters: Mapping[str, Meter], features: Mapping[str, Feature]) -> "Shelf":
        published = tuple(meter for meter in meters.values() if meter.status is Status.PUBLISHED)
        offered = tuple(feature for feature in features.values() if feature.status is Status.PUBLISHED)
        by_event: dict[str, list[Meter]] = {}
        for meter in published:
            by_event.setdefault(meter.event_name, []).append(meter)
        by_meter: dict[str, list[Feature]] = {}
        for feature in offered:
            if feature.meter_id:
                by_meter.setdefault(feature.meter_id, []).append(feature)
        return cls(
            version,
            meters,
            features,
            published,
            offered,
            {name: tuple(found) for name, found in by_event.items()},
            {meter_id: tuple(found) for meter_id, found in by_meter.items()},
            {feature.lookup_key: feature for feature in offered},
        )

    def meter(self, meter_id: str) -> Meter:
        """Also an archived one. Raises Refusal not_found."""
        found = self.meters.get(meter_id)
        if found is None:
            raise Refusal(Reason.NOT_FOUND, "Meter not found")
        return found

    def feature(self, feature_id: str) -> Feature:
        """Also an archived one. Raises Refusal not_found."""
        found = self.features.get(feature_id)
        if found is None:
            raise Refusal(Reason.NOT_FOUND, f"Feature with ID {feature_id[:100]} was not found")
        return found


EMPTY_SHELF = Shelf()


class Draft:
    """A change under way. What is put here is written in the transaction, and is the shelf when that is through."""

    def __init__(self, connection: Connection, before: Shelf, now_ms: int) -> None:
        self.before = before
        self.now_ms = now_ms
        self._connection = connection
        self._meters = dict(before.meters)
        self._features = dict(before.features)

    def touched(self, changed_ms: int) -> int:
        """The time of this change to what was last changed at `changed_ms`: always later, whatever the clock does."""
        return max(self.now_ms, changed_ms + 1)

    def put_meter(self, meter: Meter) -> Meter:
        values = _meter_values(meter)
        if meter.meter_id in self._meters:
            self._connection.execute(update(meter_table).where(meter_table.c.meter_id == meter.meter_id).values(**values))
        else:
            self._connection.execute(insert(meter_table).values(**values))
        self._meters[meter.meter_id] = meter
        return meter

    def put_feature(self, feature: Feature) -> Feature:
        values = _feature_values(feature)
        if feature.feature_id in self._features:
            own = feature_table.c.feature_id == feature.feature_id
            self._connection.execute(update(feature_table).where(own).values(**values))
        else:
            self._connection.execute(insert(feature_table).values(**values))
        self._features[feature.feature_id] = feature
        return feature

    def shelf(self) -> Shelf:
        return Shelf.of(self.before.version + 1, self._meters, self._features)


def read_shelves(database: Database) -> dict[str, Shelf]:
    """By project, for those that have a meter or a feature."""
    meters: dict[str, dict[str, Meter]] = {}
    features: dict[str, dict[str, Feature]] = {}
    with database.reading() as connection:
        for row in connection.execute(select(meter_table).order_by(meter_table.c.created_at_ms, meter_table.c.meter_id)):
            meter = _meter(row)
            meters.setdefault(meter.project_id, {})[meter.meter_id] = meter
        order = (feature_table.c.created_at_ms, feature_table.c.feature_id)
        for row in connection.execute(select(feature_table).order_by(*order)):
            feature = _feature(row)
            features.setdefault(feature.project_id, {})[feature.feature_id] = feature
    projects = sorted(meters.keys() | features.keys())
    return {project_id: Shelf.of(1, meters.get(project_id, {}), features.get(project_id, {})) for project_id in projects}


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
