"""One store and one loader per module, one project per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamgauge.store import open_store
from tests.loader.house import House
from tests.query.site.loaded_site import LoadedSite


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("site")
    store = open_store(folder / "store")
    opened = House(folder, store)
    yield opened
    opened.index.close()
    store.close()


@pytest.fixture
def site(house: House) -> LoadedSite:
    return LoadedSite(house)
