"""GET /v1/events/:id/history of the Flexprice door (our addition): who changed an event, when, and what it was before and after.

    {"event_id", "changes": [{"position", "change", "at", "key_id", "door", "before", "after"}], "has_more"}

- Changes stand in the order in which they were accepted; the last ones when there are more than MAX_CHANGES (has_more).
- change: "created"; "corrected" (sent again with other content); "voided" (taken back); "restored" (sent again after that).
- before and after: the version that counted, null when none did. at: when it was received. key_id: of the key that sent it; empty
  when none is known (events of before keys were noted, and those that a page sent without a key).
- A duplicate changes nothing and leaves nothing here.
"""

from collections.abc import Sequence

import msgspec

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import StoredEvent
from streamgauge.wire.flexprice.listing import event_fields
from streamgauge.wire.timestamps import format_instant

MAX_CHANGES = 100


def render_history(project_id: str, newest_first: Sequence[StoredEvent]) -> bytes:
    """newest_first: versions and void marks, at least one; one more than MAX_CHANGES tells that there are more."""
    shown = newest_first[:MAX_CHANGES]
    has_more = len(newest_first) > MAX_CHANGES
    before = newest_first[MAX_CHANGES] if has_more else None
    changes = []
    for entry in reversed(shown):
        changes.append(_change(project_id, before, entry))
        before = entry
    return msgspec.json.encode({"event_id": shown[0].event_id, "changes": changes, "has_more": has_more})


def _change(project_id: str, before: StoredEvent | None, after: StoredEvent) -> dict[str, object]:
    was_counted = before is not None and not _is_mark(before)
    return {
        "position": after.position,
        "change": _name_of(before, after),
        "at": format_instant(after.received_at_ms),
        "key_id": after.key_id,
        "door": after.door,
        "before": event_fields(project_id, before) if before is not None and was_counted else None,
        "after": None if _is_mark(after) else event_fields(project_id, after),
    }


def _name_of(before: StoredEvent | None, after: StoredEvent) -> str:
    if _is_mark(after):
        return "voided"
    if before is None:
        return "created"
    return "restored" if _is_mark(before) else "corrected"


def _is_mark(entry: StoredEvent) -> bool:
    return bool(entry.flags & EventFlag.VOID)
