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


def address_of(settings: Settings) -> str | None:
    """Where the server that was started on the folder listens; None when none was."""
    server = _read_run_file(settings)
    return None if server is None else server.url


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


class ServerLink:
    """One kept connection to the running server. For one thread at a time; close it when done."""

    def __init__(self, server: _RunFile, timeout_s: float) -> None:
        """Raises OSError or ValueError when nobody listens."""
        self._url = server.url
        self._headers = {"Authorization": f"Bearer {server.token}"}
        address = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=timeout_s)
        self._connection.connect()

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. Raises ConnectionError when there is none."""
        try:
            self._connection.request("POST", path, body=body, headers=self._headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            raise ConnectionError(f"no answer from {self._url} ({type(exc).__name__})") from exc

    def close(self) -> None:
        self._connection.close()


def server_link(settings: Settings, timeout_s: float) -> ServerLink | None:
    """A connection to the server that runs on the folder; None when none runs."""
    server = _read_run_file(settings)
    if server is None:
        return None
    try:
        return ServerLink(server, timeout_s)
    except (OSError, ValueError):
        return None  # As in ask_server.


def _read_run_file(settings: Settings) -> _RunFile | None:
    try:
        return msgspec.json.decode(settings.run_file.read_bytes(), type=_RunFile)
    except (OSError, msgspec.DecodeError):
        return None  # None runs, or one is just writing its file: it reads the database afterwards.
