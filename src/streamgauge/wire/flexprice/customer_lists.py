"""Which customers are asked for at the Flexprice door: POST /v1/customers/search and the parameters of GET /v1/customers.

Conditions and orders: see wire.flexprice.conditions.
"""

from typing import NamedTuple

from streamgauge.kernel.customer import (
    CustomerFilter,
    CustomerSort,
    CustomerSortKey,
    CustomerTest,
    CustomerText,
)
from streamgauge.kernel.metering import Status
from streamgauge.wire.flexprice.conditions import sort_orders, text_conditions
from streamgauge.wire.flexprice.payload import MAX_FILTER_VALUES, Payload
from streamgauge.wire.flexprice.resources import ListPage, page_of, refuse_field, texts_by_name
from streamgauge.wire.parameters import Pairs, one_of

_ONLY_IN_BODIES = ("customer_ids", "external_ids", "parent_customer_ids", "metadata", "filters", "sort")
_STATUSES = (*Status, "deleted")


class CustomersAsked(NamedTuple):
    """wanted None: no customer at all, for none is archived or deleted and still there."""

    page: ListPage
    wanted: CustomerFilter | None


def parse_search(body: bytes) -> CustomersAsked:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    return _asked(payload)


def parse_list(parameters: Pairs) -> CustomersAsked:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_query_string(parameters)
    for name in _ONLY_IN_BODIES:
        if payload.has(name):
            raise refuse_field(name, "nothing: ask for it by POST /v1/customers/search")
    return _asked(payload)


def _asked(payload: Payload) -> CustomersAsked:
    page = page_of(payload)
    external_ids = _ids(payload, "external_ids")
    if external_id := payload.text("external_id"):
        external_ids = (external_id,) if external_ids is None or external_id in external_ids else ()
    status = payload.text("status")
    if status and status not in _STATUSES:
        raise refuse_field("status", one_of(_STATUSES))
    end_ms = payload.instant("end_time")
    wanted = CustomerFilter(
        customer_ids=_ids(payload, "customer_ids"),
        external_ids=external_ids,
        email=payload.text("email") or None,
        parent_ids=_ids(payload, "parent_customer_ids"),
        made_from_ms=payload.instant("start_time"),
        made_before_ms=None if end_ms is None else end_ms + 1,
        metadata=texts_by_name(payload, "metadata"),
        tests=tuple(CustomerTest(*each) for each in text_conditions(payload, CustomerText)),
        sort=tuple(CustomerSort(*each) for each in sort_orders(payload, CustomerSortKey)),
    )
    return CustomersAsked(page, wanted if status in ("", Status.PUBLISHED) else None)


def _ids(payload: Payload, name: str) -> tuple[str, ...] | None:
    """None when absent, and when the list is empty: clients send empty lists for filters that were not set."""
    ids = payload.texts(name)
    if len(ids) > MAX_FILTER_VALUES:
        raise refuse_field(name, f"at most {MAX_FILTER_VALUES} ids")
    return ids or None
