"""The API reference: the OpenAPI document as one page that reads well without a network and without scripts."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from streamgauge.web.exchange import Exchange
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path

Json = Mapping[str, Any]
_DEEPEST_FIELD = 4


class Operation(NamedTuple):
    """One operation of the document with its place. anchor: its id in the page."""

    method: str
    path: str
    body: Json

    @property
    def anchor(self) -> str:
        return str(self.body["operationId"])

    @property
    def tag(self) -> str:
        return str(self.body["tags"][0])


def reference_paths(document: Json) -> list[Path]:
    """/openapi.json and /docs, both rendered once."""
    style = files("streamgauge.web").joinpath("reference.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    page = Reply(
        200,
        render_reference(document, style).encode(),
        b"text/html; charset=utf-8",
        headers=((b"content-security-policy", policy.encode()),),
    )
    return [
        Path("/openapi.json", "GET", Endpoint(_always(Reply(200, msgspec.json.encode(document))))),
        Path("/docs", "GET", Endpoint(_always(page))),
    ]


def _always(reply: Reply) -> Answer:
    async def answer(exchange: Exchange, receive: Receive, path: Mapping[str, str]) -> Reply:
        return reply

    return answer


def render_reference(document: Json, style: str) -> str:
    """The page. style: its style sheet, which must not hold `</style`.

    Operations at the root are not listed again: their explicit twins name them.
    """
    info = document["info"]
    operations = [
        Operation(method.upper(), path, body)
        for path, methods in document["paths"].items()
        for method, body in methods.items()
        if "x-explicit-paths" not in body
    ]
    chapters = [(tag, [op for op in operations if op.tag == tag["name"]]) for tag in document["tags"]]
    links = "".join(
        f"<h2>{escape(tag['name'])}</h2><ul>{''.join(_link(operation) for operation in inside)}</ul>" for tag, inside in chapters
    )
    sections = "".join(_chapter(document, tag, inside) for tag, inside in chapters)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API reference</title><style>{style}</style></head><body>"
        '<a class="skip" href="#content">Skip to the content</a><div class="frame"><nav aria-label="Routes">'
        f'<p class="name">{escape(info["title"])}</p><p class="version">Version {escape(info["version"])}</p>{links}</nav>'
        f'<main id="content"><h1>API reference</h1><p class="lead">{escape(info["description"])} '
        'The same as data: <a href="/openapi.json">openapi.json</a>.</p>'
        f'<pre tabindex="0">{escape(_PREAMBLE)}</pre>{sections}</main></div></body></html>'
    )


_PREAMBLE = """# The samples on this page use two variables.
export BASE=http://127.0.0.1:8080
export KEY=sk_live_...        # streamgauge keys create --project NAME --plan free"""


def _badge(method: str) -> str:
    return f'<span class="method {method.lower()}">{method}</span>'


def _link(operation: Operation) -> str:
    return (
        f'<li><a href="#{operation.anchor}">{_badge(operation.method)}<span>{escape(operation.body["summary"])}</span></a></li>'
    )


def _chapter(document: Json, tag: Json, operations: list[Operation]) -> str:
    articles = "".join(_article(document, operation) for operation in operations)
    return f'<section class="door"><h2>{escape(tag["name"])}</h2><p>{escape(tag["description"])}</p>{articles}</section>'


def _article(document: Json, operation: Operation) -> str:
    body = operation.body
    more = body.get("description", "")
    root = body.get("x-root-path")
    parts = [
        f'<article id="{operation.anchor}"><h3>{_badge(operation.method)}<a href="#{operation.anchor}">'
        f"<code>{escape(operation.path)}</code></a></h3>",
        f'<p class="summary">{escape(body["summary"])}</p>',
        f'<p class="more">{escape(more)}</p>' if more else "",
        f'<p class="more">Also at <code>{escape(root)}</code>.</p>' if root else "",
    ]
    parameters = body.get("parameters", [])
    if parameters:
        rows = [(p["name"], p["schema"], p.get("required", False), p.get("description", "")) for p in parameters]
        parts.append(f"<h4>Parameters</h4>{_table(rows)}")
    request = _content_schema(body.get("requestBody"))
    if request is not None:
        parts.append(f"<h4>Body</h4>{_table(list(_fields(request)))}")
    parts.append(f'<h4>Sample</h4><pre tabindex="0">{escape(_curl(operation))}</pre>')
    parts.append(_answers(document, body["responses"]))
    return "".join(parts) + "</article>"


