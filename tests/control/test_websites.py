"""Websites: their ids, domains, zones and currencies."""

import re

import pytest

from streamgauge.control import Control, WebsiteSpec
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
