"""People: who there is, in which projects, as what; invitations, and links for a new password.

Promises
- Who may do what is known from memory: a look-up never waits for the disk, and a change holds when its call returns. What another
  process changed (the command line) is known as soon as the directory is read again.
- A token is given out once and stored as its SHA-256: 256 random bits cannot be searched. An invitation and a link work once.
- A project that has an owner keeps one. Invitations by somebody who may no longer invite so high end with that.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Row, delete, insert, select, update

from streamgauge.control.database import Database
from streamgauge.control.directory import digest_of
from streamgauge.control.members import allowed_member, join, keep_an_owner, list_members, refuse_higher, withdraw_those_of
from streamgauge.control.people_tables import invitations, memberships, password_links, users
from streamgauge.control.projects import create_project, list_projects, rename_project
from streamgauge.kernel.access import Role
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.people import Invitation, Member, ProjectOf, User
from streamgauge.kernel.refusal import Reason, Refusal

INVITATION_MS = 7 * 86_400_000
LINK_MS = 86_400_000
MAX_MEMBERS = 1_000
_EMAIL_CHARACTERS = 320
_NAME_CHARACTERS = 100
_TOKEN_BYTES = 32

_T = TypeVar("_T")


class _Known(NamedTuple):
    """One state of the tables. roles: by user and project."""

    users: Mapping[str, User]
    by_email: Mapping[str, User]
    roles: Mapping[str, Mapping[str, Role]]
    projects: Mapping[str, str]


def new_token() -> str:
    """A secret of 256 random bits, fit for a link."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


