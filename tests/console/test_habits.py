"""What people are used to: the keyboard, the palette, help, the back button, remembered choices; and how heavy the page is."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.console.tabs import PHONE, Tab

FIRST_LOAD_BYTES = 300 * 1024


def test_the_palette_finds_pages_events_and_dashboards(desk: Tab) -> None:
    page = desk.go("/meters")
    page.get_by_role("heading", name="Meters", level=1).wait_for()
    page.keyboard.press("Control+k")
    search = page.get_by_role("textbox", name="Search")
    search.fill("purch")
    page.get_by_role("button", name="purchase").wait_for()
    desk.axe()
    desk.shot("palette", whole=False)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="purchase, events").wait_for()
    page.keyboard.press("/")
    search.fill("sample over")
    page.get_by_role("button", name="Sample overview").click()
    page.get_by_role("heading", name="Sample overview").wait_for()


def test_two_keys_go_to_a_page_and_a_question_mark_lists_them(desk: Tab) -> None:
    page = desk.go("/explore")
    page.get_by_role("heading", name="page_view, events").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.get_by_role("heading", name="Customers", level=1).wait_for()
    page.go_back()
    page.get_by_role("heading", name="Explore", level=1).wait_for()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to Live")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_have_count(0)


def test_the_colour_scheme_is_remembered(desk: Tab) -> None:
    page = desk.go("/customers")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_what_is_not_there_says_so_and_leads_back(desk: Tab) -> None:
    desk.expect_refusals(404)
    page = desk.go("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("link", name="Go to the overview").click()
    page.get_by_role("heading", name="Overview", level=1).wait_for()


def test_the_first_load_is_light(desk: Tab) -> None:
    """Everything that the page of customers loads, as it crosses the wire; charts come later, in a file of their own."""
    loaded: dict[str, int] = {}
    desk.page.on(
        "response",
        lambda response: (
            loaded.update({response.url: int(response.headers.get("content-length", "0"))})
            if "/console/v1/" not in response.url and "/flexprice/" not in response.url
            else None
        ),
    )
    page = desk.go("/customers")
    page.get_by_role("table", name="Customers").wait_for()
    assert sum(loaded.values()) < FIRST_LOAD_BYTES, loaded
    assert not any("engine" in Path(url).name for url in loaded)


def test_no_page_is_framed_or_runs_foreign_code(desk: Tab) -> None:
    page = desk.go("/customers")
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    ran = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.foreign = 1'; document.body.append(s);"
        " return window.foreign ?? null; }"
    )
    assert ran is None
    desk.faults.clear()  # The browser tells in its console what the policy kept from running.


def test_the_menu_on_a_phone(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(PHONE)
    page = tab.go("/customers")
    page.get_by_role("button", name="Menu", exact=True).click()
    tab.axe()
    tab.shot("phone-menu", whole=False)
    page.get_by_role("link", name="Limits and alerts").click()
    page.get_by_role("heading", name="Limits and alerts").wait_for()
    tab.fits()
