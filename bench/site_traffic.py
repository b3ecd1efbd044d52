"""Traffic of one website over 90 days: visits with page views and clicks, the same on every run.

A visit has 1 to 7 events (4.0 on average), 20 to 200 s apart; the fourth is a click, all others are page views. The visitors
are a million, so most come more than once. Pages and countries follow a power law, as those of real websites do.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

WEBSITE = "bench-site"
DOMAIN = "example.com"
DAYS = 90
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
BATCH_EVENTS = 1_000

_PAGES = 1_000
_VISITORS = 1_000_000
_REFERRERS = (
    *("", "", "https://www.google.com/", "https://duckduckgo.com/", "https://news.ycombinator.com/item", "https://t.co/x"),
    *(f"https://blog{number}.example.org/post" for number in range(60)),
)
_COUNTRIES = (
    "US",
    "DE",
    "IN",
    "GB",
    "FR",
    "BR",
    "JP",
    "CA",
    "NL",
    "ES",
    "IT",
    "AU",
    "PL",
    "SE",
    "MX",
    "KE",
    "ZA",
    "KR",
    "CH",
    "AT",
)
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML) Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML) Mobile/15E148 Safari/604.1",
)


def batches(events: int, seed: int = 1) -> Iterator[bytes]:
    """Bodies for the theBizness door's batches, in the order of time, as the events of a website come in."""
    chance = random.Random(seed)
    waiting: list[dict[str, object]] = []
    made = visits = 0
    expected_visits = events / 4.0
    while made < events:
        started = FIRST_DAY + timedelta(seconds=DAYS * 86_400 * visits / expected_visits)
        visits += 1
        waiting.extend(_visit(chance, min(started, FIRST_DAY + timedelta(days=DAYS, hours=-1))))
        while len(waiting) >= BATCH_EVENTS and made < events:
            yield _body(waiting[:BATCH_EVENTS])
            del waiting[:BATCH_EVENTS]
            made += BATCH_EVENTS


def _visit(chance: random.Random, started: datetime) -> Iterator[dict[str, object]]:
    visitor = f"visitor-{int(_VISITORS * chance.random())}"
    always = {
        "referrer": chance.choice(_REFERRERS),
        "country": _COUNTRIES[_skewed(chance, len(_COUNTRIES))],
        "user_agent": chance.choice(_BROWSERS),
    }
    at = started
    for number in range(chance.choice((1, 1, 2, 3, 4, 5, 6, 7, 7))):
        page = f"https://{DOMAIN}/page/{_skewed(chance, _PAGES)}"
        name = "click" if number % 4 == 3 else "page_view"
        yield {
            "event_name": name,
            "visitor_id": visitor,
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "properties": {"page_url": page, **always},
        }
        at += timedelta(seconds=chance.randrange(20, 200))


def _skewed(chance: random.Random, count: int) -> int:
    """0 to count - 1, small ones most often."""
    return int(count ** chance.random()) - 1


def _body(events: list[dict[str, object]]) -> bytes:
    return msgspec.json.encode({"website_id": WEBSITE, "events": events})
