"""Ids that the server made and a client sends back: looked up in the store, among the rows below the batch's start.

The bound keeps the answer the same when a batch is loaded again after a crash, its own rows being in the store already.
"""

from collections.abc import Mapping
from itertools import islice

from streamgauge.kernel.event import Event
from streamgauge.loader.dedup import IdKey, IdNaming, Latest
from streamgauge.store import Statement, StatementLimits, Store

_IDS_PER_QUERY = 1_000
_LIMITS = StatementLimits(timeout_s=60.0, max_memory_bytes=500_000_000, max_rows=1_000_000)
_SQL = """
SELECT event_id, position, name, toUnixTimestamp64Milli(timestamp),
    customer_id, account_id, visitor_id, website_id, source, flags, properties
FROM events
WHERE project_id = {project_id:String} AND event_id IN {event_ids:Array(String)} AND position < {below:UInt64}
ORDER BY position
"""


class StoredIdLookup:
    """The latest stored events of some ids."""

    def __init__(self, store: Store, naming: IdNaming, below: int) -> None:
        self._store = store
        self._naming = naming
        self._below = below

    def __call__(self, ids: Mapping[str, set[str]]) -> dict[IdKey, Latest]:
        """ids: by project. Raises StoreError or Refusal when the store cannot answer."""
        found: dict[IdKey, Latest] = {}
        for project_id, event_ids in ids.items():
            remaining = iter(sorted(event_ids))
            while some := list(islice(remaining, _IDS_PER_QUERY)):
                found.update(self._latest(project_id, some))
        return found

    def _latest(self, project_id: str, event_ids: list[str]) -> dict[IdKey, Latest]:
        parameters = {"project_id": project_id, "event_ids": event_ids, "below": self._below}
        found = {}
        for event_id, position, name, timestamp_ms, *rest in self._store.select(
            Statement("loader.returned_ids", _SQL, parameters), _LIMITS
        ):
            *texts, flags, properties = rest
            customer_id, account_id, visitor_id, website_id, source = texts
            event = Event(
                event_id, name, timestamp_ms, customer_id, account_id, visitor_id, website_id, source, flags, properties.encode()
            )
            found[self._naming.key(project_id, event_id)] = self._naming.latest(event, position)
        return found
