"""The published conditions and orders of searches: `filters` [{field, operator, value}] and `sort` [{field, direction}].

Conditions are taken for texts. What cannot be searched by is refused by name and not ignored, for a condition that is ignored
gives a wrong list with a success status.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from streamgauge.kernel.customer import TextOperator
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.payload import MAX_FILTER_VALUES, Payload
from streamgauge.wire.flexprice.resources import refuse_field
from streamgauge.wire.parameters import one_of

_MAX_CONDITIONS = 20
_Named = TypeVar("_Named", bound=StrEnum)


def text_conditions(payload: Payload, known: type[_Named]) -> tuple[tuple[_Named, TextOperator, tuple[str, ...]], ...]:
    """known: the texts that can be searched by. Raises Refusal."""
    return tuple(_condition(given, f"filters[{place}]", known) for place, given in enumerate(_objects(payload, "filters")))


def sort_orders(payload: Payload, known: type[_Named]) -> tuple[tuple[_Named, bool], ...]:
    """What to sort by, the first first, and whether descending (unless said otherwise). Raises Refusal."""
    return tuple(
        (_named(given.get("field"), f"sort[{place}].field", known), _descending(given, f"sort[{place}]"))
        for place, given in enumerate(_objects(payload, "sort"))
    )


def _condition(given: Mapping[str, object], place: str, known: type[_Named]) -> tuple[_Named, TextOperator, tuple[str, ...]]:
    text = _named(given.get("field"), f"{place}.field", known)
    operator = _named(given.get("operator"), f"{place}.operator", TextOperator)
    value = given.get("value")
    if not isinstance(value, dict):
        raise refuse_field(f"{place}.value", "object with string or array", Reason.WRONG_TYPE)
    values = value.get("array")
    if values is None and type(value.get("string")) is str:
        values = [value["string"]]
    if not isinstance(values, list) or not values or len(values) > MAX_FILTER_VALUES:
        raise refuse_field(f"{place}.value", f"a string, or an array of 1 to {MAX_FILTER_VALUES} strings")
    if any(type(each) is not str for each in values):
        raise refuse_field(f"{place}.value.array", "strings", Reason.WRONG_TYPE)
    return text, operator, tuple(values)


def _descending(given: Mapping[str, object], place: str) -> bool:
    direction = given.get("direction") or "desc"
    if direction not in ("asc", "desc"):
        raise refuse_field(f"{place}.direction", "asc or desc")
    return direction == "desc"


def _objects(payload: Payload, name: str) -> list[Mapping[str, object]]:
    given = payload.raw(name)
    if given is None:
        return []
    if not isinstance(given, list) or any(not isinstance(each, dict) for each in given):
        raise refuse_field(name, "list of objects", Reason.WRONG_TYPE)
    if len(given) > _MAX_CONDITIONS:
        raise refuse_field(name, f"at most {_MAX_CONDITIONS}")
    return given


def _named(value: object, field: str, known: type[_Named]) -> _Named:
    if type(value) is not str or value not in list(known):
        raise refuse_field(field, one_of(known))
    return known(value)
