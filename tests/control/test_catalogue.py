"""Meters and features in the control plane: in memory as on disk, whole changes only, one lookup key once, limits by name."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from streamgauge.control import Control
from streamgauge.control.catalogue import MAX_FEATURES, MAX_KEPT, MAX_METERS, Catalogue
from streamgauge.control.database import open_database
from streamgauge.control.metering_tables import features as feature_table
from streamgauge.control.metering_tables import meters as meter_table
from streamgauge.kernel.catalogue import FeatureChange, FeatureSpec, MeterSpec
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.metering import FeatureType, Measure, MeterType, ReportingUnit, ResetUsage, Status
from streamgauge.kernel.query import Filter, PropertyKey, Window
from streamgauge.kernel.refusal import Reason, Refusal
from tests.control.conftest import NOON_MS

REGION = Filter(PropertyKey("region"), ("eu",))
METERS = {
    "count": MeterSpec(name="N", event_name="e", measure=Measure(MeterType.COUNT)),
    "expression": MeterSpec(name="N", event_name="e", measure=Measure(MeterType.SUM, expression="a * 2")),
    "multiplied": MeterSpec(
        name="Käse ☃",
        event_name="e",
        measure=Measure(MeterType.SUM_WITH_MULTIPLIER, "ms", multiplier=Decimal("0.0010")),
        reset_usage=ResetUsage.NEVER,
    ),
    "grouped": MeterSpec(
        name="N",
        event_name="e",
        measure=Measure(MeterType.MAX, "gb", bucket_size=Window.HOUR, group_by=(PropertyKey("a"), PropertyKey("b.c"))),
        filters=(REGION, Filter(PropertyKey('it\'s \\ "q"'), ("1", "☃"))),
    ),
}


@pytest.fixture
def catalogue(control: Control) -> Catalogue:
    return control.catalogue


@pytest.fixture
def projects(control: Control) -> list[str]:
    return [control.create_project(name).project_id for name in ("one", "two")]


def refused(action: Callable[[], object]) -> Reason:
    with pytest.raises(Refusal) as caught:
        action()
    return caught.value.reason


def metered(key: str = "k", **given: Any) -> FeatureSpec:
    return FeatureSpec(**{"name": "F", "lookup_key": key, "type": FeatureType.METERED, "meter": METERS["count"], **given})


@pytest.mark.parametrize("spec", METERS.values(), ids=METERS)
def test_a_meter_comes_back_whole_from_memory_and_from_disk(
    catalogue: Catalogue, projects: list[str], path: Path, clock: ManualClock, spec: MeterSpec
) -> None:
    made = catalogue.create_meter(projects[0], spec)
    assert made.meter_id.startswith("meter_")
    kept = (made.name, made.event_name, made.measure, made.filters, made.reset_usage, made.status)
    assert kept == (spec.name, spec.event_name, spec.measure, spec.filters, spec.reset_usage, Status.PUBLISHED)
    assert catalogue.meter(projects[0], made.meter_id) == made
    database = open_database(path)
    assert Catalogue(database, clock).all_meters(projects[0]) == (made,)
    database.close()


def test_a_feature_comes_back_whole_from_memory_and_from_disk(
    catalogue: Catalogue, projects: list[str], path: Path, clock: ManualClock
) -> None:
    spec = metered(
        description="d",
        metadata={"a": "b"},
        unit_singular="GB",
        unit_plural="GBs",
        reporting_unit=ReportingUnit("TB", "TBs", "0.0010"),
        alert_settings={"alert_enabled": True, "critical": {"threshold": "1.50", "condition": "above"}},
        group_id="g",
    )
    made = catalogue.create_feature(projects[0], spec)
    (meter,) = catalogue.meters(projects[0])
    assert (made.meter_id, made.reporting_unit, made.alert_settings) == (meter.meter_id, spec.reporting_unit, spec.alert_settings)
    database = open_database(path)
    read = Catalogue(database, clock)
    assert (read.features(projects[0]), read.meters(projects[0])) == ((made,), (meter,))
    database.close()


def test_look_ups_know_event_names_meters_and_keys_of_what_is_published(catalogue: Catalogue, projects: list[str]) -> None:
    one, two = projects
    first = catalogue.create_feature(one, metered())
    second = catalogue.create_feature(one, metered("k2", meter=None, meter_id=first.meter_id))
    catalogue.create_feature(two, metered())
    assert [meter.meter_id for meter in catalogue.meters_of_event(one, "e")] == [first.meter_id]
    assert catalogue.meters_of_event(one, "other") == catalogue.meters("no project") == ()
    assert catalogue.features_of_meter(one, first.meter_id) == (first, second)
    assert catalogue.feature_of_key(one, "k2") == second
    assert refused(lambda: catalogue.feature(two, first.feature_id)) is Reason.NOT_FOUND
    assert refused(lambda: catalogue.meter(two, first.meter_id)) is Reason.NOT_FOUND
    catalogue.archive_feature(one, first.feature_id)
    assert catalogue.features_of_meter(one, first.meter_id) == (second,)
    assert len(catalogue.meters_of_event(one, "e")) == 1
    catalogue.archive_feature(one, second.feature_id)
    assert (catalogue.meters_of_event(one, "e"), catalogue.features(one)) == ((), ())
    assert catalogue.meter(one, first.meter_id).status is Status.ARCHIVED
    assert catalogue.feature_of_key(one, "k2") is None


def test_every_change_is_another_version_of_its_project_alone(catalogue: Catalogue, projects: list[str]) -> None:
    one, two = projects
    made = catalogue.create_feature(one, metered())
    changes: list[Callable[[], object]] = [
        lambda: catalogue.create_meter(one, METERS["count"]),
        lambda: catalogue.add_filters(one, made.meter_id, (REGION,)),
        lambda: catalogue.update_feature(one, made.feature_id, FeatureChange(name="new")),
        lambda: catalogue.archive_meter(one, catalogue.meters(one)[-1].meter_id),
        lambda: catalogue.archive_feature(one, made.feature_id),
    ]
    seen = {catalogue.version(one)}
    for change in changes:
        change()
        seen.add(catalogue.version(one))
    assert len(seen) == len(changes) + 1
    assert catalogue.version(two) == 0
    before = catalogue.version(one)
    assert refused(lambda: catalogue.archive_meter(one, "unknown")) is Reason.NOT_FOUND
    assert catalogue.version(one) == before


def test_filters_are_united_and_times_go_on_though_the_clock_stands(catalogue: Catalogue, projects: list[str]) -> None:
    made = catalogue.create_meter(projects[0], METERS["grouped"])
    added = (Filter(PropertyKey("region"), ("us", "eu")), Filter(PropertyKey("tier"), ("a",)))
    changed = catalogue.add_filters(projects[0], made.meter_id, added)
    assert changed.filters == (Filter(PropertyKey("region"), ("eu", "us")), METERS["grouped"].filters[1], added[1])
    assert (made.updated_at_ms, changed.updated_at_ms, changed.created_at_ms) == (NOON_MS, NOON_MS + 1, NOON_MS)


def test_a_change_that_the_database_refuses_leaves_memory_and_disk_as_they_were(
    control: Control, catalogue: Catalogue, projects: list[str], path: Path, clock: ManualClock
) -> None:
    """A trigger lets the meter in and the feature not: neither may be there afterwards."""
    database = open_database(path)
    with database.recording() as connection:
        connection.execute(text("CREATE TRIGGER no_features BEFORE INSERT ON features BEGIN SELECT RAISE(ABORT, 'no'); END"))
    with pytest.raises(Exception, match="no"):
        catalogue.create_feature(projects[0], metered())
    assert (catalogue.meters(projects[0]), catalogue.features(projects[0]), catalogue.version(projects[0])) == ((), (), 0)
    assert Catalogue(database, clock).all_meters(projects[0]) == ()
    with database.recording() as connection:
        connection.execute(text("DROP TRIGGER no_features"))
    assert catalogue.create_feature(projects[0], metered()).meter_id == catalogue.meters(projects[0])[0].meter_id
    database.close()


def test_of_many_at_once_one_gets_the_lookup_key(catalogue: Catalogue, projects: list[str]) -> None:
    def create(_: int) -> Reason | None:
        try:
            catalogue.create_feature(projects[0], metered())
        except Refusal as refusal:
            return refusal.reason
        return None

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(create, range(16)))
    assert sorted(map(str, told)) == sorted(["None", *[str(Reason.ALREADY_EXISTS)] * 15])
    assert len(catalogue.all_meters(projects[0])) == len(catalogue.all_features(projects[0])) == 1


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns so often that two meet between a commit and what follows it."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("restless")
def test_changes_at_once_are_all_in_memory_as_on_disk(
    catalogue: Catalogue, projects: list[str], path: Path, clock: ManualClock
) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: catalogue.create_feature(projects[n % 2], metered(f"k{n}")), range(80)))
    database = open_database(path)
    read = Catalogue(database, clock)
    for project in projects:
        assert {one.feature_id for one in catalogue.features(project)} == {
            one.feature_id for one in made if one.project_id == project
        }
        assert read.features(project) == catalogue.features(project)
        assert read.meters(project) == catalogue.meters(project)
    database.close()


@pytest.mark.parametrize(
    ("status", "meters", "features"),
    [("published", MAX_METERS, MAX_FEATURES), ("archived", MAX_KEPT, MAX_KEPT)],
    ids=["published", "archived"],
)
def test_there_is_a_most_of_everything(
    catalogue: Catalogue, projects: list[str], path: Path, clock: ManualClock, status: str, meters: int, features: int
) -> None:
    meter, feature = catalogue.create_meter(projects[0], METERS["count"]), catalogue.create_feature(projects[0], metered())
    database = open_database(path)
    with database.recording() as connection:
        row = connection.execute(meter_table.select().where(meter_table.c.meter_id == meter.meter_id)).one()._mapping
        rows = [{**row, "meter_id": f"m{n}", "status": status} for n in range(meters - 2)]
        connection.execute(insert(meter_table), rows)
        row = connection.execute(feature_table.select().where(feature_table.c.feature_id == feature.feature_id)).one()._mapping
        rows = [{**row, "feature_id": f"f{n}", "lookup_key": f"k{n}", "status": status} for n in range(features - 2)]
        connection.execute(insert(feature_table), rows)
    full = Catalogue(database, clock)
    last = full.create_feature(projects[0], metered("last", meter=None, meter_id=meter.meter_id))
    assert refused(lambda: full.create_feature(projects[0], metered("over"))) is Reason.INVALID_PARAMETER
    assert refused(lambda: full.create_meter(projects[0], METERS["count"])) is Reason.INVALID_PARAMETER
    assert full.create_meter(projects[1], METERS["count"]).project_id == projects[1]
    assert len(full.all_features(projects[0])) == features
    if status == "published":
        full.archive_feature(projects[0], last.feature_id)
        full.archive_meter(projects[0], meter.meter_id)
        assert full.create_feature(projects[0], metered("over")).lookup_key == "over"
    database.close()
