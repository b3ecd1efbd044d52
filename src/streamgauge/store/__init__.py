"""The columnar store. The only room that opens it."""

from streamgauge.store.columns import (
    EVENT_COLUMNS,
    SUPERSEDED_COLUMNS,
    VISIT_ALIAS_COLUMNS,
    VISIT_COLUMNS,
    WEBSITE_EVENT_COLUMNS,
)
from streamgauge.store.errors import RowsRefused, StoreError, StoreInUse
from streamgauge.store.statement import Statement, StatementLimits
from streamgauge.store.store import Store, open_store

__all__ = [
    "EVENT_COLUMNS",
    "SUPERSEDED_COLUMNS",
    "VISIT_ALIAS_COLUMNS",
    "VISIT_COLUMNS",
    "WEBSITE_EVENT_COLUMNS",
    "RowsRefused",
    "Statement",
    "StatementLimits",
    "Store",
    "StoreError",
    "StoreInUse",
    "open_store",
]
