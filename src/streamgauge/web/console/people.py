"""Signing in, and what a person does about oneself and one's projects.

Promises
- Whoever tries a password learns nothing but whether both were right: an unknown address takes as long and is refused in the same
  words. Tries that fail slow down the next ones (limits/lockout.py).
- At most HASHES_AT_ONCE passwords are checked at a time, off the event loop.
- A new password ends every other session of the person.
"""

import asyncio
import hmac
from hashlib import sha256

import msgspec

from streamgauge import __version__
from streamgauge.control import Control
from streamgauge.control.passwords import hash_password, is_password
from streamgauge.control.sessions import IDLE_MS, MOST_MS
from streamgauge.kernel.access import SCOPES_OF_ROLE, Key, Plan, Role
from streamgauge.kernel.people import Invitation, ProjectOf, User
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.limits.lockout import Lockout
from streamgauge.web.audit import Auditor
from streamgauge.web.console.bodies import read_body
from streamgauge.web.console.parameters import read_known
from streamgauge.web.console.routes import Opened, OpenRoute
from streamgauge.web.reply import Reply
from streamgauge.web.sessions import check_csrf, cookie_of, csrf_token
from streamgauge.wire.timestamps import format_instant

HASHES_AT_ONCE = 2
SIGNED_IN_PLAN = Plan(name="signed in", requests_per_minute=6_000)


class KeysOfSessions:
    """Implements web.sessions.Sessions: a signed-in person as a key of one project."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def key_of(self, token: str, project_id: str, now_ms: int) -> Key:
        """project_id "": the person's first project. Raises Refusal missing_key, not_found."""
        people = self._control.people
        session = self._control.sessions.find(token, now_ms)
        user = None if session is None else people.user(session.user_id)
        if user is None:
            raise signed_out()
        if not project_id:
            project_id = next((project.project_id for project in people.projects_of(user.user_id)), "")
        role = people.role_in(user.user_id, project_id)
        if role is None:
            raise Refusal(
                Reason.NOT_FOUND, "There is no such project, or you do not belong to it.", field="x-streamgauge-project"
            )
        return Key(
            key_id=f"user {user.user_id}",
            project_id=project_id,
            plan=SIGNED_IN_PLAN,
            scopes=SCOPES_OF_ROLE[role],
            label=user.email,
            user_id=user.user_id,
            role=role,
        )


def signed_out() -> Refusal:
    return Refusal(Reason.MISSING_KEY, "Nobody is signed in, or the session has ended. Sign in again.")


