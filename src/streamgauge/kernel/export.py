"""What an export asks for, page by page, as frozen values.

A cursor is a position of the journal. The events of an export are those that are in force when everything below `below` counts
and nothing else does; that stays true however much is loaded meanwhile, so the pages of one export speak of one state.
"""

import msgspec


class EventExport(msgspec.Struct, frozen=True):
    """Events of one project, times half-open. since: only what changed from that cursor to `below`, None for all of them.

    customer_ids: of these customers only; none for all. with_web: also what is known of pages and visitors' devices.
    """

    project_id: str
    below: int
    start_ms: int
    end_ms: int
    since: int | None = None
    event_name: str | None = None
    customer_ids: tuple[str, ...] = ()
    with_web: bool = False


class ExportPlace(msgspec.Struct, frozen=True):
    """A place in the order of an export: by name, time, position."""

    name: str
    timestamp_ms: int
    position: int


class ExportPage(msgspec.Struct, frozen=True):
    """The rows after a place, at most `limit`. gone: those that counted at `since` and no longer do, else those that do now."""

    export: EventExport
    limit: int
    after: ExportPlace | None = None
    gone: bool = False
