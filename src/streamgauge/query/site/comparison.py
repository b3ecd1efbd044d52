"""Filters, conditions and conversion events as SQL conditions on a row. Every text in them is a bound value.

CONTAINS tells letters of different case apart, and so does MATCHES unless its pattern begins with (?i). In a pattern the dot also
stands for a line break. What the engine cannot read as RE2 is refused when the statement runs (INVALID_PARAMETER).
"""

from streamgauge.kernel.analytics import Dimension, SiteKey
from streamgauge.kernel.query import PropertyKey
from streamgauge.kernel.website import ConversionEvent, Operator
from streamgauge.query.clauses import Bindings

_EVENT_COLUMNS = {Dimension.PAGE: "path", Dimension.EVENT_NAME: "name"}


def compares(text: str, operator: Operator, values: tuple[str, ...], bindings: Bindings) -> str:
    """A condition on an SQL expression of text."""
    match operator:
        case Operator.IS:
            return f"{text} IN {bindings.texts(values)}"
        case Operator.IS_NOT:
            return f"{text} NOT IN {bindings.texts(values)}"
        case Operator.CONTAINS:
            found = [f"position({text}, {bindings.text(value)}) > 0" for value in values]
        case Operator.MATCHES:
            found = [f"match({text}, {bindings.text(value)})" for value in values]
    return any_of(found)


def event_text(key: SiteKey, bindings: Bindings) -> str:
    """The text of a key of events, on a row of events."""
    if isinstance(key, PropertyKey):
        return f"strings[{bindings.text(key.name)}]"
    return _EVENT_COLUMNS[key]


def converts(conversions: tuple[ConversionEvent, ...], bindings: Bindings) -> str:
    """Whether an event is a conversion; one that matches several definitions is still one."""
    names = tuple(sorted({conversion.event_name for conversion in conversions}))
    # The names alone first: the store's sort key begins with them.
    return f"name IN {bindings.texts(names)} AND {any_of([_converts(conversion, bindings) for conversion in conversions])}"


def _converts(conversion: ConversionEvent, bindings: Bindings) -> str:
    found = [f"name = {bindings.text(conversion.event_name)}"]
    if conversion.page is not None:
        found.append(compares("path", conversion.page.operator, conversion.page.values, bindings))
    for condition in conversion.conditions:
        text = event_text(PropertyKey(condition.property), bindings)
        found.append(compares(text, condition.operator, condition.values, bindings))
    return f"({' AND '.join(found)})"


def any_of(conditions: list[str]) -> str:
    """True when one of them is; none of them: false."""
    return f"({' OR '.join(conditions)})" if conditions else "false"
