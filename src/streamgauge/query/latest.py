"""The events that came last: the statements, and their rows as LatestEvents."""

from collections.abc import Sequence
from typing import Any

import msgspec

from streamgauge.kernel.vocabulary import LatestEvents, LatestQuery
from streamgauge.query.clauses import IS_NO_VOID_MARK, Bindings, Snapshot, superseded_positions, where
from streamgauge.query.listing import EVENT_COLUMNS, stored_event
from streamgauge.store import Statement


class LatestQuestion(msgspec.Struct, frozen=True):
    """A LatestQuery, answered by LatestEvents."""

    query: LatestQuery

    @property
    def project_id(self) -> str:
        return self.query.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        bindings = Bindings()
        newest_first = f"ORDER BY position DESC\nLIMIT {bindings.whole(self.query.limit)}"
        sql = f"SELECT {EVENT_COLUMNS}\nFROM events\n{where(self._found(snapshot, bindings))}\n{newest_first}"
        statements = [Statement("latest.events", sql, bindings.values())]
        if self.query.after is not None:
            bindings = Bindings()
            sql = f"SELECT count() FROM events\n{where(self._found(snapshot, bindings))}"  # noqa: S608 - placeholders only
            statements.append(Statement("latest.count", sql, bindings.values()))
        return statements

    def read(self, results: Sequence[Sequence[tuple[Any, ...]]]) -> LatestEvents:
        events = tuple(map(stored_event, reversed(results[0])))
        found = len(events) if self.query.after is None else results[1][0][0]
        return LatestEvents(events, found - len(events))

    def _found(self, snapshot: Snapshot, bindings: Bindings) -> list[str]:
        query = self.query
        found = [f"project_id = {bindings.text(query.project_id)}", f"position < {bindings.whole(snapshot.loaded)}"]
        wanted = {"name": query.event_name, "customer_id": query.customer_id, "website_id": query.website_id}
        found += [f"{column} = {bindings.text(text)}" for column, text in wanted.items() if text is not None]
        if query.after is not None:
            found.append(f"position > {bindings.whole(query.after)}")
        if snapshot.amended:
            found.append(f"position NOT IN ({superseded_positions(query.project_id, snapshot, bindings)})")
            found.append(IS_NO_VOID_MARK)
        return found
