"""What a sender whose window is used up is told: to come back when the window ends, and never later."""

import pytest

from streamgauge.kernel.access import Key, RateClass
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.limits import RateLimits
from streamgauge.web.exchange import Gate

NOON_MS = 1_705_320_000_000


class NoKeys:
    """A keyring without keys: senders are counted by their address."""

    def key_for(self, secret: str, now_ms: int) -> Key:
        raise Refusal(Reason.UNKNOWN_KEY, "Unknown API key.")


@pytest.mark.parametrize("begun_ms", [0, 1, 500, 999])
def test_retry_after_is_at_most_the_windows_length(begun_ms: int) -> None:
    clock = ManualClock(NOON_MS + begun_ms)
    gate = Gate(NoKeys(), RateLimits(), clock, IdMint(clock))
    scope = {"headers": [], "client": ("192.0.2.7", 1), "path": "/v1/metrics", "method": "GET"}
    first = gate.meet(scope)
    gate.count(first, RateClass.MINUTE)
    for _ in range(first.allowance.remaining if first.allowance else 0):
        gate.count(gate.meet(scope), RateClass.MINUTE)
    with pytest.raises(Refusal) as refused:
        gate.count(gate.meet(scope), RateClass.MINUTE)
    assert (refused.value.reason, refused.value.retry_after_s) == (Reason.RATE_LIMITED, 60)
