"""Log lines to standard error: lifecycle events, failed requests, slow queries. One event, one line.

What is never logged: keys and other secrets, headers, payloads, query strings. The second guard behind that rule is
`redact`: a value whose name says that it is secret, and a text that holds one of our keys, is replaced before it is written.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any, Protocol, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

REDACTED = "[redacted]"
_SECRET_NAMES = frozenset(
    {
        "authorization",
        "x-api-key",
        "api_key",
        "key",
        "secret",
        "password",
        "token",
        "cookie",
        "headers",
        "body",
        "payload",
        "properties",
    }
)
_SECRET_TEXT = re.compile(
    r"sk_(?:live|test)_[A-Za-z0-9_\-]+|\b[sp]k_[A-Za-z0-9]{20,}|whsec_[A-Za-z0-9+/=]{16,}"
    r"|(?i:bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}"
)
_MAX_TEXT = 2_000


class LogFormat(StrEnum):
    JSON = "json"
    TEXT = "text"


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide what should never have been handed to the log, and cut texts that are too long for a line."""
    return {name: REDACTED if name.lower() in _SECRET_NAMES else _clean(value) for name, value in event.items()}


def _clean(value: object) -> object:
    if isinstance(value, str):
        text = _SECRET_TEXT.sub(REDACTED, value)
        return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "..."
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, dict):
        return {name: REDACTED if str(name).lower() in _SECRET_NAMES else _clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def configure_logging(*, level: str = "info", log_format: LogFormat = LogFormat.TEXT, stream: TextIO | None = None) -> None:
    """Set the process's log up; call once, at the start. level: debug, info, warning or error.

    Lines of the standard library's loggers (SQLAlchemy, Alembic, asyncio) go the same way, from warning upwards.
    """
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if log_format is LogFormat.TEXT:
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


log: FilteringBoundLogger = structlog.get_logger("streamgauge")


def log_failure(scope: MutableMapping[str, Any], error: BaseException) -> None:
    """One line for a request that failed by our own fault. Its traceback, but nothing that the sender sent."""
    log.error("request_failed", method=scope["method"], path=scope["path"], error=type(error).__name__, exc_info=error)


class QueryTimes(Protocol):
    """Whoever wants to know how long queries took."""

    def observe(self, name: str, seconds: float) -> None: ...


class SlowQueryLog:
    """Passes every time on, and gives the slow ones a line of their own. By name only: what was asked for is not logged."""

    def __init__(self, times: QueryTimes, slow_s: float = 1.0) -> None:
        self._times = times
        self._slow_s = slow_s

    def observe(self, name: str, seconds: float) -> None:
        self._times.observe(name, seconds)
        if seconds >= self._slow_s:
            log.warning("slow_query", query=name, seconds=round(seconds, 3))
