"""The routes of the console, with what their answers need."""

from typing import NamedTuple

from streamgauge.assembly.parts import Parts
from streamgauge.kernel.settings import Settings
from streamgauge.query import QueryRunner
from streamgauge.web.audit import Auditor
from streamgauge.web.body import Bodies
from streamgauge.web.console.feed import Feed
from streamgauge.web.console.live import LIVE_ROUTES, LiveDesk
from streamgauge.web.console.members import MEMBER_ROUTES, MembersDesk
from streamgauge.web.console.people import PEOPLE_ROUTES, PeopleDesk
from streamgauge.web.console.routes import console_paths, open_paths
from streamgauge.web.console.vocabulary import VOCABULARY_ROUTES, VocabularyDesk
from streamgauge.web.exchange import Gate
from streamgauge.web.routing import Path


class ConsoleParts(NamedTuple):
    """What the console's routes are made of. owner_token: of the link by which the first owner comes."""

    settings: Settings
    parts: Parts
    runner: QueryRunner
    gate: Gate
    bodies: Bodies
    owner_token: str
    auditor: Auditor


def console(parts: ConsoleParts) -> list[Path]:
    """All paths below /console/v1. From here on the loader tells the live view."""
    vocabulary = VocabularyDesk(parts.runner, parts.parts.control)
    feed = Feed()
    parts.parts.loader.add_listener(feed)
    live = LiveDesk(feed, parts.runner, parts.parts.loader)
    control, settings = parts.parts.control, parts.settings
    secure = settings.public_url.startswith("https://")
    people = PeopleDesk(control, parts.owner_token, secure=secure, oidc_name=None, auditor=parts.auditor)
    members = MembersDesk(control, settings.public_url.rstrip("/"))
    return [
        *open_paths(parts.gate, parts.bodies, PEOPLE_ROUTES, people),
        *console_paths(parts.gate, parts.bodies, MEMBER_ROUTES, members),
        *console_paths(parts.gate, parts.bodies, VOCABULARY_ROUTES, vocabulary),
        *console_paths(parts.gate, parts.bodies, LIVE_ROUTES, live),
    ]
