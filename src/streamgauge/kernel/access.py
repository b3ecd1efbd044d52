"""Who may do what, and how much of it: projects, keys and plans as frozen values."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Scope(StrEnum):
    """What a key may do. ADMIN includes the other two."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


class Role(StrEnum):
    """What a person may do in a project. Each includes the ones below it; only an owner makes owners."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


SCOPES_OF_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.OWNER: frozenset({Scope.ADMIN}),
    Role.ADMIN: frozenset({Scope.ADMIN}),
    Role.MEMBER: frozenset({Scope.INGEST, Scope.READ}),
    Role.VIEWER: frozenset({Scope.READ}),
}
"""A signed-in person asks at the same routes as a key, and may there what a key of these scopes may."""


class RateClass(StrEnum):
    """The windows in which requests are counted, each with its own allowance per key."""

    MINUTE = "minute"
    THEBIZNESS_HOUR = "thebizness_hour"
    THEBIZNESS_BATCH_HOUR = "thebizness_batch_hour"


class Plan(msgspec.Struct, frozen=True):
    """One row of the plan table. None means no limit.

    requests_per_minute: Solinth and Flexprice doors, per key.
    events_per_day: accepted events of the project per UTC day.
    thebizness_per_hour, thebizness_batches_per_hour: theBizness door, per key; single and batch requests apart.
    """

    name: str
    requests_per_minute: int | None = None
    events_per_day: int | None = None
    thebizness_per_hour: int | None = None
    thebizness_batches_per_hour: int | None = None


class Key(msgspec.Struct, frozen=True):
    """An API key without its secret, or a signed-in person in one project, who is met as a key is.

    door: the dialect it was made for, "any" when it serves all. user_id and role: of a person; None for a key.
    """

    key_id: str
    project_id: str
    plan: Plan
    scopes: frozenset[Scope]
    expires_at_ms: int | None = None
    label: str = ""
    door: str = "any"
    user_id: str | None = None
    role: Role | None = None

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes


class Project(msgspec.Struct, frozen=True):
    """The owner of keys, websites and events; no number ever mixes two projects."""

    project_id: str
    name: str
