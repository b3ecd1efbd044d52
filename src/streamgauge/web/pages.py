"""Metrics, for whoever collects them. No key is needed; nothing here shows an event."""

from collections.abc import Mapping
from typing import Protocol

from streamgauge.web.exchange import Exchange
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Endpoint, Path
from streamgauge.web.telemetry import CONTENT_TYPE


class Rendered(Protocol):
    """What can write itself out as the body of a page."""

    def render(self) -> bytes: ...


def own_paths(telemetry: Rendered) -> list[Path]:
    """`/metrics`."""

    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        return Reply(200, telemetry.render(), CONTENT_TYPE)

    return [Path("/metrics", "GET", Endpoint(answer))]
