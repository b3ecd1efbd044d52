"""Durable single events against a bare uvicorn POST: the same generator, the same body, turn and turn about."""

import tempfile
from pathlib import Path

from bench.figure import Figure, Goal
from bench.machinery import bare_uvicorn, middle, streamgauge
from bench.traffic import single_body, write_bodies
from bench.wrk import WrkRun, run_wrk

CONNECTIONS = 64


def measure_single_events(rounds: int, seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name, bare_uvicorn() as bare_url:
        folder = Path(name)
        bodies = write_bodies(folder, [single_body()])
        with streamgauge(folder / "data") as (server, secret):
            bare: list[WrkRun] = []
            ours: list[WrkRun] = []
            for seconds_now in (2, *[seconds] * rounds):  # the first round warms both up and is left out
                bare.append(run_wrk(bare_url + "/", secret, bodies, connections=CONNECTIONS, seconds=seconds_now))
                ours.append(run_wrk(server.url + "/v1/events", secret, bodies, connections=CONNECTIONS, seconds=seconds_now))
    return _figures(bare[1:], ours[1:])


def _figures(bare: list[WrkRun], ours: list[WrkRun]) -> list[Figure]:
    bad = sum(run.refused + run.broken for run in ours)
    ratios = [mine.accepted_per_s / theirs.accepted_per_s for mine, theirs in zip(ours, bare, strict=True)]
    rates = middle([run.accepted_per_s for run in ours]), middle([run.accepted_per_s for run in bare])
    p99s_ms = [run.p99_us / 1000 for run in ours]
    p50_ms = middle([run.p50_us / 1000 for run in ours])
    return [
        Figure(
            "durable single events, share of a bare uvicorn POST",
            middle(ratios),
            "",
            Goal.AT_LEAST,
            0.5,
            f"{rates[0]:,.0f} a second against {rates[1]:,.0f}; {CONNECTIONS} connections; {bad} refused or broken",
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
