"""Request windows: how many requests a key may make.

Promise: in the time between the first request of a window and the window's end, a key makes at most `limit` requests of a
class, and each allowed one lowers `remaining` by exactly its cost, which is one for all but the tracker, whose events are
counted one by one. What is refused spends nothing.

The windows are fixed and begin with the first request, not with the clock's minute: so the 101st request within a minute of
the first is always refused, also when the clock's minute turns in between. The limit of it: around the end of a window a key
can make up to twice its limit within a short time. Counts live in memory; after a restart every window is fresh.
"""

from typing import NamedTuple

from streamgauge.kernel.access import Key, Plan, RateClass

UNLIMITED = 1_000_000_000
"""What a plan without a limit is shown as (the headers must be integers), and the limit that then holds in its stead."""

_LENGTH_MS = {
    RateClass.MINUTE: 60_000,
    RateClass.THEBIZNESS_HOUR: 3_600_000,
    RateClass.THEBIZNESS_BATCH_HOUR: 3_600_000,
}
_FIRST_SWEEP = 1024


class Allowance(NamedTuple):
    """The answer to one request.

    limit, remaining: requests of the window. reset_s: when the window ends, in seconds since 1970, rounded up.
    retry_after_s: whole seconds until then, at least 1; 0 when allowed.
    """

    limit: int
    remaining: int
    reset_s: int
    allowed: bool
    retry_after_s: int


class _Window:
    __slots__ = ("ends_ms", "spent")

    def __init__(self, ends_ms: int) -> None:
        self.ends_ms = ends_ms
        self.spent = 0


class RateLimits:
    """The open windows of all keys. For one thread. Memory: one window per key and class that was used lately."""

    def __init__(self) -> None:
        self._windows: dict[RateClass, dict[str, _Window]] = {rate_class: {} for rate_class in RateClass}
        self._sweep_at = dict.fromkeys(RateClass, _FIRST_SWEEP)

    def spend(self, key: Key, rate_class: RateClass, now_ms: int, cost: int = 1) -> Allowance:
        """Count one request of the key, or what else is counted in the window, `cost` of it at once and all or nothing.

        Costs less than a microsecond.
        """
        limit = _limit_of(key.plan, rate_class)
        window = self._windows[rate_class].get(key.key_id)
        # The second condition mends a clock that was set back: no window may end later than one begun now would.
        if window is None or window.ends_ms <= now_ms or window.ends_ms > now_ms + _LENGTH_MS[rate_class]:
            window = self._open(key.key_id, rate_class, now_ms)
        ends_ms = window.ends_ms
        reset_s = -(-ends_ms // 1000)
        if window.spent + cost > limit:
            return Allowance(limit, limit - window.spent, reset_s, False, max(1, -(-(ends_ms - now_ms) // 1000)))
        window.spent += cost
        return Allowance(limit, limit - window.spent, reset_s, True, 0)

    def spent(self, key_id: str, rate_class: RateClass, now_ms: int) -> int:
        """What was counted in the key's open window; 0 when none is open."""
        window = self._windows[rate_class].get(key_id)
        return 0 if window is None or window.ends_ms <= now_ms else window.spent

    def _open(self, key_id: str, rate_class: RateClass, now_ms: int) -> _Window:
        windows = self._windows[rate_class]
        if len(windows) >= self._sweep_at[rate_class]:
            self._forget_ended(rate_class, now_ms)
        window = windows[key_id] = _Window(now_ms + _LENGTH_MS[rate_class])
        return window

    def _forget_ended(self, rate_class: RateClass, now_ms: int) -> None:
        """Drop ended windows. The next sweep waits until the rest has doubled, so that sweeping is cheap per request."""
        windows = self._windows[rate_class]
        kept = {key_id: window for key_id, window in windows.items() if window.ends_ms > now_ms}
        windows.clear()
        windows.update(kept)
        self._sweep_at[rate_class] = max(_FIRST_SWEEP, 2 * len(windows))

    def open_windows(self) -> int:
        """How many windows are held in memory, for tests and gauges."""
        return sum(len(windows) for windows in self._windows.values())


def _limit_of(plan: Plan, rate_class: RateClass) -> int:
    if rate_class is RateClass.MINUTE:
        limit = plan.requests_per_minute
    elif rate_class is RateClass.THEBIZNESS_HOUR:
        limit = plan.thebizness_per_hour
    else:
        limit = plan.thebizness_batches_per_hour
    return UNLIMITED if limit is None else limit
