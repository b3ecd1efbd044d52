"""The columnar store. The only room that opens it."""

from streamgauge.store.columns import (
    AMENDED_SLOT_COLUMNS,
    EVENT_COLUMNS,
    SLOT_MS,
    SUPERSEDED_COLUMNS,
    VISIT_ALIAS_COLUMNS,
    VISIT_COLUMNS,
    WEBSITE_EVENT_COLUMNS,
)
from streamgauge.store.errors import GaveUp, RowsRefused, StoreError, StoreInUse
from streamgauge.store.statement import Statement, StatementLimits
from streamgauge.store.store import Store, open_store

__all__ = [
    "AMENDED_SLOT_COLUMNS",
    "EVENT_COLUMNS",
    "SLOT_MS",
    "SUPERSEDED_COLUMNS",
    "VISIT_ALIAS_COLUMNS",
    "VISIT_COLUMNS",
    "WEBSITE_EVENT_COLUMNS",
    "GaveUp",
    "RowsRefused",
    "Statement",
    "StatementLimits",
    "Store",
    "StoreError",
    "StoreInUse",
    "open_store",
]
