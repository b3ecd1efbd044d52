"""The tracker in a real browser, on pages of another origin, against a real server."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Route
from playwright.sync_api import Page as Tab

from tests.flows.pages import VISITOR, Site, a_browser, serving_site
from tests.flows.running import RunningServer, running, series_of

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
def website(bearer: httpx.Client) -> str:
    """A website of the test's own project, whose pages are those of this machine."""
    return made_website(bearer, "127.0.0.1")


def made_website(client: httpx.Client, domain: str) -> str:
    name = f"tracked-{next(_sites)}"
    assert client.post("/api/websites", json={"id": name, "domain": domain}).status_code == 200
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


def count_of(client: httpx.Client, name: str) -> int:
    answer = client.post("/flexprice/v1/events/usage", json={"event_name": name, "aggregation_type": "COUNT"})
    return int(answer.json().get("value", 0))


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("attributes", "path", "views"),
    [
        pytest.param("", "/local", [], id="a local page is not told of"),
        pytest.param("data-local data-domains='shop.example, 127.0.0.1'", "/listed", ["/listed"], id="a host that is listed"),
        pytest.param("data-local data-domains=shop.example", "/unlisted", [], id="a host that is not listed"),
        pytest.param("data-local data-exclude='/x, /admin/*'", "/admin/users", [], id="a path that is excluded"),
        pytest.param("data-local data-exclude='/x, /admin/*'", "/administer", ["/administer"], id="a path beside it"),
        pytest.param("data-local data-hash", "/app#/settings", ["/app/settings"], id="a page behind the hash"),
        pytest.param("data-local", "/app#settings", ["/app"], id="a mark in a page"),
    ],
)
def test_attributes_say_which_pages_are_told_of(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab, attributes: str, path: str, views: list[str]
) -> None:
    url = site.page(path.partition("#")[0], tag_of(server, website, attributes))
    tab.goto(url + path[len(path.partition("#")[0]) :])
    # Another page, told of in any case: once its view is there, no earlier one is still to come.
    tab.goto(site.page("/last", tag_of(server, website)))
    until(lambda: ("page_view", "/last") in told(events_of(bearer, 0)), "the last page did not come")
    assert [path for _, path in told(events_of(bearer, 0)) if path != "/last"] == views


def test_a_hash_is_a_page_when_asked_for(server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab) -> None:
    body = "<a id=on href='#/two'>two</a>"
    tab.goto(site.page("/app", tag_of(server, website, "data-local data-hash"), body))
    tab.click("#on")
    assert told(events_of(bearer, 2)) == [("page_view", "/app/"), ("page_view", "/app/two")]


def test_a_form_is_told_of_when_it_is_sent_and_not_when_it_is_clicked(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab
) -> None:
    body = (
        "<form data-sg-event=Contact data-sg-topic=price action=/sent><input id=text name=a><button id=send>send</button></form>"
        "<a id=save href='/report' download>save</a><a id=mail href='mailto:a@shop.example'>mail</a>"
    )
    site.page("/sent", tag_of(server, website))
    tab.goto(site.page("/form", tag_of(server, website), body))
    tab.click("#text")
    tab.evaluate("document.querySelectorAll('a').forEach(a => a.onclick = event => event.preventDefault())")
    tab.click("#save")
    tab.click("#mail")
    tab.click("#send")  # leaves the page: what waits goes by beacon
    tab.wait_for_url("**/sent**")
    events = events_of(bearer, 4)
    assert told(events) == [("Contact", "/form"), ("file_download", "/form"), ("page_view", "/form"), ("page_view", "/sent")]
    (contact,) = [event["properties"] for event in events if event["event_name"] == "Contact"]
    assert contact["topic"] == "price"


def test_a_customer_is_joined_to_what_waits_and_to_what_comes(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab
) -> None:
    url = site.page("/account", tag_of(server, website))
    tab.goto(url)
    events_of(bearer, 1)
    tab.evaluate("streamgauge.identify(4711)")  # nothing waits: an event of its own
    events_of(bearer, 2)
    tab.evaluate("streamgauge.track('early'); streamgauge.identify('cust_2'); streamgauge.track('late')")
    customers = {event["event_name"]: event["external_customer_id"] for event in events_of(bearer, 4)}
    assert customers == {"page_view": "", "identify": "4711", "early": "cust_2", "late": "cust_2"}


