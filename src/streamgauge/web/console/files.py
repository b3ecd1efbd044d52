"""The web application's files, built from ui/ by `make setup` and shipped inside the package.

Promises
- A page loads nothing but what this server sends: its policy names no other host, and no script or style that is not the
  server's own runs in it. Styles that the page itself makes carry a nonce, which is new in every answer.
- The index is never kept by a browser without asking, so that a new release shows at once; files with a hash in their name are
  kept for a year.
- Only files that were there at the start are served, by their exact names: no path from outside reaches the disk.
"""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path as FilePath
from typing import NamedTuple

from streamgauge.web.exchange import Exchange
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path

BUILT = FilePath(str(files("streamgauge.web.console").joinpath("built")))
_INDEX = "index.html"
_NONCE = b"__NONCE__"
PAGES = (
    "/",
    "/welcome",
    "/sign-in",
    "/invitation",
    "/new-password",
    "/profile",
    "/p/{rest}",
    "/shared/{rest}",
)
"""Where the application's pages live: all are answered with the index, and the application shows which one it is."""

_TYPES: Mapping[str, bytes] = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
    ".woff2": b"font/woff2",
}
_VARIES = (b"vary", b"accept-encoding")
_YEAR = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN = (b"cache-control", b"no-cache")
_NEVER = (b"cache-control", b"no-store")


class _File(NamedTuple):
    """path: on the disk. packed: the same file as gzip, where there is one. hashed: its name changes with its content."""

    path: FilePath
    packed: FilePath | None
    hashed: bool


def application_paths(built: FilePath = BUILT) -> list[Path]:
    """The paths of all pages and files. Without a build `/` leads to the API reference, and there are no others."""
    if not (built / _INDEX).is_file():
        return [Path("/", "GET", Endpoint(_to_reference))]
    return [
        *(Path(page, "GET", Endpoint(_index((built / _INDEX).read_bytes()))) for page in PAGES),
        *(Path(name, "GET", Endpoint(_sent(file))) for name, file in _files_of(built)),
    ]


def _files_of(built: FilePath) -> Iterator[tuple[str, _File]]:
    for path in sorted(built.rglob("*")):
        name = "/" + path.relative_to(built).as_posix()
        if path.is_file() and path.suffix in _TYPES and name != f"/{_INDEX}":
            packed = path.with_name(path.name + ".gz")
            yield name, _File(path, packed if packed.is_file() else None, name.startswith("/assets/"))


def policy_of(nonce: str) -> str:
    """The Content-Security-Policy of a page whose own styles carry the nonce."""
    return (
        "default-src 'none'; script-src 'self'; connect-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        f"style-src 'self' 'nonce-{nonce}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _index(text: bytes) -> Answer:
    """Answers with the index, a new nonce written into it."""
    before, after = text.split(_NONCE)

    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        nonce = secrets.token_urlsafe(16)
        headers = (
            (b"content-security-policy", policy_of(nonce).encode()),
            (b"cross-origin-opener-policy", b"same-origin"),
            _NEVER,
        )
        return Reply(200, before + nonce.encode() + after, _TYPES[".html"], headers)

    return answer


def _sent(file: _File) -> Answer:
    """Answers with a file, packed for whoever takes gzip."""
    kind = _TYPES[file.path.suffix]
    headers = (_YEAR if file.hashed else _ASK_AGAIN, _VARIES)

    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        if file.packed is not None and _takes_gzip(exchange):
            body = await asyncio.to_thread(file.packed.read_bytes)
            return Reply(200, body, kind, ((b"content-encoding", b"gzip"), *headers))
        return Reply(200, await asyncio.to_thread(file.path.read_bytes), kind, headers)

    return answer


def _takes_gzip(exchange: Exchange) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in exchange.scope["headers"])


async def _to_reference(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
    return Reply(302, b"", b"text/plain", headers=((b"location", b"/docs"),))
