"""The settings in a browser: keys, websites, limits, people, webhooks, the server's state, the audit log."""

from collections.abc import Callable

import httpx

from tests.console.tabs import PHONE, Home, Tab
from tests.flows.signing_in import PASSWORD

TABS = ("keys", "websites", "plans", "members", "webhooks", "system", "audit", "project")
TITLES = {
    "keys": "API keys", "websites": "Websites", "plans": "Plans and limits", "members": "Members", "webhooks": "Webhooks",
    "system": "System health", "audit": "Audit log", "project": "Project",
}  # fmt: skip


def answers(home: Home, secret: str) -> int:
    """The status with which the server meets a question signed with the key."""
    asked = httpx.get(f"{home.server.url}/console/v1/schema/events", headers={"authorization": f"Bearer {secret}"})
    return asked.status_code


def here(tab: Tab, title: str) -> None:
    """The tab of this title is the one that is open."""
    tab.page.get_by_role("navigation", name="Settings").locator("[aria-current=page]", has_text=title).wait_for()


def shown_once(tab: Tab, title: str) -> str:
    """What the dialog of this title shows; the dialog is closed."""
    dialog = tab.page.get_by_role("dialog", name=title)
    told = dialog.locator("pre").inner_text()
    dialog.get_by_role("button", name="Done").click()
    dialog.wait_for(state="detached")
    return told


def test_a_key_is_made_used_rotated_and_revoked(desk: Tab) -> None:
    page = desk.go("/settings")
    here(desk, "API keys")
    assert page.url.endswith("/settings/keys")
    page.get_by_role("button", name="New key").click()
    form = page.get_by_role("dialog", name="New API key")
    form.get_by_label("Name").fill("journey")
    form.get_by_label("Send events").uncheck()
    form.get_by_label("Expires").fill("2090-01-31")
    desk.axe()
    desk.shot("settings-new-key", whole=False)
    form.get_by_role("button", name="New key").click()
    first = shown_once(desk, "Your new key")
    assert first not in page.content()
    row = page.get_by_role("row", name="journey")
    assert {"Never", "31 Jan 2090"} <= set(row.inner_text().split("\t"))
    assert "ingest" not in row.inner_text()
    assert answers(desk.home, first) == 200
    page.reload()
    row.get_by_text("just now").wait_for()

    page.get_by_role("button", name="Rotate journey").click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    second = shown_once(desk, "Your new key")
    assert (answers(desk.home, first), answers(desk.home, second)) == (200, 200)
    page.get_by_text("works until").wait_for()
    assert "2090" not in page.get_by_text("works until").inner_text()

    page.get_by_role("row", name="Active").filter(has_text="journey").get_by_role("button", name="Revoke journey").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_text("The key was revoked").wait_for()
    assert (answers(desk.home, first), answers(desk.home, second)) == (200, 401)
    page.get_by_label("Show revoked and expired keys").check()
    page.get_by_role("row", name="Revoked").filter(has_text="journey").wait_for()
    assert page.url.endswith("?ended=1")
    desk.axe()
    desk.shot("settings-keys")


def test_a_website_is_made_its_check_comes_alive_and_it_goes(desk: Tab) -> None:
    page = desk.go("/settings/websites")
    page.get_by_role("button", name="New website").first.click()
    form = page.get_by_role("dialog", name="New website")
    desk.expect_refusals(400)
    form.get_by_label("Domain").fill("no domain")
    form.get_by_role("button", name="Create").click()
    form.get_by_role("alert").wait_for()
    assert form.get_by_label("Domain").get_attribute("aria-invalid") == "true"
    form.get_by_label("Domain").fill("journey.example.com")
    form.get_by_label("Currency").fill("EUR")
    form.get_by_role("button", name="Create").click()
    panel = page.get_by_role("region", name="journey.example.com", exact=True)
    panel.get_by_text("Waiting for the first event").wait_for()
    website_id = panel.locator("code").last.inner_text()
    assert f'data-website-id="{website_id}"' in panel.locator("pre").inner_text()
    event = {
        "website_id": website_id, "event_name": "page_view", "visitor_id": "v1", "timestamp": "2026-01-15T10:30:00Z",
        "properties": {"url": "https://journey.example.com/pricing"},
    }  # fmt: skip
    sent = httpx.post(
        f"{desk.home.server.url}/thebizness/api/events", json=event, headers={"authorization": f"Bearer {desk.home.secret}"}
    )
    assert sent.status_code == 200, sent.text
    panel.get_by_text("Receiving").wait_for()
    assert "1 in the last hour" in panel.inner_text()
    page.get_by_role("button", name="Add a conversion of journey.example.com").click()
    form = page.get_by_role("dialog", name="Add a conversion of journey.example.com")
    form.get_by_label("Name").fill("Priced")
    form.get_by_role("button", name="Create").click()
    form.get_by_text("Needs an event, a page, or both").wait_for()
    form.get_by_label("Page").fill("/pricing")
    form.get_by_label("Worth").fill("12.5")
    form.get_by_role("button", name="Create").click()
    page.get_by_role("list", name="Conversions: journey.example.com").get_by_text("EUR 12.50").wait_for()
    desk.axe()
    desk.shot("settings-websites")
    page.get_by_role("switch", name="Priced counts").click(force=True)
    page.get_by_role("switch", name="Priced counts", checked=False).wait_for(state="attached")
    page.get_by_role("button", name="Delete Priced").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("list", name="Conversions: journey.example.com").wait_for(state="detached")
    page.get_by_role("button", name="Edit journey.example.com").click()
    form = page.get_by_role("dialog", name="Edit journey.example.com")
    form.get_by_label("Name").fill("Journey")
    form.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Delete Journey").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Journey", exact=True).wait_for(state="detached")


