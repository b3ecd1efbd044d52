"""The columns that are written, as Arrow schemas: the loader fills them, the engine makes the rest (numbers, strings).

Text columns are Arrow binary: the engine's String is bytes, and what was admitted is known to be UTF-8. Columns with few
different values may be given dictionary-encoded.
"""

import pyarrow as pa

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
