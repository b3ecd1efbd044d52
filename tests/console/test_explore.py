"""Explore in a browser: a question is put together, drawn in each way, linked to, copied as code and downloaded."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.console.tabs import PHONE, Tab

QUESTION = "/explore?event=completion&metric=sum&property=tokens&by=model&zone=Europe%2FBerlin"


def test_opened_bare_it_shows_the_most_frequent_event_by_day(desk: Tab) -> None:
    page = desk.go("/explore")
    page.get_by_role("heading", name="page_view, events").wait_for()
    desk.drawn()
    desk.axe()
    desk.shot("explore")


def test_a_question_is_put_together_and_stands_in_the_link(desk: Tab) -> None:
    page = desk.go("/explore")
    page.get_by_role("combobox", name="Event").click()
    page.get_by_role("option", name="purchase").click()
    page.get_by_role("combobox", name="Measure").click()
    page.get_by_role("option", name="Sum").click()
    page.get_by_text("Choose the property to measure").wait_for()
    page.get_by_role("combobox", name="Property").fill("amount")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="purchase, Sum: amount").wait_for()
    page.get_by_text("Table", exact=True).click()
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["event"], asked["metric"], asked["property"], asked["view"]) == (["purchase"], ["sum"], ["amount"], ["table"])
    page.go_back()
    assert "view=table" not in page.url


@pytest.mark.parametrize("view", ["line", "area", "bar", "pie", "number", "table"])
def test_every_way_of_showing(open_tab: Callable[..., Tab], view: str) -> None:
    tab = open_tab(scheme="dark" if view == "area" else "light")
    page = tab.go(f"{QUESTION}&compare=previous_period&view={view}")
    page.get_by_role("heading", name="completion, Sum: tokens").wait_for()
    if view in ("number", "table"):
        page.get_by_text("Compared with").first.wait_for() if view == "number" else page.get_by_role("table").first.wait_for()
    else:
        tab.drawn()
    tab.axe()
    tab.shot(f"explore-{view}")


def test_a_filter_narrows_and_can_be_taken_away(desk: Tab) -> None:
    page = desk.go(f"{QUESTION}&view=table&interval=none")
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_role("combobox", name="Property", exact=True).last.fill("region")
    page.get_by_role("combobox", name="Values").fill("us-east")
    page.get_by_role("button", name="Apply").click()
    chip = page.get_by_role("button", name="Remove the filter region is us-east")
    chip.wait_for()
    assert json.loads(parse_qs(urlsplit(page.url).query)["filter"][0]) == ["region", "is", "us-east"]
    chip.click()
    chip.wait_for(state="detached")


def test_the_copied_code_asks_the_same(desk: Tab) -> None:
    page = desk.go(f"{QUESTION}&view=table&interval=none&range=custom&from=2026-01-01&to=2099-12-31")
    page.get_by_role("table").first.wait_for()
    shown = page.get_by_role("table").first.inner_text()
    answers = []
    for name in ("curl", "Python"):
        page.get_by_role("tab", name=name).click()
        code = page.get_by_role("tabpanel", name=name).locator("pre").inner_text()
        command = ["bash", "-c", code] if name == "curl" else [sys.executable, "-c", code]
        environment = {**os.environ, "STREAMGAUGE_KEY": desk.home.secret}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    for group in answers[0]["groups"]:
        assert f"{group['value']:,}" in shown


def test_the_numbers_are_downloaded_as_they_are(desk: Tab, tmp_path: Path) -> None:
    page = desk.go(f"{QUESTION}&view=bar&interval=none")
    desk.drawn()
    with page.expect_download() as csv_download:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.reader(StringIO(Path(csv_download.value.path()).read_text(encoding="utf-8-sig"))))
    assert rows[0] == ["model", "sum tokens", "Events"]
    assert {row[0] for row in rows[1:]} == {"small", "large", "vision"}
    with page.expect_download() as png_download:
        page.get_by_role("button", name="PNG").click()
    assert Path(png_download.value.path()).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_on_a_phone(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(PHONE)
    tab.go(QUESTION)
    tab.drawn()
    tab.fits()
    tab.axe()
    tab.shot("explore-phone")


def test_what_is_looked_at_is_put_on_a_dashboard(desk: Tab) -> None:
    page = desk.go(f"{QUESTION}&view=area&filter=%5B%22region%22%2C%22is%22%2C%22us-east%22%5D")
    desk.drawn()
    page.get_by_role("button", name="Add to dashboard").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Tokens by model")
    dialog.get_by_role("combobox", name="Dashboard").click()
    page.get_by_role("option", name="New dashboard").click()
    dialog.get_by_label("Name").fill("Made in Explore")
    dialog.get_by_role("button", name="Add").click()
    dialog.wait_for(state="detached")
    known = httpx.get(
        f"{desk.home.server.url}/solinth/v1/dashboards", headers={"authorization": f"Bearer {desk.home.secret}"}, timeout=30
    ).json()["data"]
    (widget,) = next(one for one in known if one["name"] == "Made in Explore")["widgets"]
    assert (widget["type"], widget["title"]) == ("area", "Tokens by model")
    assert widget["query"] == {
        "event": "completion", "metric": "sum", "property": "tokens", "interval": "day", "timezone": "Europe/Berlin",
        "group_by": ["model"], "limit": 10, "filters": [{"property": "region", "operator": "is", "value": ["us-east"]}],
    }  # fmt: skip
