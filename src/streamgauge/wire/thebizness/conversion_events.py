"""Conversion events in theBizness's words. Their fields are not public; these names follow those of its documented routes.

    {"id", "website_id", "name", "event_name", "conditions": [{"property", "operator", "value"}],
     "page": {"operator", "value"} | null, "value": number | null, "currency", "is_active", "created_at", "updated_at"}

A page goal is sent as "page": "/thanks", or with an operator, and needs no event_name. The value of a condition or a page is one
text, number or boolean, or a list of them of which one must fit; it is kept, compared and given back as text.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Condition, ConversionEvent, Operator, PageMatch
from streamgauge.kernel.website_settings import ConversionEventChange
from streamgauge.wire.body import JsonObject, Node
from streamgauge.wire.fields import MAX_NAME_LENGTH, missing_field, read_name, wrong_type
from streamgauge.wire.numbers import json_number, number_text
from streamgauge.wire.parameters import one_of
from streamgauge.wire.patterns import check_pattern
from streamgauge.wire.thebizness.settings_body import exact_number, flag_in, read_settings, text_in
from streamgauge.wire.timestamps import format_instant

CHANGEABLE = ("name", "event_name", "conditions", "page", "value", "currency", "is_active")
MAX_CONDITIONS = 20
MAX_VALUES = 50
MAX_VALUE_LENGTH = 1_000
MAX_VALUE_DIGITS = 9
"""After the point: as many as amounts are kept with."""
_SHOWN_ONLY = ("created_at", "updated_at")
_COMPARABLE = "text, number or boolean, or a list of them"


def parse_new_conversion_event(body: bytes, website_id: str) -> ConversionEventChange:
    """name, and event_name or page, are required. Raises Refusal."""
    tree = read_settings(body, CHANGEABLE, _SHOWN_ONLY, {"website_id": website_id})
    wanted = _read(tree)
    if wanted.name is UNSET:
        raise missing_field("name")
    if wanted.event_name is UNSET and not isinstance(wanted.page, PageMatch):
        raise missing_field("event_name")
    return wanted


def parse_conversion_event_change(body: bytes, website_id: str, conversion_event_id: str) -> ConversionEventChange:
    """Any of the fields; what is absent stays as it is. null takes the page or the value away. Raises Refusal."""
    fixed = {"id": conversion_event_id, "website_id": website_id}
    return _read(read_settings(body, CHANGEABLE, _SHOWN_ONLY, fixed))


def render_conversion_event(one: ConversionEvent) -> bytes:
    return msgspec.json.encode({"success": True, "conversion_event": _shape_of(one)})


def render_conversion_events(events: Sequence[ConversionEvent]) -> bytes:
    return msgspec.json.encode({"success": True, "conversion_events": [_shape_of(one) for one in events]})


def _read(tree: JsonObject) -> ConversionEventChange:
    return ConversionEventChange(
        name=text_in(tree, "name"),
        event_name=UNSET if tree.get("event_name") is None else read_name(tree, "event_name"),
        conditions=_conditions(tree),
        page=_page(tree),
        value=_value(tree),
        currency=text_in(tree, "currency"),
        is_active=flag_in(tree, "is_active"),
    )


def _conditions(tree: JsonObject) -> tuple[Condition, ...] | UnsetType:
    sent = tree.get("conditions")
    if sent is None:
        return UNSET
    if not isinstance(sent, list):
        raise wrong_type("conditions", "array")
    if len(sent) > MAX_CONDITIONS:
        raise _invalid("conditions", f"at most {MAX_CONDITIONS} conditions")
    return tuple(_condition(node, f"conditions[{place}]") for place, node in enumerate(sent))


def _condition(node: Node, field: str) -> Condition:
    if not isinstance(node, JsonObject):
        raise wrong_type(field, "object")
    _refuse_unknown(node, ("property", "operator", "value"), field)
    name = node.get("property")
    if name is None:
        raise missing_field(f"{field}.property")
    if type(name) is not str:
        raise wrong_type(f"{field}.property", "string")
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise _invalid(f"{field}.property", f"1 to {MAX_NAME_LENGTH} characters")
    operator = _operator(node, field)
    return Condition(name, operator, _values(node.get("value"), operator, f"{field}.value"))


def _page(tree: JsonObject) -> PageMatch | UnsetType | None:
    """Text alone means: is this path."""
    if "page" not in tree:
        return UNSET
    sent = tree["page"]
    if sent is None:
        return None
    if isinstance(sent, JsonObject):
        _refuse_unknown(sent, ("operator", "value"), "page")
        operator = _operator(sent, "page")
        match = PageMatch(operator, _values(sent.get("value"), operator, "page.value"))
        return _reachable(match, "page.value")
    if type(sent) is str:
        return _reachable(PageMatch(Operator.IS, _values(sent, Operator.IS, "page")), "page")
    raise wrong_type("page", "path such as /thanks, or object with operator and value")


def _reachable(match: PageMatch, field: str) -> PageMatch:
    """The path of a page is compared: what cannot be one would match nothing, or everything."""
    if match.operator in (Operator.IS, Operator.IS_NOT):
        for path in match.values:
            if not path.startswith("/") or "?" in path or "#" in path:
                raise _invalid(field, "a path that begins with /, without query and fragment")
    return match


def _operator(node: JsonObject, field: str) -> Operator:
    sent = node.get("operator")
    if sent is None:
        return Operator.IS
    try:
        return Operator(str(sent))
    except ValueError:
        raise _invalid(f"{field}.operator", one_of(Operator)) from None


def _values(sent: Node, operator: Operator, field: str) -> tuple[str, ...]:
    if sent is None:
        raise missing_field(field, _COMPARABLE)
    nodes = sent if isinstance(sent, list) else [sent]
    if not 1 <= len(nodes) <= MAX_VALUES:
        raise _invalid(field, f"1 to {MAX_VALUES} values")
    values = tuple(_text_of(node, field) for node in nodes)
    for value in values:
        if operator is Operator.MATCHES:
            check_pattern(value, field)
        elif len(value) > MAX_VALUE_LENGTH:
            raise _invalid(field, f"at most {MAX_VALUE_LENGTH} characters")
    return values


def _text_of(node: Node, field: str) -> str:
    """As the store writes it: a number as the shortest plain decimal."""
    if isinstance(node, bool):
        return "true" if node else "false"
    number = exact_number(node, field)
    if number is not None:
        return number_text(number)
    if type(node) is not str:
        raise wrong_type(field, _COMPARABLE)
    return node


def _value(tree: JsonObject) -> Decimal | UnsetType | None:
    if "value" not in tree:
        return UNSET
    sent = tree["value"]
    if sent is None:
        return None
    number = exact_number(sent, "value")
    if number is None:
        raise wrong_type("value", "number")
    digits = number_text(number).partition(".")[2]
    if number < 0 or len(digits) > MAX_VALUE_DIGITS:
        raise _invalid("value", f"a number of 0 or more with at most {MAX_VALUE_DIGITS} digits after the point")
    return Decimal(number_text(number))


def _refuse_unknown(node: JsonObject, known: Sequence[str], field: str) -> None:
    for name in node:
        if name not in known:
            raise _invalid(field, f"an object with {', '.join(known)}")


def _invalid(field: str, expected: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, f"Invalid field: {field} must be {expected}", field=field, expected=expected)


def _shape_of(one: ConversionEvent) -> Mapping[str, object]:
    return {
        "id": one.conversion_event_id,
        "website_id": one.website_id,
        "name": one.name,
        "event_name": one.event_name,
        "conditions": [
            {"property": condition.property, "operator": condition.operator.value, "value": _one_or_more(condition.values)}
            for condition in one.conditions
        ],
        "page": None if one.page is None else {"operator": one.page.operator.value, "value": _one_or_more(one.page.values)},
        "value": json_number(one.value),
        "currency": one.currency,
        "is_active": one.is_active,
        "created_at": format_instant(one.created_at_ms),
        "updated_at": format_instant(one.updated_at_ms),
    }


def _one_or_more(values: Sequence[str]) -> str | Sequence[str]:
    return values[0] if len(values) == 1 else values
