"""Whoever guesses waits ever longer; who gets in, or comes from elsewhere, does not."""

import pytest

from streamgauge.limits.lockout import FREE_OF_ACCOUNT, FREE_OF_NETWORK, LONGEST_WAIT_MS, Lockout

NOW = 1_705_320_000_000


def failed_times(times: int) -> Lockout:
    lockout = Lockout()
    for _ in range(times):
        lockout.failed("ada@example.com", "192.0.2.1", NOW)
    return lockout


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [
        pytest.param(0, 0, id="none"),
        pytest.param(FREE_OF_ACCOUNT - 1, 0, id="the last free one"),
        pytest.param(FREE_OF_ACCOUNT, 1, id="the first that costs"),
        pytest.param(FREE_OF_ACCOUNT + 1, 2, id="doubled"),
        pytest.param(FREE_OF_ACCOUNT + 5, 32, id="doubled five times"),
        pytest.param(FREE_OF_ACCOUNT + 60, LONGEST_WAIT_MS // 1_000, id="never longer than this"),
    ],
)
def test_each_failure_doubles_the_wait(failures: int, wait_s: int) -> None:
    assert failed_times(failures).wait_s("ada@example.com", "198.51.100.7", NOW) == wait_s


def test_the_wait_ends() -> None:
    lockout = failed_times(FREE_OF_ACCOUNT + 1)
    waits = [lockout.wait_s("ada@example.com", "198.51.100.7", NOW + after_ms) for after_ms in (0, 1_500, 2_000)]
    assert waits == [2, 1, 0]


def test_a_network_that_tries_many_accounts_waits_as_well() -> None:
    lockout = Lockout()
    for number in range(FREE_OF_NETWORK):
        lockout.failed(f"user{number}@example.com", "192.0.2.1", NOW)
    assert lockout.wait_s("grace@example.com", "192.0.2.1", NOW) == 1
    assert lockout.wait_s("grace@example.com", "198.51.100.7", NOW) == 0


def test_a_success_forgets_the_account_and_takes_its_own_try_from_the_network() -> None:
    lockout = failed_times(FREE_OF_ACCOUNT)
    lockout.succeeded("ada@example.com", "192.0.2.1")
    assert lockout.wait_s("ada@example.com", "192.0.2.1", NOW) == 0


def test_failures_of_yesterday_are_forgotten() -> None:
    lockout = failed_times(FREE_OF_ACCOUNT + 3)
    later = NOW + 2 * 86_400_000
    lockout.failed("ada@example.com", "192.0.2.1", later)
    assert lockout.wait_s("ada@example.com", "192.0.2.1", later) == 0
