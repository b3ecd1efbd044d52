"""The parts that all statements share: bound values, keys of events, the WHERE clause."""

import operator
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal

import msgspec

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import AsOf, Field, FieldKey, Filter, Key, NumberFilter, Order, Selection
from streamgauge.kernel.website import Operator

# What the store's timestamps can hold (1900 to 2299); a range that reaches further is cut, nothing can lie there.
_FIRST_STORABLE_MS = -2_208_988_800_000
_END_OF_STORABLE_MS = 10_413_791_999_999
# Numbers of events have so many digits after the point.
_SMALLEST = Decimal("1e-9")
_WIDE = Context(prec=60)
IS_NO_VOID_MARK = f"bitAnd(flags, {EventFlag.VOID.value}) = 0"
_PASSES = {Order.ABOVE: operator.gt, Order.AT_LEAST: operator.ge, Order.BELOW: operator.lt, Order.AT_MOST: operator.le}
_ORDER_SIGNS = {Order.ABOVE: ">", Order.AT_LEAST: ">=", Order.BELOW: "<", Order.AT_MOST: "<="}


class Bindings:
    """Collects the values of one statement and hands out the placeholders that stand for them."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}

    def text(self, value: str) -> str:
        return self._bind(value, "String")

    def texts(self, values: tuple[str, ...]) -> str:
        return self._bind(list(values), "Array(String)")

    def whole(self, value: int) -> str:
        return self._bind(value, "Int64")

    def wholes(self, values: list[int]) -> str:
        return self._bind(values, "Array(Int64)")

    def number(self, value: Decimal) -> str:
        """A number of at most 9 digits after the point; as text, for the client would carry a decimal through a double."""
        return f"toDecimal256({self.text(format(value, 'f'))}, 9)"

    def instant(self, instant_ms: int) -> str:
        """A time that compares with `timestamp`."""
        held_ms = min(max(instant_ms, _FIRST_STORABLE_MS), _END_OF_STORABLE_MS)
        return f"fromUnixTimestamp64Milli({self.whole(held_ms)}, 'UTC')"

    def values(self) -> dict[str, object]:
        return dict(self._values)

    def _bind(self, value: object, kind: str) -> str:
        name = f"p{len(self._values)}"
        self._values[name] = value
        return f"{{{name}:{kind}}}"


class Snapshot(msgspec.Struct, frozen=True):
    """Which rows a statement may see: those below `loaded`, and in an amended project only those in force by then.

    pinned: hold to `loaded` also where nothing was amended, so that the same can be asked for again later.
    """

    loaded: int
    amended: bool
    pinned: bool = False

    def covers(self, as_of: AsOf | None) -> int:
        """The position below which a statement sees everything."""
        return self.loaded if as_of is None or as_of.position is None else min(self.loaded, as_of.position)


# What table customer_events has of the fields that can be filtered and grouped by.
_OF_CUSTOMERS = frozenset({Field.CUSTOMER_ID, Field.ACCOUNT_ID, Field.SOURCE})


def events_table(selection: Selection, group_by: Sequence[Key] = ()) -> str:
    """The table that holds what is selected in the handiest order: `events`, or for customers by their ids `customer_events`.

    Both hold the same events of customers. A statement about one event id, or about events of no customer, needs the first.
    """
    names_customers = any(
        isinstance(chosen, Filter)
        and chosen.key == FieldKey(Field.CUSTOMER_ID)
        and chosen.operator is Operator.IS
        and "" not in chosen.values
        for chosen in selection.filters
    )
    keys = (*(chosen.key for chosen in selection.filters), *group_by)
    has_all = all(not isinstance(key, FieldKey) or key.field in _OF_CUSTOMERS for key in keys)
    return "customer_events" if names_customers and has_all else "events"


def key_text(key: Key, bindings: Bindings) -> str:
    """The text of a key of an event; the empty text where the event lacks the property."""
    if isinstance(key, FieldKey):
        return f"toString({key.field.value})"
    return f"strings[{bindings.text(key.name)}]"


def conditions(selection: Selection, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    """What an event must fulfil to be of the selection and in force."""
    found = [*of_selection(selection, bindings), *known(selection, snapshot, bindings)]
    if snapshot.amended:
        found.append(f"position NOT IN ({superseded_positions(selection.project_id, snapshot, bindings, selection.as_of)})")
        found.append(IS_NO_VOID_MARK)
    return found


def of_selection(selection: Selection, bindings: Bindings) -> list[str]:
    """What an event must fulfil to be of the selection."""
    found = [f"project_id = {bindings.text(selection.project_id)}"]
    if selection.event_name is not None:
        found.append(f"name = {bindings.text(selection.event_name)}")
    found.append(f"timestamp >= {bindings.instant(selection.start_ms)}")
    found.append(f"timestamp < {bindings.instant(selection.end_ms)}")
    found.extend(filter_of(chosen, bindings) for chosen in selection.filters)
    return found


def known(selection: Selection, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    """What an event must fulfil to have been there, in the snapshot and at the asked moment."""
    as_of = selection.as_of
    if as_of is None and not snapshot.amended and not snapshot.pinned:
        return []
    found = [f"position < {bindings.whole(snapshot.covers(as_of))}"]
    if as_of is not None and as_of.instant_ms is not None:
        found.append(f"received_at <= {bindings.instant(as_of.instant_ms)}")
    return found


def replaced_by_then(project_id: str, as_of: AsOf | None, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    """What a row of `superseded` must fulfil: it is of the project, and the later event was there."""
    found = [f"project_id = {bindings.text(project_id)}", f"by_position < {bindings.whole(snapshot.covers(as_of))}"]
    if as_of is not None and as_of.instant_ms is not None:
        found.append(f"superseded_at <= {bindings.instant(as_of.instant_ms)}")
    return found


def superseded_positions(project_id: str, snapshot: Snapshot, bindings: Bindings, as_of: AsOf | None = None) -> str:
    """The positions of the project's events that others, which were there, have replaced."""
    found = replaced_by_then(project_id, as_of, snapshot, bindings)
    return f"SELECT position FROM superseded {where(found)}"  # noqa: S608 - every value in it is a placeholder


