"""What a running server tells about its parts: whether they are ready, and their figures."""

import shutil

from streamgauge.assembly.parts import Parts
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.settings import Settings
from streamgauge.web.health import LoaderWatch, ReadinessCheck
from streamgauge.web.telemetry import Gauge


def readiness_checks(settings: Settings, parts: Parts) -> tuple[ReadinessCheck, ...]:
    loader = parts.loader
    watch = LoaderWatch(
        lag_bytes=lambda: loader.lag_bytes,
        loaded=lambda: loader.loaded,
        is_running=lambda: not loader.failed,
        monotonic=SystemClock().monotonic,
    )
    return (
        ReadinessCheck("journal", lambda: parts.journal.failure),
        ReadinessCheck("disk", lambda: _disk_fault(settings)),
        ReadinessCheck("loader", lambda: loader.last_error if loader.stalled else watch.fault()),
    )


def _disk_fault(settings: Settings) -> str | None:
    """A nearly full disk is told before events are refused for it: it must have room for the largest request."""
    free_bytes = shutil.disk_usage(settings.journal_dir).free
    if free_bytes >= settings.max_body_bytes:
        return None
    return f"only {free_bytes} bytes are free for the journal; the largest request has {settings.max_body_bytes}"


def gauges(parts: Parts) -> tuple[Gauge, ...]:
    journal, loader = parts.journal, parts.loader
    return (
        Gauge("streamgauge_events_stored_total", "Events loaded into the store.", lambda: loader.stored, is_counter=True),
        Gauge("streamgauge_events_duplicate_total", "Events dropped as known.", lambda: loader.duplicates, is_counter=True),
        Gauge(
            "streamgauge_events_amended_total", "Events that replaced an earlier one.", lambda: loader.amended, is_counter=True
        ),
        Gauge("streamgauge_events_set_aside_total", "Events set aside.", lambda: loader.set_aside, is_counter=True),
        Gauge("streamgauge_journal_backlog_bytes", "Accepted and not yet released.", lambda: journal.backlog_bytes),
        Gauge("streamgauge_load_lag_bytes", "Durable and not yet loaded.", lambda: loader.lag_bytes),
        Gauge("streamgauge_load_lag_seconds", "Age of the oldest event not yet loaded.", lambda: loader.lag_ms / 1000),
    )
