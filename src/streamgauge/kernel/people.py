"""People who sign in in the browser, as frozen values. What a role may do: kernel/access.py. Times are epoch milliseconds."""

import msgspec

from streamgauge.kernel.access import Role

RANK = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}
"""A role includes those of a lower rank."""


class User(msgspec.Struct, frozen=True):
    """A person. email: in lower case, told apart by it. password: its argon2 hash, None for one who never had any.

    owns_server: became the owner by the first link, and is an owner of every project, those to come too.
    """

    user_id: str
    email: str
    name: str
    password: str | None
    owns_server: bool
    created_at_ms: int


class Member(msgspec.Struct, frozen=True):
    """A person in one project. last_seen_at_ms: of the person's sessions; None when there is none."""

    user_id: str
    email: str
    name: str
    role: Role
    joined_at_ms: int
    last_seen_at_ms: int | None = None


class ProjectOf(msgspec.Struct, frozen=True):
    """A project that a person belongs to, and as what."""

    project_id: str
    name: str
    role: Role


class Invitation(msgspec.Struct, frozen=True):
    """Not accepted yet. The token of its link is stored as a hash alone."""

    invitation_id: str
    project_id: str
    project: str
    email: str
    role: Role
    invited_by: str
    created_at_ms: int
    expires_at_ms: int


class Session(msgspec.Struct, frozen=True):
    """One browser of a person."""

    user_id: str
    created_at_ms: int
    used_at_ms: int

    def ends_at_ms(self, idle_ms: int, most_ms: int) -> int:
        return min(self.used_at_ms + idle_ms, self.created_at_ms + most_ms)


class AuditEntry(msgspec.Struct, frozen=True):
    """One change that somebody made. actor_kind: user, key or server. target: the id of what was changed, "" for none."""

    entry_id: str
    project_id: str
    at_ms: int
    actor_kind: str
    actor_id: str
    actor_name: str
    action: str
    target: str
    detail: str