def where(found: list[str]) -> str:
    return "WHERE " + "\n  AND ".join(found)


def filter_of(chosen: Filter | NumberFilter, bindings: Bindings) -> str:
    """What an event must fulfil to pass the filter."""
    if isinstance(chosen, NumberFilter):
        return _number_filter(chosen, bindings)
    # The bare column, so that the store can use its index on it.
    key = chosen.key.field.value if isinstance(chosen.key, FieldKey) else key_text(chosen.key, bindings)
    match chosen.operator:
        case Operator.IS:
            return f"{key} IN {bindings.texts(chosen.values)}"
        case Operator.IS_NOT:
            return f"{key} NOT IN {bindings.texts(chosen.values)}"
        case Operator.CONTAINS:
            tests = [f"position({key}, {bindings.text(part)}) > 0" for part in chosen.values]
        case Operator.MATCHES:
            tests = [f"match({key}, {bindings.text(pattern)})" for pattern in chosen.values]
    return f"({' OR '.join(tests) or 'false'})"


def _number_filter(chosen: NumberFilter, bindings: Bindings) -> str:
    """An absent property reads as 0, hence the test for its presence where 0 would pass; it reads the names of all properties. A
    bound between two numbers that an event can have is replaced by the lower one: what lies above either lies above the other."""
    name = bindings.text(chosen.key.name)
    bound = chosen.bound.quantize(_SMALLEST, ROUND_FLOOR, _WIDE)
    order = chosen.order
    if bound != chosen.bound:
        order = Order.ABOVE if order in (Order.ABOVE, Order.AT_LEAST) else Order.AT_MOST
    test = f"numbers[{name}] {_ORDER_SIGNS[order]} {bindings.number(bound)}"
    return f"(mapContains(numbers, {name}) AND {test})" if _PASSES[order](Decimal(0), bound) else f"({test})"
