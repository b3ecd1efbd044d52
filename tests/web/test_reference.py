"""The reference page: whole, escaped, and without anything from elsewhere."""

import asyncio
import base64
import hashlib
import re
import shlex
from html import unescape
from html.parser import HTMLParser

import pytest

from streamgauge.web.credentials import NO_CREDENTIALS
from streamgauge.web.exchange import Exchange
from streamgauge.web.reference import reference_paths, render_reference
from streamgauge.web.reply import Message, Reply
from streamgauge.web.route_docs import api_document

DOCUMENT = api_document("1.2.3")
VOID = {"meta", "link", "br", "img"}


async def no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def get(path: str) -> Reply:
    (endpoint,) = (entry.endpoint for entry in reference_paths(DOCUMENT) if entry.path == path)

    async def answer() -> Reply:
        reply = await endpoint.answer(Exchange({"headers": []}, 0, b"req_1", NO_CREDENTIALS), no_body, {})
        assert isinstance(reply, Reply)
        return reply

    return asyncio.run(answer())


class Outline(HTMLParser):
    """Open and closed elements, ids and link targets of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.targets += [value for name, value in values.items() if name in ("href", "src") and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    return get("/docs").body.decode()


def test_elements_are_closed_in_order_and_ids_are_unique(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))


def test_every_operation_has_one_place_and_every_link_leads_somewhere(page: str) -> None:
    outline = Outline(page)
    paths = DOCUMENT["paths"]
    assert isinstance(paths, dict)
    for methods in paths.values():
        for operation in methods.values():
            assert (operation["operationId"] in outline.ids) == ("x-explicit-paths" not in operation)
    for path in paths:
        assert f"<code>{path}</code>" in page
    for target in outline.targets:
        assert target == "/openapi.json" or target.removeprefix("#") in outline.ids


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    assert "<script" not in page
    assert "<link" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert not re.search(r"""(?:src|href|action|srcset)\s*=\s*["']?https?:""", page)
    hosts = set(re.findall(r"https?://([^\s\"'<&/]+)", page))
    assert hosts <= {"127.0.0.1:8080", "example.com", "shop.example.com"}, "addresses stand in samples only"


def test_the_policy_allows_the_page_s_own_style_and_nothing_else(page: str) -> None:
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(style) == 1
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = dict(get("/docs").headers)[b"content-security-policy"].decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


def test_samples_are_commands_that_a_shell_takes_apart(page: str) -> None:
    samples = [unescape(text) for text in re.findall(r"<h4>Sample</h4><pre[^>]*>(.*?)</pre>", page, re.DOTALL)]
    assert len(samples) > 10
    for sample in samples:
        words = shlex.split(sample)
        assert words[0] == "curl"
        assert sum("$BASE/" in word for word in words) == 1


def test_texts_of_the_document_are_escaped() -> None:
    hostile = "<script>alert(1)</script>&\"'"
    schema = {"type": "object", "properties": {hostile: {"type": hostile, "description": hostile, "enum": [hostile]}}}
    document = {
        "info": {"title": hostile, "version": hostile, "description": hostile},
        "tags": [{"name": "T", "description": hostile}],
        "paths": {
            f"/{hostile}": {
                "post": {
                    "operationId": "one",
                    "tags": ["T"],
                    "summary": hostile,
                    "description": hostile,
                    "x-root-path": hostile,
                    "requestBody": {"content": {"application/json": {"schema": schema, "example": {hostile: hostile}}}},
                    "responses": {"200": {"description": hostile, "content": {"application/json": {"schema": schema}}}},
                }
            }
        },
    }
    assert "<script" not in render_reference(document, "")


def test_the_document_is_served_as_json() -> None:
    reply = get("/openapi.json")
    assert reply.content_type == b"application/json"
    assert reply.body.startswith(b'{"openapi":"3.1.0"')
