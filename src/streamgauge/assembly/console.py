"""The routes of the console, with what their answers need."""

from typing import NamedTuple

from streamgauge.assembly.parts import Parts
from streamgauge.kernel.settings import Settings
from streamgauge.query import QueryRunner
from streamgauge.web.body import Bodies
from streamgauge.web.console.feed import Feed
from streamgauge.web.console.live import LIVE_ROUTES, LiveDesk
from streamgauge.web.console.routes import console_paths
from streamgauge.web.console.vocabulary import VOCABULARY_ROUTES, VocabularyDesk
from streamgauge.web.exchange import Gate
from streamgauge.web.routing import Path


class ConsoleParts(NamedTuple):
    """What the console's routes are made of."""

    settings: Settings
    parts: Parts
    runner: QueryRunner
    gate: Gate
    bodies: Bodies


def console(parts: ConsoleParts) -> list[Path]:
    """All paths below /console/v1. From here on the loader tells the live view."""
    vocabulary = VocabularyDesk(parts.runner, parts.parts.control)
    feed = Feed()
    parts.parts.loader.add_listener(feed)
    live = LiveDesk(feed, parts.runner, parts.parts.loader)
    return [
        *console_paths(parts.gate, parts.bodies, VOCABULARY_ROUTES, vocabulary),
        *console_paths(parts.gate, parts.bodies, LIVE_ROUTES, live),
    ]
