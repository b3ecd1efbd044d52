"""A control plane in a folder of its own, and a clock that moves only when told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamgauge.control import Control
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.plans import DEFAULT_PLANS

NOON_MS = 1_705_320_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON_MS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "control.db"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest revision: to migrate one for every test would take most of their time."""
    path = tmp_path_factory.mktemp("migrated") / "data" / "control.db"
    Control.open(path, DEFAULT_PLANS, ManualClock(NOON_MS)).close()
    return path


@pytest.fixture
def control(path: Path, migrated: Path, clock: ManualClock) -> Iterator[Control]:
    path.parent.mkdir(mode=0o700)
    shutil.copy(migrated, path)
    control = Control.open(path, DEFAULT_PLANS, clock)
    yield control
    control.close()


@pytest.fixture
def other(path: Path, control: Control, clock: ManualClock) -> Iterator[Control]:
    """A second control plane on the same file, as the command line is beside a running server."""
    other = Control.open(path, DEFAULT_PLANS, clock)
    yield other
    other.close()
