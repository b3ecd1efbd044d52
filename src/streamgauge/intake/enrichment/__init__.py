"""Enrichment: what an event on a website tells about its page, its source and its visitor's device and place.

    enricher.browser(peer, headers) -> Sender      of a request that the visitor's browser sent (the tracker)
    SERVER                                         the sender of a request that a server sent (the API)
    enricher.enrich(event, website, sender) -> Event   with web, flags (BOT) and, from browsers, visitor_id

Promise: `enrich` never raises and never refuses, does no I/O and is bounded in time whatever was sent; address and User-Agent
are used and dropped, none of them is in the event that comes back (but for properties, which stay as their sender wrote them).
"""

from streamgauge.intake.enrichment.enricher import Enricher, open_enricher
from streamgauge.intake.enrichment.place import UnusableGeoDatabase
from streamgauge.intake.enrichment.sender import SERVER, Sender, SenderKind

__all__ = ["SERVER", "Enricher", "Sender", "SenderKind", "UnusableGeoDatabase", "open_enricher"]
