"""Builds every part from Settings and hands it over. The server and the tests use the same functions.

Opened in this order, closed in the reverse one: control plane, store, journal, loader, queries, application, listener.
On SIGTERM: no new connections, requests under way are answered, the journal commits what it holds, the loader ends after
the batch it is at. What was acknowledged and not yet loaded waits in the journal for the next start.
"""

import asyncio
import contextlib
import gc
import secrets
import signal
import sys
from typing import NamedTuple

import uvloop
from sqlalchemy.exc import SQLAlchemyError

from streamgauge import __version__
from streamgauge.assembly.console import ConsoleParts, console
from streamgauge.assembly.figures import gauges, readiness_checks
from streamgauge.assembly.limiting import limiting
from streamgauge.assembly.parts import Parts, absolute, opened_parts
from streamgauge.assembly.processes import board_of, counts_of, listening
from streamgauge.assembly.reports import report
from streamgauge.assembly.telling import telling
from streamgauge.assembly.transfers import append_desk, export_desk, usage_desk
from streamgauge.control import Control, KeySpec
from streamgauge.intake import Intake
from streamgauge.intake.enrichment import Enricher, open_enricher
from streamgauge.kernel.access import Scope
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Refusal
from streamgauge.kernel.settings import Settings
from streamgauge.limits import EventQuota, RateLimits
from streamgauge.metering.limits import Limits
from streamgauge.query import QueryRunner, QuerySettings
from streamgauge.store import StatementLimits
from streamgauge.web.alerts import ALERT_ROUTES
from streamgauge.web.analytics import ANALYTICS_ROUTES, AnalyticsDesk
from streamgauge.web.announcement import run_file, url_of, welcome
from streamgauge.web.application import Application
from streamgauge.web.audit import Auditor
from streamgauge.web.body import Bodies
from streamgauge.web.catalogue import CATALOGUE_ROUTES
from streamgauge.web.collect import CollectDesk, collect_paths
from streamgauge.web.console.files import application_paths
from streamgauge.web.console.people import KeysOfSessions
from streamgauge.web.customers import CUSTOMER_ROUTES
from streamgauge.web.dashboards import DASHBOARD_ROUTES, DashboardDesk, shared_paths
from streamgauge.web.door_routes import door_paths
from streamgauge.web.entitlements import ENTITLEMENT_ROUTES, LimitDesk
from streamgauge.web.exchange import Gate
from streamgauge.web.health import health_paths
from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.ingest import IngestDesk
from streamgauge.web.internal import internal_paths
from streamgauge.web.logging import LogFormat, SlowQueryLog, configure_logging, log
from streamgauge.web.pages import own_paths
from streamgauge.web.periods import PERIOD_ROUTES, PeriodDesk
from streamgauge.web.queries import QUERY_ROUTES
from streamgauge.web.receipts import RECEIPT_ROUTES, receipt_desk
from streamgauge.web.reference import reference_paths
from streamgauge.web.revenue import REVENUE_ROUTES, RevenueDesk
from streamgauge.web.route_docs import api_document
from streamgauge.web.routing import Path
from streamgauge.web.secrets import SECRET_ROUTES
from streamgauge.web.server import Server
from streamgauge.web.telemetry import Telemetry
from streamgauge.web.tracker.serving import tracker_paths
from streamgauge.web.transfer import transfer_paths
from streamgauge.web.usage import USAGE_ROUTES, UsageDesk
from streamgauge.web.webhooks import WEBHOOK_ROUTES, WebhookDesk
from streamgauge.web.websites import WEBSITE_ROUTES
from streamgauge.web.widgets import WidgetDesk
from streamgauge.webhooks import run_dispatcher

DEFAULT_PROJECT = "default"
_SWITCH_INTERVAL_S = 0.001
# Requests and loads make many short-lived objects and no cycles; the collector's defaults would walk them again and again.
_GC_THRESHOLDS = (50_000, 20, 100)
DAY_MS = 86_400_000
_NOTE_USE_EVERY_S = 60.0


class _Admission(NamedTuple):
    """What every request and event is counted in, and by what events get into the journal: one of each, whoever took them."""

    windows: RateLimits
    quota: EventQuota
    intake: Intake


def serve(settings: Settings) -> None:
    """Run the server until SIGTERM or SIGINT. Raises what opening a part raises (see the rooms), OSError for the address."""
    configure_logging(level=settings.log_level, log_format=LogFormat(settings.log_format))
    # The loader and the journal's writer run beside the event loop, and each waits this long at most for the lock. Whole runs of
    # the bench do not tell 1 ms from Python's own 5 ms for throughput; the shorter one is kept for what a request waits.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    uvloop.run(_serve(absolute(settings)))


