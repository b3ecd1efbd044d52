"""One store per module, in which the meaning of meters is looked up; one project per test."""

from collections.abc import Iterator

import pytest

from streamgauge.store import Store, open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("metering") / "store")
    yield opened
    opened.close()
