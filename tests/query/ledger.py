"""A store with events put in directly, as the loader would put them, and queries asked through the real runner."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from streamgauge.kernel.progress import AllLoaded
from streamgauge.kernel.query import EventListQuery, EventLookup, EventPage, MetricAnswer, MetricQuery, Selection, StoredEvent
from streamgauge.loader.amended_slots import amended_slots
from streamgauge.loader.dedup import Superseded
from streamgauge.loader.rows import amended_slot_rows, superseded_rows
from streamgauge.query import IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.store import EVENT_COLUMNS, Store

_DEFAULTS: dict[str, Any] = {
    "name": "use",
    "customer_id": "",
    "account_id": "",
    "visitor_id": "",
    "website_id": "",
    "source": "",
    "door": "flexprice",
    "key_id": "",
    "flags": 0,
    "properties": b"",
    "exact_properties": b"",
}
_projects = itertools.count(1)
_tokens = itertools.count(1)


def ms(text: str) -> int:
    """An ISO 8601 time with offset, in milliseconds since 1970."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class Ledger:
    """The events of one project of its own in the module's store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.project_id = f"project-{next(_projects)}"
        self.amended = False
        self._positions = itertools.count(100, 10)

    def put(self, events: Sequence[dict[str, Any]]) -> list[int]:
        """Insert events; each gives at least `timestamp` (milliseconds). Returns their positions."""
        rows = [self._row(event) for event in events]
        columns = {name: [row[name] for row in rows] for name in EVENT_COLUMNS.names}
        self.store.insert("events", pa.Table.from_pydict(columns, schema=EVENT_COLUMNS), f"test-{next(_tokens)}")
        return [row["position"] for row in rows]

    def supersede(self, positions: Sequence[int], by_position: int, at_ms: int = 0) -> None:
        """Put down that the event at by_position, received at at_ms, replaces those at the other positions."""
        self.amended = True
        rows = [Superseded(self.project_id, position, by_position, at_ms, None) for position in positions]
        self.insert_superseded(rows)

    def insert_superseded(self, rows: Sequence[Superseded]) -> None:
        """What a load writes about the events that it replaces."""
        token = f"test-{next(_tokens)}"
        self.store.insert("superseded", superseded_rows(rows), token)
        self.store.insert("amended_slots", amended_slot_rows(amended_slots(self.store, rows, 2**63 - 1)), token)

    def selection(self, start: str | int, end: str | int, **rest: Any) -> Selection:
        start_ms, end_ms = (ms(bound) if isinstance(bound, str) else bound for bound in (start, end))
        return Selection(self.project_id, start_ms, end_ms, **{"event_name": "use", **rest})

    @staticmethod
    def any_selection(start_ms: int, end_ms: int, **rest: Any) -> Selection:
        """Of no project yet."""
        return Selection("", start_ms, end_ms, **rest)

    def metric(self, query: MetricQuery) -> MetricAnswer:
        runner = self._runner()
        try:
            return asyncio.run(runner.metric(query)).answer
        finally:
            runner.close()

    def page(self, query: EventListQuery) -> EventPage:
        runner = self._runner()
        try:
            return asyncio.run(runner.events(query)).answer
        finally:
            runner.close()

    def versions(self, event_id: str, **rest: Any) -> tuple[StoredEvent, ...]:
        runner = self._runner()
        try:
            return asyncio.run(runner.lookup(EventLookup(self.project_id, event_id, **rest))).answer
        finally:
            runner.close()

    def history(self, lookup: EventLookup) -> tuple[StoredEvent, ...]:
        runner = self._runner()
        try:
            return asyncio.run(runner.history(lookup)).answer
        finally:
            runner.close()

    def _row(self, event: dict[str, Any]) -> dict[str, Any]:
        position = event.get("position", next(self._positions))
        given = {"event_id": f"e{position}", "received_at": event["timestamp"], **event}
        return {**_DEFAULTS, **given, "project_id": self.project_id, "position": position}

    def _runner(self) -> QueryRunner:
        progress = AllLoaded(frozenset({self.project_id}) if self.amended else frozenset())
        return QueryRunner(self.store, progress, lambda: 0, QuerySettings(), IgnoredTimes())
