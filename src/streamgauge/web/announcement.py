"""What a server that is ready tells: a person at the terminal what to do next, and the command line where to find it."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from streamgauge import __version__


def url_of(host: str, port: int) -> str:
    """Where this machine reaches the server: a wildcard address is reached through loopback, IPv6 is bracketed."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not listened on
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def welcome(url: str, project: str, first_key: str | None, owner_link: str | None = None) -> None:
    """Tell a person at the terminal what to do next. The log goes to standard error, this to standard output.

    owner_link: by which the first owner comes; None when somebody can sign in already.
    """
    lines = [f"Streamgauge {__version__} is ready at {url}", f"  API reference  {url}/docs", f"  metrics        {url}/metrics"]
    if owner_link is not None:
        lines += [
            "",
            "Open this link in a browser to become the owner (it works once, until the server stops):",
            f"  {owner_link}",
        ]
    if first_key is not None:
        lines += [
            "",
            f"Your first key (shown once, project {project!r}):  {first_key}",
            "Send a first event, then count it:",
            f"  curl {url}/v1/events -H 'Authorization: Bearer {first_key}' -d '{{\"event\":\"signup\"}}'",
            f"  curl '{url}/v1/metrics?event=signup' -H 'Authorization: Bearer {first_key}'",
        ]
    print("\n".join(lines), flush=True)


class _Announce:
    """Writes the run file once the address is known."""

    def __init__(self, path: Path, token: str) -> None:
        self._path = path
        self._token = token

    def __call__(self, url: str) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"pid": os.getpid(), "url": url, "token": self._token}, file)
        draft.replace(self._path)


@contextlib.contextmanager
def run_file(path: Path, token: str) -> Iterator[_Announce]:
    """Where the command line finds this server, for as long as it runs."""
    try:
        yield _Announce(path, token)
    finally:
        path.unlink(missing_ok=True)
