"""The routes of the console, with what their answers need."""

import os
import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path as FilePath
from typing import NamedTuple, TypeVar

from streamgauge.assembly.figures import readiness_checks
from streamgauge.assembly.parts import Parts
from streamgauge.intake import Intake
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.settings import Settings
from streamgauge.limits import EventQuota, RateLimits
from streamgauge.query import QueryRunner
from streamgauge.web.alerts import ALERT_ROUTES
from streamgauge.web.audit import Auditor
from streamgauge.web.body import Bodies
from streamgauge.web.catalogue import CATALOGUE_ROUTES
from streamgauge.web.console.feed import Feed
from streamgauge.web.console.keys import KEY_ROUTES, KeysDesk
from streamgauge.web.console.live import LIVE_ROUTES, LiveDesk
from streamgauge.web.console.members import MEMBER_ROUTES, MembersDesk
from streamgauge.web.console.oidc import OIDC_ROUTES, OidcDesk, Provider
from streamgauge.web.console.people import PEOPLE_ROUTES, PeopleDesk
from streamgauge.web.console.routes import console_paths, open_paths
from streamgauge.web.console.sample import SAMPLE_ROUTES, Ask, SampleDesk
from streamgauge.web.console.state import STATE_ROUTES, Room, StateDesk, Work
from streamgauge.web.console.vocabulary import VOCABULARY_ROUTES, VocabularyDesk
from streamgauge.web.customers import CUSTOMER_ROUTES
from streamgauge.web.dashboards import DASHBOARD_ROUTES, DashboardDesk
from streamgauge.web.door_routes import DoorRoute
from streamgauge.web.entitlements import ENTITLEMENT_ROUTES, LimitDesk
from streamgauge.web.exchange import Gate
from streamgauge.web.routing import Path
from streamgauge.web.websites import WEBSITE_ROUTES

Desk = TypeVar("Desk")


class ConsoleParts(NamedTuple):
    """What the console's routes are made of. owner_token: of the link by which the first owner comes."""

    settings: Settings
    parts: Parts
    runner: QueryRunner
    gate: Gate
    bodies: Bodies
    owner_token: str
    auditor: Auditor
    intake: Intake
    windows: RateLimits
    quota: EventQuota
    limits: LimitDesk
    dashboards: DashboardDesk


def console(parts: ConsoleParts) -> list[Path]:
    """All paths below /console/v1. From here on the loader tells the live view."""
    control, settings, gate, bodies = parts.parts.control, parts.settings, parts.gate, parts.bodies
    feed = Feed()
    parts.parts.loader.add_listener(feed)
    secure = settings.public_url.startswith("https://")
    oidc_name = settings.oidc_name if settings.oidc_issuer else None
    people = PeopleDesk(control, parts.owner_token, secure=secure, oidc_name=oidc_name, auditor=parts.auditor)
    keys = KeysDesk(control, settings.plans, parts.windows.spent, parts.quota.used)
    return [
        *open_paths(gate, bodies, PEOPLE_ROUTES, people),
        *_oidc_paths(parts, people),
        *console_paths(gate, bodies, MEMBER_ROUTES, MembersDesk(control, settings.public_url.rstrip("/"))),
        *console_paths(gate, bodies, KEY_ROUTES, keys),
        *console_paths(gate, bodies, STATE_ROUTES, _state(settings, parts.parts)),
        *console_paths(gate, bodies, SAMPLE_ROUTES, _sample(parts)),
        *console_paths(gate, bodies, VOCABULARY_ROUTES, VocabularyDesk(parts.runner, control)),
        *console_paths(gate, bodies, LIVE_ROUTES, LiveDesk(feed, parts.runner, parts.parts.loader)),
    ]


def _oidc_paths(parts: ConsoleParts, people: PeopleDesk) -> list[Path]:
    """None without a provider."""
    settings = parts.settings
    if not settings.oidc_issuer:
        return []
    issuer = settings.oidc_issuer.rstrip("/")
    provider = Provider(settings.oidc_name, issuer, settings.oidc_client_id, settings.oidc_client_secret)
    return open_paths(parts.gate, parts.bodies, OIDC_ROUTES, OidcDesk(people, provider, settings.public_url.rstrip("/")))


def _state(settings: Settings, parts: Parts) -> StateDesk:
    journal, loader = parts.journal, parts.loader
    checks = readiness_checks(settings, parts)

    def work() -> Work:
        return Work(
            backlog_bytes=journal.backlog_bytes,
            backlog_limit_bytes=settings.journal_backlog_bytes,
            lag_bytes=loader.lag_bytes,
            lag_ms=loader.lag_ms,
            loaded=loader.stored,
            duplicates=loader.duplicates,
            set_aside=loader.set_aside,
        )

    def room() -> Room:
        disk = shutil.disk_usage(settings.data_dir)
        store = None if settings.store else _bytes_in(settings.data_dir / "store")
        return Room(disk.free, disk.total, store, _bytes_in(settings.journal_dir))

    def faults() -> Mapping[str, str]:
        return {check.name: fault for check in checks if (fault := check.fault()) is not None}

    return StateDesk(SystemClock().now_ms(), work, room, faults)


def _bytes_in(folder: FilePath) -> int:
    """What the files below a folder take; those that go meanwhile count for nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{place}/{name}").st_size
            except FileNotFoundError:
                continue
    return total


def _sample(parts: ConsoleParts) -> SampleDesk:
    control = parts.parts.control
    routes: dict[tuple[str, str], Ask] = {
        **_asked(WEBSITE_ROUTES, control),
        **_asked(CATALOGUE_ROUTES, control.catalogue),
        **_asked(CUSTOMER_ROUTES, control.customers),
        **_asked((*ENTITLEMENT_ROUTES, *ALERT_ROUTES), parts.limits),
        **_asked(DASHBOARD_ROUTES, parts.dashboards),
    }
    return SampleDesk(routes, parts.intake, control.website, IdMint(SystemClock()))


def _asked(routes: Iterable[DoorRoute[Desk]], desk: Desk) -> dict[tuple[str, str], Ask]:
    return {(route.method, route.path): partial(route.answer, desk) for route in routes}
