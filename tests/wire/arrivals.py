"""What the tests of this room hand to a parser: a fixed time, and ids that count."""

from streamgauge.kernel.event import Event
from streamgauge.wire.dialect import Arrival

NOW_MS = 1_705_314_600_123


class CountingMint:
    """Ids in the order in which they were asked for: evt_1, evt_2 ..."""

    def __init__(self) -> None:
        self._count = 0

    def mint(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count}"

    def mint_many(self, prefix: str, number: int) -> list[str]:
        return [self.mint(prefix) for _ in range(number)]


def arrival() -> Arrival:
    return Arrival(NOW_MS, CountingMint())


def content(event: Event) -> tuple[object, ...]:
    """An event without its id, unless the sender chose it: what two readings of the same bytes must agree on."""
    return (event.event_id if event.flags & 1 else "", *[getattr(event, name) for name in event.__struct_fields__[1:]])
