"""A measured figure beside the goal that it is held to."""

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class Goal(Enum):
    """Which side of the goal is good."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True)
class Figure:
    """what: one line; detail: what else was measured on the way, in words."""

    what: str
    value: float
    unit: str
    side: Goal
    goal: float
    detail: str = ""
    rounds: tuple[float, ...] = field(default=())

    @property
    def reached(self) -> bool:
        return self.value >= self.goal if self.side is Goal.AT_LEAST else self.value <= self.goal

    @property
    def shown(self) -> str:
        return f"{_shown(self.value)} {self.unit}".strip()

    @property
    def goal_shown(self) -> str:
        return f"{self.side.value} {_shown(self.goal)} {self.unit}".strip()

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "side": self.side.value, "reached": self.reached}


def _shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.2f}"
