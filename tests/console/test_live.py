"""The live view: events come by themselves, wait while it is paused, open with their receipt, and may be a thousand a second."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.tabs import PHONE, Home, Tab
from tests.flows.signing_in import Person

PER_SECOND = 1_000
SECONDS = 4

_WATCH_FRAMES = """() => {
  const seen = { frames: 0, gap: 0, last: performance.now(), on: true };
  window.seenFrames = seen;
  const step = now => {
    seen.frames += 1;
    seen.gap = Math.max(seen.gap, now - seen.last);
    seen.last = now;
    if (seen.on) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


class Busy(NamedTuple):
    """A project of its own, so that what it is sent is in nobody's way."""

    home: Home
    project_id: str
    secret: str

    def send(self, *events: dict[str, object]) -> None:
        answer = httpx.post(
            f"{self.home.server.url}/flexprice/v1/events/bulk",
            json={"events": list(events)}, headers={"authorization": f"Bearer {self.secret}"}, timeout=30,
        )  # fmt: skip
        assert answer.status_code == 202, answer.text

    def path(self, query: str = "") -> str:
        return f"~/p/{self.project_id}/live{query}"


@pytest.fixture(scope="module")
def busy(home: Home) -> Busy:
    owner = Person(home.server).sign_in()
    owner.project_id = owner.ask("POST", "/console/v1/projects", {"name": "Busy"}).json()["id"]
    made = owner.ask("POST", "/console/v1/keys", {"name": "sender", "scopes": ["ingest", "read"]})
    sizes = {"type": "SUM", "field": "size"}
    meter = {"name": "Calls", "event_name": "call", "aggregation": sizes, "reset_usage": "BILLING_PERIOD"}
    answer = owner.ask("POST", "/flexprice/v1/meters", meter)
    assert answer.is_success, answer.text
    return Busy(home, owner.project_id, made.json()["secret"])


def _event(event_id: str, name: str = "call", customer: str = "ann", **properties: object) -> dict[str, object]:
    return {"event_id": event_id, "event_name": name, "external_customer_id": customer, "properties": properties}


def _events(page: Page) -> int:
    return page.get_by_role("table", name="Events, newest first").locator("tbody tr").count()


def test_events_come_by_themselves_and_open_with_their_receipt(desk: Tab, busy: Busy) -> None:
    page = desk.go(busy.path())
    page.get_by_text("Live", exact=True).last.wait_for()
    busy.send(_event("first-1", size="12345678901234567.5", city="Zürich"))
    page.get_by_role("button", name="Open call of").click()
    receipt = page.get_by_role("dialog").get_by_role("group", name="Receipt")
    expect(receipt).to_contain_text("Counted by Calls")
    expect(receipt).to_contain_text("12,345,678,901,234,567.5")
    expect(page.get_by_role("dialog").locator("pre").first).to_contain_text('"city": "Zürich"')
    assert "open=first-1" in page.url
    desk.axe()
    desk.shot("live-receipt", whole=False)
    page.reload()
    page.get_by_role("dialog").get_by_text("first-1").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert "open=" not in page.url


def test_filters_are_in_the_link_and_leave_the_rest_out(desk: Tab, busy: Busy) -> None:
    page = desk.go(busy.path("?customer=eve"))
    page.get_by_text("Nothing that passes the filters has come yet.").wait_for()
    busy.send(_event("eve-1", customer="eve"), _event("bob-1", customer="bob"), _event("eve-2", "signup", "eve"))
    page.get_by_role("button", name="Open signup of").wait_for()
    assert _events(page) == 2
    page.get_by_role("textbox", name="Customer").fill("bob")
    page.wait_for_url("**customer=bob")
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(1)


def test_what_comes_while_it_is_paused_is_counted_and_shown_afterwards(desk: Tab, busy: Busy) -> None:
    page = desk.go(busy.path("?event=pausing"))
    page.get_by_text("Live", exact=True).last.wait_for()
    page.get_by_role("button", name="Pause").click()
    busy.send(*(_event(f"pause-{number}", "pausing") for number in range(7)))
    page.get_by_text("7 came meanwhile").wait_for()
    assert page.get_by_role("table").count() == 0
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(7)


def test_a_thousand_events_a_second_leave_the_page_quick(desk: Tab, busy: Busy) -> None:
    page = desk.go(busy.path("?event=flood"))
    page.get_by_text("Live", exact=True).last.wait_for()
    page.evaluate(_WATCH_FRAMES)
    sender = threading.Thread(target=_flood, args=(busy,))
    began = time.monotonic()
    sender.start()
    page.get_by_role("button", name="Open flood of").first.wait_for()
    clicks = []
    while sender.is_alive():
        before = page.evaluate("performance.now()")
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Pause").wait_for()
        clicks.append(page.evaluate("performance.now()") - before)
    sender.join()
    page.get_by_text("number: last").first.wait_for()
    seen = page.evaluate("() => { window.seenFrames.on = false; return window.seenFrames; }")
    took = time.monotonic() - began
    # A page that freezes answers no click before the flood is over, and draws nothing meanwhile; however slow the machine.
    assert len(clicks) >= SECONDS, clicks
    assert seen["frames"] > 5 * took, (seen, took)
    assert seen["gap"] < 500 * SECONDS, seen
    assert _events(page) == 100
    desk.axe()
    desk.shot("live", whole=False)


def _flood(busy: Busy) -> None:
    """So many events a second, in ten parts."""
    part = PER_SECOND // 10
    began = time.monotonic()
    for turn in range(10 * SECONDS):
        last = turn == 10 * SECONDS - 1
        busy.send(
            *(
                _event(f"flood-{turn}-{number}", "flood", number="last" if last and number == part - 1 else str(number))
                for number in range(part)
            )
        )
        threading.Event().wait(max(0.0, began + (turn + 1) / 10 - time.monotonic()))


def test_on_a_phone_in_the_dark(open_tab: Callable[..., Tab], busy: Busy) -> None:
    busy.send(_event("phone-1", "phoned", size=1))
    tab = open_tab(PHONE, scheme="dark")
    page = tab.go(busy.path("?event=phoned"))
    page.get_by_role("button", name="Open phoned of").wait_for()
    tab.fits()
    tab.axe()
    tab.shot("live-phone")
