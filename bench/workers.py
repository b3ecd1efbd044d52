"""One process against `serve --workers 2`: single events, and batches of 1,000, turn and turn about, a folder for each server."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bench.figure import OURS, Bar, Comparison, Figure, Goal
from bench.machinery import Counter, Spent, family_of, middle, streamgauge
from bench.traffic import BATCH_EVENTS, batch_bodies, single_body, write_bodies
from bench.wrk import WrkRun, run_wrk

WORKERS = 2
ONE, SEVERAL = OURS, f"{OURS}, {WORKERS} workers"
_DIFFERENT_BODIES = 16


@dataclass(frozen=True)
class Load:
    """One kind of request. events: in each."""

    name: str
    path: str
    events: int
    connections: int


SINGLES = Load("single events", "/v1/events", 1, 64)
BATCHES = Load("batches of 1,000", "/v1/events/batch", BATCH_EVENTS, 8)


@dataclass
class Taken:
    """What the rounds of one load gave, by server. cpu_us: processor time an event, of all of a server's processes."""

    runs: dict[str, list[WrkRun]] = field(default_factory=lambda: {ONE: [], SEVERAL: []})
    cpu_us: dict[str, list[float]] = field(default_factory=lambda: {ONE: [], SEVERAL: []})

    def rates(self, lane: str, load: Load) -> tuple[float, ...]:
        return tuple(run.accepted_per_s * load.events for run in self.runs[lane])


def measure_workers(rounds: int, seconds: int) -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        folder = Path(name)
        with streamgauge(folder / "one") as one, streamgauge(folder / "several", flags=("--workers", str(WORKERS))) as several:
            for load, payloads in ((SINGLES, [single_body()]), (BATCHES, batch_bodies(_DIFFERENT_BODIES))):
                bodies = write_bodies(folder, payloads)
                taken = Taken()
                for seconds_now in (2, *[seconds] * rounds):  # the first round warms all up and is left out
                    for lane, (server, secret) in {ONE: one, SEVERAL: several}.items():
                        before = Spent.of_all(family_of(server.pid))
                        run = run_wrk(server.url + load.path, secret, bodies, connections=load.connections, seconds=seconds_now)
                        Counter(server, secret).loaded_after_all()
                        spent = Spent.of_all(family_of(server.pid)) - before
                        taken.runs[lane].append(run)
                        taken.cpu_us[lane].append(spent.cpu_s * 1e6 / (run.answered * load.events))
                figures.append(figure_of(load, without_first(taken)))
    return figures


def without_first(taken: Taken) -> Taken:
    return Taken({lane: runs[1:] for lane, runs in taken.runs.items()}, {lane: us[1:] for lane, us in taken.cpu_us.items()})


def figure_of(load: Load, taken: Taken) -> Figure:
    """The median of the ratios of neighbouring rounds. The goal is of single events."""
    one, several = taken.rates(ONE, load), taken.rates(SEVERAL, load)
    ratios = tuple(theirs / ours for ours, theirs in zip(one, several, strict=True))
    p99_ms = {lane: middle([run.times_ms["99 %"] for run in runs]) for lane, runs in taken.runs.items()}
    bad = sum(run.refused + run.broken for runs in taken.runs.values() for run in runs)
    detail = (
        f"{middle(several):,.0f} a second against {middle(one):,.0f}; 99th percentile {p99_ms[SEVERAL]:.0f} ms against "
        f"{p99_ms[ONE]:.0f}; {middle(taken.cpu_us[SEVERAL]):.1f} µs of processor time an event against "
        f"{middle(taken.cpu_us[ONE]):.1f}, loading included; {bad} refused or broken"
    )
    return Figure(
        f"{load.name} with {WORKERS} workers, share of one process",
        middle(ratios),
        "",
        Goal.AT_LEAST if load is SINGLES else Goal.NONE,
        1.3 if load is SINGLES else 0,
        detail,
        ratios,
        compared=Comparison(
            f"Durable {load.name}, one process and {WORKERS} workers", "events/s", (Bar(ONE, "", one), Bar(SEVERAL, "", several))
        ),
    )
