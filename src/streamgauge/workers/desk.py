"""The owner's side of the claims: the same windows, day's quota and journal as for the requests that it answers itself.

count in the window -> reserve the day's quota -> append -> (durable) -> verdict
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from streamgauge.intake import Settle
from streamgauge.kernel.access import Key, Plan
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.limits import RateLimits
from streamgauge.limits.windows import Allowance
from streamgauge.web.exchange import UNKNOWN_SENDER_PLAN
from streamgauge.web.logging import log
from streamgauge.workers.claims import Claim, Frames, Refused, Verdict, to_frame


class Keeping(Protocol):
    """An intake, as claims need it."""

    def keep(self, key: Key, record: bytes, events: int, now_ms: int, settle: Settle) -> None: ...

    def give_back(self, key: Key, events: int, now_ms: int) -> None: ...


Give = Callable[[Verdict], None]


class ClaimDesk:
    """Judges the claims of all workers. For the loop's thread alone. used: is told which key was used, and when."""

    def __init__(
        self, plans: Mapping[str, Plan], windows: RateLimits, intake: Keeping, clock: Clock, used: Callable[[str, int], None]
    ) -> None:
        self._plans = {**plans, UNKNOWN_SENDER_PLAN.name: UNKNOWN_SENDER_PLAN}
        self._windows = windows
        self._intake = intake
        self._clock = clock
        self._used = used

    def judge(self, claim: Claim, give: Give) -> None:
        """give: is told the verdict, at once or when the events are durable."""
        key = Key(claim.counted_as, claim.project_id, self._plans[claim.plan], frozenset())
        # The owner's time: those of two workers may come in another order than they were taken, which a window would take for a
        # clock that was set back.
        now_ms = self._clock.now_ms()
        allowance = self._windows.spend(key, claim.rate_class, now_ms)
        if claim.project_id:  # who has no key has no project
            self._used(claim.counted_as, now_ms)
        if not (allowance.allowed and claim.payload):
            give(_verdict(claim, allowance))
            return

        def settle(position: int, refusal: Refusal | None) -> None:
            if refusal is not None:
                self._intake.give_back(key, claim.events, claim.now_ms)
            give(_verdict(claim, allowance, position, refusal))

        try:
            self._intake.keep(key, claim.payload, claim.events, claim.now_ms, settle)
        except Refusal as refusal:
            give(_verdict(claim, allowance, refused=refusal))
        except Exception as error:  # noqa: BLE001 - the top of a request: whatever happens, nobody may be left waiting
            log.error("claim_failed", error=type(error).__name__, why=str(error)[:500])
            give(
                _verdict(claim, allowance, refused=Refusal(Reason.INTERNAL_ERROR, "Internal error. The event was not accepted."))
            )


def _verdict(claim: Claim, allowance: Allowance, position: int = -1, refused: Refusal | None = None) -> Verdict:
    return Verdict(claim.number, *allowance, position, None if refused is None else Refused.of(refused))


class ClaimStream(asyncio.Protocol):
    """The owner's end of the stream to one worker. Verdicts of one turn of the loop go out in one frame."""

    _transport: asyncio.WriteTransport

    def __init__(self, desk: ClaimDesk, loop: asyncio.AbstractEventLoop) -> None:
        self._desk = desk
        self._loop = loop
        self._frames = Frames(Claim)
        self._outgoing: list[Verdict] = []
        self.ready: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        for claims in self._frames.feed(data):
            if not self.ready.done():
                self.ready.set_result(None)
            for claim in claims:
                self._desk.judge(claim, self._give)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the worker ended before it was ready"))

    def _give(self, verdict: Verdict) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(verdict)

    def _flush(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(to_frame(self._outgoing))
        self._outgoing.clear()

    def close(self) -> None:
        self._transport.close()