class PeopleDesk:
    """What the routes need.

    owner_token: of the link that makes the first owner. secure: browsers send the cookie over TLS alone.
    """

    def __init__(self, control: Control, owner_token: str, *, secure: bool, oidc_name: str | None, auditor: Auditor) -> None:
        self.control = control
        self.people = control.people
        self.sessions = control.sessions
        self.lockout = Lockout()
        self.oidc_name = oidc_name
        self._auditor = auditor
        self._owner_digest = sha256(owner_token.encode()).digest()
        self._secure = secure
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    async def hashed(self, password: str, email: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(hash_password, password, email)

    async def is_password(self, user: User | None, password: str) -> bool:
        async with self._hashing:
            return await asyncio.to_thread(is_password, user.password if user else None, password)

    async def noted(self, action: str, user: User | None, detail: str, project_id: str = "") -> None:
        """Writes down what belongs to no project, as that somebody signed in or tried to, or to one that nobody asked about."""
        actor = ("server", "", "") if user is None else ("user", user.user_id, user.email)
        await self._auditor.noted(project_id, actor, action, "", detail)

    async def noted_joining(self, user: User, invitation: Invitation) -> None:
        """Writes down, for the project, who came in as what."""
        await self.noted("invitation.accepted", user, f"role {invitation.role.value}", invitation.project_id)

    def is_owner_token(self, token: str) -> bool:
        return hmac.compare_digest(sha256(token.encode("utf-8", "surrogatepass")).digest(), self._owner_digest)

    def signed_in(self, opened: Opened, *, changes: bool) -> User:
        """Who asks. Raises Refusal missing_key, csrf_failed."""
        session = None if opened.token is None else self.sessions.find(opened.token, opened.now_ms)
        user = None if session is None else self.people.user(session.user_id)
        if user is None or opened.token is None:
            raise signed_out()
        if changes:
            check_csrf(opened.headers, opened.token)
        return user

    async def begin(self, user: User, now_ms: int) -> Reply:
        """A new session, told as the session's own route tells it."""
        token = await asyncio.to_thread(self.sessions.start, user.user_id)
        return self.told(user, token, now_ms, cookie_of(token, secure=self._secure, max_age_s=MOST_MS // 1_000))

    def told(self, user: User, token: str, now_ms: int, *headers: tuple[bytes, bytes]) -> Reply:
        user = self.people.user(user.user_id) or user
        session = self.sessions.find(token, now_ms)
        body = {
            "user": {"id": user.user_id, "email": user.email, "name": user.name, "owns_server": user.owns_server},
            "csrf_token": csrf_token(token),
            "projects": [told_project(project) for project in self.people.projects_of(user.user_id)],
            "expires_at": format_instant(now_ms if session is None else session.ends_at_ms(IDLE_MS, MOST_MS)),
        }
        return Reply(200, msgspec.json.encode(body), headers=(*headers, (b"cache-control", b"no-store")))

    def forget(self) -> tuple[bytes, bytes]:
        return cookie_of("", secure=self._secure, max_age_s=0)


def told_project(project: ProjectOf) -> dict[str, str]:
    return {"id": project.project_id, "name": project.name, "role": project.role.value}


class _Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    email: str
    name: str
    password: str


class _SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    password: str


class _PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    current: str
    new: str


class _UserChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str | None = None
    password: _PasswordChange | None = None


class _NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    password: str


class _Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str


class _Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    password: str
    name: str = ""


class _NewProject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


async def answer_welcome(desk: PeopleDesk, opened: Opened) -> Reply:
    read_known(opened.parameters)
    oidc = None if desk.oidc_name is None else {"name": desk.oidc_name}
    return _json({"needs_owner": desk.people.needs_owner, "oidc": oidc, "version": __version__})


async def answer_owner(desk: PeopleDesk, opened: Opened) -> Reply:
    asked = read_body(opened.body, _Owner)
    # No lockout: nobody guesses 256 bits, and whoever tries must not keep out the one who has the link.
    if not desk.is_owner_token(asked.token):
        message = "This link is not the one that the server printed when it started last."
        raise Refusal(Reason.INVALID_CREDENTIALS, message, field="token", expected="the token of the link")
    password = await desk.hashed(asked.password, asked.email)
    user = await asyncio.to_thread(desk.people.create_owner, asked.email, asked.name, password)
    await desk.noted("owner.created", user, user.email)
    return await desk.begin(user, opened.now_ms)


async def answer_sign_in(desk: PeopleDesk, opened: Opened) -> Reply:
    asked = read_body(opened.body, _SignIn)
    email = asked.email.strip().lower()[:320]
    user = desk.people.by_email(email)
    await _check_password(desk, opened, email, user, asked.password)
    assert user is not None
    await desk.noted("session.created", user, email)
    return await desk.begin(user, opened.now_ms)


async def _check_password(desk: PeopleDesk, opened: Opened, email: str, user: User | None, password: str) -> None:
    """Raises Refusal rate_limited, invalid_credentials."""
    _refuse_waiting(desk, email, opened)
    # Counted before the check, which takes a while: tries at the same time must not all come for free.
    desk.lockout.failed(email, opened.sender, opened.now_ms)
    if not await desk.is_password(user, password):
        await desk.noted("session.refused", user, email)
        message = "The e-mail address or the password is not right."
        raise Refusal(Reason.INVALID_CREDENTIALS, message, field="password", expected="the person's password")
    desk.lockout.succeeded(email, opened.sender)


def _refuse_waiting(desk: PeopleDesk, account: str, opened: Opened) -> None:
    wait_s = desk.lockout.wait_s(account, opened.sender, opened.now_ms)
    if wait_s:
        message = f"Too many tries failed. Try again in {wait_s} s."
        raise Refusal(Reason.RATE_LIMITED, message, retry_after_s=wait_s)


async def answer_session(desk: PeopleDesk, opened: Opened) -> Reply:
    read_known(opened.parameters)
    user = desk.signed_in(opened, changes=False)
    assert opened.token is not None
    return desk.told(user, opened.token, opened.now_ms)


async def answer_sign_out(desk: PeopleDesk, opened: Opened) -> Reply:
    user = desk.signed_in(opened, changes=True)
    assert opened.token is not None
    await asyncio.to_thread(desk.sessions.end, opened.token)
    await desk.noted("session.ended", user, user.email)
    return Reply(200, b'{"success":true}', headers=(desk.forget(),))


async def answer_change_self(desk: PeopleDesk, opened: Opened) -> Reply:
    user = desk.signed_in(opened, changes=True)
    asked = read_body(opened.body, _UserChange)
    assert opened.token is not None
    if asked.password is not None:
        await _check_password(desk, opened, user.email, user, asked.password.current)
        password = await desk.hashed(asked.password.new, user.email)
    if asked.name is not None:
        await asyncio.to_thread(desk.people.rename, user.user_id, asked.name)
    if asked.password is None:
        return desk.told(user, opened.token, opened.now_ms)
    await asyncio.to_thread(desk.people.set_password, user.user_id, password)
    await asyncio.to_thread(desk.sessions.end_all, user.user_id)
    await desk.noted("password.changed", user, user.email)
    return await desk.begin(user, opened.now_ms)


async def answer_new_password(desk: PeopleDesk, opened: Opened) -> Reply:
    asked = read_body(opened.body, _NewPassword)
    linked = await asyncio.to_thread(desk.people.link_of, asked.token)
    password = await desk.hashed(asked.password, linked.email)
    user = await asyncio.to_thread(desk.people.use_link, asked.token, password)
    await asyncio.to_thread(desk.sessions.end_all, user.user_id)
    desk.lockout.succeeded(user.email, opened.sender)
    await desk.noted("password.changed", user, user.email)
    return await desk.begin(user, opened.now_ms)


async def answer_look_up(desk: PeopleDesk, opened: Opened) -> Reply:
    invitation = await asyncio.to_thread(desk.people.invitation_of, read_body(opened.body, _Token).token)
    user = desk.people.by_email(invitation.email)
    return _json(
        {"email": invitation.email, "project": invitation.project, "role": invitation.role.value, "has_account": user is not None}
    )


async def answer_accept(desk: PeopleDesk, opened: Opened) -> Reply:
    asked = read_body(opened.body, _Acceptance)
    invitation = await asyncio.to_thread(desk.people.invitation_of, asked.token)
    user = desk.people.by_email(invitation.email)
    password = None
    if user is None:
        password = await desk.hashed(asked.password, invitation.email)
    else:
        await _check_password(desk, opened, user.email, user, asked.password)
    joined = await asyncio.to_thread(desk.people.accept, asked.token, asked.name, password)
    await desk.noted_joining(joined, invitation)
    return await desk.begin(joined, opened.now_ms)


async def answer_projects(desk: PeopleDesk, opened: Opened) -> Reply:
    read_known(opened.parameters)
    user = desk.signed_in(opened, changes=False)
    return _json({"projects": [told_project(project) for project in desk.people.projects_of(user.user_id)]})


async def answer_create_project(desk: PeopleDesk, opened: Opened) -> Reply:
    user = desk.signed_in(opened, changes=True)
    asked = read_body(opened.body, _NewProject)
    if not user.owns_server and not any(one.role is Role.OWNER for one in desk.people.projects_of(user.user_id)):
        message = "Only an owner may make projects."
        raise Refusal(Reason.INSUFFICIENT_SCOPE, message, expected=Role.OWNER.value)
    project = await asyncio.to_thread(desk.people.create_project, user.user_id, asked.name)
    await desk.noted("project.created", user, project.name, project.project_id)
    return Reply(201, msgspec.json.encode(told_project(project)))


PEOPLE_ROUTES = (
    OpenRoute("GET", "/welcome", answer_welcome),
    OpenRoute("POST", "/owner", answer_owner),
    OpenRoute("POST", "/session", answer_sign_in),
    OpenRoute("GET", "/session", answer_session),
    OpenRoute("DELETE", "/session", answer_sign_out),
    OpenRoute("PATCH", "/user", answer_change_self),
    OpenRoute("POST", "/new-password", answer_new_password),
    OpenRoute("POST", "/invitations/look-up", answer_look_up),
    OpenRoute("POST", "/invitations/accept", answer_accept),
    OpenRoute("GET", "/projects", answer_projects),
    OpenRoute("POST", "/projects", answer_create_project),
)


def _json(value: object) -> Reply:
    return Reply(200, msgspec.json.encode(value), headers=((b"cache-control", b"no-store"),))
