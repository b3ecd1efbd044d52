"""The columns that are written, as Arrow schemas: the loader fills them, the engine makes the rest (numbers, strings).

Text columns are Arrow binary: the engine's String is bytes, and what was admitted is known to be UTF-8. Columns with few
different values may be given dictionary-encoded.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa

from streamgauge.kernel.website import WebContext


class _NoPandas(MetaPathFinder):
    """Says that there is no pandas."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def _keep_pandas_out() -> None:
    """Before its first array is made of a list, pyarrow imports pandas (0.2 s, 48 MiB) only to learn whether the list is a
    Series. It asks once per process; here it asks while pandas cannot be found.
    """
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(finder)


_keep_pandas_out()

_MILLISECONDS = pa.timestamp("ms", tz="UTC")

EVENT_COLUMNS = pa.schema(
    [
        ("project_id", pa.string()),
        ("name", pa.string()),
        ("timestamp", _MILLISECONDS),
        ("position", pa.uint64()),
        ("received_at", _MILLISECONDS),
        ("event_id", pa.string()),
        ("customer_id", pa.string()),
        ("account_id", pa.string()),
        ("visitor_id", pa.string()),
        ("website_id", pa.string()),
        ("source", pa.string()),
        ("door", pa.string()),
        ("key_id", pa.string()),
        ("flags", pa.uint8()),
        ("properties", pa.binary()),
        ("exact_properties", pa.binary()),
    ]
)

SUPERSEDED_COLUMNS = pa.schema(
    [
        ("project_id", pa.string()),
        ("position", pa.uint64()),
        ("by_position", pa.uint64()),
        ("superseded_at", _MILLISECONDS),
    ]
)

AMENDED_SLOT_COLUMNS = pa.schema([("project_id", pa.string()), ("slot", pa.int32()), ("by_position", pa.uint64())])

SLOT_MS = 900_000
"""Length of a slot, the smallest range of time that table `rollup` adds up: slots are numbered from 1970 on, in UTC."""

_WEB_CONTEXT = [(name, pa.string()) for name in WebContext.__struct_fields__]

WEBSITE_EVENT_COLUMNS = pa.schema([*EVENT_COLUMNS, ("visitor", pa.uint32()), ("visit", pa.uint64()), *_WEB_CONTEXT])
"""Of a table that holds events of websites; where there are none, EVENT_COLUMNS are enough and the rest stays empty."""

VISIT_COLUMNS = pa.schema(
    [
        ("project_id", pa.string()),
        ("website_id", pa.string()),
        ("started_at", _MILLISECONDS),
        ("visit", pa.uint64()),
        ("visitor", pa.uint32()),
        ("sign", pa.int8()),
        ("ended_at", _MILLISECONDS),
        ("page_views", pa.uint32()),
        ("events", pa.uint32()),
        ("bot", pa.uint8()),
        ("entry_page", pa.string()),
        ("exit_page", pa.string()),
        *((name, kind) for name, kind in _WEB_CONTEXT if name != "path"),
    ]
)

VISIT_ALIAS_COLUMNS = pa.schema([("project_id", pa.string()), ("alias", pa.uint64()), ("visit", pa.uint64())])
