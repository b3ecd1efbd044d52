"""Keys: made, found by their secret, expired, revoked and rotated."""

import re
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from streamgauge.control import Control, KeySpec
from streamgauge.control.database import open_database
from streamgauge.control.tables import projects
from streamgauge.kernel.access import Plan, Scope
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.refusal import Reason, Refusal

HOUR_S = 3600
FREE = KeySpec(plan="free")


def reason_of(control: Control, secret: str, clock: ManualClock) -> Reason | None:
    """Why the key is refused; None when it is not."""
    try:
        control.key_for(secret, clock.now_ms())
    except Refusal as refusal:
        return refusal.reason
    return None


def test_a_key_is_found_by_its_secret(control: Control, clock: ManualClock) -> None:
    spec = KeySpec(plan="pro", scopes=("read", "ingest", "read"), door="flexprice", label=" billing ", expires_at_ms=2**41)
    new = control.create_key("shop", spec)
    key = control.key_for(new.secret, clock.now_ms())
    assert (key.key_id, key.project_id, key.plan) == (new.key_id, control.projects()[0].project_id, DEFAULT_PLANS["pro"])
    assert key.scopes == {Scope.INGEST, Scope.READ}
    assert (key.door, key.label, key.expires_at_ms) == ("flexprice", "billing", 2**41)


def test_secrets_are_long_random_and_never_alike(control: Control) -> None:
    made = [control.create_key("shop", FREE) for _ in range(50)]
    assert all(re.fullmatch(r"sk_live_[A-Za-z0-9]{32}", new.secret) for new in made)
    assert len({new.secret for new in made}) == len({new.key_id for new in made}) == 50
    assert all(re.fullmatch(r"key_[0-9A-Z]{26}", new.key_id) for new in made)


def test_the_secret_is_nowhere_in_the_folder(control: Control, path: Path) -> None:
    secret = control.create_key("shop", FREE).secret
    control.close()
    for file in path.parent.iterdir():
        assert secret.removeprefix("sk_live_").encode() not in file.read_bytes()