def _answers(document: Json, responses: Json) -> str:
    out = []
    refusals = []
    for status, answer in responses.items():
        if "$ref" in answer:
            name = answer["$ref"].rpartition("/")[2]
            _, _, reasons = document["components"]["responses"][name]["description"].partition(": ")
            codes = "".join(f"<code>{escape(reason)}</code>" for reason in reasons.split(", "))
            refusals.append(f'<tr><td>{status}</td><td class="reasons">{codes}</td></tr>')
            continue
        schema = _content_schema(answer)
        rows = list(_fields(schema)) if schema is not None else []
        out.append(f"<h4>Answer {status}</h4>{_table(rows) if rows else '<p class=more>' + _content_types(answer) + '</p>'}")
    if refusals:
        head = '<thead><tr><th scope="col">Status</th><th scope="col">Reasons</th></tr></thead>'
        table = f"<table>{head}<tbody>{''.join(refusals)}</tbody></table>"
        out.append(f'<details><summary>Refusals</summary><div class="scroll">{table}</div></details>')
    return "".join(out)


def _content_schema(holder: Json | None) -> Json | None:
    content: Json = (holder or {}).get("content", {})
    schema: Json | None = content.get("application/json", {}).get("schema")
    return schema


def _content_types(answer: Json) -> str:
    return escape(", ".join(answer.get("content", {})))


Row = tuple[str, Json, bool, str]


def _fields(schema: Json, prefix: str = "", depth: int = 0) -> Iterator[Row]:
    """Every field of an object, those inside of it too, by dotted names; [] stands for the elements of a list."""
    if depth == _DEEPEST_FIELD:
        return
    for choice in schema.get("oneOf", []):
        yield from _fields(choice, prefix, depth)
    for name, inner in schema.get("properties", {}).items():
        full = f"{prefix}{name}"
        yield full, inner, name in schema.get("required", []), inner.get("description", "")
        yield from _fields(inner, f"{full}.", depth + 1)
        if "items" in inner:
            yield from _fields(inner["items"], f"{full}[].", depth + 1)


def _table(rows: list[Row]) -> str:
    head = '<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>'
    body = "".join(
        f"<tr><td><code>{escape(name)}</code>{'<span class=required>required</span>' if required else ''}</td>"
        f'<td class="type">{escape(_type(schema))}</td><td>{_meaning(schema, meaning)}</td></tr>'
        for name, schema, required, meaning in rows
    )
    return f'<div class="scroll"><table>{head}<tbody>{body}</tbody></table></div>'


def _type(schema: Json) -> str:
    kind = schema.get("type", "any")
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if text == "array" and "items" in schema:
        text = f"array of {_type(schema['items'])}"
    return f"{text} ({schema['format']})" if "format" in schema else text


def _meaning(schema: Json, text: str) -> str:
    notes = [escape(text)] if text else []
    if "enum" in schema:
        notes.append("One of " + ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"]) + ".")
    if "default" in schema:
        notes.append(f"Default <code>{escape(str(schema['default']))}</code>.")
    bounds = [f"{words} {schema[key]:,}" for key, words in _BOUNDS.items() if key in schema]
    if bounds:
        notes.append(escape(", ".join(bounds).capitalize()) + ".")
    return " ".join(notes)


_BOUNDS = {"minimum": "at least", "maximum": "at most", "maxLength": "characters: at most", "maxItems": "elements: at most"}


def _curl(operation: Operation) -> str:
    """A command that works once BASE and KEY are set, with what is required and nothing else."""
    body = operation.body
    needed = [p for p in body.get("parameters", []) if p.get("required") and p["in"] == "query"]
    query = "&".join(f"{p['name']}={'purchase' if p['name'] == 'event' else '...'}" for p in needed)
    lines = [f'curl "$BASE{operation.path}{"?" + query if query else ""}"']
    if operation.method != "GET":
        lines[0] = f"curl -X {operation.method}" + lines[0].removeprefix("curl")
    if body.get("security") != []:
        lines.append('-H "Authorization: Bearer $KEY"')
    content = body.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        example = content.get("example", dict.fromkeys(content["schema"].get("required", []), "..."))
        lines.append('-H "Content-Type: application/json"')
        text = json.dumps(example, indent=2).replace("'", "'\\''").replace("\n", "\n  ")
        lines.append(f"-d '{text}'")
    return " \\\n  ".join(lines)
