"""Who belongs to a project, and what of it may be changed by whom: read and checked inside a transaction of control/people.py."""

from sqlalchemy import Connection, delete, insert, select

from streamgauge.control.people_tables import invitations, memberships, sessions, users
from streamgauge.kernel.access import Role
from streamgauge.kernel.people import RANK, Member
from streamgauge.kernel.refusal import Reason, Refusal


def join(connection: Connection, project_id: str, user_id: str, role: Role, now_ms: int) -> None:
    """From now on the person belongs to the project, as this and nothing else."""
    there = (memberships.c.project_id == project_id) & (memberships.c.user_id == user_id)
    connection.execute(delete(memberships).where(there))
    values = {"project_id": project_id, "user_id": user_id, "role": role.value, "joined_at_ms": now_ms}
    connection.execute(insert(memberships).values(values))


def list_members(connection: Connection, project_id: str) -> list[Member]:
    """In the order of their coming; who owns the server is among them."""
    seen: dict[str, int] = {}
    for row in connection.execute(select(sessions.c.user_id, sessions.c.used_at_ms)):
        seen[row.user_id] = max(row.used_at_ms, seen.get(row.user_id, 0))
    rows = connection.execute(
        select(users, memberships.c.role, memberships.c.joined_at_ms)
        .outerjoin(memberships, (memberships.c.user_id == users.c.user_id) & (memberships.c.project_id == project_id))
        .where((memberships.c.role.is_not(None)) | users.c.owns_server)
    )
    found = [
        Member(
            row.user_id, row.email, row.name, Role.OWNER if row.owns_server else Role(row.role),
            row.created_at_ms if row.joined_at_ms is None else row.joined_at_ms, seen.get(row.user_id),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda member: (member.joined_at_ms, member.user_id))


def allowed_member(connection: Connection, project_id: str, user_id: str, by: Role) -> Member:
    """The member, whom somebody of the role `by` may change. Raises Refusal not_found, insufficient_scope."""
    for member in list_members(connection, project_id):
        if member.user_id == user_id:
            refuse_higher(member.role, by)
            return member
    raise Refusal(Reason.NOT_FOUND, "Member not found", field="user_id")


def refuse_higher(role: Role, by: Role) -> None:
    """Nobody gives, changes or takes a role above their own; only an owner makes or unmakes owners."""
    if RANK[role] > RANK[by]:
        raise Refusal(Reason.INSUFFICIENT_SCOPE, f"Only an {Role.OWNER} may do this to an {role}.", expected=Role.OWNER.value)


def withdraw_those_of(connection: Connection, project_id: str, user_id: str, role: Role | None) -> None:
    """End the invitations by a person who is now this (None: no member), as far as they are above what the role may give."""
    may = () if role is None or RANK[role] < RANK[Role.ADMIN] else [other.value for other in Role if RANK[other] <= RANK[role]]
    of_person = (invitations.c.project_id == project_id) & (invitations.c.invited_by == user_id)
    connection.execute(delete(invitations).where(of_person, invitations.c.role.not_in(may)))


def keep_an_owner(connection: Connection, project_id: str, but: str) -> None:
    """Raises Refusal invalid_parameter when there would be no owner but this one."""
    user = connection.execute(select(users).where(users.c.user_id == but)).one()
    if user.owns_server:
        message = "Who owns the server is an owner of every project."
        raise Refusal(Reason.INVALID_PARAMETER, message, field="user_id", expected="another member")
    if not any(member.role is Role.OWNER and member.user_id != but for member in list_members(connection, project_id)):
        message = "The last owner of a project stays. Make somebody else an owner first."
        raise Refusal(Reason.INVALID_PARAMETER, message, field="user_id", expected="a project with another owner")
