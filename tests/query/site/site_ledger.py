"""Websites of one project in the module's store: events put in directly, with the visits that the loader would make of them.

Events may come late and in several batches. A batch is stamped with what is known when it comes; visits that it changes are taken
back and written anew, and visits that it joins leave an alias.
"""

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from streamgauge.kernel.analytics import SiteAnswer, SiteQuery
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.progress import AllLoaded
from streamgauge.kernel.website import PAGE_VIEW, VISIT_GAP_MS, WebContext
from streamgauge.query import IgnoredTimes, QueryRunner, QuerySettings
from streamgauge.store import SUPERSEDED_COLUMNS, VISIT_ALIAS_COLUMNS, VISIT_COLUMNS, WEBSITE_EVENT_COLUMNS, Store

SITE = "site"
VISIT_FIELDS = tuple(name for name in WebContext.__struct_fields__ if name != "path")

_projects = itertools.count(1)
_tokens = itertools.count(1)
_numbers = itertools.count(1_000_003, 7919)

Row = dict[str, Any]


class SiteLedger:
    """The websites of one project of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.project_id = f"site-project-{next(_projects)}"
        self.amended = False
        self.events: list[Row] = []
        self._positions = itertools.count(100, 10)
        self._visitors: dict[tuple[str, str], int] = {}
        self._visits: dict[int, list[Row]] = defaultdict(list)
        self._visit_rows: dict[int, Row] = {}

    def put(self, events: Sequence[Row]) -> None:
        """Insert events; each gives `timestamp` (milliseconds) and what differs from a page view of "/" on SITE."""
        rows = [self._row(event) for event in events]
        for row in rows:
            if row["visitor_id"] and not row["flags"] & (EventFlag.REVENUE | EventFlag.VOID):
                self._visits[row["visitor"]].append(row)
        changed, aliases = self._settle({row["visitor"] for row in rows})
        self._insert("events", WEBSITE_EVENT_COLUMNS, rows)
        self._insert("visits", VISIT_COLUMNS, changed)
        self._insert("visit_aliases", VISIT_ALIAS_COLUMNS, aliases)
        self.events += rows

    def supersede(self, replaced: Row, by: Row) -> None:
        """Put down that one event replaces another."""
        self.amended = True
        replaced["in_force"] = False
        row = {
            "project_id": self.project_id,
            "position": replaced["position"],
            "by_position": by["position"],
            "superseded_at": 0,
        }
        self._insert("superseded", SUPERSEDED_COLUMNS, [row])

    def ask(self, query: SiteQuery) -> SiteAnswer:
        progress = AllLoaded(frozenset({self.project_id}) if self.amended else frozenset())
        runner = QueryRunner(self.store, progress, lambda: 0, QuerySettings(), IgnoredTimes())
        try:
            return asyncio.run(runner.site(query)).answer
        finally:
            runner.close()

    def _settle(self, visitors: set[int]) -> tuple[list[Row], list[Row]]:
        """Stamp the events that have no visit yet. Returns the rows of changed visits, and new aliases."""
        changed, aliases = [], []
        for visitor in visitors:
            for visit in _sessions(self._visits[visitor]):
                known = sorted({row["visit"] for row in visit if row["visit"]} & self._visit_rows.keys())
                number = known[0] if known else next(_numbers)
                stale = {row["visit"] for row in visit if row["visit"]} - {number}
                aliases += [{"project_id": self.project_id, "alias": alias, "visit": number} for alias in sorted(stale)]
                before = [self._visit_rows.pop(gone) for gone in known]
                for row in visit:
                    row["visit"] = row["visit"] or number
                self._visit_rows[number] = after = self._visit_row(number, visit)
                if before != [after]:
                    changed += [{**row, "sign": -1} for row in before] + [after]
        return changed, aliases

    def _visit_row(self, number: int, visit: list[Row]) -> Row:
        pages = [row["path"] for row in visit if row["name"] == PAGE_VIEW]
        first = visit[0]
        return {
            "project_id": self.project_id,
            "website_id": first["website_id"],
            "started_at": first["timestamp"],
            "visit": number,
            "visitor": first["visitor"],
            "sign": 1,
            "ended_at": visit[-1]["timestamp"],
            "page_views": len(pages),
            "events": len(visit),
            "bot": int(bool(first["flags"] & EventFlag.BOT)),
            "entry_page": pages[0] if pages else "",
            "exit_page": pages[-1] if pages else "",
            **{name: first[name] for name in VISIT_FIELDS},
        }

    def _row(self, event: Row) -> Row:
        position = next(self._positions)
        row: Row = {
            **dict.fromkeys(WebContext.__struct_fields__, ""),
            "path": "/",
            "name": PAGE_VIEW,
            "visitor_id": "",
            "website_id": SITE,
            "flags": 0,
            "key_id": "",
            "event_id": f"e{position}",
            "in_force": True,
            **event,
        }
        who = (row["website_id"], row["visitor_id"])
        visitor = self._visitors.setdefault(who, next(_numbers) % 2**31) if row["visitor_id"] else 0
        properties = json.dumps(event["properties"]).encode() if "properties" in event else b""
        stored = {"project_id": self.project_id, "position": position, "visitor": visitor, "visit": 0, "properties": properties}
        rest = dict.fromkeys(("customer_id", "account_id", "source"), "")
        return {**rest, "received_at": row["timestamp"], "door": "thebizness", "exact_properties": b"", **row, **stored}

    def _insert(self, table: str, schema: pa.Schema, rows: Sequence[Row]) -> None:
        if rows:
            columns = {name: [row[name] for row in rows] for name in schema.names}
            self.store.insert(table, pa.Table.from_pydict(columns, schema=schema), f"site-{next(_tokens)}")


def _sessions(events: list[Row]) -> list[list[Row]]:
    found: list[list[Row]] = []
    for row in sorted(events, key=lambda row: (row["timestamp"], row["position"])):
        if found and row["timestamp"] - found[-1][-1]["timestamp"] < VISIT_GAP_MS:
            found[-1].append(row)
        else:
            found.append([row])
    return found
