"""One server for all tests of the web application, with an owner and a project with the sample data; a browser for each file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.console.tabs import DESK, PHONE, Home, Tab, open_context
from tests.flows.pages import a_browser
from tests.flows.running import running
from tests.flows.signing_in import close_browsers, made_owner


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for each file, and no longer: while it is open an event loop runs here, and tests of others could not run theirs."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with running(tmp_path_factory.mktemp("console") / "data") as server:
        owner = made_owner(server)
        loaded = owner.ask("POST", "/console/v1/sample-data")
        assert loaded.status_code == 200, loaded.text
        cookie = {
            "name": "streamgauge_session", "value": owner.client.cookies["streamgauge_session"], "domain": "127.0.0.1",
            "path": "/", "httpOnly": True, "sameSite": "Lax", "secure": False, "expires": -1,
        }  # fmt: skip
        yield Home(server, owner.project_id, {"cookies": [cookie], "origins": []}, server.key("default"))
        close_browsers()


@pytest.fixture
def open_tab(chromium: Browser, home: Home, tmp_path: Path) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; at the end none may have had a fault. size, scheme: of the window; signed_out: without the owner's session."""
    tabs: list[Tab] = []

    def opened(size: dict[str, int] = DESK, *, scheme: str = "light", signed_out: bool = False) -> Tab:
        tab = Tab(home, open_context(chromium, size, None if signed_out else home.state, scheme=scheme), tmp_path)
        tabs.append(tab)
        return tab

    yield opened
    for tab in tabs:
        tab.context.close()
    assert [fault for tab in tabs for fault in tab.faults] == []


@pytest.fixture
def desk(open_tab: Callable[..., Tab]) -> Tab:
    """A window of 1,280 pixels, the owner signed in."""
    return open_tab()


@pytest.fixture
def phone(open_tab: Callable[..., Tab]) -> Tab:
    """A phone of 390 pixels, the owner signed in."""
    return open_tab(PHONE)
