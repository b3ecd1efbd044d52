"""The head of one request, as the parser's callbacks fill it."""

from urllib.parse import unquote

import httptools

from streamgauge.web.reply import HeaderList, Scope


class RequestHead:
    """Serves one connection, one request after the other: `begin` forgets the one before.

    content_length: 0 when none was sent. asks_upgrade: an Upgrade header is there (whatever Connection says).
    """

    __slots__ = ("asks_upgrade", "content_length", "expects_continue", "headers", "is_chunked", "is_encoded", "url")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.url = b""
        self.headers: HeaderList = []
        self.content_length = 0
        self.is_chunked = False
        self.is_encoded = False
        self.expects_continue = False
        self.asks_upgrade = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"content-length":
            self.content_length = int(value)
        elif name == b"transfer-encoding":
            self.is_chunked = True
        elif name == b"content-encoding":
            self.is_encoded = True
        elif name == b"expect":
            self.expects_continue = value.lower() == b"100-continue"
        elif name == b"upgrade":
            self.asks_upgrade = True
        self.headers.append((name, value))

    @property
    def has_body(self) -> bool:
        return self.is_chunked or self.content_length > 0

    @property
    def size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    @property
    def path(self) -> bytes:
        """The path as sent, for a request that is refused before its head is complete."""
        return self.url.partition(b"?")[0]

    def stand_in(self) -> bytes:
        """The shortest head with this one's framing: a parser that reads it takes what follows for this request's body."""
        framing = b"transfer-encoding: chunked" if self.is_chunked else b"content-length: %d" % self.content_length
        return b"POST / HTTP/1.1\r\n" + framing + b"\r\n\r\n"

    def take_scope(
        self, method: bytes, http_version: str, client: tuple[str, int] | None, server: tuple[str, int] | None
    ) -> Scope:
        """The ASGI scope. Header fields that come later (trailers of a chunked body) do not get into it.

        Raises httptools.HttpParserInvalidURLError or UnicodeDecodeError when the request's target is not one.
        """
        url = self.url
        if url.startswith(b"/") and b"#" not in url:
            raw_path, _, query = url.partition(b"?")
        else:
            parsed = httptools.parse_url(url)
            raw_path, query = parsed.path or b"/", parsed.query or b""
        path = raw_path.decode("ascii")
        headers, self.headers = self.headers, []
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": http_version,
            "method": method.decode("ascii"),
            "scheme": "http",
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": client,
            "server": server,
        }
