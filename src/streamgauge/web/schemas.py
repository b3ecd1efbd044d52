"""The few JSON schemas and parameters of which the API document is put together."""

from collections.abc import Mapping

from streamgauge.web.openapi import Schema

_COUNT: Schema = {"type": "integer", "minimum": 0}


def object_of(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def whole_object(**properties: Schema) -> Schema:
    """All of its properties are always there."""
    return object_of(properties, *properties)


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def page_of(items: Schema) -> Schema:
    """A part of a list, as the Flexprice door answers it."""
    pagination = whole_object(total=_COUNT, limit=_COUNT, offset=_COUNT)
    return whole_object(items=list_of(items), pagination=pagination)


def in_query(name: str, schema: Schema, description: str = "", *, required: bool = False) -> Schema:
    told = {"description": description} if description else {}
    return {"name": name, "in": "query", "required": required, "schema": schema, **told}
