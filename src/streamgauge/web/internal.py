"""Routes for the command line on the same machine: their token lies in a file that only the data folder's owner can read."""

import hmac
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.exchange import Exchange
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path

Work = Callable[[], Awaitable[object]]


def internal_paths(token: str, refresh: Work, verify: Work) -> list[Path]:
    """refresh: take up changes of the control plane; verify: make a report. Both are answered with what the work returns."""
    return [
        Path("/internal/refresh", "POST", Endpoint(_guarded(token, refresh))),
        Path("/internal/verify", "POST", Endpoint(_guarded(token, verify))),
    ]


def check_token(exchange: Exchange, token: str) -> None:
    """Raises Refusal unknown_key."""
    if not hmac.compare_digest((exchange.credentials.bearer or "").encode(), token.encode()):
        raise Refusal(Reason.UNKNOWN_KEY, "This route is for the command line on the server's own machine.")


def _guarded(token: str, work: Work) -> Answer:
    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        check_token(exchange, token)
        return Reply(200, msgspec.json.encode(await work()))

    return answer