class People:
    """The people of all projects. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._refresh_lock = threading.Lock()
        self._known = _Known({}, {}, {}, {})
        self.refresh()

    def refresh(self) -> None:
        """Take up what is in the tables now."""
        # One at a time: what was read before a change must not be taken up after what was read behind it.
        with self._refresh_lock, self._database.reading() as connection:
            self._known = _read(connection)

    # Look-ups, from memory.

    @property
    def needs_owner(self) -> bool:
        """Nobody can sign in yet."""
        return not self._known.users

    def user(self, user_id: str) -> User | None:
        return self._known.users.get(user_id)

    def by_email(self, email: str) -> User | None:
        return self._known.by_email.get(email.strip().lower())

    def users(self) -> list[User]:
        """In the order of their coming."""
        return sorted(self._known.users.values(), key=lambda user: (user.created_at_ms, user.user_id))

    def role_in(self, user_id: str, project_id: str) -> Role | None:
        """None when the person does not belong to the project, or there is no such project."""
        known = self._known
        user = known.users.get(user_id)
        if user is None or project_id not in known.projects:
            return None
        return Role.OWNER if user.owns_server else known.roles.get(user_id, {}).get(project_id)

    def projects_of(self, user_id: str) -> list[ProjectOf]:
        """In the order of their making."""
        roles = ((project_id, name, self.role_in(user_id, project_id)) for project_id, name in self._known.projects.items())
        return [ProjectOf(project_id, name, role) for project_id, name, role in roles if role is not None]

    # Users.

    def create_owner(self, email: str, name: str, password: str) -> User:
        """The first person. password: its hash. Raises Refusal already_exists, invalid_parameter."""

        def create(connection: Connection, now_ms: int) -> User:
            if connection.execute(select(users.c.user_id).limit(1)).first() is not None:
                raise Refusal(Reason.ALREADY_EXISTS, "This server has an owner already. Sign in instead.")
            return self._insert_user(connection, email, name, password, now_ms, owns_server=True)

        return self._change(create)

    def rename(self, user_id: str, name: str) -> None:
        """Raises Refusal invalid_parameter."""
        name = _valid_name(name)
        self._change(lambda connection, _: connection.execute(update(users).where(users.c.user_id == user_id).values(name=name)))

    def set_password(self, user_id: str, password: str) -> None:
        """password: its hash. Links for a new one stop to work; ending the sessions is the caller's (control/sessions.py)."""

        def change(connection: Connection, _now_ms: int) -> None:
            connection.execute(update(users).where(users.c.user_id == user_id).values(password=password))
            connection.execute(delete(password_links).where(password_links.c.user_id == user_id))

        self._change(change)

    def make_link(self, email: str) -> tuple[User, str]:
        """The token of a link by which the person sets a new password once, within a day. Raises Refusal not_found."""

        def make(connection: Connection, now_ms: int) -> tuple[User, str]:
            row = connection.execute(select(users).where(users.c.email == email.strip().lower())).first()
            if row is None:
                raise Refusal(Reason.NOT_FOUND, f"There is no user {email!r}. See: streamgauge users list", field="email")
            token = new_token()
            values = {"token_sha256": digest_of(token).hex(), "user_id": row.user_id, "expires_at_ms": now_ms + LINK_MS}
            connection.execute(insert(password_links).values(values))
            return _user(row), token

        return self._change(make)

    def link_of(self, token: str) -> User:
        """Whose link it is. Raises Refusal not_found for one that was used, is too old, or never was."""
        with self._database.reading() as connection:
            return _linked(connection, token, self._clock.now_ms())

    def use_link(self, token: str, password: str) -> User:
        """password: the hash of the new one. Raises Refusal not_found for a link that was used, is too old, or never was."""

        def use(connection: Connection, now_ms: int) -> User:
            user = _linked(connection, token, now_ms)
            connection.execute(update(users).where(users.c.user_id == user.user_id).values(password=password))
            connection.execute(delete(password_links).where(password_links.c.user_id == user.user_id))
            return user

        return self._change(use)

    # Projects and members.

    def create_project(self, user_id: str, name: str) -> ProjectOf:
        """A project that the person owns. Raises Refusal already_exists, invalid_parameter."""

        def create(connection: Connection, now_ms: int) -> ProjectOf:
            project = create_project(connection, self._mint.mint("proj"), name, now_ms)
            join(connection, project.project_id, user_id, Role.OWNER, now_ms)
            return ProjectOf(project.project_id, project.name, Role.OWNER)

        return self._change(create)

    def rename_project(self, project_id: str, name: str) -> None:
        """Raises Refusal already_exists, invalid_parameter, not_found."""
        self._change(lambda connection, _: rename_project(connection, project_id, name))

    def members(self, project_id: str) -> list[Member]:
        """In the order of their coming; who owns the server is among them."""
        with self._database.reading() as connection:
            return list_members(connection, project_id)

    def set_role(self, project_id: str, user_id: str, role: Role, by: Role) -> Member:
        """by: the role of who asks. Raises Refusal not_found, insufficient_scope, invalid_parameter (the last owner)."""

        def change(connection: Connection, _now_ms: int) -> Member:
            member = allowed_member(connection, project_id, user_id, by)
            refuse_higher(role, by)
            if member.role is Role.OWNER and role is not Role.OWNER:
                keep_an_owner(connection, project_id, user_id)
            there = (memberships.c.project_id == project_id) & (memberships.c.user_id == user_id)
            connection.execute(update(memberships).where(there).values(role=role.value))
            withdraw_those_of(connection, project_id, user_id, role)
            return next(one for one in list_members(connection, project_id) if one.user_id == user_id)

        return self._change(change)

    def remove(self, project_id: str, user_id: str, by: Role, asked_by: str) -> None:
        """Anybody may leave. Raises Refusal not_found, insufficient_scope, invalid_parameter (the last owner)."""

        def change(connection: Connection, _now_ms: int) -> None:
            member = allowed_member(connection, project_id, user_id, Role.OWNER if user_id == asked_by else by)
            if member.role is Role.OWNER:
                keep_an_owner(connection, project_id, user_id)
            there = (memberships.c.project_id == project_id) & (memberships.c.user_id == user_id)
            connection.execute(delete(memberships).where(there))
            withdraw_those_of(connection, project_id, user_id, None)

        self._change(change)

    # Invitations.

    def invite(self, project_id: str, email: str, role: Role, by: Role, invited_by: str) -> tuple[Invitation, str]:
        """The invitation and the token of its link; one to the same address and project replaces the one before.

        Raises Refusal invalid_parameter, already_exists (a member already), insufficient_scope.
        """
        email = _valid_email(email)
        refuse_higher(role, by)

        def create(connection: Connection, now_ms: int) -> tuple[Invitation, str]:
            members = list_members(connection, project_id)
            if any(member.email == email for member in members):
                raise Refusal(Reason.ALREADY_EXISTS, f"{email} belongs to the project already.", field="email")
            if len(members) >= MAX_MEMBERS:
                raise Refusal(Reason.INVALID_PARAMETER, f"A project has at most {MAX_MEMBERS} members.", field="email")
            same = (invitations.c.project_id == project_id) & (invitations.c.email == email)
            connection.execute(delete(invitations).where(same | (invitations.c.expires_at_ms <= now_ms)))
            token = new_token()
            made = Invitation(
                self._mint.mint("inv"), project_id, self._known.projects.get(project_id, ""), email, role, invited_by,
                now_ms, now_ms + INVITATION_MS,
            )  # fmt: skip
            connection.execute(
                insert(invitations).values(
                    invitation_id=made.invitation_id,
                    project_id=project_id,
                    email=email,
                    role=role.value,
                    token_sha256=digest_of(token).hex(),
                    invited_by=invited_by,
                    created_at_ms=now_ms,
                    expires_at_ms=made.expires_at_ms,
                )
            )
            return made, token

        return self._change(create)

    def invitations(self, project_id: str) -> list[Invitation]:
        """Those that can still be accepted, in the order of their making."""
        query = select(invitations).where(
            invitations.c.project_id == project_id, invitations.c.expires_at_ms > self._clock.now_ms()
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(invitations.c.created_at_ms, invitations.c.invitation_id)).all()
        return [self._invitation(row) for row in rows]

    def withdraw(self, project_id: str, invitation_id: str) -> None:
        """Raises Refusal not_found."""
        there = (invitations.c.project_id == project_id) & (invitations.c.invitation_id == invitation_id)

        def change(connection: Connection, _now_ms: int) -> None:
            if connection.execute(delete(invitations).where(there)).rowcount == 0:
                raise Refusal(Reason.NOT_FOUND, "Invitation not found", field="id")

        self._change(change)

    def invitation_of(self, token: str) -> Invitation:
        """Raises Refusal not_found for one that was accepted or withdrawn, is too old, or never was."""
        with self._database.reading() as connection:
            return self._invitation(_invitation_row(connection, token, self._clock.now_ms()))

    def accept(self, token: str, name: str, password: str | None) -> User:
        """The person who was invited, made when there is none yet. password: the hash for a new person, None for one who is here.

        Raises Refusal not_found, invalid_parameter, already_exists (somebody came by this address since the caller looked:
        whoever holds an invitation has not shown to be that person).
        """

        def change(connection: Connection, now_ms: int) -> User:
            row = _invitation_row(connection, token, now_ms)
            found = connection.execute(select(users).where(users.c.email == row.email)).first()
            if found is not None and password is not None:
                message = f"{row.email} has an account by now. Open the link again, and give its password."
                raise Refusal(Reason.ALREADY_EXISTS, message, field="password")
            user = (
                _user(found)
                if found is not None
                else self._insert_user(connection, row.email, name, password, now_ms, owns_server=False)
            )
            join(connection, row.project_id, user.user_id, Role(row.role), now_ms)
            connection.execute(delete(invitations).where(invitations.c.invitation_id == row.invitation_id))
            return user

        return self._change(change)

    def accept_all(self, email: str, name: str) -> tuple[User, list[Invitation]] | None:
        """As accept, of all that were sent to an address whose owner was proved otherwise; None when there are none.

        None as well for a person with a password: it is known to whoever made the account by the link of an earlier invitation,
        and nothing proved that this was the owner of the address.
        """
        email = email.strip().lower()

        def change(connection: Connection, now_ms: int) -> tuple[User, list[Invitation]] | None:
            waiting = (invitations.c.email == email) & (invitations.c.expires_at_ms > now_ms)
            rows = connection.execute(select(invitations).where(waiting)).all()
            found = connection.execute(select(users).where(users.c.email == email)).first()
            if not rows or (found is not None and found.password is not None):
                return None
            short = "".join(filter(str.isprintable, name))[:_NAME_CHARACTERS] or email
            user = self._insert_user(connection, email, short, None, now_ms, owns_server=False) if found is None else _user(found)
            for row in rows:
                join(connection, row.project_id, user.user_id, Role(row.role), now_ms)
            connection.execute(delete(invitations).where(invitations.c.email == email))
            return user, [self._invitation(row) for row in rows]

        return self._change(change)

    def _invitation(self, row: Row[tuple[object, ...]]) -> Invitation:
        project = self._known.projects.get(row.project_id, "")
        return Invitation(
            row.invitation_id, row.project_id, project, row.email, Role(row.role), row.invited_by, row.created_at_ms,
            row.expires_at_ms,
        )  # fmt: skip

    def _insert_user(
        self, connection: Connection, email: str, name: str, password: str | None, now_ms: int, *, owns_server: bool
    ) -> User:
        user = User(self._mint.mint("usr"), _valid_email(email), _valid_name(name), password, owns_server, now_ms)
        connection.execute(
            insert(users).values(
                user_id=user.user_id,
                email=user.email,
                name=user.name,
                password=password,
                owns_server=owns_server,
                created_at_ms=now_ms,
            )
        )
        return user

    def _change(self, operation: Callable[[Connection, int], _T]) -> _T:
        with self._change_lock:
            with self._database.writing() as connection:
                result = operation(connection, self._clock.now_ms())
            self.refresh()
        return result


