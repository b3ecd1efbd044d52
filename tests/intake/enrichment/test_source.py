"""Referrers and channels: what is a source at all, and a case for every rule of the table."""

import msgspec
import pytest

from streamgauge.intake.enrichment.channels import RULES, Channel, channel_of
from streamgauge.intake.enrichment.clues import Draft, clues_of
from streamgauge.intake.enrichment.page import put_page
from streamgauge.intake.enrichment.sender import SERVER, Sender, SenderKind
from streamgauge.intake.enrichment.source import put_source
from streamgauge.kernel.event import Event
from streamgauge.kernel.website import Website

SITE = Website("w", "shop", "www.example.com")


def source_of(properties: dict[str, object], sender: Sender = SERVER) -> Draft:
    draft = Draft("", 0)
    clues = clues_of(Event("e", "page_view", 0, properties=msgspec.json.encode(properties)), SITE, sender)
    put_page(clues, draft)
    put_source(clues, draft)
    return draft


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        pytest.param("https://www.google.co.uk/search?q=x", "google.co.uk", id="the host, without www"),
        pytest.param("https://News.Example.org:8080/a", "news.example.org", id="lower case, without the port"),
        pytest.param("news.example.org", "news.example.org", id="a bare host"),
        pytest.param("android-app://com.google.android.gm/", "com.google.android.gm", id="an app"),
        pytest.param("https://example.com/a", "", id="the website's own domain"),
        pytest.param("https://www.example.com/a", "", id="its own domain with www"),
        pytest.param("https://blog.example.com/a", "", id="a subdomain"),
        pytest.param("https://other.test/a", "", id="the page's own host"),
        pytest.param("https://notexample.com/a", "notexample.com", id="another domain with the same end"),
        pytest.param("", "", id="none"),
        pytest.param("about:blank", "", id="no host"),
        pytest.param("nonsense", "", id="no URL"),
    ],
)
def test_what_is_kept_of_a_referrer(referrer: str, expected: str) -> None:
    assert source_of({"url": "https://other.test/", "referrer": referrer}).referrer == expected


CHANNELS = [
    # name, referrer, query of the page's URL, channel
    ("nothing", "", "", Channel.DIRECT),
    ("from the website itself", "https://example.com/", "", Channel.DIRECT),
    ("a banner", "", "utm_source=someone&utm_medium=Banner", Channel.DISPLAY),
    ("an affiliate", "", "utm_source=someone&utm_medium=affiliate", Channel.AFFILIATES),
    ("a paid shopping campaign", "https://www.google.com/", "gclid=1&utm_campaign=shopping-spring", Channel.PAID_SHOPPING),
    ("paid search by its click id", "https://www.google.com/", "gclid=1", Channel.PAID_SEARCH),
    ("paid search by its medium", "", "utm_source=google&utm_medium=cpc", Channel.PAID_SEARCH),
    ("paid social", "https://l.facebook.com/", "utm_medium=paid_social", Channel.PAID_SOCIAL),
    ("paid social by the source", "", "utm_source=linkedin&utm_medium=cpc", Channel.PAID_SOCIAL),
    ("a click id that is on unpaid links too", "https://l.facebook.com/", "fbclid=1", Channel.ORGANIC_SOCIAL),
    ("paid video", "", "utm_source=youtube&utm_medium=cpc", Channel.PAID_VIDEO),
    ("a paid place in a shop", "", "utm_source=amazon&utm_medium=ppc", Channel.PAID_SHOPPING),
    ("paid, of an unknown source", "", "utm_source=someone&utm_medium=paid", Channel.PAID_OTHER),
    ("e-mail by its medium", "", "utm_source=someone&utm_medium=E-Mail", Channel.EMAIL),
    ("e-mail by its source", "", "utm_source=newsletter", Channel.EMAIL),
    ("e-mail read in the web", "https://mail.google.com/", "", Channel.EMAIL),
    ("e-mail read in an app", "android-app://com.google.android.gm/", "", Channel.EMAIL),
    ("a short message", "", "utm_medium=sms", Channel.SMS),
    ("a podcast", "", "utm_source=show&utm_medium=podcast", Channel.AUDIO),
    ("a push message", "", "utm_medium=web-push", Channel.PUSH),
    ("an assistant", "https://chatgpt.com/", "", Channel.AI_ASSISTANTS),
    ("an assistant by the source it adds", "", "utm_source=chatgpt.com", Channel.AI_ASSISTANTS),
    ("an assistant of a search engine's maker", "https://gemini.google.com/", "", Channel.AI_ASSISTANTS),
    ("search", "https://www.google.com/", "", Channel.ORGANIC_SEARCH),
    ("search in another country", "https://www.google.com.br/", "", Channel.ORGANIC_SEARCH),
    ("search that no table knows", "https://search.example.org/", "utm_medium=organic", Channel.ORGANIC_SEARCH),
    ("social", "https://t.co/abc", "", Channel.ORGANIC_SOCIAL),
    ("social that no table knows", "https://toots.example.org/", "utm_medium=social", Channel.ORGANIC_SOCIAL),
    ("video", "https://www.youtube.com/watch?v=1", "", Channel.ORGANIC_VIDEO),
    ("video that no table knows", "", "utm_source=someone&utm_medium=video", Channel.ORGANIC_VIDEO),
    ("a shop", "https://www.amazon.de/", "", Channel.ORGANIC_SHOPPING),
    ("any other website", "https://blog.example.org/", "", Channel.REFERRAL),
    ("a link that says so", "", "utm_source=someone&utm_medium=referral", Channel.REFERRAL),
    ("a campaign of no known kind", "", "utm_source=poster&utm_campaign=spring", Channel.CAMPAIGN),
]


@pytest.mark.parametrize(("referrer", "query", "channel"), [pytest.param(*case[1:], id=case[0]) for case in CHANNELS])
def test_channels(referrer: str, query: str, channel: Channel) -> None:
    assert source_of({"url": f"https://example.com/?{query}", "referrer": referrer}).channel == channel


def test_every_channel_has_a_rule_and_a_case() -> None:
    assert {channel for channel, _ in RULES} == set(Channel)
    assert {case[3] for case in CHANNELS} == set(Channel)


def test_the_campaign_says_more_than_the_referrer() -> None:
    assert channel_of("newsletter", "email", "", "google.com", paid_click=False) is Channel.EMAIL


def test_a_server_s_event_that_tells_nothing_has_no_channel_but_a_browser_s_is_direct() -> None:
    assert source_of({"value": 1}).channel == ""
    assert source_of({"value": 1}, Sender(SenderKind.BROWSER)).channel == Channel.DIRECT
