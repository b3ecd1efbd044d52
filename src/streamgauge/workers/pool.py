"""The owner's workers: started, given connections in turn, replaced when they die, told to end.

Connections are dealt out rather than accepted by each worker: a kernel that spreads a few long-lived connections by hash leaves
some processes with many and others with none, and what waits in the queue of a process that dies is lost with it.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import NamedTuple

from streamgauge.kernel.settings import Settings
from streamgauge.web.logging import log
from streamgauge.workers.board import Board
from streamgauge.workers.desk import ClaimDesk, ClaimStream
from streamgauge.workers.passing import channel, pass_connection, take_all
from streamgauge.workers.settings_text import to_text

_START_S = 60.0
_END_MARGIN_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_LIVED_LONG_S = 30.0

Adopt = Callable[[socket.socket, bytes], None]
"""Takes a connection over, with what was read of it."""


class WorkerFailed(Exception):
    """A worker did not become ready when the server started. The text names where to look."""


class _Worker(NamedTuple):
    """One that runs."""

    process: asyncio.subprocess.Process
    stream: ClaimStream
    connections: socket.socket


class Pool:
    """For the loop's thread alone. adopt: takes over what workers hand on."""

    def __init__(self, settings: Settings, desk: ClaimDesk, board: Board, adopt: Adopt) -> None:
        self._settings = settings
        self._desk = desk
        self._board = board
        self._adopt = adopt
        self._loop = asyncio.get_running_loop()
        self._workers: list[_Worker | None] = [None] * settings.workers
        self._keeping: list[asyncio.Task[None]] = []
        self._next = 0
        self._stopping = False

    async def start(self) -> None:
        """Returns when all are ready. Raises WorkerFailed, and none runs then."""
        starting = [asyncio.create_task(self._begin(number)) for number in range(len(self._workers))]
        try:
            async with asyncio.timeout(_START_S):
                self._workers = list(await asyncio.gather(*starting))
        except (TimeoutError, ConnectionError) as exc:
            for task in starting:
                task.cancel()
            for begun in await asyncio.gather(*starting, return_exceptions=True):
                if isinstance(begun, _Worker):
                    _signal(begun, signal.SIGKILL)
                    self._end(begun)
            raise WorkerFailed("a worker did not become ready; its own message stands above") from exc
        self._keeping = [asyncio.create_task(self._keep(number)) for number in range(len(self._workers))]

    def deal(self, connection: socket.socket) -> None:
        """Give the connection to the next worker that takes it; when none does, the owner serves it itself."""
        for _ in self._workers:
            worker = self._workers[self._next]
            self._next = (self._next + 1) % len(self._workers)
            if worker is not None:
                with contextlib.suppress(OSError):
                    pass_connection(worker.connections, connection.fileno())
                    connection.close()
                    return
        self._adopt(connection, b"")

    def begin_stop(self) -> None:
        """Tell all to end; their requests under way are answered."""
        if not self._stopping:
            self._stopping = True
            for worker in filter(None, self._workers):
                _signal(worker, signal.SIGTERM)

    async def stopped(self) -> None:
        """Wait until all have ended; who has not in time is killed."""
        self.begin_stop()
        if self._keeping:
            _, late = await asyncio.wait(self._keeping, timeout=self._settings.drain_timeout_s + _END_MARGIN_S)
            for worker in filter(None, self._workers) if late else ():
                _signal(worker, signal.SIGKILL)
            await asyncio.gather(*self._keeping)

    async def _keep(self, number: int) -> None:
        """Wait for the worker's end and start another, until the pool stops."""
        pause_s = _FIRST_PAUSE_S
        while True:
            worker = self._workers[number]
            assert worker is not None
            started = self._loop.time()
            status = await worker.process.wait()
            self._workers[number] = None
            self._end(worker)
            if self._stopping:
                return
            log.error("worker_ended", worker=number, status=status)
            pause_s = _FIRST_PAUSE_S if self._loop.time() - started > _LIVED_LONG_S else pause_s
            while self._workers[number] is None:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                if self._stopping:
                    return
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(_START_S):
                        self._workers[number] = await self._begin(number)
            log.info("worker_replaced", worker=number)
            if self._stopping:
                _signal(self._workers[number], signal.SIGTERM)

    async def _begin(self, number: int) -> _Worker:
        """Start one and wait until it is ready. Raises ConnectionError when it ended instead."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        connections, their_connections = channel()
        files = (theirs.fileno(), their_connections.fileno(), self._board.descriptor)
        arguments = [*map(str, files), str(number), str(len(self._workers))]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streamgauge.workers", *arguments, stdin=asyncio.subprocess.PIPE, pass_fds=files
            )
        finally:
            theirs.close()
            their_connections.close()
        assert process.stdin is not None
        process.stdin.write(to_text(self._settings))
        process.stdin.close()
        _, stream = await self._loop.create_unix_connection(lambda: ClaimStream(self._desk, self._loop), sock=ours)
        worker = _Worker(process, stream, connections)
        self._loop.add_reader(connections.fileno(), self._take_back, connections)
        try:
            await stream.ready
        except BaseException:
            _signal(worker, signal.SIGKILL)
            self._end(worker)
            raise
        return worker

    def _take_back(self, connections: socket.socket) -> None:
        """What workers hand on."""
        if not take_all(connections, self._adopt):
            self._loop.remove_reader(connections.fileno())

    def _end(self, worker: _Worker) -> None:
        """Close our ends. What the worker had handed on before it died is taken first."""
        self._take_back(worker.connections)
        self._loop.remove_reader(worker.connections.fileno())
        worker.connections.close()
        worker.stream.close()


def _signal(worker: _Worker | None, number: int) -> None:
    if worker is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.process.pid, number)
