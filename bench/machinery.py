"""The servers that are measured, and what can be read off them from outside: memory, events loaded, time to readiness."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

import httpx

from bench.traffic import DAY, EVENT_NAME
from tests.flows.running import RunningServer, free_port, running

PROJECT = "bench"
LAG_HEADER = "x-streamgauge-lag"


@contextlib.contextmanager
def streamgauge(folder: Path, settings: Mapping[str, int] | None = None) -> Iterator[tuple[RunningServer, str]]:
    """A server on a folder and a key of the project; settings by name, for those that are not the defaults."""
    environment = {f"STREAMGAUGE_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    with running(folder, environment=environment) as server:
        yield server, server.key(PROJECT)


@contextlib.contextmanager
def bare_uvicorn() -> Iterator[tuple[str, int]]:
    """bench.bare on uvicorn as fast as it goes: uvloop, httptools, no access log. Yields its address and process."""
    port = free_port()
    flags = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen([sys.executable, "-m", "uvicorn", "bench.bare:app", *flags])
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_answering(url)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(30)


def wait_until_answering(url: str, deadline_s: float = 60) -> None:
    until = time.monotonic() + deadline_s
    while time.monotonic() < until:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, timeout=2)
            return
        time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


class Counter:
    """Asks a server how many events of the traffic it has loaded."""

    def __init__(self, server: RunningServer, secret: str) -> None:
        self._url = f"{server.url}/v1/metrics"
        self._headers = {"authorization": f"Bearer {secret}"}
        self._question = {"event": EVENT_NAME, "metric": "count", "from": DAY, "to": DAY}

    def loaded_after_all(self, deadline_s: float = 600) -> int:
        """Waits until everything accepted so far is loaded; the number of events then."""
        until = time.monotonic() + deadline_s
        while time.monotonic() < until:
            reply = httpx.get(self._url, params=self._question, headers=self._headers, timeout=120)
            if reply.status_code == 200 and LAG_HEADER not in reply.headers:
                return int(reply.json()["count"])
            time.sleep(0.05)
        raise RuntimeError(f"not loaded within {deadline_s} s")


def resident_mib(pid: int) -> float:
    """Resident memory of a process now, from /proc."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no VmRSS")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process took so far, all its threads, user and system: unlike a rate, hardly moved by neighbours."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def middle(values: list[float]) -> float:
    return float(median(values))
