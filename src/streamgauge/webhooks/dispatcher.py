"""Delivers what waits in the control plane's queue, each message at least once, until it is taken or given up.

Promises
- A message is tried until a receiver answers 2xx; after the last pause of `pauses_s` it is dead, and kept as such.
- A restart goes on where the last process stopped. A kill between an answer and its record makes the message come twice, with the
  same webhook-id.
- A slow or dead receiver holds up nobody else: AT_ONCE deliveries run at a time, at most PER_ENDPOINT of them to one endpoint.

Order is not promised. 410 ends a message at once and switches its endpoint off.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from streamgauge.kernel.clock import Clock
from streamgauge.kernel.settings import Settings
from streamgauge.kernel.webhook import DeliveryState, EndpointChange, WebhookDelivery, WebhookEndpoint
from streamgauge.webhooks.sending import Outcome, Sender

DEFAULT_PAUSES_S = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 21_600.0)
AT_ONCE = 16
PER_ENDPOINT = 4
_LOOK_AGAIN_S = 0.5
_LONGEST_ASKED_PAUSE_S = 3600.0
_CLEANING_S = 3600.0
_DUE_AT_ONCE = 200


class Queue(Protocol):
    """The control plane's webhooks, as the dispatcher needs them. All calls wait for the disk."""

    def due(self, now_ms: int, limit: int) -> list[tuple[WebhookDelivery, WebhookEndpoint]]: ...

    def record_attempt(
        self, delivery_id: str, state: DeliveryState, status: int | None, error: str, next_attempt_at_ms: int | None
    ) -> None: ...

    def update(self, project_id: str, endpoint_id: str, change: EndpointChange) -> WebhookEndpoint: ...

    def forget_old(self) -> int: ...


class Dispatcher:
    """Run it once, as a task: `run` ends only when it is cancelled."""

    def __init__(
        self,
        waiting: Queue,
        sender: Sender,
        clock: Clock,
        on_failure: Callable[[Exception], None],
        pauses_s: Sequence[float] = DEFAULT_PAUSES_S,
    ) -> None:
        self.delivered = 0
        self.dead = 0
        self._queue = waiting
        self._sender = sender
        self._clock = clock
        self._on_failure = on_failure
        self._pauses_s = tuple(pauses_s)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        self._clean_at = 0.0

    async def run(self) -> None:
        """Look for what is due, for ever. A failing database is reported and tried again."""
        try:
            while True:
                try:
                    await self._begin_due()
                    await self._clean()
                except Exception as error:  # noqa: BLE001 (the top of a task that must outlive any failure of disk or database)
                    self._on_failure(error)
                await asyncio.sleep(_LOOK_AGAIN_S)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            await self._sender.close()

    async def _begin_due(self) -> None:
        if len(self._running) >= AT_ONCE:
            return
        for delivery, endpoint in await asyncio.to_thread(self._queue.due, self._clock.now_ms(), _DUE_AT_ONCE):
            has_turn = len(self._running) < AT_ONCE and self._busy[endpoint.endpoint_id] < PER_ENDPOINT
            if has_turn and delivery.delivery_id not in self._running:
                self._begin(delivery, endpoint)

    def _begin(self, delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> None:
        task = asyncio.create_task(self._deliver(delivery, endpoint))
        self._running[delivery.delivery_id] = task
        self._busy[endpoint.endpoint_id] += 1

        def ended(done: asyncio.Task[None]) -> None:
            del self._running[delivery.delivery_id]
            self._busy[endpoint.endpoint_id] -= 1
            if not done.cancelled() and isinstance(failure := done.exception(), Exception):
                self._on_failure(failure)

        task.add_done_callback(ended)

    async def _deliver(self, delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> None:
        outcome = await self._sender.send(delivery, endpoint, self._clock.now_ms())
        state, next_at_ms = self._verdict(delivery, outcome)
        self.delivered += state is DeliveryState.DELIVERED
        self.dead += state is DeliveryState.DEAD
        await asyncio.to_thread(
            self._queue.record_attempt, delivery.delivery_id, state, outcome.status, outcome.error, next_at_ms
        )
        if outcome.is_final:
            change = EndpointChange(is_enabled=False)
            await asyncio.to_thread(self._queue.update, endpoint.project_id, endpoint.endpoint_id, change)

    def _verdict(self, delivery: WebhookDelivery, outcome: Outcome) -> tuple[DeliveryState, int | None]:
        if outcome.is_delivered:
            return DeliveryState.DELIVERED, None
        if outcome.is_final or delivery.attempts >= len(self._pauses_s):
            return DeliveryState.DEAD, None
        pause_s = self._pauses_s[delivery.attempts] * random.uniform(1.0, 1.2)  # noqa: S311 - spreads tries, guards nothing
        if outcome.retry_after_s is not None:
            pause_s = max(pause_s, min(outcome.retry_after_s, _LONGEST_ASKED_PAUSE_S))
        return DeliveryState.PENDING, self._clock.now_ms() + int(pause_s * 1000)

    async def _clean(self) -> None:
        if self._clock.monotonic() >= self._clean_at:
            self._clean_at = self._clock.monotonic() + _CLEANING_S
            await asyncio.to_thread(self._queue.forget_old)


async def run_dispatcher(settings: Settings, waiting: Queue, clock: Clock, on_failure: Callable[[Exception], None]) -> None:
    """Deliver until cancelled, as the settings say."""
    sender = Sender(private_allowed=settings.webhook_addresses == "any", timeout_s=settings.webhook_timeout_s)
    await Dispatcher(waiting, sender, clock, on_failure).run()
