"""What an event tells about its page, source and visitor, read once, and the draft that the steps fill in from it.

Properties are the sender's: any key may be absent or of any type. What is not a text is as good as absent.
"""

import msgspec

from streamgauge.intake.enrichment.address import parse_address
from streamgauge.intake.enrichment.sender import Sender, SenderKind
from streamgauge.kernel.event import Event
from streamgauge.kernel.website import WebContext, Website

LONGEST_USER_AGENT = 512
"""Characters of a User-Agent that are looked at."""


class Told(msgspec.Struct, frozen=True, gc=False):
    """The properties that enrichment reads, of any JSON type; docs/enrichment.md lists them."""

    page_url: object = None
    url: object = None
    path: object = None
    page: object = None
    referrer: object = None
    utm_source: object = None
    utm_medium: object = None
    utm_campaign: object = None
    utm_term: object = None
    utm_content: object = None
    language: object = None
    user_agent: object = None
    ip: object = None
    country: object = None
    region: object = None
    city: object = None


NOTHING_TOLD = Told()
_decoder = msgspec.json.Decoder(Told)


class Clues(msgspec.Struct, frozen=True, gc=False):
    """All that is known before the first step. address, user_agent: of the visitor, "" when unknown; never stored."""

    event: Event
    website: Website
    sender: Sender
    told: Told
    address: str
    user_agent: str

    @property
    def tells_nothing(self) -> bool:
        """Most events of servers: no step would find anything."""
        return self.told == NOTHING_TOLD and not self.from_browser

    @property
    def from_browser(self) -> bool:
        return self.sender.kind is SenderKind.BROWSER


class Draft(msgspec.Struct, gc=False):
    """The fields of a WebContext while the steps run, and what else they find out.

    query: the wanted parameters of the page's URL. paid_click: the URL carries an advertiser's click id.
    """

    visitor_id: str
    flags: int
    hostname: str = ""
    path: str = ""
    referrer: str = ""
    channel: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    device: str = ""
    browser: str = ""
    os: str = ""
    language: str = ""
    paid_click: bool = False


def clues_of(event: Event, website: Website, sender: Sender) -> Clues:
    """A browser's address and User-Agent are those of its request; a server tells the visitor's in the properties, if at all."""
    told = read_told(event.properties)
    if sender.kind is SenderKind.BROWSER:
        return Clues(event, website, sender, told, sender.address, sender.user_agent)
    address = parse_address(told.ip) if isinstance(told.ip, str) else None
    return Clues(event, website, sender, told, str(address or ""), text_of(told.user_agent)[:LONGEST_USER_AGENT])


def read_told(properties: bytes) -> Told:
    if not properties:
        return NOTHING_TOLD
    try:
        return _decoder.decode(properties)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return NOTHING_TOLD  # the dialect has judged the properties already; here nothing can be refused any more


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


NOTHING_KNOWN = WebContext()


def to_context(draft: Draft) -> WebContext:
    return WebContext(
        draft.hostname,
        draft.path,
        draft.referrer,
        draft.channel,
        draft.utm_source,
        draft.utm_medium,
        draft.utm_campaign,
        draft.utm_term,
        draft.utm_content,
        draft.country,
        draft.region,
        draft.city,
        draft.device,
        draft.browser,
        draft.os,
        draft.language,
    )
