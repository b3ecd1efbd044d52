"""The overview of a project: its numbers are those of the rooms, and lead into them."""

from collections.abc import Callable

import httpx

from tests.console.tabs import PHONE, Home, Tab
from tests.flows.signing_in import Person


def test_it_shows_what_the_rooms_say_and_leads_there(desk: Tab) -> None:
    page = desk.go("/")
    desk.drawn(2)
    counted = _asked(desk.home, "/console/v1/schema/events")["events"]
    top = page.get_by_role("table", name="Most frequent events")
    assert top.locator("tbody td:first-child").all_inner_texts() == [one["name"] for one in counted[:8]]
    assert top.locator("tbody td.number").first.inner_text() == f"{counted[0]['count']:,}"
    limits = page.get_by_role("table", name="Closest to their limit")
    limits.get_by_role("row").nth(1).wait_for()
    shares = [int(text.removesuffix("\u00a0%")) for text in limits.locator("td:last-child").all_inner_texts()]
    assert len(shares) == 4
    assert shares == sorted(shares, reverse=True)
    page.get_by_text("Usage this month").wait_for()
    desk.axe()
    desk.shot("home")
    page.get_by_role("button", name="Explore completion").click()
    page.get_by_role("heading", name="completion, events").wait_for()
    page.go_back()
    page.get_by_role("table", name="Latest events").get_by_role("button").first.click()
    page.get_by_role("dialog").get_by_text("Receipt", exact=True).wait_for()


def test_on_a_phone_and_in_the_dark(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(PHONE, scheme="dark")
    page = tab.go("/")
    tab.drawn(2)
    page.get_by_role("table", name="Closest to their limit").wait_for()
    tab.fits()
    tab.axe()
    tab.shot("home-phone")


def test_an_empty_project_begins_with_onboarding(desk: Tab) -> None:
    owner = Person(desk.home.server)
    owner.sign_in()
    made = owner.ask("POST", "/console/v1/projects", {"name": "Nothing yet"})
    assert made.status_code == 201, made.text
    page = desk.go(f"~/p/{made.json()['id']}/")
    page.wait_for_url("**/onboarding")


def _asked(home: Home, path: str) -> dict[str, list[dict[str, object]]]:
    answer = httpx.get(home.server.url + path, headers={"authorization": f"Bearer {home.secret}"}, timeout=30)
    assert answer.status_code == 200, answer.text
    read: dict[str, list[dict[str, object]]] = answer.json()
    return read
