"""What all questions about a website share: how their parameters are read, and what they select.

A question comes as a query string, or as a JSON object of the same names. An unknown or repeated parameter is refused: a misspelt
name would give a wrong number with a success status. An empty one is an absent one.

    website_id                                which website
    period, start_date, end_date, timezone    when (period.py); the zone is the website's when absent
    filters, filter[KEY], event_name, bots    what of it

KEY: a dimension (country, page, ... ; source is another name of referrer), or property:NAME.
filters: a JSON list of {"dimension": KEY, "operator": "is", "value": text, number, boolean, or a list of them}, joined by AND.
filter[KEY]=VALUE is a filter with `is`; given again for the same KEY, one of the values must fit.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from streamgauge.kernel.analytics import Bots, Dimension, SiteFilter, SiteKey, SiteSelection
from streamgauge.kernel.calendar import check_timezone
from streamgauge.kernel.money import RateTable
from streamgauge.kernel.query import Filter, PropertyKey
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import ConversionEvent, Operator, Website
from streamgauge.wire.body import JsonObject, Node, Written, inspect, load, load_object
from streamgauge.wire.fields import MAX_NAME_LENGTH, missing_field, wrong_type
from streamgauge.wire.parameters import Pairs, one_of, refuse_unknown, shown, single_values
from streamgauge.wire.solinth.filters import MAX_FILTERS, read_filter, split_short_forms
from streamgauge.wire.thebizness.period import Range, read_range

SELECTING = ("website_id", "period", "start_date", "end_date", "timezone", "filters", "event_name", "bots")
PAGING = ("limit", "offset", "page")
LISTS = frozenset({"filters", "steps"})
"""Parameters that are JSON: text in a query string, a list in a body."""
PROPERTY = "property:"
ALIASES: Mapping[str, Dimension] = {"source": Dimension.REFERRER}
_DIMENSIONS: Mapping[str, Dimension] = {**{one.value: one for one in Dimension}, **ALIASES}
_KEY = f"{one_of(_DIMENSIONS)}, or {PROPERTY}NAME"
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_FILTER_FIELDS = ("dimension", "operator", "value")
_LARGEST_OFFSET = 10**9

Choice = TypeVar("Choice", bound=StrEnum)


class Site(NamedTuple):
    """What is known of the website that is asked about. conversions: the active ones."""

    website: Website
    conversions: tuple[ConversionEvent, ...] = ()
    rates: RateTable = RateTable()


class Asked(NamedTuple):
    """Parameters by name; those of JSON lists as trees; the short filters; and those that may come more than once."""

    values: Mapping[str, str]
    lists: Mapping[str, list[Node]]
    short_filters: Pairs = ()
    repeated: Sequence[tuple[str, str]] = ()

    @property
    def website_id(self) -> str:
        """Raises Refusal missing_field."""
        found = self.values.get("website_id")
        if found is None:
            raise missing_field("website_id")
        return found


def of_parameters(pairs: Pairs, known: Sequence[str], repeatable: Sequence[str] = ()) -> Asked:
    """Raises Refusal: invalid_parameter, what reading JSON raises."""
    others, short = split_short_forms(pairs)
    refuse_unknown(others, (*known, *repeatable))
    values = single_values([pair for pair in others if pair[0] not in repeatable])
    repeated = [pair for pair in others if pair[0] in repeatable and pair[1]]
    single_values([(f"{place} {name}", value) for place, (name, value) in enumerate(repeated)])
    lists = {name: _list_of(text, name) for name, text in values.items() if name in LISTS}
    return Asked({name: text for name, text in values.items() if name not in LISTS}, lists, short, repeated)


def of_body(body: bytes, known: Sequence[str]) -> Asked:
    """The same from a JSON object. Raises Refusal."""
    tree = load_object(body)
    inspect(tree)
    refuse_unknown([(name, "") for name in tree], known)
    values: dict[str, str] = {}
    lists: dict[str, list[Node]] = {}
    for name, value in tree.items():
        if name in LISTS and isinstance(value, list):
            lists[name] = value
        elif name in LISTS and value is not None:
            raise wrong_type(name, "array")
        elif isinstance(value, (str, int)) and not isinstance(value, bool):
            values[name] = str(value)
        elif value is not None:
            raise wrong_type(name, "string")
    return Asked({name: text for name, text in values.items() if text}, lists)


def read_zone(asked: Asked, site: Site) -> str:
    return check_timezone(asked.values.get("timezone", site.website.timezone))


def read_selection(asked: Asked, site: Site, now_ms: int) -> tuple[SiteSelection, Range]:
    """What the parameters of SELECTING ask for. Raises Refusal."""
    range_ = read_range(asked.values, read_zone(asked, site), now_ms)
    filters = _filters(asked)
    if event_name := asked.values.get("event_name"):
        filters += (SiteFilter(Dimension.EVENT_NAME, Operator.IS, (event_name,)),)
    return (
        SiteSelection(
            project_id=site.website.project_id,
            website_id=site.website.website_id,
            start_ms=range_.start_ms,
            end_ms=range_.end_ms,
            filters=filters,
            bots=read_choice(asked, "bots", Bots) or Bots.EXCLUDE,
        ),
        range_,
    )


def read_key(text: str, field: str) -> SiteKey:
    """A dimension or property by name. Raises Refusal invalid_parameter."""
    if text.startswith(PROPERTY) and text != PROPERTY:
        name = text.removeprefix(PROPERTY)
        if len(name) > MAX_NAME_LENGTH:
            raise invalid(field, f"at most {MAX_NAME_LENGTH} characters after {PROPERTY}", text)
        return PropertyKey(name)
    if text not in _DIMENSIONS:
        raise invalid(field, _KEY, text)
    return _DIMENSIONS[text]


def read_choice(asked: Asked, name: str, choices: type[Choice]) -> Choice | None:
    """One of the words of an enumeration; None when absent. Raises Refusal invalid_parameter."""
    text = asked.values.get(name)
    if text is None:
        return None
    try:
        return choices(text)
    except ValueError:
        raise invalid(name, one_of(choices), text) from None


def read_currency(asked: Asked, site: Site) -> str:
    text = asked.values.get("currency", site.website.currency)
    if not _CURRENCY.fullmatch(text):
        raise invalid("currency", "an ISO 4217 code of three letters such as EUR", text)
    return text.upper()


def read_whole(asked: Asked, name: str, default: int, least: int, most: int) -> int:
    text = asked.values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise invalid(name, f"a whole number from {least} to {most}", text)
    return int(text)


def read_page(asked: Asked, default: int, most: int) -> tuple[int, int]:
    """limit and offset, which may be told as a page, counted from 1. Raises Refusal invalid_parameter."""
    limit = read_whole(asked, "limit", default, 1, most)
    if "page" not in asked.values:
        return limit, read_whole(asked, "offset", 0, 0, _LARGEST_OFFSET)
    if "offset" in asked.values:
        raise invalid("page", "absent when offset is given", asked.values["page"])
    return limit, (read_whole(asked, "page", 1, 1, _LARGEST_OFFSET // most) - 1) * limit


def invalid(field: str, expected: str, given: str) -> Refusal:
    message = f"Parameter {shown(field)} must be {expected}; it is {shown(given)}"
    return Refusal(Reason.INVALID_PARAMETER, message, field=shown(field), expected=expected)


def conversion_named(text: str, field: str, site: Site) -> ConversionEvent:
    """A conversion event of the website by its id. Raises Refusal not_found."""
    for one in site.conversions:
        if one.conversion_event_id == text:
            return one
    expected = "the id of an active conversion event of the website"
    message = f"There is no active conversion event {shown(text)} on this website"
    raise Refusal(Reason.NOT_FOUND, message, field=field, expected=expected)


def _filters(asked: Asked) -> tuple[SiteFilter, ...]:
    nodes = asked.lists.get("filters", [])
    short: dict[str, list[str]] = {}
    for name, value in asked.short_filters:
        short.setdefault(name, []).append(value)
    if len(nodes) + len(short) > MAX_FILTERS:
        raise invalid("filters", f"at most {MAX_FILTERS} filters", str(len(nodes) + len(short)))
    found = [SiteFilter(read_key(name, f"filter[{name}]"), Operator.IS, tuple(values)) for name, values in short.items()]
    found += [_filter(node, f"filters[{place}]") for place, node in enumerate(nodes)]
    return tuple(found)


def _filter(node: Node, place: str) -> SiteFilter:
    if not isinstance(node, JsonObject):
        raise wrong_type(place, "object")
    _refuse_fields(node, _FILTER_FIELDS, place)
    name = node.get("dimension")
    if name is None:
        raise missing_field(f"{place}.dimension", _KEY)
    if not isinstance(name, str) or isinstance(name, Written):
        raise wrong_type(f"{place}.dimension", "string")
    key = read_key(name, f"{place}.dimension")
    rest = [(field, value) for field, value in node.items() if field != "dimension"]
    found = read_filter(JsonObject([("property", name), *rest]), place)
    if not isinstance(found, Filter):
        raise invalid(f"{place}.operator", one_of(Operator), str(node.get("operator")))
    return SiteFilter(key, found.operator, found.values)


def _refuse_fields(node: JsonObject, known: Iterable[str], place: str) -> None:
    for name in node:
        if name not in known:
            raise invalid(f"{place}.{name}", f"absent: known are {', '.join(known)}", "there")


def _list_of(text: str, name: str) -> list[Node]:
    try:
        tree = load(text.encode())
        inspect(tree)
    except Refusal as refusal:
        message = f"Parameter {name} cannot be read: {refusal.message.replace('The body', 'it')}"
        raise Refusal(refusal.reason, message, field=name, expected="a JSON list") from refusal
    if not isinstance(tree, list):
        raise invalid(name, "a JSON list", text)
    return tree
