"""Durable single events against two bare responders: the same generator, the same body, turn and turn about."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.figure import OURS, Bar, Comparison, Figure, Goal
from bench.machinery import Counter, Spent, bare_protocol, bare_uvicorn, middle, streamgauge
from bench.traffic import single_body, write_bodies
from bench.wrk import LEVELS, WrkRun, run_wrk

CONNECTIONS = 64
UVICORN, PROTOCOL = "bare uvicorn", "bare protocol"
LANES = (OURS, UVICORN, PROTOCOL)


@dataclass(frozen=True)
class Round:
    """One run of the generator, and what the server took during it."""

    run: WrkRun
    spent: Spent

    @property
    def cpu_us_per_event(self) -> float:
        return self.spent.cpu_s * 1e6 / self.run.answered

    @property
    def written_per_event(self) -> float:
        return self.spent.written_bytes / self.run.answered


def measure_single_events(rounds: int, seconds: int) -> list[Figure]:
    taken: dict[str, list[Round]] = {lane: [] for lane in LANES}
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name, bare_uvicorn() as uvicorn, bare_protocol() as protocol:
        folder = Path(name)
        bodies = write_bodies(folder, [single_body()])
        with streamgauge(folder / "data") as (server, secret):
            places = {
                UVICORN: (uvicorn[0] + "/", uvicorn[1]),
                OURS: (server.url + "/v1/events", server.pid),
                PROTOCOL: (protocol[0] + "/", protocol[1]),
            }
            for seconds_now in (2, *[seconds] * rounds):  # the first round warms all up and is left out
                for lane, (url, pid) in places.items():
                    taken[lane].append(_round(url, pid, secret, bodies, seconds_now))
                Counter(server, secret).loaded_after_all()  # what we still load must not slow the others
    return figures_of({lane: runs[1:] for lane, runs in taken.items()})


def _round(url: str, pid: int, secret: str, bodies: list[Path], seconds: int) -> Round:
    before = Spent.of(pid)
    run = run_wrk(url, secret, bodies, connections=CONNECTIONS, seconds=seconds)
    return Round(run, Spent.of(pid) - before)


def figures_of(taken: dict[str, list[Round]]) -> list[Figure]:
    """The figures of rounds that were taken in turns, by who answered."""
    ours = taken[OURS]
    bad = sum(each.run.refused + each.run.broken for each in ours)
    rates = {lane: middle([each.run.accepted_per_s for each in runs]) for lane, runs in taken.items()}
    cpu_us = {lane: middle([each.cpu_us_per_event for each in runs]) for lane, runs in taken.items()}
    written = middle([each.written_per_event for each in ours])
    p50_ms, _, p999_ms = (middle([each.run.times_ms[level] for each in ours]) for level in LEVELS)
    p99s_ms = tuple(each.run.p99_us / 1000 for each in ours)
    return [
        _share_figure(
            taken,
            UVICORN,
            1.0,
            f"{rates[OURS]:,.0f} a second against {rates[UVICORN]:,.0f}; {cpu_us[OURS]:.0f} µs of processor time each (loading "
            f"included) against {cpu_us[UVICORN]:.0f}; {written:.0f} bytes written an event; {CONNECTIONS} connections; "
            f"{bad} refused or broken",
            Comparison("Durable single events, 64 connections", "requests/s", _bars(taken)),
        ),
        _share_figure(
            taken, PROTOCOL, 0.45, f"against {rates[PROTOCOL]:,.0f} a second; {cpu_us[PROTOCOL]:.0f} µs of processor time each"
        ),
        Figure(
            "durable single events, 99th percentile of the time to the answer",
            middle(p99s_ms),
            "ms",
            Goal.AT_MOST,
            25,
            f"median {p50_ms:.1f} ms, 99.9 % {p999_ms:.1f} ms; {CONNECTIONS} connections",
            p99s_ms,
            compared=Comparison("Single events, time to the answer", "ms", _times(taken)),
        ),
    ]


def _share_figure(taken: dict[str, list[Round]], lane: str, goal: float, detail: str, chart: Comparison | None = None) -> Figure:
    """The median of the ratios of neighbouring rounds, so that a machine that is busy with something else slows both."""
    pairs = zip(taken[OURS], taken[lane], strict=True)
    ratios = tuple(ours.run.accepted_per_s / theirs.run.accepted_per_s for ours, theirs in pairs)
    what = f"durable single events, share of a {lane} POST"
    return Figure(what, middle(ratios), "", Goal.AT_LEAST, goal, detail, ratios, compared=chart)


def _bars(taken: dict[str, list[Round]]) -> tuple[Bar, ...]:
    return tuple(Bar(lane, "", tuple(each.run.accepted_per_s for each in runs)) for lane, runs in taken.items())


def _times(taken: dict[str, list[Round]]) -> tuple[Bar, ...]:
    """Milliseconds."""
    return tuple(
        Bar(lane, level, tuple(each.run.times_ms[level] for each in runs)) for level in LEVELS for lane, runs in taken.items()
    )
