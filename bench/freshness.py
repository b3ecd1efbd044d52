"""How long an acknowledged event stays unseen while 50,000 events arrive each second.

Single events of another name are sent one after the other among the batches, and each one's acknowledgement is timed. Beside
them the number of these events is asked for again and again in the one way that waits for no load (`as_of: loaded` of
POST /v1/events/usage). Each event counts as seen when the first answer that counts it is here, so the time of that question, and
the pause before it, are in the figure.
"""

import asyncio
import random
import tempfile
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import uvloop

from bench.arriving import arriving
from bench.figure import OURS, Bar, Comparison, Figure, Goal
from bench.machinery import percentile, streamgauge
from bench.sending import Connection
from bench.traffic import BATCH_EVENTS, batch_bodies

PACE_PER_S = 50_000
DIFFERENT_BODIES = 64
SETTLING_S = 3.0
LEAST_PACE = 0.95
_PROBE = "seen"
_BETWEEN_PROBES_S = 0.01
_BETWEEN_QUESTIONS_S = 0.005
_DEADLINE_S = 60.0


@dataclass
class Sightings:
    """acknowledged_s: when the events were, in their order; seen: (when an answer came, how many events it counted)."""

    acknowledged_s: list[float] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)

    def delays_ms(self) -> list[float]:
        """From each event's acknowledgement to the first answer that counted it. Raises ValueError when one was never counted.

        An event that was counted before its acknowledgement was read was visible at once.
        """
        counts = [count for _, count in self.seen]
        if not counts or counts[-1] < len(self.acknowledged_s):
            raise ValueError(f"{len(self.acknowledged_s)} events were acknowledged, {counts[-1] if counts else 0} seen")
        firsts = (self.seen[bisect_right(counts, number)][0] for number in range(len(self.acknowledged_s)))
        return [max(0.0, first - at) * 1000 for first, at in zip(firsts, self.acknowledged_s, strict=True)]


def measure_freshness(seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as name, streamgauge(Path(name) / "data") as (server, secret):
        bodies = batch_bodies(DIFFERENT_BODIES)
        with arriving(f"{server.url}/v1/events/batch", secret, bodies, BATCH_EVENTS, PACE_PER_S) as sent:
            time.sleep(SETTLING_S)  # the pace is reached
            before, started = sent.value, time.monotonic()
            sightings = uvloop.run(_watch(server.url, secret, seconds))
            pace = (sent.value - before) / (time.monotonic() - started)
    return [figure_of(sightings.delays_ms(), len(sightings.seen), pace)]


def figure_of(delays_ms: Sequence[float], answers: int, pace_per_s: float) -> Figure:
    """pace_per_s: events that were accepted meanwhile; where they are far fewer than offered, the figure is of another load."""
    levels = {f"{percent:g} %": percentile(delays_ms, percent) for percent in (50, 99, 99.9)}
    detail = (
        f"median {levels['50 %']:.0f} ms, 99.9 % {levels['99.9 %']:.0f} ms of {len(delays_ms):,} events, in {answers:,} answers; "
        f"{pace_per_s:,.0f} events/s accepted meanwhile, of {PACE_PER_S:,} offered"
    )
    if pace_per_s < LEAST_PACE * PACE_PER_S:
        detail += ": LESS THAN THE GOAL SPEAKS OF"
    bars = tuple(Bar(OURS, level, (value,)) for level, value in levels.items())
    return Figure(
        f"time from acknowledged to visible under {PACE_PER_S:,} events/s, 99th percentile",
        levels["99 %"],
        "ms",
        Goal.AT_MOST,
        1_000,
        detail,
        compared=Comparison(f"From acknowledged to visible, {PACE_PER_S:,} events/s arriving", "ms", bars),
    )


async def _watch(url: str, secret: str, seconds: float) -> Sightings:
    sightings = Sightings()
    ended = asyncio.Event()

    async def probe() -> None:
        until = time.monotonic() + seconds
        chance = random.Random(5)
        body = msgspec.json.encode({"event": _PROBE, "properties": {"n": 1}})
        async with Connection(f"{url}/v1/events", secret) as connection:
            while time.monotonic() < until:
                reply = await connection.post(body)
                if reply.status < 300:
                    sightings.acknowledged_s.append(time.monotonic())
                # Not in step with the batches, which come at even times.
                await asyncio.sleep(_BETWEEN_PROBES_S * 2 * chance.random())
        ended.set()

    async def ask() -> None:
        now = datetime.now(UTC)
        question = msgspec.json.encode(
            {
                "event_name": _PROBE,
                "aggregation_type": "COUNT",
                "as_of": "loaded",
                "start_time": now - timedelta(days=1),
                "end_time": now + timedelta(days=1),
            }
        )
        deadline = time.monotonic() + seconds + _DEADLINE_S
        async with Connection(f"{url}/v1/events/usage", secret) as connection:
            while time.monotonic() < deadline:
                reply = await connection.post(question)
                if reply.status == 200:
                    count = int(msgspec.json.decode(reply.body).get("value", 0))  # absent when it is 0
                    sightings.seen.append((time.monotonic(), count))
                    if ended.is_set() and count >= len(sightings.acknowledged_s):
                        return
                await asyncio.sleep(_BETWEEN_QUESTIONS_S)

    await asyncio.gather(probe(), ask())
    return sightings
