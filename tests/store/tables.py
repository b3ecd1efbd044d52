"""Arrow tables for tests of the store."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from streamgauge.store import EVENT_COLUMNS

_DEFAULTS: dict[str, Any] = {
    "project_id": "p",
    "name": "n",
    "timestamp": 0,
    "position": 0,
    "received_at": 0,
    "event_id": "e",
    "customer_id": "",
    "account_id": "",
    "visitor_id": "",
    "website_id": "",
    "source": "",
    "door": "solinth",
    "key_id": "",
    "flags": 0,
    "properties": b"",
    "exact_properties": b"",
}


def events(*rows: dict[str, Any]) -> pa.Table:
    """One row per dict; columns that are not named have defaults, positions count from 0."""
    whole: Sequence[dict[str, Any]] = [_DEFAULTS | {"position": place} | row for place, row in enumerate(rows)]
    return pa.Table.from_pylist(list(whole), schema=EVENT_COLUMNS)
