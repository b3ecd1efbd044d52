"""Accepted and loaded over a minute, against the same rows going into the same table by ArrowStream without us.

The senders obey Retry-After, so the server is never ahead of its store by more than its backlog. The rate is the number of
events accepted in the minute divided by the time until a query sees all of them. The direct rate is taken before and after
(bench.direct_load), in a process of its own on a fresh folder with our migrations, and the mean of the two is compared.
"""

import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.figure import Figure, Goal
from bench.machinery import Counter, streamgauge
from bench.traffic import BATCH_EVENTS, batch_bodies

SENDERS = 4
DIFFERENT_BODIES = 16
BACKLOG_BYTES = 128 * 2**20


def measure_sustained(seconds: int, direct_seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        folder = Path(name)
        before = direct_rate(folder / "before", direct_seconds)
        ours, refused = _our_rate(folder / "data", seconds)
        after = direct_rate(folder / "after", direct_seconds)
    direct = (before + after) / 2
    detail = (
        f"{ours:,.0f} events/s accepted, durable and loaded, against {before:,.0f} and {after:,.0f} rows/s directly; "
        f"{refused} batches were told to come back later"
    )
    what = f"accepted and loaded over {seconds} s, share of direct inserts"
    return [Figure(what, ours / direct, "", Goal.AT_LEAST, 0.35, detail)]


def direct_rate(folder: Path, seconds: int) -> float:
    """Rows per second of bench.direct_load on a fresh folder."""
    command = [sys.executable, "-m", "bench.direct_load", str(folder), str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])["rows_per_s"])


def _our_rate(folder: Path, seconds: int) -> tuple[float, int]:
    """Events per second from the first send to the last loaded, and the number of batches that were refused for now."""
    with streamgauge(folder, {"journal_backlog_bytes": BACKLOG_BYTES}) as (server, secret):
        bodies = itertools.cycle(batch_bodies(DIFFERENT_BODIES))
        started = time.monotonic()
        accepted, refused = asyncio.run(_send_for(f"{server.url}/v1/events/batch", secret, bodies, seconds))
        loaded = Counter(server, secret).loaded_after_all()
        took_s = time.monotonic() - started
    if loaded != accepted:
        raise RuntimeError(f"{accepted} events were accepted and {loaded} loaded")
    return loaded / took_s, refused


async def _send_for(url: str, secret: str, bodies: Iterator[bytes], seconds: int) -> tuple[int, int]:
    until = time.monotonic() + seconds
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}, timeout=60) as client:
        counts = await asyncio.gather(*(_sender(client, url, bodies, until) for _ in range(SENDERS)))
    return sum(accepted for accepted, _ in counts), sum(refused for _, refused in counts)


async def _sender(client: httpx.AsyncClient, url: str, bodies: Iterator[bytes], until: float) -> tuple[int, int]:
    accepted = refused = 0
    while time.monotonic() < until:
        reply = await client.post(url, content=next(bodies))
        if reply.status_code == 200:
            accepted += BATCH_EVENTS
        elif reply.status_code == 503:
            refused += 1
            await asyncio.sleep(float(reply.headers["retry-after"]))
        else:
            raise RuntimeError(f"{reply.status_code}: {reply.text[:300]}")
    return accepted, refused
