"""GET /js/script.js: the tracker's script, for pages of every origin.

Served minified, and compressed once at start. A browser keeps it for MAX_AGE_S and then asks whether it has changed.
"""

import gzip
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from streamgauge.web.exchange import Exchange
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.reply import Scope as AsgiScope
from streamgauge.web.routing import Endpoint, Path

SCRIPT_PATH = "/js/script.js"
MAX_AGE_S = 3_600
_TYPE = b"text/javascript; charset=utf-8"


class Script(NamedTuple):
    """The script as it goes out. tag: of its content, as ETag."""

    plain: bytes
    gzipped: bytes
    tag: bytes


def read_script() -> Script:
    """From the package's own files."""
    plain = files(__package__).joinpath("script.min.js").read_bytes()
    return Script(plain, gzip.compress(plain, 9, mtime=0), b'"%b"' % sha256(plain).hexdigest()[:16].encode())


def tracker_paths() -> list[Path]:
    script = read_script()

    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        return script_reply(script, exchange.scope)

    return [Path(SCRIPT_PATH, "GET", Endpoint(answer))]


def script_reply(script: Script, scope: AsgiScope) -> Reply:
    """304 when the browser has it already."""
    headers = (
        (b"access-control-allow-origin", b"*"),
        (b"cache-control", b"public, max-age=%d" % MAX_AGE_S),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"etag", script.tag),
        (b"vary", b"Accept-Encoding"),
    )
    if _has(scope, b"if-none-match", script.tag):
        return Reply(304, b"", _TYPE, headers)
    if _has(scope, b"accept-encoding", b"gzip"):
        return Reply(200, script.gzipped, _TYPE, (*headers, (b"content-encoding", b"gzip")))
    return Reply(200, script.plain, _TYPE, headers)


def _has(scope: AsgiScope, wanted: bytes, word: bytes) -> bool:
    """Is the word in a list of a header, without regard to what is said of it (a weight, weakness)."""
    words = [
        part.split(b";")[0].strip().removeprefix(b"W/")
        for name, value in scope["headers"]
        if name == wanted
        for part in value.split(b",")
    ]
    return word in words