async def _serve(settings: Settings) -> None:
    async with opened_parts(settings) as parts, contextlib.AsyncExitStack() as stack:
        recovery = parts.journal.recovery
        log.info("journal_opened", start=recovery.start, end=recovery.end, closed=recovery.closed)
        if recovery.cut_bytes:
            log.warning("journal_tail_cut", at=recovery.cut_at, bytes=recovery.cut_bytes)
        for key_id, plan in parts.control.directory.keys_without_plan():
            log.warning("key_without_plan", key_id=key_id, plan=plan)
        token = secrets.token_urlsafe(32)
        board = board_of(settings, parts)
        telemetry = Telemetry(__version__, gauges(parts), counts_of(board, settings))
        runner = _query_runner(settings, parts, telemetry)
        limits = await stack.enter_async_context(limiting(settings, parts, runner, _note_limit_failure))
        enricher = open_enricher(settings.geo_database, settings.proxy_networks, settings.data_dir, SystemClock())
        owner_token = secrets.token_urlsafe(32)
        admission = _admission(parts, enricher)
        application = _application(settings, parts, telemetry, runner, enricher, token, limits, owner_token, admission)
        server = Server(
            application,
            application.render_refusal,
            host=settings.host,
            port=settings.port,
            limits=ServerLimits.of(settings),
            on_answer=telemetry.answered,
            lane=application,
            listen=listening(stack, settings, parts, admission.windows, admission.intake, board),
        )
        _stop_on_signals(server)
        refreshing = asyncio.create_task(parts.control.keep_fresh(_note_refresh_failure))
        tending = asyncio.create_task(enricher.keep_fresh(_note_enrichment_failure))
        noting = asyncio.create_task(_note_use_for_ever(parts.control))
        delivering = asyncio.create_task(run_dispatcher(settings, parts.control.webhooks, SystemClock(), _note_webhook_failure))
        try:
            with telling(parts, _note_webhook_failure), run_file(settings.run_file, token) as announce:

                def on_ready(port: int) -> None:
                    _calm_collector()
                    url = url_of(settings.host, port)
                    announce(url)
                    log.info("ready", url=url, data_dir=str(settings.data_dir))
                    link = f"{settings.public_url.rstrip('/') or url}/welcome?token={owner_token}"
                    welcome(url, DEFAULT_PROJECT, _first_key(parts.control), link if parts.control.people.needs_owner else None)

                await server.serve(on_ready)
        finally:
            refreshing.cancel()
            tending.cancel()
            noting.cancel()
            delivering.cancel()
            await asyncio.gather(delivering, noting, return_exceptions=True)
            _note_use(parts.control)
            runner.close()
    log.info("stopped")


