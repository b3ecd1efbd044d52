"""Step: which page the event happened on, and which campaign led there.

    page_url | url | path | page (properties: the first that is a URL or a path)     -> hostname, path
    utm_* (properties, else the URL's query; ref and source stand in for utm_source)  -> utm_*
    an advertiser's click id in the URL's query                                       -> paid_click

Query and fragment are dropped. When a browser tells no page, the Referer header names the page that sent the event.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_plus

from streamgauge.intake.enrichment.cleaning import LONGEST_CAMPAIGN, LONGEST_HOST, LONGEST_PATH, LONGEST_URL, clean
from streamgauge.intake.enrichment.clues import Clues, Draft, text_of

CAMPAIGN_FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
CLICK_IDS = frozenset(
    {"gclid", "gbraid", "wbraid", "dclid", "msclkid", "fbclid", "ttclid", "twclid", "li_fat_id", "epik", "sccid"}
)
"""Parameters that advertising systems put on links."""

_UNPAID_CLICK_IDS = frozenset({"fbclid"})  # Facebook puts it on every link that leads out, paid for or not.
_SOURCE_STAND_INS = ("ref", "source")
_WANTED = frozenset({*CAMPAIGN_FIELDS, *_SOURCE_STAND_INS, *CLICK_IDS})
_MOST_PARAMETERS = 64


class Address(NamedTuple):
    """A URL in the parts that are used. host: lower case, "" of a bare path. query: without the question mark."""

    host: str = ""
    path: str = ""
    query: str = ""


NO_ADDRESS = Address()


def put_page(clues: Clues, draft: Draft) -> None:
    address = _page_of(clues)
    draft.hostname, draft.path = address.host, address.path
    query = _wanted_of(address.query) if address.query else {}
    _put_campaign(clues, draft, query)
    draft.paid_click = any(name in CLICK_IDS and name not in _UNPAID_CLICK_IDS for name in query)


def split_address(text: str) -> Address:
    """The parts of a URL (with a scheme or "//" in front) or of a bare path ("/..."); NO_ADDRESS of anything else."""
    text = text[:LONGEST_URL].strip()
    if not text.startswith("/") or text.startswith("//"):
        scheme, slashes, text = text.partition("//")
        if not slashes or (scheme and not _is_scheme(scheme)):
            return NO_ADDRESS
        authority, rest = _cut_before(text, "/?#")
        host = _host_of(authority)
        if not host:
            return NO_ADDRESS
    else:
        host, rest = "", text
    beyond = rest.partition("#")[0]
    path, _, query = beyond.partition("?")
    return Address(host, clean(path, LONGEST_PATH) or "/", query)


def _page_of(clues: Clues) -> Address:
    told = clues.told
    for value in (told.page_url, told.url, told.path, told.page):
        if isinstance(value, str):
            address = split_address(value)
            if address is not NO_ADDRESS:
                return address if address.host else address._replace(host=_host_of_request(clues))
    return split_address(clues.sender.referrer)


def _host_of_request(clues: Clues) -> str:
    """A browser that tells a bare path says in the Referer header which host it is on."""
    return split_address(clues.sender.referrer).host if clues.sender.referrer else ""


def _put_campaign(clues: Clues, draft: Draft, query: Mapping[str, str]) -> None:
    told = clues.told
    source = text_of(told.utm_source) or query.get("utm_source", "")
    if not source:
        source = next((query[name] for name in _SOURCE_STAND_INS if query.get(name)), "")
    draft.utm_source = clean(source, LONGEST_CAMPAIGN)
    draft.utm_medium = clean(text_of(told.utm_medium) or query.get("utm_medium", ""), LONGEST_CAMPAIGN)
    draft.utm_campaign = clean(text_of(told.utm_campaign) or query.get("utm_campaign", ""), LONGEST_CAMPAIGN)
    draft.utm_term = clean(text_of(told.utm_term) or query.get("utm_term", ""), LONGEST_CAMPAIGN)
    draft.utm_content = clean(text_of(told.utm_content) or query.get("utm_content", ""), LONGEST_CAMPAIGN)


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
