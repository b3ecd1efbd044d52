"""Step: where the visitor came from: the host of the page that linked here, and the channel.

The referrer is the property `referrer` (in a browser: document.referrer); a bare host is understood too. "www." is taken off. The
website's own domain, its subdomains and the page's own host are no source: the visitor was here already.
"""

from streamgauge.intake.enrichment.channels import channel_of
from streamgauge.intake.enrichment.clues import Clues, Draft, text_of
from streamgauge.intake.enrichment.page import NO_PAGE, page_of


def put_source(clues: Clues, draft: Draft) -> None:
    referrer = referrer_host(text_of(clues.told.referrer))
    if referrer and not _is_own(referrer, clues.website.domain, draft.hostname):
        draft.referrer = referrer
    if clues.from_browser or referrer or draft.path or draft.utm_source or draft.utm_medium or draft.utm_campaign:
        draft.channel = channel_of(draft.utm_source, draft.utm_medium, draft.utm_campaign, draft.referrer, draft.paid_click).value


def referrer_host(text: str) -> str:
    """The host of a referrer, without "www."; "" when there is none."""
    if not text:
        return ""
    page = page_of(text)
    if page is NO_PAGE and "." in text and "/" not in text.partition(".")[0]:
        page = page_of("//" + text)
    return page.host.removeprefix("www.")


def _is_own(host: str, domain: str, page_host: str) -> bool:
    domain = domain.lower().removeprefix("www.")
    return host == page_host.removeprefix("www.") or host == domain or host.endswith("." + domain)
