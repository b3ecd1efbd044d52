"""The official JavaScript client of Flexprice, run by Node.js in a process of its own."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "sdk_js"


def node() -> str:
    """The program. Fails, and does not skip, where it or the client is missing: then the client would be untested."""
    program = shutil.which("node")
    assert program is not None, (
        "Node.js is needed for this test and was not found; run `make client`, or install Node.js 18 or newer"
    )
    assert (FOLDER / "node_modules").is_dir(), "the JavaScript client is not installed; run `make client`"
    return program


def start(server_url: str, secret: str, part: str) -> subprocess.Popen[str]:
    """Begin a part of walk.mjs; `ended` waits for it."""
    command = [node(), str(FOLDER / "walk.mjs"), server_url, secret, part]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(walk: subprocess.Popen[str], timeout_s: float = 60) -> Any:
    """What it printed, read as JSON."""
    try:
        told, complaints = walk.communicate(timeout=timeout_s)
    finally:
        walk.kill()
    assert walk.returncode == 0, complaints[-4000:]
    return json.loads(told)
