"""What came after a period was closed: the question, and the answer."""

from enum import StrEnum

import msgspec

from streamgauge.kernel.query import StoredEvent


class AdjustmentKind(StrEnum):
    """LATE: a new event. CORRECTION: it took the place of an earlier event with the same id. VOID: it took such a one back."""

    LATE = "late"
    CORRECTION = "correction"
    VOID = "void"


class AdjustmentQuery(msgspec.Struct, frozen=True):
    """What stands at or after `position` in the journal and is of the range: by its own time, or because it took the place of an
    event of the range that stands before `position`. A page of it, by position."""

    project_id: str
    start_ms: int
    end_ms: int
    position: int
    limit: int
    offset: int = 0
    descending: bool = True


class Adjustment(msgspec.Struct, frozen=True):
    """event.superseded: something that came later took its place. A void mark has the name, time and customer of its event."""

    kind: AdjustmentKind
    event: StoredEvent


class AdjustmentPage(msgspec.Struct, frozen=True):
    """total: of all pages."""

    adjustments: tuple[Adjustment, ...]
    total: int
