"""Websites: their ids, domains, zones, currencies and origins; how they change and go."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import structs

from streamgauge.control import Control, WebsiteChange, WebsiteSpec, websites
from streamgauge.control.website_rules import MAX_ORIGINS
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website
from tests.control.conftest import NOON_MS


def test_a_website_is_found_by_its_own_id(control: Control) -> None:
    spec = WebsiteSpec(domain="Example.com", website_id="your_website_id", timezone="Asia/Kolkata", currency="eur")
    made = control.create_website("shop", spec)
    project_id = control.projects()[0].project_id
    assert made == Website(
        "your_website_id", project_id, "example.com", "Asia/Kolkata", "EUR",
        name="example.com", created_at_ms=NOON_MS, updated_at_ms=NOON_MS,
    )  # fmt: skip
    assert control.website("your_website_id") == made
    assert control.website("your_website") is None


def test_an_id_is_made_when_none_is_given(control: Control) -> None:
    made = [control.create_website("shop", WebsiteSpec(domain="example.com")) for _ in range(2)]
    assert made[0].website_id != made[1].website_id
    assert re.fullmatch(r"web_[0-9A-Z]{26}", made[0].website_id)
    assert control.websites() == made
    assert (made[0].timezone, made[0].currency) == ("UTC", "USD")


@pytest.mark.parametrize("project", ["shop", "another"])
def test_an_id_is_given_once_in_all_projects(control: Control, project: str) -> None:
    control.create_website("shop", WebsiteSpec(domain="example.com", website_id="w"))
    with pytest.raises(Refusal, match="A website with the id 'w' exists already; choose another id") as caught:
        control.create_website(project, WebsiteSpec(domain="example.org", website_id="w"))
    assert caught.value.reason is Reason.ALREADY_EXISTS
    assert [project.name for project in control.projects()] == ["shop"]


@pytest.mark.parametrize(
    "domain", ["example.com", "shop.example.co.uk", "localhost", "localhost:3000", "bücher.example", "1.2.3.4"]
)
def test_domains(control: Control, domain: str) -> None:
    assert control.create_website("shop", WebsiteSpec(domain=domain)).domain == domain


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param(WebsiteSpec(domain="https://example.com"), "domain", id="a whole address"),
        pytest.param(WebsiteSpec(domain="example.com/shop"), "domain", id="a path"),
        pytest.param(WebsiteSpec(domain=""), "domain", id="no domain"),
        pytest.param(WebsiteSpec(domain="a..b"), "domain", id="an empty label"),
        pytest.param(WebsiteSpec(domain="-a.example"), "domain", id="a label that begins with a hyphen"),
        pytest.param(WebsiteSpec(domain="a." * 127 + "example"), "domain", id="a domain that is too long"),
        pytest.param(WebsiteSpec(domain="a.example", website_id=""), "id", id="an empty id"),
        pytest.param(WebsiteSpec(domain="a.example", website_id="a b"), "id", id="an id with a space"),
        pytest.param(WebsiteSpec(domain="a.example", website_id="x" * 129), "id", id="an id that is too long"),
        pytest.param(WebsiteSpec(domain="a.example", website_id="a/b"), "id", id="an id with a slash"),
        pytest.param(WebsiteSpec(domain="a.example", name=" "), "name", id="a blank name"),
        pytest.param(WebsiteSpec(domain="a.example", name="x" * 256), "name", id="a name that is too long"),
        pytest.param(WebsiteSpec(domain="a.example", name="a\nb"), "name", id="a name of two lines"),
        pytest.param(WebsiteSpec(domain="a.example", identity="ip"), "identity", id="an identity that is none"),
        pytest.param(WebsiteSpec(domain="a.example", timezone="Mars/Phobos"), "timezone", id="no zone of this earth"),
        pytest.param(WebsiteSpec(domain="a.example", timezone="../UTC"), "timezone", id="a zone that is a path"),
        pytest.param(WebsiteSpec(domain="a.example", timezone="localtime"), "timezone", id="a zone that depends on the machine"),
        pytest.param(WebsiteSpec(domain="a.example", timezone=""), "timezone", id="no zone"),
        pytest.param(WebsiteSpec(domain="a.example", currency="EURO"), "currency", id="four letters"),
        pytest.param(WebsiteSpec(domain="a.example", currency="€"), "currency", id="a sign"),
    ],
)
def test_a_wrong_website_is_refused_and_leaves_nothing_behind(control: Control, spec: WebsiteSpec, field: str) -> None:
    with pytest.raises(Refusal, match=f"Invalid {field} .*; it must be ") as caught:
        control.create_website("shop", spec)
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_PARAMETER, field)
    assert (control.websites(), control.projects()) == ([], [])


def test_projects_are_listed_in_the_order_of_their_making(control: Control) -> None:
    for name in ("b", " a ", "c"):
        control.create_project(name)
    assert [project.name for project in control.projects()] == ["b", "a", "c"]


@pytest.mark.parametrize("name", ["", "  ", "a\tb", "x" * 101])
def test_a_projects_name_is_short_and_printable(control: Control, name: str) -> None:
    with pytest.raises(Refusal, match="1 to 100 printable characters"):
        control.create_project(name)


def test_a_projects_name_is_given_once(control: Control) -> None:
    control.create_project("a")
    with pytest.raises(Refusal, match="A project named 'a' exists already") as caught:
        control.create_project("a")
    assert caught.value.reason is Reason.ALREADY_EXISTS


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("https://Shop.Example.com", "https://shop.example.com", id="lower case"),
        pytest.param("https://a.example/", "https://a.example", id="a slash at its end"),
        pytest.param("https://a.example:443", "https://a.example", id="the port that TLS implies"),
        pytest.param("http://a.example:80", "http://a.example", id="the port that http implies"),
        pytest.param("http://a.example:443", "http://a.example:443", id="another port"),
        pytest.param("http://localhost:3000", "http://localhost:3000", id="the own machine"),
        pytest.param("http://[::1]:3000", "http://[::1]:3000", id="an address of IPv6"),
        pytest.param("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", id="a name as browsers write it"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(control: Control, sent: str, kept: str) -> None:
    website = control.create_website("shop", WebsiteSpec(domain="a.example", allowed_origins=(sent, kept)))
    assert website.allowed_origins == (kept,)


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.example", id="no scheme"),
        pytest.param("ftp://a.example", id="another scheme"),
        pytest.param("https://a.example/shop", id="a path"),
        pytest.param("https://a.example?x", id="a query"),
        pytest.param("https://me@a.example", id="a user"),
        pytest.param("https://*.a.example", id="a pattern"),
        pytest.param("https://a.example:99999", id="no such port"),
        pytest.param("https://a.example:0", id="port 0"),
        pytest.param("https://bücher.example", id="letters that browsers encode"),
        pytest.param("null", id="the origin of a file"),
        pytest.param("*", id="all"),
    ],
)
def test_what_no_browser_sends_is_no_origin(control: Control, origin: str) -> None:
    with pytest.raises(Refusal, match="origins as a browser sends them") as caught:
        control.create_website("shop", WebsiteSpec(domain="a.example", allowed_origins=("https://b.example", origin)))
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_PARAMETER, "allowed_origins")


def test_a_website_has_few_origins(control: Control) -> None:
    origins = tuple(f"https://a{number}.example" for number in range(MAX_ORIGINS + 1))
    with pytest.raises(Refusal, match="at most 50 origins"):
        control.create_website("shop", WebsiteSpec(domain="a.example", allowed_origins=origins))


def test_a_change_keeps_what_it_does_not_name(control: Control, other: Control, clock: ManualClock) -> None:
    spec = WebsiteSpec(domain="a.example", name="Shop", currency="EUR", allowed_origins=("https://a.example",), identity="cookie")
    before = control.create_website("shop", spec)
    clock.advance(1)
    change = WebsiteChange(name=" New ", timezone="Asia/Tokyo")
    after = control.update_website(before.project_id, before.website_id, change)
    assert after == structs.replace(before, name="New", timezone="Asia/Tokyo", updated_at_ms=NOON_MS + 1000)
    assert control.website(before.website_id) == after
    other.refresh()
    assert other.website(before.website_id) == after
    assert control.update_website(before.project_id, before.website_id, WebsiteChange(allowed_origins=())).allowed_origins == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param(WebsiteChange(name=""), "name", id="name"),
        pytest.param(WebsiteChange(domain="https://a.example"), "domain", id="domain"),
        pytest.param(WebsiteChange(timezone="Mars"), "timezone", id="timezone"),
        pytest.param(WebsiteChange(currency="EURO"), "currency", id="currency"),
        pytest.param(WebsiteChange(identity=""), "identity", id="identity"),
        pytest.param(WebsiteChange(name="N", allowed_origins=("x",)), "allowed_origins", id="one of two"),
    ],
)
def test_a_wrong_change_changes_nothing(control: Control, change: WebsiteChange, field: str) -> None:
    website = control.create_website("shop", WebsiteSpec(domain="a.example"))
    with pytest.raises(Refusal) as caught:
        control.update_website(website.project_id, website.website_id, change)
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_PARAMETER, field)
    assert control.websites() == [website]


def test_another_projects_website_is_not_there(control: Control) -> None:
    website = control.create_website("shop", WebsiteSpec(domain="a.example"))
    thief = control.create_project("thief").project_id
    for attempt in (
        lambda: control.website_of(thief, website.website_id),
        lambda: control.update_website(thief, website.website_id, WebsiteChange(name="mine")),
        lambda: control.delete_website(thief, website.website_id),
    ):
        with pytest.raises(Refusal, match="There is no website") as caught:
            attempt()
        assert caught.value.reason is Reason.NOT_FOUND
    assert control.websites() == [website]
    assert (list(control.websites_of(website.project_id)), list(control.websites_of(thief))) == ([website], [])


def test_a_deleted_website_is_gone_for_every_process(control: Control, other: Control) -> None:
    website = control.create_website("shop", WebsiteSpec(domain="a.example"))
    other.refresh()
    control.delete_website(website.project_id, website.website_id)
    other.refresh()
    for one in (control, other):
        assert (one.website(website.website_id), list(one.websites_of(website.project_id))) == (None, [])
    with pytest.raises(Refusal) as caught:
        control.delete_website(website.project_id, website.website_id)
    assert caught.value.reason is Reason.NOT_FOUND


def test_the_id_of_a_deleted_website_stays_with_its_project(control: Control) -> None:
    spec = WebsiteSpec(domain="a.example", website_id="w")
    owner = control.create_website("shop", spec).project_id
    for _ in range(2):
        control.delete_website(owner, "w")
        with pytest.raises(Refusal, match="belonged to a website that was deleted") as caught:
            control.create_website("thief", spec)
        assert caught.value.reason is Reason.ALREADY_EXISTS
        assert control.create_website("shop", spec).project_id == owner


def test_a_project_has_a_bounded_number_of_websites(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websites, "MAX_WEBSITES", 2)
    for _ in range(2):
        control.create_website("shop", WebsiteSpec(domain="a.example"))
    with pytest.raises(Refusal, match="at most 2 websites of a project"):
        control.create_website("shop", WebsiteSpec(domain="a.example"))
    assert control.create_website("another", WebsiteSpec(domain="a.example"))


def test_changes_of_two_processes_at_the_same_time_do_not_undo_each_other(control: Control, other: Control) -> None:
    website = control.create_website("shop", WebsiteSpec(domain="a.example"))
    other.refresh()
    place = (website.project_id, website.website_id)
    names = [WebsiteChange(name=f"N{number}") for number in range(10)]
    zones = [WebsiteChange(timezone=zone) for zone in ("Asia/Tokyo", "Europe/Paris") * 5]

    def change(one: Control, changes: list[WebsiteChange]) -> None:
        for wanted in changes:
            one.update_website(*place, wanted)

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(change, control, names), pool.submit(change, other, zones)]:
            done.result()
    (after,) = control.websites()
    assert (after.name, after.timezone) == ("N9", "Europe/Paris")
