"""Durable batches of 1,000 events, accepted while the loader works beside: one process, all defaults."""

import tempfile
from pathlib import Path

from bench.figure import Figure, Goal
from bench.machinery import Counter, cpu_seconds, middle, streamgauge
from bench.traffic import BATCH_EVENTS, batch_bodies, write_bodies
from bench.wrk import WrkRun, run_wrk

CONNECTIONS = 8
DIFFERENT_BODIES = 16


def measure_batches(rounds: int, seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        folder = Path(name)
        payloads = batch_bodies(DIFFERENT_BODIES)
        bodies = write_bodies(folder, payloads)
        with streamgauge(folder / "data") as (server, secret):
            counter = Counter(server, secret)
            runs: list[WrkRun] = []
            before = cpu_seconds(server.pid)
            for _ in range(rounds + 1):  # the first round warms up and is left out
                runs.append(run_wrk(f"{server.url}/v1/events/batch", secret, bodies, connections=CONNECTIONS, seconds=seconds))
                counter.loaded_after_all()  # the backlog of one round must not slow the next
            cpu_us = (cpu_seconds(server.pid) - before) * 1e6 / counter.loaded_after_all()
    rates = [run.accepted_per_s * BATCH_EVENTS for run in runs[1:]]
    mean_bytes = sum(map(len, payloads)) / len(payloads) / BATCH_EVENTS
    refused = sum(run.refused + run.broken for run in runs[1:])
    p99_ms = middle([run.p99_us / 1000 for run in runs[1:]])
    detail = (
        f"{mean_bytes:.0f} bytes an event, {CONNECTIONS} connections, p99 {p99_ms:.0f} ms a batch; "
        f"{cpu_us:.1f} µs of processor time an event, loading included; {refused} refused or broken"
    )
    figure = Figure("durable batches of 1,000", middle(rates), "events/s", Goal.AT_LEAST, 200_000, detail, tuple(rates))
    return [figure]
