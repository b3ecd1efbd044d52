"""What an export asks for, page by page, as frozen values.

A cursor is a position of the journal. The events of an export are those that are in force when everything below `below` counts
and nothing else does; that stays true however much is loaded meanwhile, so the pages of one export speak of one state.
"""

import msgspec

from streamgauge.kernel.query import Window


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


class UsagePage(msgspec.Struct, frozen=True):
    """Usage of one meter by customer and window (None: the whole range) at one position. Months start on month_anchor_day.

    customer_id: of this customer only, with all its further ids, under its external id; "" for all, by the ids of their events.
    """

    project_id: str
    below: int
    meter_id: str
    start_ms: int
    end_ms: int
    window: Window | None = None
    timezone: str = "UTC"
    month_anchor_day: int = 1
    customer_id: str = ""
