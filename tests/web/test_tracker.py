"""The script as it is served: small, fresh, cached; and from which pages events may come."""

import gzip
from importlib.resources import files

import minify
import pytest

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website
from streamgauge.web.tracker.origins import check_origin
from streamgauge.web.tracker.serving import read_script, script_reply

SCRIPT = read_script()


def header(headers: tuple[tuple[bytes, bytes], ...], wanted: bytes) -> bytes | None:
    return dict(headers).get(wanted)


def asked(**headers: str) -> dict[str, object]:
    return {"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}


def test_the_script_is_below_two_kilobytes_as_served() -> None:
    reply = script_reply(SCRIPT, asked(accept_encoding="gzip, deflate, br"))
    assert header(reply.headers, b"content-encoding") == b"gzip"
    assert len(reply.body) < 2_000
    assert gzip.decompress(reply.body) == SCRIPT.plain


def test_what_is_served_is_the_source_minified() -> None:
    """When this fails: make setup."""
    source = files("streamgauge.web.tracker").joinpath("script.js").read_text()
    assert minify.string("application/javascript", source).encode() == SCRIPT.plain


@pytest.mark.parametrize(
    ("headers", "status", "encoding"),
    [
        pytest.param({}, 200, None, id="plain"),
        pytest.param({"accept_encoding": "br, gzip;q=0.5"}, 200, b"gzip", id="gzip with a weight"),
        pytest.param({"accept_encoding": "gzipped"}, 200, None, id="another word"),
        pytest.param({"if_none_match": SCRIPT.tag.decode()}, 304, None, id="the same"),
        pytest.param({"if_none_match": f'"x", W/{SCRIPT.tag.decode()}'}, 304, None, id="the same among others, weakly"),
        pytest.param({"if_none_match": '"x"', "accept_encoding": "gzip"}, 200, b"gzip", id="an older one"),
    ],
)
def test_a_browser_gets_what_it_lacks(headers: dict[str, str], status: int, encoding: bytes | None) -> None:
    reply = script_reply(SCRIPT, asked(**headers))
    assert (reply.status, header(reply.headers, b"content-encoding")) == (status, encoding)
    assert header(reply.headers, b"etag") == SCRIPT.tag
    assert header(reply.headers, b"vary") == b"Accept-Encoding"
    assert (reply.body == b"") == (status == 304)


def website(domain: str, *origins: str) -> Website:
    return Website("w", "p", domain, allowed_origins=origins)


@pytest.mark.parametrize(
    ("domain", "origins", "origin", "may"),
    [
        pytest.param("example.com", (), "https://example.com", True, id="the domain"),
        pytest.param("example.com", (), "http://example.com:8080", True, id="the domain without TLS, at a port"),
        pytest.param("example.com", (), "https://www.shop.example.com", True, id="a subdomain"),
        pytest.param("example.com", (), "https://EXAMPLE.com", True, id="in capitals"),
        pytest.param("example.com:3000", (), "http://example.com:4000", True, id="the port is no part of the domain"),
        pytest.param("bücher.example", (), "https://xn--bcher-kva.example", True, id="a name with other letters"),
        pytest.param("example.com", (), "https://notexample.com", False, id="a name that ends alike"),
        pytest.param("example.com", (), "https://example.com.evil.net", False, id="a name that begins alike"),
        pytest.param("example.com", (), "https://evil.net/example.com", False, id="the domain as a path"),
        pytest.param("example.com", (), "https://evil.net?.example.com", False, id="the domain in a query"),
        pytest.param("example.com", (), "https://example.com@evil.net", False, id="the domain as a user"),
        pytest.param("example.com", (), "ftp://example.com", False, id="no page of the web"),
        pytest.param("example.com", (), "null", False, id="an opaque origin"),
        pytest.param("example.com", (), "", False, id="no origin"),
        pytest.param("example.com", (), "https://[::1", False, id="no address"),
        pytest.param("example.com", ("https://shop.example",), "https://shop.example", True, id="a listed one"),
        pytest.param("example.com", ("https://shop.example",), "https://Shop.Example", True, id="a listed one in capitals"),
        pytest.param("example.com", ("https://shop.example",), "http://shop.example", False, id="a listed one without TLS"),
        pytest.param("example.com", ("https://shop.example",), "https://shop.example:444", False, id="a listed one at a port"),
        pytest.param("example.com", ("https://shop.example",), "https://www.shop.example", False, id="below a listed one"),
        pytest.param("example.com", ("https://shop.example",), "https://example.com", False, id="the domain beside a list"),
    ],
)
def test_only_pages_of_the_website_may_send(domain: str, origins: tuple[str, ...], origin: str, may: bool) -> None:
    if may:
        check_origin(website(domain, *origins), origin)
        return
    with pytest.raises(Refusal) as refused:
        check_origin(website(domain, *origins), origin)
    assert (refused.value.reason, refused.value.field) == (Reason.ORIGIN_NOT_ALLOWED, "Origin")
    assert refused.value.expected
