"""Periods whose usage no longer changes: kept in the database, held in memory, for every question about usage asks for them.

Promise: the closed periods of a project do not overlap, and are never changed or opened again.
"""

import threading
from collections.abc import Mapping

import msgspec
from sqlalchemy import insert, select

from streamgauge.control.database import Database
from streamgauge.control.metering_tables import closed_periods
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.metering import ClosedPeriod
from streamgauge.kernel.refusal import Reason, Refusal

MAX_PERIODS = 1_000


class ClosedPeriods:
    """The closed periods of all projects. Look-ups are from memory; closing waits for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._by_project = self._read()

    def of(self, project_id: str) -> tuple[ClosedPeriod, ...]:
        """In the order of their starts."""
        return self._by_project.get(project_id, ())

    def get(self, project_id: str, period_id: str) -> ClosedPeriod:
        """Raises Refusal not_found."""
        for period in self.of(project_id):
            if period.period_id == period_id:
                return period
        raise Refusal(Reason.NOT_FOUND, "Closed period not found")

    def close(self, project_id: str, start_ms: int, end_ms: int, position: int, closed_by: str) -> ClosedPeriod:
        """position: end of the durable journal now; closed_by: id of a key.

        Raises Refusal range_reversed, invalid_parameter (it has not ended; too many), already_exists (it overlaps a closed one).
        """
        with self._change_lock:
            now_ms = self._clock.now_ms()
            self._check(project_id, start_ms, end_ms, now_ms)
            made = ClosedPeriod(self._mint.mint("period"), project_id, start_ms, end_ms, position, now_ms, closed_by)
            with self._database.recording() as connection:
                connection.execute(insert(closed_periods).values(**msgspec.structs.asdict(made)))
            self._by_project = self._read()
        return made

    def _check(self, project_id: str, start_ms: int, end_ms: int, now_ms: int) -> None:
        if end_ms <= start_ms:
            raise _refused(Reason.RANGE_REVERSED, "end_time", "a time after start_time")
        if end_ms > now_ms:
            raise _refused(Reason.INVALID_PARAMETER, "end_time", "a time that has passed")
        own = self.of(project_id)
        if len(own) >= MAX_PERIODS:
            raise _refused(Reason.INVALID_PARAMETER, "start_time", f"at most {MAX_PERIODS:,} closed periods")
        if any(period.start_ms < end_ms and start_ms < period.end_ms for period in own):
            raise Refusal(Reason.ALREADY_EXISTS, "The period overlaps one that is closed already", field="start_time")

    def _read(self) -> Mapping[str, tuple[ClosedPeriod, ...]]:
        found: dict[str, tuple[ClosedPeriod, ...]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(select(closed_periods).order_by(closed_periods.c.start_ms)):
                period = ClosedPeriod(**row._mapping)
                found[period.project_id] = (*found.get(period.project_id, ()), period)
        return found


def _refused(reason: Reason, field: str, expected: str) -> Refusal:
    details = {"field": field, "expected": expected}
    return Refusal(reason, "Request validation failed", field=field, expected=expected, details=details)