def test_somebody_is_invited_comes_in_and_gets_another_role(desk: Tab, open_tab: Callable[..., Tab]) -> None:
    page = desk.go("/settings/members")
    page.get_by_role("button", name="Invite").click()
    form = page.get_by_role("dialog", name="Invite somebody")
    form.get_by_label("E-mail").fill("grace@example.com")
    form.get_by_role("button", name="Make the link").click()
    link = shown_once(desk, "The invitation's link")
    page.get_by_role("button", name="Withdraw the invitation of grace@example.com").wait_for()

    guest = open_tab(signed_out=True)
    guest.expect_refusals(401)
    guest.page.goto(link)
    guest.page.get_by_label("Your name").fill("Grace")
    guest.page.locator("input[type=password]").fill(PASSWORD)
    guest.page.get_by_role("button", name="Accept").click()
    guest.page.get_by_role("navigation", name="Main").wait_for()
    guest.go("/settings")
    here(guest, "Websites")
    assert guest.page.get_by_role("navigation", name="Settings").get_by_role("link").all_inner_texts() == [
        TITLES[tab] for tab in ("websites", "plans", "members", "project")
    ]
    guest.go("/settings/keys")
    guest.page.get_by_text("This is for admins of the project.").wait_for()

    page.reload()
    page.get_by_role("combobox", name="Role of Grace").click()
    page.get_by_role("option", name="Viewer").click()
    page.get_by_text("Saved").wait_for()
    desk.axe()
    desk.shot("settings-members")
    page.get_by_role("button", name="Remove Grace").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_role("row", name="Grace").wait_for(state="detached")

    page.get_by_role("link", name="Audit log").click()
    log = page.get_by_role("table", name="Audit log")
    for action in ("invitation.created", "member.changed", "member.removed"):
        log.get_by_text(action).first.wait_for()
    desk.axe()
    desk.shot("settings-audit")


def test_a_webhook_is_tested_and_its_delivery_sent_again(desk: Tab) -> None:
    page = desk.go("/settings/webhooks")
    page.get_by_role("button", name="New endpoint").first.click()
    form = page.get_by_role("dialog", name="New webhook endpoint")
    form.get_by_label("Address").fill("https://hooks.invalid/streamgauge")
    form.get_by_role("button", name="Create").click()
    assert shown_once(desk, "Signing secret").startswith("whsec_")
    page.get_by_role("button", name="Send a test: https://hooks.invalid/streamgauge").click()
    page.get_by_role("button", name="Open the delivery of Test").click()
    drawer = page.get_by_role("dialog", name="Delivery")
    assert "webhook.test" in drawer.locator("pre").inner_text()
    drawer.get_by_role("button", name="Send again").click()
    page.get_by_text("It is sent again").wait_for()
    desk.axe()
    desk.shot("settings-delivery", whole=False)
    page.go_back()
    drawer.wait_for(state="detached")
    page.get_by_role("button", name="Delete https://hooks.invalid/streamgauge").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_text("No endpoints yet").wait_for()


def test_the_state_of_the_server_and_its_limits(desk: Tab) -> None:
    page = desk.go("/settings/system")
    page.get_by_text("Ready", exact=True).wait_for()
    desk.drawn()
    page.get_by_role("progressbar", name="Backlog: share in use").wait_for(state="attached")
    page.get_by_role("radiogroup", name="What the chart shows").get_by_text("Backlog").click()
    page.get_by_role("img", name="Chart: Backlog (KiB)").wait_for()
    assert page.url.endswith("?chart=backlog")
    desk.axe()
    desk.shot("settings-system")
    page.get_by_role("link", name="Plans and limits").click()
    page.get_by_role("table", name="Plans of the server").get_by_text("unlimited").wait_for()
    desk.axe()
    desk.shot("settings-plans")


def test_a_project_is_made_and_renamed(desk: Tab) -> None:
    page = desk.go("/settings/project")
    page.get_by_label("Name of the project").fill("second")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(lambda url: desk.home.project_id not in url)
    page.goto(f"{page.url.rstrip('/')}/settings/project".replace("/onboarding", ""))
    page.get_by_role("textbox", name="Name", exact=True).fill("renamed")
    desk.axe()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("button", name="Project: renamed").wait_for()
    desk.shot("settings-project")


def test_every_tab_on_a_phone_in_the_dark(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(PHONE, scheme="dark")
    page = tab.go("/settings")
    for name in TABS:
        page.get_by_role("navigation", name="Settings").get_by_role("link", name=TITLES[name]).click()
        here(tab, TITLES[name])
        page.wait_for_function("() => !document.querySelector('[role=status][aria-label=Loading]')")
        tab.fits()
        tab.axe()
        tab.shot(f"settings-phone-{name}")
