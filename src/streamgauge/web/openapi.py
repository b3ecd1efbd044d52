"""From descriptions of routes to one OpenAPI 3.1 document.

What every route of a door shares is added here and nowhere else: keys, limit headers, refusals by status with their names.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from streamgauge.kernel.refusal import Kind, Reason, kind_of

Schema = Mapping[str, object]
Operation = Mapping[str, object]

_REFUSAL_STATUSES = (400, 401, 403, 408, 413, 415, 429, 431, 500, 503)
_TEXT: Schema = {"type": "string"}


class Tag(StrEnum):
    """The chapters of the document."""

    SOLINTH = "Solinth"
    THEBIZNESS = "theBizness"
    FLEXPRICE = "Flexprice"
    SERVER = "Server"


class RouteDoc(NamedTuple):
    """One method of one path.

    request: JSON schema of the body; example: a body that works, as JSON values.
    reply: JSON schema of the success body, under status `success`; None when it is not JSON.
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

    def operation(self) -> Operation:
        """This route as an OpenAPI operation."""
        content = {self.reply_type: {"schema": self.reply or _TEXT}}
        out: dict[str, object] = {
            "operationId": self.operation_id,
            "tags": [self.tag.value],
            "summary": self.summary,
            "responses": {str(self.success): {"description": "Success", "content": content}},
        }
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


class DoorDoc(NamedTuple):
    """What the routes of one door share. prefix: of the explicit mount. refusal: the schema of a refusal."""

    tag: Tag
    prefix: str
    description: str
    refusal: Schema


def build_document(
    version: str, doors: Sequence[DoorDoc], operations: Mapping[tuple[str, str], Operation], routes: Sequence[RouteDoc]
) -> Mapping[str, object]:
    """The OpenAPI document.

    operations: of the doors, by method and path at the root mount. routes: further routes, at their own paths when of
    Tag.SERVER, else at the root mount of their door. Every route of a door stands under its explicit mount, where paths of
    two doors cannot meet; `x-root-path` names its other path.
    """
    by_tag = {door.tag.value: door for door in doors}
    paths: dict[str, dict[str, object]] = {}
    all_operations = [*operations.items(), *(((route.method, route.path), route.operation()) for route in routes)]
    for (method, path), operation in sorted(all_operations, key=lambda item: (item[0][1], item[0][0])):
        door = by_tag.get(_tag_of(operation))
        if door is None:
            paths.setdefault(path, {})[method.lower()] = {**operation, "security": []}
        else:
            paths.setdefault(door.prefix + path, {})[method.lower()] = _at_door(door, path, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Streamgauge", "version": version, "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "tags": [{"name": door.tag.value, "description": door.description} for door in doors]
        + [{"name": Tag.SERVER.value, "description": "Health, figures and this document. No key is needed."}],
        "paths": paths,
        "components": {
            "schemas": {f"{door.tag.value}Refusal": door.refusal for door in doors},
            "responses": {name: body for door in doors for name, body in _refusals(door).items()},
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer KEY"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


_ABOUT = (
    "One server, three doors: clients of Solinth, theBizness and Flexprice send and ask here unchanged but for the host. "
    "A success status for an event means that it is on disk. Every refusal has a name from one closed set."
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


def reasons_of_status(status: int) -> list[str]:
    """The names of the refusals that carry this status, in the order of the closed set."""
    return [reason.value for reason in Reason if kind_of(reason) is Kind(status)]


def _tag_of(operation: Operation) -> str:
    tags = operation["tags"]
    assert isinstance(tags, list)
    return str(tags[0])


def _at_door(door: DoorDoc, path: str, operation: Operation) -> Operation:
    own = operation["responses"]
    assert isinstance(own, Mapping)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _ON_EVERY_ANSWER}
    responses: dict[str, object] = {status: {**answer, "headers": headers} for status, answer in own.items()}
    for status in _REFUSAL_STATUSES:
        responses[str(status)] = {"$ref": f"#/components/responses/{_response_name(door, status)}"}
    return {**operation, "responses": responses, "security": [{"bearer": []}, {"apiKey": []}], "x-root-path": path}


def _response_name(door: DoorDoc, status: int) -> str:
    return f"{door.tag.value}-{status}"


def _refusals(door: DoorDoc) -> Mapping[str, object]:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ON_EVERY_ANSWER, "Retry-After")}
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{door.tag.value}Refusal"}}}
    return {
        _response_name(door, status): {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(reasons_of_status(status))}",
            "headers": headers,
            "content": content,
        }
        for status in _REFUSAL_STATUSES
    }
