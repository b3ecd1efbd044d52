"""One run of wrk against one address, as a value."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("50 %", "99 %", "99.9 %")

_SCRIPT = Path(__file__).parent / "requests.lua"


@dataclass(frozen=True)
class WrkRun:
    """answered: replies of any status; refused: those of 400 and above; broken: connections that failed or timed out.

    The percentiles are of the time from a request to the end of its answer.
    """

    answered: int
    refused: int
    broken: int
    duration_us: int
    p50_us: int
    p99_us: int
    p999_us: int

    @property
    def accepted_per_s(self) -> float:
        return (self.answered - self.refused) / (self.duration_us / 1e6)

    @property
    def times_ms(self) -> dict[str, float]:
        """The percentiles by LEVELS."""
        return dict(zip(LEVELS, (self.p50_us / 1000, self.p99_us / 1000, self.p999_us / 1000), strict=True))


def run_wrk(url: str, secret: str, bodies: Sequence[Path], *, connections: int, seconds: int) -> WrkRun:
    """Runs wrk with one thread (the server needs the other core). Raises RuntimeError with wrk's words when it fails."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(_SCRIPT), url]
    environment = {**os.environ, "BENCH_KEY": secret, "BENCH_BODIES": " ".join(map(str, bodies))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=seconds + 60)
    return read_run(done.stdout, done.stderr)


def read_run(output: str, errors: str = "") -> WrkRun:
    """The run from what wrk printed. Raises RuntimeError with wrk's words when the line of requests.lua is not among them."""
    for line in output.splitlines():
        if line.startswith("BENCH "):
            return WrkRun(**json.loads(line.removeprefix("BENCH ")))
    raise RuntimeError(f"wrk failed: {output[-1000:]}{errors[-1000:]}")
