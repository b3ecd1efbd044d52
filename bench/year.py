"""The folder on which questions, size and readiness are measured: events of bench.traffic over one year, in the order of time.

It is made through the server itself, once, and kept under bench/out. The bodies repeat with other dates, but none within less
than a day's events, so that the engine gains nothing from it. At the end the engine has done the merges that it does by itself.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import httpx

from bench.machinery import LAG_HEADER, streamgauge
from bench.sending import send_all
from bench.traffic import BATCH_EVENTS, DAY, EVENT_NAME, batch_bodies

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 365
YEAR = {"event": EVENT_NAME, "from": "2025-01-01", "to": "2025-12-31"}
_LEAST_DIFFERENT_BODIES = 64
_MOST_DIFFERENT_BODIES = 512


def year_folder(kept: Path, events: int) -> Path:
    """The folder with so many events (whole batches), which is made when it is not there."""
    folder = kept / f"year-{events}"
    if not folder.exists():
        _make(folder, events)
    return folder


def bodies_of_year(events: int) -> Iterator[bytes]:
    """The same on every run."""
    batches = events // BATCH_EVENTS
    different = min(_MOST_DIFFERENT_BODIES, max(_LEAST_DIFFERENT_BODIES, 2 * batches // DAYS))
    then = DAY.encode()
    for number, body in zip(range(batches), cycle(batch_bodies(different)), strict=False):
        day = FIRST_DAY + timedelta(days=number * DAYS // batches)
        yield body.replace(then + b"T", f"{day:%Y-%m-%d}T".encode())


def run_alone(*arguments: str) -> str:
    """What `python -m bench.alone` printed last: the engine is opened by one process at a time, so it gets one of its own."""
    command = [sys.executable, "-m", "bench.alone", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


def _make(folder: Path, events: int) -> None:
    """Fill beside the final place and move there, so that an interrupted filling is never measured."""
    half = folder.with_name(f"half-made-{folder.name}")
    shutil.rmtree(half, ignore_errors=True)
    half.parent.mkdir(parents=True, exist_ok=True)
    with streamgauge(half) as (server, secret):
        send_all(f"{server.url}/v1/events/batch", secret, bodies_of_year(events))
        loaded = _loaded(server.url, secret)
    if loaded != events:
        raise RuntimeError(f"{loaded} events are there, {events} were sent")
    run_alone("settle", str(half))
    half.rename(folder)


def _loaded(url: str, secret: str) -> int:
    """The number of events once all are loaded."""
    headers = {"authorization": f"Bearer {secret}"}
    while True:
        reply = httpx.get(f"{url}/v1/metrics", params=YEAR, headers=headers, timeout=120)
        if reply.status_code == 200 and LAG_HEADER not in reply.headers:
            return int(reply.json()["count"])
        if reply.status_code not in (200, 503):
            raise RuntimeError(f"{reply.status_code}: {reply.text[:300]}")
