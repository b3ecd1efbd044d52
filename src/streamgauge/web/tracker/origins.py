"""Whether a page may send events of a website: what its origin, as its browser tells it, must be.

Limit: an origin is the word of a browser. A program can send any, so this keeps foreign pages out and no forger; what an
anonymous sender can do at most is told in docs/tracker.md.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website

_WEBSITES_KEPT = 1024


def check_origin(website: Website, origin: str) -> None:
    """origin: the header Origin, "" when it was not sent. Raises Refusal origin_not_allowed.

    With allowed_origins it must be one of them; without, it must be of the website's domain or below it, whatever its port.
    """
    if origin and _may_send(website, origin.lower()):
        return
    shown = repr(origin[:200]) if origin else "a sender without an origin"
    if website.allowed_origins:
        expected = "one of the website's allowed_origins"
    else:
        expected = f"a page of {website.domain} or of a subdomain"
    message = f"The website does not take events from {shown}; allowed is {expected}."
    raise Refusal(Reason.ORIGIN_NOT_ALLOWED, message, field="Origin", expected=expected)


def _may_send(website: Website, origin: str) -> bool:
    if website.allowed_origins:
        return origin in website.allowed_origins
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        return False
    domain = _host_of(website.domain)
    return parts.scheme in ("http", "https") and (host == domain or host.endswith("." + domain))


@lru_cache(_WEBSITES_KEPT)
def _host_of(domain: str) -> str:
    """A website's domain as browsers write it: without a port, in the ASCII form of names."""
    host = domain.partition(":")[0]
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
