"""Routes by which `streamgauge import` and `export` work beside a running server. Guarded as all internal routes are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
import pyarrow as pa

from streamgauge.kernel.export import ExportPage, UsagePage
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import ExportDesk
from streamgauge.transfer import AppendDesk, Position, UsageDesk, stream_of
from streamgauge.web.body import Bodies
from streamgauge.web.exchange import Exchange
from streamgauge.web.internal import check_token
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path

_Page = TypeVar("_Page", ExportPage, UsagePage)
_ARROW = b"application/vnd.apache.arrow.stream"


def transfer_paths(token: str, bodies: Bodies, desk: AppendDesk, exports: ExportDesk, usage: UsageDesk) -> list[Path]:
    """/internal/import: one encoded batch as body; answered when it is durable. ?websites=1: some events are of a website.

    /internal/export/position: a cursor, when all below it is loaded. /internal/export/events and
    /internal/export/usage: an ExportPage or UsagePage as JSON, answered by its rows as an Arrow stream.
    """
    return [
        Path("/internal/import", "POST", Endpoint(_append(token, bodies, desk))),
        Path("/internal/export/position", "POST", Endpoint(_position(token, exports))),
        Path("/internal/export/events", "POST", Endpoint(_pages(token, bodies, ExportPage, exports.page))),
        Path("/internal/export/usage", "POST", Endpoint(_pages(token, bodies, UsagePage, usage.page))),
    ]


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


def _position(token: str, exports: ExportDesk) -> Answer:
    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        check_token(exchange, token)
        return Reply(200, msgspec.json.encode(Position(await exports.position())))

    return answer


def _pages(token: str, bodies: Bodies, kind: type[_Page], answer_page: Callable[[_Page], Awaitable[pa.Table]]) -> Answer:
    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        check_token(exchange, token)
        try:
            page = msgspec.json.decode(await bodies.read(exchange, exchange.scope, receive), type=kind)
        except msgspec.DecodeError as error:
            raise Refusal(Reason.MALFORMED_JSON, "The body is no page of an export") from error
        finally:
            bodies.release(exchange)
        return Reply(200, await asyncio.to_thread(stream_of, await answer_page(page)), _ARROW)

    return answer