def _calm_collector() -> None:
    """What start-up made stays for good: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def _query_runner(settings: Settings, parts: Parts, telemetry: Telemetry) -> QueryRunner:
    limits = StatementLimits(settings.query_timeout_s, settings.query_memory_bytes, settings.query_rows)
    query_settings = QuerySettings(limits=limits, threads=settings.query_threads, read_wait_s=settings.read_wait_s)
    return QueryRunner(parts.store, parts.loader, lambda: parts.journal.end, query_settings, SlowQueryLog(telemetry))


def _application(
    settings: Settings,
    parts: Parts,
    telemetry: Telemetry,
    runner: QueryRunner,
    enricher: Enricher,
    token: str,
    limits: Limits,
    owner_token: str,
    admission: _Admission,
) -> Application:
    clock = SystemClock()
    mint = IdMint(clock)
    bodies = Bodies(settings.max_body_bytes, settings.max_bodies_bytes)
    auditor = Auditor(parts.control.audit.add, _note_audit_failure)
    windows, quota, intake = admission
    gate = Gate(parts.control, windows, clock, mint, KeysOfSessions(parts.control), auditor)
    periods = PeriodDesk(parts.control.closed_periods, runner, parts.loader, lambda: parts.journal.end, settings.read_wait_s)
    desk = IngestDesk(gate, intake, telemetry, mint, bodies)
    collect_desk = CollectDesk(parts.control, intake, enricher, telemetry, mint)
    revenue_desk = RevenueDesk(parts.control, intake, runner, telemetry, mint)

    control = parts.control
    usage = UsageDesk(control.catalogue, control.customers, control.closed_periods, control.entitlements, runner)
    analytics = AnalyticsDesk(control, runner)
    dashboards = DashboardDesk(control.dashboards, runner, WidgetDesk(analytics, usage))
    limit_desk = LimitDesk(control, limits)
    console_parts = ConsoleParts(
        settings, parts, runner, gate, bodies, owner_token, auditor, intake, windows, quota, limit_desk, dashboards
    )
    paths = [
        *door_paths(gate, bodies, USAGE_ROUTES, usage),
        *door_paths(gate, bodies, QUERY_ROUTES, runner),
        *door_paths(gate, bodies, WEBSITE_ROUTES, parts.control),
        *door_paths(gate, bodies, CATALOGUE_ROUTES, parts.control.catalogue),
        *door_paths(gate, bodies, CUSTOMER_ROUTES, parts.control.customers),
        *door_paths(gate, bodies, SECRET_ROUTES, parts.control),
        *door_paths(gate, bodies, PERIOD_ROUTES, periods),
        *door_paths(gate, bodies, (*ENTITLEMENT_ROUTES, *ALERT_ROUTES), limit_desk),
        *door_paths(gate, bodies, WEBHOOK_ROUTES, WebhookDesk(parts.control.webhooks, settings.webhook_addresses == "any")),
        *door_paths(gate, bodies, DASHBOARD_ROUTES, dashboards),
        *door_paths(gate, bodies, REVENUE_ROUTES, revenue_desk),
        *door_paths(gate, bodies, RECEIPT_ROUTES, receipt_desk(parts.control, runner, intake, telemetry)),
        *door_paths(gate, bodies, ANALYTICS_ROUTES, analytics),
        *shared_paths(gate, dashboards),
        *console(console_parts),
        *collect_paths(collect_desk),
        *tracker_paths(),
        *health_paths(readiness_checks(settings, parts)),
        *own_paths(telemetry),
        *application_paths(),
        *reference_paths(api_document(__version__)),
        *_command_paths(token, settings, parts, runner, enricher, bodies),
    ]
    return Application(desk, gate, paths, telemetry)


def _command_paths(
    token: str, settings: Settings, parts: Parts, runner: QueryRunner, enricher: Enricher, bodies: Bodies
) -> list[Path]:
    """What commands ask of a server that runs, told by the folder's token."""

    async def refresh() -> object:
        return {"changed": await asyncio.to_thread(parts.control.refresh)}

    async def verify() -> object:
        return await asyncio.to_thread(report, parts.loader)

    transfer = transfer_paths(
        token, bodies, append_desk(parts, enricher), export_desk(settings, parts), usage_desk(parts, runner)
    )
    return [*internal_paths(token, refresh, verify), *transfer]


def _admission(parts: Parts, enricher: Enricher) -> _Admission:
    quota = _restored_quota(parts, SystemClock().now_ms())
    return _Admission(RateLimits(), quota, Intake(parts.journal, parts.control, quota, enricher))


def _restored_quota(parts: Parts, now_ms: int) -> EventQuota:
    """The day's counts as they were before the restart: what is loaded, and what waits in the journal."""
    quota = EventQuota()
    today = now_ms // DAY_MS
    for project in parts.control.projects():
        quota.restore(project.project_id, today, parts.loader.accepted_today(project.project_id, today))
    return quota


def _stop_on_signals(server: Server) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.request_stop)


def _note_refresh_failure(error: Exception) -> None:
    log.warning("control_refresh_failed", error=type(error).__name__)


async def _note_use_for_ever(control: Control) -> None:
    while True:
        await asyncio.sleep(_NOTE_USE_EVERY_S)
        await asyncio.to_thread(_note_use, control)


def _note_use(control: Control) -> None:
    """Write down when sessions were used last; what cannot be written now is written the next time."""
    try:
        control.note_use()
    except (SQLAlchemyError, Refusal) as exc:
        log.warning("use_not_noted", error=type(exc).__name__)


def _note_audit_failure(error: Exception) -> None:
    log.warning("audit_failed", error=type(error).__name__)


def _note_enrichment_failure(error: Exception) -> None:
    log.warning("enrichment_failed", error=str(error))


def _note_limit_failure(error: Exception) -> None:
    log.warning("limits_failed", error=type(error).__name__, why=str(error)[:500])


def _note_webhook_failure(error: Exception) -> None:
    log.warning("webhooks_failed", error=type(error).__name__)


def _first_key(control: Control) -> str | None:
    """On an empty folder: a project, and an owner's key for it, shown once."""
    if control.projects():
        return None
    spec = KeySpec(plan="unlimited", scopes=tuple(Scope), label="owner")
    return control.create_key(DEFAULT_PROJECT, spec).secret
