"""One request at one door, from its headers to its answer: the steps that every route shares.

    read credentials -> find the key (or the person) -> count the request -> check the scope -> (the route's own work) -> send

Limit headers go on every answer. A request without a valid key is counted by its sender's address, so that guessing keys is slow.
"""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network
from typing import Protocol

from streamgauge.kernel.access import Key, Plan, RateClass, Scope
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web import reply as replies
from streamgauge.web.audit import Auditor
from streamgauge.web.credentials import NO_CREDENTIALS, Credentials, Keyring, authenticate, read_credentials, require_scope
from streamgauge.web.reply import HeaderList, Reply
from streamgauge.web.sessions import Sessions, signed_in

UNKNOWN_SENDER_PLAN = Plan(name="unknown sender", requests_per_minute=1_000)
_LONGEST_REQUEST_ID = 128


class Allowance(Protocol):
    """What is left of a window after a request was counted.

    reset_s: epoch seconds at which the window ends, rounded up. retry_after_s: seconds from now until then, never longer than
    the window; made by the window itself, since the difference of two rounded times would be off by one.
    """

    @property
    def limit(self) -> int: ...
    @property
    def remaining(self) -> int: ...
    @property
    def reset_s(self) -> int: ...
    @property
    def allowed(self) -> bool: ...
    @property
    def retry_after_s(self) -> int: ...


class RateLimiter(Protocol):
    """Counts one request of a key in a window."""

    def spend(self, key: Key, rate_class: RateClass, now_ms: int) -> Allowance: ...


def network_of(address: str) -> str:
    """What is counted as one sender: an IPv4 address, also when IPv6 carries it; of IPv6 the /64 network, since one sender has as
    many addresses there as it likes."""
    if ":" not in address:
        return address
    carried = IPv6Address(address).ipv4_mapped
    return str(carried or IPv6Network((address, 64), strict=False))


class Exchange:
    """What is known of a request so far. Made once per request, filled by Gate."""

    __slots__ = ("allowance", "body_bytes", "client", "credentials", "headers", "key", "now_ms", "request_id", "scope")

    def __init__(self, scope: replies.Scope, now_ms: int, request_id: bytes, credentials: Credentials) -> None:
        self.scope = scope
        self.client: tuple[str, int] | None = scope.get("client")
        self.now_ms = now_ms
        self.request_id = request_id
        self.credentials = credentials
        self.key: Key | None = None
        self.allowance: Allowance | None = None
        self.headers: HeaderList = [(b"x-request-id", request_id)]
        self.body_bytes = 0

    @property
    def sender(self) -> str:
        """The address as one sender is counted by."""
        return network_of(self.client[0] if self.client else "")


