"""Dashboards in a browser: made, filled with widgets of every kind, arranged by mouse and keyboard, shared, on a phone."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.console.tabs import PHONE, Home, Tab


@pytest.fixture
def client(home: Home) -> Iterator[httpx.Client]:
    with home.server.client(home.secret) as client:
        yield client


def _all_kinds(client: httpx.Client) -> list[dict[str, Any]]:
    site = client.get("/thebizness/api/websites").json()["websites"][0]["id"]
    meter = client.get("/flexprice/v1/meters").json()["items"][0]["id"]
    bought = {"event": "purchase", "metric": "sum", "property": "amount"}
    seen = {"website_id": site, "period": "30d"}
    used = {"meter_id": meter, "period": "30d", "timezone": "Europe/Berlin"}
    steps = [{"page": "/"}, {"page": "/pricing"}, {"event_name": "signup"}]
    kinds: list[tuple[str, str, dict[str, Any], tuple[int, int, int, int]]] = [
        ("metric", "Revenue", {**bought, "compare": "previous_period"}, (0, 0, 3, 2)),
        ("usage", "Used", {**used, "draw": "number"}, (3, 0, 3, 2)),
        (
            "analytics", "Site",
            {**seen, "view": "metrics", "metrics": "visitors,visits,bounce_rate,visit_duration", "compare": "previous_period"},
            (6, 0, 6, 3),
        ),
        ("area", "Sales", {**bought, "interval": "day"}, (0, 2, 6, 5)),
        ("analytics", "Where from", {**seen, "view": "breakdown", "group_by": "country", "draw": "map"}, (6, 2, 6, 5)),
        ("bar", "By plan", {"event": "signup", "group_by": ["plan"]}, (0, 7, 4, 5)),
        ("pie", "Plans", {"event": "signup", "group_by": ["plan"]}, (4, 7, 4, 5)),
        ("funnel", "To signing up", {"website_id": site, "steps": steps, "window": "7d"}, (8, 7, 4, 5)),
        ("line", "Regions", {"event": "completion", "interval": "day", "group_by": ["region"]}, (0, 12, 6, 5)),
        ("usage", "Used by day", {**used, "window_size": "DAY", "draw": "bar"}, (6, 12, 6, 5)),
        ("analytics", "Coming again", {**seen, "view": "retention", "interval": "week", "periods": 4}, (0, 17, 6, 5)),
        ("analytics", "Who sold", {**seen, "view": "attribution"}, (6, 17, 6, 5)),
        ("analytics", "Pages", {**seen, "view": "breakdown", "group_by": "page", "metrics": "visitors,events"}, (0, 22, 6, 5)),
        ("table", "Tokens", {"event": "completion", "metric": "sum", "property": "tokens", "group_by": ["model"]}, (6, 22, 6, 5)),
    ]  # fmt: skip
    return [
        {"type": kind, "title": title, "query": query, "position": dict(zip("xywh", place, strict=True))}
        for kind, title, query, place in kinds
    ]


@pytest.fixture
def dashboard(client: httpx.Client) -> Any:
    made = client.post("/solinth/v1/dashboards", json={"name": "Everything", "widgets": _all_kinds(client)})
    assert made.status_code == 200, made.text
    return made.json()


def _saved(client: httpx.Client, dashboard: Any) -> Any:
    return client.get(f"/solinth/v1/dashboards/{dashboard['id']}").json()


def _position(client: httpx.Client, dashboard: Any, title: str) -> Any:
    return next(one["position"] for one in _saved(client, dashboard)["widgets"] if one["title"] == title)


def _until(is_so: Callable[[], bool], tab: Tab) -> None:
    for _ in range(100):
        if is_so():
            return
        tab.page.wait_for_timeout(50)
    raise AssertionError("it did not become so within 5 seconds")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_kind_of_widget_is_drawn(open_tab: Callable[..., Tab], dashboard: Any, scheme: str) -> None:
    tab = open_tab(scheme=scheme)
    page = tab.go(f"/dashboards/{dashboard['id']}")
    page.get_by_role("heading", name="Everything").wait_for()
    tab.drawn(6)
    assert page.get_by_role("alert").count() == 0
    page.get_by_role("table", name="Tokens").or_(page.get_by_role("table", name="The numbers")).first.wait_for()
    tab.axe()
    tab.shot(f"dashboard-{scheme}")


def test_on_a_phone_widgets_stand_below_each_other(open_tab: Callable[..., Tab], dashboard: Any) -> None:
    tab = open_tab(PHONE)
    page = tab.go(f"/dashboards/{dashboard['id']}?range=7d")
    page.get_by_role("heading", name="Everything").wait_for()
    tab.drawn(6)
    tab.fits()
    tab.axe()
    tab.shot("dashboard-phone", whole=False)


def test_one_is_made_filled_renamed_copied_and_deleted(desk: Tab, client: httpx.Client) -> None:
    page = desk.go("/dashboards")
    page.get_by_role("button", name="New dashboard").first.click()
    page.get_by_role("textbox", name="Name").fill("Mine")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("No widgets yet").wait_for()
    page.get_by_role("button", name="Add a widget").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Event").click()
    page.get_by_role("option", name="signup").click()
    desk.axe()
    desk.shot("dashboard-editor", whole=False)
    dialog.get_by_role("button", name="Add the widget").click()
    page.get_by_role("heading", name="signup").wait_for()
    for source, title in (("Website", "Visitors"), ("Funnel", "Funnel"), ("Meter", "Usage")):
        page.get_by_role("button", name="Add a widget").first.click()
        page.get_by_role("radiogroup", name="What it is about").get_by_text(source, exact=True).click()
        desk.shot(f"dashboard-editor-{source.lower()}", whole=False)
        dialog.get_by_role("button", name="Add the widget").click()
        page.get_by_role("heading", name=title, exact=True).wait_for()
    assert [one["type"] for one in client.get("/solinth/v1/dashboards").json()["data"][0]["widgets"]] == [
        "line", "analytics", "funnel", "usage",
    ]  # fmt: skip
    page.get_by_role("button", name="Actions for Mine").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Ours")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Ours", exact=True).wait_for()
    page.get_by_role("button", name="Actions for Ours").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    page.get_by_role("heading", name="Copy of Ours").wait_for()
    page.get_by_role("button", name="Actions for Copy of Ours").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Delete the dashboard").click()
    page.get_by_role("link", name="Ours", exact=True).wait_for()
    expect(page.get_by_role("link", name="Copy of Ours")).to_have_count(0)
    desk.axe()
    desk.shot("dashboards")


def test_widgets_are_moved_by_mouse_and_by_keyboard(desk: Tab, client: httpx.Client, dashboard: Any) -> None:
    page = desk.go(f"/dashboards/{dashboard['id']}?edit=1")
    handle = page.get_by_role("button", name="Move Sales:")
    handle.wait_for()
    desk.drawn(2)
    handle.press("Shift+ArrowLeft")
    _until(lambda: _position(client, dashboard, "Sales") == {"x": 0, "y": 2, "w": 5, "h": 5}, desk)
    page.get_by_role("button", name="Actions for the widget Sales").click()
    page.get_by_role("menuitem", name="Move right").click()
    _until(lambda: _position(client, dashboard, "Sales")["x"] == 1, desk)
    page.keyboard.press("Escape")
    box = handle.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, box["y"] + 40, steps=12)
    page.mouse.up()
    _until(lambda: _position(client, dashboard, "Sales")["x"] >= 6, desk)
    desk.axe()
    desk.shot("dashboard-arranged", whole=False)


def test_whoever_was_faster_is_not_overwritten_unless_one_says_so(desk: Tab, client: httpx.Client, dashboard: Any) -> None:
    page = desk.go(f"/dashboards/{dashboard['id']}?edit=1")
    handle = page.get_by_role("button", name="Move Sales:")
    handle.wait_for()
    path = f"/solinth/v1/dashboards/{dashboard['id']}"
    client.patch(path, json={"name": "Theirs"})
    desk.expect_refusals(409)
    handle.press("Shift+ArrowLeft")
    page.get_by_role("dialog", name="Someone else changed this dashboard").wait_for()
    page.get_by_role("heading", name="Theirs").wait_for()
    assert _position(client, dashboard, "Sales")["w"] == 6
    page.get_by_role("button", name="Save mine over it").click()
    _until(lambda: _position(client, dashboard, "Sales")["w"] == 5, desk)
    assert _saved(client, dashboard)["name"] == "Theirs"


def test_whoever_has_the_link_sees_it_until_it_is_revoked(
    desk: Tab, open_tab: Callable[..., Tab], client: httpx.Client, dashboard: Any
) -> None:
    page = desk.go(f"/dashboards/{dashboard['id']}")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy the link").wait_for()
    token = _saved(client, dashboard)["share_token"]
    other = open_tab(signed_out=True)
    shared = other.go(f"~/shared/{token}")
    shared.get_by_role("heading", name="Everything").wait_for()
    other.drawn(6)
    assert shared.get_by_role("button", name="Add a widget").count() == 0
    other.axe()
    other.shot("dashboard-shared")
    page.get_by_role("button", name="Revoke the link").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    page.get_by_role("button", name="Make a link").or_(page.get_by_role("button", name="Share")).first.wait_for()
    other.expect_refusals(404)
    shared.reload()
    shared.get_by_text("not shared any more").wait_for()


def test_a_range_for_all_and_the_whole_screen(desk: Tab, dashboard: Any) -> None:
    page = desk.go(f"/dashboards/{dashboard['id']}")
    page.get_by_role("combobox", name="Time range").click()
    with page.expect_response(lambda answer: "/data?from=" in answer.url):
        page.get_by_role("option", name="Last 7 days").click()
    assert "range=7d" in page.url
    page.get_by_role("button", name="Full screen").click()
    page.get_by_role("navigation", name="Main").wait_for(state="detached")
    page.get_by_role("heading", name="Everything").wait_for()
    desk.drawn(5)
    desk.axe()
    desk.shot("dashboard-full", whole=False)
    page.get_by_role("button", name="Leave full screen").click()
    page.get_by_role("navigation", name="Main").wait_for()


def test_a_question_of_explore_is_put_on_a_new_dashboard(desk: Tab, client: httpx.Client) -> None:
    page = desk.go("/explore?event=purchase&metric=sum&property=amount&view=area")
    page.get_by_role("button", name="Add to dashboard").click()
    page.get_by_role("combobox", name="Dashboard").click()
    page.get_by_role("option", name="A new dashboard").click()
    page.get_by_role("textbox", name="Name of the new dashboard").fill("From Explore")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="From Explore").click()
    page.get_by_role("heading", name="From Explore").wait_for()
    desk.drawn()
    newest = client.get("/solinth/v1/dashboards").json()["data"][0]
    assert [(one["type"], one["query"]["property"]) for one in newest["widgets"]] == [("area", "amount")]
