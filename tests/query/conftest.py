"""One store per module (opening it costs a third of a second), one project per test."""

from collections.abc import Iterator

import pytest

from streamgauge.store import Store, open_store
from tests.query.ledger import Ledger


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("query") / "store")
    yield opened
    opened.close()


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)
