"""From descriptions of routes to one OpenAPI 3.1 document.

What every route of a door shares is added here and nowhere else: keys, limit headers, refusals by status with their names.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from streamgauge.kernel.refusal import Reason

Schema = Mapping[str, object]
Operation = Mapping[str, object]

# Said of a route, or of a thing that a route looks for or makes: only operations that state them by themselves answer with them.
_STATED_STATUSES = frozenset({404, 405, 409})
# The loader's: no request is answered with it.
_NEVER_ANSWERED = frozenset({Reason.UNREADABLE_RECORD})
SESSION_PATH = "/console/v1/session"
_TEXT: Schema = {"type": "string"}
_ANY_KEY: Sequence[Schema] = ({"bearer": []}, {"apiKey": []})


class Tag(StrEnum):
    """The chapters of the document."""

    SOLINTH = "Solinth"
    THEBIZNESS = "theBizness"
    FLEXPRICE = "Flexprice"
    CONSOLE = "Console"
    SERVER = "Server"


_NOTHING: Mapping[str, object] = MappingProxyType({"description": "Success, without a body"})


class RouteDoc(NamedTuple):
    """One method of one path.

    request: JSON schema of the body; example: a body that works, as JSON values.
    reply: JSON schema of the success body, under status `success`; None when it is not JSON.
    also: JSON schemas of other answers of its own, by status. needs_key: routes of doors do, with few exceptions.
    """

    method: str
    path: str
    tag: Tag
    operation_id: str
    summary: str
    description: str = ""
    parameters: Sequence[Schema] = ()
    request: Schema | None = None
    example: object = None
    success: int = 200
    reply: Schema | None = None
    reply_type: str = "application/json"
    also: Mapping[int, Schema] = MappingProxyType({})
    needs_key: bool = True

    def operation(self) -> Operation:
        """This route as an OpenAPI operation."""
        done = _NOTHING if self.success == HTTPStatus.NO_CONTENT else _answer("Success", self.reply or _TEXT, self.reply_type)
        answers = {str(self.success): done}
        answers |= {str(status): _answer(HTTPStatus(status).phrase, schema) for status, schema in self.also.items()}
        out: dict[str, object] = {
            "operationId": self.operation_id,
            "tags": [self.tag.value],
            "summary": self.summary,
            "responses": answers,
        }
        if not self.needs_key:
            out["security"] = []
        if self.description:
            out["description"] = self.description
        if self.parameters:
            out["parameters"] = list(self.parameters)
        if self.request is not None:
            out["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": self.request, "example": self.example}},
            }
        return out


def _answer(description: str, schema: Schema, media_type: str = "application/json") -> Mapping[str, object]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


class DoorDoc(NamedTuple):
    """What the routes of one door share.

    prefix: of the explicit mount. refusal: the schema of a refusal. status_of: the status that the door gives to a reason.
    """

    tag: Tag
    prefix: str
    description: str
    refusal: Schema
    status_of: Callable[[Reason], int]

    def reasons(self) -> Mapping[int, Sequence[Reason]]:
        """What a request can be refused for at this door, by status."""
        out: dict[int, list[Reason]] = {}
        for reason in Reason:
            if reason not in _NEVER_ANSWERED:
                out.setdefault(self.status_of(reason), []).append(reason)
        return dict(sorted(out.items()))


def build_document(
    version: str, doors: Sequence[DoorDoc], operations: Mapping[tuple[str, str], Operation], routes: Sequence[RouteDoc]
) -> Mapping[str, object]:
    """The OpenAPI document.

    operations: of the doors, by method and path at the root mount. routes: further routes, at their own paths when they are of
    Tag.SERVER or Tag.CONSOLE, else at the root mount of their door. Every route of a door stands twice: under its explicit mount,
    where paths of two doors cannot meet (`x-root-path` names its other path), and at the root (`x-explicit-paths`), where doors
    that share a path share one operation.
    """
    by_tag = {door.tag.value: door for door in doors}
    own_tags = {route.tag for route in routes}
    # Nobody can sign in before there is a route for it.
    has_sessions = any(route.path == SESSION_PATH for route in routes)
    paths: dict[str, dict[str, object]] = {}
    at_root: dict[tuple[str, str], list[tuple[DoorDoc, Operation]]] = {}
    all_operations = [*operations.items(), *(((route.method, route.path), route.operation()) for route in routes)]
    for (method, path), operation in sorted(all_operations, key=lambda item: (item[0][1], item[0][0])):
        door = by_tag.get(_tag_of(operation))
        if door is None:
            paths.setdefault(path, {})[method.lower()] = _own_page(operation, has_sessions)
        else:
            whole = _at_door(door, operation)
            paths.setdefault(door.prefix + path, {})[method.lower()] = {**whole, "x-root-path": path}
            at_root.setdefault((method, path), []).append((door, whole))
    for (method, path), sharing in at_root.items():
        paths.setdefault(path, {})[method.lower()] = _at_root(path, sharing)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Streamgauge", "version": version, "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "tags": [{"name": door.tag.value, "description": door.description} for door in doors]
        + [{"name": tag.value, "description": description} for tag, description in _OWN_CHAPTERS if tag in own_tags],
        "paths": paths,
        "components": {
            "schemas": {**{f"{door.tag.value}Refusal": door.refusal for door in doors}, "ServerRefusal": _SERVER_REFUSAL},
            "responses": {name: body for door in doors for name, body in _refusals(door).items()} | _SERVER_RESPONSES,
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer KEY"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                **({"session": _SESSION} if has_sessions else {}),
            },
        },
    }


_ABOUT = (
    "One server, three doors: clients of Solinth, theBizness and Flexprice send and ask here unchanged but for the host. "
    "A success status for an event means that it is on disk. Every refusal has a name from one closed set. "
    "An address that is not listed here answers 404, another method of one that is answers 405 and names the methods in Allow: "
    "each in the shape of its door (the responses DOOR-404 and DOOR-405), but an unknown address of Flexprice with plain text."
)
_SESSION: Schema = {
    "type": "apiKey",
    "in": "cookie",
    "name": "streamgauge_session",
    "description": "A person who signed in in the browser. x-streamgauge-project names the project asked about; what changes "
    "anything carries x-streamgauge-csrf with the token that the session was given.",
}
_OWN_CHAPTERS = (
    (Tag.CONSOLE, "What the web application asks beside the doors."),
    (Tag.SERVER, "Health, figures and this document. No key is needed."),
)
_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_HEADERS = {
    "X-RateLimit-Limit": {"description": "Requests allowed in the window.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "Requests left in the window.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "When the window ends, in seconds since 1970.", "schema": {"type": "integer"}},
    "X-Request-ID": {"description": "As sent, or made here.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds until trying again makes sense.", "schema": {"type": "integer"}},
}
_ON_EVERY_ANSWER = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-ID")


_SERVER_REFUSAL: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": _TEXT, "message": _TEXT, "field": _TEXT, "expected": _TEXT},
            "required": ["code", "message"],
        },
    },
    "required": ["error"],
}
_SERVER_RESPONSES = {
    "Server-refusal": _answer("A refusal; `code` is its name", {"$ref": "#/components/schemas/ServerRefusal"}),
}


def _tag_of(operation: Operation) -> str:
    tags = operation["tags"]
    assert isinstance(tags, list)
    return str(tags[0])


def _own_page(operation: Operation, has_sessions: bool) -> Operation:
    responses = operation["responses"]
    assert isinstance(responses, Mapping)
    refused = {"$ref": "#/components/responses/Server-refusal"}
    of_console = _tag_of(operation) == Tag.CONSOLE.value
    needed = [*([{"session": []}] if has_sessions else []), *_ANY_KEY]
    security = operation.get("security", needed) if of_console else []
    return {**operation, "responses": {**responses, "default": refused}, "security": security}


def _at_door(door: DoorDoc, operation: Operation) -> Operation:
    """The operation with what its door adds. Statuses of refusals that it states itself take the shape of the door."""
    own = operation["responses"]
    assert isinstance(own, Mapping)
    headers = _headers(_ON_EVERY_ANSWER)
    responses: dict[str, object] = {status: {**answer, "headers": headers} for status, answer in own.items()}
    security = operation.get("security", _ANY_KEY)
    for status in door.reasons():
        if status == HTTPStatus.UNAUTHORIZED and not security:
            continue
        if status not in _STATED_STATUSES or str(status) in own:
            responses[str(status)] = {"$ref": f"#/components/responses/{_response_name(door, status)}"}
    return {**operation, "responses": dict(sorted(responses.items())), "security": security}


def _at_root(path: str, sharing: Sequence[tuple[DoorDoc, Operation]]) -> Operation:
    """The operation at the root: the same as under the explicit mount, or one for all doors that share the path."""
    explicit = [door.prefix + path for door, _ in sharing]
    if len(sharing) == 1:
        operation = sharing[0][1]
        description = f"{operation.get('description', '')} The same as {explicit[0]}.".strip()
        name = f"{operation['operationId']}AtRoot"
        return {**operation, "operationId": name, "description": description, "x-explicit-paths": explicit}
    return {
        "operationId": "".join(
            [str(sharing[0][1]["operationId"]), *(f"Or{door.tag.value}" for door, _ in sharing[1:]), "AtRoot"]
        ),
        "tags": [door.tag.value for door, _ in sharing],
        "summary": " or ".join(f"{door.tag.value}: {operation['summary']}" for door, operation in sharing),
        "description": (
            f"Two doors share this path. Which one a request means, and so the shape of its answer, is decided by x-api-key "
            f"({Tag.FLEXPRICE.value}), by the door that the Bearer key was made for, and last by the body. "
            f"Nothing is left to decide at {' and '.join(explicit)}."
        ),
        "requestBody": _either_body(sharing),
        "responses": _either_answer(sharing),
        "security": _ANY_KEY,
        "x-explicit-paths": explicit,
    }


def _either_body(sharing: Sequence[tuple[DoorDoc, Operation]]) -> Mapping[str, object]:
    """anyOf, not oneOf: a body that both schemas admit is not refused for that."""
    schemas, examples = [], {}
    for door, operation in sharing:
        body = operation["requestBody"]
        assert isinstance(body, Mapping)
        content = body["content"]["application/json"]
        schemas.append(content["schema"])
        examples[door.tag.value] = {"value": content["example"]}
    return {"required": True, "content": {"application/json": {"schema": {"anyOf": schemas}, "examples": examples}}}


def _either_answer(sharing: Sequence[tuple[DoorDoc, Operation]]) -> Mapping[str, object]:
    """Answers by status; where several doors have one, it has one of their shapes."""
    by_status: dict[str, list[tuple[DoorDoc, object]]] = {}
    for door, operation in sharing:
        responses = operation["responses"]
        assert isinstance(responses, Mapping)
        for status, answer in responses.items():
            by_status.setdefault(status, []).append((door, answer))
    out = {}
    for status, answers in sorted(by_status.items()):
        if len(answers) == 1:
            out[status] = answers[0][1]
            continue
        reasons = {reason: None for door, _ in answers for reason in door.reasons()[int(status)]}
        shapes = [{"$ref": f"#/components/schemas/{door.tag.value}Refusal"} for door, _ in answers]
        out[status] = _refusal(int(status), list(reasons), {"anyOf": shapes})
    return out


def _response_name(door: DoorDoc, status: int) -> str:
    return f"{door.tag.value}-{status}"


def _refusals(door: DoorDoc) -> Mapping[str, object]:
    schema = {"$ref": f"#/components/schemas/{door.tag.value}Refusal"}
    return {_response_name(door, status): _refusal(status, reasons, schema) for status, reasons in door.reasons().items()}


def _refusal(status: int, reasons: Sequence[Reason], schema: Schema) -> Mapping[str, object]:
    description = f"{HTTPStatus(status).phrase}: {', '.join(reason.value for reason in reasons)}"
    return {**_answer(description, schema), "headers": _headers((*_ON_EVERY_ANSWER, "Retry-After"))}


def _headers(names: Sequence[str]) -> Mapping[str, object]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
