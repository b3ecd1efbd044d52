"""A page of the web application in a real Chromium, signed in, and what is asked of every page."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from tests.flows.running import RunningServer

DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
_AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = ("serious", "critical")


class Home(NamedTuple):
    """A server with an owner and a project. state: what a browser holds of the owner's session. secret: a key of the project."""

    server: RunningServer
    project_id: str
    state: Any
    secret: str


class Tab:
    """One page. `faults`: what went wrong in it and was not asked for; empty at the end of every test."""

    def __init__(self, home: Home, context: BrowserContext, shots: Path) -> None:
        self.home = home
        self.context = context
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.expected: set[int] = set()
        self._shots = Path(os.environ.get("CONSOLE_SHOTS") or shots)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("response", self._see)

    def go(self, path: str) -> Page:
        """Open a page of the project; `~` begins a path of the server."""
        server = self.home.server.url
        self.page.goto(server + path[1:] if path.startswith("~") else f"{server}/p/{self.home.project_id}{path}")
        return self.page

    def expect_refusals(self, *statuses: int) -> None:
        """From now on answers of these statuses are what the test is about."""
        self.expected |= set(statuses)

    def axe(self) -> None:
        """No serious or critical fault of accessibility, by axe's own rules."""
        # What is asked again is paler for a moment.
        self.page.wait_for_function("() => document.querySelector('[aria-busy=true]') === null")
        self.page.evaluate(_AXE.read_text())
        found = self.page.evaluate("() => window.axe.run(document, { resultTypes: ['violations'] })")
        grave = [
            f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes'][:4]]}"
            for one in found["violations"]
            if one["impact"] in _GRAVE
        ]
        assert not grave, "\n".join(grave)

    def shot(self, name: str, *, whole: bool = True) -> None:
        """A picture of the page, kept under this name where CONSOLE_SHOTS says, or with the test's other files."""
        self._shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._shots / f"{name}.png", full_page=whole, animations="disabled")

    def fits(self) -> None:
        """Nothing makes the page wider than its window."""
        wide = self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"the page scrolls sideways by {wide} pixels"

    def drawn(self, number: int = 1) -> None:
        """Wait until so many charts are drawn."""
        self.page.wait_for_function("wanted => document.querySelectorAll('[data-drawn]').length >= wanted", arg=number)

    def _hear(self, message: ConsoleMessage) -> None:
        refused = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not refused:
            self.faults.append(f"{message.type}: {message.text}")

    def _see(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status} for {response.request.method} {response.url}")


def open_context(browser: Browser, size: dict[str, int], state: Any = None, *, scheme: str = "light") -> BrowserContext:
    """A browser of its own: no cookies but those of the state."""
    phone = size["width"] < 500
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        storage_state=state,
        has_touch=phone,
        is_mobile=phone,
        locale="en-GB",
        timezone_id="Europe/Berlin",
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    return context
