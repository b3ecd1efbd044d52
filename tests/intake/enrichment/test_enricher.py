"""The steps together: what a browser's request and a server's event become, and what is tended in the background."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from streamgauge.intake.enrichment import SERVER, Enricher, SenderKind, UnusableGeoDatabase, open_enricher
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag, encode_batch
from streamgauge.kernel.website import WebContext, Website
from tests.intake.enrichment.geo_files import FRANKFURT, write_geo_file

NOW_MS = 1_795_399_655_376
DAY_MS = 86_400_000
SITE = Website("w", "shop", "example.com")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0 Zx9Q"
HEADERS = [
    (b"host", b"stats.example.com"),
    (b"user-agent", FIREFOX.encode()),
    (b"accept-language", b"de-AT,de;q=0.9"),
    (b"referer", b"https://example.com/"),
    (b"x-forwarded-for", b"8.8.8.77"),
]
PAGE_VIEW = Event(
    "e1",
    "page_view",
    NOW_MS,
    website_id="w",
    flags=EventFlag.FIRST_WINS,
    properties=b'{"page_url":"https://example.com/a?gclid=1","referrer":"https://www.google.com/"}',
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def geo_file(tmp_path: Path) -> Path:
    return write_geo_file(tmp_path / "geo.mmdb", {"8.8.8.0/24": FRANKFURT})


@pytest.fixture
def enricher(tmp_path: Path, geo_file: Path, clock: ManualClock) -> Enricher:
    return open_enricher(str(geo_file), ["10.0.0.0/8"], tmp_path, clock)


def test_a_page_view_of_a_browser(enricher: Enricher) -> None:
    seen = enricher.enrich(PAGE_VIEW, SITE, enricher.browser("10.0.0.1", HEADERS))
    assert seen.web == WebContext(
        hostname="example.com",
        path="/a",
        referrer="google.com",
        channel="Paid Search",
        country="DE",
        region="DE-HE",
        city="Frankfurt am Main",
        device="desktop",
        browser="Firefox",
        os="Linux",
        language="de-at",
    )
    assert len(seen.visitor_id) == 32
    assert seen.flags == EventFlag.FIRST_WINS
    assert msgspec.structs.replace(seen, visitor_id="", web=None) == PAGE_VIEW


def test_what_is_written_to_the_journal_tells_neither_address_nor_user_agent(enricher: Enricher) -> None:
    seen = enricher.enrich(PAGE_VIEW, SITE, enricher.browser("10.0.0.1", HEADERS))
    record = encode_batch(Batch("shop", Door.THEBIZNESS, NOW_MS, [seen]))
    assert b"Frankfurt" in record
    for trace in (b"8.8.8.77", b"10.0.0.1", b"Zx9Q", b"132.0", bytes([8, 8, 8, 77])):
        assert trace not in record


def test_a_server_s_event_is_about_whom_its_properties_tell(enricher: Enricher) -> None:
    told = {"page_url": "/a", "user_agent": FIREFOX, "ip": "8.8.8.77", "language": "fr"}
    event = msgspec.structs.replace(PAGE_VIEW, visitor_id="user-1", properties=msgspec.json.encode(told))
    seen = enricher.enrich(event, SITE, SERVER)
    assert seen.web == WebContext(
        path="/a",
        channel="Direct",
        country="DE",
        region="DE-HE",
        city="Frankfurt am Main",
        device="desktop",
        browser="Firefox",
        os="Linux",
        language="fr",
    )
    assert seen.visitor_id == "user-1"


def test_a_server_s_event_that_tells_nothing_is_enriched_with_nothing(enricher: Enricher) -> None:
    event = msgspec.structs.replace(PAGE_VIEW, properties=b'{"value":29.99}')
    assert enricher.enrich(event, SITE, SERVER) == msgspec.structs.replace(event, web=WebContext())


def test_bots_are_flagged_and_have_no_device(enricher: Enricher) -> None:
    for headers in ([(b"user-agent", b"Googlebot/2.1")], []):
        seen = enricher.enrich(PAGE_VIEW, SITE, enricher.browser("8.8.8.77", headers))
        assert seen.flags == EventFlag.FIRST_WINS | EventFlag.BOT
        assert seen.web is not None
        assert (seen.web.device, seen.web.browser, seen.web.os, seen.web.city) == ("", "", "", "Frankfurt am Main")
    told = msgspec.structs.replace(PAGE_VIEW, properties=b'{"user_agent":"Googlebot/2.1"}')
    assert enricher.enrich(told, SITE, SERVER).flags & EventFlag.BOT
    assert not enricher.enrich(PAGE_VIEW, SITE, SERVER).flags & EventFlag.BOT


def test_a_browser_s_sender_is_made_of_its_request(enricher: Enricher) -> None:
    sender = enricher.browser("10.0.0.1", [*HEADERS[:1], (b"user-agent", b"a" * 5_000)])
    assert (sender.kind, sender.address, sender.accept_language, sender.referrer) == (SenderKind.BROWSER, "10.0.0.1", "", "")
    assert len(sender.user_agent) == 512


def test_a_server_cannot_be_opened_with_what_is_no_file_or_no_network(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.raises(UnusableGeoDatabase):
        open_enricher(str(tmp_path / "none.mmdb"), (), tmp_path, clock)
    with pytest.raises(ValueError, match="nonsense"):
        open_enricher("", ["nonsense"], tmp_path, clock)


async def tended(enricher: Enricher, until: Callable[[], bool]) -> list[Exception]:
    """The failures that tending reported until then."""
    failures: list[Exception] = []
    task = asyncio.create_task(enricher.keep_fresh(failures.append, interval_s=0.001))
    async with asyncio.timeout(10):
        while not (until() or failures):
            await asyncio.sleep(0.001)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return failures


def city_of(enricher: Enricher) -> str:
    seen = enricher.enrich(PAGE_VIEW, SITE, enricher.browser("8.8.8.77", HEADERS))
    assert seen.web is not None
    return seen.web.city


def test_a_changed_database_is_taken_up_while_running(enricher: Enricher, geo_file: Path) -> None:
    write_geo_file(geo_file, {"8.8.8.0/24": {"country": {"iso_code": "CH"}, "city": {"names": {"en": "Bern"}}}})
    assert asyncio.run(tended(enricher, lambda: city_of(enricher) == "Bern")) == []


def test_a_database_that_went_bad_is_reported_and_the_old_one_stays(enricher: Enricher, geo_file: Path) -> None:
    geo_file.write_bytes(b"half a file")
    failures = asyncio.run(tended(enricher, lambda: False))
    assert [type(failure) for failure in failures] == [UnusableGeoDatabase] * len(failures)
    assert city_of(enricher) == "Frankfurt am Main"


def test_salts_are_deleted_while_running(enricher: Enricher, clock: ManualClock, tmp_path: Path) -> None:
    salts = tmp_path / "visitor-salts.json"
    before = salts.read_text()
    clock.advance(2 * DAY_MS / 1000)
    assert asyncio.run(tended(enricher, lambda: salts.read_text() != before)) == []
    assert list(json.loads(salts.read_text())) == [str(clock.now_ms() // DAY_MS)]
