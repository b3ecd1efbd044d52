"""One store per module, one project per test."""

from collections.abc import Iterator

import pytest

from streamgauge.store import Store, open_store
from tests.query.site.site_ledger import SiteLedger


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("journeys") / "store")
    yield opened
    opened.close()


@pytest.fixture
def site(store: Store) -> SiteLedger:
    return SiteLedger(store)
