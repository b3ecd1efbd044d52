"""Usage of one customer and one meter by day over 30 days, among ten million events of a hundred thousand customers: alone, and
while 50,000 events arrive each second.

The folder is filled through the Flexprice door of the server itself, once, and kept under bench/out. One question at a time over
one connection, each about another customer; what arrives comes from a process of its own, at a pace, in batches of 1,000. While
events arrive it is asked in two ways: as of what is loaded, and of all that was accepted before, which waits for the loader.
"""

import asyncio
import contextlib
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec

from bench.arriving import arriving
from bench.figure import Figure, Goal
from bench.machinery import LAG_HEADER, streamgauge
from bench.traffic import BATCH_EVENTS
from tests.flows.running import RunningServer

EVENTS = 10_000_000
CUSTOMERS = 100_000
NAMES = ("request", "storage", "compute", "login")
DAYS = 30
FIRST_DAY = datetime(2026, 10, 1, tzinfo=UTC)
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)
PACE_PER_S = 50_000
_BODIES = 64
_SENDERS = 4
_DEADLINE_S = 1_800.0


def measure_usage(questions: int, seconds: int, kept: Path) -> list[Figure]:
    folder = kept / f"usage-{EVENTS}"
    if not folder.exists():
        _make(folder)
    with _copied(folder) as copy, streamgauge(copy) as (server, secret):
        meter = _meter(server, secret)
        _ask_many(server, secret, meter, 50)  # warms up
        alone = _ask_many(server, secret, meter, questions)
        chance, now = random.Random(11), datetime.now(UTC)
        bodies = [_body(chance, now) for _ in range(_BODIES)]
        with arriving(f"{server.url}/v1/events/bulk", secret, bodies, BATCH_EVENTS, PACE_PER_S) as sent:
            time.sleep(3)  # the pace is reached
            before, started = sent.value, time.monotonic()
            beside = _ask_many(server, secret, meter, questions, seconds, as_of="loaded")
            covering = _ask_many(server, secret, meter, questions, seconds)
            rate = (sent.value - before) / (time.monotonic() - started)
    reached = f"{rate:,.0f} events/s accepted meanwhile, of {PACE_PER_S:,} offered"
    return [
        _figure("alone, median", statistics.median(alone), 25, f"{len(alone)} questions", alone),
        _figure("as of what is loaded while events arrive, median", statistics.median(beside), 25, reached, beside),
        _figure(
            "as of what is loaded while events arrive, 99 %", _percentile(beside, 99), 100, f"{len(beside)} questions", beside
        ),
        _figure("of all accepted while events arrive, median", statistics.median(covering), 25, "waits for the loader", covering),
        _figure(
            "of all accepted while events arrive, 99 %", _percentile(covering, 99), 100, f"{len(covering)} questions", covering
        ),
    ]


def _figure(what: str, value_ms: float, goal_ms: float, detail: str, all_ms: list[float]) -> Figure:
    name = f"usage of one of {CUSTOMERS:,} customers by day over {DAYS} days, {EVENTS:,} events, {what}"
    return Figure(name, value_ms, "ms", Goal.AT_MOST, goal_ms, detail, tuple(all_ms))


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def _ask_many(
    server: RunningServer, secret: str, meter: str, questions: int, seconds: float = 600, as_of: str = ""
) -> list[float]:
    """Milliseconds until each answer is there."""
    chance = random.Random(7)
    times: list[float] = []
    until = time.monotonic() + seconds
    with httpx.Client(base_url=f"{server.url}/v1", headers=_key(secret), timeout=60) as client:
        while len(times) < questions and time.monotonic() < until:
            body = {
                "meter_id": meter,
                "external_customer_id": f"customer_{chance.randrange(CUSTOMERS)}",
                "start_time": FIRST_DAY.isoformat(),
                "end_time": LAST_DAY.isoformat(),
                "window_size": "DAY",
                **({"as_of": as_of} if as_of else {}),
            }
            started = time.monotonic()
            reply = client.post("/events/usage/meter", json=body)
            times.append((time.monotonic() - started) * 1000)
            if reply.status_code != 200 or (LAG_HEADER in reply.headers and not as_of):
                raise RuntimeError(f"{reply.status_code} {reply.headers.get(LAG_HEADER)}: {reply.text[:300]}")
    return times


def _meter(server: RunningServer, secret: str) -> str:
    aggregation = {"type": "SUM", "field": "gb"}
    spec = {"name": "Traffic", "event_name": NAMES[0], "aggregation": aggregation, "reset_usage": "BILLING_PERIOD"}
    reply = httpx.post(f"{server.url}/v1/meters", json=spec, headers=_key(secret))
    reply.raise_for_status()
    made: str = reply.json()["id"]
    return made


def _body(chance: random.Random, when: datetime) -> bytes:
    """Events without ids, as most are sent."""
    at = when.isoformat()
    return msgspec.json.encode({"events": [_event(chance, at) for _ in range(BATCH_EVENTS)]})


def _event(chance: random.Random, at: str) -> dict[str, object]:
    return {
        "event_name": NAMES[chance.randrange(len(NAMES))],
        "external_customer_id": f"customer_{chance.randrange(CUSTOMERS)}",
        "timestamp": at,
        "source": "api",
        "properties": {"gb": f"{chance.randrange(50_000) / 1000}", "region": "eu", "tokens": chance.randrange(1000)},
    }


@contextlib.contextmanager
def _copied(folder: Path) -> Iterator[Path]:
    """A copy, for the measurement sends events of its own."""
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-", dir=folder.parent) as name:
        yield Path(shutil.copytree(folder, Path(name) / "data", symlinks=True))


def _make(folder: Path) -> None:
    """Fill beside the final place and move there, so that an interrupted filling is never measured."""
    half = folder.with_name("half-made-usage")
    shutil.rmtree(half, ignore_errors=True)
    half.parent.mkdir(parents=True, exist_ok=True)
    with streamgauge(half) as (server, secret):
        asyncio.run(_fill(f"{server.url}/v1/events/bulk", secret))
        _wait_loaded(server, secret)
    half.rename(folder)


async def _fill(url: str, secret: str) -> None:
    bodies = _month()
    async with httpx.AsyncClient(headers=_key(secret), timeout=60) as client:

        async def sender() -> None:
            for body in bodies:
                while (reply := await client.post(url, content=body)).status_code == 503:
                    await asyncio.sleep(float(reply.headers["retry-after"]))
                if reply.status_code != 202:
                    raise RuntimeError(f"{reply.status_code}: {reply.text[:300]}")

        await asyncio.gather(*(sender() for _ in range(_SENDERS)))


def _month() -> Iterator[bytes]:
    """The events of the month in the order of time."""
    chance = random.Random(3)
    batches = EVENTS // BATCH_EVENTS
    for number in range(batches):
        yield _body(chance, FIRST_DAY + timedelta(days=DAYS) * number / batches)


def _wait_loaded(server: RunningServer, secret: str) -> None:
    until = time.monotonic() + _DEADLINE_S
    while time.monotonic() < until:
        body = {"event_name": NAMES[0], "aggregation_type": "COUNT", "external_customer_id": "customer_0"}
        reply = httpx.post(f"{server.url}/v1/events/usage", json=body, headers=_key(secret), timeout=120)
        if reply.status_code == 200 and LAG_HEADER not in reply.headers:
            return
        time.sleep(0.05)
    raise RuntimeError(f"not loaded within {_DEADLINE_S} s")


def _key(secret: str) -> dict[str, str]:
    return {"x-api-key": secret}