def test_the_folder_is_closed_to_others(control: Control, path: Path) -> None:
    control.create_key("shop", FREE)
    assert [file.name for file in path.parent.iterdir() if file.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("secret", ["", "sk_live_wrong", "é", "\ud800", "x" * 100_000, "sk_live_" + "\0" * 32])
def test_other_secrets_are_unknown(control: Control, clock: ManualClock, secret: str) -> None:
    control.create_key("shop", FREE)
    assert reason_of(control, secret, clock) is Reason.UNKNOWN_KEY


def test_a_key_works_until_it_expires(control: Control, clock: ManualClock) -> None:
    new = control.create_key("shop", KeySpec(plan="free", expires_at_ms=clock.now_ms() + 1000))
    assert reason_of(control, new.secret, clock) is None
    clock.advance(1)
    assert reason_of(control, new.secret, clock) is Reason.EXPIRED_KEY


def test_a_revoked_key_is_refused_at_once_and_stays_so(control: Control, clock: ManualClock) -> None:
    new = control.create_key("shop", KeySpec(plan="free", expires_at_ms=clock.now_ms() + 1000))
    control.revoke_key(new.key_id)
    assert reason_of(control, new.secret, clock) is Reason.REVOKED_KEY
    clock.advance(2)
    control.revoke_key(new.key_id)
    assert reason_of(control, new.secret, clock) is Reason.REVOKED_KEY
    assert control.keys()[0].revoked_at_ms == clock.now_ms() - 2000


def test_a_rotated_key_works_through_its_grace(control: Control, clock: ManualClock) -> None:
    old = control.create_key("shop", KeySpec(plan="pro", scopes=("read",), door="solinth", label="x", expires_at_ms=2**42))
    new = control.rotate_key(old.key_id, HOUR_S * 1000)
    old_key, new_key = (control.key_for(made.secret, clock.now_ms()) for made in (old, new))
    assert new_key.key_id == new.key_id != old_key.key_id
    for field in ("project_id", "plan", "scopes", "door", "label", "expires_at_ms"):
        assert getattr(new_key, field) == getattr(old_key, field)
    clock.advance(HOUR_S - 1)
    assert reason_of(control, old.secret, clock) is None
    clock.advance(1)
    assert reason_of(control, old.secret, clock) is Reason.REVOKED_KEY
    assert reason_of(control, new.secret, clock) is None
    assert control.keys()[0].replaced_by == new.key_id


def test_a_grace_of_zero_ends_the_old_key_at_once(control: Control, clock: ManualClock) -> None:
    old = control.create_key("shop", FREE)
    control.rotate_key(old.key_id, 0)
    assert reason_of(control, old.secret, clock) is Reason.REVOKED_KEY


def test_revoking_a_rotated_key_ends_its_grace(control: Control, clock: ManualClock) -> None:
    old = control.create_key("shop", FREE)
    control.rotate_key(old.key_id)
    control.revoke_key(old.key_id)
    assert reason_of(control, old.secret, clock) is Reason.REVOKED_KEY


def test_only_a_key_that_works_can_be_rotated(control: Control, clock: ManualClock) -> None:
    revoked, rotated = control.create_key("shop", FREE), control.create_key("shop", FREE)
    expired = control.create_key("shop", KeySpec(plan="free", expires_at_ms=clock.now_ms()))
    control.revoke_key(revoked.key_id)
    new = control.rotate_key(rotated.key_id)
    for made, words, reason in (
        (revoked, "is revoked", Reason.REVOKED_KEY),
        (rotated, f"rotate {new.key_id} instead", Reason.ALREADY_EXISTS),
        (expired, "has expired", Reason.EXPIRED_KEY),
    ):
        with pytest.raises(Refusal, match=words) as caught:
            control.rotate_key(made.key_id)
        assert caught.value.reason is reason
    assert len(control.keys()) == 4


@pytest.mark.parametrize("operation", ["revoke_key", "rotate_key"])
def test_a_key_that_does_not_exist_is_said_so(control: Control, operation: str) -> None:
    with pytest.raises(Refusal, match="There is no key 'key_x'") as caught:
        getattr(control, operation)("key_x")
    assert caught.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(KeySpec(plan="gold"), "Unknown plan 'gold'; it must be one of free, pro, enterprise, unlimited", id="plan"),
        pytest.param(
            KeySpec(plan="free", scopes=("write",)), "Unknown scope 'write'; it must be one of ingest, read", id="scope"
        ),
        pytest.param(KeySpec(plan="free", scopes=()), "at least one scope", id="no scope at all"),
        pytest.param(KeySpec(plan="free", door="back"), "Unknown door 'back'; it must be one of any, solinth", id="door"),
        pytest.param(KeySpec(plan="free", label="x" * 101), "at most 100 printable characters", id="a long label"),
        pytest.param(KeySpec(plan="free", label="a\nb"), "at most 100 printable characters", id="a label of two lines"),
    ],
)
def test_a_wrong_key_is_refused_and_leaves_nothing_behind(control: Control, spec: KeySpec, words: str) -> None:
    with pytest.raises(Refusal, match=words) as caught:
        control.create_key("shop", spec)
    assert caught.value.reason is Reason.INVALID_PARAMETER
    assert (control.keys(), control.projects()) == ([], [])


def test_a_key_whose_plan_left_the_table_is_refused_until_it_is_back(control: Control, path: Path, clock: ManualClock) -> None:
    plans = {**DEFAULT_PLANS, "team": Plan("team")}
    with_team = Control.open(path, plans, clock)
    new = with_team.create_key("shop", KeySpec(plan="team"))
    with_team.close()
    with pytest.raises(Refusal, match="The plan 'team' of this API key is not in the plan table") as caught:
        control.key_for(new.secret, clock.now_ms())
    assert caught.value.reason is Reason.UNKNOWN_KEY
    assert control.directory.keys_without_plan() == [(new.key_id, "team")]


def test_a_key_needs_a_project_that_exists(control: Control, path: Path) -> None:
    control.create_key("shop", FREE)
    database = open_database(path)
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(delete(projects))
    database.close()


def test_the_largest_plan_of_a_project_is_of_its_living_keys(control: Control, clock: ManualClock) -> None:
    project_id = control.create_key("a", FREE).project_id
    pro = control.create_key("a", KeySpec(plan="pro"))
    control.create_key("a", KeySpec(plan="unlimited", expires_at_ms=clock.now_ms() + 1_000))
    control.create_key("b", KeySpec(plan="enterprise"))

    def largest() -> str | None:
        plan = control.largest_plan(project_id, clock.now_ms())
        return plan.name if plan else None

    assert largest() == "unlimited"
    clock.advance(2)
    assert largest() == "pro"
    control.revoke_key(pro.key_id)
    assert largest() == "free"
    assert control.largest_plan("nobody", clock.now_ms()) is None
