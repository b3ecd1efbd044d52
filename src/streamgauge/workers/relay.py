"""A worker's side of the claims: what stands in for the windows, the quota and the journal, which the owner has.

A request goes through the steps of web/ingest.py as everywhere. Where it would be counted, it gets an allowance that is not known
yet; where its events would be appended, both are claimed from the owner at once. One that is refused before that is claimed
without events, and answered when the verdict is here.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

from streamgauge.intake import Enrichment, Intake, Settle, Websites
from streamgauge.journal import resolve
from streamgauge.kernel.access import Key, RateClass
from streamgauge.kernel.event import Batch, Door, Event, encode_batch
from streamgauge.kernel.refusal import Refusal
from streamgauge.web.exchange import Exchange, Gate, rate_limited
from streamgauge.workers.claims import Claim, Frames, Verdict, to_frame


class AwaitedAllowance:
    """What will be left of a window, once the owner has told. Until then it allows."""

    __slots__ = (
        "allowed",
        "counted_as",
        "is_known",
        "limit",
        "plan",
        "project_id",
        "rate_class",
        "remaining",
        "reset_s",
        "retry_after_s",
    )

    def __init__(self, key: Key, rate_class: RateClass) -> None:
        self.counted_as = key.key_id
        self.plan = key.plan.name
        self.project_id = key.project_id
        self.rate_class = rate_class
        self.is_known = False
        self.allowed = True
        self.limit = self.remaining = self.reset_s = self.retry_after_s = 0

    def learn(self, verdict: Verdict) -> None:
        self.is_known = True
        self.allowed = verdict.allowed
        self.limit = verdict.limit
        self.remaining = verdict.remaining
        self.reset_s = verdict.reset_s
        self.retry_after_s = verdict.retry_after_s


class _Open(NamedTuple):
    """A claim without its verdict."""

    allowance: AwaitedAllowance
    settle: Settle


class Relay(asyncio.Protocol):
    """The worker's end of the stream to the owner. What is claimed in one turn of the loop goes out in one frame."""

    _transport: asyncio.WriteTransport

    def __init__(self, loop: asyncio.AbstractEventLoop, on_lost: Callable[[], None]) -> None:
        """on_lost: the owner is gone; nothing that is claimed will be answered."""
        self._loop = loop
        self._on_lost = on_lost
        self._number = 0
        self._outgoing: list[Claim] = []
        self._open: dict[int, _Open] = {}
        self._frames = Frames(Verdict)

    def tell_ready(self) -> None:
        self._transport.write(to_frame([]))

    def claim(self, allowance: AwaitedAllowance, now_ms: int, events: int, payload: bytes, settle: Settle) -> None:
        """Settle is called with the position of the record (-1 without a payload), or with the refusal. By then the allowance is
        known."""
        self._number = number = self._number + 1
        self._open[number] = _Open(allowance, settle)
        counted_as, rate_class, plan = allowance.counted_as, allowance.rate_class, allowance.plan
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(Claim(number, counted_as, rate_class, plan, allowance.project_id, now_ms, events, payload))

    def _flush(self) -> None:
        self._transport.write(to_frame(self._outgoing))
        self._outgoing.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        for verdicts in self._frames.feed(data):
            for verdict in verdicts:
                self._settle(verdict)

    def _settle(self, verdict: Verdict) -> None:
        allowance, settle = self._open.pop(verdict.number)
        allowance.learn(verdict)
        if not verdict.allowed:
            settle(-1, rate_limited(allowance))
        else:
            settle(verdict.position, None if verdict.refused is None else verdict.refused.refusal())

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost()


class RelayedWindows:
    """In the place of limits.windows.RateLimits."""

    def spend(self, key: Key, rate_class: RateClass, now_ms: int) -> AwaitedAllowance:
        return AwaitedAllowance(key, rate_class)


class RelayedGate(Gate):
    """A gate whose windows are the owner's."""

    relay: Relay

    def when_counted(self, exchange: Exchange, refusal: Refusal, then: Callable[[Refusal], None]) -> None:
        allowance = exchange.allowance
        if not isinstance(allowance, AwaitedAllowance) or allowance.is_known:
            then(refusal)
        else:
            self.relay.claim(allowance, exchange.now_ms, 0, b"", lambda _, limited: then(limited or refusal))

    def count_beside(self, exchange: Exchange, rate_class: RateClass, refusal: Refusal) -> None:
        super().count_beside(exchange, rate_class, refusal)
        self.when_counted(exchange, refusal, lambda _: None)
        exchange.allowance = None


class RelayedIntake(Intake):
    """An intake whose journal and quota are the owner's."""

    def __init__(self, relay: Relay, websites: Websites, enrichment: Enrichment) -> None:
        self._relay = relay
        self._websites = websites
        self._enrichment = enrichment

    async def admit(self, key: Key, door: Door, events: list[Event], now_ms: int, allowance: object = None) -> int:
        # No name for the future here: see IngestDesk, which waits for refusals in the same way.
        return await self._admission(key, door, events, now_ms, allowance)

    def _admission(self, key: Key, door: Door, events: list[Event], now_ms: int, allowance: object) -> "asyncio.Future[int]":
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.submit(key, door, events, now_ms, partial(resolve, future), allowance)
        return future

    def submit(self, key: Key, door: Door, events: list[Event], now_ms: int, settle: Settle, allowance: object = None) -> None:
        assert isinstance(allowance, AwaitedAllowance)
        payload = encode_batch(Batch(key.project_id, door, now_ms, events, key.key_id))
        self._relay.claim(allowance, now_ms, len(events), payload, settle)

    def give_back(self, key: Key, events: int, now_ms: int) -> None:
        """The owner has done so."""
