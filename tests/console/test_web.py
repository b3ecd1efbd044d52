"""Web analytics in a browser: one page for a website, where every row narrows what is looked at."""

import json
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.console.tabs import PHONE, Tab


def opened(tab: Tab, query: str = "") -> Page:
    page = tab.go(f"/web{query}")
    page.get_by_role("heading", name="Sample website").wait_for()
    return page


def loaded(tab: Tab) -> None:
    tab.drawn(2)
    expect(tab.page.get_by_role("status", name="Loading")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_about_a_website_is_on_one_page(open_tab: Callable[..., Tab], scheme: str) -> None:
    tab = open_tab(scheme=scheme)
    page = opened(tab)
    loaded(tab)
    for part in ("Sources", "Pages", "Places", "Devices", "Conversions", "Revenue", "Attribution", "Funnel", "Retention"):
        expect(page.get_by_role("heading", name=part, exact=True)).to_be_visible()
    expect(page.get_by_role("table", name="Channels")).to_contain_text("Direct")
    expect(page.get_by_role("table", name="Conversions", exact=True)).to_contain_text("signup")
    expect(page.get_by_role("region", name="Revenue", exact=True)).to_contain_text("EUR")
    expect(page.get_by_role("table", name="Retention")).to_contain_text("100")
    tab.axe()
    tab.shot(f"web-{scheme}")


def test_a_row_is_a_filter_for_all_of_the_page_and_for_the_link(desk: Tab) -> None:
    page = opened(desk)
    loaded(desk)
    visitors = page.get_by_role("button", name="Visitors", pressed=True)
    whole = visitors.inner_text()
    page.get_by_role("tab", name="Browsers").click()
    page.get_by_role("button", name="Only Firefox").click()
    chip = page.get_by_role("button", name="Remove the filter Browser is Firefox")
    chip.wait_for()
    assert json.loads(parse_qs(urlsplit(page.url).query)["filter"][0]) == ["browser", "Firefox"]
    expect(visitors).not_to_have_text(whole, use_inner_text=True)
    expect(page.get_by_role("table", name="Browsers").get_by_role("row")).to_have_count(2)
    narrowed = visitors.inner_text()
    page.reload()
    expect(visitors).to_have_text(narrowed, use_inner_text=True)
    chip.click()
    expect(chip).to_have_count(0)


def test_a_metric_is_put_into_the_chart(desk: Tab) -> None:
    page = opened(desk)
    page.get_by_role("button", name="Bounce rate").click()
    expect(page.get_by_role("img", name="Chart: Bounce rate over time")).to_be_visible()
    assert "metric=bounce_rate" in page.url


def test_a_funnel_is_made_in_the_page_and_linked_to(desk: Tab) -> None:
    page = opened(desk, "?step=page:%2F&step=page:%2Fpricing")
    funnel = page.get_by_role("region", name="Funnel")
    expect(funnel.get_by_role("listitem")).to_have_count(2)
    funnel.get_by_role("button", name="Add a step").click()
    funnel.get_by_role("combobox", name="Step 3", exact=True).fill("/docs")
    page.keyboard.press("Enter")
    expect(funnel.get_by_role("listitem")).to_have_count(3)
    assert parse_qs(urlsplit(page.url).query)["step"] == ["page:/", "page:/pricing", "page:/docs"]


def test_steps_and_cohorts_narrow_the_page_too(desk: Tab) -> None:
    page = opened(desk, "?step=page:%2F&step=event:signup")
    page.get_by_role("region", name="Funnel").get_by_role("button", name="Only signup").click()
    page.get_by_role("button", name="Remove the filter Event is signup").wait_for()
    page.go_back()
    cohort = page.get_by_role("table", name="Retention").get_by_role("button").first
    cohort.click()
    page.wait_for_url("**range=custom**")
    asked = parse_qs(urlsplit(page.url).query)
    first, last = (date.fromisoformat(asked[name][0]) for name in ("from", "to"))
    assert (last - first).days == 6
    assert (first.weekday(), f"{first.day} {first:%b}") == (0, cohort.inner_text())


def test_what_is_looked_at_is_put_on_a_dashboard(desk: Tab) -> None:
    page = opened(desk, "?range=7d&metric=visits&compare=none&filter=%5B%22browser%22%2C%22Firefox%22%5D")
    page.get_by_role("button", name="Add to dashboard").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Dashboard").click()
    page.get_by_role("option", name="A new dashboard …").click()
    dialog.get_by_role("textbox", name="Name of the new dashboard").fill("Firefox")
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Firefox", exact=True).click()
    desk.drawn()
    with desk.home.server.client(desk.home.secret) as client:
        listed = client.get("/solinth/v1/dashboards").json()["data"]
        made = next(one for one in listed if one["name"] == "Firefox")
        (widget,) = client.get(f"/solinth/v1/dashboards/{made['id']}").json()["widgets"]
    assert {name: widget["query"][name] for name in ("metrics", "period", "filters")} == {
        "metrics": "visits",
        "period": "7d",
        "filters": [{"dimension": "browser", "operator": "is", "value": "Firefox"}],
    }
    page.get_by_role("button", name="Arrange").click()
    page.get_by_role("button", name="Actions for the widget Visits").click()
    page.get_by_role("menuitem", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit the widget")
    expect(form.get_by_role("textbox", name="Filter 1 is")).to_have_value("Firefox")
    form.get_by_role("textbox", name="Filter 1 is").fill("Chrome")
    form.get_by_role("button", name="Add a filter").click()
    form.get_by_role("button", name="Remove filter 2").click()
    desk.axe()
    desk.shot("dashboard-editor-filters", whole=False)


def test_a_conversions_rate_is_of_all_visitors(desk: Tab) -> None:
    """Not of those who had the event; nor of those who were seen before it within the range, as a funnel's: who came before
    midnight and signed up after it is no entry of the funnel.
    """
    page = opened(desk)
    row = page.get_by_role("table", name="Conversions", exact=True).get_by_role("row").filter(has_text="signup")
    expect(row.get_by_role("cell").last).to_contain_text("%")
    asked = next(
        {name: values[0] for name, values in parse_qs(urlsplit(made).query).items()} | {"metrics": "visitors"}
        for made in page.evaluate("() => performance.getEntriesByType('resource').map(made => made.name)")
        if "group_by=event_name" in made and "conversion_rate" in made
    )
    signed_up = json.dumps([{"dimension": "event_name", "operator": "is", "value": "signup"}])
    chosen = {name: asked[name] for name in ("website_id", "start_date", "end_date", "metrics")}
    with desk.home.server.client(desk.home.secret) as client:
        some, every = (
            int(client.get("/thebizness/api/analytics", params=params).json()["metrics"]["visitors"])
            for params in (chosen | {"filters": signed_up}, chosen)
        )
    assert 0 < some < every
    shown = (Decimal(100 * some) / every).quantize(Decimal("0.1"), ROUND_HALF_UP).normalize()
    expect(row.get_by_role("cell").last).to_have_text(f"{shown:f}\u00a0%")


def test_another_website_is_looked_at_by_the_same_days(desk: Tab) -> None:
    asking, server = desk.context.request, desk.home.server.url
    session = asking.get(f"{server}/console/v1/session").json()
    signed = {"x-streamgauge-csrf": session["csrf_token"], "x-streamgauge-project": desk.home.project_id}
    second = {"domain": "second.example", "name": "Second website"}
    made = asking.post(f"{server}/thebizness/api/websites", data=second, headers=signed)
    assert made.ok, made.text()
    try:
        page = opened(desk, "?range=7d&compare=none&filter=%5B%22browser%22%2C%22Firefox%22%5D")
        page.get_by_role("combobox", name="Website").click()
        page.get_by_role("option", name="Second website").click()
        page.get_by_role("heading", name="Second website").wait_for()
        assert parse_qs(urlsplit(page.url).query) == {"range": ["7d"], "compare": ["none"]}
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    finally:
        gone = asking.delete(f"{server}/thebizness/api/websites/{made.json()['website']['id']}", headers=signed)
        assert gone.ok, gone.text()


def test_on_a_phone(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(PHONE)
    opened(tab)
    loaded(tab)
    tab.fits()
    tab.axe()
    tab.shot("web-phone")
