"""What a new project begins with, in a browser: a key, code that runs, the first event as it arrives, sample data."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.console.tabs import PHONE, Home, Tab

RUNS = {
    "curl": ["bash", "-c"],
    "Python": [sys.executable, "-c"],
    "JavaScript": ["node", "--input-type=module", "-e"],
}


def emptied(tab: Tab, name: str) -> Tab:
    """The same tab, about a new project without events. The owner of the server owns it too."""
    tab.home.server.key(name)
    session = tab.context.request.get(f"{tab.home.server.url}/console/v1/session").json()
    (project_id,) = (project["id"] for project in session["projects"] if project["name"] == name)
    tab.home = tab.home._replace(project_id=project_id)
    return tab


def run(tab: Tab, language: str) -> None:
    """Run the code as the page shows it."""
    tab.page.get_by_role("tab", name=language).click()
    code = tab.page.get_by_role("tabpanel", name=language).locator("pre").inner_text()
    done = subprocess.run([*RUNS[language], code], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "evt_" in done.stdout or "event_" in done.stdout, done.stdout


def test_the_page_comes_alive_when_the_first_event_arrives(desk: Tab) -> None:
    tab = emptied(desk, "onboarding-first")
    page = tab.go("/")
    page.get_by_text("Waiting for the first event").wait_for()
    tab.axe()
    page.get_by_role("button", name="Make a key and fill it in").click()
    secret = page.get_by_test_id("new-secret").inner_text()
    assert secret in page.get_by_role("tabpanel", name="curl").locator("pre").inner_text()
    tab.shot("onboarding-waiting")
    run(tab, "curl")
    page.get_by_text("Events arrive").wait_for()
    newest = page.get_by_role("region", name="Newest event")
    assert '"signup"' in newest.inner_text()
    assert page.get_by_text("1 since this page was opened").is_visible()
    tab.axe()
    tab.shot("onboarding-arrived")
    page.get_by_role("link", name="Open the overview").click()
    page.get_by_role("heading", name="Overview", level=1).wait_for()
    page.get_by_text("signup").first.wait_for()
    page.go_back()
    page.get_by_text("Events arrive").wait_for()
    assert secret not in page.content()


@pytest.mark.parametrize(
    ("door", "event"), [("Product events", "signup"), ("Website events", "button_click"), ("Metered usage", "api_call")]
)
def test_the_code_of_every_door_runs_as_it_stands(desk: Tab, door: str, event: str) -> None:
    tab = emptied(desk, f"onboarding-{event}")
    page = tab.go("/onboarding")
    page.get_by_role("button", name="Make a key and fill it in").click()
    page.get_by_test_id("new-secret").wait_for()
    page.get_by_text(door, exact=True).click()
    if door == "Website events":
        page.get_by_label("Domain").fill("shop.example.com")
        page.get_by_role("button", name="Add the website").click()
        assert "data-website-id" in page.get_by_role("region", name="Tracking line").inner_text()
    for number, language in enumerate(RUNS, 1):
        run(tab, language)
        page.get_by_text(f"{number} since this page was opened").wait_for()
        assert f'"event": "{event}"' in page.get_by_role("region", name="Newest event").inner_text()
    link = page.url
    page.goto(link)
    assert page.get_by_role("radio", name=door).is_checked()


def test_sample_data_is_loaded_once_however_often(open_tab: Callable[..., Tab], home: Home) -> None:
    tab = emptied(open_tab(PHONE), "onboarding-sample")
    page = tab.go("/onboarding")
    page.get_by_role("button", name="Load sample data").click()
    page.get_by_role("progressbar", name="Loading sample data").wait_for()
    page.get_by_text("events so far").wait_for()
    tab.shot("onboarding-phone")
    page.get_by_role("region", name="Or look around first").get_by_role("link", name="Web analytics").wait_for(timeout=60_000)
    page.get_by_text("Events arrive").wait_for()
    tab.fits()
    tab.axe()
    tab.shot("onboarding-phone-loaded")
