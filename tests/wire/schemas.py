"""Whether a value is what a schema of the OpenAPI document says, and says it all."""

from collections.abc import Mapping
from typing import Any


def misfits(schema: Any, value: Any, place: str = "") -> list[str]:
    """What of a value does not fit a schema: types, required and undescribed members, choices."""
    if "oneOf" in schema:
        attempts = [misfits(each, value, place) for each in schema["oneOf"]]
        return [] if sum(not attempt for attempt in attempts) == 1 else [f"{place}: fits {attempts}"]
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(name, value) for name in types):
        return [f"{place}: {value!r} is not {types}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: {value!r} is not one of {schema['enum']}"]
    if isinstance(value, list):
        return [fault for item in value for fault in misfits(schema["items"], item, f"{place}[]")]
    if not isinstance(value, dict) or not ({"properties", "additionalProperties"} & set(schema)):
        return []
    known = schema.get("properties", {})
    faults = [f"{place}.{name} is missing" for name in schema.get("required", []) if name not in value]
    for name, member in value.items():
        described = known.get(name) or schema.get("additionalProperties")
        faults += misfits(described, member, f"{place}.{name}") if described else [f"{place}.{name} is not described"]
    return faults


def _is(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    kinds: Mapping[str, Any] = {
        "number": (int, float),
        "integer": int,
        "string": str,
        "array": list,
        "object": dict,
        "null": type(None),
    }
    return name in kinds and isinstance(value, kinds[name])
