"""Event quotas: how many events a project may send in a UTC day.

Promise: the events reserved and not released within one UTC day never exceed the limit of the plan that asked; a reservation
that would cross it is refused whole and takes nothing. Counts live in memory; `restore` puts them back after a restart.
Limit: the count is of accepted events, so a duplicate that the loader drops later has still used the quota.
"""

from streamgauge.kernel.access import Plan
from streamgauge.kernel.refusal import Reason, Refusal

DAY_MS = 86_400_000
_DAYS_KEPT = 2  # The running day and one more, for requests that straddle midnight and for clocks that are set back a little.


class EventQuota:
    """The day's counts of all projects. For one thread. Memory: one number per project that sent events in the days kept."""

    def __init__(self) -> None:
        self._days: dict[int, dict[str, int]] = {}

    def reserve(self, project_id: str, plan: Plan, events: int, now_ms: int) -> None:
        """Take `events` from the project's day. Raises Refusal quota_exceeded (retry at the next UTC midnight)."""
        day = now_ms // DAY_MS
        counts = self._counts_of(day)
        used = counts.get(project_id, 0)
        limit = plan.events_per_day
        if limit is not None and used + events > limit:
            raise _quota_exceeded(plan, used, events, (day + 1) * DAY_MS - now_ms)
        counts[project_id] = used + events

    def release(self, project_id: str, events: int, now_ms: int) -> None:
        """Give back what was reserved with the same `now_ms`, because the events were not accepted after all."""
        counts = self._days.get(now_ms // DAY_MS)
        if counts is not None and project_id in counts:
            counts[project_id] = max(0, counts[project_id] - events)

    def restore(self, project_id: str, utc_day: int, count: int) -> None:
        """Add what was counted before a restart. utc_day: days since 1970. Old days may be given; they are forgotten."""
        counts = self._counts_of(utc_day)
        counts[project_id] = counts.get(project_id, 0) + count

    def used(self, project_id: str, now_ms: int) -> int:
        """Events of the project counted in the UTC day of `now_ms`."""
        return self._days.get(now_ms // DAY_MS, {}).get(project_id, 0)

    def _counts_of(self, day: int) -> dict[str, int]:
        counts = self._days.get(day)
        if counts is None:
            counts = self._days[day] = {}
            while len(self._days) > _DAYS_KEPT:
                del self._days[min(other for other in self._days if other != day)]
        return counts


def _quota_exceeded(plan: Plan, used: int, events: int, wait_ms: int) -> Refusal:
    left = max(0, (plan.events_per_day or 0) - used)
    return Refusal(
        Reason.QUOTA_EXCEEDED,
        f"The {plan.name} plan allows {plan.events_per_day} events per UTC day; {left} are left and this request has {events}.",
        retry_after_s=max(1, -(-wait_ms // 1000)),
    )
