"""Signing in with an OpenID provider: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636).

    start     -> remember state, nonce and verifier -> send the browser to the provider
    callback  -> the state of this browser? -> exchange the code -> verify the ID token -> whose e-mail address is it -> a session

Promises
- An ID token counts only when its signature is of a key that the provider publishes, and issuer, audience, expiry and nonce are
  right; none of its claims is looked at before.
- Nobody comes in by the provider alone: the verified e-mail address must be that of a person who is here, or was invited.
- What was begun in one browser cannot be ended in another: the state is bound to a cookie. Each works once, for LIFE_MS.
Limit: what was begun is in memory; after a restart of the server one begins again.
"""

import asyncio
import base64
import hmac
import re
import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from streamgauge.kernel.people import User
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.console.parameters import read_known
from streamgauge.web.console.people import PeopleDesk
from streamgauge.web.console.routes import Opened, OpenRoute
from streamgauge.web.reply import Reply
from streamgauge.web.sessions import cookie_value

if TYPE_CHECKING:
    import aiohttp

LIFE_MS = 600_000
_COOKIE = "streamgauge_oidc"
_MOST_BEGUN = 1_000
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_TIMEOUT_S = 10.0
_MOST_BYTES = 2**20
_LEEWAY_S = 60
_PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OWN_PATH = re.compile(r"/(?![/\\])[!-~]{0,2000}")
"""A page of this server and of no other: browsers drop tabs and line ends, and then take two slashes for another server."""
_SENT_BACK = re.compile(r"[ -~]{1,4000}")
"""What RFC 6749 (appendix A) lets a state and a code be made of."""


class Provider(NamedTuple):
    """Where people sign in, and as what this server is known there. issuer: without a slash at its end."""

    name: str
    issuer: str
    client_id: str
    client_secret: str


class _Begun(NamedTuple):
    nonce: str
    verifier: str
    next_path: str
    redirect: str
    until_ms: int


class OidcDesk:
    """What the routes need. public_url: where browsers reach the server, "" for as they ask for it."""

    def __init__(self, people: PeopleDesk, provider: Provider, public_url: str) -> None:
        self.people = people
        self.provider = provider
        self.public_url = public_url
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._places: dict[str, Any] | None = None
        self._keys: Any = None

    def begin(self, opened: Opened, next_path: str) -> tuple[str, _Begun]:
        """A new state, and what is remembered of it."""
        base = self.public_url or f"http://{opened.host}"
        begun = _Begun(
            secrets.token_urlsafe(24), secrets.token_urlsafe(48), next_path, f"{base}/console/v1/oidc/callback",
            opened.now_ms + LIFE_MS,
        )  # fmt: skip
        state = secrets.token_urlsafe(24)
        self._begun[state] = begun
        while len(self._begun) > _MOST_BEGUN:
            self._begun.popitem(last=False)
        return state, begun

    def take(self, opened: Opened, state: str) -> _Begun:
        """What was begun in this browser with this state; once. Raises Refusal invalid_credentials."""
        begun = self._begun.pop(state, None)
        same_browser = hmac.compare_digest(cookie_value(opened.headers, _COOKIE).encode(), state.encode())
        if begun is None or not same_browser or begun.until_ms < opened.now_ms:
            raise _refused("What was begun is over, or was begun in another browser. Sign in again.")
        return begun

    async def places(self) -> dict[str, Any]:
        """The provider's own description (OpenID Connect Discovery 1.0), asked for once. Raises Refusal server_busy."""
        if self._places is None:
            found = await _fetched("GET", f"{self.provider.issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self.provider.issuer:
                raise _refused("The provider describes another issuer than oidc_issuer.")
            if not all(isinstance(found.get(place), str) for place in _PLACES):
                raise _refused(f"The provider's description lacks one of {', '.join(_PLACES)}.")
            self._places = found
        return self._places

    async def claims(self, code: str, begun: _Begun) -> dict[str, Any]:
        """Of the verified ID token. Raises Refusal invalid_credentials, server_busy."""
        places = await self.places()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun.redirect,
            "client_id": self.provider.client_id,
            "client_secret": self.provider.client_secret,
            "code_verifier": begun.verifier,
        }
        answer = await _fetched("POST", str(places["token_endpoint"]), form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("The provider gave no ID token.")
        return await self._verified(token, begun, str(places["jwks_uri"]))

    async def _verified(self, token: str, begun: _Begun, keys_url: str) -> dict[str, Any]:
        import jwt

        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._key(keys_url, kid)
            claims: dict[str, Any] = await asyncio.to_thread(
                jwt.decode,
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self.provider.client_id,
                issuer=[self.provider.issuer, f"{self.provider.issuer}/"],
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "nonce"]},
            )
        except (jwt.PyJWTError, StopIteration) as exc:
            raise _refused(f"The provider's ID token is not right ({type(exc).__name__}).") from exc
        if not hmac.compare_digest(str(claims["nonce"]), begun.nonce):
            raise _refused("The provider's ID token is of another try.")
        return claims

    async def _key(self, keys_url: str, kid: str | None) -> Any:
        """The published key of the id; the keys are asked for again when it is not among them, for providers change them."""
        import jwt

        for again in (False, True):
            if self._keys is None or again:
                self._keys = jwt.PyJWKSet.from_dict(await _fetched("GET", keys_url))
            for key in self._keys.keys:
                if kid is None or key.key_id == kid:
                    return key
        raise StopIteration


