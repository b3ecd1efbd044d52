"""Whose events stand at some positions: asked when they are replaced, by who keeps usage in memory."""

from collections.abc import Sequence
from typing import Any

from streamgauge.query.clauses import Bindings
from streamgauge.store import Statement


def compile_holders(project_id: str, positions: Sequence[int]) -> Statement:
    bindings = Bindings()
    own = f"project_id = {bindings.text(project_id)}"
    sql = f"SELECT DISTINCT customer_id, name FROM events\nWHERE {own} AND position IN {bindings.wholes(list(positions))}"  # noqa: S608 - values are placeholders
    return Statement("events.holders", sql, bindings.values())


def read_holders(rows: Sequence[tuple[Any, ...]]) -> tuple[tuple[str, str], ...]:
    """(id under which the event names its customer, event name)."""
    return tuple((customer_id, name) for customer_id, name in rows)
