"""Request windows: at most the limit in a window, one less with each request, a fresh window after the reset."""

import pytest

from streamgauge.kernel.access import Key, Plan, RateClass, Scope
from streamgauge.kernel.clock import ManualClock
from streamgauge.limits import UNLIMITED, RateLimits

NOON_MS = 1_705_320_000_000
MINUTE, HOUR, BATCH_HOUR = RateClass.MINUTE, RateClass.THEBIZNESS_HOUR, RateClass.THEBIZNESS_BATCH_HOUR
PLAN = Plan("small", requests_per_minute=3, thebizness_per_hour=2, thebizness_batches_per_hour=4)


def key(key_id: str = "key_a", plan: Plan = PLAN) -> Key:
    return Key(key_id, "proj_a", plan, frozenset({Scope.INGEST}))


@pytest.mark.parametrize(
    ("rate_class", "limit", "length_s"),
    [
        pytest.param(MINUTE, 3, 60, id="requests per minute"),
        pytest.param(HOUR, 2, 3600, id="theBizness requests per hour"),
        pytest.param(BATCH_HOUR, 4, 3600, id="theBizness batches per hour"),
    ],
)
def test_a_window_from_first_request_to_reset(rate_class: RateClass, limit: int, length_s: int) -> None:
    clock, limits = ManualClock(NOON_MS), RateLimits()
    for spent in range(1, limit + 1):
        allowance = limits.spend(key(), rate_class, clock.now_ms())
        assert allowance == (limit, limit - spent, NOON_MS // 1000 + length_s, True, 0)
    clock.advance(10)
    refused = limits.spend(key(), rate_class, clock.now_ms())
    assert refused == (limit, 0, NOON_MS // 1000 + length_s, False, length_s - 10)
    clock.advance(length_s - 10)
    fresh = limits.spend(key(), rate_class, clock.now_ms())
    assert fresh == (limit, limit - 1, NOON_MS // 1000 + 2 * length_s, True, 0)


def test_the_turn_of_the_clocks_minute_does_not_open_a_window() -> None:
    clock, limits = ManualClock(NOON_MS + 59_000), RateLimits()
    for _ in range(3):
        limits.spend(key(), MINUTE, clock.now_ms())
    clock.advance(2)
    assert not limits.spend(key(), MINUTE, clock.now_ms()).allowed


@pytest.mark.parametrize("start_ms", [NOON_MS, NOON_MS + 1, NOON_MS + 999])
def test_waiting_until_the_reset_second_is_enough_and_so_is_retry_after(start_ms: int) -> None:
    for wait in ("reset", "retry"):
        limits = RateLimits()
        for _ in range(3):
            limits.spend(key(), MINUTE, start_ms)
        refused = limits.spend(key(), MINUTE, start_ms + 500)
        then_ms = refused.reset_s * 1000 if wait == "reset" else start_ms + 500 + refused.retry_after_s * 1000
        assert limits.spend(key(), MINUTE, then_ms).allowed


def test_refused_requests_spend_nothing_and_do_not_move_the_window() -> None:
    clock, limits = ManualClock(NOON_MS), RateLimits()
    for _ in range(50):
        limits.spend(key(), MINUTE, clock.now_ms())
        clock.advance(1)
    clock.advance(10)
    assert limits.spend(key(), MINUTE, clock.now_ms()).remaining == 2


def test_keys_and_classes_do_not_share_a_window() -> None:
    limits = RateLimits()
    for _ in range(4):
        limits.spend(key("key_a"), MINUTE, NOON_MS)
    assert limits.spend(key("key_b"), MINUTE, NOON_MS).remaining == 2
    assert limits.spend(key("key_a"), HOUR, NOON_MS).remaining == 1
    assert limits.spend(key("key_a"), BATCH_HOUR, NOON_MS).remaining == 3


def test_a_plan_without_limit_shows_a_very_large_one_that_also_falls_by_one() -> None:
    limits = RateLimits()
    owner = key(plan=Plan("unlimited"))
    assert [limits.spend(owner, MINUTE, NOON_MS)[:2] for _ in range(2)] == [
        (UNLIMITED, UNLIMITED - 1),
        (UNLIMITED, UNLIMITED - 2),
    ]


def test_a_clock_that_was_set_back_does_not_lock_a_key_out() -> None:
    limits = RateLimits()
    for _ in range(4):
        limits.spend(key(), MINUTE, NOON_MS)
    assert limits.spend(key(), MINUTE, NOON_MS - 3_600_000).allowed


def test_ended_windows_are_forgotten() -> None:
    clock, limits = ManualClock(NOON_MS), RateLimits()
    for number in range(20_000):
        limits.spend(key(f"key_{number}"), MINUTE, clock.now_ms())
        clock.advance(0.1)
    assert limits.open_windows() < 2_000


def test_open_windows_survive_the_forgetting_of_others() -> None:
    clock, limits = ManualClock(NOON_MS), RateLimits()
    for number in range(5_000):
        limits.spend(key(f"key_{number}"), MINUTE, clock.now_ms())
    clock.advance(59)
    limits.spend(key("key_last"), MINUTE, clock.now_ms())
    clock.advance(2)
    for number in range(10_000):
        limits.spend(key(f"other_{number}"), MINUTE, clock.now_ms())
    assert limits.spend(key("key_last"), MINUTE, clock.now_ms()).remaining == 1


def test_what_is_counted_by_cost_is_taken_whole_or_not_at_all() -> None:
    limits = RateLimits()
    assert limits.spend(key(), BATCH_HOUR, NOON_MS, 3)[:2] == (4, 1)
    refused = limits.spend(key(), BATCH_HOUR, NOON_MS, 2)
    assert (refused.allowed, refused.remaining, refused.retry_after_s) == (False, 1, 3600)
    assert limits.spend(key(), BATCH_HOUR, NOON_MS, 1).allowed