async def answer_start(desk: OidcDesk, opened: Opened) -> Reply:
    next_path = read_known(opened.parameters, "next").get("next", "/")
    if not _OWN_PATH.fullmatch(next_path):
        next_path = "/"
    try:
        places = await desk.places()
    except Refusal as refusal:
        return _back_to_sign_in(refusal)
    state, begun = desk.begin(opened, next_path)
    challenge = base64.urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": desk.provider.client_id, "redirect_uri": begun.redirect,
        "scope": "openid email profile", "state": state, "nonce": begun.nonce,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    endpoint = str(places["authorization_endpoint"])
    location = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
    return _to(location, _state_cookie(desk, state, LIFE_MS // 1_000))


async def answer_callback(desk: OidcDesk, opened: Opened) -> Reply:
    # A provider may add parameters of its own: what is unknown is left alone here, unlike everywhere else.
    given = {name: value for name, value in opened.parameters if _SENT_BACK.fullmatch(value)}
    gone = _state_cookie(desk, "", 0)
    try:
        begun = desk.take(opened, given.get("state", ""))
        if "code" not in given:
            raise _refused("The provider did not let you in.")
        user = await _person_of(desk, await desk.claims(given["code"], begun))
        await desk.people.noted("session.created", user, user.email)
        begins = await desk.people.begin(user, opened.now_ms)
    except Refusal as refusal:
        await desk.people.noted("session.refused", None, desk.provider.name)
        return _back_to_sign_in(refusal, gone)
    return _to(begun.next_path, *(header for header in begins.headers if header[0] == b"set-cookie"), gone)


OIDC_ROUTES = (OpenRoute("GET", "/oidc/start", answer_start), OpenRoute("GET", "/oidc/callback", answer_callback))


async def _person_of(desk: OidcDesk, claims: dict[str, Any]) -> User:
    """Raises Refusal invalid_credentials when the address is not verified, or nobody's here."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise _refused("The provider does not vouch for an e-mail address.")
    people = desk.people.people
    name = claims.get("name")
    joined = await asyncio.to_thread(people.accept_all, email, name if isinstance(name, str) and name.strip() else email)
    user, invitations = joined or (people.by_email(email), [])
    if user is None:
        raise _refused(f"Nobody here has the address {email}. Ask for an invitation.")
    for invitation in invitations:
        await desk.people.noted_joining(user, invitation)
    return user


async def _fetched(method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object of an answer. Raises Refusal server_busy (no answer), invalid_credentials (another answer)."""
    import aiohttp

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)) as session,
            session.request(method, url, data=form, allow_redirects=False, headers={"accept": "application/json"}) as response,
        ):
            return await _object_of(response)
    except (aiohttp.ClientError, TimeoutError, OSError) as exc:
        raise Refusal(Reason.SERVER_BUSY, "The provider does not answer. Try again later.", retry_after_s=10) from exc


async def _object_of(response: "aiohttp.ClientResponse") -> dict[str, Any]:
    import msgspec

    body = await response.content.read(_MOST_BYTES)
    if response.status != 200:
        raise _refused(f"The provider answered with status {response.status}.")
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise _refused("The provider's answer is not JSON.") from None


def _back_to_sign_in(refusal: Refusal, *headers: tuple[bytes, bytes]) -> Reply:
    return _to(f"/sign-in?refused={quote(refusal.message)}", *headers)


def _refused(message: str) -> Refusal:
    return Refusal(Reason.INVALID_CREDENTIALS, message)


def _state_cookie(desk: OidcDesk, state: str, max_age_s: int) -> tuple[bytes, bytes]:
    secure = "; Secure" if desk.public_url.startswith("https://") else ""
    text = f"{_COOKIE}={state}; Path=/console/v1/oidc; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}"
    return b"set-cookie", text.encode()


def _to(location: str, *headers: tuple[bytes, bytes]) -> Reply:
    return Reply(302, b"", b"text/plain", headers=((b"location", location.encode()), (b"cache-control", b"no-store"), *headers))
