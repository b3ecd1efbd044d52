"""What the store must hold after some records were loaded: the rules of the loader once more, in the plainest way."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from streamgauge.kernel.event import Batch, Event, EventFlag


@dataclass
class Model:
    """rows: (project, position, event id). superseded: (project, position, by position). tally: by project."""

    rows: list[tuple[str, int, str]] = field(default_factory=list)
    superseded: list[tuple[str, int, int]] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    _latest: dict[tuple[str, str], tuple[int, object]] = field(default_factory=dict)

    def load(self, records: Iterable[tuple[int, Batch]]) -> "Model":
        for position, batch in records:
            for place, event in enumerate(batch.events):
                self._load_event(batch.project_id, position + place, event)
        return self

    def _load_event(self, project_id: str, position: int, event: Event) -> None:
        self.received[project_id] = self.received.get(project_id, 0) + 1
        now = (position, _content(event))
        before = self._latest.get((project_id, event.event_id))
        if event.flags & EventFlag.ID_FROM_CLIENT and before is not None:
            if before[1] == now[1]:
                self.duplicates[project_id] = self.duplicates.get(project_id, 0) + 1
                return
            self.superseded.append((project_id, before[0], position))
        self._latest[project_id, event.event_id] = now
        self.rows.append((project_id, position, event.event_id))


def _content(event: Event) -> object:
    timed = event.flags & EventFlag.TIME_FROM_CLIENT
    return (
        event.name,
        event.timestamp_ms if timed else None,
        event.customer_id,
        event.account_id,
        event.visitor_id,
        event.website_id,
        event.source,
        event.properties,
    )
