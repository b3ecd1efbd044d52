"""Durable batches of 1,000 events, accepted while the loader works beside, against a bare uvicorn that discards the same bodies.

One process, all defaults. Rounds alternate between the two.
"""

import tempfile
from pathlib import Path

from bench.figure import OURS, Bar, Comparison, Figure, Goal
from bench.machinery import Counter, Spent, bare_uvicorn, middle, streamgauge
from bench.traffic import BATCH_EVENTS, batch_bodies, write_bodies
from bench.wrk import WrkRun, run_wrk

CONNECTIONS = 8
DIFFERENT_BODIES = 16
DISCARDING = "bare uvicorn, body discarded"


def measure_batches(rounds: int, seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name, bare_uvicorn() as (bare_url, _):
        folder = Path(name)
        payloads = batch_bodies(DIFFERENT_BODIES)
        bodies = write_bodies(folder, payloads)
        with streamgauge(folder / "data") as (server, secret):
            counter = Counter(server, secret)
            bare: list[WrkRun] = []
            ours: list[WrkRun] = []
            before = Spent.of(server.pid)
            for _ in range(rounds + 1):  # the first round warms up and is left out
                bare.append(run_wrk(f"{bare_url}/", secret, bodies, connections=CONNECTIONS, seconds=seconds))
                ours.append(run_wrk(f"{server.url}/v1/events/batch", secret, bodies, connections=CONNECTIONS, seconds=seconds))
                counter.loaded_after_all()  # the backlog of one round must not slow the next
            spent, loaded = Spent.of(server.pid) - before, counter.loaded_after_all()
    mean_bytes = sum(map(len, payloads)) / len(payloads) / BATCH_EVENTS
    return [figure_of(bare[1:], ours[1:], spent, loaded, mean_bytes)]


def figure_of(bare: list[WrkRun], ours: list[WrkRun], spent: Spent, loaded: int, mean_bytes: float) -> Figure:
    """loaded: events that the server took while it spent that; mean_bytes: of an event as it is sent."""
    rates = {OURS: _rates(ours), DISCARDING: _rates(bare)}
    ratios = tuple(mine / theirs for mine, theirs in zip(rates[OURS], rates[DISCARDING], strict=True))
    refused = sum(run.refused + run.broken for run in ours)
    times = " / ".join(f"{middle([run.times_ms[level] for run in ours]):.0f} ms" for level in ours[0].times_ms)
    detail = (
        f"{mean_bytes:.0f} bytes an event, {CONNECTIONS} connections, 50 / 99 / 99.9 % of batches answered within {times}; "
        f"{spent.cpu_s * 1e6 / loaded:.1f} µs of processor time and {spent.written_bytes / loaded:.0f} bytes written an event, "
        f"loading included; {middle(rates[DISCARDING]):,.0f} events/s discarded by the bare uvicorn; {refused} refused or broken"
    )
    bars = tuple(Bar(lane, "", values) for lane, values in rates.items())
    return Figure(
        "durable batches of 1,000",
        middle(rates[OURS]),
        "events/s",
        Goal.AT_LEAST,
        350_000,
        detail,
        rates[OURS],
        Figure("share of a body-discarding bare uvicorn", middle(ratios), "", Goal.AT_LEAST, 0.6, rounds=ratios),
        Comparison("Durable batches of 1,000 events", "events/s", bars),
    )


def _rates(runs: list[WrkRun]) -> tuple[float, ...]:
    return tuple(run.accepted_per_s * BATCH_EVENTS for run in runs)
