"""API keys: made, listed, revoked and rotated. The secret is returned once and stored only as its hash."""

import secrets
import string
from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from streamgauge.control.directory import KeyEntry, digest_of, key_entry
from streamgauge.control.tables import keys, projects
from streamgauge.kernel.access import Key, Plan, Scope
from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason, Refusal

SECRET_PREFIX = "sk_live_"  # noqa: S105 - the public part of every secret, not a secret
PRIVATE_PREFIX = "sk_"
PUBLISHABLE_PREFIX = "pk_"
SECRET_CHARACTERS = 32
DEFAULT_SCOPES = (Scope.INGEST, Scope.READ)
DOORS = ("any", *Door)
_BASE62 = string.ascii_letters + string.digits
_SHOWN_CHARACTERS = len(SECRET_PREFIX) + 4
_LABEL_CHARACTERS = 100
_MASK = "***"


class KeySpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new key shall be. scopes and door in words; they are checked when the key is made.

    prefix: how the secret begins. A secret of another prefix than the usual one is shown as Flexprice shows it: sk_01***9Z.
    """

    plan: str
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    door: str = "any"
    label: str = ""
    expires_at_ms: int | None = None
    prefix: str = SECRET_PREFIX


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made, with its secret, which nobody can get a second time."""

    key_id: str
    project_id: str
    secret: str


class KeyRecord(msgspec.Struct, frozen=True):
    """A key as the lists show it. prefix: what is known of its secret, the beginning, or the beginning, *** and the end.

    revoked_at_ms may lie in the future: a rotated key works until then.
    """

    key_id: str
    project_id: str
    project: str
    prefix: str
    plan: str
    scopes: tuple[str, ...]
    door: str
    label: str
    created_at_ms: int
    expires_at_ms: int | None
    revoked_at_ms: int | None
    replaced_by: str | None
    last_used_at_ms: int | None = None

    @property
    def ends_at_ms(self) -> int | None:
        """When the key stops, or stopped, to work; None for never."""
        return min((time_ms for time_ms in (self.expires_at_ms, self.revoked_at_ms) if time_ms is not None), default=None)

    def state(self, now_ms: int) -> str:
        """active, replaced (another took its place; works until ends_at_ms), revoked or expired."""
        if self.revoked_at_ms is not None and self.revoked_at_ms <= now_ms:
            return "revoked"
        if self.expires_at_ms is not None and self.expires_at_ms <= now_ms:
            return "expired"
        return "active" if self.replaced_by is None else "replaced"


def create_key(
    connection: Connection, key_id: str, project_id: str, spec: KeySpec, plans: Mapping[str, Plan], now_ms: int
) -> NewKey:
    """Raises Refusal invalid_parameter for an unknown plan, scope or door."""
    values = {
        "plan": _one_of("plan", spec.plan, plans),
        "scopes": ",".join(sorted({_one_of("scope", scope, tuple(Scope)) for scope in spec.scopes})),
        "door": _one_of("door", spec.door, DOORS),
        "label": _valid_label(spec.label),
    }
    if not values["scopes"]:
        raise Refusal(Reason.INVALID_PARAMETER, "A key needs at least one scope.", field="scope", expected=", ".join(Scope))
    return _insert(connection, key_id, project_id, {**values, "expires_at_ms": spec.expires_at_ms}, now_ms, spec.prefix)


def _insert(
    connection: Connection,
    key_id: str,
    project_id: str,
    values: Mapping[str, object],
    now_ms: int,
    prefix: str = SECRET_PREFIX,
) -> NewKey:
    secret = prefix + "".join(secrets.choice(_BASE62) for _ in range(SECRET_CHARACTERS))
    connection.execute(
        insert(keys).values(
            key_id=key_id,
            project_id=project_id,
            secret_sha256=digest_of(secret).hex(),
            prefix=_shown(secret, prefix),
            created_at_ms=now_ms,
            **values,
        )
    )
    return NewKey(key_id, project_id, secret)


def _shown(secret: str, prefix: str) -> str:
    return secret[:_SHOWN_CHARACTERS] if prefix == SECRET_PREFIX else secret[:5] + _MASK + secret[-2:]


def _prefix_of(shown: str) -> str:
    """How the secret begins that is shown so."""
    return shown[: len(PRIVATE_PREFIX)] if _MASK in shown else SECRET_PREFIX


