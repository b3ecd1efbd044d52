"""A website of a few pages on a port of its own, and a real browser to visit it with."""

import contextlib
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

# Headless browsers name themselves, and are bots; a visitor is not.
VISITOR = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Page(NamedTuple):
    """What the website answers at one path."""

    body: str
    status: int = 200


class Site:
    """Pages by path; whatever else is asked for is not found. Each page includes the tracker with the given attributes."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._pages: dict[str, Page] = {}

    def page(self, path: str, tag: str, body: str = "", *, title: str = "", head: str = "", status: int = 200) -> str:
        """Publish a page; returns its address."""
        whole = f"<!doctype html><title>{title}</title><link rel=icon href=data:,>{head}{tag}<body>{body}</body>"
        self._pages[path] = Page(whole, status)
        return self.url + path

    def find(self, path: str) -> Page:
        return self._pages.get(path.partition("?")[0], Page("nothing here", 404))


@contextlib.contextmanager
def serving_site() -> Iterator[Site]:
    """A site that is served for the length of a `with` block."""
    sites: list[Site] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = sites[0].find(self.path)
            self.send_response(page.status)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("cache-control", "no-store")
            self.end_headers()
            self.wfile.write(page.body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test says itself what went wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        sites.append(Site(httpd.server_port))
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield sites[0]
        finally:
            httpd.shutdown()
            thread.join()


@contextlib.contextmanager
def a_browser() -> Iterator[Browser]:
    """A real Chromium. Without one the tests fail: a tracker that no browser ran is not tested."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise RuntimeError(f"no browser found (looked for {', '.join(_BROWSERS)}): run `make browser`, or install Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()
