"""The steps of enrichment, in the order in which they run: page, source, device, bots, place, language, visitor."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_network
from pathlib import Path

import msgspec

from streamgauge.intake.enrichment.address import TrustedProxies
from streamgauge.intake.enrichment.clues import LONGEST_USER_AGENT, NOTHING_KNOWN, Clues, Draft, clues_of, to_context
from streamgauge.intake.enrichment.device import UserAgents
from streamgauge.intake.enrichment.language import put_language
from streamgauge.intake.enrichment.page import put_page
from streamgauge.intake.enrichment.place import Places, UnusableGeoDatabase
from streamgauge.intake.enrichment.sender import Sender, SenderKind
from streamgauge.intake.enrichment.source import put_source
from streamgauge.intake.enrichment.visitor import Salts, Visitors
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.event import Event
from streamgauge.kernel.website import Website

Step = Callable[[Clues, Draft], None]
"""One step: reads the clues and what earlier steps found, fills in its own fields of the draft. Never raises."""

TEND_INTERVAL_S = 30.0


class Enricher:
    """Runs the steps."""

    def __init__(self, agents: UserAgents, places: Places, salts: Salts | None, proxies: TrustedProxies) -> None:
        """salts: None where no event comes from a browser, since only those get an id made of them."""
        self._places = places
        self._salts = salts
        self._proxies = proxies
        self._steps: tuple[tuple[str, Step], ...] = (
            ("page", put_page),
            ("source", put_source),
            ("device", agents.put_device),
            ("bots", agents.mark_bots),
            ("place", places.put_place),
            ("language", put_language),
            *((("visitor", Visitors(salts).put_visitor),) if salts is not None else ()),
        )

    def browser(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> Sender:
        """The visitor's browser as sender. peer: the address of the connection, "" when unknown. headers: lower-case names."""
        found = {name: value.decode("latin-1") for name, value in headers if name in _HEADERS}
        return Sender(
            SenderKind.BROWSER,
            self._proxies.visitor_address(peer, headers),
            found.get(b"user-agent", "")[:LONGEST_USER_AGENT],
            found.get(b"accept-language", ""),
            found.get(b"referer", ""),
        )

    def enrich(self, event: Event, website: Website, sender: Sender) -> Event:
        """The event with what the steps found out: web, flags, visitor_id. Never raises, never waits."""
        clues = clues_of(event, website, sender)
        if clues.tells_nothing:
            return msgspec.structs.replace(event, web=NOTHING_KNOWN)
        draft = Draft(event.visitor_id, event.flags)
        for _, step in self._steps:
            step(clues, draft)
        return msgspec.structs.replace(event, visitor_id=draft.visitor_id, flags=int(draft.flags), web=to_context(draft))

    async def keep_fresh(self, on_failure: Callable[[Exception], None], interval_s: float = TEND_INTERVAL_S) -> None:
        """Take up a changed database, and delete salts in time, for ever. A failure is reported and tried again."""
        while True:
            await asyncio.sleep(interval_s)
            for tend in (self._places.refresh, *((self._salts.tend,) if self._salts is not None else ())):
                try:
                    await asyncio.to_thread(tend)
                except (OSError, UnusableGeoDatabase) as exc:
                    on_failure(exc)


_HEADERS = frozenset({b"user-agent", b"accept-language", b"referer"})


def open_enricher(
    geo_database: str, trusted_proxies: Iterable[str], data_dir: Path, clock: Clock, *, browsers: bool = True
) -> Enricher:
    """The enricher of a server. geo_database: path of a MaxMind DB, "" for none. trusted_proxies: networks. browsers: whether
    events come from them; one process may say so, since it keeps the salts.

    Raises UnusableGeoDatabase, OSError (the salts cannot be saved), ValueError (no network).
    """
    return Enricher(
        UserAgents(),
        Places(Path(geo_database) if geo_database else None, data_dir),
        Salts(data_dir / "visitor-salts.json", clock) if browsers else None,
        TrustedProxies(ip_network(text) for text in trusted_proxies),
    )
