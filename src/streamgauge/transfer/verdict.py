"""What is found of the rows of a file: events, and by name why others are none."""

import msgspec

from streamgauge.kernel.event import Door, Event
from streamgauge.kernel.refusal import Refusal


class BadRow(msgspec.Struct, frozen=True):
    """A row that is no event. row: from 1, a header not counted. line: of the file, from 1; None where there are no lines."""

    row: int
    line: int | None
    reason: str
    field: str
    expected: str
    message: str

    @classmethod
    def of(cls, row: int, line: int | None, refusal: Refusal) -> "BadRow":
        return cls(row, line, refusal.reason.value, refusal.field, refusal.expected, refusal.message)


class Judged(msgspec.Struct, frozen=True):
    """A chunk of rows, judged. events: the good ones in order. doors: of each, or one for all.

    next_row: the row after the last one of the chunk. share: how much of the file is read, from 0 to 1.
    """

    events: list[Event]
    doors: list[Door] | Door
    bad: list[BadRow]
    next_row: int
    share: float
