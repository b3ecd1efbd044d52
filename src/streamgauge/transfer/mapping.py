"""Which column of a file is which field of an event.

`settle` joins what was asked for with what the file has. Without any mapping it recognises our own export and Flexprice's JSON
fields. A column that is no field is a property; but where a column holds the properties as JSON, or the properties are listed,
the rest is left out, and the plan names it.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamgauge.wire.rows import OWN_FIELDS, ROW_FIELDS, TimeUnit

PROPERTIES = "properties"
CHANGE = "change"
"""Column of an export that tells what came after a cursor: added, replaced or voided."""

ADDED, REPLACED, VOIDED = "added", "replaced", "voided"

_OWN_SIGNATURE = frozenset({"event_id", "position", "received_at", "door"})
_FIELDS = (*ROW_FIELDS, *OWN_FIELDS)


class UnusableMapping(Exception):
    """The mapping does not fit the file; the message says how to mend it."""


class Wishes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping as it is asked for, in a file or by options.

    columns: field to column; an empty column takes the field from none. constants: field to text, the same for every row.
    properties: the columns that become properties. properties_json: the column that holds them as a JSON object.
    time_unit: of times that are numbers.
    """

    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    properties: tuple[str, ...] | None = None
    properties_json: str = ""
    time_unit: TimeUnit | None = None

    def overridden_by(self, other: "Wishes") -> "Wishes":
        """These wishes, where the other ones say nothing else."""
        own = other.properties is not None or other.properties_json
        return Wishes(
            columns={field: column for field, column in self.columns.items() if field not in other.constants} | other.columns,
            constants={field: text for field, text in self.constants.items() if field not in other.columns} | other.constants,
            properties=other.properties if own else self.properties,
            properties_json=other.properties_json if own else self.properties_json,
            time_unit=other.time_unit or self.time_unit,
        )


class RowPlan(msgspec.Struct, frozen=True):
    """How rows of one file become events. columns: field to column. properties: columns that each become one property.

    properties_json: the column with the JSON object, "" for none. change: the column that tells changes, "" for none.
    left_out: columns that are not used. rest: whatever is no field is a property, also a key that turns up later (JSON Lines).
    """

    columns: Mapping[str, str]
    constants: Mapping[str, str]
    properties: tuple[str, ...]
    properties_json: str
    time_unit: TimeUnit | None
    change: str = ""
    left_out: tuple[str, ...] = ()
    rest: bool = False


def settle(wishes: Wishes, names: Sequence[str]) -> RowPlan:
    """The plan for a file with these columns. Raises UnusableMapping."""
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise UnusableMapping(f"the column {doubled[0]} is there twice; rename one")
    _check_fields(wishes)
    own_export = _OWN_SIGNATURE.issubset(names)
    columns = _recognised(names, own_export) | wishes.columns
    columns = {field: column for field, column in columns.items() if column and field not in wishes.constants}
    properties_json = wishes.properties_json
    taken = set(wishes.columns.values()) | set(wishes.properties or ())
    if not properties_json and wishes.properties is None and PROPERTIES in names and PROPERTIES not in taken:
        properties_json = PROPERTIES
    _check_present(names, [*columns.values(), *(wishes.properties or ()), *filter(None, [properties_json])])
    for field in ("event_name", "timestamp"):
        if field not in columns and field not in wishes.constants:
            raise UnusableMapping(
                f"no column is the {field}; name it with --map {field}=COLUMN (the file has: {', '.join(names)})"
                + (" or give all rows the same one with --set event_name=NAME" if field == "event_name" else "")
            )
    change = CHANGE if own_export and CHANGE in names else ""
    used = {*columns.values(), properties_json, change}
    rest = tuple(name for name in names if name not in used)
    listed = wishes.properties if wishes.properties is not None else () if properties_json else rest
    return RowPlan(
        columns,
        dict(wishes.constants),
        tuple(listed),
        properties_json,
        wishes.time_unit,
        change,
        tuple(name for name in rest if name not in listed),
        rest=wishes.properties is None and not properties_json,
    )


def _recognised(names: Sequence[str], own_export: bool) -> dict[str, str]:
    found = {field: field for field in (_FIELDS if own_export else ROW_FIELDS) if field in names}
    if "event_name" not in found and "event" in names:
        found["event_name"] = "event"
    if "external_customer_id" in names:
        # Flexprice's words: its customer_id is the second identifier; its lists call the event's id "id".
        found.pop("customer_id", None)
        found |= {"account_id": "customer_id"} if "customer_id" in names else {}
        found["customer_id"] = "external_customer_id"
        if "event_id" not in names and "id" in names:
            found["event_id"] = "id"
    return found


def _check_fields(wishes: Wishes) -> None:
    for field in [*wishes.columns, *wishes.constants]:
        if field not in _FIELDS:
            raise UnusableMapping(f"{field!r} is no field of an event; there are: {', '.join(ROW_FIELDS)}")
    if wishes.properties is not None and wishes.properties_json:
        raise UnusableMapping("give the properties either as a list of columns or as one JSON column")


def _check_present(names: Sequence[str], wanted: Sequence[str]) -> None:
    for name in wanted:
        if name not in names:
            raise UnusableMapping(f"the file has no column {name!r}; it has: {', '.join(names)}")
