"""Checks of limits: 10,000 customers with an entitlement, asked over HTTP on kept connections, alone and while events arrive."""

import asyncio
import tempfile
import time
from pathlib import Path

import httpx
import msgspec

from bench.arriving import arriving
from bench.figure import Figure, Goal
from bench.machinery import middle, streamgauge
from bench.traffic import write_bodies
from bench.wrk import WrkRun, run_wrk

PAIRS = 10_000
ASKED = 1_000
CONNECTIONS = 4
EVENTS_PER_REQUEST = 500
PACE_PER_S = 5_000
_AT_ONCE = 16


def measure_checks(rounds: int, seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name:
        folder = Path(name)
        with streamgauge(folder / "data") as (server, secret):
            asyncio.run(_prepare(f"{server.url}/v1", secret))
            checks = write_bodies(folder, [_check(number) for number in range(0, PAIRS, PAIRS // ASKED)])
            url = f"{server.url}/v1/entitlements/check"

            def ask() -> WrkRun:
                run = run_wrk(url, secret, checks, connections=CONNECTIONS, seconds=seconds)
                if run.refused or run.broken:
                    raise RuntimeError(f"{run.refused} checks refused, {run.broken} broken")
                return run

            alone = [ask() for _ in range(rounds)]
            bodies = [_events(first) for first in range(0, PAIRS, EVENTS_PER_REQUEST)]
            with arriving(f"{server.url}/v1/events/bulk", secret, bodies, EVENTS_PER_REQUEST, PACE_PER_S) as sent:
                time.sleep(3)  # the pace is reached
                before, started = sent.value, time.monotonic()
                beside = [ask() for _ in range(rounds)]
                rate = (sent.value - before) / (time.monotonic() - started)
    return [_figure("alone", alone, ""), _figure("while events arrive", beside, f"; {rate:,.0f} events/s of these customers")]


def _figure(how: str, runs: list[WrkRun], about: str) -> Figure:
    p99s = [run.p99_us / 1000 for run in runs]
    p50 = middle([run.p50_us / 1000 for run in runs])
    answered = middle([run.accepted_per_s for run in runs])
    note = f"{PAIRS:,} pairs in memory, {CONNECTIONS} connections, median {p50:.2f} ms, {answered:,.0f} checks a second{about}"
    return Figure(f"check of a limit, {how}, 99th percentile", middle(p99s), "ms", Goal.AT_MOST, 5, note, tuple(p99s))


async def _prepare(url: str, secret: str) -> None:
    """The customers and their entitlements, some usage, and every pair in memory."""
    aggregation = {"type": "SUM", "field": "n"}
    meter = {"name": "m", "event_name": "call", "aggregation": aggregation, "reset_usage": "BILLING_PERIOD"}
    async with httpx.AsyncClient(base_url=url, headers={"x-api-key": secret}, timeout=120) as client:
        await _post(client, "/features", msgspec.json.encode({"name": "Calls", "type": "metered", "meter": meter}))
        for first in range(0, PAIRS, EVENTS_PER_REQUEST):
            await _post(client, "/events/bulk", _events(first))
        numbers = iter(range(PAIRS))

        async def one_after_the_other() -> None:
            for number in numbers:
                await _post(client, "/customers", msgspec.json.encode({"external_id": f"c{number}", "name": "N"}))
                limit = {"external_customer_id": f"c{number}", "lookup_key": "calls", "hard_limit": "1000000000"}
                await _post(client, "/entitlements", msgspec.json.encode(limit))
                await _post(client, "/entitlements/check", _check(number))

        await asyncio.gather(*(one_after_the_other() for _ in range(_AT_ONCE)))


def _check(number: int) -> bytes:
    return msgspec.json.encode({"external_customer_id": f"c{number}", "feature": "calls"})


def _events(first: int) -> bytes:
    numbers = range(first, first + EVENTS_PER_REQUEST)
    return msgspec.json.encode(
        {
            "events": [
                {"event_name": "call", "external_customer_id": f"c{number % PAIRS}", "properties": {"n": 1}} for number in numbers
            ]
        }
    )


async def _post(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await client.post(path, content=body)
    answer.raise_for_status()