def test_a_cookie_is_set_only_on_request(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, context: BrowserContext, tab: Tab
) -> None:
    tab.goto(site.page("/plain", tag_of(server, website)))
    events_of(bearer, 1)
    assert context.cookies() == []
    url = site.page("/cookie", tag_of(server, website, "data-local data-identity=cookie"))
    tab.goto(url)
    (cookie,) = context.cookies()
    tab.goto(url + "?again")
    assert context.cookies()[0].get("value") == cookie.get("value") == tab.evaluate("streamgauge.visitor")
    assert len(str(cookie.get("value"))) > 20
    assert len(events_of(bearer, 3)) == 3


def refusals_of(server: RunningServer) -> float:
    return server.metrics().get(series_of("streamgauge_refused_total", door="thebizness", reason="origin_not_allowed"), 0)


def test_pages_of_foreign_origins_are_refused_until_they_are_allowed(
    server: RunningServer, bearer: httpx.Client, site: Site, tab: Tab
) -> None:
    name = made_website(bearer, "shop.example")
    url = site.page("/foreign", tag_of(server, name))
    before = refusals_of(server)
    with tab.expect_event("requestfailed") as kept_from_the_page:
        tab.goto(url)
    assert kept_from_the_page.value.url == f"{server.url}/api/collect"
    assert refusals_of(server) == before + 1
    assert events_of(bearer, 0) == []
    assert bearer.put(f"/api/websites/{name}", json={"allowed_origins": [site.url]}).status_code == 200
    with tab.expect_response("**/api/collect") as accepted:
        tab.goto(url + "?allowed")
    assert accepted.value.status == 202
    assert accepted.value.headers["access-control-allow-origin"] == site.url
    # The view that was refused went along when its page was left: a browser cannot tell a refused origin from a lost answer.
    assert told(events_of(bearer, 2)) == [("page_view", "/foreign")] * 2


def test_an_answer_that_is_lost_does_not_count_an_event_twice(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab
) -> None:
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    tab.route("**/api/collect", lose_the_first)
    with tab.expect_response("**/api/collect") as again:
        tab.goto(site.page("/lossy", tag_of(server, website)))
        tab.evaluate("streamgauge.track('after')")
    assert (lost, again.value.status) == ([202], 202)
    assert sorted(event["event_name"] for event in events_of(bearer, 2)) == ["after", "page_view"]
    assert count_of(bearer, "page_view") == 1


def test_what_could_not_be_sent_is_sent_again_and_counts_once(tmp_path: Path, site: Site, tab: Tab) -> None:
    with running(tmp_path / "data") as server, server.client(server.key()) as client:
        tab.goto(site.page("/offline", tag_of(server, made_website(client, "127.0.0.1"))))
        events_of(client, 1)
        server.stop()
        failed: list[str] = []
        tab.on("requestfailed", lambda request: failed.append(request.url))
        tab.evaluate("for (let n = 0; n < 120; n++) streamgauge.track('offline', {n, filler: 'x'.repeat(200)})")
        while not failed:
            tab.wait_for_event("requestfailed", timeout=DEADLINE_S * 1000)
        server.start()
        events = events_of(client, 121)
        numbers = sorted(event["properties"]["n"] for event in events if event["event_name"] == "offline")
        assert numbers == list(range(120))
        assert count_of(client, "offline") == 120


def test_revenue_by_function_and_by_attribute_counts_once_per_order(
    server: RunningServer, bearer: httpx.Client, website: str, site: Site, tab: Tab
) -> None:
    body = "<button id=buy data-sg-event=Purchase data-sg-plan=pro data-sg-revenue-amount=19.90 data-sg-revenue-currency=EUR"
    tab.goto(site.page("/paid", tag_of(server, website), body + " data-sg-revenue-order-id=o-2>buy</button>"))
    tab.evaluate("streamgauge.revenue({amount: 49.5, currency: 'eur', order_id: 'o-1'}, {coupon: 'XMAS'})")
    tab.evaluate("streamgauge.revenue({amount: 1000, currency: 'eur', order_id: 'o-1'})")
    tab.click("#buy")
    tab.evaluate("streamgauge.track('last')")
    events = {event["event_name"]: event["properties"] for event in events_of(bearer, 4)}
    assert count_of(bearer, "revenue") == count_of(bearer, "Purchase") == 1
    first, second = events["revenue"], events["Purchase"]
    assert (first["amount"], first["currency"], first["type"], first["coupon"]) == (49.5, "EUR", "sale", "XMAS")
    assert (second["amount"], second["currency"], second["order_id"], second["plan"]) == (19.9, "EUR", "o-2", "pro")
