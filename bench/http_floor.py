"""What our HTTP floor costs against plain uvicorn, for the same bare application: `python -m bench.http_floor`.

Rounds are interleaved, so that a neighbour on the machine disturbs both alike. Processor time per request is the figure to
compare; the rate depends on who else runs. Exits with 1 when ours costs more than 1.03 of uvicorn's.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import uvloop

from bench.bare import app
from bench.machinery import bare_uvicorn, cpu_seconds, middle, wait_until_answering
from bench.wrk import run_wrk
from streamgauge.kernel.refusal import Refusal
from streamgauge.web.reply import App, HeaderList, Scope
from streamgauge.web.server import Server
from tests.flows.running import free_port

BODY = b'{"event":"purchase","properties":{"amount":99.99,"currency":"USD","plan":"pro"}}'
MOST = 1.03


def serve(port: int) -> None:
    """The bare application on our own server, until the process is ended."""
    server = Server(cast(App, app), _render, host="127.0.0.1", port=port)
    uvloop.run(server.serve(lambda _port: None))


def _render(scope: Scope, refusal: Refusal) -> tuple[int, HeaderList, bytes]:
    return refusal.kind.value, [], refusal.reason.value.encode()


@contextlib.contextmanager
def own_server() -> Iterator[tuple[str, int]]:
    """Our server with the bare application in a process of its own. Yields its address and process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.http_floor", "--serve", str(port)])
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_answering(url)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(30)


def measure(url: str, pid: int, body: Path, seconds: int) -> tuple[float, float]:
    """Requests per second, and microseconds of processor time per request."""
    before = cpu_seconds(pid)
    run = run_wrk(url, "none", [body], connections=64, seconds=seconds)
    if run.refused or run.broken:
        raise RuntimeError(f"{run.refused} refused, {run.broken} broken")
    return run.accepted_per_s, (cpu_seconds(pid) - before) / run.answered * 1e6


def compare(rounds: int, seconds: int) -> float:
    """Prints the figures; returns our cost as a share of uvicorn's."""
    ours: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, own_server() as own, bare_uvicorn() as uvicorn:
        body = Path(folder) / "body.json"
        body.write_bytes(BODY)
        for _ in range(rounds):
            ours.append(measure(f"{own[0]}/v1/events", own[1], body, seconds))
            plain.append(measure(f"{uvicorn[0]}/v1/events", uvicorn[1], body, seconds))
    for name, runs in (("streamgauge", ours), ("uvicorn", plain)):
        print(f"{name:12} {middle([r for r, _ in runs]):8.0f} requests/s   {middle([c for _, c in runs]):6.1f} us CPU/request")
    share = middle([o[1] / p[1] for o, p in zip(ours, plain, strict=True)])
    print(f"processor time against uvicorn: {share:.2f}")
    return share


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--serve", type=int, metavar="PORT", help="only serve, for the comparison's own use")
    given = arguments.parse_args()
    if given.serve:
        serve(given.serve)
    else:
        sys.exit(compare(given.rounds, given.seconds) > MOST)


if __name__ == "__main__":
    main()
