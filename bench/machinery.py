"""The servers that are measured, and what can be read off them from outside: memory, events loaded, time to readiness."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median

import httpx

from bench.traffic import DAY, EVENT_NAME
from tests.flows.running import RunningServer, free_port, running

PROJECT = "bench"
LAG_HEADER = "x-streamgauge-lag"


@contextlib.contextmanager
def streamgauge(
    folder: Path, settings: Mapping[str, int] | None = None, flags: Sequence[str] = ()
) -> Iterator[tuple[RunningServer, str]]:
    """A server on a folder and a key of the project; settings by name, for those that are not the defaults; flags of `serve`."""
    environment = {f"STREAMGAUGE_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    with running(folder, *flags, environment=environment) as server:
        yield server, server.key(PROJECT)


@contextlib.contextmanager
def bare_uvicorn() -> Iterator[tuple[str, int]]:
    """bench.bare on uvicorn as fast as it goes: uvloop, httptools, no access log. Yields its address and process."""
    port = free_port()
    flags = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    with _answering(port, ["uvicorn", "bench.bare:app", *flags]) as served:
        yield served


@contextlib.contextmanager
def bare_protocol() -> Iterator[tuple[str, int]]:
    """bench.bare_protocol in a process of its own. Yields its address and process."""
    port = free_port()
    with _answering(port, ["bench.bare_protocol", str(port)]) as served:
        yield served


@contextlib.contextmanager
def _answering(port: int, module: list[str]) -> Iterator[tuple[str, int]]:
    process = subprocess.Popen([sys.executable, "-m", *module])
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


@dataclass
class Watch:
    """Reads the resident memory of a process ten times a second until stopped."""

    pid: int
    peak_mib: float = 0.0

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read_on)
        self._thread.start()

    def _read_on(self) -> None:
        while not self._stopped.wait(0.1):
            self.peak_mib = max(self.peak_mib, resident_mib(self.pid))

    def stop(self) -> float:
        self._stopped.set()
        self._thread.join()
        return self.peak_mib


def family_of(pid: int) -> list[int]:
    """A process and those that it started and that run, not those that these started."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *sorted({int(child) for file in listed for child in file.read_text().split()})]


def cpu_seconds(pid: int) -> float:
    """Processor time that a process took so far, all its threads, user and system: unlike a rate, hardly moved by neighbours."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """What a process took: seconds of processor time, and bytes that it caused to be written to disk (its own, merges included).

    Since its start, or between two readings: the difference of the two.
    """

    cpu_s: float
    written_bytes: int

    @classmethod
    def of(cls, pid: int) -> "Spent":
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
        counts = {name: int(count) for name, _, count in (line.partition(": ") for line in lines)}
        return cls(cpu_seconds(pid), counts["write_bytes"])

    @classmethod
    def of_all(cls, pids: Sequence[int]) -> "Spent":
        each = [cls.of(pid) for pid in pids]
        return cls(sum(one.cpu_s for one in each), sum(one.written_bytes for one in each))

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.cpu_s - before.cpu_s, self.written_bytes - before.written_bytes)


def middle(values: Sequence[float]) -> float:
    return float(median(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many percent of the values do not exceed. Raises ValueError when there is none."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]
