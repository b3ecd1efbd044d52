"""What a store holds, as tests compare it."""

from typing import Any

import pyarrow as pa

from streamgauge.store import EVENT_COLUMNS, Statement, StatementLimits, Store

LIMITS = StatementLimits()


def rows(store: Store) -> list[tuple[Any, ...]]:
    """(project, position, event id), by position."""
    return store.select(Statement("test.rows", "SELECT project_id, position, event_id FROM events ORDER BY position"), LIMITS)


def superseded(store: Store) -> list[tuple[Any, ...]]:
    """(project, position, by position), in the order of amendment."""
    sql = "SELECT project_id, position, by_position FROM superseded ORDER BY by_position"
    return store.select(Statement("test.superseded", sql), LIMITS)


def amended_slots(store: Store) -> list[tuple[Any, ...]]:
    """(project, slot, by position), as the loader wrote them down."""
    sql = "SELECT project_id, slot, by_position FROM amended_slots ORDER BY ALL"
    return store.select(Statement("test.amended_slots", sql), LIMITS)


def slots_of_superseded(store: Store) -> list[tuple[Any, ...]]:
    """The same, from the events themselves."""
    sql = """
        SELECT project_id, toInt32(floor(toUnixTimestamp64Milli(timestamp) / 900000)) AS slot, by_position
        FROM superseded INNER JOIN events USING (project_id, position) ORDER BY ALL
    """
    return store.select(Statement("test.slots_of_superseded", sql), LIMITS)


def current(store: Store, project_id: str, loaded: int) -> list[str]:
    """Event ids of the current values, as a query of an amended project sees them."""
    sql = """
        SELECT event_id FROM events
        WHERE project_id = {p:String} AND position < {loaded:UInt64} AND position NOT IN
            (SELECT position FROM superseded WHERE project_id = {p:String} AND by_position < {loaded:UInt64})
        ORDER BY event_id
    """
    found = store.select(Statement("test.current", sql, {"p": project_id, "loaded": loaded}), LIMITS)
    return [event_id for (event_id,) in found]


def event_table(project_id: str, position: int) -> pa.Table:
    """One event, as somebody would put it in by hand."""
    values: dict[str, Any] = {field.name: "" for field in EVENT_COLUMNS}
    values |= {"timestamp": 0, "received_at": 0, "flags": 0, "properties": b"", "exact_properties": b""}
    return pa.Table.from_pylist([values | {"project_id": project_id, "position": position}], schema=EVENT_COLUMNS)
