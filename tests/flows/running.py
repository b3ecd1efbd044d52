"""A real server in a process of its own, driven only through its command line and its HTTP port."""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx

from streamgauge.cli.running import ask_server
from streamgauge.control import Control, KeySpec
from streamgauge.control.keys import DEFAULT_SCOPES
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.settings import Settings

COMMAND = [sys.executable, "-m", "streamgauge"]
START_DEADLINE_S = 60.0


def _ports_of_this_process() -> Iterator[int]:
    """Ports below the ephemeral range, so that retrying clients never collide with them. Tests run in several processes at once:
    each has a range of its own, and comes back to a port only after all others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 18_000 + worker % _RANGES * _PORTS
    begin = os.getpid() % _PORTS
    return itertools.cycle([*range(first + begin, first + _PORTS), *range(first, first + begin)])


_RANGES, _PORTS = 7, 2_000
_ports = _ports_of_this_process()


def free_port() -> int:
    """A port on which nobody listens."""
    for port in itertools.islice(_ports, _PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("no free port")


def series_of(name: str, **labels: str) -> str:
    """The name of a figure as /metrics writes it."""
    return name + ("{" + ",".join(f'{label}="{value}"' for label, value in sorted(labels.items())) + "}" if labels else "")


class RunningServer:
    """`streamgauge serve` on one folder. May be killed and started again on the same folder."""

    def __init__(self, data_dir: Path, *extra: str, environment: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self._extra = extra
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RunningServer":
        """Start and wait until /readyz says ready; raises with the server's log when it does not come up."""
        self.launch()
        return self.await_readiness(200)

    def launch(self) -> None:
        """Start and wait for nothing."""
        arguments = ["serve", "--data-dir", str(self.data_dir), "--port", str(self.port), *self._extra]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*COMMAND, *arguments], stdout=log, stderr=log, env=self._environment)

    def await_readiness(self, status: int) -> "RunningServer":
        """Wait until /readyz answers with this status; raises with the server's log when the process ends or never does."""
        assert self._process is not None
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == status:
                    return self
            time.sleep(0.02)
        raise RuntimeError(f"the server did not come up:\n{self.log.read_text()[-4000:]}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """kill -9, and wait until the process is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def terminate(self, timeout_s: float = 30) -> int:
        """SIGTERM; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.terminate()

    def command(self, *arguments: str) -> str:
        """Run another command on the folder; returns what it printed on standard output, stripped."""
        done = subprocess.run(
            [*COMMAND, *arguments, "--data-dir", str(self.data_dir)], capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            raise RuntimeError(f"{arguments} exited {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def key(self, project: str = "default", plan: str = "unlimited", *extra: str) -> str:
        """The secret of a new key. By the command line when there is more to say than a scope: a process for each of thousands of
        keys took a third of the suite's time, and tests of the commands are elsewhere."""
        if plan not in DEFAULT_PLANS or (extra and (len(extra) != 2 or extra[0] != "--scope")):
            return self.command("keys", "create", "--project", project, "--plan", plan, *extra)
        scopes = tuple(extra[1].split(",")) if extra else DEFAULT_SCOPES
        settings = Settings(data_dir=self.data_dir)
        control = Control.open(settings.control_path, DEFAULT_PLANS, SystemClock())
        try:
            secret = control.create_key(project, KeySpec(plan=plan, scopes=scopes)).secret
        finally:
            control.close()
        ask_server(settings, "/internal/refresh", 30)
        return secret

    def website(self, website_id: str, project: str = "default", *extra: str) -> str:
        return self.command("websites", "create", "--project", project, "--domain", "example.com", "--id", website_id, *extra)

    def metrics(self) -> dict[str, float]:
        """Every figure of /metrics as it stands now, by name and labels as they are written there."""
        # Not httpx.get: it makes a TLS context each time, which takes longer than the answer.
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def metric(self, name: str, **labels: str) -> float:
        """One figure of /metrics; KeyError when there is none of that name and labels."""
        return self.metrics()[series_of(name, **labels)]

    @property
    def resident_bytes(self) -> int:
        """Memory of the process that is in use now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def client(self, secret: str, *, header: str = "authorization", base: str = "") -> httpx.Client:
        value = f"Bearer {secret}" if header == "authorization" else secret
        return httpx.Client(base_url=self.url + base, headers={header: value}, timeout=30)


@contextlib.contextmanager
def running(data_dir: Path, *extra: str, environment: dict[str, str] | None = None) -> Iterator[RunningServer]:
    """A server for the length of a `with` block, stopped by SIGTERM at its end."""
    server = RunningServer(data_dir, *extra, environment=environment).start()
    try:
        yield server
    finally:
        server.stop()