def list_keys(connection: Connection, project_id: str | None = None) -> list[KeyRecord]:
    """In the order of their making; of all projects, or of one."""
    query = select(keys, projects.c.name.label("project")).join(projects).order_by(keys.c.created_at_ms, keys.c.key_id)
    if project_id is not None:
        query = query.where(keys.c.project_id == project_id)
    return [
        KeyRecord(
            key_id=row.key_id,
            project_id=row.project_id,
            project=row.project,
            prefix=row.prefix,
            plan=row.plan,
            scopes=tuple(row.scopes.split(",")),
            door=row.door,
            label=row.label,
            created_at_ms=row.created_at_ms,
            expires_at_ms=row.expires_at_ms,
            revoked_at_ms=row.revoked_at_ms,
            replaced_by=row.replaced_by,
            last_used_at_ms=row.last_used_at_ms,
        )
        for row in connection.execute(query)
    ]


def find_key(connection: Connection, project_id: str, key_id: str) -> KeyRecord:
    """Raises Refusal not_found, also for a key of another project."""
    for record in list_keys(connection, project_id):
        if record.key_id == key_id:
            return record
    raise no_key()


def no_key() -> Refusal:
    return Refusal(Reason.NOT_FOUND, "API key not found", field="key_id")


def revoke_key(connection: Connection, key_id: str, now_ms: int) -> None:
    """From now on the key is refused. Revoking again changes nothing. Raises Refusal not_found."""
    row = _existing(connection, key_id)
    if row["revoked_at_ms"] is None or row["revoked_at_ms"] > now_ms:
        connection.execute(update(keys).where(keys.c.key_id == key_id).values(revoked_at_ms=now_ms))


def rotate_key(connection: Connection, key_id: str, new_key_id: str, grace_ms: int, now_ms: int) -> NewKey:
    """A new key like the old one, which works for `grace_ms` more.

    Raises Refusal not_found, revoked_key, expired_key, already_exists (a key that was rotated before).
    """
    row = _existing(connection, key_id)
    mend = "Make a new one with: streamgauge keys create"
    if row["replaced_by"] is not None:
        raise _cannot_rotate(Reason.ALREADY_EXISTS, f"The key {key_id} was rotated already; rotate {row['replaced_by']} instead.")
    if row["revoked_at_ms"] is not None:
        raise _cannot_rotate(Reason.REVOKED_KEY, f"The key {key_id} is revoked. {mend}")
    if row["expires_at_ms"] is not None and row["expires_at_ms"] <= now_ms:
        raise _cannot_rotate(Reason.EXPIRED_KEY, f"The key {key_id} has expired. {mend}")
    inherited = {name: row[name] for name in ("plan", "scopes", "door", "label", "expires_at_ms")}
    new = _insert(connection, new_key_id, row["project_id"], inherited, now_ms, _prefix_of(row["prefix"]))
    connection.execute(
        update(keys).where(keys.c.key_id == key_id).values(revoked_at_ms=now_ms + grace_ms, replaced_by=new_key_id)
    )
    return new


def read_entries(connection: Connection, plans: Mapping[str, Plan]) -> dict[bytes, KeyEntry]:
    """Every key as the directory holds it. A key whose plan is not in the table stays known, but is refused."""
    entries = {}
    for row in connection.execute(select(keys)):
        key = Key(
            key_id=row.key_id,
            project_id=row.project_id,
            plan=plans.get(row.plan, Plan(row.plan)),
            scopes=frozenset(Scope(scope) for scope in row.scopes.split(",")),
            expires_at_ms=row.expires_at_ms,
            label=row.label,
            door=row.door,
        )
        digest = bytes.fromhex(row.secret_sha256)
        entries[digest] = key_entry(key, row.plan in plans, row.revoked_at_ms, row.replaced_by is not None)
    return entries


def note_use(connection: Connection, uses: Mapping[str, int]) -> None:
    """uses: when keys were used last, by id."""
    for key_id, used_at_ms in uses.items():
        connection.execute(update(keys).where(keys.c.key_id == key_id).values(last_used_at_ms=used_at_ms))


def _existing(connection: Connection, key_id: str) -> RowMapping:
    row = connection.execute(select(keys).where(keys.c.key_id == key_id)).mappings().one_or_none()
    if row is None:
        raise Refusal(Reason.NOT_FOUND, f"There is no key {key_id!r}. See: streamgauge keys list", field="key_id")
    return row


def _cannot_rotate(reason: Reason, message: str) -> Refusal:
    return Refusal(reason, message, field="key_id", expected="a key that works")


def _one_of(what: str, given: str, known: Iterable[str]) -> str:
    names = [str(name) for name in known]
    if given in names:
        return str(given)
    expected = f"one of {', '.join(names)}"
    raise Refusal(Reason.INVALID_PARAMETER, f"Unknown {what} {given!r}; it must be {expected}.", field=what, expected=expected)


def _valid_label(label: str) -> str:
    label = label.strip()
    if len(label) > _LABEL_CHARACTERS or not label.isprintable():
        expected = f"at most {_LABEL_CHARACTERS} printable characters"
        raise Refusal(Reason.INVALID_PARAMETER, f"A key's name has {expected}.", field="name", expected=expected)
    return label
