"""The journal as the loader sees it. The real one is in the journal room; tests use one in memory."""

from collections.abc import Sequence
from typing import Protocol


class Record(Protocol):
    """One journal entry: its position, its payload, and the position of the next one."""

    @property
    def position(self) -> int: ...

    @property
    def payload(self) -> bytes: ...

    @property
    def next_position(self) -> int: ...


class JournalReader(Protocol):
    """Durable records in order. Positions are byte offsets and only grow. Every method may be called from any thread."""

    @property
    def start(self) -> int:
        """The position of the oldest record still kept."""
        ...

    @property
    def end(self) -> int:
        """The position after the last durable record."""
        ...

    def read(self, position: int, max_bytes: int) -> Sequence[Record]:
        """Records from `position` on, about max_bytes of them, at least one unless `position` is the end."""
        ...

    def wait_for_end(self, beyond: int, timeout_s: float) -> bool:
        """Blocks until `end` is greater than `beyond`; False when the time ran out first."""
        ...

    def release(self, position: int) -> None:
        """What lies below the position is not needed any more."""
        ...
