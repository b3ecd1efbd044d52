"""Who belongs to a project: members, invitations, the project's name, and the log of what was changed.

For people alone: a key, whatever its scopes, neither makes nor unmakes people.
"""

import asyncio
from typing import NamedTuple

import msgspec

from streamgauge.control import Control
from streamgauge.kernel.access import Role, Scope
from streamgauge.kernel.people import AuditEntry, Invitation, Member
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.console.bodies import read_body
from streamgauge.web.console.parameters import read_known, whole
from streamgauge.web.console.routes import ConsoleRoute
from streamgauge.web.door_routes import Question
from streamgauge.web.reply import Reply
from streamgauge.wire.timestamps import format_instant

DEFAULT_ENTRIES, MOST_ENTRIES = 50, 500


class MembersDesk(NamedTuple):
    """What the routes need. public_url: where browsers reach the server, "" for as they ask for it."""

    control: Control
    public_url: str


class _Person(NamedTuple):
    user_id: str
    role: Role


def person_of(question: Question) -> _Person:
    """Raises Refusal insufficient_scope for a key."""
    key = question.key
    if key.user_id is None or key.role is None:
        raise Refusal(Reason.INSUFFICIENT_SCOPE, "Only a person who is signed in may do this.", expected="a session")
    return _Person(key.user_id, key.role)


class _RoleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Role


class _NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    role: Role


class _ProjectChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


async def answer_members(desk: MembersDesk, question: Question) -> Reply:
    read_known(question.parameters)
    person_of(question)
    members = await asyncio.to_thread(desk.control.people.members, question.project_id)
    return _json({"members": [_member(member) for member in members]})


async def answer_set_role(desk: MembersDesk, question: Question) -> Reply:
    person = person_of(question)
    role = read_body(question.body, _RoleChange).role
    people = desk.control.people
    return _json(_member(await asyncio.to_thread(people.set_role, question.project_id, question.path["id"], role, person.role)))


async def answer_remove(desk: MembersDesk, question: Question) -> Reply:
    person = person_of(question)
    if person.user_id != question.path["id"] and not question.key.allows(Scope.ADMIN):
        raise Refusal(Reason.INSUFFICIENT_SCOPE, "Only an admin may remove others.", expected=Role.ADMIN.value)
    place = (question.project_id, question.path["id"])
    await asyncio.to_thread(desk.control.people.remove, *place, person.role, person.user_id)
    return Reply(200, b'{"success":true}')


async def answer_invitations(desk: MembersDesk, question: Question) -> Reply:
    read_known(question.parameters)
    person_of(question)
    found = await asyncio.to_thread(desk.control.people.invitations, question.project_id)
    return _json({"invitations": [_invitation(one) for one in found]})


async def answer_invite(desk: MembersDesk, question: Question) -> Reply:
    person = person_of(question)
    asked = read_body(question.body, _NewInvitation)
    people = desk.control.people
    made, token = await asyncio.to_thread(
        people.invite, question.project_id, asked.email, asked.role, person.role, person.user_id
    )
    base = desk.public_url or f"http://{question.host}"
    return Reply(201, msgspec.json.encode({**_invitation(made), "link": f"{base}/invitation?token={token}"}))


async def answer_withdraw(desk: MembersDesk, question: Question) -> Reply:
    person_of(question)
    await asyncio.to_thread(desk.control.people.withdraw, question.project_id, question.path["id"])
    return Reply(200, b'{"success":true}')


async def answer_rename_project(desk: MembersDesk, question: Question) -> Reply:
    person = person_of(question)
    if question.path["id"] != question.project_id:
        raise Refusal(Reason.NOT_FOUND, "Project not found", field="id", expected="the project asked about")
    name = read_body(question.body, _ProjectChange).name
    await asyncio.to_thread(desk.control.people.rename_project, question.project_id, name)
    return _json({"id": question.project_id, "name": name.strip(), "role": person.role.value})


async def answer_audit(desk: MembersDesk, question: Question) -> Reply:
    values = read_known(question.parameters, "limit", "before")
    limit = whole(values, "limit", DEFAULT_ENTRIES, 1, MOST_ENTRIES)
    person = person_of(question)
    user = desk.control.people.user(person.user_id)
    # What belongs to no project (signing in) is shown to whoever owns the server.
    projects = [question.project_id, *([""] if user is not None and user.owns_server else [])]
    found = await asyncio.to_thread(desk.control.audit.entries, projects, limit + 1, values.get("before"))
    more = len(found) > limit
    return _json({"entries": [_entry(one) for one in found[:limit]], "next": found[limit - 1].entry_id if more else None})


MEMBER_ROUTES = (
    ConsoleRoute("GET", "/members", answer_members),
    ConsoleRoute("PATCH", "/members/{id}", answer_set_role, Scope.ADMIN),
    ConsoleRoute("DELETE", "/members/{id}", answer_remove),
    ConsoleRoute("GET", "/invitations", answer_invitations, Scope.ADMIN),
    ConsoleRoute("POST", "/invitations", answer_invite, Scope.ADMIN),
    ConsoleRoute("DELETE", "/invitations/{id}", answer_withdraw, Scope.ADMIN),
    ConsoleRoute("PATCH", "/projects/{id}", answer_rename_project, Scope.ADMIN),
    ConsoleRoute("GET", "/audit", answer_audit, Scope.ADMIN),
)


def _member(member: Member) -> dict[str, str | None]:
    return {
        "user_id": member.user_id,
        "email": member.email,
        "name": member.name,
        "role": member.role.value,
        "joined_at": format_instant(member.joined_at_ms),
        "last_seen_at": None if member.last_seen_at_ms is None else format_instant(member.last_seen_at_ms),
    }


def _invitation(invitation: Invitation) -> dict[str, str]:
    return {
        "id": invitation.invitation_id,
        "email": invitation.email,
        "role": invitation.role.value,
        "expires_at": format_instant(invitation.expires_at_ms),
    }


def _entry(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.entry_id,
        "at": format_instant(entry.at_ms),
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "name": entry.actor_name},
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
    }


def _json(value: object) -> Reply:
    return Reply(200, msgspec.json.encode(value))
