"""A journal in memory, for tests of the loader: the same positions and promises as the real one, no disk."""

import threading
from dataclasses import dataclass

from streamgauge.kernel.event import Batch, encode_batch

_HEADER_BYTES = 24


@dataclass(frozen=True)
class MemoryRecord:
    position: int
    payload: bytes
    next_position: int


class MemoryJournal:
    """Appends are durable at once. released: the position up to which the loader gave records free."""

    def __init__(self) -> None:
        self.records: list[MemoryRecord] = []
        self.released = 0
        self._grown = threading.Condition()

    @property
    def start(self) -> int:
        return 0

    @property
    def end(self) -> int:
        return self.records[-1].next_position if self.records else 0

    def append(self, payload: bytes) -> int:
        with self._grown:
            position = self.end
            self.records.append(MemoryRecord(position, payload, position + _HEADER_BYTES + len(payload)))
            self._grown.notify_all()
        return position

    def append_batch(self, batch: Batch) -> int:
        return self.append(encode_batch(batch))

    def read(self, position: int, max_bytes: int) -> list[MemoryRecord]:
        found: list[MemoryRecord] = []
        size = 0
        for record in self.records:
            if record.position < position:
                continue
            if found and size + len(record.payload) > max_bytes:
                break
            found.append(record)
            size += len(record.payload)
        return found

    def wait_for_end(self, beyond: int, timeout_s: float) -> bool:
        with self._grown:
            return self._grown.wait_for(lambda: self.end > beyond, timeout_s)

    def release(self, position: int) -> None:
        self.released = position
