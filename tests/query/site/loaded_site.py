"""Websites of one project: events go through the real loader into the module's store, questions through the real runner."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from typing import Any

from streamgauge.kernel.analytics import SiteAnswer, SiteQuery
from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.progress import AllLoaded
from streamgauge.kernel.website import PAGE_VIEW, WebContext
from streamgauge.query import IgnoredTimes, QueryRunner, QuerySettings
from tests.loader.house import House
from tests.query.site.site_ledger import SITE

WEB_FIELDS = tuple(WebContext.__struct_fields__)

_projects = itertools.count(1)
_ids = itertools.count(1)

Row = dict[str, Any]


class LoadedSite:
    """The websites of one project of its own. events: all rows as the judge needs them, each with its position."""

    def __init__(self, house: House) -> None:
        self.project_id = f"site-project-{next(_projects)}"
        self.events: list[Row] = []
        self._house = house

    def put(self, events: Sequence[Row]) -> None:
        """Load events; each gives `timestamp` (milliseconds) and what differs from a page view of "/" on SITE.

        One with `event_id` has its id from the sender: it corrects an earlier one with this id, or voids it with a VOID mark.
        """
        rows = [_row(event) for event in events]
        batch = Batch(self.project_id, Door.THEBIZNESS, 0, [_event(row) for row in rows])
        start = self._house.journal.end
        self._house.append(batch)
        self._house.load_all()
        for place, row in enumerate(rows):
            row["position"] = start + place
            for earlier in self.events:
                if earlier["event_id"] == row["event_id"]:
                    earlier["in_force"] = False
            self.events.append(row)

    def runner(self) -> QueryRunner:
        amended = frozenset(self._house.loader.amended)
        return QueryRunner(self._house.store, AllLoaded(amended), lambda: 0, QuerySettings(), IgnoredTimes())

    def ask(self, query: SiteQuery) -> SiteAnswer:
        runner = self.runner()
        try:
            return asyncio.run(runner.site(query)).answer
        finally:
            runner.close()


def _row(event: Row) -> Row:
    flags = event.get("flags", 0) | (EventFlag.ID_FROM_CLIENT if "event_id" in event else 0)
    return {
        **dict.fromkeys(WEB_FIELDS, ""),
        "path": "/",
        "name": PAGE_VIEW,
        "visitor_id": "",
        "website_id": SITE,
        "event_id": f"made-{next(_ids)}",
        "properties": None,
        "in_force": True,
        **event,
        "flags": int(flags | EventFlag.TIME_FROM_CLIENT),
    }


def _event(row: Row) -> Event:
    return Event(
        event_id=row["event_id"],
        name=row["name"],
        timestamp_ms=row["timestamp"],
        visitor_id=row["visitor_id"],
        website_id=row["website_id"],
        flags=row["flags"],
        properties=b"" if row["properties"] is None else json.dumps(row["properties"]).encode(),
        web=WebContext(*(row[name] for name in WEB_FIELDS)),
    )
