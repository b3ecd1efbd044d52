"""Metering in a browser: a meter is made while its preview asks the real events, customers are looked at, limits are set."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.console.tabs import PHONE, Tab


def tokens_of_large(tab: Tab) -> str:
    """What the other door answers to the same question, written as the pages write numbers."""
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    asked = {
        "event": "completion",
        "metric": "sum",
        "property": "tokens",
        "from": (today - timedelta(days=29)).isoformat(),
        "to": today.isoformat(),
        "timezone": "Europe/Berlin",
        "filters": json.dumps([{"property": "model", "operator": "is", "value": "large"}]),
    }
    with tab.home.server.client(tab.home.secret) as client:
        return f"{client.get('/solinth/v1/metrics', params=asked).json()['value']:,}"


def test_a_meter_is_made_with_a_preview_that_is_what_it_then_measures(desk: Tab) -> None:
    page = desk.go("/meters")
    expect(page.get_by_role("table", name="Meters")).to_contain_text("Tokens")
    desk.axe()
    desk.shot("meters")
    page.get_by_role("link", name="New meter").click()
    page.get_by_role("combobox", name="Event").click()
    page.get_by_role("option", name="completion").click()
    page.get_by_role("combobox", name="How to count").click()
    page.get_by_role("option", name="Sum", exact=True).click()
    page.get_by_role("combobox", name="Property", exact=True).fill("tokens")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_role("combobox", name="Property 1").fill("model")
    values = page.get_by_role("combobox", name="Is one of 1")
    values.fill("large")
    page.keyboard.press("Enter")
    preview = page.get_by_role("region", name="Preview")
    total = preview.locator(".figures").first
    expected = tokens_of_large(desk)
    expect(total).to_have_text(expected)
    desk.drawn()
    desk.axe()
    desk.shot("meter-new")
    page.get_by_role("textbox", name="Name of the meter").fill("Large tokens")
    page.get_by_role("textbox", name="Unit").fill("token")
    page.get_by_role("button", name="Create the meter").click()
    page.get_by_role("heading", name="Large tokens", exact=True).wait_for()
    expect(page.get_by_role("region", name="Usage", exact=True).locator(".figures").first).to_have_text(expected)


LONG = "123456789012345678.25"


def test_previews_keep_every_digit_and_try_expressions(desk: Tab) -> None:
    """The sum of a number that no double holds; and arithmetic over two properties, which is of doubles."""
    with desk.home.server.client(desk.home.secret) as client:
        events = [
            {"event": "exact_sale", "properties": {"long": LONG, "net": 1.25, "tax": "0.5", "shop": shop}} for shop in ("a", "b")
        ]
        assert client.post("/solinth/v1/events/batch", json={"events": events}).is_success
    page = desk.go("/meters/new?event=exact_sale")
    page.get_by_role("combobox", name="How to count").click()
    page.get_by_role("option", name="Sum", exact=True).click()
    page.get_by_role("combobox", name="Property", exact=True).fill("long")
    page.keyboard.press("Tab")
    total = page.get_by_role("region", name="Preview").locator(".figures").first
    expect(total).to_have_text("246,913,578,024,691,356.5")
    page.get_by_role("switch", name="Compute it from several properties").click()
    page.get_by_role("textbox", name="Of each event").fill("net + tax")
    expect(total).to_have_text("3.5")
    page.get_by_role("combobox", name="Per", exact=True).click()
    page.get_by_role("option", name="Day", exact=True).click()
    expect(total).to_have_text("3.5")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)  # What is paler while it is asked anew has less contrast.
    desk.axe()
    desk.shot("meter-expression")
    page.get_by_role("textbox", name="Name of the meter").fill("Gross sales")
    page.get_by_role("button", name="Create the meter").click()
    page.get_by_role("heading", name="Gross sales", exact=True).wait_for()
    usage = page.get_by_role("region", name="Usage", exact=True).locator(".figures").first
    expect(usage).to_have_text("3.5")


def test_a_meter_gets_conditions_and_is_archived(desk: Tab) -> None:
    with desk.home.server.client(desk.home.secret) as client:
        events = [{"event": "narrowed", "properties": {"shop": shop}} for shop in ("a", "a", "b")]
        assert client.post("/solinth/v1/events/batch", json={"events": events}).is_success
        meter = {"name": "Narrowed", "event_name": "narrowed", "aggregation": {"type": "COUNT"}, "reset_usage": "BILLING_PERIOD"}
        made = client.post("/flexprice/v1/meters", json=meter)
        assert made.status_code == 201, made.text
    page = desk.go(f"/meters/{made.json()['id']}")
    usage = page.get_by_role("region", name="Usage", exact=True).locator(".figures").first
    expect(usage).to_have_text("3")
    page.get_by_role("button", name="Add conditions").click()
    form = page.get_by_role("dialog", name="Add conditions")
    form.get_by_role("combobox", name="Property 1").fill("shop")
    form.get_by_role("combobox", name="Is one of 1").fill("a")
    page.keyboard.press("Enter")
    desk.axe()
    desk.shot("meter-conditions", whole=False)
    form.get_by_role("button", name="Add conditions").click()
    expect(usage).to_have_text("2")
    page.get_by_role("button", name="Archive").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(page.get_by_role("table", name="Meters")).not_to_contain_text("Narrowed")
    page.get_by_text("Archived", exact=True).click()
    page.get_by_role("button", name="Open Narrowed").click()
    expect(page.get_by_role("alert", name="Archived")).to_contain_text("measures nothing new")
    expect(usage).to_have_text("2")


def test_usage_of_a_meter_is_cut_by_window_group_and_customer(desk: Tab) -> None:
    page = desk.go("/meters")
    page.get_by_role("button", name="Open Tokens").click()
    desk.drawn()
    page.get_by_role("combobox", name="Group by").click()
    page.get_by_role("option", name="region").click()
    page.get_by_role("combobox", name="Customer").click()
    page.get_by_role("option", name="Amber Analytics").click()
    expect(page.get_by_role("table", name="The numbers")).to_contain_text("eu-central")
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["by"], asked["customer"]) == (["region"], ["amber-analytics"])
    desk.drawn()
    desk.axe()
    desk.shot("meter")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")


def test_a_customer_is_found_and_shows_what_is_used_of_what_is_included(desk: Tab) -> None:
    page = desk.go("/customers")
    page.get_by_role("textbox", name="Search by name").fill("amber lab")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Open Amber Labs").click()
    page.get_by_role("heading", name="Amber Labs").wait_for()
    expect(page.get_by_role("table", name="Usage of this month")).to_contain_text("Completions")
    desk.drawn(4)
    desk.axe()
    desk.shot("customer")


def test_a_customer_is_made(desk: Tab) -> None:
    page = desk.go("/customers")
    page.get_by_role("button", name="New customer").click()
    form = page.get_by_role("dialog", name="New customer")
    form.get_by_role("textbox", name="Name").fill("Newcomer")
    form.get_by_role("textbox", name="Id").fill("newcomer")
    form.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Newcomer").wait_for()


def test_a_customer_gets_other_ids_and_a_parent(desk: Tab) -> None:
    page = desk.go("/customers")
    page.get_by_role("button", name="New customer").click()
    form = page.get_by_role("dialog", name="New customer")
    form.get_by_role("textbox", name="Name").fill("Branch")
    form.get_by_role("textbox", name="Id", exact=True).fill("branch")
    form.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Branch").wait_for()
    page.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit")
    form.get_by_role("combobox", name="Other ids").fill("branch-old")
    page.keyboard.press("Enter")
    form.get_by_role("combobox", name="Belongs to").fill("Birch Foods")
    page.get_by_role("option", name="Birch Foods").click()
    desk.axe()
    form.get_by_role("button", name="Save").click()
    details = page.get_by_role("region", name="Details")
    expect(details).to_contain_text("branch-old")
    details.get_by_role("link", name="Birch Foods").click()
    expect(page.get_by_role("region", name="Details").get_by_role("link", name="Branch")).to_be_visible()


def test_a_limit_and_an_alert_are_set_and_taken_away(desk: Tab) -> None:
    page = desk.go("/limits")
    limits = page.get_by_role("table", name="Limits", exact=True)
    expect(limits).to_contain_text("Amber Analytics")
    expect(limits).to_contain_text("Used up")
    expect(page.get_by_role("table", name="What was noticed")).not_to_contain_text("entl_")
    desk.axe()
    desk.shot("limits")
    page.get_by_role("button", name="New limit").click()
    form = page.get_by_role("dialog", name="New limit")
    form.get_by_role("combobox", name="Customer").fill("Birch Foods")
    page.get_by_role("option", name="Birch Foods").click()
    form.get_by_role("combobox", name="Feature").click()
    page.get_by_role("option", name="Tokens", exact=True).click()
    form.get_by_role("textbox", name="Hard limit").fill("12345.5")
    form.get_by_role("button", name="Create").click()
    expect(limits).to_contain_text("12,345.5")
    page.get_by_role("button", name="Delete the limit: Birch Foods, Tokens").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the limit").click()
    expect(limits).not_to_contain_text("12,345.5")
    page.get_by_role("button", name="New alert").click()
    form = page.get_by_role("dialog", name="New alert")
    form.get_by_role("combobox", name="Feature").click()
    page.get_by_role("option", name="Seats").click()
    form.get_by_role("textbox", name="Critical above").fill("777")
    form.get_by_role("button", name="Create").click()
    expect(page.get_by_role("table", name="Alerts")).to_contain_text("777")


def test_rejected_events_say_why_and_open(desk: Tab) -> None:
    page = desk.go("/rejected?without=1")
    page.get_by_role("button", name="Open report_opened").first.click()
    drawer = page.get_by_role("dialog", name="Event")
    expect(drawer).to_contain_text("Receipt")
    expect(drawer.locator("pre").first).to_contain_text("report_opened")
    desk.shot("rejected", whole=False)


@pytest.mark.parametrize("path", ["/meters", "/meters/new?event=completion", "/customers", "/limits", "/rejected?without=1"])
def test_on_a_phone(open_tab: Callable[..., Tab], path: str) -> None:
    tab = open_tab(PHONE)
    page = tab.go(path)
    page.get_by_role("heading", level=1).wait_for()
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    tab.fits()
    tab.axe()
    tab.shot("phone-" + path.strip("/").partition("?")[0].replace("/", "-"))
