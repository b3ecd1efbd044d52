"""A measured figure beside the goal that it is held to, and beside what else was measured in the same run."""

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

OURS = "Streamgauge"


class Goal(Enum):
    """Which side of the goal is good."""

    AT_LEAST = "at least"
    AT_MOST = "at most"
    NONE = "none"


@dataclass(frozen=True)
class Bar:
    """One of the things that are compared. lane: who; group: at what; rounds: one value for each round, or a single one."""

    lane: str
    group: str
    rounds: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """What a chart shows: bars in groups. spread: the groups differ so much in size that the scale has to be logarithmic."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    spread: bool = False


@dataclass(frozen=True)
class Figure:
    """what: one line; detail: what else was measured on the way, in words; rounds: in the unit of the value, one for each round.

    instead: where the goal is one of two, the other, which counts as well. compared: for the chart.
    """

    what: str
    value: float
    unit: str
    side: Goal
    goal: float
    detail: str = ""
    rounds: tuple[float, ...] = field(default=())
    instead: "Figure | None" = None
    compared: Comparison | None = None

    @property
    def reached(self) -> bool:
        return self.share_of_goal >= 1 or (self.instead is not None and self.instead.reached)

    @property
    def share_of_goal(self) -> float:
        """How far the value is: 1 is just there, whichever side is good. Without a goal it is there."""
        return self.share_of(self.value)

    def share_of(self, value: float) -> float:
        """As share_of_goal, for another value: that of a round."""
        match self.side:
            case Goal.NONE:
                return 1.0
            case Goal.AT_LEAST:
                return value / self.goal
            case Goal.AT_MOST:
                return self.goal / value if value > 0 else float("inf")

    @property
    def shown(self) -> str:
        own = f"{_shown(self.value)} {self.unit}".strip()
        return own if self.instead is None else f"{own}; {self.instead.shown}"

    @property
    def goal_shown(self) -> str:
        if self.side is Goal.NONE:
            return "none"
        own = f"{self.side.value} {_shown(self.goal)} {self.unit}".strip()
        return own if self.instead is None else f"{own}, or {self.instead.what} {self.instead.goal_shown}"

    @property
    def verdict(self) -> str:
        """As a table says it."""
        if self.side is Goal.NONE:
            return ""
        return "yes" if self.reached else "no"

    def to_json(self) -> dict[str, Any]:
        own = {**asdict(self), "side": self.side.value, "reached": self.reached}
        return {**own, "instead": None if self.instead is None else self.instead.to_json()}


def _shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.2f}"
