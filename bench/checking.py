"""Checks of limits: 10,000 customers with an entitlement, asked over HTTP on kept connections, alone and under traffic."""

import asyncio
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from bench.figure import Figure, Goal
from bench.machinery import middle, streamgauge

PAIRS = 10_000
CHECKS = 10_000
CONNECTIONS = 4
EVENTS_PER_REQUEST = 500


def measure_checks(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name, streamgauge(Path(name) / "data") as (server, secret):
        return asyncio.run(_measured(server.url, secret, rounds))


async def _measured(url: str, secret: str, rounds: int) -> list[Figure]:
    limits = httpx.Limits(max_connections=CONNECTIONS + 2)
    headers = {"x-api-key": secret}
    async with httpx.AsyncClient(base_url=f"{url}/v1", headers=headers, limits=limits, timeout=60) as client:
        await _prepare(client)
        alone = [await _round(client) for _ in range(rounds)]
        stop = asyncio.Event()
        sending = asyncio.create_task(_send(client, stop))
        busy = [await _round(client) for _ in range(rounds)]
        stop.set()
        sent_per_s = await sending
    about = f"{PAIRS:,} pairs, {CONNECTIONS} connections; "
    return [_figure("alone", alone, about), _figure("while events arrive", busy, f"{about}{sent_per_s:,.0f} events a second; ")]


def _figure(how: str, rounds: list[list[float]], about: str) -> Figure:
    p99s = [times[len(times) * 99 // 100] for times in rounds]
    p50 = middle([times[len(times) // 2] for times in rounds])
    note = f"{about}median {p50:.2f} ms, with the time of the Python client"
    return Figure(f"check of a limit, {how}, 99th percentile", middle(p99s), "ms", Goal.AT_MOST, 5, note, tuple(p99s))


async def _prepare(client: httpx.AsyncClient) -> None:
    """The customers and their entitlements, some usage, and every pair in memory."""
    meter = {
        "name": "m", "event_name": "call", "aggregation": {"type": "SUM", "field": "n"}, "reset_usage": "BILLING_PERIOD",
    }  # fmt: skip
    await _post(client, "/features", {"name": "Calls", "type": "metered", "meter": meter})
    for number in range(PAIRS):
        await _post(client, "/customers", {"external_id": f"c{number}", "name": "N"})
        limit = {"external_customer_id": f"c{number}", "lookup_key": "calls", "hard_limit": "1000000"}
        await _post(client, "/entitlements", limit)
    for first in range(0, PAIRS, EVENTS_PER_REQUEST):
        await _post(client, "/events/bulk", _events(first))
    for number in range(PAIRS):
        await _post(client, "/entitlements/check", _check(number))


async def _round(client: httpx.AsyncClient) -> list[float]:
    """The times of all checks in milliseconds, in order of size."""
    times: list[float] = []

    async def ask(first: int) -> None:
        for number in range(first, CHECKS, CONNECTIONS):
            started = time.perf_counter()
            await _post(client, "/entitlements/check", _check(number % PAIRS))
            times.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(ask(first) for first in range(CONNECTIONS)))
    return sorted(times)


async def _send(client: httpx.AsyncClient, stop: asyncio.Event) -> float:
    """Events of the checked customers, about ten requests a second, until told to stop; how many a second it were."""
    started, sent = time.perf_counter(), 0
    while not stop.is_set():
        await _post(client, "/events/bulk", _events(sent % PAIRS))
        sent += EVENTS_PER_REQUEST
        await asyncio.sleep(0.1)
    return sent / (time.perf_counter() - started)


def _check(number: int) -> dict[str, object]:
    return {"external_customer_id": f"c{number}", "feature": "calls"}


def _events(first: int) -> dict[str, object]:
    numbers = range(first, first + EVENTS_PER_REQUEST)
    return {
        "events": [
            {"event_name": "call", "external_customer_id": f"c{number % PAIRS}", "properties": {"n": 1}} for number in numbers
        ]
    }


async def _post(client: httpx.AsyncClient, path: str, body: Mapping[str, object]) -> None:
    answer = await client.post(path, content=json.dumps(body))
    answer.raise_for_status()
