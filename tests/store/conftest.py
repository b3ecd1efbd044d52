"""A new store for each test; modules that only read keep one of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamgauge.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"chdb://{tmp_path}/store")
    yield opened
    opened.close()
