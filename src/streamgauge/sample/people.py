"""Who visits and who pays, as tables of shares; and the choice from such a table by a random generator."""

import random
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
Shares = Sequence[tuple[T, float]]


def pick(rng: random.Random, shares: Shares[T]) -> T:
    """One of the things, as often as its share says."""
    return rng.choices([thing for thing, _ in shares], [share for _, share in shares])[0]


class Place(NamedTuple):
    """Where a visitor is. hours: what the clock there shows when it is midnight in UTC."""

    country: str
    region: str
    city: str
    hours: int


PLACES: Shares[Place] = (
    (Place("US", "US-CA", "San Francisco", -8), 12), (Place("US", "US-NY", "New York", -5), 11),
    (Place("US", "US-TX", "Austin", -6), 6), (Place("DE", "DE-BE", "Berlin", 1), 9), (Place("DE", "DE-BY", "Munich", 1), 5),
    (Place("GB", "GB-LND", "London", 0), 10), (Place("FR", "FR-IDF", "Paris", 1), 6),
    (Place("IN", "IN-KA", "Bengaluru", 5), 7), (Place("NL", "NL-NH", "Amsterdam", 1), 4),
    (Place("CA", "CA-ON", "Toronto", -5), 4), (Place("BR", "BR-SP", "São Paulo", -3), 4),
    (Place("JP", "JP-13", "Tokyo", 9), 3), (Place("AU", "AU-NSW", "Sydney", 11), 3),
    (Place("SE", "SE-AB", "Stockholm", 1), 2), (Place("ES", "ES-MD", "Madrid", 1), 3),
    (Place("PL", "PL-14", "Warsaw", 1), 2), (Place("SG", "SG-01", "Singapore", 8), 2),
    (Place("KE", "KE-30", "Nairobi", 3), 1), (Place("CH", "CH-ZH", "Zurich", 1), 2),
    (Place("MX", "MX-CMX", "Mexico City", -6), 2),
)  # fmt: skip

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
_ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"
_IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
BROWSERS: Shares[str] = (
    (_WINDOWS, 30), (_MAC, 17), (_IPHONE, 18), (_ANDROID, 14), (_IPAD, 3),
    (_WINDOWS + " Edg/141.0.0.0", 8),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", 6),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0", 4),
)  # fmt: skip


class Source(NamedTuple):
    """How a visit began: the page that linked here, and what the link said."""

    referrer: str = ""
    query: str = ""


SOURCES: Shares[Source] = (
    (Source(), 30), (Source("https://www.google.com/"), 27), (Source("https://github.com/explore"), 8),
    (Source("https://news.ycombinator.com/"), 6), (Source("https://www.bing.com/"), 4), (Source("https://duckduckgo.com/"), 3),
    (Source("https://www.linkedin.com/feed/"), 5), (Source("https://www.reddit.com/r/dataengineering/"), 4),
    (Source("https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=autumn_launch&gclid=sample"), 7),
    (Source("", "utm_source=newsletter&utm_medium=email&utm_campaign=november_news"), 5),
    (Source("https://dev.to/", "utm_source=devto&utm_medium=referral&utm_campaign=metering_guide"), 2),
)  # fmt: skip

_FIRST = ("Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Garnet", "Harbor", "Indigo", "Juniper")
_SECOND = ("Analytics", "Foods", "Labs", "Logistics")
CUSTOMERS: Sequence[tuple[str, str]] = tuple(
    (f"{first}-{second}".lower(), f"{first} {second}") for second in _SECOND for first in _FIRST
)
"""External ids and names of those who are billed."""
