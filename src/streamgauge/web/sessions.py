"""Who is asking, when it is a person in a browser: the session's cookie, the project asked about, and proof that it was our page
that asked.

Promises
- A request that carries a key is that key's, whatever cookie comes along.
- Whatever changes anything needs the session's CSRF token in a header, which no foreign page can know or send: it is the hash of
  the session's token, which scripts cannot read. A browser that says that another site asked is refused as well.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol
from urllib.parse import urlsplit

from streamgauge.kernel.access import Key
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web import reply as replies

COOKIE = "streamgauge_session"
CSRF_HEADER = b"x-streamgauge-csrf"
PROJECT_HEADER = b"x-streamgauge-project"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({b"same-origin", b"none"})

Headers = Iterable[tuple[bytes, bytes]]


class Sessions(Protocol):
    """Where a session becomes a key of a project; raises Refusal missing_key (no such session), not_found (no such project)."""

    def key_of(self, token: str, project_id: str, now_ms: int) -> Key: ...


def csrf_token(token: str) -> str:
    """What a page must send along with changes."""
    return sha256(b"csrf " + token.encode("utf-8", "surrogateescape")).hexdigest()


def session_token(headers: Headers) -> str | None:
    """The session's token, None when the browser sent none."""
    return cookie_value(headers, COOKIE) or None


def cookie_value(headers: Headers, wanted: str) -> str:
    """The cookie of this name, "" when the browser sent none."""
    for name, value in headers:
        if name == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                key, _, content = pair.strip().partition("=")
                if key == wanted and content:
                    return content
    return ""


def signed_in(scope: replies.Scope, sessions: Sessions, now_ms: int) -> Key | None:
    """The key of the person who asks; None when no session is sent along. Raises Refusal missing_key, not_found, csrf_failed."""
    headers = scope["headers"]
    token = session_token(headers)
    if token is None:
        return None
    key = sessions.key_of(token, _value(headers, PROJECT_HEADER).decode("latin-1"), now_ms)
    if scope["method"] not in _SAFE:
        check_origin(headers)
        check_csrf(headers, token)
    return key


def check_csrf(headers: Headers, token: str) -> None:
    """Raises Refusal csrf_failed."""
    if not hmac.compare_digest(_value(headers, CSRF_HEADER), csrf_token(token).encode()):
        message = "The request did not come from the application's own page. Reload the page and try again."
        raise Refusal(Reason.CSRF_FAILED, message, field=CSRF_HEADER.decode(), expected="the session's csrf_token")


def check_origin(headers: Headers) -> None:
    """Raises Refusal csrf_failed when the browser says that a page of another site asks; programs that are none say nothing."""
    site, origin, host = _value(headers, b"sec-fetch-site"), _value(headers, b"origin"), _value(headers, b"host")
    foreign = (
        site not in _OWN_SITE if site else bool(origin) and urlsplit(origin.decode("latin-1")).netloc != host.decode("latin-1")
    )
    if foreign:
        raise Refusal(
            Reason.CSRF_FAILED, "The request comes from a page of another site.", field="Origin", expected="this server"
        )


def _value(headers: Headers, wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")


def cookie_of(token: str, *, secure: bool, max_age_s: int) -> tuple[bytes, bytes]:
    """The header that makes the browser keep the token; "" and 0 make it forget it."""
    text = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}" + ("; Secure" if secure else "")
    return b"set-cookie", text.encode()
