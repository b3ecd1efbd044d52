"""Statements and their limits, as values: what a query asks and what it may cost."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Statement(msgspec.Struct, frozen=True):
    """One query. Values never stand in the text: they are named in it as {key:Type} and given in `parameters`.

    name: a short lower-case name ("metric.series"); it heads the SQL as a comment, labels the engine's log and refusals.
    sql: without a SETTINGS or FORMAT clause; the store adds its own.
    """

    name: str
    sql: str
    parameters: Mapping[str, Any] = {}


class StatementLimits(msgspec.Struct, frozen=True):
    """What one statement may cost: seconds of wall time, bytes of memory inside the engine, rows of result, threads of the engine
    (None: as many as there are processors)."""

    timeout_s: float = 30.0
    max_memory_bytes: int = 1_000_000_000
    max_rows: int = 100_000
    threads: int | None = None
