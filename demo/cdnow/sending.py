"""Sends every purchase through one door, in batches, several at a time over kept connections."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import httpx

from demo.cdnow.doors import DoorUse
from demo.cdnow.purchases import Purchase

BATCH_EVENTS = 1_000  # the most that all three doors take
BATCHES_AT_A_TIME = 4
DEADLINE_S = 60.0

Heard = Callable[[int], None]


async def send(url: str, door: DoorUse, secret: str, website_id: str, purchases: Sequence[Purchase], on_accepted: Heard) -> None:
    """Returns when all are accepted; on_accepted is told the size of each batch. Raises RuntimeError at the first refusal."""
    starts = range(0, len(purchases), BATCH_EVENTS)
    batches = ((len(batch), door.encode(batch, website_id)) for batch in (purchases[at : at + BATCH_EVENTS] for at in starts))
    async with (
        httpx.AsyncClient(base_url=url, headers=door.headers(secret), timeout=DEADLINE_S) as client,
        asyncio.TaskGroup() as senders,
    ):
        for _ in range(BATCHES_AT_A_TIME):
            senders.create_task(_send_until_empty(client, door, batches, on_accepted))


async def _send_until_empty(
    client: httpx.AsyncClient, door: DoorUse, batches: Iterator[tuple[int, bytes]], on_accepted: Heard
) -> None:
    for count, body in batches:
        reply = await client.post(door.path, content=body)
        if not door.accepted(reply, count):
            raise RuntimeError(f"{door.name} did not take a batch: {reply.status_code} {reply.text[:500]}")
        on_accepted(count)
