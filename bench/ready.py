"""Time from starting the process to the first good answer of /readyz, on a folder with five million events.

The folder is made through the server itself, once, and kept under bench/out; it is measured after a clean stop and after
kill -9.
"""

import asyncio
import contextlib
import itertools
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.figure import Figure, Goal
from bench.machinery import Counter, middle, streamgauge
from bench.traffic import BATCH_EVENTS, batch_bodies
from tests.flows.running import free_port

EVENTS = 5_000_000
SENDERS = 4
DEADLINE_S = 120.0


def measure_ready(rounds: int, kept: Path) -> list[Figure]:
    folder = kept / f"ready-{EVENTS}"
    if not folder.exists():
        _make(folder)
    after_stop = [_time_start(folder, kill=False) for _ in range(rounds)]
    _time_start(folder, kill=True)
    after_kill = [_time_start(folder, kill=True) for _ in range(rounds)]
    detail = f"median of {rounds} starts after a clean stop; {middle(after_kill):.2f} s after kill -9"
    what = f"ready on a folder with {EVENTS:,} events"
    return [Figure(what, middle(after_stop), "s", Goal.AT_MOST, 2, detail, tuple(after_stop))]


def _make(folder: Path) -> None:
    """Fill beside the final place and move there, so that an interrupted filling is never measured."""
    half = folder.with_name("half-made")
    shutil.rmtree(half, ignore_errors=True)
    half.parent.mkdir(parents=True, exist_ok=True)
    with streamgauge(half) as (server, secret):
        asyncio.run(_send(f"{server.url}/v1/events/batch", secret))
        loaded = Counter(server, secret).loaded_after_all()
    if loaded != EVENTS:
        raise RuntimeError(f"{loaded} events are there, {EVENTS} were sent")
    half.rename(folder)


async def _send(url: str, secret: str) -> None:
    bodies = itertools.islice(itertools.cycle(batch_bodies(16)), EVENTS // BATCH_EVENTS)
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}, timeout=60) as client:
        await asyncio.gather(*(_sender(client, url, bodies) for _ in range(SENDERS)))


async def _sender(client: httpx.AsyncClient, url: str, bodies: Iterator[bytes]) -> None:
    for body in bodies:
        while (reply := await client.post(url, content=body)).status_code == 503:
            await asyncio.sleep(float(reply.headers["retry-after"]))
        reply.raise_for_status()


def _time_start(folder: Path, *, kill: bool) -> float:
    """Seconds to readiness; the server is stopped again, hard or softly."""
    port = free_port()
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamgauge", "serve", "--data-dir", str(folder), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        took_s = _wait_ready(f"http://127.0.0.1:{port}/readyz", started)
    finally:
        if kill:
            process.kill()
        else:
            process.terminate()
        process.wait(60)
    return took_s


def _wait_ready(url: str, started: float) -> float:
    with httpx.Client(timeout=5) as client:
        while time.monotonic() - started < DEADLINE_S:
            with contextlib.suppress(httpx.TransportError):
                if client.get(url).status_code == 200:
                    return time.monotonic() - started
            time.sleep(0.005)
    raise RuntimeError(f"not ready within {DEADLINE_S} s")
