"""The steps of enrichment, in the order in which they run."""

from collections.abc import Callable, Iterable

import msgspec

from streamgauge.intake.enrichment.clues import Clues, Draft, clues_of, to_context
from streamgauge.intake.enrichment.sender import Sender, SenderKind
from streamgauge.kernel.event import Event
from streamgauge.kernel.website import Website

Step = Callable[[Clues, Draft], None]
"""One step: reads the clues and what earlier steps found, fills its own fields of the draft. Never raises."""


class Enricher:
    """Runs the steps."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._steps = tuple(steps)

    def browser(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> Sender:
        """The visitor's browser as sender. peer: the address of the connection. headers: lower-case names, as in ASGI."""
        return Sender(SenderKind.BROWSER, peer)

    def enrich(self, event: Event, website: Website, sender: Sender) -> Event:
        """The event with what the steps found out. Never raises."""
        clues = clues_of(event, website, sender)
        draft = Draft(event.visitor_id, event.flags)
        for step in self._steps:
            step(clues, draft)
        return msgspec.structs.replace(event, visitor_id=draft.visitor_id, flags=draft.flags, web=to_context(draft))
