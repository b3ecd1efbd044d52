"""How long the web application takes in a real Chromium: its first page, and a dashboard of twenty widgets over 10 M events.

Each round is a browser of its own with an empty cache. A page counts as there when what it is for is drawn: the first row of its
table, or the last of its charts. The events are those of bench/website.py, and the folder is made once for both.
"""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from bench.figure import Figure, Goal
from bench.machinery import PROJECT, middle, streamgauge
from bench.site_traffic import FIRST_DAY, LAST_DAY, WEBSITE
from bench.website import EVENTS, copied, made
from tests.console.tabs import DESK, open_context
from tests.flows.pages import a_browser
from tests.flows.running import RunningServer
from tests.flows.signing_in import Person, close_browsers, made_owner

WIDGETS = 20
_KINDS = ("line", "area", "bar", "pie")
_DIMENSIONS = ("country", "browser", "channel", "page")


def measure_dashboard(rounds: int, kept: Path) -> list[Figure]:
    """Raises RuntimeError when a widget is not drawn."""
    with copied(made(kept)) as copy, streamgauge(copy) as (server, secret), a_browser() as browser:
        owner = made_owner(server)
        dashboard = _make_dashboard(server, secret)
        project = next(one["id"] for one in owner.ask("GET", "/console/v1/projects").json()["projects"] if one["name"] == PROJECT)
        base = f"{server.url}/p/{project}"
        first = [_open(browser, owner, f"{base}/customers", "h1", 1) for _ in range(rounds)]
        _open(browser, owner, f"{base}/dashboards/{dashboard}", "[data-drawn]", WIDGETS)
        whole = [_open(browser, owner, f"{base}/dashboards/{dashboard}", "[data-drawn]", WIDGETS) for _ in range(rounds)]
        close_browsers()
    return [
        _figure("web application: first page, nothing cached", first, 2.0),
        _figure(f"web application: dashboard of {WIDGETS} widgets over {EVENTS:,} events, nothing cached", whole, 1.5),
    ]


def _figure(what: str, times_s: list[float], goal_s: float) -> Figure:
    detail = f"Chromium on the same machine, median of {len(times_s)}, longest {max(times_s):.2f} s"
    return Figure(what, middle(times_s), "s", Goal.AT_MOST, goal_s, detail, tuple(times_s))


def _make_dashboard(server: RunningServer, secret: str) -> str:
    """Sixteen questions about events and four about the website, over 30 of its 90 days; its id."""
    start, end = LAST_DAY - timedelta(days=29), LAST_DAY
    events = {"event": "page_view", "from": f"{start:%Y-%m-%d}", "to": f"{end:%Y-%m-%d}"}
    site = {"website_id": WEBSITE, "view": "breakdown", "start_date": f"{FIRST_DAY:%Y-%m-%d}", "end_date": f"{LAST_DAY:%Y-%m-%d}"}
    widgets: list[dict[str, Any]] = []
    for place in range(WIDGETS):
        dimension = _DIMENSIONS[place // 4 % len(_DIMENSIONS)]
        if place % 5 == 4:
            query: dict[str, Any] = {**site, "group_by": dimension, "metrics": "visitors", "draw": "bar"}
            kind = "analytics"
        else:
            kind = _KINDS[place % 4]
            query = {**events, "interval": ("day", "week")[place % 2]} if kind != "pie" else {**events, "group_by": ["page_url"]}
        position = {"x": place % 4 * 3, "y": place // 4 * 4, "w": 3, "h": 4}
        widgets.append({"type": kind, "title": f"Widget {place + 1}", "query": query, "position": position})
    headers = {"authorization": f"Bearer {secret}"}
    answer = httpx.post(f"{server.url}/solinth/v1/dashboards", json={"name": "Bench", "widgets": widgets}, headers=headers)
    if answer.status_code not in (200, 201):
        raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
    return str(answer.json()["id"])


def _open(browser: Browser, owner: Person, address: str, what: str, number: int) -> float:
    """Seconds from the address to so many of what is waited for, in a browser that knows nothing but the session."""
    cookie = {
        "name": "streamgauge_session", "value": owner.client.cookies["streamgauge_session"], "domain": "127.0.0.1",
        "path": "/", "httpOnly": True, "sameSite": "Lax", "secure": False, "expires": -1,
    }  # fmt: skip
    context = open_context(browser, {**DESK, "height": 2_400}, {"cookies": [cookie], "origins": []})
    page: Page = context.new_page()
    try:
        started = time.monotonic()
        page.goto(address)
        page.wait_for_function(
            "([what, number]) => document.querySelectorAll(what).length >= number", arg=[what, number], timeout=60_000
        )
        return time.monotonic() - started
    finally:
        context.close()
