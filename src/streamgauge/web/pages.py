"""Our own pages besides the doors: metrics and the API reference. No key is needed; nothing here shows an event."""

from collections.abc import Callable, Mapping
from typing import Protocol

from streamgauge.web.exchange import Exchange
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path
from streamgauge.web.telemetry import CONTENT_TYPE


class Rendered(Protocol):
    """What can write itself out as the body of a page."""

    def render(self) -> bytes: ...


def own_paths(telemetry: Rendered) -> list[Path]:
    """`/metrics`, and `/`, which leads to the reference."""
    to_reference = Reply(302, b"", b"text/plain", headers=((b"location", b"/docs"),))
    return [
        Path("/metrics", "GET", Endpoint(_page(lambda: Reply(200, telemetry.render(), CONTENT_TYPE)))),
        Path("/", "GET", Endpoint(_page(lambda: to_reference))),
    ]


def _page(render: Callable[[], Reply]) -> Answer:
    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        return render()

    return answer
