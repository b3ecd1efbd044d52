"""What a dialect offers for events. The HTTP floor knows only this; nothing behind it knows which dialect spoke."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from streamgauge.kernel.event import Door, Event
from streamgauge.kernel.refusal import Refusal

MAX_BATCH_EVENTS = 1000


class Mint(Protocol):
    """The maker of event ids (kernel.identifiers.IdMint)."""

    def mint(self, prefix: str) -> str: ...

    def mint_many(self, prefix: str, number: int) -> list[str]: ...


class Arrival(NamedTuple):
    """What parsing fills in when the sender did not say: the time of receipt (milliseconds since 1970, UTC) and ids."""

    now_ms: int
    mint: Mint


class ParsedBatch(NamedTuple):
    """A batch request, sorted out.

    events: the good ones, in the order sent; indexes: the place in the request of each.
    failures: place and refusal of each of the others, in order. Only theBizness has any: the other two refuse the whole batch.
        When there are no good ones, parsing raises NoneAccepted instead.
    """

    events: list[Event]
    indexes: Sequence[int]
    failures: list[tuple[int, Refusal]]


class NoneAccepted(Refusal):
    """Every event of a batch that could be accepted in part is refused. It says what the first of them says.

    reasons: of all of them, in order, so that each can be counted.
    """

    def __init__(self, failures: Sequence[tuple[int, Refusal]]) -> None:
        first = failures[0][1]
        super().__init__(
            first.reason,
            first.message,
            field=first.field,
            expected=first.expected,
            index=first.index,
            retry_after_s=first.retry_after_s,
            details=first.details,
        )
        self.reasons = [refusal.reason for _, refusal in failures]


class Reply(NamedTuple):
    """An HTTP status and a JSON body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """One door's words for events.

    parse_event, parse_batch: raise Refusal, and nothing else, whatever the bytes are.
    render_event: the success body for one event. render_batch: for the accepted events and the refused rest of a batch.
    render_refusal: status and body of any Refusal, in this door's shape. It never says more than the refusal does.
    partial: a batch may be accepted in part, so failures found later (unknown websites) are itemised, not raised.
    """

    door: Door
    success_status: int
    partial: bool
    parse_event: Callable[[bytes, Arrival], Event]
    parse_batch: Callable[[bytes, Arrival], ParsedBatch]
    render_event: Callable[[Event], bytes]
    render_batch: Callable[[Sequence[Event], Sequence[tuple[int, Refusal]]], bytes]
    render_refusal: Callable[[Refusal], Reply]
