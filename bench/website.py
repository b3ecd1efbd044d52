"""The page of web analytics on a website with ten million events in 90 days: its time, and what eight of them do to ingest.

The page is what an analytics screen asks for at once: all metrics, a daily series and seven breakdowns, in one request. The
folder is made through the theBizness door of the server itself, once, and kept under bench/out.
"""

import asyncio
import contextlib
import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from bench.figure import Figure, Goal
from bench.machinery import LAG_HEADER, PROJECT, middle, streamgauge
from bench.site_traffic import FIRST_DAY, LAST_DAY, WEBSITE, batches
from bench.traffic import BATCH_EVENTS, batch_bodies, write_bodies
from bench.wrk import run_wrk
from tests.flows.running import RunningServer

EVENTS = 10_000_000
SENDERS = 4
AT_ONCE = 8
BREAKDOWNS = "page,referrer,channel,country,device,browser,os"
_DEADLINE_S = 1_800.0


def measure_website(rounds: int, seconds: int, kept: Path) -> list[Figure]:
    with copied(made(kept)) as copy, streamgauge(copy) as (server, secret):
        month = _page(LAST_DAY - timedelta(days=29))
        whole = _page(FIRST_DAY)
        times: dict[str, list[float]] = {"month": [], "whole": []}
        for number in range(rounds + 1):  # the first round warms up and is left out
            for name, page in (("month", month), ("whole", whole)):
                took_s = _ask(server, secret, page)
                if number:
                    times[name].append(took_s * 1000)
        shares, pages = _beside_ingest(server, secret, month, rounds=5, seconds=seconds)
    return [
        _time_figure("30 days", times["month"], 300),
        _time_figure("90 days", times["whole"], 1_000),
        Figure(
            f"ingest beside {AT_ONCE} analytics pages at once, share of ingest alone",
            middle(shares),
            "",
            Goal.AT_LEAST,
            0.7,
            f"median of 5 neighbouring rounds of {seconds} s, batches of 1,000; {pages:.1f} pages/s answered meanwhile",
            tuple(shares),
        ),
    ]


def made(kept: Path) -> Path:
    """The folder, which is made when it is not there."""
    folder = kept / f"website-{EVENTS}"
    if not folder.exists():
        _make(folder)
    return folder


@contextlib.contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy, for the measurement sends events of its own."""
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-", dir=folder.parent) as name:
        # Links as links: the engine makes its own when they are missing and refuses folders in their places.
        yield Path(shutil.copytree(folder, Path(name) / "data", symlinks=True))


def _time_figure(span: str, times_ms: list[float], goal_ms: float) -> Figure:
    longest = max(times_ms)
    detail = f"all metrics, daily series, seven breakdowns in one request; median of {len(times_ms)}, longest {longest:.0f} ms"
    what = f"analytics page over {span}, website with {EVENTS:,} events"
    return Figure(what, middle(times_ms), "ms", Goal.AT_MOST, goal_ms, detail, tuple(times_ms))


def _page(first_day: datetime) -> Mapping[str, str]:
    return {
        "website_id": WEBSITE,
        "start_date": f"{first_day:%Y-%m-%d}",
        "end_date": f"{LAST_DAY:%Y-%m-%d}",
        "interval": "day",
        "breakdown": BREAKDOWNS,
    }


def _ask(server: RunningServer, secret: str, page: Mapping[str, str]) -> float:
    """Seconds until the answer is there."""
    started = time.monotonic()
    reply = httpx.get(f"{server.url}/api/analytics", params=dict(page), headers=_bearer(secret), timeout=120)
    took_s = time.monotonic() - started
    if reply.status_code != 200 or LAG_HEADER in reply.headers:
        raise RuntimeError(f"{reply.status_code} {reply.headers.get(LAG_HEADER)}: {reply.text[:300]}")
    return took_s


def _beside_ingest(
    server: RunningServer, secret: str, page: Mapping[str, str], *, rounds: int, seconds: int
) -> tuple[list[float], float]:
    """Accepted batches with the pages running, by accepted batches alone, round by round; and pages answered a second."""
    shares, answered = [], 0
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        bodies = write_bodies(Path(name), batch_bodies(16))
        for _ in range(rounds):
            alone = _accept(server, secret, bodies, seconds)
            with _asking(server, secret, page) as counted:
                beside = _accept(server, secret, bodies, seconds)
            answered += next(counted)
            shares.append(beside / alone)
    return shares, answered / (rounds * seconds)


def _accept(server: RunningServer, secret: str, bodies: list[Path], seconds: int) -> float:
    run = run_wrk(f"{server.url}/v1/events/batch", secret, bodies, connections=8, seconds=seconds)
    _wait_loaded(server, secret)  # the backlog of one round must not slow the next
    return run.accepted_per_s * BATCH_EVENTS


@contextlib.contextmanager
def _asking(server: RunningServer, secret: str, page: Mapping[str, str]) -> Iterator[Iterator[int]]:
    """Ask for the page from eight threads; the iterator yields how many were answered."""
    stop = threading.Event()
    answered = itertools.count()

    def ask() -> None:
        while not stop.is_set():
            reply = httpx.get(f"{server.url}/api/analytics", params=dict(page), headers=_bearer(secret), timeout=120)
            if reply.status_code == 200:
                next(answered)

    threads = [threading.Thread(target=ask) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _make(folder: Path) -> None:
    """Fill beside the final place and move there, so that an interrupted filling is never measured."""
    half = folder.with_name("half-made-website")
    shutil.rmtree(half, ignore_errors=True)
    half.parent.mkdir(parents=True, exist_ok=True)
    with streamgauge(half) as (server, secret):
        server.website(WEBSITE, PROJECT)
        asyncio.run(_send(f"{server.url}/api/events/batch", secret))
        _wait_loaded(server, secret)
    half.rename(folder)


async def _send(url: str, secret: str) -> None:
    bodies = batches(EVENTS)
    async with httpx.AsyncClient(headers=_bearer(secret), timeout=60) as client:
        await asyncio.gather(*(_sender(client, url, bodies) for _ in range(SENDERS)))


async def _sender(client: httpx.AsyncClient, url: str, bodies: Iterator[bytes]) -> None:
    for body in bodies:
        while (reply := await client.post(url, content=body)).status_code == 503:
            await asyncio.sleep(float(reply.headers["retry-after"]))
        if reply.status_code != 200 or reply.json()["failed"]:
            raise RuntimeError(f"{reply.status_code}: {reply.text[:300]}")


def _wait_loaded(server: RunningServer, secret: str) -> None:
    until = time.monotonic() + _DEADLINE_S
    question = {"event": "page_view", "metric": "count", "from": f"{FIRST_DAY:%Y-%m-%d}", "to": f"{FIRST_DAY:%Y-%m-%d}"}
    while time.monotonic() < until:
        reply = httpx.get(f"{server.url}/v1/metrics", params=question, headers=_bearer(secret), timeout=120)
        if reply.status_code == 200 and LAG_HEADER not in reply.headers:
            return
        time.sleep(0.05)
    raise RuntimeError(f"not loaded within {_DEADLINE_S} s")


def _bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}
