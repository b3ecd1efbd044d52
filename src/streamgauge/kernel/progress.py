"""How far the loader has come, as the parts that wait for it see it."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from streamgauge.kernel.event import Batch, Event


class LoadedEvents(msgspec.Struct, frozen=True):
    """What one load put into the store: three lists of one length, in the order of positions; duplicates are not among them.

    end: the position below which all is loaded now. replaced: (project id, position) of earlier events that count no more,
    because an event or a void mark of this load took their place.
    """

    end: int
    events: Sequence[Event]
    batches: Sequence[Batch]
    positions: Sequence[int]
    replaced: Sequence[tuple[str, int]] = ()


class LoadListener(Protocol):
    """Is told of every load, on the loader's thread, just before queries may see it. It must be quick and must not raise."""

    def on_load(self, loaded: LoadedEvents) -> None: ...


class LoadProgress(Protocol):
    """Positions are byte offsets of the journal; all that lies below `loaded` is in the store and checkpointed."""

    @property
    def loaded(self) -> int: ...

    def is_amended(self, project_id: str) -> bool:
        """True when some event of the project was ever replaced by one with the same id; queries then leave the old ones out."""
        ...

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        """Wait until `loaded` reaches the position; False when the time ran out first."""
        ...


class AllLoaded:
    """Progress of a store that nobody is loading (the command line, tests of queries): everything is there."""

    def __init__(self, amended: frozenset[str] = frozenset()) -> None:
        self._amended = amended

    @property
    def loaded(self) -> int:
        return 2**63 - 1

    def is_amended(self, project_id: str) -> bool:
        return project_id in self._amended

    async def wait_until_loaded(self, position: int, timeout_s: float) -> bool:
        return True