class Gate:
    """Lets a request in, or refuses it by name."""

    def __init__(
        self,
        keyring: Keyring,
        limits: RateLimiter,
        clock: Clock,
        mint: IdMint,
        sessions: Sessions | None = None,
        auditor: Auditor | None = None,
    ) -> None:
        """sessions: of people who sign in; None when nobody does. auditor: is told what routes changed."""
        self.auditor = auditor
        self._sessions = sessions
        self._keyring = keyring
        self._limits = limits
        self._clock = clock
        self._mint = mint

    def meet(self, scope: replies.Scope) -> Exchange:
        """Begin an exchange; never refuses."""
        request_id = sent_request_id(scope) or self.new_request_id()
        return Exchange(scope, self._clock.now_ms(), request_id, read_credentials(scope["headers"]))

    def now_ms(self) -> int:
        """When an exchange begins."""
        return self._clock.now_ms()

    def new_request_id(self) -> bytes:
        """For a request that brought none."""
        return self._mint.mint("req").encode()

    def identify(self, exchange: Exchange) -> Key:
        """Find the key, or the person who is signed in. Raises Refusal when there is none that is valid."""
        key = None
        if self._sessions is not None and exchange.credentials == NO_CREDENTIALS:
            key = signed_in(exchange.scope, self._sessions, exchange.now_ms)
        exchange.key = key = key or authenticate(exchange.credentials, self._keyring, exchange.now_ms)
        return key

    def count(self, exchange: Exchange, rate_class: RateClass) -> None:
        """Count the request against its key, or against its sender's address. Raises Refusal rate_limited."""
        key = exchange.key
        if key is None:
            key = Key(f"address {exchange.sender}", "", UNKNOWN_SENDER_PLAN, frozenset())
            rate_class = RateClass.MINUTE
        exchange.allowance = allowance = self._limits.spend(key, rate_class, exchange.now_ms)
        if not allowance.allowed:
            raise rate_limited(allowance)

    def enter(self, exchange: Exchange, rate_class: RateClass, needed: Scope) -> Key:
        """Identify, count and check the scope, in this order."""
        key = exchange.key
        if key is None:
            try:
                key = self.identify(exchange)
            except Refusal:
                self.count(exchange, rate_class)
                raise
        self.count(exchange, rate_class)
        require_scope(key, needed)
        return key

    def counted(self, exchange: Exchange, rate_class: RateClass, refusal: Refusal) -> Refusal:
        """The refusal to answer with. One that came before the request was counted is counted here, so that its answer has
        the limit headers too; when the window is used up, the answer is rate_limited instead."""
        if exchange.allowance is not None:
            return refusal
        try:
            if exchange.key is None:
                with suppress(Refusal):
                    self.identify(exchange)
            self.count(exchange, rate_class)
        except Refusal as limited:
            return limited
        return refusal

    def when_counted(self, exchange: Exchange, refusal: Refusal, then: Callable[[Refusal], None]) -> None:
        """Tell `then` the refusal to answer with, once it is known whether the window allows the request: here at once."""
        then(refusal)

    def count_beside(self, exchange: Exchange, rate_class: RateClass, refusal: Refusal) -> None:
        """Count a request that is answered with its refusal in any case, without waiting for what is left of the window."""
        self.counted(exchange, rate_class, refusal)


def rate_limited(allowance: Allowance) -> Refusal:
    """For a request that its window does not allow."""
    wait_s = allowance.retry_after_s
    message = f"Rate limit of {allowance.limit} requests exceeded. Try again in {wait_s} s."
    return Refusal(Reason.RATE_LIMITED, message, retry_after_s=wait_s)


def sent_request_id(scope: replies.Scope) -> bytes | None:
    """The id that the sender gave the request, where it can be given back."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and len(value) <= _LONGEST_REQUEST_ID and value.isascii() and value.decode().isprintable():
            return bytes(value)
    return None


def answer_headers(exchange: Exchange) -> HeaderList:
    """The headers that an answer has because of its exchange: its id, and what is left of the window it was counted in."""
    headers = exchange.headers
    allowance = exchange.allowance
    if allowance is not None:
        headers.append((b"x-ratelimit-limit", b"%d" % allowance.limit))
        headers.append((b"x-ratelimit-remaining", b"%d" % allowance.remaining))
        headers.append((b"x-ratelimit-reset", b"%d" % allowance.reset_s))
    return headers


def answer_at_once(respond: replies.Respond, exchange: Exchange, fixed_lines: bytes, reply: Reply) -> None:
    """As finish, in one call. fixed_lines: the header lines that every answer of the door has."""
    allowance = exchange.allowance
    window = b""
    if allowance is not None:
        window = _WINDOW_LINES % (allowance.limit, allowance.remaining, allowance.reset_s)
    own = b"".join([b"%b: %b\r\n" % header for header in reply.headers]) if reply.headers else b""
    ends = (exchange.request_id, reply.content_type, len(reply.body))
    respond(reply.status, window + fixed_lines + own + _REPLY_LINES % ends, reply.body)


_WINDOW_LINES = b"x-ratelimit-limit: %d\r\nx-ratelimit-remaining: %d\r\nx-ratelimit-reset: %d\r\n"
_REPLY_LINES = b"x-request-id: %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n"


async def finish(send: replies.Send, exchange: Exchange, reply: Reply, *, body: bool = True) -> None:
    """Send the answer with the headers of the exchange."""
    await replies.send_reply(send, reply, answer_headers(exchange), body=body)
