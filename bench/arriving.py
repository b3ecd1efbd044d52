"""Batches of events that arrive at a pace while something else is measured, sent by a process of their own.

The pace is kept whatever the answers take (an open loop): a batch goes out when its time has come, on one of so many connections
that a slow answer holds up no other batch.
"""

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from multiprocessing.sharedctypes import Synchronized

import uvloop

from bench.sending import Connection

SENDERS = 16


@contextlib.contextmanager
def arriving(url: str, secret: str, bodies: Sequence[bytes], events_each: int, pace_per_s: int) -> Iterator["Synchronized[int]"]:
    """Post the bodies in turn, as fast as makes `pace_per_s` events; the value counts the events that were accepted."""
    spawning = multiprocessing.get_context("spawn")
    accepted = spawning.Value("q", 0)
    asked = (url, secret, list(bodies), events_each, pace_per_s, accepted)
    process = spawning.Process(target=_send, args=asked, daemon=True)
    process.start()
    try:
        yield accepted
    finally:
        process.terminate()
        process.join()


def _send(
    url: str, secret: str, bodies: Sequence[bytes], events_each: int, pace_per_s: int, accepted: "Synchronized[int]"
) -> None:
    async def send() -> None:
        started = time.monotonic()
        turns = iter(range(10**9))

        async def sender() -> None:
            async with Connection(url, secret) as connection:
                for turn in turns:
                    await asyncio.sleep(max(0.0, started + turn * events_each / pace_per_s - time.monotonic()))
                    reply = await connection.post(bodies[turn % len(bodies)])
                    if reply.status < 300:
                        accepted.value += events_each

        await asyncio.gather(*(sender() for _ in range(SENDERS)))

    uvloop.run(send())
