"""Pages of an export: the statements, and how a page is answered as columns.

An export is exact for one position of the journal: it counts what lies below, and of what was replaced or taken back only what
was so by then. Pages go by the key in which the store is sorted, so each reads little more than what it gives.
"""

import asyncio
from collections.abc import Callable

import msgspec
import pyarrow as pa

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.export import EventExport, ExportPage, ExportPlace
from streamgauge.kernel.progress import LoadProgress
from streamgauge.kernel.query import Field, FieldKey, Filter, Selection
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import WebContext
from streamgauge.query.clauses import Bindings, Snapshot, conditions, of_selection, where
from streamgauge.store import Statement, StatementLimits, Store

_COLUMNS = (
    "event_id, name AS event_name, timestamp, customer_id, account_id, visitor_id, website_id, source, door, flags,\n"
    "  received_at, position, key_id, properties"
)
_WEB_COLUMNS = "".join(f', {name} AS "web.{name}"' for name in WebContext.__struct_fields__)
_ORDER = "ORDER BY name, timestamp, position"
_MAX_PAGE_BYTES = 64 * 2**20
_WAIT_S = 5.0
_TOO_LARGE = frozenset({Reason.QUERY_OUT_OF_MEMORY, Reason.QUERY_TOO_MANY_ROWS})


class ExportDesk:
    """Answers the pages of exports, one at a time: they leave turns and processors to questions that somebody waits for."""

    def __init__(self, store: Store, progress: LoadProgress, journal_end: Callable[[], int], limits: StatementLimits) -> None:
        self._store = store
        self._progress = progress
        self._journal_end = journal_end
        self._limits = msgspec.structs.replace(limits, threads=1)
        self._turn = asyncio.Lock()

    async def position(self) -> int:
        """A cursor: all that was accepted before now lies below it, and is loaded when this returns."""
        position = self._journal_end()
        while not await self._progress.wait_until_loaded(position, _WAIT_S):
            pass
        return position

    async def page(self, page: ExportPage) -> pa.Table:
        """Fewer rows than the limit only at the end, or when more would not fit into memory: then at least one.

        Raises Refusal invalid_cursor, query_out_of_memory (one row is too large), query_timeout.
        """
        self._check(page.export)
        async with self._turn:
            return await asyncio.to_thread(self._fitting, page)

    def _check(self, export: EventExport) -> None:
        if export.below > self._progress.loaded or not 0 <= (export.since or 0) <= export.below:
            message = "The cursor is none that an export of this folder printed"
            raise Refusal(Reason.INVALID_CURSOR, message, field="since", expected="a cursor that an export printed")

    def _fitting(self, page: ExportPage) -> pa.Table:
        limit = page.limit
        while True:
            statement = compile_page(msgspec.structs.replace(page, limit=limit))
            limits = msgspec.structs.replace(self._limits, max_rows=limit)
            try:
                return self._store.select_arrow(statement, limits, _MAX_PAGE_BYTES)
            except Refusal as refusal:
                if refusal.reason not in _TOO_LARGE or limit == 1:
                    raise
            limit = max(limit // 8, 1)


def compile_page(page: ExportPage) -> Statement:
    """The rows of the page, in order."""
    bindings = Bindings()
    export = page.export
    columns = _COLUMNS + (_WEB_COLUMNS if export.with_web else "")
    if export.since is None:
        found = _in_force(export, bindings)
    elif page.gone:
        columns += f",\n  {_gone_how(export, bindings)} AS change"
        found = _gone(export, bindings)
    else:
        columns += ",\n  'added' AS change"
        found = [*_in_force(export, bindings), f"position >= {bindings.whole(export.since)}"]
    if page.after is not None:
        found.append(_beyond(page.after, bindings))
    sql = f"SELECT {columns}\nFROM events\n{where(found)}\n{_ORDER}\nLIMIT {bindings.whole(page.limit)}"
    return Statement("export.events", sql, bindings.values())


def _selection(export: EventExport) -> Selection:
    filters = (Filter(FieldKey(Field.CUSTOMER_ID), export.customer_ids),) if export.customer_ids else ()
    return Selection(export.project_id, export.start_ms, export.end_ms, export.event_name, filters)


def _in_force(export: EventExport, bindings: Bindings, selection: Selection | None = None) -> list[str]:
    snapshot = Snapshot(export.below, amended=True, pinned=True)
    return conditions(selection or _selection(export), snapshot, bindings)


def _gone(export: EventExport, bindings: Bindings) -> list[str]:
    """Those that counted at `since` and were replaced or taken back from there to `below`."""
    since, below = bindings.whole(export.since or 0), bindings.whole(export.below)
    project = f"project_id = {bindings.text(export.project_id)}"
    replaced = where([project, f"by_position >= {since}", f"by_position < {below}"])
    return [
        *of_selection(_selection(export), bindings),
        f"position < {since}",
        f"position IN (SELECT position FROM superseded {replaced})",  # noqa: S608 - every value in it is a placeholder
        f"bitAnd(flags, {EventFlag.VOID.value}) = 0",
    ]


def _gone_how(export: EventExport, bindings: Bindings) -> str:
    """Replaced, if the id has an event that counts at `below`, of whatever name and time; else voided."""
    whole = Selection(export.project_id, *_ALL_TIMES)
    found = [*_in_force(export, bindings, whole), f"position >= {bindings.whole(export.since or 0)}"]
    return f"if(event_id IN (SELECT event_id FROM events {where(found)}), 'replaced', 'voided')"  # noqa: S608 - as above


_ALL_TIMES = (-(2**53), 2**53)


def _beyond(place: ExportPlace, bindings: Bindings) -> str:
    """The first part lets the store skip by its key; the second decides."""
    name, instant = bindings.text(place.name), bindings.instant(place.timestamp_ms)
    position = bindings.whole(place.position)
    later = f"timestamp > {instant} OR (timestamp = {instant} AND position > {position})"
    return f"name >= {name} AND (name > {name} OR (name = {name} AND ({later})))"