def _read(connection: Connection) -> _Known:
    found = {row.user_id: _user(row) for row in connection.execute(select(users))}
    roles: dict[str, dict[str, Role]] = {}
    for row in connection.execute(select(memberships)):
        roles.setdefault(row.user_id, {})[row.project_id] = Role(row.role)
    projects = {project.project_id: project.name for project in list_projects(connection)}
    return _Known(found, {user.email: user for user in found.values()}, roles, projects)


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(row.user_id, row.email, row.name, row.password, row.owns_server, row.created_at_ms)


def _linked(connection: Connection, token: str, now_ms: int) -> User:
    link = connection.execute(select(password_links).where(password_links.c.token_sha256 == digest_of(token).hex())).first()
    if link is None or link.expires_at_ms <= now_ms:
        raise Refusal(Reason.NOT_FOUND, "This link was used already, or is too old. Ask for a new one.", field="token")
    return _user(connection.execute(select(users).where(users.c.user_id == link.user_id)).one())


def _invitation_row(connection: Connection, token: str, now_ms: int) -> Row[tuple[object, ...]]:
    row = connection.execute(select(invitations).where(invitations.c.token_sha256 == digest_of(token).hex())).first()
    if row is None or row.expires_at_ms <= now_ms:
        message = "This invitation was used or withdrawn, or is too old. Ask for a new one."
        raise Refusal(Reason.NOT_FOUND, message, field="token")
    return row


def _valid_email(email: str) -> str:
    email = email.strip().lower()
    name, _, host = email.partition("@")
    if not (name and host) or "@" in host or " " in email or not email.isprintable():
        raise Refusal(Reason.INVALID_PARAMETER, "This is not an e-mail address.", field="email", expected="an e-mail address")
    if len(email) > _EMAIL_CHARACTERS:
        expected = f"at most {_EMAIL_CHARACTERS} characters"
        raise Refusal(Reason.INVALID_PARAMETER, f"An e-mail address has {expected}.", field="email", expected=expected)
    return email


def _valid_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= _NAME_CHARACTERS or not name.isprintable():
        expected = f"1 to {_NAME_CHARACTERS} printable characters"
        raise Refusal(Reason.INVALID_PARAMETER, f"A name has {expected}.", field="name", expected=expected)
    return name
