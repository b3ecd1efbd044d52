"""Step: which page the event happened on, and which campaign led there.

    page_url | url | path | page (properties: the first that is a URL or a path)     -> hostname, path
    utm_* (properties, else the URL's query; ref and source stand in for utm_source)  -> utm_*
    an advertiser's click id in the URL's query                                       -> paid_click

Query and fragment are dropped. When a browser tells no page, the Referer header names the page that sent the event.
"""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_plus

from streamgauge.intake.enrichment.cleaning import LONGEST_CAMPAIGN, LONGEST_HOST, LONGEST_PATH, LONGEST_URL, clean
from streamgauge.intake.enrichment.clues import Clues, Draft

_PAID_CLICK_IDS = frozenset({"gclid", "gbraid", "wbraid", "dclid", "msclkid", "ttclid", "twclid", "li_fat_id", "epik", "sccid"})
# Advertising systems put these on links that were paid for. Not fbclid: Facebook puts it on every link that leads out.
_SOURCES = ("utm_source", "ref", "source")
_WANTED = frozenset({"utm_medium", "utm_campaign", "utm_term", "utm_content", *_SOURCES, *_PAID_CLICK_IDS})
_MOST_PARAMETERS = 64
_REMEMBERED = 4_096
_LONGEST_REMEMBERED = 512


class Page(NamedTuple):
    """What a URL tells. host: lower case, "" of a bare path. The utm_* fields and paid_click are those of its query."""

    host: str = ""
    path: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    paid_click: bool = False


NO_PAGE = Page()


def put_page(clues: Clues, draft: Draft) -> None:
    page = _page_of(clues)
    draft.hostname, draft.path, *_ = page
    if page.host == "" and clues.sender.referrer:
        draft.hostname = page_of(clues.sender.referrer).host
    told = clues.told
    draft.utm_source = _told(told.utm_source) or page.utm_source
    draft.utm_medium = _told(told.utm_medium) or page.utm_medium
    draft.utm_campaign = _told(told.utm_campaign) or page.utm_campaign
    draft.utm_term = _told(told.utm_term) or page.utm_term
    draft.utm_content = _told(told.utm_content) or page.utm_content
    draft.paid_click = page.paid_click


def _page_of(clues: Clues) -> Page:
    told = clues.told
    for value in (told.page_url, told.url, told.path, told.page):
        if isinstance(value, str):
            page = page_of(value)
            if page is not NO_PAGE:
                return page
    return page_of(clues.sender.referrer) if clues.sender.referrer else NO_PAGE


def page_of(text: str) -> Page:
    """What a URL (with a scheme or "//" in front) or a bare path ("/...") tells; NO_PAGE of anything else."""
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _read(text[:LONGEST_URL])


def _read(text: str) -> Page:
    text = text.strip()
    if not text.startswith("/") or text.startswith("//"):
        scheme, slashes, text = text.partition("//")
        if not slashes or (scheme and not _is_scheme(scheme)):
            return NO_PAGE
        authority, rest = _cut_before(text, "/?#")
        host = _host_of(authority)
        if not host:
            return NO_PAGE
    else:
        host, rest = "", text
    path, _, query = rest.partition("#")[0].partition("?")
    path = clean(path, LONGEST_PATH) or "/"
    if not query:
        return Page(host, path)
    found = _wanted_of(query)
    source = next((found[name] for name in _SOURCES if name in found), "")
    return Page(
        host,
        path,
        utm_source=clean(source, LONGEST_CAMPAIGN),
        utm_medium=clean(found.get("utm_medium", ""), LONGEST_CAMPAIGN),
        utm_campaign=clean(found.get("utm_campaign", ""), LONGEST_CAMPAIGN),
        utm_term=clean(found.get("utm_term", ""), LONGEST_CAMPAIGN),
        utm_content=clean(found.get("utm_content", ""), LONGEST_CAMPAIGN),
        paid_click=not _PAID_CLICK_IDS.isdisjoint(found),
    )


_remembered = lru_cache(maxsize=_REMEMBERED)(_read)


def _told(value: object) -> str:
    return clean(value, LONGEST_CAMPAIGN) if isinstance(value, str) else ""


def _wanted_of(query: str) -> dict[str, str]:
    """The wanted parameters of a query, decoded; the first of several with one name. Empty ones are left out."""
    found: dict[str, str] = {}
    for parameter in query.split("&", _MOST_PARAMETERS)[:_MOST_PARAMETERS]:
        name, _, value = parameter.partition("=")
        name = name.lower()
        if value and name in _WANTED and name not in found:
            found[name] = unquote_plus(value)
    return found


def _is_scheme(text: str) -> bool:
    name = text.removesuffix(":")
    return len(name) < len(text) <= 32 and name.isascii() and name.replace("-", "").replace("+", "").replace(".", "").isalnum()


def _cut_before(text: str, marks: str) -> tuple[str, str]:
    end = min((place for place in map(text.find, marks) if place >= 0), default=len(text))
    return text[:end], text[end:]


def _host_of(authority: str) -> str:
    """The host of "user:password@host:port", lower case; "" when there is none. An IPv6 address keeps its brackets."""
    host = authority.rpartition("@")[2]
    host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    host = clean(host, LONGEST_HOST).rstrip(".").lower()
    return host if host and not any(mark in host for mark in ' "<>\\^`{|}') else ""
