"""Who is asking: credentials from headers, and the key they stand for.

Every door takes `Authorization: Bearer KEY` and `x-api-key: KEY`. When both are sent, x-api-key wins if it is valid.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from streamgauge.kernel.access import Key, Scope
from streamgauge.kernel.refusal import Reason, Refusal

Headers = Iterable[tuple[bytes, bytes]]


class Keyring(Protocol):
    """Where secrets become keys; raises Refusal unknown_key, expired_key or revoked_key."""

    def key_for(self, secret: str, now_ms: int) -> Key: ...


class Credentials(NamedTuple):
    """What the headers say. `authorization` is the whole header; None means that it was not sent."""

    authorization: str | None = None
    api_key: str | None = None

    @property
    def bearer(self) -> str | None:
        """The secret of a Bearer header, None when there is none of that scheme."""
        header = self.authorization
        if header is None or header[:7].lower() != "bearer ":
            return None
        return header[7:].strip()


NO_CREDENTIALS = Credentials()


def read_credentials(headers: Headers) -> Credentials:
    authorization = api_key = None
    for name, value in headers:
        if name == b"authorization":
            authorization = value.decode("latin-1")
        elif name == b"x-api-key":
            api_key = value.decode("latin-1")
    return Credentials(authorization, api_key)


def authenticate(credentials: Credentials, keyring: Keyring, now_ms: int) -> Key:
    """The key of a request. Refusal.field names the header at fault."""
    authorization, api_key = credentials
    if api_key is not None:
        try:
            return keyring.key_for(api_key, now_ms)
        except Refusal as refusal:
            if authorization is None:
                raise _blaming("x-api-key", refusal) from None
    if authorization is None:
        raise Refusal(Reason.MISSING_KEY, "No API key. Send the header Authorization: Bearer KEY, or x-api-key: KEY.")
    secret = credentials.bearer
    if secret is None:
        message = "The Authorization header must have the form: Bearer KEY."
        raise Refusal(Reason.INVALID_AUTH_SCHEME, message, field="Authorization", expected="Bearer KEY")
    try:
        return keyring.key_for(secret, now_ms)
    except Refusal as refusal:
        raise _blaming("Authorization", refusal) from None


def require_scope(key: Key, scope: Scope) -> None:
    if not key.allows(scope):
        raise Refusal(Reason.INSUFFICIENT_SCOPE, f"This key lacks the scope {scope.value!r}.", expected=scope.value)


def _blaming(header: str, refusal: Refusal) -> Refusal:
    return Refusal(refusal.reason, refusal.message, field=header)
