"""API keys at the Flexprice door: {"api_key", "secret": {...}} when one is made, and the list of those that are there.

type private_key reads and sends events (sk_...), publishable_key only sends (pk_...). A key is shown once; later by its first
five and last two characters. status: archived when it was taken back, else published.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from streamgauge.kernel.access import Scope
from streamgauge.kernel.metering import Status
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import ListPage, page_of, refuse_field, render_list, required_text
from streamgauge.wire.parameters import Pairs, one_of
from streamgauge.wire.timestamps import format_instant

_MAX_NAME_LENGTH = 100


class SecretType(StrEnum):
    """The published kinds of keys that are made here."""

    PRIVATE = "private_key"
    PUBLISHABLE = "publishable_key"


class NewSecret(NamedTuple):
    """What a new key shall be."""

    name: str
    type: SecretType
    expires_at_ms: int | None


class SecretsAsked(NamedTuple):
    """Which keys a list shows."""

    page: ListPage
    status: Status


class Secret(NamedTuple):
    """A key as this door shows it. known: what is kept of the secret to show it by."""

    secret_id: str
    name: str
    known: str
    scopes: tuple[str, ...]
    status: Status
    created_at_ms: int
    updated_at_ms: int
    expires_at_ms: int | None


def parse_new_secret(body: bytes, now_ms: int) -> NewSecret:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    name = required_text(payload, "name", _MAX_NAME_LENGTH)
    if not name.isprintable():
        raise refuse_field("name", f"at most {_MAX_NAME_LENGTH} printable characters")
    kind = payload.text("type")
    if kind not in list(SecretType):
        raise refuse_field("type", one_of(SecretType), Reason.INVALID_PARAMETER if kind else Reason.MISSING_FIELD)
    if payload.text("service_account_id"):
        # Ignored, it would make a key that may do more than the sender meant.
        raise refuse_field("service_account_id", "nothing: there are no service accounts")
    expires_at_ms = payload.instant("expires_at")
    if expires_at_ms is not None and expires_at_ms <= now_ms:
        raise refuse_field("expires_at", "a time to come")
    return NewSecret(name, SecretType(kind), expires_at_ms)


def parse_list(parameters: Pairs) -> SecretsAsked:
    """limit, offset, order, status (published). Raises Refusal."""
    payload = Payload.from_query_string(parameters)
    status = payload.text("status") or Status.PUBLISHED
    if status not in list(Status):
        raise refuse_field("status", one_of(Status))
    return SecretsAsked(page_of(payload), Status(status))


def render_new_secret(api_key: str, secret: Secret) -> bytes:
    return msgspec.json.encode({"api_key": api_key, "secret": _fields(secret)})


def render_secrets(secrets: Iterable[Secret], asked: SecretsAsked) -> bytes:
    """secrets: all of the project, the oldest first."""
    page = asked.page
    found = [secret for secret in secrets if secret.status is asked.status]
    ordered = found[::-1] if page.newest_first else found
    return render_list([_fields(secret) for secret in ordered[page.offset :][: page.limit]], len(found), page)


def _fields(secret: Secret) -> Mapping[str, object]:
    fields: dict[str, object] = {
        "id": secret.secret_id,
        "name": secret.name,
        "display_id": secret.known if "***" in secret.known else secret.known[:5] + "***",
        "type": SecretType.PUBLISHABLE if secret.scopes == (Scope.INGEST,) else SecretType.PRIVATE,
        "provider": "flexprice",
        "roles": _roles(secret.scopes),
        "status": secret.status,
        "created_at": format_instant(secret.created_at_ms),
        "updated_at": format_instant(secret.updated_at_ms),
    }
    if secret.expires_at_ms is not None:
        fields["expires_at"] = format_instant(secret.expires_at_ms)
    return fields


def _roles(scopes: Sequence[str]) -> list[str]:
    """The published roles that come nearest."""
    if Scope.ADMIN in scopes:
        return ["super_admin"]
    if Scope.READ not in scopes:
        return ["event_ingestor"]
    return ["all_reader", "all_writer"] if Scope.INGEST in scopes else ["all_reader"]
