"""The first run and the people after it, in a browser: the link that serve prints, signing in and out, invitations, roles."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.console.tabs import DESK, PHONE, Home, Tab, open_context
from tests.flows.running import running
from tests.flows.signing_in import OWNER, PASSWORD, owner_token


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A server that nobody has signed in to."""
    with running(tmp_path_factory.mktemp("fresh") / "data") as server:
        yield Home(server, "", None, "")


@pytest.fixture
def open_window(chromium: Browser, fresh: Home, tmp_path: Path) -> Iterator[Callable[..., Tab]]:
    """Opens windows of browsers of their own; at the end none may have had a fault."""
    tabs: list[Tab] = []

    def opened(size: dict[str, int] = DESK) -> Tab:
        tabs.append(Tab(fresh, open_context(chromium, size), tmp_path))
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.context.close()
    assert [fault for tab in tabs for fault in tab.faults] == []


def test_from_the_printed_link_to_a_viewer_who_can_change_nothing(open_window: Callable[..., Tab], fresh: Home) -> None:
    """One journey: what comes later needs the people who came before."""
    tab = open_window()
    # Asked for the session, a server without one says 401: that is how the page knows.
    tab.expect_refusals(401)
    page = tab.go("~/")
    expect(page.get_by_role("heading", name="This server has no owner yet")).to_be_visible()
    tab.axe()

    page = tab.go(f"~/welcome?token={owner_token(fresh.server.log)}")
    page.get_by_role("textbox", name="Your name").fill("Ada")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    tab.axe()
    tab.shot("welcome")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("button", name="Project: default")).to_be_visible()

    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_role("textbox", name="Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    tab.axe()
    tab.shot("sign-in")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Project: default")).to_be_visible()

    tab.go("~/profile")
    page.get_by_role("textbox", name="Your name").fill("Ada Lovelace")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    tab.axe()

    tab.go("~/")
    page.get_by_role("button", name="Project: default").wait_for()
    page.goto(page.url.partition("/p/")[0] + "/p/" + page.url.partition("/p/")[2].partition("/")[0] + "/settings/members")
    page.get_by_role("button", name="Invite").first.click()
    form = page.get_by_role("dialog")
    form.get_by_label("E-mail").fill("viewer@example.com")
    form.get_by_role("combobox", name="Role").click()
    page.get_by_role("option", name="Viewer").click()
    form.get_by_role("button", name="Make the link").click()
    link = page.get_by_text("/invitation?token=").first.inner_text()

    guest = open_window(PHONE)
    guest.expect_refusals(401)
    other = guest.page
    other.goto(link)
    expect(other.get_by_text("To the project “default”, as viewer.")).to_be_visible()
    other.get_by_role("textbox", name="Your name").fill("Grace")
    other.get_by_role("textbox", name="Password").fill(PASSWORD)
    guest.fits()
    guest.axe()
    other.get_by_role("button", name="Accept").click()
    expect(other).to_have_url(re.compile(r"/onboarding$"))  # An empty project begins there.
    other.get_by_role("button", name="Menu", exact=True).click()
    other.get_by_role("link", name="Meters").click()
    expect(other.get_by_role("heading", name="Meters", level=1)).to_be_visible()
    expect(other.get_by_role("link", name="New meter")).to_have_count(0)


def test_a_link_leads_on_after_signing_in(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(signed_out=True)
    tab.expect_refusals(401)
    page = tab.go("/explore?event=purchase&view=table")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="purchase, events")).to_be_visible()
    assert page.url.endswith("/explore?event=purchase&view=table")


def test_who_guesses_is_told_to_wait(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(signed_out=True)
    tab.expect_refusals(401, 429)
    page = tab.go("~/sign-in")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_role("textbox", name="Password").fill("a guess of mine")
    for _ in range(6):
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("[data-loading]")).to_have_count(0)
    expect(page.get_by_role("alert")).to_contain_text("Too many tries")
