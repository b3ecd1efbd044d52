"""How much is measured: a brief run shows that everything works, the usual one takes minutes, the full one hours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """rounds, seconds: of what is done in turns; sustained_s, direct_s: of a load, and of the store alone before and after it;
    starts: of the server; year_events: in the folder of bench.year; repeats: of a question in each of its turns; ready_goal_s:
    for that folder; compared_events: in a smaller folder, None for none; written_down: into docs/performance.md."""

    command: str
    rounds: int
    seconds: int
    sustained_s: int
    direct_s: int
    freshness_s: int
    flood_s: int
    starts: int
    year_events: int
    question_rounds: int
    repeats: int
    ready_goal_s: float
    compared_events: int | None = None
    written_down: bool = True


BRIEF = Extent(
    "make bench ARGS=--brief",
    rounds=2,
    seconds=2,
    sustained_s=8,
    direct_s=5,
    freshness_s=5,
    flood_s=5,
    starts=2,
    year_events=500_000,
    question_rounds=1,
    repeats=2,
    ready_goal_s=2.0,
    written_down=False,
)
USUAL = Extent(
    "make bench",
    rounds=5,
    seconds=8,
    sustained_s=60,
    direct_s=20,
    freshness_s=30,
    flood_s=30,
    starts=5,
    year_events=10_000_000,
    question_rounds=3,
    repeats=5,
    ready_goal_s=2.0,
)
FULL = Extent(
    "make bench-full",
    rounds=9,
    seconds=15,
    sustained_s=120,
    direct_s=30,
    freshness_s=60,
    flood_s=60,
    starts=9,
    year_events=100_000_000,
    question_rounds=3,
    repeats=7,
    ready_goal_s=3.0,
    compared_events=10_000_000,
)
