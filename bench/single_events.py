"""Durable single events against a bare uvicorn POST: the same generator, the same body, turn and turn about."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure, Goal
from bench.machinery import bare_uvicorn, cpu_seconds, middle, streamgauge
from bench.traffic import single_body, write_bodies
from bench.wrk import WrkRun, run_wrk

CONNECTIONS = 64


@dataclass(frozen=True)
class Round:
    """One run of the generator, and the processor time of the server during it."""

    run: WrkRun
    cpu_s: float

    @property
    def cpu_us_per_event(self) -> float:
        return self.cpu_s * 1e6 / self.run.answered


def measure_single_events(rounds: int, seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name, bare_uvicorn() as (bare_url, bare_pid):
        folder = Path(name)
        bodies = write_bodies(folder, [single_body()])
        with streamgauge(folder / "data") as (server, secret):
            bare: list[Round] = []
            ours: list[Round] = []
            for seconds_now in (2, *[seconds] * rounds):  # the first round warms both up and is left out
                bare.append(_round(bare_url + "/", bare_pid, secret, bodies, seconds_now))
                ours.append(_round(server.url + "/v1/events", server.pid, secret, bodies, seconds_now))
    return _figures(bare[1:], ours[1:])


def _round(url: str, pid: int, secret: str, bodies: list[Path], seconds: int) -> Round:
    before = cpu_seconds(pid)
    run = run_wrk(url, secret, bodies, connections=CONNECTIONS, seconds=seconds)
    return Round(run, cpu_seconds(pid) - before)


def _figures(bare: list[Round], ours: list[Round]) -> list[Figure]:
    bad = sum(each.run.refused + each.run.broken for each in ours)
    ratios = [mine.run.accepted_per_s / theirs.run.accepted_per_s for mine, theirs in zip(ours, bare, strict=True)]
    rates = [middle([each.run.accepted_per_s for each in rounds]) for rounds in (ours, bare)]
    cpu_us = [middle([each.cpu_us_per_event for each in rounds]) for rounds in (ours, bare)]
    p99s_ms = [each.run.p99_us / 1000 for each in ours]
    p50_ms = middle([each.run.p50_us / 1000 for each in ours])
    return [
        Figure(
            "durable single events, share of a bare uvicorn POST",
            middle(ratios),
            "",
            Goal.AT_LEAST,
            0.5,
            f"{rates[0]:,.0f} a second against {rates[1]:,.0f}; {cpu_us[0]:.0f} µs of processor time each (loading included) "
            f"against {cpu_us[1]:.0f}; {CONNECTIONS} connections; {bad} refused or broken",
            tuple(ratios),
        ),
        Figure(
            "durable single events, 99th percentile of the time to the answer",
            middle(p99s_ms),
            "ms",
            Goal.AT_MOST,
            40,
            f"median {p50_ms:.1f} ms; {CONNECTIONS} connections",
            tuple(p99s_ms),
        ),
    ]
