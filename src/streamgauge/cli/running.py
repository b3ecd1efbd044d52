"""Talking to the server that runs on a data folder, through the address and token that it left there."""

import http.client
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from streamgauge.kernel.settings import Settings


class ServerAnswer(NamedTuple):
    """What the running server said. fault: why there is no proper answer, "" when there is."""

    body: bytes
    fault: str = ""

    @property
    def ok(self) -> bool:
        return not self.fault


class _RunFile(msgspec.Struct):
    pid: int
    url: str
    token: str


def ask_server(settings: Settings, path: str, timeout_s: float) -> ServerAnswer | None:
    """POST to the server that runs on the folder; None when none runs. Never goes through a proxy."""
    server = _read_run_file(settings)
    if server is None:
        return None
    try:
        address = urlsplit(server.url)
        connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=timeout_s)
        connection.connect()
    except (OSError, ValueError):
        return None  # It left its file behind when it was killed: nobody listens any more.
    try:
        connection.request("POST", path, body=b"", headers={"Authorization": f"Bearer {server.token}"})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as exc:
        return ServerAnswer(b"", f"no answer from {server.url} ({type(exc).__name__})")
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        return ServerAnswer(body, f"{server.url}{path} answered {response.status}")
    return ServerAnswer(body)


def _read_run_file(settings: Settings) -> _RunFile | None:
    try:
        return msgspec.json.decode(settings.run_file.read_bytes(), type=_RunFile)
    except (OSError, msgspec.DecodeError):
        return None  # None runs, or one is just writing its file: it reads the database afterwards.
