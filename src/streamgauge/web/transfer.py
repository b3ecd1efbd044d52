"""Routes by which `streamgauge import` and `export` work beside a running server. Guarded as all internal routes are."""

from collections.abc import Mapping

from streamgauge.transfer import AppendDesk
from streamgauge.web.body import Bodies
from streamgauge.web.exchange import Exchange
from streamgauge.web.internal import check_token
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path


def transfer_paths(token: str, bodies: Bodies, desk: AppendDesk) -> list[Path]:
    """/internal/import: one encoded batch as body; answered when it is durable. ?websites=1: some events are of a website."""
    return [Path("/internal/import", "POST", Endpoint(_append(token, bodies, desk)))]


def _append(token: str, bodies: Bodies, desk: AppendDesk) -> Answer:
    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        check_token(exchange, token)
        try:
            payload = await bodies.read(exchange, exchange.scope, receive)
            await desk.append(payload, of_website=exchange.scope["query_string"] == b"websites=1")
        finally:
            bodies.release(exchange)
        return Reply(200, b"{}")

    return answer
