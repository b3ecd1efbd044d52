"""Pages and campaigns: which property names the page, what is kept of its URL, where the utm_* fields come from."""

import msgspec
import pytest

from streamgauge.intake.enrichment.cleaning import LONGEST_PATH
from streamgauge.intake.enrichment.clues import Draft, clues_of
from streamgauge.intake.enrichment.page import put_page
from streamgauge.intake.enrichment.sender import SERVER, Sender, SenderKind
from streamgauge.kernel.event import Event
from streamgauge.kernel.website import Website

SITE = Website("w", "shop", "example.com")


def page_of(properties: dict[str, object], sender: Sender = SERVER) -> Draft:
    draft = Draft("", 0)
    put_page(clues_of(Event("e", "page_view", 0, properties=msgspec.json.encode(properties)), SITE, sender), draft)
    return draft


@pytest.mark.parametrize(
    ("url", "hostname", "path"),
    [
        pytest.param("https://example.com/a/b", "example.com", "/a/b", id="a URL"),
        pytest.param("https://example.com", "example.com", "/", id="a URL without a path"),
        pytest.param("https://example.com?x=1", "example.com", "/", id="a query without a path"),
        pytest.param("https://example.com#x", "example.com", "/", id="a fragment without a path"),
        pytest.param("https://example.com/a?x=/b#/c", "example.com", "/a", id="query and fragment are dropped"),
        pytest.param("https://example.com/a#b?utm_source=x", "example.com", "/a", id="a question mark within the fragment"),
        pytest.param("HTTPS://Example.COM:8443/A/", "example.com", "/A/", id="case of the host, port, slash at the end"),
        pytest.param("https://user:secret@example.com/", "example.com", "/", id="a password is not kept"),
        pytest.param("https://example.com./a", "example.com", "/a", id="a dot at the end of the host"),
        pytest.param("//example.com/a", "example.com", "/a", id="without a scheme"),
        pytest.param("https://[2001:db8::1]:80/a", "[2001:db8::1]", "/a", id="an IPv6 address"),
        pytest.param("https://münchen.example/straße", "münchen.example", "/straße", id="letters beyond ASCII"),
        pytest.param("/a/b?x=1", "", "/a/b", id="a bare path"),
        pytest.param("/", "", "/", id="the root"),
        pytest.param("https://example.com/a%20b", "example.com", "/a%20b", id="what is encoded stays so"),
        pytest.param("https://example.com/a\x00b\u202ec", "example.com", "/abc", id="control characters are taken out"),
        pytest.param("a/b", "", "", id="neither URL nor path"),
        pytest.param("", "", "", id="empty"),
        pytest.param("https://", "", "", id="no host"),
        pytest.param("https:///a", "", "", id="an empty host"),
        pytest.param("ja va//example.com/a", "", "", id="a scheme that is none"),
        pytest.param("https://exa mple.com/a", "", "", id="a blank in the host"),
    ],
)
def test_what_is_kept_of_a_url(url: str, hostname: str, path: str) -> None:
    draft = page_of({"page_url": url})
    assert (draft.hostname, draft.path) == (hostname, path)


def test_a_long_path_is_cut() -> None:
    draft = page_of({"page_url": "https://example.com/" + "a" * 10_000})
    assert draft.path == "/" + "a" * (LONGEST_PATH - 1)


def test_the_first_property_that_names_a_page_wins() -> None:
    assert page_of({"page": "/d", "path": "/c", "url": "/b", "page_url": "/a"}).path == "/a"
    assert page_of({"page": "/d", "path": "/c", "url": "/b"}).path == "/b"
    assert page_of({"page": "/d", "path": "/c"}).path == "/c"
    assert page_of({"page": "/d"}).path == "/d"
    assert page_of({"page": "/d", "page_url": 5, "url": {"a": 1}, "path": "checkout"}).path == "/d"


def test_a_browser_that_tells_no_page_is_on_the_one_that_sent_the_event() -> None:
    browser = Sender(SenderKind.BROWSER, referrer="https://example.com/from?utm_source=mail")
    draft = page_of({}, browser)
    assert (draft.hostname, draft.path, draft.utm_source) == ("example.com", "/from", "mail")
    bare = page_of({"path": "/a"}, browser)
    assert (bare.hostname, bare.path, bare.utm_source) == ("example.com", "/a", "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            "utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d&utm_content=e", ("a", "b", "c", "d", "e"), id="all five"
        ),
        pytest.param("utm_source=Spring%20Mail+1", ("Spring Mail 1", "", "", "", ""), id="decoded"),
        pytest.param("utm_source=a&utm_source=b", ("a", "", "", "", ""), id="the first of two"),
        pytest.param("utm_source=&utm_source=b", ("b", "", "", "", ""), id="an empty one is none"),
        pytest.param("UTM_Source=a", ("a", "", "", "", ""), id="names in any case"),
        pytest.param("ref=a&source=b", ("a", "", "", "", ""), id="ref stands in for the source"),
        pytest.param("source=b", ("b", "", "", "", ""), id="source stands in for it too"),
        pytest.param("ref=a&utm_source=b", ("b", "", "", "", ""), id="but not for one that is there"),
        pytest.param("utm_source=%ff%00%0aa", ("\ufffda", "", "", "", ""), id="bytes that are no text"),
        pytest.param("a=1&&=&utm_source", ("", "", "", "", ""), id="broken pairs"),
    ],
)
def test_campaigns_are_read_from_the_query(query: str, expected: tuple[str, ...]) -> None:
    draft = page_of({"url": f"https://example.com/?{query}"})
    assert (draft.utm_source, draft.utm_medium, draft.utm_campaign, draft.utm_term, draft.utm_content) == expected


def test_campaign_properties_win_over_the_query() -> None:
    draft = page_of({"url": "/?utm_source=a&utm_medium=b", "utm_source": " told ", "utm_medium": 5})
    assert (draft.utm_source, draft.utm_medium) == ("told", "b")


@pytest.mark.parametrize(
    ("query", "paid"), [("gclid=1", True), ("msclkid=1", True), ("fbclid=1", False), ("gclid=", False), ("", False)]
)
def test_click_ids_tell_paid_clicks(query: str, paid: bool) -> None:
    assert page_of({"url": f"https://example.com/?{query}"}).paid_click is paid
