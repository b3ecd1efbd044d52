"""Whatever is sent: enrichment never raises, gives the same for the same, and keeps bounded, clean texts only."""

import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.intake.enrichment import SERVER, Enricher, open_enricher
from streamgauge.intake.enrichment.channels import Channel
from streamgauge.intake.enrichment.cleaning import (
    LONGEST_CAMPAIGN,
    LONGEST_HOST,
    LONGEST_NAME,
    LONGEST_PATH,
    LONGEST_PLACE,
    clean,
)
from streamgauge.intake.enrichment.device import DEVICES
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.website import Identity, WebContext, Website
from tests.intake.enrichment.geo_files import FRANKFURT, write_geo_file

NOW_MS = 1_795_399_655_376
LONGEST_LANGUAGE = 35

BOUNDS = {
    "hostname": LONGEST_HOST,
    "path": LONGEST_PATH,
    "referrer": LONGEST_HOST,
    "channel": max(map(len, Channel)),
    "utm_source": LONGEST_CAMPAIGN,
    "utm_medium": LONGEST_CAMPAIGN,
    "utm_campaign": LONGEST_CAMPAIGN,
    "utm_term": LONGEST_CAMPAIGN,
    "utm_content": LONGEST_CAMPAIGN,
    "country": 2,
    "region": LONGEST_PLACE,
    "city": LONGEST_PLACE,
    "device": max(map(len, DEVICES)),
    "browser": LONGEST_NAME,
    "os": LONGEST_NAME,
    "language": LONGEST_LANGUAGE,
}

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
hosts = st.one_of(
    st.sampled_from(
        ["example.com", "www.example.com", "google.co.uk", "[::1]", "[", "]", "[v1.x]", "a@b:c", "..", "xn--", "\u202e.com"]
    ),
    st.ip_addresses().map(str),
    anything,
)
urls = st.one_of(
    anything,
    st.builds(
        "{}://{}:{}/{}?{}#{}".format,
        st.sampled_from(["https", "javascript", "", "a b"]),
        hosts,
        anything,
        anything,
        anything,
        anything,
    ),
    st.builds(
        "https://{}/{}?utm_source={}&utm_medium={}&ref={}&gclid={}".format,
        hosts,
        anything,
        anything,
        anything,
        anything,
        anything,
    ),
    st.builds(
        "https://example.com/{}".format, st.sampled_from(string.ascii_letters + "%/&=\x00é").map(lambda piece: piece * 9_000)
    ),
)
agents = st.one_of(
    anything,
    st.sampled_from(["", "Mozilla/5.0 (", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36", "A" * 5_000, "bot" * 2_000]),
    st.builds("Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) {}/{} Safari/537.36".format, anything, anything, anything),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), anything, urls, agents),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(anything, inner, max_size=2)),
    max_leaves=4,
)
names = st.sampled_from([*WebContext.__struct_fields__, "page_url", "url", "page", "user_agent", "ip", "value"])
properties = st.one_of(
    st.dictionaries(names, values, max_size=6).map(msgspec.json.encode),
    st.binary(max_size=20),
    st.sampled_from([b"", b"null", b"[]", b'{"url":"\\ud800"}', b'{"url":"\xff"}', b'{"a":' * 5_000]),
)
headers = st.lists(
    st.tuples(
        st.sampled_from([b"user-agent", b"accept-language", b"referer", b"x-forwarded-for", b"forwarded", b"cookie"]),
        st.one_of(st.binary(max_size=80), agents.map(lambda text: text.encode()), urls.map(lambda text: text.encode())),
    ),
    max_size=6,
)
peers = st.one_of(st.ip_addresses().map(str), anything, st.just(""))
websites = st.builds(
    Website,
    website_id=anything,
    project_id=st.just("shop"),
    domain=st.one_of(st.sampled_from(["example.com", "www.Example.com", ""]), anything),
    identity=st.sampled_from(Identity),
)


@pytest.fixture(scope="module")
def enricher(tmp_path_factory: pytest.TempPathFactory) -> Enricher:
    folder: Path = tmp_path_factory.mktemp("hostile")
    database = write_geo_file(folder / "geo.mmdb", {"8.0.0.0/5": FRANKFURT, "2000::/4": {"country_code": "\x00", "city": 5}})
    return open_enricher(str(database), ["0.0.0.0/1", "::/1"], folder, ManualClock(NOW_MS))


def check(enriched: Event) -> None:
    web = enriched.web
    assert web is not None
    for field, longest in BOUNDS.items():
        text = getattr(web, field)
        assert len(text) <= longest, field
        assert text == clean(text, longest), field
        assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 or 0xD800 <= ord(letter) < 0xE000 for letter in text), field
        text.encode()
    assert web.channel in {*Channel, ""}
    assert web.device in {*DEVICES, ""}
    assert web.path == "" or web.path.startswith("/")
    assert "?" not in web.path
    assert "#" not in web.path


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(properties, websites, peers, headers, st.integers(-(2**40), 2**42), anything)
def test_from_a_browser(
    enricher: Enricher,
    sent: bytes,
    website: Website,
    peer: str,
    with_headers: list[tuple[bytes, bytes]],
    at_ms: int,
    visitor_id: str,
) -> None:
    event = Event("e", "page_view", at_ms, visitor_id=visitor_id, website_id=website.website_id, properties=sent)
    sender = enricher.browser(peer, with_headers)
    enriched = enricher.enrich(event, website, sender)
    check(enriched)
    assert enricher.enrich(event, website, enricher.browser(peer, with_headers)) == enriched
    assert msgspec.structs.replace(enriched, visitor_id=visitor_id, flags=event.flags, web=None) == event
    assert enriched.flags in (EventFlag.NONE, EventFlag.BOT)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(properties, websites, anything)
def test_from_a_server(enricher: Enricher, sent: bytes, website: Website, visitor_id: str) -> None:
    event = Event("e", "order", NOW_MS, visitor_id=visitor_id, website_id=website.website_id, flags=3, properties=sent)
    enriched = enricher.enrich(event, website, SERVER)
    check(enriched)
    assert enricher.enrich(event, website, SERVER) == enriched
    assert enriched.visitor_id == visitor_id
    assert enriched.flags & ~EventFlag.BOT == 3
    assert enriched.properties == sent


@given(st.text(max_size=200), st.integers(0, 50))
def test_clean_is_bounded_and_changes_nothing_twice(text: str, longest: int) -> None:
    cleaned = clean(text, longest)
    assert len(cleaned) <= longest
    assert clean(cleaned, longest) == cleaned
