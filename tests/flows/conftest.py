"""One server for all flow tests that do not kill theirs; every test gets a project of its own in it."""

import itertools
from collections.abc import Iterator

import httpx
import pytest

from tests.flows.running import RunningServer, running

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("flows") / "data") as up:
        yield up


@pytest.fixture
def project() -> str:
    """The name of a project that no other test uses."""
    return f"project-{next(_numbers)}"


@pytest.fixture
def secret(server: RunningServer, project: str) -> str:
    """A key of the test's own project, without limits."""
    return server.key(project)


@pytest.fixture
def bearer(server: RunningServer, secret: str) -> Iterator[httpx.Client]:
    """A client that sends the key as Bearer."""
    with server.client(secret) as client:
        yield client


@pytest.fixture
def flexprice(server: RunningServer, secret: str) -> Iterator[httpx.Client]:
    """A client of the Flexprice door at the root, with x-api-key."""
    with server.client(secret, header="x-api-key", base="/v1") as client:
        yield client
