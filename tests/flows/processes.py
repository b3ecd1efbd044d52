"""The processes of a server with workers, seen from outside."""

import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tests.flows.running import RunningServer

WORKERS = 3
FLAGS = ("--workers", str(WORKERS))
DEADLINE_S = 20.0


def workers_of(server: RunningServer) -> list[int]:
    """The processes that take events."""
    children = Path(f"/proc/{server.pid}/task").glob("*/children")
    return sorted(int(child) for file in children for child in file.read_text().split())


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def until_replaced(server: RunningServer, dead: int) -> None:
    until(lambda: len(workers_of(server)) == WORKERS and dead not in workers_of(server))


def sockets_of(pid: int) -> set[str]:
    """What a process has open, as the kernel names it."""
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.add(os.readlink(link))
    return {name for name in held if name.startswith("socket:")}


def is_held_by(pid: int, connection: socket.socket) -> bool:
    """Whether the process has the other end of a connection open."""
    port, own_port = (f"{number:04X}" for number in (connection.getpeername()[1], connection.getsockname()[1]))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    names = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port}") and row[2].endswith(f":{own_port}")}
    return bool(names & sockets_of(pid))


def none_runs(pids: list[int]) -> bool:
    return not any(map(_runs, pids))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def count(server: RunningServer, secret: str, event: str) -> int:
    with server.client(secret) as client:
        answer = client.get("/v1/metrics", params={"event": event})
        assert "x-streamgauge-lag" not in answer.headers
        return int(answer.json()["count"])
