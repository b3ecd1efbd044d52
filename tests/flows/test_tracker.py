"""The tracker in a real browser, on pages of another origin, against a real server."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Page as Tab

from tests.flows.pages import VISITOR, Site, a_browser, serving_site
from tests.flows.running import RunningServer

DEADLINE_S = 20.0
_sites = itertools.count(1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(user_agent=VISITOR, locale="en-GB", viewport={"width": 1200, "height": 800})
    yield context
    context.close()


@pytest.fixture
def tab(context: BrowserContext) -> Tab:
    return context.new_page()


@pytest.fixture
def website(server: RunningServer, project: str, secret: str) -> str:
    """A website of the test's own project, whose pages are those of this machine."""
    name = f"tracked-{next(_sites)}"
    server.command("websites", "create", "--project", project, "--domain", "127.0.0.1", "--id", name)
    return name


def tag_of(server: RunningServer, website: str, attributes: str = "data-local") -> str:
    return f'<script defer src="{server.url}/js/script.js" data-website-id="{website}" {attributes}></script>'


def events_of(client: httpx.Client, at_least: int) -> list[dict[str, Any]]:
    """All events of the project in the order in which they happened, once there are so many."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        answer = client.post("/flexprice/v1/events/query", json={"page_size": 500, "order": "asc"})
        events: list[dict[str, Any]] = answer.json()["events"]
        if len(events) >= at_least:
            return events
        assert time.monotonic() < deadline, f"only {[event['event_name'] for event in events]} came"


def told(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Names and paths, sorted: events of one millisecond have no order."""
    return sorted((event["event_name"], httpx.URL(event["properties"]["page_url"]).path) for event in events)


def test_views_clicks_and_calls_arrive_once_each(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab
) -> None:
    stub = (
        "<script>window.streamgauge={q:[]};['track','revenue','identify','pageview','notFound'].forEach(n=>"
        "streamgauge[n]=(...a)=>streamgauge.q.push([n,a]));streamgauge.track('early',{step:1})</script>"
    )
    body = (
        "<a id=out href='http://localhost:9/there'>out</a><a id=file href='/guide.pdf'>file</a><a id=own href='#part'>own</a>"
        "<button data-sg-event=Signup data-sg-plan=pro data-sg-plan-name='Pro &amp; more'><b id=inner>sign up</b></button>"
        "<script>for(const a of document.querySelectorAll('a'))a.onclick=e=>e.preventDefault()</script>"
    )
    url = site.page("/start", tag_of(server, website), body, title="Start", head=stub)
    tab.goto(url + "?utm_source=letter", referer="https://search.example/")
    tab.evaluate("history.pushState({}, '', '/second'); document.title = 'Second'; history.replaceState({}, '', '/second')")
    tab.go_back()
    tab.wait_for_function("location.pathname == '/start'")
    for element in ("#out", "#file", "#own", "#inner"):
        tab.click(element)
    tab.evaluate("streamgauge.track('called', {value: 12.50, deep: {list: [1, 'two']}})")

    events = events_of(bearer, 8)
    assert told(events) == [
        ("Signup", "/start"),
        ("called", "/start"),
        ("early", "/start"),
        ("file_download", "/start"),
        ("outbound_link", "/start"),
        ("page_view", "/second"),
        ("page_view", "/start"),
        ("page_view", "/start"),
    ]
    assert {event["source"] for event in events} == {"tracker"}
    views = {e["properties"]["referrer"]: e["properties"] for e in events if e["event_name"] == "page_view"}
    assert views["https://search.example/"] == {
        "page_url": url + "?utm_source=letter",
        "referrer": "https://search.example/",
        "page_title": "Start",
        "screen": "1200x800",
        "language": "en-GB",
    }
    assert views[url + "?utm_source=letter"]["page_title"] == "Second"
    assert views[site.url + "/second"]["page_url"] == url + "?utm_source=letter"
    by_name = {event["event_name"]: event["properties"] for event in events}
    early, outbound, download = by_name["early"], by_name["outbound_link"], by_name["file_download"]
    signup, called = by_name["Signup"], by_name["called"]
    assert early["step"] == 1
    assert outbound["url"] == "http://localhost:9/there"
    assert download["url"] == site.url + "/guide.pdf"
    assert (signup["plan"], signup["plan_name"]) == ("pro", "Pro & more")
    assert (called["value"], called["deep"]) == (12.5, {"list": [1, "two"]})


@pytest.mark.parametrize(
    ("head", "path"),
    [
        pytest.param("<meta name=streamgauge content=404>", "/gone", id="by a meta tag"),
        pytest.param("<template data-sg-404></template>", "/gone-too", id="by an attribute"),
    ],
)
def test_pages_that_are_not_there_are_told(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab, head: str, path: str
) -> None:
    tab.goto(site.page(path, tag_of(server, website), head=head, status=404))
    assert told(events_of(bearer, 2)) == [("not_found", path), ("page_view", path)]


@pytest.mark.parametrize("asked", ["navigator.doNotTrack", "navigator.globalPrivacyControl"])
def test_who_asks_not_to_be_tracked_is_not(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, context: BrowserContext, asked: str
) -> None:
    name, value = asked.removeprefix("navigator."), '"1"' if asked.endswith("Track") else "true"
    context.add_init_script(f"Object.defineProperty(Navigator.prototype, '{name}', {{get: () => {value}}})")
    requests: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    tab = context.new_page()
    url = site.page(
        "/quiet", tag_of(server, website, "data-local data-identity=cookie"), "<button id=b data-sg-event=x>b</button>"
    )
    tab.goto(url)
    tab.click("#b")
    tab.evaluate("streamgauge.track('y'); streamgauge.revenue({amount: 1, currency: 'EUR'}); streamgauge.identify('me')")
    tab.close(run_before_unload=False)
    assert context.cookies() == []
    assert [request for request in requests if "/api/" in request] == []
    assert events_of(bearer, 0) == []
