"""What the REST resources of the Flexprice door have in common: pages of lists, and the refusal of a field.

Lists are {"items", "pagination": {"total", "limit", "offset"}}, limit 1 to 1000 (50), order asc or desc by creation (desc).
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.refusals import VALIDATION_FAILED
from streamgauge.wire.parameters import shown

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
_MAX_OFFSET = 1_000_000_000
_ORDERS = ("asc", "desc")


class ListPage(msgspec.Struct, frozen=True):
    """Which part of a list is asked for; newest_first: by the time at which things were made."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    newest_first: bool = True


def refuse_field(field: str, expected: str, reason: Reason = Reason.INVALID_PARAMETER) -> Refusal:
    """400 "Request validation failed", whose details name the field and what was expected there."""
    field = shown(field)
    details = {"field": field, "expected": expected}
    return Refusal(reason, VALIDATION_FAILED, field=field, expected=expected, details=details)


def page_of(payload: Payload) -> ListPage:
    """limit, offset and order, from a body or from parameters (Payload.from_query_string). Raises Refusal."""
    limit, offset = _whole(payload, "limit", DEFAULT_LIMIT), _whole(payload, "offset", 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise refuse_field("limit", f"a whole number from 1 to {MAX_LIMIT}")
    if not 0 <= offset <= _MAX_OFFSET:
        raise refuse_field("offset", f"a whole number from 0 to {_MAX_OFFSET}")
    order = payload.text("order") or "desc"
    if order not in _ORDERS:
        raise refuse_field("order", "asc or desc")
    return ListPage(limit, offset, order == "desc")


def render_list(items: Sequence[Mapping[str, object]], total: int, page: ListPage) -> bytes:
    """total: of the whole list, however much of it the page shows."""
    pagination = {"total": total, "limit": page.limit, "offset": page.offset}
    return msgspec.json.encode({"items": items, "pagination": pagination})


def _whole(payload: Payload, name: str, default: int) -> int:
    value = payload.raw(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_MAX_OFFSET)):
        return int(value)
    number = payload.integer(name)
    return default if number is None else number
