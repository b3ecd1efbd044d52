"""The parts that all statements share: bound values, keys of events, the WHERE clause."""

import msgspec

from streamgauge.kernel.query import FieldKey, Filter, Key, Selection

# What the store's timestamps can hold (1900 to 2299); a range that reaches further is cut, nothing can lie there.
_FIRST_STORABLE_MS = -2_208_988_800_000
_END_OF_STORABLE_MS = 10_413_791_999_999


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
    """Which rows a statement may see: those below `loaded`, and in an amended project only those in force by then."""

    loaded: int
    amended: bool


def key_text(key: Key, bindings: Bindings) -> str:
    """The text of a key of an event; the empty text where the event lacks the property."""
    if isinstance(key, FieldKey):
        return f"toString({key.field.value})"
    return f"strings[{bindings.text(key.name)}]"


def conditions(selection: Selection, snapshot: Snapshot, bindings: Bindings) -> list[str]:
    """What an event must fulfil to be of the selection and in force."""
    found = [f"project_id = {bindings.text(selection.project_id)}"]
    if selection.event_name is not None:
        found.append(f"name = {bindings.text(selection.event_name)}")
    found.append(f"timestamp >= {bindings.instant(selection.start_ms)}")
    found.append(f"timestamp < {bindings.instant(selection.end_ms)}")
    found.extend(_filter(chosen, bindings) for chosen in selection.filters)
    if snapshot.amended:
        found.append(f"position < {bindings.whole(snapshot.loaded)}")
        found.append(f"position NOT IN ({superseded_positions(selection.project_id, snapshot, bindings)})")
    return found


def superseded_positions(project_id: str, snapshot: Snapshot, bindings: Bindings) -> str:
    """The positions of the project's events that others, loaded by then, have replaced."""
    found = [f"project_id = {bindings.text(project_id)}", f"by_position < {bindings.whole(snapshot.loaded)}"]
    return f"SELECT position FROM superseded {where(found)}"  # noqa: S608 - every value in it is a placeholder


def where(found: list[str]) -> str:
    return "WHERE " + "\n  AND ".join(found)


def _filter(chosen: Filter, bindings: Bindings) -> str:
    # The bare column, so that the store can use its index on it.
    key = chosen.key.field.value if isinstance(chosen.key, FieldKey) else key_text(chosen.key, bindings)
    return f"{key} IN {bindings.texts(chosen.values)}"
