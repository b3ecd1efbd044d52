"""What all connections of one server have in common."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from streamgauge.kernel.refusal import Refusal
from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.known_heads import KnownHeads
from streamgauge.web.reply import App, HeaderList, Lane, Receive, Scope, Send

RenderRefusal = Callable[[Scope, Refusal], tuple[int, HeaderList, bytes]]


class Connection(Protocol):
    """One connection, as the server sees it."""

    transport: asyncio.Transport

    def sweep(self, now: float) -> None: ...

    def stop(self, grace_s: float) -> None: ...


class Shared:
    """Made once by the server, given to every connection."""

    def __init__(
        self, app: App, lane: Lane, render_refusal: RenderRefusal, on_answer: Callable[[int], None], limits: ServerLimits
    ) -> None:
        self.app = app
        self.lane = lane
        self.on_answer = on_answer
        self.render_refusal = render_refusal
        self.limits = limits
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.is_draining = False
        self.date_line = b""
        self.known_heads = KnownHeads()


def refusing(refusal: Refusal) -> App:
    """An application that refuses whatever comes."""

    async def refuse(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise refusal

    return refuse
