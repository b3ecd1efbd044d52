"""Event quotas: never more than the plan's events in a UTC day, and a batch that would cross is refused whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.kernel.access import Plan
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.limits import EventQuota

DAY_MS = 86_400_000
DAY = 19_737
MORNING_MS = DAY * DAY_MS + 6 * 3_600_000
PLAN = Plan("small", events_per_day=10)


def refused(quota: EventQuota, events: int, now_ms: int, project_id: str = "proj_a") -> Refusal:
    with pytest.raises(Refusal) as caught:
        quota.reserve(project_id, PLAN, events, now_ms)
    assert caught.value.reason is Reason.QUOTA_EXCEEDED
    return caught.value


def test_the_event_after_the_last_is_refused_until_midnight() -> None:
    quota = EventQuota()
    for _ in range(10):
        quota.reserve("proj_a", PLAN, 1, MORNING_MS)
    refusal = refused(quota, 1, MORNING_MS)
    assert refusal.retry_after_s == 18 * 3600
    assert refusal.message == "The small plan allows 10 events per UTC day; 0 are left and this request has 1."
    quota.reserve("proj_a", PLAN, 10, (DAY + 1) * DAY_MS)


def test_waiting_as_long_as_it_says_is_enough() -> None:
    quota = EventQuota()
    now_ms = (DAY + 1) * DAY_MS - 1
    quota.reserve("proj_a", PLAN, 10, now_ms)
    wait_s = refused(quota, 1, now_ms).retry_after_s
    assert wait_s == 1
    quota.reserve("proj_a", PLAN, 1, now_ms + wait_s * 1000)


def test_a_batch_that_would_cross_takes_nothing() -> None:
    quota = EventQuota()
    quota.reserve("proj_a", PLAN, 8, MORNING_MS)
    refused(quota, 3, MORNING_MS)
    quota.reserve("proj_a", PLAN, 2, MORNING_MS)


def test_projects_do_not_share_a_quota() -> None:
    quota = EventQuota()
    quota.reserve("proj_a", PLAN, 10, MORNING_MS)
    quota.reserve("proj_b", PLAN, 10, MORNING_MS)


def test_what_the_journal_refused_is_given_back() -> None:
    quota = EventQuota()
    quota.reserve("proj_a", PLAN, 10, MORNING_MS)
    quota.release("proj_a", 4, MORNING_MS)
    quota.reserve("proj_a", PLAN, 4, MORNING_MS)
    refused(quota, 1, MORNING_MS)


def test_giving_back_after_midnight_does_not_touch_the_new_day() -> None:
    quota = EventQuota()
    quota.reserve("proj_a", PLAN, 10, MORNING_MS)
    quota.reserve("proj_a", PLAN, 10, MORNING_MS + DAY_MS)
    quota.release("proj_a", 10, MORNING_MS)
    refused(quota, 1, MORNING_MS + DAY_MS)


@pytest.mark.parametrize(
    ("restored", "left"),
    [
        pytest.param([(DAY, 7)], 3, id="the running day"),
        pytest.param([(DAY, 4), (DAY, 3)], 3, id="in two parts: what was loaded and what was not yet"),
        pytest.param([(DAY - 1, 10)], 10, id="yesterday does not count"),
        pytest.param([(DAY, 7), (DAY - 5, 9), (DAY - 9, 9), (DAY - 1, 9)], 3, id="older days do not push out the running one"),
        pytest.param([(DAY, 99)], 0, id="more than the plan allows, after the plan was made smaller"),
    ],
)
def test_counts_restored_after_a_restart(restored: list[tuple[int, int]], left: int) -> None:
    quota = EventQuota()
    for utc_day, count in restored:
        quota.restore("proj_a", utc_day, count)
    if left:
        quota.reserve("proj_a", PLAN, left, MORNING_MS)
    refused(quota, 1, MORNING_MS)


def test_a_plan_without_limit_is_counted_all_the_same() -> None:
    quota = EventQuota()
    quota.reserve("proj_a", Plan("unlimited"), 1_000_000, MORNING_MS)
    assert quota.used("proj_a", MORNING_MS) == 1_000_000
    refused(quota, 1, MORNING_MS)


def test_a_clock_that_jumped_ahead_and_came_back_finds_the_days_count() -> None:
    quota = EventQuota()
    quota.reserve("proj_a", PLAN, 10, MORNING_MS)
    quota.reserve("proj_a", PLAN, 1, MORNING_MS + 400 * DAY_MS)
    refused(quota, 1, MORNING_MS)


def test_a_clock_that_was_set_back_before_all_days_still_counts() -> None:
    quota = EventQuota()
    for day in (10, 11, 0, 0):
        quota.reserve("proj_a", PLAN, 5, MORNING_MS + day * DAY_MS)
    refused(quota, 1, MORNING_MS)


def test_old_days_are_forgotten() -> None:
    quota = EventQuota()
    for day in range(400):
        quota.reserve(f"proj_{day}", PLAN, 1, MORNING_MS + day * DAY_MS)
    assert [quota.used(f"proj_{day}", MORNING_MS + day * DAY_MS) for day in (0, 397, 398, 399)] == [0, 0, 1, 1]


_ACTIONS = st.lists(st.tuples(st.sampled_from(["reserve", "release"]), st.integers(1, 6), st.integers(0, 2)), max_size=40)


@settings(max_examples=100, deadline=None)
@given(_ACTIONS)
def test_whatever_happens_the_day_never_exceeds_the_plan(actions: list[tuple[str, int, int]]) -> None:
    quota, held = EventQuota(), [0, 0, 0]
    for action, events, day in sorted(actions, key=lambda action: action[2]):
        now_ms = MORNING_MS + day * DAY_MS
        if action == "release":
            given_back = min(events, held[day])
            quota.release("proj_a", given_back, now_ms)
            held[day] -= given_back
        elif held[day] + events > 10:
            refused(quota, events, now_ms)
        else:
            quota.reserve("proj_a", PLAN, events, now_ms)
            held[day] += events
        assert quota.used("proj_a", now_ms) == held[day]
