"""A worker: `python -m streamgauge.workers` with the numbers of its open files, started by the owner (workers/pool.py).

It opens no store and no journal. It ends when it is told to (SIGTERM: requests under way are answered), and at once when the
owner is gone.
"""

import asyncio
import gc
import os
import signal
import socket
from functools import partial
from typing import NamedTuple

import uvloop

from streamgauge.control import Control
from streamgauge.intake.enrichment import open_enricher
from streamgauge.kernel.access import Key
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.settings import Settings
from streamgauge.web.application import Application
from streamgauge.web.body import Bodies
from streamgauge.web.handing import EventsOnly
from streamgauge.web.hygiene import ServerLimits
from streamgauge.web.ingest import IngestDesk
from streamgauge.web.logging import LogFormat, configure_logging, log
from streamgauge.web.server import Server
from streamgauge.workers.board import Board
from streamgauge.workers.passing import pass_connection, take_all
from streamgauge.workers.relay import Relay, RelayedGate, RelayedIntake, RelayedWindows

_OWNER_GONE = 70  # EX_SOFTWARE


class Inheritance(NamedTuple):
    """What the owner left open for a worker. number: the worker's, from 0, of so many workers."""

    claims: int
    connections: int
    board: int
    number: int
    workers: int


class FreshKeyring:
    """Keys as the owner knows them: the directory is read again when the owner has a newer one."""

    def __init__(self, control: Control, board: Board) -> None:
        self._control = control
        self._board = board

    def key_for(self, secret: str, now_ms: int) -> Key:
        """As Control.key_for."""
        if self._board.generation > self._control.directory.generation:
            self._control.refresh()
        return self._control.key_for(secret, now_ms)


def run_worker(settings: Settings, inherited: Inheritance) -> None:
    """Until told to end. Raises what opening the control plane raises."""
    configure_logging(level=settings.log_level, log_format=LogFormat(settings.log_format))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the owner tells the workers
    uvloop.run(_run(settings, inherited))


async def _run(settings: Settings, inherited: Inheritance) -> None:
    loop = asyncio.get_running_loop()
    clock = SystemClock()
    control = Control.open(settings.control_path, settings.plans, clock)
    board = Board(inherited.workers, inherited.board)
    relay = Relay(loop, on_lost=_end_at_once)
    await loop.create_unix_connection(lambda: relay, sock=socket.socket(fileno=inherited.claims))
    enricher = open_enricher(settings.geo_database, settings.proxy_networks, settings.data_dir, clock, browsers=False)
    mint = IdMint(clock)
    counts = board.counts_of(inherited.number)
    end = socket.socket(fileno=inherited.connections)
    gate = RelayedGate(FreshKeyring(control, board), RelayedWindows(), clock, mint)
    gate.relay = relay
    # The room is for all together; each must have enough for one.
    room = max(settings.max_body_bytes, settings.max_bodies_bytes // inherited.workers)
    bodies = Bodies(settings.max_body_bytes, room)
    desk = IngestDesk(gate, RelayedIntake(relay, control, enricher), counts, mint, bodies)
    application = Application(desk, gate, (), counts)
    server = Server(
        application,
        application.render_refusal,
        connection=partial(EventsOnly, hand_on=partial(pass_connection, end)),
        listen=partial(_take_from, end),
        limits=ServerLimits.of(settings),
        on_answer=counts.answered,
        lane=application,
    )
    loop.add_signal_handler(signal.SIGTERM, server.request_stop)
    gc.collect()
    gc.freeze()
    beside = [
        asyncio.create_task(control.keep_fresh(lambda error: log.warning("control_refresh_failed", error=type(error).__name__))),
        asyncio.create_task(enricher.keep_fresh(lambda error: log.warning("enrichment_failed", error=str(error)))),
    ]
    try:
        await server.serve(lambda _: relay.tell_ready())
    finally:
        for task in beside:
            task.cancel()
        control.close()


class _Taking:
    """Takes connections that the owner deals out, until closed."""

    port = 0

    def __init__(self, server: Server, end: socket.socket) -> None:
        self._server = server
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._take_all)

    def _take_all(self) -> None:
        if not take_all(self._end, self._server.adopt):
            self.close()

    def close(self) -> None:
        self._loop.remove_reader(self._end.fileno())


async def _take_from(end: socket.socket, server: Server) -> _Taking:
    return _Taking(server, end)


def _end_at_once() -> None:
    """Nobody is left who could make an event durable, or say that one is. As with a process that dies, connections break."""
    log.error("owner_gone")
    os._exit(_OWNER_GONE)
