"""People and what they belong to: links and invitations that end, owners that stay, and what nobody gets by being quick."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import Connection

from streamgauge.control import Control, people
from streamgauge.control.people import INVITATION_MS, LINK_MS, People
from streamgauge.kernel.access import Role
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.people import User
from streamgauge.kernel.refusal import Reason, Refusal

HASH, OTHER_HASH = "$argon2id$one", "$argon2id$another"


@pytest.fixture
def ada(control: Control) -> User:
    """Owns the server."""
    return control.people.create_owner("Ada@Example.com ", "Ada", HASH)


@pytest.fixture
def shop(control: Control, ada: User) -> str:
    return control.people.create_project(ada.user_id, "shop").project_id


def joined(control: Control, project_id: str, email: str, role: Role, by: str = "usr_1") -> User:
    _, token = control.people.invite(project_id, email, role, Role.OWNER, by)
    known = control.people.by_email(email)
    return control.people.accept(token, email, HASH if known is None else None)


def refused(ask: Callable[[], object]) -> Reason | None:
    try:
        ask()
    except Refusal as refusal:
        return refusal.reason
    return None


def test_there_is_one_first_owner(control: Control, other: Control, ada: User) -> None:
    assert refused(lambda: control.people.create_owner("eve@example.com", "Eve", HASH)) is Reason.ALREADY_EXISTS
    assert refused(lambda: other.people.create_owner("eve@example.com", "Eve", HASH)) is Reason.ALREADY_EXISTS
    assert [user.email for user in control.people.users()] == ["ada@example.com"]


def test_who_owns_the_server_owns_projects_that_others_make(control: Control, ada: User, other: Control) -> None:
    made = other.create_project("made by the command line")
    control.refresh()
    assert control.people.role_in(ada.user_id, made.project_id) is Role.OWNER
    assert made.project_id in [project.project_id for project in control.people.projects_of(ada.user_id)]


def test_a_project_that_is_not_there_is_nobodys(control: Control, ada: User) -> None:
    assert control.people.role_in(ada.user_id, "proj_none") is None
    assert control.people.role_in(ada.user_id, "") is None
    assert control.people.role_in("usr_none", "proj_none") is None


@pytest.mark.parametrize(
    "email",
    [
        pytest.param("", id="nothing"),
        pytest.param("ada", id="no @"),
        pytest.param("@example.com", id="nobody"),
        pytest.param("ada@", id="nowhere"),
        pytest.param("a@b@c", id="two"),
        pytest.param("a b@example.com", id="a space"),
        pytest.param("a\n@example.com", id="a line end"),
        pytest.param("a" * 320 + "@example.com", id="too long"),
    ],
)
def test_what_is_no_address_is_not_invited(control: Control, shop: str, email: str) -> None:
    assert refused(lambda: control.people.invite(shop, email, Role.VIEWER, Role.OWNER, "usr_1")) is Reason.INVALID_PARAMETER


def test_an_address_is_the_same_however_it_is_written(control: Control, shop: str, ada: User) -> None:
    assert control.people.by_email("  ADA@example.COM") == ada
    ask = partial(control.people.invite, shop, "ADA@EXAMPLE.com", Role.VIEWER, Role.OWNER, "usr_1")
    assert refused(ask) is Reason.ALREADY_EXISTS


@pytest.mark.parametrize(("later_ms", "reason"), [(LINK_MS - 1, None), (LINK_MS, Reason.NOT_FOUND)])
def test_a_link_for_a_new_password_ends_after_a_day(
    control: Control, clock: ManualClock, ada: User, later_ms: int, reason: Reason | None
) -> None:
    _, token = control.people.make_link("ada@example.com")
    clock.advance(later_ms / 1_000)
    assert refused(lambda: control.people.link_of(token)) is reason
    assert refused(lambda: control.people.use_link(token, OTHER_HASH)) is reason


def test_a_new_password_ends_every_link_for_one(control: Control, ada: User) -> None:
    tokens = [control.people.make_link("ada@example.com")[1] for _ in range(3)]
    control.people.use_link(tokens[0], OTHER_HASH)
    for token in tokens:
        assert refused(partial(control.people.use_link, token, HASH)) is Reason.NOT_FOUND
    changed = control.people.user(ada.user_id)
    assert changed is not None
    assert changed.password == OTHER_HASH
    _, last = control.people.make_link("ada@example.com")
    control.people.set_password(ada.user_id, HASH)
    assert refused(lambda: control.people.use_link(last, OTHER_HASH)) is Reason.NOT_FOUND


@pytest.mark.parametrize(("later_ms", "reason"), [(INVITATION_MS - 1, None), (INVITATION_MS, Reason.NOT_FOUND)])
def test_an_invitation_ends_after_a_week(
    control: Control, clock: ManualClock, shop: str, later_ms: int, reason: Reason | None
) -> None:
    _, token = control.people.invite(shop, "grace@example.com", Role.MEMBER, Role.OWNER, "usr_1")
    clock.advance(later_ms / 1_000)
    assert len(control.people.invitations(shop)) == (1 if reason is None else 0)
    assert refused(lambda: control.people.accept(token, "Grace", HASH)) is reason


def test_a_newer_invitation_to_the_same_address_ends_the_one_before(control: Control, shop: str) -> None:
    _, first = control.people.invite(shop, "grace@example.com", Role.ADMIN, Role.OWNER, "usr_1")
    _, second = control.people.invite(shop, "Grace@Example.com", Role.VIEWER, Role.OWNER, "usr_1")
    assert refused(lambda: control.people.accept(first, "Grace", HASH)) is Reason.NOT_FOUND
    grace = control.people.accept(second, "Grace", HASH)
    assert control.people.role_in(grace.user_id, shop) is Role.VIEWER


def test_whoever_holds_an_invitation_does_not_become_who_came_meanwhile(control: Control, ada: User, shop: str) -> None:
    """Both invitations were looked at while nobody had the address: the second is not proof of being the one who came first."""
    side = control.people.create_project(ada.user_id, "side").project_id
    _, of_shop = control.people.invite(shop, "grace@example.com", Role.OWNER, Role.OWNER, "usr_1")
    _, of_side = control.people.invite(side, "grace@example.com", Role.VIEWER, Role.OWNER, "usr_2")
    grace = control.people.accept(of_shop, "Grace", HASH)
    assert refused(lambda: control.people.accept(of_side, "Eve", OTHER_HASH)) is Reason.ALREADY_EXISTS
    assert control.people.role_in(grace.user_id, side) is None
    assert control.people.accept(of_side, "", None) == grace


def test_a_proved_address_does_not_open_doors_for_a_password_that_proved_nothing(control: Control, ada: User, shop: str) -> None:
    side = control.people.create_project(ada.user_id, "side").project_id
    eves_grace = joined(control, side, "grace@example.com", Role.VIEWER)
    control.people.invite(shop, "grace@example.com", Role.ADMIN, Role.OWNER, "usr_1")
    assert control.people.accept_all("grace@example.com", "Grace") is None
    assert control.people.role_in(eves_grace.user_id, shop) is None


def test_a_proved_address_accepts_all_that_wait(control: Control, ada: User, shop: str) -> None:
    side = control.people.create_project(ada.user_id, "side").project_id
    for project_id, role in ((shop, Role.ADMIN), (side, Role.VIEWER)):
        control.people.invite(project_id, "grace@example.com", role, Role.OWNER, "usr_1")
    accepted = control.people.accept_all(" Grace@example.com", "Grace\n" + "e" * 200)
    assert accepted is not None
    grace, invitations = accepted
    assert (grace.password, len(grace.name)) == (None, 100)
    assert {one.project_id: one.role for one in invitations} == {shop: Role.ADMIN, side: Role.VIEWER}
    assert control.people.role_in(grace.user_id, shop) is Role.ADMIN
    third = control.people.create_project(ada.user_id, "third").project_id
    control.people.invite(third, "grace@example.com", Role.MEMBER, Role.OWNER, "usr_1")
    again = control.people.accept_all("grace@example.com", "Grace")
    assert again is not None
    assert again[0].user_id == grace.user_id
    assert control.people.accept_all("grace@example.com", "Grace") is None


@pytest.mark.parametrize(
    ("becomes", "left"),
    [
        pytest.param(Role.ADMIN, {"admin", "viewer"}, id="an admin"),
        pytest.param(Role.MEMBER, set(), id="a member"),
        pytest.param(None, set(), id="nobody"),
    ],
)
def test_who_may_no_longer_invite_leaves_no_door_open(control: Control, shop: str, becomes: Role | None, left: set[str]) -> None:
    grace = joined(control, shop, "grace@example.com", Role.OWNER)
    for role in ("owner", "admin", "viewer"):
        control.people.invite(shop, f"{role}@example.com", Role(role), Role.OWNER, grace.user_id)
    control.people.invite(shop, "of-ada@example.com", Role.OWNER, Role.OWNER, "usr_ada")
    if becomes is None:
        control.people.remove(shop, grace.user_id, Role.OWNER, "usr_ada")
    else:
        control.people.set_role(shop, grace.user_id, becomes, Role.OWNER)
    assert {one.email for one in control.people.invitations(shop)} == {f"{role}@example.com" for role in {*left, "of-ada"}}


def test_a_project_keeps_an_owner(control: Control, ada: User, shop: str) -> None:
    grace = joined(control, shop, "grace@example.com", Role.OWNER)
    assert refused(lambda: control.people.remove(shop, ada.user_id, Role.OWNER, grace.user_id)) is Reason.INVALID_PARAMETER
    assert refused(lambda: control.people.set_role(shop, ada.user_id, Role.ADMIN, Role.OWNER)) is Reason.INVALID_PARAMETER
    control.people.set_role(shop, grace.user_id, Role.ADMIN, Role.OWNER)
    assert refused(lambda: control.people.set_role(shop, grace.user_id, Role.OWNER, Role.ADMIN)) is Reason.INSUFFICIENT_SCOPE
    assert refused(lambda: control.people.remove(shop, ada.user_id, Role.ADMIN, grace.user_id)) is Reason.INSUFFICIENT_SCOPE


def test_nobody_reaches_into_another_project(control: Control, ada: User, shop: str) -> None:
    side = control.people.create_project(ada.user_id, "side").project_id
    grace = joined(control, side, "grace@example.com", Role.VIEWER)
    made, _ = control.people.invite(side, "third@example.com", Role.VIEWER, Role.OWNER, "usr_1")
    assert refused(lambda: control.people.set_role(shop, grace.user_id, Role.ADMIN, Role.OWNER)) is Reason.NOT_FOUND
    assert refused(lambda: control.people.remove(shop, grace.user_id, Role.OWNER, "usr_1")) is Reason.NOT_FOUND
    assert refused(lambda: control.people.withdraw(shop, made.invitation_id)) is Reason.NOT_FOUND


def test_what_was_read_before_a_change_does_not_undo_it(
    control: Control, ada: User, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at the disk that began before somebody was removed, and ends after that, must not bring them back."""
    grace = joined(control, shop, "grace@example.com", Role.ADMIN)
    has_read, may_go_on = threading.Event(), threading.Event()
    read = people._read

    def slow_read(connection: Connection) -> people._Known:
        known = read(connection)
        if threading.current_thread() is slow:
            has_read.set()
            assert may_go_on.wait(10)
        return known

    monkeypatch.setattr(people, "_read", slow_read)
    slow = threading.Thread(target=control.people.refresh)
    change = threading.Thread(target=control.people.remove, args=(shop, grace.user_id, Role.OWNER, ada.user_id))
    slow.start()
    assert has_read.wait(10)
    change.start()
    change.join(0.3)  # It waits for the slow one, or would be done by now.
    may_go_on.set()
    slow.join()
    change.join()
    assert control.people.role_in(grace.user_id, shop) is None


def test_another_process_sees_people_after_a_look(control: Control, other: Control, ada: User) -> None:
    assert other.people.needs_owner
    other.refresh()
    assert isinstance(other.people, People)
    assert not other.people.needs_owner
