"""One try to deliver one message: signed by the Standard Webhooks convention (kept library), over a connection to an address that
was checked. Redirections are not followed, proxies of the environment are not used, of the answer only its status is read.

The HTTP client (aiohttp) and its 20 MiB are loaded with the first delivery.
"""

import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from standardwebhooks import Webhook

from streamgauge.kernel.webhook import WebhookDelivery, WebhookEndpoint
from streamgauge.webhooks.addresses import AddressRefused, is_public

if TYPE_CHECKING:
    import aiohttp
    from aiohappyeyeballs import AddrInfoType

USER_AGENT = "Streamgauge-Webhooks/1"
_ERROR_CHARACTERS = 300


class Outcome(NamedTuple):
    """What a try came to. status: of the answer, None without one. retry_after_s: as the receiver asked for."""

    status: int | None
    error: str = ""
    retry_after_s: float | None = None
    is_final: bool = False

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def signed_headers(delivery: WebhookDelivery, endpoint: WebhookEndpoint, now_ms: int) -> dict[str, str]:
    """The headers of one try. The signature covers message id, time and body."""
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(now_ms // 1000),
        "webhook-signature": Webhook(endpoint.secret).sign(delivery.message_id, now, delivery.payload),
    }


class Sender:
    """Sends over connections of its own. For one event loop."""

    def __init__(self, *, private_allowed: bool, timeout_s: float) -> None:
        self._private_allowed = private_allowed
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def send(self, delivery: WebhookDelivery, endpoint: WebhookEndpoint, now_ms: int) -> Outcome:
        """Never raises for what the receiver or the network does."""
        import aiohttp

        if self._session is None:
            self._session = self._opened()
        headers = signed_headers(delivery, endpoint, now_ms)
        try:
            async with self._session.post(
                endpoint.url, data=delivery.payload.encode(), headers=headers, allow_redirects=False
            ) as response:
                return _outcome(response.status, response.headers.get("retry-after"), now_ms)
        except TimeoutError:
            return Outcome(None, f"no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            refused_inside = _refused_within(error)
            return Outcome(None, refused_inside or f"{type(error).__name__}: {error}"[:_ERROR_CHARACTERS])

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> "aiohttp.ClientSession":
        import aiohttp

        # A connection is used once: each try is made to an address that was checked for it.
        connector = aiohttp.TCPConnector(
            use_dns_cache=False,
            force_close=True,
            socket_factory=None if self._private_allowed else _public_socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )


def _public_socket(place: "AddrInfoType") -> socket.socket:
    """The gate before every connection: addresses that stand in the URL itself pass it too."""
    family, kind, protocol, _, address = place
    host = str(address[0])
    if not is_public(host):
        raise AddressRefused(f"{host} is not a public address")
    return socket.socket(family, kind, protocol)


def _outcome(status: int, retry_after: str | None, now_ms: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(status)
    # 410 says that nobody will ever listen there again.
    return Outcome(status, f"answered {status}", _seconds(retry_after, now_ms), is_final=status == 410)


def _seconds(retry_after: str | None, now_ms: int) -> float | None:
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now_ms / 1000)
    except (ValueError, TypeError):
        return None


def _refused_within(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, AddressRefused):
            return str(error)
        error = error.__cause__ or error.__context__
    return ""
