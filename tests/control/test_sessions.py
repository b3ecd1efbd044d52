"""Sessions end: idle ones, old ones, ended ones, and the oldest of too many. Only the hash of a token is kept."""

from pathlib import Path

import pytest

from streamgauge.control import Control
from streamgauge.control.sessions import DAY_MS, IDLE_MS, MOST_MS, MOST_OF_USER, Sessions
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.people import User


@pytest.fixture
def ada(control: Control) -> User:
    return control.people.create_owner("ada@example.com", "Ada", "$argon2id$")


def is_in(control: Control, token: str, clock: ManualClock) -> bool:
    return control.sessions.find(token, clock.now_ms()) is not None


@pytest.mark.parametrize(("later_ms", "living"), [(IDLE_MS - 1, True), (IDLE_MS, False)])
def test_a_session_ends_when_it_was_not_used(
    control: Control, clock: ManualClock, ada: User, later_ms: int, living: bool
) -> None:
    token = control.sessions.start(ada.user_id)
    clock.advance(later_ms / 1_000)
    assert is_in(control, token, clock) is living


def test_a_session_that_is_used_ends_all_the_same(control: Control, clock: ManualClock, ada: User) -> None:
    token = control.sessions.start(ada.user_id)
    for _ in range(MOST_MS // DAY_MS - 1):
        clock.advance(86_400)
        assert is_in(control, token, clock)
    clock.advance(86_400)
    assert not is_in(control, token, clock)


def test_use_is_known_after_a_restart(control: Control, path: Path, clock: ManualClock, ada: User) -> None:
    token = control.sessions.start(ada.user_id)
    clock.advance(IDLE_MS / 1_000 - 60)
    assert is_in(control, token, clock)
    control.note_use()
    clock.advance(3_600)
    again = Sessions(control._database, clock)
    found = again.find(token, clock.now_ms())
    assert found is not None
    assert found.user_id == ada.user_id


def test_an_ended_session_stays_ended(control: Control, clock: ManualClock, ada: User) -> None:
    here, there = control.sessions.start(ada.user_id), control.sessions.start(ada.user_id)
    control.sessions.end(here)
    control.sessions.end(here)
    assert (is_in(control, here, clock), is_in(control, there, clock)) == (False, True)
    clock.advance(120)
    assert is_in(control, there, clock)
    control.sessions.end_all(ada.user_id)
    control.note_use()
    assert not is_in(control, there, clock)
    assert Sessions(control._database, clock).find(there, clock.now_ms()) is None


def test_of_too_many_the_one_used_longest_ago_gives_way(control: Control, clock: ManualClock, ada: User) -> None:
    first, second = control.sessions.start(ada.user_id), control.sessions.start(ada.user_id)
    clock.advance(120)
    assert is_in(control, first, clock)
    rest = [control.sessions.start(ada.user_id) for _ in range(MOST_OF_USER - 1)]
    assert is_in(control, first, clock)
    assert not is_in(control, second, clock)
    assert all(is_in(control, token, clock) for token in rest)


def test_a_token_is_random_and_kept_as_a_hash_alone(control: Control, path: Path, ada: User) -> None:
    tokens = {control.sessions.start(ada.user_id) for _ in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert not any(token.encode() in files for token in tokens)


@pytest.mark.parametrize("token", ["", "x", "\xff", "a" * 43])
def test_what_is_no_token_is_no_session(control: Control, clock: ManualClock, ada: User, token: str) -> None:
    control.sessions.start(ada.user_id)
    assert not is_in(control, token, clock)
